package state_test

import (
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// newLives returns a world of four bureaus, few of whose officers are enrolled,
// after lives that seldom happen by chance.
func newLives(t *testing.T) *stage {
	w := genesisWorld(t, 4)
	xa, xb, xc := w.Bureaus[0], w.Bureaus[1], w.Bureaus[2]
	w.accept(xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator), xa.EnrolSigner(t, xa.Supervisor, "head-1", ledger.RoleSupervisor),
		xb.EnrolSigner(t, xb.Supervisor, "head-1", ledger.RoleSupervisor), xc.EnrolSigner(t, xc.Supervisor, "head-1", ledger.RoleSupervisor|ledger.RoleAuditor))
	it := xa.Officer.Publish(t, ledger.KindUndisclosed, text)
	w.accept(it)
	l := &stage{life: &life{w, it.Entry.ID, it.Entry.ID}}
	by, restored, cancelled := ledger.ByReviewers, ledger.OutcomeRestored, ledger.OutcomeCancelled
	suspend := func(b *ledgertest.Bureau, want state.Code) {
		t.Helper()
		l.wants(want, b.Supervisor, func() ledger.Item { return b.Supervisor.Suspend(t, l.id, by) })
	}
	lift := func(b *ledgertest.Bureau, o ledger.Outcome, want state.Code) {
		t.Helper()
		l.wants(want, b.Supervisor, func() ledger.Item { return b.Supervisor.Lift(t, l.id, by, o) })
	}
	purge := func(want state.Code) {
		t.Helper()
		l.wants(want, xa.Officer, func() ledger.Item { return xa.Officer.Purge(t, l.id, ledger.ReasonOver, xa.Supervisor) })
	}

	// What gives anybody a victim's part is not one officer's doing.
	victim, none := l.sealed(seal.Card, seal.Victim), l.sealed(seal.Card, seal.Body)
	for _, tt := range []struct {
		body   []byte
		others []*ledgertest.Author
		want   state.Code
	}{
		{victim, nil, state.FourEyes}, {victim, []*ledgertest.Author{xa.Supervisor}, ""}, {none, nil, ""},
		{victim[:len(victim)-1], nil, ""}, // nobody can open it
	} {
		l.wants(tt.want, xa.Officer, func() ledger.Item { return xa.Officer.Amend(t, l.id, ledger.KindUndisclosed, tt.body, tt.others...) })
		l.wants(tt.want, xa.Officer, func() ledger.Item { return xa.Officer.Publish(t, ledger.KindUndisclosed, tt.body, tt.others...) })
	}

	suspend(xb, "")
	lift(xc, restored, state.NotNow)
	lift(xb, cancelled, state.NotNow)
	lift(xb, restored, "")
	lift(xb, restored, state.NotNow)
	suspend(xc, "")
	suspend(xc, state.Repeated)
	l.is(state.StatusActive, false)
	suspend(xb, "")
	l.is(state.StatusSuspended, false)
	suspend(xb, state.Repeated)
	lift(xb, restored, "")
	suspend(xb, "")
	lift(xc, restored, "")
	l.is(state.StatusSuspended, false)

	w.accept(xa.Officer.Withdraw(t, l.id))
	purge(state.NotNow)
	suspend(xb, state.Repeated)
	suspend(xc, "") // takes back what it said for a lift
	lift(xb, restored, "")
	purge(state.NotNow)
	l.wants(state.NotAllowed, xa.Officer, func() ledger.Item { return xa.Officer.Lift(t, l.id, by, restored) })
	l.wants(state.Ended, xa.Officer, func() ledger.Item { return xa.Officer.Lift(t, l.id, ledger.ByOrigin, restored) })
	lift(xb, cancelled, "")
	purge(state.NotNow)
	lift(xc, cancelled, "")
	l.is(state.StatusWithdrawn, false)
	lift(xc, restored, state.Ended)
	suspend(xc, state.Ended)
	purge("")
	lift(xb, restored, state.Ended)
	return l
}

// sealed returns a body with these parts, each for XA alone.
func (l *stage) sealed(list ...seal.Compartment) []byte {
	l.t.Helper()
	var parts []seal.Part
	for _, c := range list {
		parts = append(parts, seal.Part{Compartment: c, Plaintext: []byte("{}"), Readers: []*keys.Recipient{l.Bureaus[0].Sealing[c].Recipient()}})
	}
	body, err := seal.Seal(seal.Context{}, parts)
	if err != nil {
		l.t.Fatal(err)
	}
	return body
}

// wants has the author say something that comes to this code, and leaves the
// chain of the author whole when it is refused.
func (l *stage) wants(want state.Code, a *ledgertest.Author, say func() ledger.Item) {
	l.t.Helper()
	before := *a
	if l.may(want, say()); want != "" {
		*a = before
	}
}

// TestTakenBack: a bureau takes back what it said for a suspension, or for a lift,
// before enough have agreed, and can say it again; who suspended it lifts that
// after the end as well.
func TestTakenBack(t *testing.T) { newLives(t) }
