package node

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"
)

// lyingLeader is a way to a leader that answers forwards with lies.
type lyingLeader struct {
	peers
	lie func(items []ledger.Item, honest func([]ledger.Item) ([]wire.Outcome, error)) ([]wire.Outcome, error)
}

func (p *lyingLeader) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	return p.lie(items, func(items []ledger.Item) ([]wire.Outcome, error) { return p.peers.Forward(ctx, name, items) })
}

// follower starts a follower anew whose forwards go through lie, and returns it.
func (c *cluster) follower(lie func(items []ledger.Item, honest func([]ledger.Item) ([]wire.Outcome, error)) ([]wire.Outcome, error)) *replica {
	c.t.Helper()
	name := c.other(c.leader().name)
	c.stop(name)
	c.peersOf = func(n string, p peers) peers {
		if n == name {
			return &lyingLeader{p, lie}
		}
		return p
	}
	c.start(name)
	c.agree(c.base)
	time.Sleep(3 * time.Second) // it knows who leads
	return c.replica(name)
}

type honestly = func([]ledger.Item) ([]wire.Outcome, error)

// A leader that says accepted and drops the statement: the officer must not hear
// that it is in the ledger.
func TestForwardAcceptedAndDropped(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		r := c.follower(func(items []ledger.Item, _ honestly) ([]wire.Outcome, error) {
			out := make([]wire.Outcome, len(items))
			for i := range out {
				out[i].Submitted = &wire.Submitted{ID: items[i].Entry.ID, Index: c.base + uint64(i), Time: 1}
			}
			return out, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		s, err := r.submit(ctx, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("dropped")))
		if wire.CodeOf(err) != wire.Unknown {
			t.Errorf("submit = %+v, %v; want %s", s, err, wire.Unknown)
		}
	})
}

// A leader that drops the first try and tells the truth then costs time only.
func TestForwardDroppedOnceIsSentAgain(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		first := true
		r := c.follower(func(items []ledger.Item, honest honestly) ([]wire.Outcome, error) {
			if !first {
				return honest(items)
			}
			first = false
			return []wire.Outcome{{Submitted: &wire.Submitted{ID: items[0].Entry.ID, Index: c.base}}}, nil
		})
		if got := c.submit(r, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("in the end"))); got != c.base {
			t.Errorf("entry %d, want %d", got, c.base)
		}
		c.agree(c.base + 1)
	})
}

// A leader that names another place: the officer hears the true one, and people
// hear of the leader.
func TestForwardFalseIndex(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		r := c.follower(func(items []ledger.Item, honest honestly) ([]wire.Outcome, error) {
			out, err := honest(items)
			for i := range out {
				if out[i].Submitted != nil {
					out[i].Submitted.Index += 7
					out[i].Submitted.Time += 7
				}
			}
			return out, err
		})
		s, err := r.submit(t.Context(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body")))
		if err != nil {
			t.Fatal(err)
		}
		if at, _, err := r.store.Entry(c.base); s.Index != c.base || s.Time != at || err != nil {
			t.Errorf("submit = %+v; want entry %d at %d", s, c.base, at)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.alarms) != 1 || !strings.Contains(r.alarms[0], c.leader().name) {
			t.Errorf("alarms %q", r.alarms)
		}
	})
}

// A leader that refuses what the ledger admits is not quoted to the officer; one
// that refuses with reason is.
func TestForwardRefusals(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		var lies atomic.Bool
		lies.Store(true)
		r := c.follower(func(items []ledger.Item, honest honestly) ([]wire.Outcome, error) {
			if !lies.Load() {
				return honest(items)
			}
			out := make([]wire.Outcome, len(items))
			for i := range out {
				out[i].Error = &wire.Error{Code: wire.Code(state.NotAllowed), Message: "I do not like it"}
			}
			return out, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body"))
		if _, err := r.submit(ctx, it); wire.CodeOf(err) != wire.Unknown {
			t.Errorf("refused without reason: %v, want %s", err, wire.Unknown)
		}
		// The next one to lead, as it were.
		lies.Store(false)
		if got := c.submit(r, it); got != c.base {
			t.Errorf("entry %d, want %d", got, c.base)
		}
		// Out of its author's sequence: this node finds the same.
		x := c.c.Bureaus[1].Officer
		_, second := x.Publish(t, ledger.KindYellow, []byte("first")), x.Publish(t, ledger.KindYellow, []byte("second"))
		start := time.Now()
		if _, err := r.submit(t.Context(), second); wire.CodeOf(err) != wire.Code(state.BadSequence) {
			t.Errorf("out of sequence: %v", err)
		}
		if took := time.Since(start); took > doubtTime/2 {
			t.Errorf("a true refusal took %s", took)
		}
		lies.Store(true)
		if _, err := r.submit(t.Context(), second); wire.CodeOf(err) != wire.Code(state.BadSequence) || strings.Contains(err.Error(), "like") {
			t.Errorf("out of sequence, in the leader's words: %v", err)
		}
	})
}

// A statement that a follower forwards is answered when it is committed, and does
// not wait until Raft, idle, happens to say so.
func TestForwardedIsAnsweredAtOnce(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		from := c.replica(c.other(c.leader().name))
		time.Sleep(time.Second) // nothing is under way
		began := time.Now()
		c.submit(from, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("one")))
		if took := time.Since(began); took > 5*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}
