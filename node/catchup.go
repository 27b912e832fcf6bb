package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// catchup fetches entries that this node lacks from its peers, in chunks, and
// believes none of them. A chunk becomes part of the ledger when
//
//   - every signature in it verifies, the ledger accepts every entry, and each
//     brings the body that it names;
//   - a checkpoint that a quorum cosigned covers it, as far as FINAL checkpoints go;
//   - f+1 nodes hold the same, ledger times included, or nobody holds another;
//   - at the manifest's end, it has led to the manifest's root and digest.
//
// Until then it is in memory only: what a peer makes up costs that peer's answer,
// and the next one is asked.
type catchup struct {
	fsm    *fsm
	peers  peers
	names  func() []string // of the other nodes
	faults func() int      // f: how many of those who vote may be dishonest
	chunk  uint64          // records, at most chunkRecords
	leader func() string
	ctx    context.Context
	log    *slog.Logger
	slow   map[string]int // by node, how often it kept this one waiting, or lied
}

// What is verified and committed as one step, and how long one peer may take for
// it: what came by then is used.
const (
	chunkRecords = 4096
	chunkBytes   = 16 << 20
	chunkTime    = 2 * time.Minute
	vouchTime    = 15 * time.Second // for one question about a chunk

	// Who takes longer is asked last from then on: a chunk at a time, one node could
	// make a pull last for ever.
	slowChunk = chunkTime / 4
	slowVouch = vouchTime / 4
)

// testingOnlyChunk, if not 0, makes the chunks of a pull smaller.
var testingOnlyChunk uint64

// A chunk must fit into a Span.
const _ = uint(wire.MaxSpan - chunkRecords)

// pull takes over the entries up to the manifest's end.
func (c *catchup) pull(m *manifest) error {
	for {
		head, err := state.ReadHead(c.fsm.store)
		if err != nil {
			return ours(err)
		}
		if head.Size >= m.Head.Size {
			return nil
		}
		if err := c.step(m, head.Size); err != nil {
			return err
		}
	}
}

// step takes over one chunk, from the first peer that gives one which holds.
func (c *catchup) step(m *manifest, from uint64) error {
	to := min(from+c.chunk, m.Head.Size)
	for _, boundary := range []uint64{c.fsm.signed.Size, finalSize(m)} {
		if from < boundary {
			to = min(to, boundary) // where a root is known
		}
	}
	why := []error{errors.New("no peer gives the missing entries")}
	lied := make(map[string]error)
	for _, name := range c.order() {
		begun := time.Now()
		chunk, err := c.fetch(name, from, to, finalSize(m))
		if err != nil || chunk.Size() < to {
			c.waited(name, begun, slowChunk)
		}
		var against []string
		if err == nil {
			against, err = c.judge(name, m, chunk)
		}
		switch {
		case err == nil:
			if err := c.fsm.keep(m, &chunk.Changes); err != nil {
				return err
			}
			c.name(lied, against)
			return nil
		case errors.As(err, new(ownFault)):
			return err
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case errors.Is(err, errLie):
			lied[name] = err
			c.waited(name, time.Time{}, 0)
		}
		why = append(why, fmt.Errorf("%s: %w", name, err))
	}
	return errors.Join(why...)
}

// order returns the names of the other nodes, those last that this one had to wait
// for. The goroutine that applies is the only one here.
func (c *catchup) order() []string {
	names := slices.Clone(c.names())
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(c.slow[a], c.slow[b]) })
	return names
}

// waited notes that a node took too long.
func (c *catchup) waited(name string, since time.Time, limit time.Duration) {
	if time.Since(since) < limit {
		return
	}
	if c.slow == nil {
		c.slow = make(map[string]int)
	}
	c.slow[name]++
}

func finalSize(m *manifest) uint64 {
	if m.Final == nil {
		return 0
	}
	return m.Final.Size
}

// errLie is returned for what an honest node does not give.
var errLie = errors.New("this is not what the ledger holds")

func lie(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, errLie)...)
}

// name raises an alarm for those who gave something else than what was taken in
// the end. There is one text for each node: a liar cannot fill the status.
func (c *catchup) name(lied map[string]error, against []string) {
	for name, err := range lied {
		c.log.Error("a node gave entries that are not the ledger's; another one was asked", "node", name, "error", err)
		c.fsm.alarm("catch-up: " + name + " gave entries that are not the ledger's")
	}
	for _, name := range against {
		if lied[name] == nil {
			c.log.Error("a node contradicts what others hold", "node", name)
			c.fsm.alarm("catch-up: " + name + " contradicts what the other nodes hold")
		}
	}
}

