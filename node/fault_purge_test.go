package node

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// cleaner is an officer of a schedule who publishes, withdraws and purges.
func (s *schedule) cleaner(ctx context.Context, b *ledgertest.Bureau, random *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		it := b.Officer.Publish(s.t, ledger.KindBlue, fmt.Appendf(nil, "%d of %s, which is to be purged", n, b.Code))
		done := s.insist(ctx, it, random) && s.insist(ctx, b.Officer.Withdraw(s.t, it.Entry.ID), random) &&
			s.insist(ctx, b.Officer.Purge(s.t, it.Entry.ID, ledger.ReasonOver, b.Supervisor), random)
		if !done {
			return
		}
		pause(ctx, time.Duration(random.Int64N(int64(3*time.Second))))
	}
}

// insist submits one statement until it is acknowledged, and reports whether.
func (s *schedule) insist(ctx context.Context, it ledger.Item, random *rand.Rand) bool {
	o := s.begin(it)
	for ctx.Err() == nil && o.end == 0 {
		code := s.try(ctx, o, random)
		if code != "" && ctx.Err() == nil && wire.IsRefusal(&wire.Error{Code: code}) {
			s.problem("%s %s was refused: %s", it.Entry.Statement.Class, o, code)
			return false
		}
		if code != "" {
			pause(ctx, 500*time.Millisecond)
		}
	}
	return o.end != 0
}

// purgeEverywhere waits until every node has acknowledged every purge, and looks
// for what was purged in all Raft logs.
func (s *schedule) purgeEverywhere() {
	why := ""
	for range 600 {
		if why = s.unpurged(); why == "" {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if why != "" {
		s.problem("purges: %s", why)
	}
	for _, name := range s.names {
		if r := s.replica(name); r != nil {
			s.checkLog(r)
		}
	}
}

// unpurged says what is not purged yet, "" for nothing.
func (s *schedule) unpurged() string {
	for _, name := range s.names {
		r := s.replica(name)
		if r == nil {
			return name + " does not run"
		}
		n, err := state.ReadPurges(r.store)
		pending, err2 := r.purger.pending()
		open, err3 := r.purges.waiting()
		if err != nil || err2 != nil || err3 != nil || pending > 0 || len(open) > 0 {
			return fmt.Sprintf("%s: of %d its log has not forgotten %d, and %d are not acknowledged (%v, %v, %v)", name, n, pending, len(open), err, err2, err3)
		}
	}
	return ""
}

// checkLog looks for purged bodies in a node's Raft log.
func (s *schedule) checkLog(r *replica) {
	first, _ := r.logs.FirstIndex()
	last, _ := r.logs.LastIndex()
	for i := first; i > 0 && i <= last; i++ {
		var l raft.Log
		if err := r.logs.GetLog(i, &l); err != nil || l.Type != raft.LogCommand {
			continue
		}
		c, err := ledger.ParseCommand(l.Data)
		if err != nil || c.Batch == nil {
			continue
		}
		for _, it := range c.Batch.Items {
			index, ok, err := state.ReadIndex(r.store, it.Entry.ID)
			if err != nil || !ok || len(it.Body) == 0 {
				continue
			}
			if purged, err := state.Purged(r.store, index); err != nil || purged {
				s.problem("%s: entry %d of its Raft log has the body of entry %d, which is purged (%v)", r.name, i, index, err)
			}
		}
	}
}
