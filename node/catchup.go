package node

import (
	"context"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/node/wire"
)

// catchup pulls entries that this node lacks from its peers, whoever answers,
// and applies them. Every signature is verified here; that the entries are the
// right ones is for the caller to check, against a manifest.
type catchup struct {
	fsm   *fsm
	peers peers
	names []string // of the other nodes
	ctx   context.Context
}

// flushEvery is the number of pulled entries after which they are made durable.
const flushEvery = 16 << 10

// pull applies the entries from..to-1, asking one peer after the other until
// one gives more.
func (c *catchup) pull(from, to uint64) error {
	var last error
	for next := from; next < to; {
		progress := next
		for _, name := range c.names {
			n, err := c.pullFrom(name, progress, to)
			if err != nil {
				last = fmt.Errorf("%s: %w", name, err)
			}
			if errors.As(err, new(ownFault)) {
				return err
			}
			if progress = n; progress >= to {
				break
			}
		}
		if progress == next {
			return errors.Join(errors.New("no peer gives the missing entries"), last)
		}
		next = progress
	}
	return nil
}

// pullFrom applies what one peer gives, and returns the index after it.
func (c *catchup) pullFrom(name string, from, to uint64) (uint64, error) {
	next := from
	for next < to {
		before := next
		var batch []*wire.Record
		_, err := c.peers.Records(c.ctx, name, next, int(min(to-next, wire.MaxRecords)), func(r *wire.Record) error {
			batch = append(batch, r)
			return nil
		})
		for len(batch) > 0 {
			n := sameTime(batch)
			if err := c.apply(batch[:n]); err != nil {
				return next, err
			}
			next, batch = next+uint64(n), batch[n:]
			if next/flushEvery != (next-uint64(n))/flushEvery {
				// Bounds memory and lets a pull that is cut go on from here.
				if err := c.fsm.store.Flush(c.fsm.store.Mark()); err != nil {
					return next, ours(err)
				}
			}
		}
		if err != nil {
			return next, err
		}
		if next == before {
			return next, fmt.Errorf("it ends at entry %d", next)
		}
	}
	return next, nil
}

// sameTime returns how many records from the first on share its ledger time.
func sameTime(records []*wire.Record) int {
	n := 1
	for n < len(records) && n < ledger.MaxBatch && records[n].Time == records[0].Time {
		n++
	}
	return n
}

// apply applies records of one ledger time as a batch, in which the ledger must
// accept every one: a refused statement has no record.
func (c *catchup) apply(records []*wire.Record) error {
	b := &ledger.Batch{Time: records[0].Time}
	for _, r := range records {
		b.Items = append(b.Items, ledger.Item{Entry: r.Entry, Body: r.Body})
	}
	cmd := &ledger.Command{Batch: b}
	if err := c.fsm.verified.prepare(c.fsm.store, c.fsm.machine.Policy(), cmd); err != nil {
		return err
	}
	changes, results, err := c.fsm.machine.Apply(c.fsm.store, cmd, c.fsm.verified)
	if err != nil {
		return ours(err)
	}
	for i, r := range results {
		if r.Refusal != nil || r.Known {
			return fmt.Errorf("it gives an entry that the ledger cannot hold: statement %s", b.Items[i].Entry.ID.Short())
		}
	}
	if changes.Head.Time != b.Time {
		return errors.New("it gives entries with falling ledger times")
	}
	changes.DropAsk()
	return ours(c.fsm.store.Commit(c.fsm.store.Applied(), changes))
}

// ownFault is an error of this node's own disk, against which no other peer helps.
type ownFault struct{ error }

func (e ownFault) Unwrap() error { return e.error }

func ours(err error) error {
	if err == nil {
		return nil
	}
	return ownFault{err}
}
