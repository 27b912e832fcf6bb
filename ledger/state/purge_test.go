package state_test

import (
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

const retention = state.RetentionDays * 86_400_000

// withdrawn is a notice of XA with a grant and an amendment, withdrawn.
func withdrawn(w *world) ledger.ID {
	xa := w.Bureaus[0]
	it := xa.Officer.Publish(w.t, ledger.KindBlue, text)
	id := it.Entry.ID
	w.accept(it, xa.Officer.Grant(w.t, id, text), xa.Officer.Amend(w.t, id, ledger.KindBlue, text), xa.Officer.Reply(w.t, text),
		xa.Officer.Withdraw(w.t, id))
	return id
}

// refusal returns the code of what becomes of the item, "" when it is accepted.
func (w *world) refusal(it ledger.Item) state.Code {
	w.t.Helper()
	if r := w.batch(it)[0]; r.Refusal != nil {
		return r.Refusal.Code
	}
	return ""
}

// TestPurgeRights has every way to ask for a purge, each in a world of its own.
func TestPurgeRights(t *testing.T) {
	over, passed := ledger.ReasonOver, ledger.ReasonRetention
	for _, tt := range []struct {
		name string
		wait uint64 // ms after the end
		item func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item
		want state.Code
	}{
		{"origin and supervisor", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, id, over, xa.Supervisor)
		}, ""},
		{"origin alone", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, id, over)
		}, state.FourEyes},
		{"a supervisor alone", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Supervisor.Purge(t, id, over)
		}, state.FourEyes},
		{"a supervisor and an officer who is none", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Supervisor.Purge(t, id, over, xa.Officer)
		}, state.FourEyes},
		{"retention claimed too early", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, id, passed, xa.Supervisor)
		}, state.TooEarly},
		{"an auditor of the origin", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return auditor(w, xa).Purge(t, id, over, xa.Supervisor)
		}, state.NotAllowed},
		{"another bureau's officer", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Officer.Purge(t, id, over, xb.Supervisor)
		}, state.NotAllowed},
		{"another bureau's supervisor", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Supervisor.Purge(t, id, over)
		}, state.TooEarly},
		{"the same, a millisecond early", retention - 1000 - 1, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Supervisor.Purge(t, id, passed)
		}, state.TooEarly},
		{"the same, in time", retention - 1000, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Supervisor.Purge(t, id, passed)
		}, ""},
		{"the origin alone, in time", retention, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, id, passed)
		}, ""},
		{"another bureau's officer, in time", retention, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Officer.Purge(t, id, passed)
		}, state.NotAllowed},
		{"a root", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Root.Purge(t, id, over)
		}, state.NotAllowed},
		{"a node", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return w.NodeAuthor(xa).Purge(t, id, over, xa.Supervisor)
		}, state.NotAllowed},
		{"of nothing", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, ledger.ID{1}, over, xa.Supervisor)
		}, state.NoTarget},
		{"of an amendment", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, w.view.records[len(w.view.records)-3].Item.Entry.ID, over, xa.Supervisor)
		}, state.NoTarget},
		{"of an active notice", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			it := xa.Officer.Publish(t, ledger.KindBlue, text)
			w.accept(it)
			return xa.Officer.Purge(t, it.Entry.ID, over, xa.Supervisor)
		}, state.NotEnded},
		{"twice", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			w.accept(xa.Officer.Purge(t, id, over, xa.Supervisor))
			return xa.Officer.Purge(t, id, over, xa.Supervisor)
		}, state.Repeated},
		{"of a reply", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, w.view.records[len(w.view.records)-2].Item.Entry.ID, over, xa.Supervisor)
		}, ""},
		{"of a reply, alone", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Officer.Purge(t, w.view.records[len(w.view.records)-2].Item.Entry.ID, over)
		}, state.FourEyes},
		{"of another bureau's reply", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xb.Officer.Purge(t, w.view.records[len(w.view.records)-2].Item.Entry.ID, over, xb.Supervisor)
		}, state.NotAllowed},
		{"an acknowledgement by an officer", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			p := xa.Officer.Purge(t, id, over, xa.Supervisor)
			w.accept(p)
			return xb.Officer.PurgeAck(t, p.Entry.ID)
		}, state.NotAllowed},
		{"an acknowledgement of a notice", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return w.NodeAuthor(xb).PurgeAck(t, id)
		}, state.NoTarget},
		{"a node's own enrolment", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.EnrolSigner(t, w.NodeAuthor(xb), "desk-9", ledger.RoleInvestigator)
		}, state.KeyInUse},
		{"a node's own revocation", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return xa.Revoke(t, xa.Witness.Signer().ID())
		}, state.NotAllowed},
		{"a reply by a node", 0, func(w *world, id ledger.ID, xa, xb *ledgertest.Bureau) ledger.Item {
			return w.NodeAuthor(xa).Reply(t, text)
		}, state.NotAllowed},
	} {
		w := newWorld(t, 2)
		id := withdrawn(w)
		w.now += tt.wait
		if got := w.refusal(tt.item(w, id, w.Bureaus[0], w.Bureaus[1])); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestPurged: a purge takes all bodies of its notice and no other, and collects
// one acknowledgement of every node.
func TestPurged(t *testing.T) {
	w := newWorld(t, 4)
	xa := w.Bureaus[0]
	first := w.head().Size
	id := withdrawn(w)
	other := xa.Officer.Publish(t, ledger.KindBlue, text)
	w.accept(other)
	bodies, err := state.Bodies(w.view, id)
	if err != nil || !slices.Equal(bodies, []uint64{first + 2, first + 1, first}) {
		t.Fatalf("got bodies %v, error %v", bodies, err)
	}
	reply := w.view.records[first+3].Item.Entry.ID
	if bodies, err := state.Bodies(w.view, reply); err != nil || !slices.Equal(bodies, []uint64{first + 3}) {
		t.Fatalf("got bodies of the reply %v, error %v", bodies, err)
	}
	purged := func() (out []uint64) {
		for i := range w.head().Size {
			p, err := state.Purged(w.view, i)
			if err != nil {
				t.Fatal(err)
			}
			if p {
				out = append(out, i)
			}
		}
		return out
	}
	if got := purged(); got != nil {
		t.Errorf("before: got %v purged", got)
	}
	p := xa.Officer.Purge(t, id, ledger.ReasonOrder, xa.Supervisor)
	w.accept(p)
	if got := purged(); !slices.Equal(got, []uint64{first, first + 1, first + 2}) {
		t.Errorf("got %v purged", got)
	}
	q := xa.Officer.Purge(t, reply, ledger.ReasonOver, xa.Supervisor)
	w.accept(q)
	if got := purged(); !slices.Equal(got, []uint64{first, first + 1, first + 2, first + 3}) {
		t.Errorf("got %v purged", got)
	}
	n, err := state.ReadNotice(w.view, id)
	if err != nil || n.At(w.now) != state.StatusPurged || n.Status != state.StatusWithdrawn {
		t.Errorf("got %+v, error %v", n, err)
	}
	if k, err := state.ReadPurges(w.view); err != nil || k != 2 {
		t.Errorf("got %d purges, error %v", k, err)
	}
	for k, want := range []ledger.ID{p.Entry.ID, q.Entry.ID} {
		if got, err := state.ReadPurgeAt(w.view, uint64(k)); err != nil || got != want {
			t.Errorf("purge %d: got %s, error %v", k, got.Short(), err)
		}
	}
	if _, err := state.ReadPurgeAt(w.view, 2); err == nil {
		t.Error("there is a third purge")
	}

	xb, xc := w.NodeAuthor(w.Bureaus[1]), w.NodeAuthor(w.Bureaus[2])
	acked := w.now + 1000
	at := w.accept(xb.PurgeAck(t, p.Entry.ID))
	w.accept(xc.PurgeAck(t, q.Entry.ID), xc.PurgeAck(t, p.Entry.ID))
	if got := w.refusal(xb.PurgeAck(t, p.Entry.ID)); got != state.Repeated {
		t.Errorf("again: got %q", got)
	}
	got, err := state.ReadPurge(w.view, p.Entry.ID)
	if err != nil || got.Target != id || got.Bureau != "XA" || got.Reason != ledger.ReasonOrder || got.Index != first+6 {
		t.Fatalf("got %+v, error %v", got, err)
	}
	if a := got.Nodes[1]; a != (state.Ack{Bureau: "XB", Entry: at + 1, Time: acked}) {
		t.Errorf("got %+v", a)
	}
	late := got.Time + state.AckDays*86_400_000
	if m := strings.Join(got.Missing(), " "); m != "xa.comity/n1 xd.comity/n1" || got.Overdue(late-1) != nil || !slices.Equal(got.Overdue(late), got.Missing()) {
		t.Errorf("missing %s, overdue %v and %v", m, got.Overdue(late-1), got.Overdue(late))
	}
	if p, err := state.ReadPurge(w.view, id); p != nil || err != nil {
		t.Errorf("a notice is a purge: %+v, %v", p, err)
	}
}
