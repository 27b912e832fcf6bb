package node

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"comity/ledger/state"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// reconcile makes the Raft configuration what the bureaus have decided, while this
// node leads: one step at a time, each committed before the next. What was decided
// is what this node's own ledger says; a charter file may know more, but the others
// hold a step against what is in the log before it.
func (r *replica) reconcile(ctx context.Context) {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	steady := make(map[raft.ServerID]time.Time) // since when a node has been where the log is
	for {
		changed := r.roster.changed.wait() // before the look, so that no change is missed
		if r.raft.State() != raft.Leader {
			clear(steady)
		} else if !r.elected() {
			r.log.Info("hand over leadership: the members who vote are others than those who elected")
			if err := r.raft.LeadershipTransfer().Error(); err != nil {
				r.log.Info("hand over leadership", "error", err)
			}
		} else if step := r.nextStep(ctx, steady); step != nil {
			r.log.Info("change the Raft configuration", "node", string(step.id), "to", step.what)
			if err := r.take(ctx, step); err == nil {
				continue
			} else if ctx.Err() == nil {
				r.log.Info("change the Raft configuration", "node", string(step.id), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
		}
	}
}

const (
	reconcileEvery = time.Second
	stepTimeout    = 10 * time.Second // for one step to be committed
	// steadyFor is how long a node must have been where the log is before it gets
	// its vote: with it a quorum needs one node more.
	steadyFor = 5 * time.Second
)

// elected reports whether the votes that this leader has are a majority of those
// who vote now, as a node will ask that hears of it only now.
func (r *replica) elected() bool {
	t, ok := r.trans.(*Transport)
	return !ok || t.Elected()
}

// step is one change of the Raft configuration.
type step struct {
	what string
	id   raft.ServerID
	do   func(*raft.Raft) raft.Future
}

// nextStep returns what is to be done next, nil for nothing: first what takes away,
// since who left may be who is missing for a majority.
func (r *replica) nextStep(ctx context.Context, steady map[raft.ServerID]time.Time) *step {
	want, have := r.roster.applied(), r.raft.GetConfiguration().Configuration()
	for _, s := range have.Servers {
		name := string(s.ID)
		switch {
		case s.Suffrage == raft.Voter && !want.votes(name):
			return &step{"non-voter", s.ID, func(f *raft.Raft) raft.Future { return f.DemoteVoter(s.ID, 0, stepTimeout) }}
		case want.nodes[name] == nil:
			return &step{"none", s.ID, func(f *raft.Raft) raft.Future { return f.RemoveServer(s.ID, 0, stepTimeout) }}
		}
	}
	is := suffrages(have)
	for i := range want.Members {
		name := want.Members[i].NodeName()
		id := raft.ServerID(name)
		switch now, there := is[id]; {
		case !there:
			return &step{"non-voter", id, func(f *raft.Raft) raft.Future {
				return f.AddNonvoter(id, raft.ServerAddress(name), 0, stepTimeout)
			}}
		case now == raft.Nonvoter && want.votes(name) && r.steady(ctx, name, steady):
			return &step{"voter", id, func(f *raft.Raft) raft.Future {
				return f.AddVoter(id, raft.ServerAddress(name), 0, stepTimeout)
			}}
		}
	}
	return nil
}

// steady reports whether a node has had what the log has for a while: by what it
// answered to the entries that this leader sent it, which is what its vote will count
// for; and, of what only it knows, by its own word. A root that it names proves no more
// than an answer does, as every node gives it; but one that is not ours shows that it
// went astray.
func (r *replica) steady(ctx context.Context, name string, since map[raft.ServerID]time.Time) bool {
	id := raft.ServerID(name)
	if !r.stored(id) || !r.follows(ctx, name) {
		delete(since, id)
		return false
	}
	if since[id].IsZero() {
		since[id] = time.Now()
	}
	return time.Since(since[id]) >= steadyFor
}

// stored reports whether a node has answered to have stored what is committed, but
// for what is under way.
func (r *replica) stored(id raft.ServerID) bool {
	t, ok := r.trans.(*Transport)
	if !ok {
		return false
	}
	at := t.Stored(id)
	return at > 0 && at+readyLag >= r.raft.CommitIndex()
}

// follows reports whether a node says that it votes and has applied what is committed,
// with our root.
func (r *replica) follows(ctx context.Context, name string) bool {
	commit := r.raft.CommitIndex()
	ctx, cancel := context.WithTimeout(ctx, gossipTimeout)
	defer cancel()
	s, err := r.peers.Status(ctx, name)
	if err != nil || s.Abstains || s.Applied+readyLag < min(commit, r.store.Applied()) {
		return false
	}
	if head, err := state.ReadHead(r.store); err != nil || s.Size == 0 || s.Size > head.Size {
		return err == nil && s.Size > 0 // it has applied what this node has not yet
	}
	root, err := tlog.TreeHash(int64(s.Size), r.store)
	if err != nil || hex.EncodeToString(root[:]) != s.Root {
		r.log.Warn("a node that is to vote has another ledger", "node", name, "entries", s.Size, "error", err)
		return false
	}
	return true
}

// take does a step and waits until it is committed, or this node leads no more. A
// leader that is to lose its vote hands over first.
func (r *replica) take(ctx context.Context, s *step) error {
	if string(s.id) == r.name {
		if err := r.raft.LeadershipTransfer().Error(); err != nil {
			return err
		}
		return errors.New("another node does it")
	}
	done := make(chan error, 1)
	future := s.do(r.raft)
	go func() { done <- future.Error() }() // ends at the latest when Raft has
	timer := time.NewTimer(stepTimeout)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errors.New("it is not committed yet")
	case <-ctx.Done():
		return ctx.Err()
	}
}
