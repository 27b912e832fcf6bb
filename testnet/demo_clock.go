package testnet

import (
	"context"
	"sync"
	"time"
)

// playClock is the clock of a demo. It runs fast up to a goal and from there on
// at the pace of the real one, so that what officers do between two goals takes
// the time it takes. It does not go back. When the play is over it is the
// machine's clock.
type playClock struct {
	mu      sync.Mutex // guards all below
	machine bool
	real    time.Time // when base was the time
	base    time.Time
	goal    time.Time // not before base
	pace    float64   // seconds in one real second, until goal
}

func newPlayClock(now time.Time) *playClock {
	return &playClock{real: time.Now(), base: now, goal: now, pace: 1}
}

// Now returns the time of the demo.
func (c *playClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(time.Now())
}

// at must be called with mu held.
func (c *playClock) at(real time.Time) time.Time {
	if c.machine {
		return real
	}
	run := real.Sub(c.real)
	fast := c.fast()
	if run < fast {
		return c.base.Add(time.Duration(float64(run) * c.pace))
	}
	return c.goal.Add(run - fast)
}

// fast returns the real time from base to goal.
func (c *playClock) fast() time.Duration {
	return time.Duration(float64(c.goal.Sub(c.base)) / c.pace)
}

// runTo lets the time run to goal with this pace, and returns when it is there
// or ctx ends. What is past already takes no time.
func (c *playClock) runTo(ctx context.Context, goal time.Time, pace float64) error {
	t := time.NewTimer(c.set(goal, pace))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		c.set(c.Now(), 1)
		return context.Cause(ctx)
	}
}

// set chooses a goal and a pace and returns how long it will take.
func (c *playClock) set(goal time.Time, pace float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.base = c.at(now)
	c.real, c.goal, c.pace = now, goal, pace
	if goal.Before(c.base) {
		c.goal = c.base
	}
	return c.fast()
}

// follow makes it the machine's clock, which must be ahead.
func (c *playClock) follow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machine = true
}
