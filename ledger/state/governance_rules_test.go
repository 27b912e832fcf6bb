package state_test

import (
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// TestGovernanceRules has every rule on proposals, votes and epochs that a statement
// can break, in a ledger of four voters and XE, which does not vote. XA proposes to
// promote XE; XB is for it, which is one too few.
func TestGovernanceRules(t *testing.T) {
	u := newUnion(t, 4)
	xa, xb, xc, xd := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2], u.Bureaus[3]
	xe := u.admit("XE")
	u.accept(xe.Enrolments(t)...)
	pending := xa.Propose(t, about(ledger.ChangePromote, "XE"))
	u.accept(pending, xb.Vote(t, pending.Entry.ID, true))
	u.finish()
	id := pending.Entry.ID
	xf, other := u.newcomer("XF"), u.NewAuthor("XB root, the second")
	seen := u.final()
	// A kept lie: the proof is another's.
	stolen := xf.Admission(t)
	stolen.Proof = xe.Admission(t).Proof
	taken := func(change func(m *ledger.Member)) ledger.Propose {
		m := xf.Member()
		change(&m)
		p := ledger.Propose{Change: ledger.ChangeAdmit, Code: m.Code, Member: &m}
		if err := p.Sign(u.Genesis.Ledger, xf.Root.Signer); err != nil {
			t.Fatal(err)
		}
		return p
	}
	foreign := xb.NewNode(t, xf)
	if err := foreign.Sign(u.Genesis.Ledger, xa.Root.Signer); err != nil {
		t.Fatal(err)
	}
	reused := xb.NewNode(t, xf)
	reused.Node.TLS = xb.TLS.ID()
	if err := reused.Sign(u.Genesis.Ledger, xb.Root.Signer); err != nil {
		t.Fatal(err)
	}
	propose := func(p ledger.Propose) func() ledger.Item { return func() ledger.Item { return xa.Propose(t, p) } }
	for _, tt := range []struct {
		name string
		by   *ledgertest.Author
		sign func() ledger.Item
		want state.Code
	}{
		{"officer proposes", xa.Officer, func() ledger.Item {
			p := about(ledger.ChangePromote, "XE")
			return xa.Officer.Sign(t, ledger.Statement{Class: ledger.ClassPropose, Public: p.Marshal()}, nil)
		}, state.NotAllowed},
		{"two sign", xa.Root, func() ledger.Item {
			p := about(ledger.ChangePromote, "XE")
			return xa.Root.Sign(t, ledger.Statement{Class: ledger.ClassPropose, Public: p.Marshal()}, nil, xa.Officer)
		}, state.NotAllowed},
		{"no voter proposes", xe.Root, func() ledger.Item { return xe.Propose(t, about(ledger.ChangeRemove, "XA")) }, state.NotAllowed},
		{"no voter votes", xe.Root, func() ledger.Item { return xe.Vote(t, id, true) }, state.NotAllowed},
		{"no voter makes the epoch", xe.Root, func() ledger.Item { return xe.Enact(t, id, 2, seen.Size, seen.Root) }, state.NotAllowed},
		{"a stranger makes an epoch", xf.Root, func() ledger.Item { return xf.Enact(t, id, 2, seen.Size, seen.Root) }, state.UnknownKey},

		{"a member is admitted", xa.Root, propose(xe.Admission(t)), state.Repeated},
		{"a voter is promoted", xa.Root, propose(about(ledger.ChangePromote, "XB")), state.Repeated},
		{"who does not vote is demoted", xa.Root, propose(about(ledger.ChangeDemote, "XE")), state.Repeated},
		{"a stranger is removed", xa.Root, propose(about(ledger.ChangeRemove, "XZ")), state.NoTarget},
		{"a stranger is promoted", xa.Root, propose(about(ledger.ChangePromote, "XF")), state.NoTarget},
		{"a stranger's root", xa.Root, propose(xf.NewRoot(t, other)), state.NoTarget},
		{"an officer's key as root", xa.Root, propose(xb.NewRoot(t, xc.Officer)), state.KeyInUse},
		{"another's root as root", xa.Root, propose(xb.NewRoot(t, xc.Root)), state.KeyInUse},
		{"the same root again", xa.Root, propose(xb.NewRoot(t, xb.Root)), state.KeyInUse},
		{"the node's old TLS key", xa.Root, propose(reused), state.KeyInUse},
		{"another's TLS key", xa.Root, propose(taken(func(m *ledger.Member) { m.Node.TLS = xc.TLS.ID() })), state.KeyInUse},
		{"an enrolled key for the operator", xa.Root, propose(taken(func(m *ledger.Member) { m.Access = xc.Sealing[1].Recipient().ID() })), state.KeyInUse},
		{"another's address", xa.Root, propose(taken(func(m *ledger.Member) { m.Node.Address = xc.Member().Node.Address })), state.KeyInUse},
		{"a stolen proof", xa.Root, propose(stolen), state.BadProof},
		{"a node that its bureau did not choose", xa.Root, propose(foreign), state.BadProof},

		{"vote on nothing", xc.Root, func() ledger.Item { return xc.Vote(t, ledger.ID{7}, true) }, state.NoTarget},
		{"vote on an entry that is no proposal", xc.Root, func() ledger.Item { return xc.Vote(t, u.view.records[0].Item.Entry.ID, true) }, state.NoTarget},
		{"the proposer votes for it", xa.Root, func() ledger.Item { return xa.Vote(t, id, true) }, state.Repeated},
		{"the same word again", xb.Root, func() ledger.Item { return xb.Vote(t, id, true) }, state.Repeated},
		{"too few votes", xa.Root, func() ledger.Item { return xa.Enact(t, id, 2, seen.Size, seen.Root) }, state.NotNow},

		{"the last word counts: against", xb.Root, func() ledger.Item { return xb.Vote(t, id, false) }, ""},
		{"and the third is for it", xc.Root, func() ledger.Item { return xc.Vote(t, id, true) }, ""},
		{"so there are two still", xa.Root, func() ledger.Item { return xa.Enact(t, id, 2, seen.Size, seen.Root) }, state.NotNow},
		{"for it after all", xb.Root, func() ledger.Item { return xb.Vote(t, id, true) }, ""},
		{"an epoch too far", xa.Root, func() ledger.Item { return xa.Enact(t, id, 3, seen.Size, seen.Root) }, state.Superseded},
		{"the epoch that is", xa.Root, func() ledger.Item { return xa.Enact(t, id, 1, seen.Size, seen.Root) }, state.Superseded},
		{"with another history seen", xa.Root, func() ledger.Item { return xa.Enact(t, id, 2, seen.Size, ledger.Hash{1}) }, state.BadSeen},
		{"an epoch of nothing", xa.Root, func() ledger.Item { return xa.Enact(t, ledger.ID{7}, 2, seen.Size, seen.Root) }, state.NoTarget},
		{"now it may be", xd.Root, func() ledger.Item { return xd.Enact(t, id, 2, seen.Size, seen.Root) }, ""},
		{"again", xd.Root, func() ledger.Item { return xd.Enact(t, id, 3, seen.Size, seen.Root) }, state.Ended},
		{"a vote too late", xd.Root, func() ledger.Item { return xd.Vote(t, id, false) }, state.Ended},
	} {
		if got := u.code(tt.by, tt.sign); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestNewcomerAgrees: nobody but the newcomer makes the epoch that lets it in, and
// of its proposals nobody may make so many that others are not seen.
func TestNewcomerAgrees(t *testing.T) {
	u := newUnion(t, 3)
	xa, xb, xd := u.Bureaus[0], u.Bureaus[1], u.newcomer("XD")
	id := u.proposed(xd.Admission(t))
	u.finish()
	seen := u.final()
	if got := u.code(xb.Root, func() ledger.Item { return xb.Enact(t, id, 1, seen.Size, seen.Root) }); got != state.NotAllowed {
		t.Errorf("a voter lets it in: got %q", got)
	}
	xz := u.newcomer("XZ")
	if got := u.code(xz.Root, func() ledger.Item { return xz.Enact(t, id, 1, seen.Size, seen.Root) }); got != state.UnknownKey {
		t.Errorf("another lets itself in: got %q", got)
	}
	for i := range state.MaxProposals {
		u.accept(xb.Propose(t, about(ledger.ChangeDemote, "XA")))
		if list, err := state.ReadProposals(u.view); err != nil || len(list) != i+2 || list[0].ID != id {
			t.Errorf("got %d proposals, %v", len(list), err)
		}
	}
	more := func() ledger.Item { return xb.Propose(t, about(ledger.ChangeDemote, "XA")) }
	if got := u.code(xb.Root, more); got != state.TooMany {
		t.Errorf("one proposal too many: got %q", got)
	}
	u.now += state.ProposalDays*86_400_000 - 60_000
	if got := u.code(xb.Root, more); got != state.TooMany {
		t.Errorf("shortly before they lapse: got %q", got)
	}
	if got := u.code(xa.Root, func() ledger.Item { return xa.Vote(t, id, false) }); got != "" {
		t.Errorf("a vote shortly before it lapses: got %q", got)
	}
	u.now += 120_000
	if got := u.code(xa.Root, func() ledger.Item { return xa.Vote(t, id, true) }); got != state.Ended {
		t.Errorf("a vote after it lapsed: got %q", got)
	}
	if got := u.code(xd.Root, func() ledger.Item { return xd.Enact(t, id, 1, seen.Size, seen.Root) }); got != state.Ended {
		t.Errorf("an epoch after it lapsed: got %q", got)
	}
	if got := u.code(xb.Root, more); got != "" {
		t.Errorf("a proposal after they lapsed: got %q", got)
	}
	if list, err := state.ReadProposals(u.view); err != nil || len(list) != 1 {
		t.Errorf("got %d open proposals, %v", len(list), err)
	}
}

// TestLastVoter: a consortium does not vote itself away.
func TestLastVoter(t *testing.T) {
	u := newUnion(t, 1)
	xa := u.Bureaus[0]
	xb := u.admit("XB")
	for _, c := range []ledger.Change{ledger.ChangeRemove, ledger.ChangeDemote} {
		if got := u.code(xa.Root, func() ledger.Item { return xa.Propose(t, about(c, "XA")) }); got != state.NotNow {
			t.Errorf("%s of the last voter: got %q", c, got)
		}
	}
	// Alone one decides; what others say does not count while they do not vote.
	u.change(about(ledger.ChangePromote, "XB"), xa)
	u.change(about(ledger.ChangeRemove, "XA"), xb)
	if got := members(u.membership().Latest()); got != "3 from 12: XB" {
		t.Errorf("got %s", got)
	}
}

// TestVoicesOfThePresent: who left, or has another root than the one that voted,
// has no voice, and what reviewers who left said is not counted.
func TestVoicesOfThePresent(t *testing.T) {
	u := newUnion(t, 5)
	xa, xb, xc := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2]
	it := xa.Propose(t, about(ledger.ChangeDemote, "XE"))
	u.accept(it, xb.Vote(t, it.Entry.ID, true), xc.Vote(t, it.Entry.ID, true), u.Bureaus[3].Vote(t, it.Entry.ID, true))
	counted := func() int {
		p, err := state.ReadProposal(u.view, it.Entry.ID)
		if err != nil {
			t.Fatal(err)
		}
		yes, _ := p.Count(u.membership().Latest())
		return len(yes)
	}
	notice := xa.Officer.Publish(t, ledger.KindBlue, text)
	u.accept(notice, xb.Supervisor.Review(t, notice.Entry.ID, notice.Entry.ID, ledger.Approve))

	next := u.NewAuthor("XC root, the second")
	p := xc.NewRoot(t, next)
	id := u.proposed(p)
	xc.Root = next
	u.accept(u.enact(xc, id))
	u.finish()
	if got := counted(); got != 3 {
		t.Errorf("after a new root: got %d votes, want 3", got)
	}
	u.change(about(ledger.ChangeRemove, "XB"), xa)
	if got := counted(); got != 2 {
		t.Errorf("after a removal: got %d votes, want 2", got)
	}
	// Of four two reviewers decide, and XB's word is gone with it.
	u.accept(xc.Supervisor.Review(t, notice.Entry.ID, notice.Entry.ID, ledger.Approve))
	n, err := state.ReadNotice(u.view, notice.Entry.ID)
	if err != nil || n.Status != state.StatusSubmitted {
		t.Errorf("one reviewer of the present: got %s, %v", n.Status, err)
	}
	u.accept(u.Bureaus[3].Supervisor.Review(t, notice.Entry.ID, notice.Entry.ID, ledger.Approve))
	if n, err = state.ReadNotice(u.view, notice.Entry.ID); err != nil || n.Status != state.StatusActive {
		t.Errorf("two: got %s, %v", n.Status, err)
	}
	votes, err := state.ReadVotes(u.view, notice.Entry.ID)
	if err != nil || len(votes) != 4 {
		t.Errorf("got %d members in the ballot, %v", len(votes), err)
	}
	u.accept(xa.Officer.Withdraw(t, notice.Entry.ID))
	purge := xa.Officer.Purge(t, notice.Entry.ID, ledger.ReasonOver, xa.Supervisor)
	u.accept(purge)
	late := u.admit("XF")
	list, err := state.ReadPurge(u.view, purge.Entry.ID)
	if err != nil || len(list.Nodes) != 4 || list.Acked("XC") || !list.Acked("XF") {
		t.Errorf("nodes of the purge: got %+v, %v", list, err)
	}
	node := u.NodeAuthor(late)
	if got := u.code(node, func() ledger.Item { return node.PurgeAck(t, purge.Entry.ID) }); got != state.Repeated {
		t.Errorf("the newcomer acknowledges: got %q", got)
	}
}

// TestEpochAndCheckpoints: what was pending is not asked for any more, a node is
// judged by the keys that it had at that size, and new keys end a fault.
func TestEpochAndCheckpoints(t *testing.T) {
	u := newUnion(t, 4)
	xa, xd := u.Bureaus[0], u.Bureaus[3]
	id := u.proposed(about(ledger.ChangeRemove, "XC"))
	u.finish()
	before := u.final()
	u.accept(u.Bureaus[1].Officer.Reply(t, text))
	asked := u.pending()
	u.cosigned(u.cosignedBy(asked, xa, xd)...)
	fork := u.forked(3, before.Size)
	u.accept(xa.Enact(t, id, 1, before.Size, before.Root))
	if p := u.pending(); p.Size != u.head().Size || len(p.Cosigs) != 0 {
		t.Errorf("pending: got %d by %d nodes, want the end of the log at %d by none", p.Size, len(p.Cosigs), u.head().Size)
	}
	if r := u.cosigned(u.cosignedBy(asked, u.Bureaus[1])...); r[0].Refusal == nil || r[0].Refusal.Code != state.Stale {
		t.Errorf("what was pending: got %v", r[0].Refusal)
	}
	// A cosignature of the last FINAL checkpoint counts by the epoch that it is of.
	late := u.cosigned(u.cosignedBy(before, u.Bureaus[2])...)
	if late[0].Refusal != nil {
		t.Errorf("late cosignature of one who left since: got %v", late[0].Refusal)
	}
	u.finish() // XA, XB and XD: three of three

	_, r := u.apply(&ledger.Command{Evidence: fork})
	if r[0].Refusal != nil {
		t.Fatal(r[0].Refusal)
	}
	if list, err := u.m.Faults(u.view); err != nil || len(list) != 1 {
		t.Fatalf("faults: got %d, %v", len(list), err)
	}
	spare := u.Newcomer(t, "XD")
	u.accept(u.enact(xa, u.proposed(xd.NewNode(t, spare))))
	old := *xd
	xd.Witness, xd.TLS = spare.Witness, spare.TLS
	if list, err := u.m.Faults(u.view); err != nil || len(list) != 0 {
		t.Errorf("a new node is faulty: got %d, %v", len(list), err)
	}
	if _, r := u.apply(&ledger.Command{Evidence: fork}); r[0].Refusal == nil || r[0].Refusal.Code != state.UnknownKey {
		t.Errorf("evidence against keys that are gone: got %v", r[0].Refusal)
	}
	if k, err := state.ReadKey(u.view, old.TLS.ID()); err != nil || k.RevokedAt != u.membership().Latest().From {
		t.Errorf("the old TLS key: got %+v, %v", k, err)
	}
	if k, err := state.ReadKey(u.view, keys.ID(spare.TLS.ID())); err != nil || k == nil || k.RevokedAt != 0 || k.Use != state.UseNode || k.Bureau != "XD" {
		t.Errorf("the new one: got %+v, %v", k, err)
	}
	u.finish()
	if f := u.final(); f.Size != u.head().Size || !f.By("xd.comity/n1") {
		t.Errorf("the new node does not count: FINAL at %d of %d", f.Size, u.head().Size)
	}
}
