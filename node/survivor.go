package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/follow"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// Survivor reads what is left on the disk of a node that does not run, for a
// recovery. It changes nothing that counts: the ledger is opened where it was
// flushed last, and the commands that Raft's log has beyond that are applied in
// memory. Without a leader a node that starts does not know which of them were
// committed; but a checkpoint that a quorum cosigned proves itself, wherever its
// cosignatures lie.
type Survivor struct {
	Final   ledger.Checkpoint // the last FINAL one
	Note    []byte            // its note; nil for none
	Size    uint64            // entries that are here, FINAL or not
	Tail    error             // why the Raft log could not be read; nil if it was
	machine *state.Machine
	disk    *store.Disk
	base    uint64        // entries on the disk
	tail    *store.Staged // and above that
	lock    *os.File
}

// OpenSurvivor opens the data folder of a node. Close it.
func OpenSurvivor(dir string, g *ledger.Genesis) (s *Survivor, err error) {
	if !exists(filepath.Join(dir, "ledger")) {
		return nil, fmt.Errorf("node: %s holds no ledger", dir)
	}
	s = &Survivor{machine: state.New(g)}
	if s.lock, err = lockFolder(dir); err != nil {
		return nil, err
	}
	if s.disk, err = store.Open(filepath.Join(dir, "ledger"), s.machine); err != nil {
		return nil, errors.Join(fmt.Errorf("node: open the ledger: %w", err), s.Close())
	}
	if err := s.read(dir); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenSurvivingCopy opens the folder of a desk's replica, or of a read replica. Such a
// copy has all entries and sealed texts that a node has, up to its last FINAL head.
func OpenSurvivingCopy(dir string, g *ledger.Genesis) (s *Survivor, err error) {
	cp, err := follow.Open(dir, g, nil) // which holds the note against the entries
	if err != nil {
		return nil, err
	}
	s = &Survivor{}
	s.Final, s.Note = cp.Note()
	if err := cp.Close(); err != nil {
		return nil, err
	}
	s.machine = state.New(g)
	if s.disk, err = store.Open(filepath.Join(dir, "ledger"), s.machine); err != nil {
		return nil, fmt.Errorf("open the replica: %w", err)
	}
	head, err := state.ReadHead(s.disk)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.base, s.Size = head.Size, head.Size
	s.tail = store.NewStaged(s.disk, head.Size)
	return s, nil
}

// Close lets the node start again.
func (s *Survivor) Close() error {
	var err error
	if s.disk != nil {
		err = s.disk.Close()
	}
	if s.lock != nil {
		err = errors.Join(err, unlockFolder(s.lock))
	}
	return err
}

func (s *Survivor) read(dir string) error {
	head, err := state.ReadHead(s.disk)
	if err != nil {
		return err
	}
	s.base = head.Size
	s.tail = store.NewStaged(s.disk, head.Size)
	if s.Tail = s.replay(dir); s.Tail != nil {
		s.tail = store.NewStaged(s.disk, head.Size) // all of it or nothing
	}
	s.Size = s.tail.Size()
	final, err := state.ReadFinal(s.tail)
	if err != nil || final == nil {
		return err
	}
	members, err := s.machine.Membership(s.tail)
	if err != nil {
		return err
	}
	s.Final = ledger.Checkpoint{Origin: members.Origin(), Size: final.Size, Root: final.Root}
	s.Note = ledger.FormatNote(s.Final, members.PolicyAt(final.Size).Witness, final.Cosigs)
	// Nobody's word: it is what all else rests on.
	if _, _, err := members.Open(s.Note); err != nil {
		return fmt.Errorf("node: its FINAL checkpoint: %w", err)
	}
	return nil
}

// replay applies what Raft's log has above the ledger.
func (s *Survivor) replay(dir string) error {
	path := filepath.Join(dir, "raft.db")
	if !exists(path) {
		return fmt.Errorf("the file %s is missing", path)
	}
	logs, err := OpenGuardStore(path, GuardOptions{MustExist: true, Epochs: filepath.Join(dir, "epochs")})
	if err != nil {
		return err
	}
	defer logs.Close()
	last, err := logs.LastIndex()
	if err != nil {
		return err
	}
	first, err := logs.FirstIndex()
	if err != nil {
		return err
	}
	at := s.disk.Applied() + 1
	if last >= at && first > at {
		return fmt.Errorf("the Raft log begins at index %d, and the ledger ends at %d", first, at-1)
	}
	for ; at <= last; at++ {
		var l raft.Log
		if err := logs.GetLog(at, &l); err != nil {
			return err
		}
		if l.Type != raft.LogCommand {
			continue
		}
		c, err := ledger.ParseCommand(l.Data)
		if err != nil {
			return err
		}
		changes, _, err := s.machine.Apply(s.tail, c, state.Plain{})
		if err != nil {
			return err
		}
		s.tail.Add(changes)
	}
	return nil
}

// ReadHashes implements [tlog.HashReader].
func (s *Survivor) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return s.tail.ReadHashes(indexes)
}

// record returns an entry that is here.
func (s *Survivor) record(index uint64) (bundle.Record, *ledger.Entry, error) {
	r := bundle.Record{}
	if index >= s.base {
		it := &s.tail.Changes.Records[index-s.base]
		r.Time, r.Entry, r.Body = it.Time, it.Item.Entry.Raw, it.Item.Body
		if len(r.Body) > 0 {
			r.State = bundle.Included
		}
		return r, it.Item.Entry, nil
	}
	time, e, err := s.disk.Entry(index)
	if err != nil {
		return r, nil, err
	}
	r.Time, r.Entry = time, e.Raw
	switch r.Body, err = s.disk.Body(index); {
	case errors.Is(err, store.ErrPurged):
		r.State = bundle.Purged
	case err != nil:
		return r, nil, err
	case len(r.Body) > 0:
		r.State = bundle.Included
	}
	return r, e, nil
}

// Each calls do with the first size entries, in groups. What is purged by one of
// them comes without its body, whatever the disk still has.
func (s *Survivor) Each(ctx context.Context, size uint64, do func(*bundle.Group) error) error {
	for from := uint64(0); from < size; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		g, bytes := &bundle.Group{First: from}, 0
		for from < size && len(g.Records) < bundle.MaxGroup && bytes < bundle.GroupBytes {
			r, _, err := s.record(from)
			if err != nil {
				return err
			}
			gone, err := state.Purged(s.tail, from)
			if err != nil {
				return err
			}
			if gone && r.State == bundle.Included {
				r.State, r.Body = bundle.Purged, nil
			}
			g.Records = append(g.Records, r)
			bytes += len(r.Entry) + len(r.Body)
			from++
		}
		if err := do(g); err != nil {
			return err
		}
	}
	return nil
}

// Above calls do with the entries that are here and not FINAL.
func (s *Survivor) Above(do func(index, time uint64, e *ledger.Entry) error) error {
	for i := s.Final.Size; i < s.Size; i++ {
		r, e, err := s.record(i)
		if err != nil {
			return err
		}
		if err := do(i, r.Time, e); err != nil {
			return err
		}
	}
	return nil
}
