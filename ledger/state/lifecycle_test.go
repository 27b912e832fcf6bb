package state_test

import (
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

const dayMS = 86_400_000

// life is one notice of XA in a world of five bureaus, of which two review.
type life struct {
	*world
	id, version ledger.ID
}

func newLife(t *testing.T, k ledger.Kind) *life {
	w := newWorld(t, 5)
	xa := w.Bureaus[0]
	it := xa.Officer.Publish(t, k, text, xa.Supervisor)
	w.accept(it)
	return &life{w, it.Entry.ID, it.Entry.ID}
}

func (l *life) notice() *state.Notice {
	l.t.Helper()
	n, err := state.ReadNotice(l.view, l.id)
	if err != nil || n == nil {
		l.t.Fatal(n, err)
	}
	return n
}

func (l *life) is(want state.Status, reviewed bool) {
	l.t.Helper()
	if n := l.notice(); n.At(l.now) != want || n.Reviewed() != reviewed {
		l.t.Fatalf("got %s, reviewed %v; want %s, reviewed %v", n.At(l.now), n.Reviewed(), want, reviewed)
	}
}

func (l *life) head(i int) *ledgertest.Author { return l.Bureaus[i].Supervisor }

// may wants the codes for items that are applied one by one, "" for accepted.
func (l *life) may(want state.Code, items ...ledger.Item) {
	l.t.Helper()
	for i, it := range items {
		r := l.batch(it)[0]
		got := state.Code("")
		if r.Refusal != nil {
			got = r.Refusal.Code
		}
		if got != want {
			l.t.Fatalf("item %d, %s: got %q (%v), want %q", i, it.Entry.Statement.Class, got, r.Refusal, want)
		}
	}
}

func (l *life) amend() {
	l.t.Helper()
	it := l.Bureaus[0].Officer.Amend(l.t, l.id, l.notice().Kind, text, l.head(0))
	l.may("", it)
	l.version = it.Entry.ID
}

// fresh returns who signs as a supervisor of the i-th bureau and whose chain no
// refusal has broken.
func (l *life) fresh(i int, roles ledger.Roles) *ledgertest.Author {
	l.t.Helper()
	l.now++
	a := l.NewAuthor(l.Bureaus[i].Code + " " + string(rune('a'+len(l.view.records)%26)) + string(rune('a'+len(l.view.records)/26)))
	l.accept(l.Bureaus[i].EnrolSigner(l.t, a, "badge-1", roles))
	return a
}

func TestReview(t *testing.T) {
	l := newLife(t, ledger.KindBlue)
	l.is(state.StatusSubmitted, false)
	sup := func(i int) *ledgertest.Author { return l.fresh(i, ledger.RoleSupervisor) }
	l.may(state.NotAllowed, sup(0).Review(t, l.id, l.version, ledger.Approve), l.fresh(1, ledger.RoleInvestigator|ledger.RoleAuditor).Review(t, l.id, l.version, ledger.Approve))
	l.may(state.NoTarget, sup(1).Review(t, ledger.ID{1}, l.version, ledger.Approve))
	l.may(state.Superseded, sup(1).Review(t, l.id, ledger.ID{1}, ledger.Approve))
	l.may("", l.head(1).Review(t, l.id, l.version, ledger.Approve))
	l.may(state.Repeated, sup(1).Review(t, l.id, l.version, ledger.Approve))
	l.is(state.StatusSubmitted, false) // one bureau, whoever of it speaks

	// A new version is not what was approved.
	old := l.version
	l.amend()
	l.may(state.Superseded, sup(2).Review(t, l.id, old, ledger.Approve))
	l.may("", l.head(2).Review(t, l.id, l.version, ledger.Approve))
	l.is(state.StatusSubmitted, false)
	l.may("", l.head(3).Review(t, l.id, l.version, ledger.Approve))
	l.is(state.StatusActive, true)
	l.may(state.NotNow, sup(4).Review(t, l.id, l.version, ledger.Refuse))

	// Nor is the one after it; reviewers return it, and the origin amends.
	l.amend()
	l.is(state.StatusSubmitted, false)
	l.may("", l.head(1).Review(t, l.id, l.version, ledger.Return), l.head(2).Review(t, l.id, l.version, ledger.Refuse), l.head(3).Review(t, l.id, l.version, ledger.Approve))
	l.is(state.StatusSubmitted, false)
	votes, err := state.ReadVotes(l.view, l.id)
	if err != nil || len(votes) != 5 || votes[1].Review != ledger.Return || votes[4].Review != 0 {
		t.Errorf("got votes %+v, error %v", votes, err)
	}
	l.may("", l.head(3).Review(t, l.id, l.version, ledger.Return)) // XD thinks again
	l.is(state.StatusReturned, false)
	l.may(state.NotNow, l.fresh(0, ledger.RoleInvestigator).Grant(t, l.id, text), sup(1).Review(t, l.id, l.version, ledger.Approve))
	l.amend()
	l.may("", l.head(2).Review(t, l.id, l.version, ledger.Refuse), l.head(4).Review(t, l.id, l.version, ledger.Refuse))
	l.is(state.StatusRefused, false)
	l.may(state.Ended, sup(1).Review(t, l.id, l.version, ledger.Approve), l.fresh(0, ledger.RoleInvestigator).Withdraw(t, l.id))
	l.may("", l.Bureaus[0].Officer.Purge(t, l.id, ledger.ReasonOver, l.head(0)))
	l.is(state.StatusPurged, false)
}

func TestReviewOverdue(t *testing.T) {
	l := newLife(t, ledger.KindBlue)
	late := l.now + state.ReviewDays*dayMS
	if n := l.notice(); n.Overdue(late-1) || !n.Overdue(late) {
		t.Errorf("%+v", n)
	}
	for n, want := range map[int]int{1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 7: 3, 15: 5} {
		if got := state.Reviewers(n); got != want {
			t.Errorf("of %d: got %d, want %d", n, got, want)
		}
	}
}

// TestUnreviewed: a diffusion and a tally wait for nobody, and nobody approves them.
func TestUnreviewed(t *testing.T) {
	for _, k := range []ledger.Kind{ledger.KindUndisclosed, ledger.KindTally} {
		l := newLife(t, k)
		l.is(state.StatusActive, false)
		l.may(state.NotNow, l.head(1).Review(t, l.id, l.version, ledger.Approve))
	}
}

func TestSuspend(t *testing.T) {
	l := newLife(t, ledger.KindUndisclosed)
	auditor := func(i int) *ledgertest.Author { return l.fresh(i, ledger.RoleAuditor) }
	sup := func(i int) *ledgertest.Author { return l.fresh(i, ledger.RoleSupervisor) }
	desk := func() *ledgertest.Author { return l.fresh(0, ledger.RoleInvestigator) }
	l.may(state.NotAllowed, sup(1).Suspend(t, l.id, ledger.ByOrigin), desk().Suspend(t, l.id, ledger.ByReviewers), sup(0).Suspend(t, l.id, ledger.ByReviewers),
		auditor(0).Suspend(t, l.id, ledger.ByOversight), auditor(1).Suspend(t, l.id, ledger.ByReviewers), sup(1).Suspend(t, l.id, ledger.ByOversight),
		auditor(0).Suspend(t, l.id, ledger.ByOrigin))
	l.may(state.NotNow, desk().Lift(t, l.id, ledger.ByOrigin, ledger.OutcomeRestored))

	// The origin, to be before the others, does not keep them from it.
	l.may("", desk().Suspend(t, l.id, ledger.ByOrigin))
	l.is(state.StatusSuspended, false)
	l.may(state.Repeated, desk().Suspend(t, l.id, ledger.ByOrigin))
	l.may("", sup(1).Suspend(t, l.id, ledger.ByReviewers))
	l.may(state.Repeated, sup(1).Suspend(t, l.id, ledger.ByReviewers))
	l.may("", sup(2).Suspend(t, l.id, ledger.ByReviewers))
	l.may(state.NotAllowed, desk().Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeRestored))
	l.may("", desk().Lift(t, l.id, ledger.ByOrigin, ledger.OutcomeRestored))
	l.is(state.StatusSuspended, false)
	l.may(state.NotNow, desk().Grant(t, l.id, text))
	l.amend()
	l.is(state.StatusSuspended, false)

	// Others lift, not the same officers; a mind may be changed.
	l.may("", sup(3).Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeCancelled))
	l.may(state.Repeated, sup(3).Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeCancelled))
	l.may("", sup(3).Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeRestored), sup(4).Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeRestored))
	l.is(state.StatusActive, false)

	l.may("", auditor(1).Suspend(t, l.id, ledger.ByOversight))
	l.is(state.StatusActive, false)
	l.may("", auditor(2).Suspend(t, l.id, ledger.ByOversight))
	l.is(state.StatusSuspended, false)
	l.may(state.NotNow, sup(1).Lift(t, l.id, ledger.ByReviewers, ledger.OutcomeRestored))
	l.may("", auditor(1).Lift(t, l.id, ledger.ByOversight, ledger.OutcomeCancelled), auditor(3).Lift(t, l.id, ledger.ByOversight, ledger.OutcomeCancelled))
	l.is(state.StatusCancelled, false)
	l.may(state.Ended, sup(1).Suspend(t, l.id, ledger.ByReviewers), desk().Withdraw(t, l.id))
}

