package state_test

import (
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

func TestCircleLife(t *testing.T) {
	w := newWorld(t, 2)
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	first := xa.Officer.Circle(t, text)
	id := first.Entry.ID
	at := w.accept(first)
	other := xb.Supervisor.Circle(t, text)
	second := xa.Supervisor.Epoch(t, id, id, text, xa.Officer) // the author alone is supervisor: see below
	if r := w.batch(other, second); r[0].Refusal != nil || r[1].Refusal == nil || r[1].Refusal.Code != state.FourEyes {
		t.Fatalf("an officer's second signature: %+v", r)
	}
	second = xa.Officer.Epoch(t, id, id, text, xa.Supervisor)
	w.accept(second)
	want := state.Circle{Bureau: "XA", Index: at, Latest: at + 2, Last: second.Entry.ID, Epochs: 2}
	if c, err := state.ReadCircle(w.view, id); err != nil || c == nil || *c != want {
		t.Errorf("after the second epoch %+v, %v, want %+v", c, err, want)
	}
	end := xa.Officer.Epoch(t, id, second.Entry.ID, nil, xa.Supervisor)
	w.accept(end)
	want.Last, want.Ended = end.Entry.ID, at+4
	if c, err := state.ReadCircle(w.view, id); err != nil || c == nil || *c != want {
		t.Errorf("after its end %+v, %v, want %+v", c, err, want)
	}
	n, err := state.ReadCircles(w.view)
	if err != nil || n != 4 {
		t.Fatalf("%d statements on circles, %v, want 4", n, err)
	}
	for k := range n {
		if i, err := state.ReadCircleAt(w.view, k); err != nil || i != at+k {
			t.Errorf("statement %d on a circle: entry %d, %v, want %d", k, i, err, at+k)
		}
	}
	if _, err := state.ReadCircleAt(w.view, n); err == nil {
		t.Error("a statement on a circle that is none")
	}
	// Its bodies are its own, and nobody purges them.
	if of, ok, err := state.BodyOf(w.view, at+2); err != nil || !ok || of != id {
		t.Errorf("body of entry %d is of %s, %v, %v", at+2, of.Short(), ok, err)
	}
	purge := ledger.Statement{Class: ledger.ClassPurge, Target: id, Public: (&ledger.Purge{Reason: ledger.ReasonOver}).Marshal()}
	if r := w.batch(xa.Officer.Sign(t, purge, nil, xa.Supervisor))[0]; r.Refusal == nil || r.Refusal.Code != state.NoTarget {
		t.Errorf("a purge of a circle: %+v", r)
	}
}

func TestCircleRefusals(t *testing.T) {
	type act func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item
	for _, tt := range []struct {
		name string
		do   act
		code state.Code
		want string
	}{
		{"no role", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return auditor(w, xa).Circle(t, text)
		},
			state.NotAllowed, "audit-1 of XA may not found or change circles"},
		{"one officer alone", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return xa.Officer.Epoch(t, id, id, text)
		}, state.FourEyes, "a change of a circle needs the second signature of a supervisor"},
		{"a supervisor alone", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return xa.Supervisor.Epoch(t, id, id, nil)
		}, state.FourEyes, "a change of a circle needs the second signature of a supervisor"},
		{"another bureau's", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return xb.Officer.Epoch(t, id, id, text, xb.Supervisor)
		}, state.NotAllowed, "XB may not change a circle of XA"},
		{"another bureau's second", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return xa.Officer.Epoch(t, id, id, text, xb.Supervisor)
		}, state.NotAllowed, "the second signature is not by an officer of XA"},
		{"no circle", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			return xa.Officer.Epoch(t, ledger.ID{9}, id, text, xa.Supervisor)
		}, state.NoTarget, "there is no circle " + ledger.ID{9}.Short()},
		{"a notice", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			n := xa.Officer.Publish(t, ledger.KindBlue, text)
			w.accept(n)
			return xa.Officer.Epoch(t, n.Entry.ID, n.Entry.ID, text, xa.Supervisor)
		}, state.NoTarget, ""},
		{"an epoch as target", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			second := xa.Officer.Epoch(t, id, id, text, xa.Supervisor)
			w.accept(second)
			return xa.Officer.Epoch(t, second.Entry.ID, second.Entry.ID, text, xa.Supervisor)
		}, state.NoTarget, ""},
		{"written at once with another", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			w.accept(xa.Officer.Epoch(t, id, id, text, xa.Supervisor))
			return xa.Officer.Epoch(t, id, id, []byte("another"), xa.Supervisor)
		}, state.Superseded, ""},
		{"ended", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			end := xa.Officer.Epoch(t, id, id, nil, xa.Supervisor)
			w.accept(end)
			return xa.Officer.Epoch(t, id, end.Entry.ID, text, xa.Supervisor)
		}, state.Ended, "the circle ended with entry 11"},
		{"too many", func(w *world, xa, xb *ledgertest.Bureau, id ledger.ID) ledger.Item {
			for range state.MaxCircles - 1 {
				w.accept(xa.Officer.Circle(t, text))
			}
			w.accept(xb.Officer.Circle(t, text)) // those of others do not count
			return xa.Officer.Circle(t, text)
		}, state.TooMany, "XA has 32 open circles: it must end one first"},
	} {
		w := newWorld(t, 2)
		xa, xb := w.Bureaus[0], w.Bureaus[1]
		it := xa.Officer.Circle(t, text)
		w.accept(it)
		bad := tt.do(w, xa, xb, it.Entry.ID)
		before := w.head()
		r := w.batch(bad)[0]
		if r.Refusal == nil || r.Refusal.Code != tt.code || tt.want != "" && r.Refusal.Reason != tt.want {
			t.Errorf("%s: %+v, want %s %q", tt.name, r.Refusal, tt.code, tt.want)
		}
		if w.head() != before {
			t.Errorf("%s: the refusal changed the state", tt.name)
		}
	}
}

