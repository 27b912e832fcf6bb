package node

import (
	"errors"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// later is the program of a format to come, with which replies came.
var later = state.Program{Knows: ledger.Format + 1, Needs: func(s *ledger.Statement) uint8 {
	if s.Class == ledger.ClassReply {
		return ledger.Format + 1
	}
	return s.Needs()
}}

// batches returns a Raft log from index 1 on, with a statement in each entry.
func batches(items ...ledger.Item) (list []*raft.Log) {
	for i, it := range items {
		c := &ledger.Command{Batch: &ledger.Batch{Time: 2000, Items: []ledger.Item{it}}}
		list = append(list, &raft.Log{Index: uint64(i + 1), Term: 1, Type: raft.LogCommand, Data: c.Marshal()})
	}
	return list
}

// TestGuardHoldsFormatsBack: a leader brings no class into the log that some voter's
// program may not know; once the voters have decided, it may, in one request with the
// decision. A program that does not know the format then says so, and stops, although
// it cannot read what follows.
func TestGuardHoldsFormatsBack(t *testing.T) {
	s := newSolo(t, 2)
	s.add(s.c.Enrolments(t)...)
	s.finalise()
	xa, xb := s.c.Bureaus[0], s.c.Bureaus[1]
	f, err := state.ReadFinal(s.held)
	if err != nil {
		t.Fatal(err)
	}
	proposal := xa.Propose(t, ledger.Propose{Change: ledger.ChangeFormat, Format: later.Knows})
	id := proposal.Entry.ID
	vote, enact := xb.Vote(t, id, true), xa.Enact(t, id, 1, f.Size, f.Root)
	reply := xa.Officer.Reply(t, []byte("of the new class"))
	guardAs := func(p state.Program) (*guard, *error) {
		g, stopped := s.guard(raft.NewInmemStore()), new(error)
		g.machine = state.NewAs(s.c.Genesis, p)
		g.done = func() uint64 { return 0 }
		g.outdated = func(err error) { *stopped = err }
		if err := g.roster.follow(s.machine, s.held); err != nil {
			t.Fatal(err)
		}
		return g, stopped
	}
	try := func(g *guard, logs []*raft.Log) error {
		return g.check("xb.comity/n1", &raft.AppendEntriesRequest{Term: 1, Entries: logs})
	}

	g, _ := guardAs(later)
	for name, logs := range map[string][]*raft.Log{
		"undecided":         batches(reply),
		"proposed":          batches(proposal, reply),
		"voted for":         batches(proposal, vote, reply),
		"before the epoch":  batches(proposal, vote, reply, enact),
		"in the same batch": {{Index: 1, Term: 1, Type: raft.LogCommand, Data: (&ledger.Command{Batch: &ledger.Batch{Time: 2000, Items: []ledger.Item{proposal, vote, enact, reply}}}).Marshal()}},
	} {
		if err := try(g, logs); err == nil || !strings.Contains(err.Error(), "what needs format 4 has no place in a ledger of format 1") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := try(g, batches(proposal, vote, enact, reply)); err != nil {
		t.Errorf("decided: got %v", err)
	}

	// The old program cannot read an entry of a class that it does not know.
	g, stopped := guardAs(state.This)
	unread := batches(proposal, vote, enact, reply)
	unread[3].Data[len(unread[3].Data)-1]++ // to this test that is as good
	unread[3].Data = unread[3].Data[:len(unread[3].Data)-1]
	if err := try(g, unread); !errors.Is(err, ledger.ErrFormat) || !errors.Is(*stopped, ledger.ErrFormat) {
		t.Errorf("the old program: got %v, stopped for %v", err, *stopped)
	}
	*stopped, unread[3].Index = nil, 3
	if err := try(g, append(batches(proposal, vote), unread[3])); !errors.Is(err, ledger.ErrMalformed) || *stopped != nil {
		t.Errorf("what nobody can read: got %v, stopped for %v", err, *stopped)
	}
}

// TestReplicaTooOldStops: four voters decide on format 3. The node whose program does
// not know it, against what its root has said, stops where the format begins, and with
// another program goes on from there.
func TestReplicaTooOldStops(t *testing.T) {
	membersBubble(t, 4, func(t *testing.T, c *cluster) {
		xd := ledger.NodeName("XD")
		c.stop(xd)
		c.leader() // another: nobody is to lose an answer
		c.nodes[xd].program = state.Program{Knows: 2, Needs: (*ledger.Statement).Needs}
		c.start(xd)
		c.enrol()
		c.agree(c.base)
		before := c.base
		c.decide(ledger.Propose{Change: ledger.ChangeFormat, Format: 3})
		old := c.replica(xd)
		select {
		case <-old.done:
		case <-time.After(time.Minute):
			t.Fatal("the old node goes on")
		}
		want := ledger.FormatError{Has: 3, From: c.base, Knows: 2}
		if got := new(ledger.FormatError); !errors.As(old.failed(), &got) || *got != want {
			t.Errorf("got %v, want %v", old.failed(), &want)
		}
		if head, err := state.ReadHead(old.store); err != nil || head.Size < before || head.Size >= c.base {
			t.Errorf("it holds %d of %d entries, %v", head.Size, c.base, err)
		}
		c.stop(xd)
		c.signers("XA", "XB", "XC")
		c.start(xd) // the same program again: it says the same
		select {
		case <-c.replica(xd).done:
		case <-time.After(time.Minute):
			t.Fatal("the old node goes on after a restart")
		}
		c.stop(xd)
		c.nodes[xd].program = state.This
		c.start(xd)
		c.agree(c.base)
		c.signers("XA", "XB", "XC", "XD")
		if got := c.replica(xd).roster.applied().Format; got != 3 {
			t.Errorf("format %d", got)
		}
	})
}

// TestNetTooOldToJoin: a bureau whose program does not know the ledger's format is told
// so at the door, and its invitation stays good.
func TestNetTooOldToJoin(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	ctx := t.Context()
	o := startOne(t, func(c *Config) { c.program = later })
	b, xf := o.c.Bureaus[0], o.c.Newcomer(t, "XF")
	operator, newcomer := o.clientAs(b.Access), o.clientAs(xf.Access)
	defer operator.Close()
	defer newcomer.Close()
	proposal := b.Propose(t, ledger.Propose{Change: ledger.ChangeFormat, Format: later.Knows})
	for _, it := range []ledger.Item{proposal, b.Enact(t, proposal.Entry.ID, 1, 0, ledger.EmptyRoot)} {
		if _, err := operator.Submit(ctx, it); err != nil {
			t.Fatal(err)
		}
	}
	st, err := operator.Status(ctx)
	if err != nil || st.Has != later.Knows || st.Format != later.Knows {
		t.Errorf("status: format %d of %d, %v", st.Has, st.Format, err)
	}
	token := newToken(t)
	if _, err := operator.Invite(ctx, wire.TokenID(token)); err != nil {
		t.Fatal(err)
	}
	_, err = newcomer.Join(ctx, token, record(t, xf))
	if wire.CodeOf(err) != wire.Forbidden || !strings.Contains(err.Error(), "the ledger has format 4, and the comity that asks knows none after 3: install a newer one first") {
		t.Errorf("got %v", err)
	}
	if joins, err := operator.Joins(ctx); err != nil || len(joins.Open) != 1 {
		t.Errorf("invitations left: %+v, %v", joins, err)
	}
}
