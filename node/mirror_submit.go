package node

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/wire"
)

// How long one node that votes may take before another one is asked.
const voterTime = 6 * time.Second

// voters returns the names of the nodes that vote: that of the own bureau first,
// the others in any order, so that read replicas do not all go to one.
func (m *mirror) voters() (names []string) {
	var own []string
	now := m.roster.now()
	for i := range now.Members {
		switch x := &now.Members[i]; {
		case x.Code == m.bureau: // it knows who votes, if it does not
			own = append(own, x.NodeName())
		case x.Voter:
			names = append(names, x.NodeName())
		}
	}
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return append(own, names...)
}

// accept hands a client's statement to a node that votes, and answers what the own
// copy shows: that node is not trusted. It could call accepted what it dropped, or
// refused what it does not like. Each is asked once; the statement's id makes it
// safe to ask several.
func (m *mirror) accept(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	id := it.Entry.ID
	if index, known, err := state.ReadIndex(m.store, id); err != nil || known {
		return &wire.Submitted{ID: id, Index: index, Known: true}, err
	}
	refusal, err := m.machine.Admit(m.store, &it, 0, m.own.verified)
	if err != nil {
		return nil, err
	}
	if refusal != nil && !unborn(refusal.Code) {
		return nil, wire.Refused(refusal)
	}
	var refusals []*wire.Error
	sent, asked := false, []string{}
	own := ledger.NodeName(m.bureau) // any other may refuse what it likes
	for _, name := range m.takers(it) {
		c, err := m.peers.client(name)
		if err != nil {
			return nil, err
		}
		said, err := m.hand(ctx, c, it)
		var no *wire.Error
		var broken *client.Unreachable
		switch {
		case err == nil:
			return m.confirmed(ctx, name, said)
		case name == own && (wire.CodeOf(err) == wire.Forbidden || wire.CodeOf(err) == wire.Unauthenticated):
			return nil, &wire.Error{Code: wire.Forbidden, Message: fmt.Sprintf("this read replica may hand nothing to %s: %s; submit there yourself", c, err)}
		case name == own && wire.CodeOf(err) == wire.NoAttachment:
			return nil, err
		case errors.As(err, &no) && wire.IsRefusal(no):
			switch agreed, err := m.agrees(ctx, it); {
			case err != nil:
				return nil, err
			case agreed != nil:
				return nil, agreed
			}
			if refusals = append(refusals, no); len(refusals) > m.faults() {
				return nil, no // one of them is honest
			}
		case errors.As(err, &broken):
			sent = sent || broken.Sent
		default:
			sent = sent || wire.CodeOf(err) == wire.Unknown
		}
		m.log.Info("a statement was not taken", "node", name, "statement", id.Short(), "error", err)
		if asked = append(asked, fmt.Sprint(c)); ctx.Err() != nil {
			break
		}
	}
	if sent || len(refusals) > 0 {
		return nil, errUnknown
	}
	return nil, &wire.Error{Code: wire.NoLeader, Message: "a read replica takes no statements itself, and hands them to a node that votes; none of these takes it now: " + strings.Join(asked, ", ")}
}

// takers returns whom to hand a statement to: for a notice with attachments the
// node of its bureau alone, which has them.
func (m *mirror) takers(it ledger.Item) []string {
	names := m.voters()
	switch it.Entry.Statement.Class {
	case ledger.ClassPublish, ledger.ClassAmend:
		p, err := ledger.ParsePublish(it.Entry.Statement.Public)
		k, keyErr := state.ReadKey(m.store, it.Entry.Statement.Author)
		if err == nil && keyErr == nil && len(p.Attachments) > 0 && k != nil && k.Bureau == m.bureau && names[0] == ledger.NodeName(m.bureau) {
			return names[:1]
		}
	}
	return names
}

func (m *mirror) hand(ctx context.Context, c *client.Client, it ledger.Item) (*wire.Submitted, error) {
	ctx, cancel := context.WithTimeout(ctx, voterTime)
	defer cancel()
	return c.Submit(ctx, it)
}

// faults is f: how many of the bureaus that vote may be dishonest.
func (m *mirror) faults() int { return m.roster.now().faults() }

// confirmed waits until the copy holds the statement, which it does once it is
// FINAL.
func (m *mirror) confirmed(ctx context.Context, voter string, said *wire.Submitted) (*wire.Submitted, error) {
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	for {
		moved := m.moved.wait()
		index, held, err := state.ReadIndex(m.store, said.ID)
		if err != nil {
			return nil, err
		}
		if held {
			at, _, err := m.store.Entry(index)
			if err != nil {
				return nil, err
			}
			if said.Index != index {
				m.log.Error("a node gave a false answer about a statement that the ledger holds", "node", voter, "statement", said.ID.Short(), "index", index)
				m.alarm(fmt.Sprintf("%s gave a false answer about a statement", voter))
			}
			if said.Known {
				at = 0
			}
			return &wire.Submitted{ID: said.ID, Index: index, Time: at, Known: said.Known}, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, &wire.Error{Code: wire.Unknown, Message: fmt.Sprintf("%s says that it is entry %d, and this read replica does not see it yet; send it again, the id makes that safe", voter, said.Index)}
		}
	}
}