// TestCircleEnds makes room for another.
func TestCircleEnds(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	first := xa.Officer.Circle(t, text)
	w.accept(first)
	for range state.MaxCircles - 1 {
		w.accept(xa.Officer.Circle(t, text))
	}
	w.accept(xa.Officer.Epoch(t, first.Entry.ID, first.Entry.ID, nil, xa.Supervisor), xa.Officer.Circle(t, text))
}

// TestCircleLeaver: who has not seen that a bureau left makes no epoch; then one
// officer gives the circle other keys, once; and what the bureau had founded is over,
// also when it comes back.
func TestCircleLeaver(t *testing.T) {
	u := unionOf(t, 4, ledger.Format)
	xa, xd := u.Bureaus[0], u.Bureaus[3]
	circle, second, theirs := xa.Officer.Circle(t, text), xa.Officer.Circle(t, text), xd.Officer.Circle(t, text)
	u.accept(circle, second, theirs)
	for range state.MaxCircles - 1 {
		u.accept(xd.Officer.Circle(t, text))
	}
	u.change(about(ledger.ChangeRemove, "XD"), xa)
	id, left := circle.Entry.ID, u.membership().Latest().From
	f := u.final()
	statement := func(seen *state.Collected, of, after ledger.ID, body []byte, by *ledgertest.Author, others ...*ledgertest.Author) func() ledger.Item {
		return func() ledger.Item {
			s := ledger.Statement{Class: ledger.ClassCircle, Target: of}
			if of != (ledger.ID{}) {
				s.Public = (&ledger.Circle{After: after}).Marshal()
			}
			if seen != nil {
				s.SeenSize, s.SeenRoot = seen.Size, seen.Root
			}
			return by.Sign(t, s, body, others...)
		}
	}
	check := func(name string, by *ledgertest.Bureau, sign func() ledger.Item, want state.Code) {
		t.Helper()
		if got := u.code(by.Officer, sign); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	check("an epoch by who has not seen it", xa, statement(nil, id, id, text, xa.Officer, xa.Supervisor), state.Superseded)
	check("a new circle by who has not seen it", xa, statement(nil, ledger.ID{}, id, text, xa.Officer), state.Superseded)
	roll := statement(f, id, id, text, xa.Officer)()
	u.accept(roll)
	check("at once with it", xa, statement(f, id, id, text, xa.Officer), state.Superseded)
	check("one officer again", xa, statement(f, id, roll.Entry.ID, text, xa.Officer), state.FourEyes)
	check("two", xa, statement(f, id, roll.Entry.ID, text, xa.Officer, xa.Supervisor), "")
	check("one officer ends the other, which has seen nothing", xa, statement(nil, second.Entry.ID, second.Entry.ID, nil, xa.Officer), "")

	// XD comes back with other keys, and has founded nothing.
	again := u.Newcomer(t, "XD")
	again.Root, again.Officer, again.Supervisor = u.NewAuthor("XD root 2"), u.NewAuthor("XD desk 2"), u.NewAuthor("XD head 2")
	u.Bureaus[3] = again
	u.change(again.Admission(t), again)
	u.accept(again.EnrolSigner(t, again.Officer, "desk-2", ledger.RoleInvestigator), again.EnrolSigner(t, again.Supervisor, "head-2", ledger.RoleSupervisor))
	check("the circle of who left", again, statement(f, theirs.Entry.ID, theirs.Entry.ID, text, again.Officer, again.Supervisor), state.Ended)
	for range state.MaxCircles {
		check("a new one of who came back", again, statement(f, ledger.ID{}, id, text, again.Officer), "")
	}
	check("one too many", again, statement(f, ledger.ID{}, id, text, again.Officer), state.TooMany)
	if left == 0 || u.membership().LeftSince(left-1) != "XD" || u.membership().LeftSince(left) != "" {
		t.Errorf("who has left since %d, and since %d", left-1, left)
	}
	u.judged()
}
