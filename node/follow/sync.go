package follow

import (
	"context"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/wire"
)

// Sync follows the node up to its last FINAL checkpoint. Everything is verified
// before it is kept, in steps of some thousand entries, so that an interrupted
// Sync goes on where it stopped. progress, which may be nil, is told how many
// entries the copy holds, of how many.
//
// A node whose last checkpoint is behind ours, and of the same history, is not
// at fault: there is nothing to do. A node that has no FINAL checkpoint yet
// gives nothing to keep.
func (cp *Copy) Sync(ctx context.Context, c *client.Client, progress func(done, total uint64)) error {
	note, err := c.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return nil
	}
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return cp.SyncTo(ctx, c, note, progress)
}

// SyncTo is [Copy.Sync] for who has the note of the node's last checkpoint already.
func (cp *Copy) SyncTo(ctx context.Context, c *client.Client, note []byte, progress func(done, total uint64)) error {
	if cp.reading {
		return fmt.Errorf("sync: %w", ErrReading)
	}
	cp.syncing.Lock()
	defer cp.syncing.Unlock()
	target, err := cp.openTheirs(ctx, c, note)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	size, err := cp.Size()
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if target.Size <= size {
		err = cp.compare(c, target, size)
	} else {
		err = cp.follow(ctx, c, target, size, progress)
	}
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// compare checks a checkpoint that is not beyond our tree.
func (cp *Copy) compare(c *client.Client, target sealedNote, size uint64) error {
	root, err := cp.rootAt(target.Size)
	if err != nil {
		return err
	}
	if root != target.Root {
		return cp.forked(c.String(), target)
	}
	f := cp.finalNote()
	if target.Size == size && (f.Size < size || len(target.by) > len(f.by)) {
		return cp.keepFinal(target)
	}
	return nil
}

// follow takes over the entries from size up to the target.
func (cp *Copy) follow(ctx context.Context, c *client.Client, target sealedNote, size uint64, progress func(done, total uint64)) error {
	if progress == nil {
		progress = func(done, total uint64) {}
	}
	progress(size, target.Size)
	f := startFetch(ctx, c, size, target.Size, cp.chunk)
	defer f.stop()
	v := newVerifier()
	for size < target.Size {
		chunk, err := f.next()
		if err != nil {
			return err
		}
		if err := cp.take(ctx, c, target, chunk, v); err != nil {
			return err
		}
		size += uint64(len(chunk.records))
		progress(size, target.Size)
	}
	return cp.keepFinal(target)
}

// take verifies a chunk and only then commits it, as one step.
func (cp *Copy) take(ctx context.Context, c *client.Client, target sealedNote, chunk *chunk, v *verifier) error {
	if err := v.prepare(ctx, cp.store, chunk.records); err != nil {
		return err
	}
	staged := store.NewStaged(cp.store, chunk.from)
	if err := cp.complete(ctx, c, chunk); err != nil {
		return err
	}
	if err := cp.apply(c, staged, chunk, v); err != nil {
		return err
	}
	if chunk.none != nil { // nothing here says that it is of a later format
		return chunk.none
	}
	if staged.Changes.Head.Size == target.Size {
		if staged.Changes.Head.Root != target.Root {
			return &Dishonest{Node: c.String(), Reason: "its entries are not the ones under its checkpoint", Note: target.note, Cosigned: &target.Checkpoint,
				Computed: &ledger.Checkpoint{Origin: cp.genesis.Origin(), Size: target.Size, Root: staged.Changes.Head.Root}}
		}
		// We may die before it is kept as the last FINAL one.
		if err := cp.keepAhead(target); err != nil {
			return err
		}
	} else if err := cp.vouch(ctx, c, target, staged); err != nil {
		return err
	}
	if err := cp.forget(chunk); err != nil {
		return err
	}
	// An interrupted Sync stays here: whole chunks, each under a FINAL checkpoint.
	if err := cp.store.Commit(staged.Changes.Head.Size, &staged.Changes); err != nil {
		return fmt.Errorf("commit %d entries: %w", len(chunk.records), err)
	}
	if purged := staged.Changes.Purged; len(purged) > 0 && cp.destroyed != nil {
		if err := cp.destroyed(purged); err != nil {
			return fmt.Errorf("destroy what was purged: %w", err)
		}
	}
	if err := cp.learn(); err != nil {
		return err
	}
	if err := cp.store.Flush(cp.store.Mark()); err != nil {
		return fmt.Errorf("flush %d entries: %w", len(chunk.records), err)
	}
	return nil
}

// maxTime is the highest ledger time of a batch, as its format has it. Nothing
// signs ledger times, so nothing more is known about them.
const maxTime = 1<<62 - 1

// maxAhead is how far a ledger time may be ahead of this machine's clock; nodes
// bear minutes. Ledger time does not fall: a copy that took a year to come from a
// liar would find every later proposal lapsed, and call all honest sources liars.
const maxAhead = 24 * time.Hour

// apply runs a chunk through the machine. Entries of one ledger time go in
// together, as they were accepted; how they are divided changes no result.
func (cp *Copy) apply(c *client.Client, staged *store.Staged, chunk *chunk, v *verifier) error {
	for rest := chunk.records; len(rest) > 0; {
		if rest[0].Time > maxTime {
			return &Dishonest{Node: c.String(), Reason: fmt.Sprintf("the ledger time of entry %d is no time", staged.Size())}
		}
		// Not [Dishonest]: it may be the clock here that is wrong.
		if at := time.UnixMilli(int64(rest[0].Time)); at.After(cp.clock().Add(maxAhead)) {
			return fmt.Errorf("the ledger time of entry %d, %s, is more than a day ahead of this machine's clock: one of the two is wrong", staged.Size(), at.UTC().Format(time.DateTime+"Z"))
		}
		n := 1
		for n < len(rest) && n < ledger.MaxBatch && rest[n].Time == rest[0].Time {
			n++
		}
		batch := &ledger.Batch{Time: rest[0].Time, Items: make([]ledger.Item, n)}
		for i, r := range rest[:n] {
			batch.Items[i] = ledger.Item{Entry: r.Entry, Body: r.Body}
		}
		first := staged.Size()
		changes, results, err := cp.machine.Apply(staged, &ledger.Command{Batch: batch}, v)
		if err != nil {
			return fmt.Errorf("apply entry %d: %w", first, err)
		}
		if err := refused(c, first, results); err != nil {
			return err
		}
		staged.Add(changes)
		rest = rest[n:]
	}
	return nil
}

// refused returns an error if the machine did not accept all: what is in the
// ledger was accepted once, by the same rules.
func refused(c *client.Client, first uint64, results []state.Result) error {
	for i, r := range results {
		index := first + uint64(i)
		switch {
		case r.Refusal != nil:
			return &Dishonest{Node: c.String(), Reason: fmt.Sprintf("entry %d cannot be in the ledger: %s", index, r.Refusal.Reason)}
		case r.Known:
			return &Dishonest{Node: c.String(), Reason: fmt.Sprintf("entry %d is entry %d again", index, r.Index)}
		}
	}
	return nil
}