// fetch reads entries from one peer and applies them to a copy of the state. It
// returns fewer than were asked for where the peer ends, or takes too long, with
// the entries or with what it says of purges. A quorum has cosigned the first
// final entries of the ledger.
func (c *catchup) fetch(name string, from, to, final uint64) (*store.Staged, error) {
	records, err := c.read(name, from, to)
	if err != nil {
		return nil, err
	}
	b := &ledger.Batch{}
	ctx, cancel := context.WithTimeout(c.ctx, chunkTime)
	defer cancel()
	claims := &purgeClaims{c: c, ctx: ctx, giver: name, final: final, shown: make(map[uint64]*ledger.Entry)}
	for i, r := range records {
		err := claims.complete(from+uint64(i), r)
		if err != nil && i > 0 && ctx.Err() != nil && c.ctx.Err() == nil {
			records = records[:i]
			break
		}
		if err != nil {
			return nil, err
		}
		b.Items = append(b.Items, ledger.Item{Entry: r.Entry, Body: r.Body})
	}
	chunk := store.NewStaged(c.fsm.store, from)
	// All signatures at once, on all cores; Apply finds them verified.
	switch err := c.fsm.verified.prepare(chunk, c.fsm.roster.policy, &ledger.Command{Batch: b}); {
	case errors.Is(err, errUnverified):
		return nil, lie("entries %d to %d: %w", from, to, err)
	case err != nil:
		return nil, ours(err)
	}
	for len(records) > 0 {
		n := sameTime(records)
		if err := c.apply(chunk, records[:n], b.Items[:n]); err != nil {
			return nil, err
		}
		records, b.Items = records[n:], b.Items[n:]
	}
	return chunk, nil
}

// read reads at least one record from a peer.
func (c *catchup) read(name string, from, to uint64) ([]*wire.Record, error) {
	ctx, cancel := context.WithTimeout(c.ctx, chunkTime)
	defer cancel()
	var records []*wire.Record
	bytes, next, full := 0, from, errors.New("full")
	for next < to {
		before := next
		_, err := c.peers.Records(ctx, name, next, int(min(to-next, wire.MaxRecords)), func(r *wire.Record) error {
			records = append(records, r)
			next++
			if bytes += len(r.Entry.Raw) + len(r.Body); bytes >= chunkBytes {
				return full
			}
			return nil
		})
		switch {
		case err == full:
			return records, nil
		case errors.Is(err, ledger.ErrMalformed) && len(records) == 0:
			return nil, lie("entry %d: %w", next, err) // what is before it may say that there is a later format
		case err != nil && len(records) == 0:
			return nil, err
		case len(records) == 0:
			return nil, fmt.Errorf("it ends at entry %d", next)
		case err != nil, next == before:
			return records, nil // what it gave may be good
		}
	}
	return records, nil
}

// sameTime returns how many records from the first on share its ledger time.
func sameTime(records []*wire.Record) int {
	n := 1
	for n < len(records) && n < ledger.MaxBatch && records[n].Time == records[0].Time {
		n++
	}
	return n
}

// maxLedgerTime is the highest ledger time of a batch, as its format has it.
const maxLedgerTime = 1<<62 - 1

// apply applies records of one ledger time as a batch, in which the ledger must
// accept every one: a refused statement has no record.
func (c *catchup) apply(chunk *store.Staged, records []*wire.Record, items []ledger.Item) error {
	b := &ledger.Batch{Time: records[0].Time, Items: items}
	if b.Time > maxLedgerTime {
		return lie("the ledger time of entry %d is no time", chunk.Size())
	}
	changes, results, err := c.fsm.machine.Apply(chunk, &ledger.Command{Batch: b}, c.fsm.verified)
	if err != nil {
		return ours(err)
	}
	for i, r := range results {
		if r.Refusal != nil || r.Known {
			return lie("the ledger cannot hold statement %s as entry %d", items[i].Entry.ID.Short(), chunk.Size()+uint64(i))
		}
	}
	if changes.Head.Time != b.Time {
		return lie("the ledger time of entry %d falls", chunk.Size())
	}
	chunk.Add(changes)
	return nil
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
