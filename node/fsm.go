package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// fsm is the adapter between Raft and the ledger. Raft calls it from one
// goroutine. Applying is package state's work, and keeping package store's.
type fsm struct {
	machine  *state.Machine
	store    store.Store
	verified *verifier
	floor    *floor
	adopt    func() error                          // makes the Raft log continue the newest snapshot
	final    func(*state.Collected)                // learns of a new FINAL checkpoint
	seen     func(*ledger.Command, []state.Result) // learns of every command that was applied
	applied  func()                                // tells whoever waits that the state has moved
	fatal    func(error)                           // stops the node: the state must not move on
	pull     func(from, to uint64) error           // fetches and applies entries that peers hold
	bytes    atomic.Int64                          // of commands applied since the node started
	count    atomic.Int64                          // of commands
	failed   error                                 // set once, by the FSM goroutine only

	// torn is the restore that is under way or was cut: the store may hold
	// entries of commands after Applied, to which no command can be applied.
	torn     *manifest
	fetching atomic.Uint64 // entries that torn leads to, 0 for none
}

var _ raft.FSM = (*fsm)(nil)

// Apply applies one command and returns its []state.Result. What the store
// holds already is skipped: after a restart Raft replays from its last
// snapshot, and the store may be ahead of that.
func (f *fsm) Apply(l *raft.Log) any {
	if f.torn != nil && f.failed == nil {
		// The restore was cut, and now another leader's log has the commands.
		switch err := f.restore(f.torn); {
		case errors.Is(err, context.Canceled): // the node is stopping
			f.failed = err
		case err != nil:
			_ = f.fail(fmt.Errorf("finish the restore to entry %d: %w", f.torn.Head.Size, err))
		}
	}
	if f.failed != nil || l.Index <= f.store.Applied() {
		return f.failed
	}
	results, err := f.apply(l)
	if err != nil {
		// Going on would make this node's state differ from the others'. It stops
		// here, before anything of this command is kept.
		return f.fail(fmt.Errorf("apply command at index %d: %w", l.Index, err))
	}
	f.applied()
	return results
}

// fail makes err the last word, unless there has been one.
func (f *fsm) fail(err error) error {
	if f.failed == nil {
		f.failed = err
		f.fatal(err)
	}
	return f.failed
}

func (f *fsm) apply(l *raft.Log) ([]state.Result, error) {
	c, err := ledger.ParseCommand(l.Data)
	if err != nil {
		return nil, err
	}
	changes, results, err := f.machine.Apply(f.store, c, f.verified)
	if err != nil {
		return nil, err
	}
	// Before anybody sees the entry: who cosigns it makes the floor durable first.
	if err := f.floor.raise(l.Index); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	if err := f.store.Commit(l.Index, changes); err != nil {
		return nil, err
	}
	f.final(changes.Final)
	f.seen(c, results)
	f.bytes.Add(int64(len(l.Data)))
	f.count.Add(1)
	return results, nil
}

// Snapshot marks the present state; writing it out is Persist's work.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if f.failed != nil {
		return nil, f.failed
	}
	if f.torn != nil {
		return nil, errors.New("snapshot: entries are still being fetched")
	}
	m, err := readManifest(f.machine, f.store, f.store.Applied())
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return &snapshot{f.store, f.store.Mark(), m, f.fatal}, nil
}

// snapshot is a state that is about to become durable.
type snapshot struct {
	store    store.Store
	mark     store.Mark
	manifest *manifest
	fatal    func(error)
}

// Persist makes the store durable up to the mark, then writes the manifest. If
// we die in between, the store is ahead of the snapshot, which Apply expects.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	err := s.store.Flush(s.mark)
	if err != nil {
		s.fatal(fmt.Errorf("storage: %w", err)) // the store takes no more
	} else {
		_, err = sink.Write(s.manifest.marshal())
	}
	if err != nil {
		return errors.Join(fmt.Errorf("persist snapshot: %w", err), sink.Cancel())
	}
	return sink.Close()
}

// Release has nothing to free.
func (s *snapshot) Release() {}

// Restore brings this node to the state that a manifest names: it pulls the
// entries it lacks from its peers, checks that they lead to the manifest's root
// and digest, and makes them durable before Raft drops the log before them. It
// blocks; the leader's transport waits for it.
func (f *fsm) Restore(rc io.ReadCloser) error {
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, maxManifest+1))
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	m, err := parseManifest(data)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := f.restore(m); err != nil {
		return fmt.Errorf("restore to entry %d: %w", m.Head.Size, err)
	}
	if err := f.adopt(); err != nil {
		return fmt.Errorf("restore to entry %d: %w", m.Head.Size, err)
	}
	f.applied()
	return nil
}

func (f *fsm) restore(m *manifest) error {
	if f.failed != nil {
		return f.failed
	}
	if f.torn != nil && f.torn.Head.Size > m.Head.Size {
		m = f.torn // what was pulled for it may be past the other
	}
	head, err := state.ReadHead(f.store)
	if err != nil {
		return err
	}
	if f.store.Applied() >= m.Applied {
		return nil // we hold this state and more
	}
	if m.Final != nil && !f.machine.CheckFinal(m.Final, f.verified) {
		return fmt.Errorf("its FINAL checkpoint lacks good cosignatures: %w", ledger.ErrQuorum)
	}
	if head.Size < m.Head.Size {
		f.torn = m
		f.fetching.Store(m.Head.Size)
		if err := f.pull(head.Size, m.Head.Size); errors.As(err, new(ownFault)) {
			return f.fail(err)
		} else if err != nil {
			return err
		}
		if head, err = state.ReadHead(f.store); err != nil {
			return err
		}
	}
	if head != m.Head {
		// The pulled entries are good ones, signed and in order, and yet not what
		// the manifest claims.
		return f.fail(fmt.Errorf("entries and manifest disagree: root %x, want %x", head.Root[:8], m.Head.Root[:8]))
	}
	for _, c := range []*state.Collected{m.Pending, m.Final} {
		if err := f.checkCollected(c, head.Size); err != nil {
			return err
		}
	}
	switch ok, err := f.machine.CheckFaults(f.store, head.Size, m.Faults, m.Pending, m.Final, f.verified); {
	case err != nil:
		return err
	case !ok:
		return errors.New("what it says of faulty nodes does not follow from its entries")
	}
	if err := f.store.Commit(m.Applied, f.machine.Adopt(head, m.Pending, m.Final, m.Faults)); err != nil {
		return f.fail(err)
	}
	f.torn = nil
	f.fetching.Store(0)
	f.final(m.Final)
	if err := f.store.Flush(f.store.Mark()); err != nil {
		return f.fail(err)
	}
	return nil
}

// checkCollected refuses a checkpoint of a manifest that is not one of our own
// log, or that carries a cosignature which is not good: this node would wait
// for, or vouch for, what it can never sign.
func (f *fsm) checkCollected(c *state.Collected, size uint64) error {
	if c == nil {
		return nil
	}
	if c.Size > size {
		return fmt.Errorf("its checkpoint at %d is beyond its entries", c.Size)
	}
	root, err := tlog.TreeHash(int64(c.Size), f.store)
	if err != nil {
		return fmt.Errorf("root at %d: %w", c.Size, err)
	}
	if ledger.Hash(root) != c.Root {
		return fmt.Errorf("its checkpoint at %d is not one of the entries' history", c.Size)
	}
	if !f.machine.CheckCosigs(c, f.verified) {
		return fmt.Errorf("a cosignature at %d is not good", c.Size)
	}
	return nil
}
