package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// cosigner signs the checkpoint that the log asks for and brings the
// cosignature to the leader, until the log holds it.
type cosigner struct {
	witness *witness
	store   store.Store
	raft    *raft.Raft
	peers   peers
	collect *collector
	agree   *agreement
	roster  *roster
	seams   seams
	clock   func() time.Time
	least   time.Duration // between two cosignatures
	moved   *beacon
	signed  func(*ledger.Cosignature) // learns of what was signed
	mute    func(why string)
	alarm   func(string)
	damaged func(error)
	log     *slog.Logger
}

// resend is how long a cosigner waits for the log to hold what it sent.
const resend = time.Second

// run signs until ctx ends.
func (c *cosigner) run(ctx context.Context) {
	var (
		sent *ledger.Cosignature
		last time.Time // of the latest signature
		wg   sync.WaitGroup
	)
	defer wg.Wait()
	for {
		moved := c.moved.wait() // before the look, so that no change is missed
		ask, err := c.look()
		if err != nil {
			c.stop("look for a checkpoint to cosign", err)
			return
		}
		if c.witness.returning() != "" {
			if err := c.resume(ask); err != nil {
				c.stop("cosign again after a restore", err)
				return
			}
		}
		wait := time.Duration(-1) // until something moves
		// A log that is replayed asks again for what was signed long ago.
		if ask != nil && c.counts(ask) && !c.seams.quiet() && c.witness.ready() && ask.Size >= c.witness.newest().Size && !ask.By(c.witness.name) {
			if wait = c.least - time.Since(last); sent != nil && sent.Size == ask.Size {
				wait = resend - time.Since(last)
			}
			fresh := sent == nil || sent.Size != ask.Size
			if wait <= 0 && fresh && !c.agree.reached(ask) {
				c.agree.spread(ctx, &wg, ask)
				c.disagree(ask)
				wait = resend // or until somebody says what it holds
			} else if wait <= 0 {
				if fresh {
					sent, err = c.witness.cosign(c.store, ask, uint64(c.clock().Unix()))
					if err != nil {
						c.stop("cosign", err)
						return
					}
					c.signed(sent)
				}
				last, wait = time.Now(), resend
				c.send(ctx, sent)
			}
		}
		var timer <-chan time.Time
		if wait >= 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
		case <-timer:
		}
	}
}

// counts reports whether this node is one of those who make the checkpoint FINAL.
func (c *cosigner) counts(ask *state.Collected) bool {
	_, ok := c.roster.policy(ask.Size).Witness[c.witness.name]
	return ok
}

// disagree tells people when more bureaus than may be dishonest hold another
// history than this node, and no quorum either: a leader gave them different entries.
func (c *cosigner) disagree(ask *state.Collected) {
	names := c.agree.dissent(ask)
	if len(names) <= c.agree.roster.now().faults() {
		return
	}
	c.log.Error("the nodes hold different entries", "size", ask.Size, "others", names)
	// Without the names, which come one by one: it is one alarm.
	c.alarm("several nodes hold other entries than this one, and no quorum is known to agree: a leader gave the bureaus different ones; the log of this node names them")
}

// look returns the checkpoint that the log asks for; when this node has signed
// that, or none is asked for, the last FINAL one, which it may still support.
// It returns nil for none.
func (c *cosigner) look() (*state.Collected, error) {
	final, err := state.ReadFinal(c.store)
	if err != nil {
		return nil, err
	}
	pending, err := state.ReadPending(c.store)
	if err != nil {
		return nil, err
	}
	ask := pending
	if ask == nil || ask.By(c.witness.name) {
		ask = final
	}
	for _, at := range []*state.Collected{final, pending} {
		if at != nil && at.By(c.witness.name) && c.witness.signs(c.agree.roster.policy(at.Size)) {
			if why := c.witness.denies(at.Size, at.Root); why != "" {
				return nil, fmt.Errorf("in the log: %s: %w", why, errEquivocation)
			}
		}
	}
	return ask, nil
}

// stop says why this node does not cosign any more: people must look.
func (c *cosigner) stop(what string, err error) {
	switch {
	case errors.Is(err, store.ErrClosed): // the node is stopping
	case errors.Is(err, errMuted): // and has said why
	case errors.Is(err, errEquivocation):
		c.mute(err.Error())
	default:
		c.log.Error(what, "error", err)
		c.alarm(err.Error())
		c.damaged(err)
	}
}

// send hands the cosignature to the leader. A failure is not followed up here:
// run sends again.
func (c *cosigner) send(ctx context.Context, s *ledger.Cosignature) {
	if c.raft.State() == raft.Leader {
		c.collect.add(s)
		return
	}
	_, leader := c.raft.LeaderWithID()
	if leader == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, resend)
	defer cancel()
	if err := c.peers.Cosign(ctx, string(leader), []*ledger.Cosignature{s}); err != nil && ctx.Err() == nil {
		c.log.Debug("send cosignature", "leader", leader, "error", err)
	}
}

// collector proposes the cosignatures that wait as one command: one command at a
// time on short lines; on long ones the next does not wait for the round trip of the
// one before, which may lack but one cosignature of a quorum.
type collector struct {
	raft  *raft.Raft
	queue chan *ledger.Cosignature // full: dropped, cosigners send again
	slots chan struct{}            // a token for each command in flight
	stop  chan struct{}
	wg    sync.WaitGroup // run, and the commands in flight
	log   *slog.Logger
}

func newCollector(r *raft.Raft, inFlight int, log *slog.Logger) *collector {
	c := &collector{raft: r, queue: make(chan *ledger.Cosignature, ledger.MaxCosignatures), slots: make(chan struct{}, inFlight), stop: make(chan struct{}), log: log}
	c.wg.Go(c.run)
	return c
}

func (c *collector) close() {
	close(c.stop)
	c.wg.Wait()
}

func (c *collector) add(s *ledger.Cosignature) {
	select {
	case c.queue <- s:
	default:
	}
}

func (c *collector) run() {
	for {
		var list []*ledger.Cosignature
		select { // a place first: what comes until there is one goes along
		case <-c.stop:
			return
		case c.slots <- struct{}{}:
		}
		select {
		case <-c.stop:
			return
		case s := <-c.queue:
			list = append(list, s)
		}
		for len(c.queue) > 0 && len(list) < ledger.MaxCosignatures {
			list = append(list, <-c.queue)
		}
		future := c.raft.Apply((&ledger.Command{Cosignatures: list}).Marshal(), 0)
		c.wg.Go(func() {
			if err := future.Error(); err != nil && !errors.Is(err, raft.ErrNotLeader) {
				c.log.Debug("propose cosignatures", "error", err)
			}
			<-c.slots
		})
	}
}

// beacon tells any number of goroutines that something has moved.
type beacon struct {
	mu sync.Mutex // guards ch
	ch chan struct{}
}

func newBeacon() *beacon { return &beacon{ch: make(chan struct{})} }

// wait returns a channel that closes at the next fire.
func (b *beacon) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *beacon) fire() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}
