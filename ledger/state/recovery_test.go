package state_test

import (
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// recovery makes the entry after the head with which voters go on, each with a new
// node, signed by the roots of these bureaus.
func (u *union) recovery(by ...*ledgertest.Bureau) ledger.Item {
	u.t.Helper()
	r := ledger.Recover{Number: u.membership().Latest().Number + 1, Time: u.now + 1000}
	for _, b := range u.voters() {
		p := b.NewNode(u.t, u.Newcomer(u.t, b.Code))
		r.Changes = append(r.Changes, &p)
	}
	var others []*ledgertest.Author
	for _, b := range by[1:] {
		others = append(others, b.Root)
	}
	h := u.head()
	return by[0].Root.Sign(u.t, ledger.Statement{Class: ledger.ClassRecover, SeenSize: h.Size, SeenRoot: h.Root, Public: r.Marshal()}, nil, others...)
}

// TestRecoveryCertified: whoever holds the log hands on the epoch of a recovery like
// any other, and what comes after it.
func TestRecoveryCertified(t *testing.T) {
	u := newUnion(t, 4)
	u.finish()
	it := u.recovery(u.Bureaus[:3]...)
	u.accept(it)
	list, err := u.m.Certificates(u.store(), 1)
	if err != nil || len(list) != 1 || list[0].Recover == nil {
		t.Fatalf("got %d certificates, %v", len(list), err)
	}
	g, err := u.Genesis.With(list...)
	if err != nil || !g.Agrees(u.membership()) || g.Latest().Number != 1 {
		t.Errorf("got %+v, %v", g, err)
	}
}

// TestRecoveryWaitsForNoQuota: what its author's bureau wrote on the day of a disaster
// keeps nobody from going on.
func TestRecoveryWaitsForNoQuota(t *testing.T) {
	u := &union{worldOf(t, ledgertest.NewGenesisOf(t, 4, ledger.Quota{Entries: 12}))}
	u.accept(u.Enrolments(t)...)
	xa := u.Bureaus[0]
	for u.code(xa.Officer, func() ledger.Item { return xa.Officer.Reply(t, text) }) != state.Quota {
	}
	u.finish()
	u.accept(u.recovery(u.Bureaus[:3]...))
}
