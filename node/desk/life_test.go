package desk

import (
	"context"
	"errors"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/desk/readlog"
)

// head returns the bureau's supervisor as the one who signs.
func (o *office) head() Officers { return Officers{Author: o.Supervisor.Signer, Created: today} }

// both returns the officer, and the supervisor as the second.
func (o *office) both() Officers {
	return Officers{Author: o.Officer.Signer, Others: []*keys.Signer{o.Supervisor.Signer}, Created: today}
}

// A red notice asks for an arrest while reviewers stand behind that very version,
// and for nothing when it is new, amended, suspended or gone.
func TestLife(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb := offices[0], offices[1]
	data, err := notice.Template(ledger.KindRed, today)
	if err != nil {
		t.Fatal(err)
	}
	n, err := notice.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	n.Origin, n.Readers = "XA", notice.Readers{"XA", "XB"}
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), n))
	name := id.String()[:8]
	is := func(status state.Status, reviewed bool, action notice.Action) *Case {
		t.Helper()
		xa.look(name)
		c := xb.look(name)
		if c.Status != status || c.Reviewed != reviewed || c.View == nil || c.View.Action() != action {
			t.Fatalf("got %s, reviewed %v, %+v; want %s, %v, %s", c.Status, c.Reviewed, c.View, status, reviewed, action)
		}
		// At a checkpoint it is the same, until it has ended.
		a, err := xb.Check(ctx, &Subject{Number: n.Card.Person.Documents[0].Number}, today)
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Hits) > 0 == status.Ended() || len(a.Hits) > 0 && (a.Hits[0].Action != action || a.Hits[0].Suspended() != (status == state.StatusSuspended)) {
			t.Fatalf("%s: a check finds %+v", status, a.Hits)
		}
		return c
	}
	c := is(state.StatusSubmitted, false, notice.CallDesk)
	// Of five bureaus two decide.
	xc := offices[2]
	xb.send(xb.Review(ctx, xb.c, xb.head(), c, ledger.Approve, "the warrant is good"))
	is(state.StatusSubmitted, false, notice.CallDesk)
	xc.send(xc.Review(ctx, xc.c, xc.head(), xc.look(name), ledger.Approve, ""))
	c = is(state.StatusActive, true, notice.Arrest)
	if len(c.Acts) != 2 || c.Acts[0].Bureau != "XB" || c.Acts[0].What != "approve" || c.Acts[0].Reason != "the warrant is good" {
		t.Errorf("got acts %+v", c.Acts)
	}
	if c.ByNoReader(&c.Acts[0]) || !c.ByNoReader(&c.Acts[1]) { // XC is sent nothing of it, and approves
		t.Error("who reviewed it unread is not told apart")
	}
	if a := xa.look(name).Acts; len(a) != 2 || a[0].Reason != "the warrant is good" {
		t.Errorf("XA sees acts %+v", a)
	}
	if a := xc.look(name).Acts; len(a) != 2 || a[0].What != "approve" || a[0].Reason != "" {
		t.Errorf("XC sees acts %+v", a)
	}
	n.Card.Caveat += " Seen with a grey van."
	xa.send(xa.Amend(ctx, xa.c, xa.both(), id, n))
	c = is(state.StatusSubmitted, false, notice.CallDesk)
	xb.send(xb.Review(ctx, xb.c, xb.head(), c, ledger.Approve, ""))
	xc.send(xc.Review(ctx, xc.c, xc.head(), xc.look(name), ledger.Approve, ""))
	c = is(state.StatusActive, true, notice.Arrest)
	if c.Versions[0].View.Action() != notice.CallDesk {
		t.Error("the version before asks for an arrest")
	}
	xa.send(xa.Suspend(ctx, xa.c, xa.officers(), c, ledger.ByOrigin, "mistaken identity?"))
	c = is(state.StatusSuspended, true, notice.CallDesk)
	xa.send(xa.Lift(ctx, xa.c, xa.officers(), c, ledger.ByOrigin, ledger.OutcomeRestored, ""))
	is(state.StatusActive, true, notice.Arrest)

	// Who opens that its origin blocked it at a person's request is asked for no
	// arrest, until it refuses the request or does what it decided.
	say := func(o *office, r notice.Reply) string {
		t.Helper()
		r.Notice = id.String()
		return o.send(o.Reply(ctx, o.c, o.officers(), &r)).String()
	}
	person := say(xb, notice.Reply{Type: notice.RequestReceive, Right: notice.RightDeletion, Text: "it is not me"})
	say(xb, notice.Reply{Type: notice.RequestAsk, Request: person})
	to := notice.Readers{"XA", "XB"}
	say(xa, notice.Reply{Type: notice.RequestBlock, Request: person, Readers: to})
	for _, tt := range []struct {
		decision notice.Decision
		action   notice.Action
	}{{"", notice.CallDesk}, {notice.DecideGrant, notice.CallDesk}, {notice.DecideRefuse, notice.Arrest}} {
		if tt.decision != "" {
			say(xa, notice.Reply{Type: notice.RequestDecide, Request: person, Decision: tt.decision, Text: "compared", Readers: to})
		}
		c := xb.look(name)
		if blocked := tt.action == notice.CallDesk; c.Blocked != blocked || c.View.Action() != tt.action || c.Only(readlog.PartsOf(seal.Card)).Blocked != blocked {
			t.Errorf("decided %q: blocked %v, %s", tt.decision, c.Blocked, c.View.Action())
		}
	}
	if _, err := xa.Desk.Purge(ctx, xa.c, xa.both(), id, ledger.ReasonOver); err == nil {
		t.Error("an active notice can be purged")
	}
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), id))
	is(state.StatusWithdrawn, true, notice.CallDesk)
	if _, err := xa.Desk.Purge(ctx, xa.c, xa.officers(), id, ledger.ReasonOver); !errors.Is(err, ErrFourEyes) {
		t.Errorf("a purge by one: %v", err)
	}
	purge := xa.send(xa.Desk.Purge(ctx, xa.c, xa.both(), id, ledger.ReasonOver))
	c = xb.look(name)
	if c.Status != state.StatusPurged || c.View != nil || c.Reference() != "" || !errors.Is(c.Err, store.ErrPurged) {
		t.Errorf("after the purge: %+v", c)
	}
	p, err := xb.Purged(purge)
	if err != nil || p == nil || p.Target != id || len(p.Missing()) != 5 {
		t.Errorf("got %+v, error %v", p, err)
	}
	if list, err := xb.Cases(ctx, Filter{Live: true}); err != nil || len(list) != 0 {
		t.Errorf("got %d live cases, %v", len(list), err)
	}
}

