package state_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// union is a ledger whose members change. Its Bureaus are all that ever were.
type union struct{ *world }

func newUnion(t testing.TB, n int) *union { return &union{newWorld(t, n)} }

// unionOf is one that began with a format.
func unionOf(t testing.TB, n int, format uint8) *union {
	t.Helper()
	w := worldOf(t, ledgertest.NewGenesisFrom(t, n, ledger.Charter{Format: format}))
	w.accept(w.Enrolments(t)...)
	return &union{w}
}

func (u *union) membership() *ledger.Membership {
	u.t.Helper()
	m, err := u.m.Membership(u.view)
	if err != nil {
		u.t.Fatal(err)
	}
	return m
}

func (u *union) bureau(code string) *ledgertest.Bureau {
	return u.Bureaus[slices.IndexFunc(u.Bureaus, func(b *ledgertest.Bureau) bool { return b.Code == code })]
}

// voters returns the bureaus that vote now.
func (u *union) voters() (list []*ledgertest.Bureau) {
	for _, m := range u.membership().Members() {
		if m.Voter {
			list = append(list, u.bureau(m.Code))
		}
	}
	return list
}

// newcomer returns a bureau that is no member yet.
func (u *union) newcomer(code string) *ledgertest.Bureau {
	b := u.Newcomer(u.t, code)
	u.Bureaus = append(u.Bureaus, b)
	return b
}

// cosignedBy returns the cosignatures of some nodes over a checkpoint.
func (u *union) cosignedBy(c *state.Collected, by ...*ledgertest.Bureau) (list []*ledger.Cosignature) {
	for _, b := range by {
		list = append(list, u.cosign(slices.Index(u.Bureaus, b), c))
	}
	return list
}

// finish makes the end of the log FINAL.
func (u *union) finish() {
	u.t.Helper()
	for p := u.pending(); p != nil; p = u.pending() {
		for _, r := range u.cosigned(u.cosignedBy(p, u.voters()...)...) {
			if r.Refusal != nil && r.Refusal.Code != state.Stale && r.Refusal.Code != state.Faulty {
				u.t.Fatalf("cosignature at %d: %v", p.Size, r.Refusal)
			}
		}
	}
}

// proposed has the first voter propose, and enough others vote for it.
func (u *union) proposed(p ledger.Propose) ledger.ID {
	u.t.Helper()
	voters := u.voters()
	it := voters[0].Propose(u.t, p)
	items := []ledger.Item{it}
	for _, b := range voters[1:p.Needed(u.membership().Latest())] {
		items = append(items, b.Vote(u.t, it.Entry.ID, true))
	}
	u.accept(items...)
	return it.Entry.ID
}

// enact is the statement that carries a proposal out, of one who has seen the head.
func (u *union) enact(by *ledgertest.Bureau, proposal ledger.ID) ledger.Item {
	u.t.Helper()
	u.finish()
	f := u.final()
	return by.Enact(u.t, proposal, u.membership().Latest().Number+1, f.Size, f.Root)
}

// change carries a proposal out and makes the new epoch's first checkpoint FINAL.
func (u *union) change(p ledger.Propose, by *ledgertest.Bureau) {
	u.t.Helper()
	u.accept(u.enact(by, u.proposed(p)))
	u.finish()
}

func (u *union) admit(code string) *ledgertest.Bureau {
	u.t.Helper()
	b := u.newcomer(code)
	u.change(b.Admission(u.t), b)
	return b
}

func about(c ledger.Change, code string) ledger.Propose { return ledger.Propose{Change: c, Code: code} }

// code returns the code of the refusal of what an author signs, "" when it is
// accepted. What is refused the author did not say.
func (u *union) code(a *ledgertest.Author, sign func() ledger.Item) state.Code {
	u.t.Helper()
	before := *a
	if r := u.batch(sign())[0]; r.Refusal != nil {
		*a = before
		return r.Refusal.Code
	}
	return ""
}

// members writes who belongs to the consortium, voters in capitals.
func members(e *ledger.Epoch) string {
	var list []string
	for _, m := range e.Members {
		if !m.Voter {
			m.Code = strings.ToLower(m.Code)
		}
		list = append(list, m.Code)
	}
	return fmt.Sprintf("%d from %d: %s", e.Number, e.From, strings.Join(list, " "))
}

