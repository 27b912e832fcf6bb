package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// fsm is the adapter between Raft and the ledger. Raft calls it from one
// goroutine. Applying is package state's work, and keeping package store's.
type fsm struct {
	roster   *roster
	machine  *state.Machine
	store    store.Store
	verified *verifier
	floor    *floor
	adopt    func() error                          // makes the Raft log continue the newest snapshot
	final    func(*state.Collected)                // learns of a new FINAL checkpoint
	seen     func(*ledger.Command, []state.Result) // learns of every command that was applied
	applied  func()                                // tells whoever waits that the state has moved
	keyed    func()                                // tells who watches sessions that a key was admitted or ended
	fatal    func(error)                           // stops the node: the state must not move on
	pull     func(*manifest) error                 // fetches and applies entries that peers hold
	states   func() []*manifest                    // that peers have applied
	lastLog  func() (uint64, error)                // index of the last entry of Raft's log
	stopping <-chan struct{}                       // closed when the node stops
	alarm    func(string)                          // tells people that they must look
	snaps    *Snapshots                            // where a snapshot that was restored takes its place
	purged   *purgeMark                            // how many purges Raft's log has forgotten
	signed   ledger.Checkpoint                     // the last one that this node had cosigned when it started
	bytes    atomic.Int64                          // of commands applied since the node started
	count    atomic.Int64                          // of commands
	failed   error                                 // set once, by the FSM goroutine only

	// at is the Raft index up to which Raft has handed over its log, or restored.
	at uint64

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
	f.at = max(f.at, l.Index)
	if f.failed != nil || l.Index <= f.store.Applied() {
		return f.failed
	}
	if f.torn != nil {
		// The restore was cut, and now another leader's log has the commands.
		switch err := f.finish(); {
		case errors.Is(err, context.Canceled): // the node is stopping
			f.failed = err
		case err != nil:
			_ = f.fail(fmt.Errorf("finish the restore to entry %d: %w", f.torn.Head.Size, err))
		}
		if f.failed != nil || l.Index <= f.store.Applied() {
			return f.failed
		}
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
	if err := f.commit(l.Index, changes); err != nil {
		return nil, err
	}
	if err := f.comesAgain(c, results); err != nil {
		return nil, err
	}
	f.final(changes.Final)
	f.seen(c, results)
	f.bytes.Add(int64(len(l.Data)))
	f.count.Add(1)
	return results, nil
}

// commit commits changes to the ledger, which destroys what they purge. That the
// Raft log is not done with it is noted before.
func (f *fsm) commit(applied uint64, c *state.Changes) error {
	if len(c.Purged) > 0 && f.purged != nil {
		n, err := state.ReadPurges(f.store)
		if err != nil {
			return err
		}
		if err := f.purged.lower(n); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
	}
	if err := f.store.Commit(applied, c); err != nil {
		return err
	}
	touches := func(t state.Table) bool {
		return slices.ContainsFunc(c.Puts, func(p state.Put) bool { return p.Table == t })
	}
	epochs := touches(state.TableEpochs)
	if epochs {
		if err := f.roster.follow(f.machine, f.store); err != nil {
			return err
		}
	}
	if f.keyed != nil && (epochs || touches(state.TableKeys)) { // a bureau that leaves takes its keys along
		f.keyed()
	}
	return nil
}

// comesAgain notes a command that brings a body which is purged: a statement that
// was under way twice, or that a leader wants in the Raft log once more. Nothing
// takes the body, and the log forgets this one as well.
func (f *fsm) comesAgain(c *ledger.Command, results []state.Result) error {
	if f.purged == nil || c.Batch == nil {
		return nil
	}
	for i := range results {
		if !results[i].Known || len(c.Batch.Items[i].Body) == 0 {
			continue
		}
		purged, err := state.Purged(f.store, results[i].Index)
		if err != nil {
			return err
		}
		if !purged {
			continue
		}
		n, err := state.ReadPurges(f.store)
		if err != nil {
			return err
		}
		if err := f.purged.comesAgain(n); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
	}
	return nil
}

// Snapshot marks the present state; writing it out is Persist's work.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if f.failed != nil {
		return nil, f.failed
	}
	if f.torn != nil {
		return nil, errors.New("snapshot: entries are still being fetched")
	}
	if f.at < f.store.Applied() {
		// It would be of an index at which the ledger was not what it is.
		return nil, errors.New("snapshot: the log is still being replayed")
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
//
// Raft's index may be past the last command's: what is between changes nothing.
func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	if k, ok := sink.(*snapshotSink); ok {
		k.own, s.manifest.Applied = true, k.meta.Index
	}
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
