package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// Snapshots is raft's snapshot store: a folder with one file for each
// snapshot, of which the last two are kept. A snapshot here is a manifest of some
// kilobytes, held in memory until it is written whole.
//
// raft.FileSnapshotStore was not used: its checksum leaves out the metadata, so
// that a flipped bit in an index or in the membership is believed; it skips what
// it cannot read and falls back to an older snapshot in silence; and it copies a
// stream of any length to disk.
//
// A snapshot is in the folder whole or not at all: it is written beside its place,
// synced and renamed. Die at any point, and the one before is the newest.
//
// One that a peer sent is staged: raft can open it, to restore the state machine
// from it, and List does not show it. It takes its place, and an older one goes,
// only when the state that it names is here (promote).
type Snapshots struct {
	dir string
	mu  sync.Mutex    // orders installing and reaping
	top atomic.Uint64 // index of the newest, 0 for none

	// check, if set, looks at a snapshot that a peer sent before anything of it is
	// written. Without it, nothing is staged.
	check func(meta *raft.SnapshotMeta, manifest []byte) error
}

var _ raft.SnapshotStore = (*Snapshots)(nil)

const (
	snapshotFileVersion = 1
	snapshotsKept       = 2
	snapshotSuffix      = ".snapshot"
	snapshotStaged      = ".staged"
	snapshotTemp        = ".tmp"
	tornName            = "torn"
	maxSnapshotFile     = 1 + 3*8 + 3 + maxConfiguration + 3 + MaxManifest + 4
)

// OpenSnapshots opens the snapshots in dir, makes dir if need be, and removes
// what an interrupted write has left.
func OpenSnapshots(dir string) (*Snapshots, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open snapshots: %w", err)
	}
	s := &Snapshots{dir: dir}
	names, err := s.names(snapshotTemp)
	if err != nil {
		return nil, fmt.Errorf("open snapshots: %w", err)
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return nil, fmt.Errorf("open snapshots: %w", err)
		}
	}
	return s, s.reap()
}

// names lists the files with a suffix, the newest snapshot first.
func (s *Snapshots) names(suffix string) ([]string, error) {
	entries, err := os.ReadDir(s.dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	slices.Reverse(names)
	return names, nil
}

// Create implements raft.SnapshotStore. Nothing touches the disk before Close.
func (s *Snapshots) Create(version raft.SnapshotVersion, index, term uint64, conf raft.Configuration, confIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if version != raft.SnapshotVersionMax {
		return nil, fmt.Errorf("create snapshot at %d: version %d", index, version)
	}
	if err := checkConfiguration(conf); err != nil {
		return nil, fmt.Errorf("create snapshot at %d: %w", index, err)
	}
	return &snapshotSink{store: s, meta: raft.SnapshotMeta{
		Version: version, ID: snapshotID(index, term), Index: index, Term: term, Configuration: conf, ConfigurationIndex: confIndex,
	}}, nil
}

// snapshotID sorts as index and term do. No clock: the same snapshot installed
// again takes the place of the first.
func snapshotID(index, term uint64) string { return fmt.Sprintf("%016x-%016x", index, term) }

// indexOf returns the index in an id or a file name, in hex: it sorts.
func indexOf(id string) string {
	index, _, _ := strings.Cut(id, "-")
	return index
}

// List implements raft.SnapshotStore: the newest first. A damaged snapshot is an
// error, and not skipped: the entries after an older one may be gone.
func (s *Snapshots) List() ([]*raft.SnapshotMeta, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.names(snapshotSuffix)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	var list []*raft.SnapshotMeta
	for _, name := range names[:min(len(names), snapshotsKept)] { // more, if we died before reaping
		meta, _, err := s.load(strings.TrimSuffix(name, snapshotSuffix))
		if err != nil {
			return nil, err
		}
		list = append(list, meta)
	}
	return list, nil
}

// Open implements raft.SnapshotStore. What it returns has been checked whole.
func (s *Snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	meta, manifest, err := s.load(id)
	if err != nil {
		return nil, nil, err
	}
	return meta, io.NopCloser(bytes.NewReader(manifest)), nil
}

// load reads and checks the snapshot with this id.
func (s *Snapshots) load(id string) (*raft.SnapshotMeta, []byte, error) {
	if id != filepath.Base(id) {
		return nil, nil, fmt.Errorf("open snapshot %q: %w", id, fs.ErrNotExist)
	}
	path := filepath.Join(s.dir, id+snapshotSuffix)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		path = filepath.Join(s.dir, id+snapshotStaged)
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSnapshotFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read snapshot: %w", err)
	}
	meta, manifest, err := parseSnapshot(data)
	if err != nil || meta.ID != id {
		return nil, nil, fmt.Errorf("snapshot %s: %w", path, ErrCorrupt)
	}
	return meta, manifest, nil
}

// install writes, syncs, renames, syncs the folder, and only then reaps. A
// snapshot that is not newer than the newest takes nobody's place.
func (s *Snapshots) install(meta *raft.SnapshotMeta, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.newer(meta); err != nil {
		return err
	}
	if err := s.write(meta.ID+snapshotSuffix, data); err != nil {
		return err
	}
	return s.reap()
}

// newer refuses a snapshot that is older than the newest, or another one at its
// index. The newest one itself, written again, is no harm.
func (s *Snapshots) newer(meta *raft.SnapshotMeta) error {
	names, err := s.names(snapshotSuffix)
	if err != nil || len(names) == 0 {
		return err
	}
	newest := strings.TrimSuffix(names[0], snapshotSuffix)
	if indexOf(meta.ID) <= indexOf(newest) && meta.ID != newest {
		return fmt.Errorf("it is not newer than snapshot %s: %w", newest, errStale)
	}
	return nil
}

// errStale is returned for a snapshot that would take the place of a newer one.
var errStale = errors.New("the snapshot is old")

// write puts a whole file in the folder, durably.
func (s *Snapshots) write(name string, data []byte) error {
	path := filepath.Join(s.dir, name)
	if err := writeSynced(path+snapshotTemp, data); err != nil {
		return errors.Join(err, os.Remove(path+snapshotTemp))
	}
	if err := os.Rename(path+snapshotTemp, path); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// reap removes all but the newest snapshots, and notes which is the newest.
func (s *Snapshots) reap() error {
	names, err := s.names(snapshotSuffix)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		if at, err := strconv.ParseUint(indexOf(names[0]), 16, 64); err == nil { // else List will say so
			s.top.Store(at)
		}
	}
	for _, name := range names[min(len(names), snapshotsKept):] {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// writeSynced writes a new file, which is on the disk when it returns.
func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