// TestDueFrom has the review of a notice come up relative to its term.
func TestDueFrom(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	for _, tt := range []struct {
		name              string
		days              uint32 // from the day it was published to its last
		amended, extended uint64 // on which day; 0 for never
		want              uint64 // on which day it comes up
	}{
		{"a week", 6, 0, 0, 3},
		{"three months", 89, 0, 0, 45},
		{"a year", 365, 0, 0, 183},
		{"five years", 1827, 0, 0, 1827 - 183},
		{"amended in the middle", 365, 183, 0, 183 + 91},
		{"extended", 999, 10, 900, 950},
		{"of today", 0, 0, 0, 0},
	} {
		start := uint64(20_000)
		c := &Case{Term: uint32(start) + tt.days, Versions: []Version{{Time: start * day}}}
		if tt.amended > 0 {
			c.Versions = append(c.Versions, Version{Time: (start + tt.amended) * day})
		}
		if tt.extended > 0 {
			c.Acts = []Act{{Class: ledger.ClassReview, Time: (start + 998) * day}, {Class: ledger.ClassExtend, Time: (start + tt.extended) * day}}
		}
		if got := c.dueFrom()/day - start; got != tt.want {
			t.Errorf("%s: day %d, want %d", tt.name, got, tt.want)
		}
	}
	if c := (&Case{Term: 0, Versions: []Version{{Time: 30_000 * day}}}); c.dueFrom() != day {
		t.Errorf("a term before it began: %d", c.dueFrom())
	}
}
