package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// forward sends a group to the leader and answers those who wait.
func (b *batcher) forward(group []*waiting) {
	_, id := b.raft.LeaderWithID()
	if id == "" || string(id) == b.self {
		b.again(group)
		return
	}
	items := make([]ledger.Item, len(group))
	for i, w := range group {
		items[i] = w.item
	}
	// Not the context of one who waits: it would end the others' forward too.
	ctx, cancel := context.WithTimeout(context.Background(), forwardTimeout)
	defer cancel()
	ctx, stop := whileLeading(ctx, b.raft, id)
	defer stop()
	outcomes, err := b.peers.Forward(ctx, string(id), items)
	if err != nil || len(outcomes) != len(group) {
		for _, w := range group {
			w.sent = w.sent || wire.CodeOf(err) != wire.NotLeader
		}
		b.again(group)
		return
	}
	var rest []*waiting
	var said []verdict
	for i, w := range group {
		o := outcomes[i]
		if o.Submitted != nil || o.Error != nil && !wire.Retryable(o.Error) {
			said = append(said, verdict{w, o})
			continue
		}
		w.sent = w.sent || o.Error == nil || o.Error.Code == wire.Unknown
		rest = append(rest, w)
	}
	if len(said) > 0 {
		b.wg.Go(func() { b.confirm(string(id), said) }) // and the next group goes to the leader
	}
	if len(rest) > 0 {
		b.again(rest)
	}
}

// forwardTimeout bounds one try to forward a group.
const forwardTimeout = 10 * time.Second

// whileLeading returns a context that ends soon after this node has taken another
// one for the leader, or none: a leader that is cut off answers nothing.
func whileLeading(ctx context.Context, r *raft.Raft, leader raft.ServerID) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, now := r.LeaderWithID(); now != leader {
				cancel()
				return
			}
		}
	}()
	return ctx, cancel
}

// ownLedger is what this node itself knows of a statement that a leader judged.
type ownLedger struct {
	machine  *state.Machine
	store    store.Store
	verified *verifier
	moved    *beacon
	alarm    func(string)
	log      *slog.Logger
}

// verdict is what the leader says became of a forwarded statement.
type verdict struct {
	*waiting
	said wire.Outcome
}

// How long this node waits for its own ledger to show what the leader says: a
// commit is known here with the next message of the leader's. A refusal takes
// less: most often the reason is here before the answer is.
const (
	confirmTime = 10 * time.Second
	doubtTime   = 2 * time.Second
)

// confirm passes on what the leader says as soon as this node's own ledger shows
// it: the statement at its index, or a reason to refuse it. The leader is not
// trusted: it could call accepted what it dropped, or refused what it does not
// like. What is not shown in time goes back to the queue, for this leader or the
// next.
func (b *batcher) confirm(leader string, open []verdict) {
	var rest []*waiting
	limit := time.NewTimer(confirmTime)
	defer limit.Stop()
	doubt := time.NewTimer(doubtTime)
	defer doubt.Stop()
	doubted, late := false, false
	for {
		moved := b.own.moved.wait()
		var left []verdict
		for _, c := range open {
			out, settled := b.own.settle(leader, c)
			switch {
			case settled:
				c.done <- out
			case c.ctx.Err() != nil:
				c.done <- outcome{err: errUnknown}
			case c.said.Submitted == nil && doubted:
				b.own.log.Warn("the leader refuses a statement that this node's ledger admits", "leader", leader,
					"statement", c.item.Entry.ID.Short(), "code", string(c.said.Error.Code))
				c.refused++
				rest = append(rest, c.waiting)
			case late:
				b.own.log.Error("the leader said accepted, and this node's ledger does not hold it", "leader", leader, "statement", c.item.Entry.ID.Short())
				c.sent = true
				rest = append(rest, c.waiting)
			default:
				left = append(left, c)
			}
		}
		if open = left; len(open) == 0 {
			break
		}
		select {
		case <-moved:
		case <-doubt.C:
			doubted = true
		case <-limit.C:
			late = true
		case <-b.stop:
			late, doubted = true, true
		}
	}
	if len(rest) > 0 {
		b.again(rest)
	}
}

// settle compares what the leader says with this node's own ledger, and reports
// whether that is enough for an answer.
func (o *ownLedger) settle(leader string, c verdict) (outcome, bool) {
	id := c.item.Entry.ID
	index, held, err := state.ReadIndex(o.store, id)
	if err != nil {
		return outcome{err: err}, true
	}
	if held {
		at, _, err := o.store.Entry(index)
		if err != nil {
			return outcome{err: err}, true
		}
		got := &wire.Submitted{ID: id, Index: index, Time: at}
		switch s := c.said.Submitted; {
		case s == nil: // it came another way meanwhile
			got.Known, got.Time = true, 0
		case s.Index != index || s.ID != id:
			o.log.Error("the leader gave a false answer about a statement that this node's ledger holds", "leader", leader, "statement", id.Short(), "index", index)
			o.alarm(fmt.Sprintf("%s as leader gave a false answer about a statement", leader))
		case s.Known:
			got.Known, got.Time = true, 0
		}
		return outcome{submitted: got}, true
	}
	if c.said.Submitted != nil {
		return outcome{}, false
	}
	no, err := o.refuses(c.item)
	if err != nil {
		return outcome{err: err}, true
	}
	return outcome{err: no}, no != nil // in our words: the leader's may say anything to an officer
}

// refuses says why this node's own ledger would refuse the statement now, nil if it
// would not.
func (o *ownLedger) refuses(it ledger.Item) (*wire.Error, error) {
	refusal, err := o.machine.Admit(o.store, &it, 0, o.verified)
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		return wire.Refused(refusal), nil
	}
	s := it.Entry.Statement
	author, err := state.ReadAuthor(o.store, s.Author)
	if err != nil || s.Seq == author.Seq && s.Prev == author.Prev {
		return nil, err
	}
	return &wire.Error{Code: wire.Code(state.BadSequence), Message: fmt.Sprintf("it is number %d of key %s, whose next statement is number %d", s.Seq, s.Author.Short(), author.Seq)}, nil
}