// TestEpochs takes a consortium of four through every change, and proves each epoch
// to who holds nothing but the founders' charter.
func TestEpochs(t *testing.T) {
	u := newUnion(t, 4)
	xa, xb, xc := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2]
	xe := u.admit("XE")
	u.change(about(ledger.ChangePromote, "XE"), xa)
	u.accept(xe.Enrolments(t)...)
	published := xe.Officer.Publish(t, ledger.KindBlue, text)
	u.accept(published)
	u.finish()
	u.change(about(ledger.ChangeDemote, "XC"), xe) // any voter's root
	u.change(about(ledger.ChangeRemove, "XD"), xa)

	next := u.NewAuthor("XB root, the second")
	p := xb.NewRoot(t, next)
	id := u.proposed(p)
	old := xb.Root
	xb.Root = next
	u.accept(u.enact(xb, id))
	u.finish()
	if got := u.code(old, func() ledger.Item {
		return old.Sign(t, ledger.Statement{Class: ledger.ClassVote, Target: id, Public: []byte{1}}, nil)
	}); got != state.RevokedKey {
		t.Errorf("the lost root: got %q", got)
	}
	spare := u.Newcomer(t, "XC")
	u.change(xc.NewNode(t, spare), xa)
	xc.Witness, xc.TLS = spare.Witness, spare.TLS
	u.change(about(ledger.ChangePromote, "XC"), xa)

	var got []string
	for _, e := range u.membership().Epochs() {
		got = append(got, members(e))
	}
	want := []string{"0 from 0: XA XB XC XD", "1 from 24: XA XB XC XD xe", "2 from 28: XA XB XC XD XE",
		"3 from 39: XA XB xc XD XE", "4 from 43: XA XB xc XE", "5 from 46: XA XB xc XE", "6 from 49: XA XB xc XE", "7 from 52: XA XB XC XE"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	g := u.Genesis
	for n := range uint32(7) {
		c, err := u.m.Certificate(u.store(), n+1)
		if err != nil {
			t.Fatal(err)
		}
		if g, err = g.With(c); err != nil {
			t.Fatal(err)
		}
	}
	back, err := ledger.ParseGenesis(g.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range back.Epochs() {
		if members(e) != want[i] {
			t.Errorf("certified: got %s, want %s", members(e), want[i])
		}
	}
	// The state works it out again where nothing is remembered.
	again, err := state.New(u.Genesis).Membership(u.view)
	if err != nil || members(again.Latest()) != want[7] || len(again.Epochs()) != 8 {
		t.Errorf("worked out again: got %v, %v", again, err)
	}
	if n, err := state.ReadNotice(u.view, published.Entry.ID); err != nil || n.Bureau != "XE" {
		t.Errorf("the newcomer's notice: got %+v, %v", n, err)
	}
}

// store is the world as the store of a node has it.
func (w *world) store() state.Log { return &worldLog{w.view} }

type worldLog struct{ *memory }

func (l *worldLog) Entry(index uint64) (uint64, *ledger.Entry, error) {
	if index >= uint64(len(l.records)) {
		return 0, nil, errors.New("no such entry")
	}
	return l.records[index].Time, l.records[index].Item.Entry, nil
}

// TestRemoval: what a bureau has ends with the position at which it leaves, and it
// may come back with new keys.
func TestRemoval(t *testing.T) {
	u := newUnion(t, 5)
	xa, xe := u.Bureaus[0], u.Bureaus[4]
	notice := xe.Officer.Publish(t, ledger.KindBlue, text)
	at := u.accept(notice)
	node := u.NodeAuthor(xe)
	u.change(about(ledger.ChangeRemove, "XE"), xa)
	from := u.membership().Latest().From

	for name, it := range map[string]ledger.Item{
		"officer": xe.Officer.Reply(t, text), "root": xe.Revoke(t, xe.Officer.Signer.ID()), "node": node.PurgeAck(t, ledger.ID{1}),
	} {
		if got := u.code(u.NewAuthor("nobody"), func() ledger.Item { return it }); got != state.RevokedKey {
			t.Errorf("%s: got %q, want revoked_key", name, got)
		}
	}
	for _, id := range []keys.ID{xe.Root.Signer.ID(), xe.TLS.ID(), xe.Access.ID(), xe.Witness.Signer().ID(), xe.Sealing[1].Recipient().ID(), xe.Officer.Signer.ID()} {
		if k, err := state.ReadKey(u.view, id); err != nil || k.RevokedAt != from {
			t.Errorf("key %s: got %+v, %v, want it revoked at %d", id.Short(), k, err, from)
		}
	}
	for c := range xe.Sealing {
		if r, err := state.ReadSealing(u.view, "XE", c); err != nil || r != nil {
			t.Errorf("sealing key %s: got %v, %v", c, r, err)
		}
	}
	if n, err := state.ReadNotice(u.view, notice.Entry.ID); err != nil || n.Index != at || n.Status != state.StatusSubmitted {
		t.Errorf("its notice: got %+v, %v", n, err)
	}
	// Its cosignature of what is pending is nobody's.
	u.accept(xa.Officer.Reply(t, text))
	if r := u.cosigned(u.cosignedBy(u.pending(), xe)...); r[0].Refusal == nil || r[0].Refusal.Code != state.UnknownKey {
		t.Errorf("its node: got %v", r[0].Refusal)
	}

	if got := u.code(xa.Root, func() ledger.Item { return xa.Propose(t, xe.Admission(t)) }); got != state.KeyInUse {
		t.Errorf("back with its old keys: got %q", got)
	}
	back := u.Newcomer(t, "XE")
	back.Root, back.Officer, back.Supervisor = u.NewAuthor("XE root 2"), u.NewAuthor("XE desk 2"), u.NewAuthor("XE head 2")
	u.Bureaus[4] = back
	u.accept(u.enact(back, u.proposed(back.Admission(t))))
	u.accept(back.EnrolSigner(t, back.Officer, "desk-2", ledger.RoleInvestigator))
	u.accept(back.Officer.Withdraw(t, notice.Entry.ID)) // it is the origin again
	if k, err := state.ReadKey(u.view, xe.Officer.Signer.ID()); err != nil || k.RevokedAt != from {
		t.Errorf("an old key: got %+v, %v", k, err)
	}
}
