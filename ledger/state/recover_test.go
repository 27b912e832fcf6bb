package state_test

import (
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// fresh returns the change that gives a bureau the node that next has.
func (u *union) fresh(b, next *ledgertest.Bureau) *ledger.Propose {
	p := b.NewNode(u.t, next)
	return &p
}

// TestRecover: what a recovery must be to be taken, and what it does.
func TestRecover(t *testing.T) {
	u := newUnion(t, 4)
	xa, xb, xc, xd := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2], u.Bureaus[3]
	xe := u.admit("XE")
	u.accept(xe.Enrolments(t)...)
	proposal := xd.Propose(t, about(ledger.ChangePromote, "XE"))
	u.accept(proposal)
	u.finish()
	before := u.final()
	spares := []*ledgertest.Bureau{u.Newcomer(t, "XA"), u.Newcomer(t, "XB"), u.Newcomer(t, "XC")}
	good := []*ledger.Propose{u.fresh(xa, spares[0]), u.fresh(xb, spares[1]), u.fresh(xc, spares[2]), {Change: ledger.ChangeRemove, Code: "XD"}}
	roots := []*ledgertest.Author{xb.Root, xc.Root}
	with := func(p *ledger.Propose) []*ledger.Propose { return append(slices.Clone(good[:2]), p, good[3]) }
	used := *spares[2]
	used.TLS = xd.TLS
	enrolled := u.fresh(xc, spares[2])
	enrolled.Node.TLS = [32]byte(xe.Sealing[1].Recipient().ID())
	if err := enrolled.Sign(u.Genesis.Ledger, xc.Root.Signer); err != nil {
		t.Fatal(err)
	}
	foreign := u.fresh(xb, spares[2])
	foreign.Code = "XC"
	for _, tt := range []struct {
		name    string
		number  uint32
		late    uint64 // ms after the time of the batch
		changes []*ledger.Propose
		others  []*ledgertest.Author
		want    state.Code
		why     string // in the refusal
	}{
		{"too few voters", 2, 0, good, roots[:1], state.NotAllowed, "2 voters signed"},
		{"with one who does not vote", 2, 0, good, []*ledgertest.Author{xb.Root, xe.Root}, state.NotAllowed, "roots of voters"},
		{"with an officer", 2, 0, good, append(slices.Clone(roots), xd.Officer), state.NotAllowed, "roots of voters"},
		{"with a node", 2, 0, good, append(slices.Clone(roots), u.NodeAuthor(xd)), state.NotAllowed, "roots of voters"},
		{"with a stranger", 2, 0, good, append(slices.Clone(roots), u.NewAuthor("stranger")), state.UnknownKey, "no bureau has enrolled"},
		{"a time to come", 2, 1, good, roots, state.NotNow, "of another ledger time"},
		{"an epoch too far", 3, 0, good, roots, state.NotNow, "it begins epoch 3, after epoch 1"},
		{"the epoch that is", 1, 0, good, roots, state.NotNow, "it begins epoch 1, after epoch 1"},
		{"a voter keeps its node", 2, 0, good[1:], roots, state.NotNow, "leaves XA a voter"},
		{"a stranger is removed", 2, 0, append(slices.Clone(good), &ledger.Propose{Change: ledger.ChangeRemove, Code: "XF"}), roots, state.NotNow, "XF is no member"},
		{"a member that does not vote is demoted", 2, 0, append(slices.Clone(good), &ledger.Propose{Change: ledger.ChangeDemote, Code: "XE"}), roots, state.NotNow, "XE does not vote"},
		{"another's node key", 2, 0, with(u.fresh(xc, &used)), roots, state.NotNow, "proposed for XC: a member has it"},
		{"one key for two nodes", 2, 0, []*ledger.Propose{good[0], u.fresh(xb, spares[0]), good[2], good[3]}, roots, state.NotNow, "proposed for XB: a member has it"},
		{"the proof of another", 2, 0, with(foreign), roots, state.NotNow, "the proof of the new node of XC"},
		{"a key of an officer", 2, 0, with(enrolled), roots, state.KeyInUse, "is known already"},
		{"nobody is left", 2, 0, []*ledger.Propose{{Change: ledger.ChangeRemove, Code: "XA"}, {Change: ledger.ChangeRemove, Code: "XB"},
			{Change: ledger.ChangeRemove, Code: "XC"}, {Change: ledger.ChangeDemote, Code: "XD"}}, roots, state.NotNow, "the last voter"},
	} {
		r := ledger.Recover{Number: tt.number, Time: u.now + 1000 + tt.late, Changes: tt.changes}
		author := *xa.Root
		x := *xa
		x.Root = &author
		got := u.batch(x.Recover(t, r, before.Size, before.Root, tt.others...))[0].Refusal
		if got == nil || got.Code != tt.want || !strings.Contains(got.Error(), tt.why) {
			t.Errorf("%s: got %v, want %q", tt.name, got, tt.want)
		}
	}
	changes := ledger.Recover{Number: 2, Changes: good}
	now := func() ledger.Recover {
		changes.Time = u.now + 1000 // that of the next batch
		return changes
	}
	officer := *xa.Officer
	if got := u.code(&officer, func() ledger.Item {
		return officer.Sign(t, ledger.Statement{Class: ledger.ClassRecover, SeenSize: before.Size, SeenRoot: before.Root,
			Public: changes.Marshal()}, nil)
	}); got != state.NotAllowed {
		t.Errorf("by an officer: got %q", got)
	}
	// The entry is the one after the head that the roots agreed on, and no other.
	u.accept(xb.Officer.Reply(t, text))
	if got := u.code(xa.Root, func() ledger.Item { return xa.Recover(t, now(), before.Size, before.Root, roots...) }); got != state.NotNow {
		t.Errorf("of an entry that stands already: got %q", got)
	}
	h := u.head()
	if got := u.code(xa.Root, func() ledger.Item {
		return xa.Recover(t, now(), h.Size, ledger.Hash{7}, roots...)
	}); got != state.BadSeen {
		t.Errorf("of another history: got %q", got)
	}
	if got := u.code(xa.Root, func() ledger.Item {
		return xa.Recover(t, now(), h.Size, h.Root, roots...)
	}); got != "" {
		t.Fatalf("a good one: got %q", got)
	}
	e := u.membership().Latest()
	if got := members(e); got != "2 from 32: XA XB XC xe" || !e.Recovered {
		t.Errorf("got %s, recovered %v", got, e.Recovered)
	}
	gone := *xd
	for i, b := range []*ledgertest.Bureau{xa, xb, xc} {
		b.Witness, b.TLS = spares[i].Witness, spares[i].TLS
	}
	for _, id := range []ledger.ID{gone.TLS.ID(), gone.Root.Signer.ID(), gone.Officer.Signer.ID()} {
		if k, err := state.ReadKey(u.view, id); err != nil || k.RevokedAt != e.From {
			t.Errorf("a key of who was removed: got %+v, %v", k, err)
		}
	}
	if p, err := state.ReadProposal(u.view, proposal.Entry.ID); err != nil || p.Epoch != 0 {
		t.Errorf("a recovery carries no proposal out: got %+v, %v", p, err)
	}
	u.finish()
	if f := u.final(); f.Size != e.From {
		t.Errorf("FINAL at %d, want %d by the new nodes", f.Size, e.From)
	}
	// The ledger goes on, by votes again.
	// But XE has the node that it had, which may have cosigned what was cut.
	if got := u.code(xa.Root, func() ledger.Item { return xa.Vote(t, proposal.Entry.ID, true) }); got != state.NotNow {
		t.Errorf("a vote for a promotion with an old node: got %q", got)
	}
	if got := u.code(xa.Root, func() ledger.Item { return xa.Propose(t, about(ledger.ChangePromote, "XE")) }); got != state.NotNow {
		t.Errorf("a promotion with an old node: got %q", got)
	}
	spare := u.Newcomer(t, "XE")
	renewed := xa.Propose(t, *u.fresh(xe, spare))
	u.accept(renewed, xb.Vote(t, renewed.Entry.ID, true), xc.Vote(t, renewed.Entry.ID, true))
	u.accept(u.enact(xa, renewed.Entry.ID))
	xe.Witness, xe.TLS = spare.Witness, spare.TLS
	u.accept(xa.Vote(t, proposal.Entry.ID, true), xb.Vote(t, proposal.Entry.ID, true))
	u.accept(u.enact(xa, proposal.Entry.ID))
	if got := members(u.membership().Latest()); got != "4 from 39: XA XB XC XE" {
		t.Errorf("got %s", got)
	}
	u.judged()
}
