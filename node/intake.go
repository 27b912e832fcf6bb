package node

import (
	"context"
	"errors"
	"sync"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// accept takes a statement of a client.
func (r *replica) accept(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	if err := r.holdings.announced(it.Entry.Statement, it.Entry.ID); err != nil {
		return nil, err
	}
	return r.submit(ctx, it)
}

// submit asks the ledger to take a statement. What it would refuse now is
// refused at once, before it costs a place in a batch.
func (r *replica) submit(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	if known, err := r.known(it.Entry.ID); known != nil || err != nil {
		return known, err
	}
	refusal, err := r.machine.Admit(r.store, &it, 0, r.fsm.verified)
	if refusal != nil && unborn(refusal.Code) {
		// This node may be behind: refuse only what is refused now.
		if err := r.fresh(ctx); err != nil {
			return nil, err
		}
		refusal, err = r.machine.Admit(r.store, &it, r.later(refusal.Code), r.fsm.verified)
	}
	if err != nil {
		return nil, err
	}
	if refusal != nil {
		// Accepted since we looked, it may be refused now for its own effect.
		if known, err := r.known(it.Entry.ID); known != nil || err != nil {
			return known, err
		}
		if refusal.Code == state.BadSeen {
			r.seenElsewhere(it.Entry)
		}
		return nil, wire.Refused(refusal)
	}
	return r.batch.submit(ctx, it)
}

// unborn reports whether a refusal is for something that an entry may bring
// which this node has not applied yet.
func unborn(c state.Code) bool {
	switch c {
	case state.UnknownKey, state.NoTarget, state.BadSeen, state.NotEnded, state.TooEarly, state.NotNow, state.Quota:
		return true
	}
	return false
}

// later returns the time of this node where a refusal may end by time alone: the
// ledger's stands still until somebody writes. Nothing else is asked of our clock,
// which may be wrong.
func (r *replica) later(c state.Code) uint64 {
	if c != state.TooEarly && c != state.Quota {
		return 0
	}
	return r.nowMS(0)
}

// known answers for a statement that the ledger holds already.
func (r *replica) known(id ledger.ID) (*wire.Submitted, error) {
	index, ok, err := state.ReadIndex(r.store, id)
	if err != nil || !ok {
		return nil, err
	}
	return &wire.Submitted{ID: id, Index: index, Known: true}, nil
}

// forwarded takes statements that the officers of the node called from submitted
// there, where they were admitted. This node trusts nobody: what the ledger holds, and what
// nobody signed whom it knows, takes no place in the log.
func (r *replica) forwarded(ctx context.Context, from string, items []ledger.Item) ([]wire.Outcome, error) {
	at, err := r.admitGroup(from)
	if err != nil {
		return nil, err
	}
	defer r.gates.leave(at)
	return r.forwardedBy(ctx, at, from, items)
}

// admitGroup takes a place for a group of a node, while this one leads.
func (r *replica) admitGroup(from string) (*gate, error) {
	if r.raft.State() != raft.Leader {
		return nil, errNotLeader
	}
	at, ok := r.gates.enter(from)
	if !ok {
		return nil, errBusy
	}
	return at, nil
}

// forwardedBy is forwarded for a group that has its place.
func (r *replica) forwardedBy(ctx context.Context, at *gate, from string, items []ledger.Item) ([]wire.Outcome, error) {
	at.verify <- struct{}{}
	err := r.fsm.verified.prepare(r.store, r.roster.policy, &ledger.Command{Batch: &ledger.Batch{Items: items}})
	<-at.verify
	if err != nil {
		return nil, &wire.Error{Code: wire.Code(state.BadSignature), Message: err.Error()}
	}
	fresh := sync.OnceValue(func() error { return r.fresh(ctx) })
	out := make([]wire.Outcome, len(items))
	var rest []ledger.Item
	var places []int // of rest in out
	for i := range items {
		known, err := r.known(items[i].Entry.ID)
		if known == nil && err == nil {
			err = r.signersKnown(items[i].Entry, fresh)
		}
		var no *wire.Error
		switch {
		case known != nil:
			out[i].Submitted = known
		case errors.As(err, &no):
			out[i].Error = no
		case err != nil:
			return nil, err
		default:
			rest, places = append(rest, items[i]), append(places, i)
		}
	}
	got, err := r.batch.receive(ctx, rest)
	for i, at := range places {
		if err != nil {
			return nil, err
		}
		out[at] = got[i]
	}
	r.nudge(from)
	return out, nil
}

// signersKnown refuses an entry that a key signed which the ledger does not know.
func (r *replica) signersKnown(e *ledger.Entry, fresh func() error) error {
	pubs, err := signerKeys(r.store, e)
	if pubs == nil && err == nil {
		if err = fresh(); err == nil { // a new leader may not have applied the enrolment
			pubs, err = signerKeys(r.store, e)
		}
	}
	if err == nil && pubs == nil && e.Statement.Class != ledger.ClassEpoch { // a newcomer's root makes the epoch that admits it
		return &wire.Error{Code: wire.Code(state.UnknownKey), Message: "no bureau has enrolled a key that signed it"}
	}
	return err
}

// cosigned takes cosignatures that another node brings to this leader.
func (r *replica) cosigned(list []*ledger.Cosignature) error {
	if r.raft.State() != raft.Leader {
		return errNotLeader
	}
	list, err := r.awaited(list)
	if err != nil || len(list) == 0 {
		return err
	}
	if err := r.fsm.verified.prepare(r.store, r.roster.policy, &ledger.Command{Cosignatures: list}); err != nil {
		return &wire.Error{Code: wire.Code(state.BadSignature), Message: err.Error()}
	}
	for _, s := range list {
		r.collect.add(s)
	}
	return nil
}

// awaited returns the cosignatures that the ledger could still take: a replay of
// old ones costs no place in the log, nor does one over another root, which may be
// evidence, and goes that way.
func (r *replica) awaited(list []*ledger.Cosignature) ([]*ledger.Cosignature, error) {
	pending, err1 := state.ReadPending(r.store)
	final, err2 := state.ReadFinal(r.store)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var out []*ledger.Cosignature
	for _, s := range list {
		fault, err := state.ReadFault(r.store, s.Node)
		if err != nil {
			return nil, err
		}
		for _, c := range []*state.Collected{pending, final} {
			switch {
			case c == nil || c.Size != s.Size:
				continue
			case c.Root != s.Root: // of a node that has cosigned ours, too
				if err := r.gossip.see(s); err != nil {
					return nil, err
				}
			case fault == nil && !c.By(s.Node):
				out = append(out, s)
			}
			break
		}
	}
	return out, nil
}