// agrees says why the own copy refuses the statement too, now or within a moment, nil
// if it does not.
func (m *mirror) agrees(ctx context.Context, it ledger.Item) (*wire.Error, error) {
	ctx, cancel := context.WithTimeout(ctx, doubtTime)
	defer cancel()
	for {
		moved := m.moved.wait()
		if no, err := m.own.refuses(it); err != nil || no != nil {
			return no, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// fresh asks nodes that vote how far the ledger is, each by a barrier of the leader,
// and waits until the copy is there. What is not FINAL yet is on its way to be.
func (m *mirror) fresh(ctx context.Context) error {
	now := m.roster.now()
	names := slices.DeleteFunc(m.voters(), func(name string) bool { return !now.votes(name) })
	size, ok := farthest(ctx, names, now.faults(), func(ctx context.Context, name string) (uint64, error) {
		c, err := m.peers.client(name)
		if err != nil {
			return 0, err
		}
		st, err := c.FreshStatus(ctx)
		if err != nil {
			return 0, err
		}
		return st.Size, nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if ok {
		ctx, cancel := context.WithTimeout(ctx, voterTime)
		defer cancel()
		if err := m.waitSize(ctx, size); err == nil || ctx.Err() == nil {
			return err
		}
	}
	return &wire.Error{Code: wire.NoLeader, Message: "too few of the nodes that vote say now how far the ledger is, or this read replica does not get there"}
}

// farthest asks nodes for sizes of which up to f may be lies, and returns one that is
// no smaller than what an honest node says. Of 2f+1 answers the f greatest are left
// out: what is left is no greater, either, than what an honest one says, so that no
// liar keeps a reader waiting for what does not come. Where only f+1 answer, one could.
// A node that does not answer within a second is not waited for while there are others.
func farthest(ctx context.Context, names []string, f int, ask func(ctx context.Context, name string) (uint64, error)) (uint64, bool) {
	ctx, cancel := context.WithTimeout(ctx, voterTime)
	defer cancel()
	type answer struct {
		size uint64
		err  error
	}
	answers := make(chan answer, len(names))
	asked, running := 0, 0
	next := func() {
		if asked < len(names) {
			name := names[asked]
			asked++
			running++
			go func() { // until its answer is in, or ctx ends
				size, err := ask(ctx, name)
				answers <- answer{size, err}
			}()
		}
	}
	for range 2*f + 1 {
		next()
	}
	hedge := time.NewTicker(time.Second)
	defer hedge.Stop()
	var sizes []uint64
	for running > 0 && len(sizes) < 2*f+1 && ctx.Err() == nil {
		select {
		case a := <-answers:
			if running--; a.err != nil {
				next()
			} else {
				sizes = append(sizes, a.size)
			}
		case <-hedge.C:
			next()
		case <-ctx.Done():
		}
	}
	if len(sizes) <= f {
		return 0, false
	}
	slices.Sort(sizes)
	slices.Reverse(sizes)
	return sizes[max(0, len(sizes)-1-f)], true
}

// put hands a piece of a sealed file to the node of the own bureau, which has to
// have it before the notice that names it.
func (m *mirror) put(ctx context.Context, _ keys.ID, address ledger.Hash, size uint64, from int64, piece []byte) (out *wire.AttachmentState, err error) {
	err = m.keeper(func(c *client.Client) (err error) {
		out, err = c.PutAttachment(ctx, address, int64(size), from, piece)
		return err
	})
	return out, err
}

// drop has the node of the own bureau destroy what put handed it.
func (m *mirror) drop(ctx context.Context, _ keys.ID, address ledger.Hash) error {
	return m.keeper(func(c *client.Client) error { return c.DropAttachment(ctx, address) })
}

// keeper asks the node of the own bureau, which keeps its attachments.
func (m *mirror) keeper(ask func(c *client.Client) error) error {
	if _, ok := m.roster.now().Member(m.bureau); !ok {
		return &wire.Error{Code: wire.Forbidden, Message: "the bureau of this read replica has no node that could keep attachments"}
	}
	c, err := m.peers.client(ledger.NodeName(m.bureau))
	if err != nil {
		return err
	}
	err = ask(c)
	if broken := (*client.Unreachable)(nil); errors.As(err, &broken) {
		return &wire.Error{Code: wire.NoLeader, Message: "a read replica keeps no attachments of its own bureau, and does not reach " + c.String() + ", which does"}
	}
	return err
}
