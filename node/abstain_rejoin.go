package node

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"comity/ledger/state"
)

// rejoin asks the others until this node has caught up.
func (r *replica) rejoin(ctx context.Context, a *abstention) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait
	wg.Go(func() {
		r.roster.each(ctx, r.name, func(ctx context.Context, name string) {
			for wait := askAgain; ctx.Err() == nil; wait = min(2*wait, gossipEvery) {
				if !r.roster.now().votes(name) {
					pauseFor(ctx, gossipEvery)
					continue
				}
				one, cancel := context.WithTimeout(ctx, gossipTimeout)
				s, err := r.peers.Status(one, name)
				cancel()
				if err == nil {
					a.hear(name, s)
				} else {
					r.log.Debug("ask where the log ends", "of", name, "error", err)
				}
				pauseFor(ctx, wait)
			}
		})
	})
	for {
		pauseFor(ctx, askAgain)
		if ctx.Err() != nil {
			return
		}
		a.among(len(r.otherVoters()))
		own := r.report()
		if r.fsm.fetching.Load() > 0 || !a.founding(own) && !a.caughtUp(own) {
			continue
		}
		if err := a.end(); err != nil {
			r.fatal(fmt.Errorf("storage: end the repair: %w", err))
			return
		}
		r.log.Info("this node votes again", "entry", own.size, "term", own.term)
		r.moved.fire()
		return
	}
}

// report says of this node what others say of themselves.
func (r *replica) report() report {
	stats := r.raft.Stats() // one consistent look
	end := entryID{statUint(stats, "last_log_index"), statUint(stats, "last_log_term")}
	if at := (entryID{statUint(stats, "last_snapshot_index"), statUint(stats, "last_snapshot_term")}); at.index > end.index {
		end = at
	}
	p := report{term: r.raft.CurrentTerm(), end: end, applied: r.store.Applied(), abstains: r.abstain.active()}
	if head, err := state.ReadHead(r.store); err == nil {
		p.size = head.Size
	} else {
		r.log.Error("read the head", "error", err)
	}
	p.empty = p.size == 0 && end.index <= 1
	return p
}

func statUint(stats map[string]string, key string) uint64 {
	n, err := strconv.ParseUint(stats[key], 10, 64)
	if err != nil {
		panic("node: raft has no " + key)
	}
	return n
}
