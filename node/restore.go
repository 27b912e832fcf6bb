package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"comity/ledger/state"
)

// Restore brings this node to the state that a manifest names: it fetches the
// entries it lacks from its peers, checks that they lead to the manifest's root
// and digest, and makes them durable before Raft drops the log before them. It
// blocks; the leader's transport waits for it.
//
// Raft has put the snapshot on disk by then, and if Restore fails goes on as if
// there had been none. So the snapshot is staged, and here it takes its place, or
// goes.
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
		err = fmt.Errorf("restore to entry %d: %w", m.Head.Size, err)
		if f.torn == nil && f.snaps != nil {
			err = errors.Join(err, f.snaps.drop())
		}
		return err
	}
	if err := f.adopt(); err != nil {
		return fmt.Errorf("restore to entry %d: %w", m.Head.Size, err)
	}
	f.applied()
	return nil
}

// restore checks the manifest, fetches, checks what came, and adopts it.
func (f *fsm) restore(m *manifest) error {
	if f.failed != nil {
		return f.failed
	}
	if f.store.Applied() >= m.Applied {
		f.at = max(f.at, m.Applied)
		return f.place(m) // we hold this state and more
	}
	check := manifestCheck{roster: f.roster, machine: f.machine, view: f.store, verified: f.verified}
	if err := check.check(m.Applied, m); err != nil {
		return err
	}
	head, err := state.ReadHead(f.store)
	if err != nil {
		return err
	}
	if head.Size < m.Head.Size {
		f.fetching.Store(m.Head.Size)
		err := f.pull(m)
		if f.torn == nil {
			f.fetching.Store(0) // nothing was kept
		}
		if errors.As(err, new(ownFault)) {
			return f.fail(err)
		} else if err != nil {
			return err
		}
		// Now for its checkpoints beyond what was here, and for its head.
		if err := check.check(m.Applied, m); err != nil {
			return err
		}
	}
	switch ok, err := f.machine.CheckFaults(f.store, m.Head.Size, m.Faults, m.Pending, m.Final, f.verified); {
	case err != nil:
		return err
	case !ok:
		return errors.New("what it says of faulty nodes does not follow from its entries")
	}
	if err := f.store.Commit(m.Applied, f.machine.Adopt(m.Head, m.Pending, m.Final, m.Faults)); err != nil {
		return f.fail(err)
	}
	f.at = max(f.at, m.Applied)
	f.torn = nil
	f.fetching.Store(0)
	f.final(m.Final)
	// In its place first: a ledger that is ahead of Raft's log and snapshots would
	// look like one whose Raft log was put back from a copy.
	if err := f.place(m); err != nil {
		return f.fail(err)
	}
	if err := f.store.Flush(f.store.Mark()); err != nil {
		return f.fail(err)
	}
	if f.snaps != nil {
		if err := f.snaps.mend(); err != nil {
			return f.fail(err)
		}
	}
	return nil
}

// place puts the staged snapshot of a manifest in its place.
func (f *fsm) place(m *manifest) error {
	if f.snaps == nil {
		return nil
	}
	return f.snaps.promote(m.Applied)
}

// keep makes entries that were fetched part of the ledger. From the first one on,
// and over restarts, no command may be applied before the restore is done.
func (f *fsm) keep(m *manifest, c *state.Changes) error {
	if f.torn == nil && f.snaps != nil {
		if err := f.snaps.tear(); err != nil {
			return ours(err)
		}
	}
	f.torn = m
	c.DropAsk()
	if err := f.commit(f.store.Applied(), c); err != nil {
		return ours(err)
	}
	return ours(f.store.Flush(f.store.Mark()))
}

// finish ends a restore that was cut: with the manifest that it was for, or, if
// that leads nowhere, because it was a liar's, with the state that a peer has
// applied by now.
func (f *fsm) finish() error {
	err := errors.New("the ledger was put back from a copy")
	if f.torn.Applied > 0 {
		err = f.restore(f.torn)
	}
	if err == nil || f.failed != nil || f.states == nil {
		return err
	}
	for _, m := range f.states() {
		e := f.awaitLog(m.Applied)
		if e == nil {
			e = f.restore(m)
		}
		if e == nil {
			return nil
		}
		err = errors.Join(err, e)
	}
	return err
}

// awaitLog waits until Raft's log has an index: the ledger must not be ahead of
// it. Raft goes on storing what the leader sends meanwhile, for some thousand
// commands.
func (f *fsm) awaitLog(index uint64) error {
	for range int(awaitLogTime / retryPause) {
		last, err := f.lastLog()
		if err != nil || last >= index {
			return err
		}
		select {
		case <-f.stopping:
			return context.Canceled
		case <-time.After(retryPause):
		}
	}
	return fmt.Errorf("the Raft log does not reach index %d", index)
}

// awaitLogTime is long for entries that a peer has applied already.
const awaitLogTime = 30 * time.Second
