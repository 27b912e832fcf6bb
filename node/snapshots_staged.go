package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/raft"
)

// raft closes the sink of a snapshot that a peer sent, which makes it the newest,
// and only then has the state machine restore it. If that fails, raft goes on
// where it was, but the file stays, and at the next start raft believes it. So
// what a peer sent is staged, beside the others, until it is restored.

// stage writes a snapshot that a peer sent, in place of any that was staged.
func (s *Snapshots) stage(meta *raft.SnapshotMeta, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.names(snapshotSuffix)
	if err != nil {
		return err
	}
	if len(names) > 0 && indexOf(meta.ID) <= indexOf(names[0]) {
		return fmt.Errorf("it is not newer than %s: %w", names[0], errStale)
	}
	if err := s.unstage(meta.ID); err != nil {
		return err
	}
	return s.write(meta.ID+snapshotStaged, data)
}

// unstage removes what is staged, but for one id.
func (s *Snapshots) unstage(but string) error {
	names, err := s.names(snapshotStaged)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == but+snapshotStaged {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// staged returns the snapshot that is staged, nil for none.
func (s *Snapshots) staged() (*raft.SnapshotMeta, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.names(snapshotStaged)
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	return s.load(strings.TrimSuffix(names[0], snapshotStaged))
}

// promote puts the staged snapshot at a Raft index in its place: its state is
// here. Nothing is staged from then on. An index of none is no error: the
// snapshot may be in its place already.
func (s *Snapshots) promote(index uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.names(snapshotStaged)
	if err != nil {
		return err
	}
	for _, name := range names {
		id := strings.TrimSuffix(name, snapshotStaged)
		if indexOf(id) != indexOf(snapshotID(index, 0)) {
			continue
		}
		if err := os.Rename(filepath.Join(s.dir, name), filepath.Join(s.dir, id+snapshotSuffix)); err != nil {
			return err
		}
		if err := syncDir(s.dir); err != nil {
			return err
		}
	}
	return errors.Join(s.unstage(""), s.reap())
}

// drop removes what is staged: it was not restored, and nothing of it is here.
func (s *Snapshots) drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unstage("")
}

// newest returns the index of the newest snapshot, 0 for none.
func (s *Snapshots) newest() uint64 { return s.top.Load() }

// tear notes, durably, that the ledger is about to take entries of commands which
// Raft has not applied here: until the restore is done no command may be applied.
func (s *Snapshots) tear() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.torn() {
		return nil
	}
	return s.write(tornName, nil)
}

// mend takes that note away, once the ledger is flushed.
func (s *Snapshots) mend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Remove(filepath.Join(s.dir, tornName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// torn reports whether the note is there.
func (s *Snapshots) torn() bool {
	_, err := os.Stat(filepath.Join(s.dir, tornName))
	return err == nil
}