// TestTerm: a notice expires by ledger time alone, and an extension in time, with
// its reason, is what keeps it.
func TestTerm(t *testing.T) {
	w := newWorld(t, 5)
	xa := w.Bureaus[0].Officer
	today := uint32(w.now / dayMS)
	publish := func(day uint32) ledger.Item {
		p := ledger.Publish{Kind: ledger.KindUndisclosed, ReviewBy: day, SizeClass: 4}
		return xa.Sign(t, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal()}, text)
	}
	amend := func(id ledger.ID, day uint32) ledger.Item {
		p := ledger.Publish{Kind: ledger.KindUndisclosed, ReviewBy: day, SizeClass: 4}
		a := w.NewAuthor("late " + string(rune('a'+len(w.view.records))))
		w.accept(w.Bureaus[0].EnrolSigner(t, a, "badge-1", ledger.RoleInvestigator))
		return a.Sign(t, ledger.Statement{Class: ledger.ClassAmend, Target: id, Public: p.Marshal()}, text)
	}
	it := publish(today + 400)
	l := &life{w, it.Entry.ID, it.Entry.ID}
	w.accept(it)
	for _, day := range []uint32{0, today + 401} {
		l.may(state.BadTerm, amend(l.id, day))
	}
	l.may(state.BadTerm, amend(l.id, today-1))
	l.may("", amend(l.id, today+390))
	if n := l.notice(); n.Term() != today+390 || n.ReviewDue(uint64(today+206)*dayMS) || !n.ReviewDue(uint64(today+207)*dayMS) {
		t.Errorf("%+v", n)
	}
	extend := func(day uint32) ledger.Item { return l.fresh(0, ledger.RoleInvestigator).Extend(t, l.id, day, text) }
	l.may(state.TooEarly, extend(today+500))
	l.now = uint64(today+207) * dayMS
	l.may(state.NotAllowed, l.fresh(1, ledger.RoleInvestigator).Extend(t, l.id, today+500, text))
	l.may(state.BadTerm, extend(today+390), extend(today+207+state.TermDays+1))
	l.may("", extend(today+500))
	l.now = uint64(today+501)*dayMS - 10_000
	l.may("", amend(l.id, today+500))
	l.is(state.StatusActive, false)
	l.now = uint64(today+501) * dayMS
	l.is(state.StatusExpired, false)
	l.may(state.Ended, extend(today+900), amend(l.id, today+501))
	l.may(state.BadTerm, amend(l.id, today+500))
	l.may("", l.fresh(0, ledger.RoleInvestigator).Purge(t, l.id, ledger.ReasonOver, w.Bureaus[0].Supervisor))

	// Whatever it says, and when it says nothing, five years are the most.
	for _, day := range []uint32{0, ledger.MaxDay} {
		w := newWorld(t, 5)
		xa = w.Bureaus[0].Officer
		it := publish(day)
		w.accept(it)
		l := &life{w, it.Entry.ID, it.Entry.ID}
		l.now = (uint64(today)+state.TermDays+1)*dayMS - 1
		l.is(state.StatusActive, false)
		l.now++
		l.is(state.StatusExpired, false)
	}
}

func TestVictimGrant(t *testing.T) {
	l := newLife(t, ledger.KindUndisclosed)
	victim := func(others ...*ledgertest.Author) ledger.Item {
		return l.fresh(0, ledger.RoleInvestigator).Sign(t, ledger.Statement{Class: ledger.ClassGrant, Target: l.id, Public: ledger.VictimGrant}, victimGrant(), others...)
	}
	l.may(state.FourEyes, victim(), victim(l.Bureaus[0].Officer))
	l.may("", victim(l.head(0)))
}
