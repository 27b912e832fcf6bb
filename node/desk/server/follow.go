package server

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"comity/node/client"
	"comity/node/desk"
	"comity/node/wire"
)

// follower keeps the replica up to date. It asks the first node, and the next
// one when a node does not answer or is not to be believed.
type follower struct {
	desk    *desk.Desk
	nodes   []*client.Client
	clock   func() time.Time
	log     *slog.Logger
	changed func() // called when the replica has grown

	mu      sync.Mutex // guards all below
	heard   time.Time
	node    string
	problem string
	alarm   string // stays until the desk is restarted: people must look
}

const (
	pollWait   = wire.MaxWait * time.Second
	firstPause = 250 * time.Millisecond
	lastPause  = 15 * time.Second
	patience   = 2 // failures in a row before the next node is asked
)

// report returns what the status says: heard is 0 before a node has answered.
func (f *follower) report() (heard int64, node, problem, alarm string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.heard.IsZero() {
		heard = f.heard.Unix()
	}
	return heard, f.node, f.problem, f.alarm
}

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	pause, failures, at := firstPause, 0, 0
	for ctx.Err() == nil {
		c := f.nodes[at%len(f.nodes)]
		begun := time.Now()
		grown, err := f.step(ctx, c)
		if ctx.Err() != nil {
			return
		}
		f.note(c, err)
		switch {
		case err == nil && (grown || time.Since(begun) > firstPause):
			pause, failures = firstPause, 0
			continue
		case err == nil: // a node that answers at once and has nothing
			pause, failures = firstPause, 0
		default:
			if failures++; failures >= patience || errors.Is(err, desk.ErrDishonest) || errors.Is(err, desk.ErrFork) {
				at, failures = at+1, 0
			}
			pause = min(2*pause, lastPause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause/2)):
		}
	}
}

// step waits for news of a node and takes them over.
func (f *follower) step(ctx context.Context, c *client.Client) (grown bool, err error) {
	before, err := f.desk.Size()
	if err != nil {
		return false, err
	}
	final, _, _ := f.desk.Final()
	if final.Size > 0 {
		_, err := c.Checkpoint(ctx, final.Size, pollWait)
		switch wire.CodeOf(err) {
		case wire.NotFinal, wire.NotFound:
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	last := before
	err = f.desk.Sync(ctx, c, func(done, total uint64) {
		if done > last { // a long way: who was revoked in it is out at once
			last = done
			f.changed()
		}
	})
	after, sizeErr := f.desk.Size()
	if err == nil {
		err = sizeErr
	}
	if after != before {
		f.changed()
	}
	return after != before, err
}

// note keeps what came of a step for the status, and logs what is new in it.
func (f *follower) note(c *client.Client, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.node = c.String()
	if err == nil {
		if f.problem != "" {
			f.log.Info("following again", "node", f.node)
		}
		f.heard, f.problem = f.clock(), ""
		return
	}
	text := err.Error()
	if errors.Is(err, desk.ErrDishonest) || errors.Is(err, desk.ErrFork) {
		if f.alarm != text {
			f.log.Error("alarm", "node", f.node, "error", text)
		}
		f.alarm = text
	} else if f.problem != text {
		f.log.Warn("no news", "node", f.node, "error", text)
	}
	f.problem = text
}
