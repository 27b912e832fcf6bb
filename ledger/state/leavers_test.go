package state_test

import (
	"fmt"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
)

// back removes a bureau and admits it again, with other keys.
func (u *union) back(i int) {
	u.t.Helper()
	code := u.Bureaus[i].Code
	u.change(about(ledger.ChangeRemove, code), u.Bureaus[0])
	again := u.Newcomer(u.t, code)
	again.Root, again.Officer, again.Supervisor = u.NewAuthor(code+" root 2"), u.NewAuthor(code+" desk 2"), u.NewAuthor(code+" head 2")
	u.Bureaus[i] = again
	u.change(again.Admission(u.t), again)
	u.accept(again.EnrolSigner(u.t, again.Officer, "desk-2", ledger.RoleInvestigator), again.EnrolSigner(u.t, again.Supervisor, "head-2", ledger.RoleSupervisor))
}

// TestLeaversVoice: what a bureau said before it left is said by nobody when it is back,
// also if nobody spoke meanwhile; in a ledger of an earlier format it was.
func TestLeaversVoice(t *testing.T) {
	for format, want := range map[uint8]state.Status{2: state.StatusActive, 3: state.StatusSubmitted} {
		t.Run(fmt.Sprint("format ", format), func(t *testing.T) {
			u := unionOf(t, 5, format)
			xa, xb, xc := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2]
			notice := xa.Officer.Publish(t, ledger.KindBlue, text)
			id := notice.Entry.ID
			status := func() state.Status {
				n, err := state.ReadNotice(u.view, id)
				if err != nil {
					t.Fatal(err)
				}
				return n.Status
			}
			u.accept(notice, xb.Supervisor.Review(t, id, id, ledger.Approve))
			u.back(1)
			u.accept(xc.Supervisor.Review(t, id, id, ledger.Approve))
			if got := status(); got != want {
				t.Errorf("one of the two has left and come back: got %s, want %s", got, want)
			}
			if format >= ledger.FormatLeavers {
				u.accept(u.Bureaus[1].Supervisor.Review(t, id, id, ledger.Approve)) // it says so again
				if got := status(); got != state.StatusActive {
					t.Errorf("it has said so again: got %s", got)
				}
			}
		})
	}
}

// TestLeaversOverARaise has the verifier in Python judge a raise as well: what was said before the format rose counts by the old rule, as
// long as nobody speaks after it; so do circles of who left before.
func TestLeaversOverARaise(t *testing.T) {
	u := unionOf(t, 5, 2)
	xa, xb, xc, xd, xe := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2], u.Bureaus[3], u.Bureaus[4]
	first, second := xa.Officer.Publish(t, ledger.KindBlue, text), xa.Officer.Publish(t, ledger.KindBlue, []byte("another"))
	circle, theirs := xa.Officer.Circle(t, text), xe.Officer.Circle(t, text)
	u.accept(first, second, circle, theirs)
	for _, it := range []ledger.Item{first, second} {
		u.accept(xb.Supervisor.Review(t, it.Entry.ID, it.Entry.ID, ledger.Approve))
	}
	u.back(4) // before: its circle stays, and nobody asks who left
	again := u.Bureaus[4]
	change := func(of, after ledger.ID) ledger.Statement {
		return ledger.Statement{Class: ledger.ClassCircle, Target: of, Public: (&ledger.Circle{After: after}).Marshal()}
	}
	if got := u.code(xa.Officer, func() ledger.Item {
		return xa.Officer.Sign(t, change(circle.Entry.ID, circle.Entry.ID), text)
	}); got != state.FourEyes {
		t.Errorf("one officer, in format 2: got %q", got)
	}
	p := xa.Propose(t, raise(3))
	u.accept(p, xb.Vote(t, p.Entry.ID, true), xc.Vote(t, p.Entry.ID, true), xd.Vote(t, p.Entry.ID, true))
	u.change(about(ledger.ChangePromote, "XE"), xa)
	if got := u.code(xa.Root, func() ledger.Item { return u.enact(xa, p.Entry.ID) }); got != state.NotNow {
		t.Errorf("four of five voters, which is a quorum: got %q", got)
	}
	u.accept(again.Vote(t, p.Entry.ID, true))
	u.accept(u.enact(xa, p.Entry.ID))
	if got := u.code(xa.Root, func() ledger.Item { return xa.Propose(t, raise(2)) }); got != state.Repeated {
		t.Errorf("back to 2: got %q", got)
	}
	u.accept(again.Officer.Sign(t, change(theirs.Entry.ID, theirs.Entry.ID), text, again.Supervisor))
	if got := u.code(xa.Officer, func() ledger.Item {
		return xa.Officer.Sign(t, change(circle.Entry.ID, circle.Entry.ID), text)
	}); got != state.FourEyes {
		t.Errorf("one officer, for who left before the raise: got %q", got)
	}
	// A word on the second notice, after the raise, says when.
	u.accept(xd.Supervisor.Review(t, second.Entry.ID, second.Entry.ID, ledger.Refuse))
	u.back(1)
	for i, want := range []state.Status{state.StatusActive, state.StatusSubmitted} {
		id := []ledger.Item{first, second}[i].Entry.ID
		u.accept(xc.Supervisor.Review(t, id, id, ledger.Approve))
		if n, err := state.ReadNotice(u.view, id); err != nil || n.Status != want {
			t.Errorf("notice %d: got %s, want %s, %v", i+1, n.Status, want, err)
		}
	}
	u.judged()
}
