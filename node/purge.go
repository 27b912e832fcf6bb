package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// purger makes this node forget what the ledger purges. The store overwrites the
// bodies within the commit of the purge, before anybody sees it. What is left is
// the Raft log, in which the bodies came: the purger begins a new epoch of its
// keys, waits until a compaction has passed all that was in the log, and with it
// the keys are gone, and destroys the attachments. Only then it signs, with the node's cosigning key, that the
// node has purged, and submits that as any statement, until the ledger holds it.
//
// How many of the ledger's purges the log has forgotten is in a file. A file that
// is missing, damaged or old makes the node do it again, which costs a snapshot;
// so does a purge that is applied again, on a disk that was put back.
type purger struct {
	store    store.Store
	bureau   string
	genesis  *ledger.Genesis
	signer   *keys.Signer
	clock    func() time.Time
	logs     *GuardStore
	snaps    *snapshotter
	dir      string // of what repairs have set aside; "" for none
	holdings *holdings
	moved    *beacon
	fresh    func(context.Context) error
	submit   func(context.Context, ledger.Item) (*wire.Submitted, error)
	final    func() *finality
	damaged  func(error)
	log      *slog.Logger
	mark     *purgeMark
	linger   time.Duration // from the first purge to the round that carries it out
	every    time.Duration // between two rounds, at least
	rounds   atomic.Int64
	forgot   *beacon   // fires after each round
	last     time.Time // of the latest round; of round's goroutine only
	acked    uint64    // all purges before it are acknowledged; of acknowledge's goroutine only
}

// openPurges finds the purges of a ledger that some node has not acknowledged.
type openPurges struct {
	store   store.Store
	watched int // purges that waiting returns, at most

	mu   sync.Mutex // guards open and seen
	open []uint64   // the oldest of them, at most watched
	seen uint64     // purges looked at for open
}

// How long the purger waits for more purges, so that one snapshot serves many.
const (
	purgeLinger = 250 * time.Millisecond
	purgeEvery  = 5 * time.Second
	purgeRetry  = time.Second

	purgeRetryMost = time.Minute
)

// purgesWatched bounds the purges that status and metrics count as not
// acknowledged, and read whenever somebody asks.
const purgesWatched = 1024

// run purges until ctx ends. Neither waits for the other: purges that keep coming
// do not hold up acknowledgements, nor a leader that takes none the purges.
func (p *purger) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { p.repeat(ctx, "purge the Raft log", p.round) })
	p.repeat(ctx, "acknowledge a purge", p.acknowledge)
	wg.Wait()
}

// repeat takes steps until ctx ends. When there is nothing to do it waits for
// something to move.
func (p *purger) repeat(ctx context.Context, what string, step func(context.Context) (done bool, err error)) {
	for wait := purgeRetry; ; {
		moved, forgot := p.moved.wait(), p.forgot.wait() // before the look, so that nothing is missed
		done, err := step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			p.damaged(err)
			p.log.Error(what+"; it is tried again", "error", err)
			if !sleep(ctx, wait) {
				return
			}
			wait = min(2*wait, purgeRetryMost)
			continue
		case done:
			select {
			case <-ctx.Done():
				return
			case <-moved:
			case <-forgot:
			}
		}
		wait = purgeRetry
	}
}

// round makes the Raft log forget what was purged.
func (p *purger) round(ctx context.Context) (done bool, err error) {
	n, err := state.ReadPurges(p.store)
	if err != nil || n <= p.mark.count() {
		return err == nil, err
	}
	if !sleep(ctx, max(p.linger, p.every-time.Since(p.last))) {
		return false, ctx.Err()
	}
	p.last = time.Now()
	defer p.forgot.fire()
	return false, p.forget(ctx)
}

// sleep waits, and reports whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// acknowledge signs and submits what this node has not acknowledged of the purges
// that it has carried out, one after the other: they are a chain.
func (p *purger) acknowledge(ctx context.Context) (done bool, err error) {
	n, err := state.ReadPurges(p.store)
	if err != nil {
		return false, err
	}
	for n = min(n, p.mark.count()); p.acked < n; p.acked++ {
		id, err := state.ReadPurgeAt(p.store, p.acked)
		if err != nil {
			return false, err
		}
		if due, err := p.due(id); err != nil {
			return false, err
		} else if !due {
			continue
		}
		if err := p.ack(ctx, id); err != nil {
			return false, fmt.Errorf("purge %s: %w", id.Short(), err)
		}
	}
	return true, nil
}

// due reports whether the ledger waits for this node's word on a purge.
func (p *purger) due(id ledger.ID) (bool, error) {
	u, err := state.ReadPurge(p.store, id)
	if err != nil || u == nil {
		return false, err
	}
	for i := range u.Nodes {
		if u.Nodes[i].Bureau == p.bureau {
			return u.Nodes[i].Entry == 0, nil
		}
	}
	return false, nil
}

// ack acknowledges one purge. The outcome of an earlier try may be unknown, so it
// asks for the newest state first.
func (p *purger) ack(ctx context.Context, id ledger.ID) error {
	if err := p.fresh(ctx); err != nil {
		return err
	}
	if due, err := p.due(id); err != nil || !due {
		return err
	}
	author := p.signer.ID()
	end, err := state.ReadAuthor(p.store, author)
	if err != nil {
		return err
	}
	s := &ledger.Statement{Class: ledger.ClassPurgeAck, Ledger: p.genesis.Ledger, Author: author, Seq: end.Seq, Prev: end.Prev,
		SeenRoot: ledger.EmptyRoot, Created: uint64(max(p.clock().Unix(), 0)), Target: id}
	if f := p.final(); f != nil {
		s.SeenSize, s.SeenRoot = f.at.Size, f.at.Root
	}
	e, err := ledger.SignStatement(s, p.signer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, submitTimeout)
	defer cancel()
	if _, err := p.submit(ctx, ledger.Item{Entry: e}); err != nil && wire.CodeOf(err) != wire.Code(state.Repeated) {
		return err
	}
	return nil
}

// waiting returns the purges that some node has not acknowledged, oldest first:
// so many of them as are watched. A node that stays away makes no list longer,
// and the others are looked at when these are done.
func (p *openPurges) waiting() (out []*state.Purge, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := state.ReadPurges(p.store)
	if err != nil {
		return nil, err
	}
	var left []uint64
	look := func(k uint64) error {
		id, err := state.ReadPurgeAt(p.store, k)
		if err != nil {
			return err
		}
		u, err := state.ReadPurge(p.store, id)
		if err != nil || u == nil {
			return errors.Join(err, fmt.Errorf("purge %d is not in the state", k))
		}
		if len(u.Missing()) > 0 {
			out, left = append(out, u), append(left, k)
		}
		return nil
	}
	for _, k := range p.open {
		if err := look(k); err != nil {
			return nil, err
		}
	}
	seen := p.seen
	for ; seen < n && len(left) < p.watched; seen++ {
		if err := look(seen); err != nil {
			return nil, err
		}
	}
	p.open, p.seen = left, seen
	return out, nil
}

// pending returns how many purges this node's log has not forgotten yet.
func (p *purger) pending() (uint64, error) {
	n, err := state.ReadPurges(p.store)
	if err != nil {
		return 0, err
	}
	return n - min(n, p.mark.count()), nil
}
