package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"

	"golang.org/x/mod/sumdb/tlog"
)

// union is a ledger whose members change.
type union struct {
	*ledgertest.Consortium
	t     testing.TB
	m     *state.Machine
	store *store.Mem
	now   uint64
	notes [][]byte
	final *state.Collected
}

func newUnion(t testing.TB, c *ledgertest.Consortium) *union {
	m := state.New(c.Genesis)
	return &union{Consortium: c, t: t, m: m, store: store.NewMem(m), now: start}
}

func (u *union) apply(c *ledger.Command) {
	u.t.Helper()
	changes, results, err := u.m.Apply(u.store, c, state.Plain{})
	if err == nil {
		err = u.store.Commit(0, changes)
	}
	if err != nil {
		u.t.Fatal(err)
	}
	for _, r := range results {
		if r.Refusal != nil {
			u.t.Fatal(r.Refusal)
		}
	}
}

func (u *union) add(items ...ledger.Item) uint64 {
	u.t.Helper()
	u.now += 1000
	u.apply(&ledger.Command{Batch: &ledger.Batch{Time: u.now, Items: items}})
	h, err := state.ReadHead(u.store)
	if err != nil {
		u.t.Fatal(err)
	}
	return h.Size - 1
}

func (u *union) members() *ledger.Membership {
	m, err := u.m.Membership(u.store)
	if err != nil {
		u.t.Fatal(err)
	}
	return m
}

func (u *union) bureau(code string) *ledgertest.Bureau {
	return u.Bureaus[slices.IndexFunc(u.Bureaus, func(b *ledgertest.Bureau) bool { return b.Code == code })]
}

// sign returns the note of a checkpoint by these bureaus.
func (u *union) sign(c ledger.Checkpoint, by ...*ledgertest.Bureau) ([]byte, []*ledger.Cosignature) {
	witness := u.members().PolicyAt(c.Size).Witness
	var list []*ledger.Cosignature
	for _, b := range by {
		s, err := ledger.Cosign(b.Witness, b.Node(), c, u.now/1000)
		if err != nil {
			u.t.Fatal(err)
		}
		list = append(list, s)
		witness[b.Node()] = b.Witness.Public() // whoever it is
	}
	return ledger.FormatNote(c, witness, list), list
}

// finish makes the end of the log FINAL.
func (u *union) finish() {
	u.t.Helper()
	p, err := state.ReadPending(u.store)
	if err != nil {
		u.t.Fatal(err)
	}
	if p == nil {
		return
	}
	defer u.finish() // of what came meanwhile
	var by []*ledgertest.Bureau
	for _, m := range u.members().Members() {
		if m.Voter {
			by = append(by, u.bureau(m.Code))
		}
	}
	note, list := u.sign(ledger.Checkpoint{Origin: u.Genesis.Origin(), Size: p.Size, Root: p.Root}, by...)
	u.apply(&ledger.Command{Cosignatures: list})
	u.notes, u.final = append(u.notes, note), p
}

// change carries a proposal out, by the votes of all.
func (u *union) change(p ledger.Propose, by *ledgertest.Bureau) {
	u.t.Helper()
	var items []ledger.Item
	for _, m := range u.members().Members() {
		if !m.Voter {
			continue
		}
		b := u.bureau(m.Code)
		if items == nil {
			items = append(items, b.Propose(u.t, p))
			continue
		}
		items = append(items, b.Vote(u.t, items[0].Entry.ID, true))
	}
	u.add(items...)
	u.finish()
	u.add(by.Enact(u.t, items[0].Entry.ID, u.members().Latest().Number+1, u.final.Size, u.final.Root))
	u.finish()
}

// certified returns the charter file with all certificates.
func (u *union) certified() *ledger.Genesis {
	u.t.Helper()
	g := u.Genesis
	for n := range u.members().Latest().Number {
		c, err := u.m.Certificate(u.store, n+1)
		if err == nil {
			g, err = g.With(c)
		}
		if err != nil {
			u.t.Fatal(err)
		}
	}
	return g
}

// file returns a bundle of the whole ledger.
func (u *union) file(g *ledger.Genesis) *file {
	f := &file{id: g.Ledger, genesis: g.Marshal(), notes: u.notes}
	for i := range u.final.Size {
		time, e, err := u.store.Entry(i)
		if err != nil {
			u.t.Fatal(err)
		}
		r := bundle.Record{Time: time, Entry: e.Raw}
		if r.Body, err = u.store.Body(i); err != nil {
			u.t.Fatal(err)
		}
		if r.Body != nil {
			r.State = bundle.Included
		}
		f.records = append(f.records, r)
	}
	f.relist()
	return f
}

// exhibit returns the exhibit of an officer's entry, under the last checkpoint.
func (u *union) exhibit(it ledger.Item, index uint64, b *ledgertest.Bureau) *ledger.Exhibit {
	k, err := state.ReadKey(u.store, b.Officer.Signer.ID())
	if err != nil {
		u.t.Fatal(err)
	}
	receipt := func(index uint64) *ledger.Receipt {
		p, err := tlog.ProveRecord(int64(u.final.Size), int64(index), u.store)
		if err != nil {
			u.t.Fatal(err)
		}
		return &ledger.Receipt{Index: index, Proof: p, Note: u.notes[len(u.notes)-1]}
	}
	_, e, err := u.store.Entry(k.EnrolledAt)
	if err != nil {
		u.t.Fatal(err)
	}
	return &ledger.Exhibit{Ledger: u.Genesis.Ledger, Item: it, Receipt: receipt(index), Enrols: []ledger.Enrolment{{Entry: e, Receipt: receipt(k.EnrolledAt)}}}
}

// changed is a ledger of three in which XD joined and became a voter, and XA left.
type changed struct {
	*union
	before, joined *ledger.Exhibit // notices of XA and of XD
}

func newChanged(t testing.TB) *changed {
	t.Helper()
	u := newUnion(t, ledgertest.NewGenesis(t, 3))
	xa, xb, xd := u.Bureaus[0], u.Bureaus[1], u.Newcomer(t, "XD")
	u.add(u.Enrolments(t)...)
	first := xa.Officer.Publish(t, ledger.KindBlue, []byte("the text of XA"))
	at := u.add(first)
	u.Bureaus = append(u.Bureaus, xd)
	u.change(xd.Admission(t), xd)
	u.add(xd.Enrolments(t)...)
	second := xd.Officer.Publish(t, ledger.KindBlue, []byte("the text of XD"))
	after := u.add(second)
	u.change(ledger.Propose{Change: ledger.ChangePromote, Code: "XD"}, xb)
	u.change(ledger.Propose{Change: ledger.ChangeRemove, Code: "XA"}, xd)
	u.add(xb.Officer.Reply(t, []byte("an answer")))
	u.finish()
	return &changed{u, u.exhibit(first, at, xa), u.exhibit(second, after, xd)}
}

// TestMembers audits a ledger whose members changed, from the founders' charter
// alone and from a file with certificates.
func TestMembers(t *testing.T) {
	u := newChanged(t)
	id := u.Genesis.Ledger
	for name, g := range map[string]*ledger.Genesis{"founders": u.Genesis, "certified": u.certified()} {
		f := u.file(g)
		r := run(t, f, Trust{Ledger: &id}, Options{})
		if r.Verdict != Authentic || r.Quorum != 2 || r.Members != 3 || len(r.Epochs) != 3 || len(r.Bureaus) != 4 || r.Bureaus[3].Entries != 9 {
			t.Errorf("%s: got %s%+v", name, show(r), r)
		}
		var got []string
		for _, e := range r.Epochs {
			got = append(got, e.What)
		}
		if want := []string{"XD joined", "XD became a voter", "XA was removed"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		// A head by who has left is no head.
		c := ledger.Checkpoint{Origin: g.Origin(), Size: u.final.Size, Root: u.final.Root}
		note, _ := u.sign(c, u.bureau("XA"), u.bureau("XB"))
		f.notes = append(slices.Clone(f.notes[:len(f.notes)-1]), note)
		r = run(t, f, Trust{Ledger: &id}, Options{})
		if r.Verdict != Forged || !strings.Contains(show(r), "is cosigned by XB only, and 2 of 3 are needed") {
			t.Errorf("%s: a head by who has left: got %s", name, show(r))
		}
	}
	// While they were four, three of them made a head FINAL; founded they were by three.
	four := u.members().Epochs()[3].From - 1
	whole, cut := u.file(u.certified()), u.file(u.certified())
	cut.records, cut.notes = cut.records[:four], slices.DeleteFunc(slices.Clone(cut.notes), func(n []byte) bool {
		c, _, err := u.members().Open(n)
		return err != nil || c.Size > four
	})
	cut.relist()
	d, err := Diff(t.Context(), bytes.NewReader(cut.marshal()), bytes.NewReader(whole.marshal()), &id)
	if err != nil || d.Relation != Shorter || d.A.Head.Size != four || d.Quorum != 3 || len(d.A.Cosigners) != 4 {
		t.Errorf("diff: got %+v, %v", d, err)
	}
	// A file that ends before what its charter certifies says nothing about it.
	f := u.file(u.certified())
	f.records, f.notes = f.records[:19], f.notes[:2]
	f.relist()
	if r := run(t, f, Trust{Ledger: &id}, Options{}); r.Verdict != Authentic || len(r.Epochs) != 0 || r.Members != 3 {
		t.Errorf("a file that ends before the first change: got %s%+v", show(r), r)
	}
}

// TestMembersOtherwise: certificates of changes that the entries do not make are
// found, though they are good.
func TestMembersOtherwise(t *testing.T) {
	c := ledgertest.NewGenesis(t, 3)
	twin := *c
	twin.Bureaus = nil
	for _, b := range c.Bureaus {
		same, root := *b, *b.Root
		same.Root = &root
		twin.Bureaus = append(twin.Bureaus, &same)
	}
	u, other := newUnion(t, c), newUnion(t, &twin)
	u.change(ledger.Propose{Change: ledger.ChangeDemote, Code: "XC"}, u.Bureaus[0])
	other.change(ledger.Propose{Change: ledger.ChangeRemove, Code: "XC"}, other.Bureaus[0])
	id := c.Genesis.Ledger
	if r := run(t, u.file(u.certified()), Trust{Ledger: &id}, Options{}); r.Verdict != Authentic {
		t.Fatalf("got %s", show(r))
	}
	if r := run(t, u.file(other.certified()), Trust{Ledger: &id}, Options{}); r.Verdict != Forged || !strings.Contains(show(r), "certificates") {
		t.Errorf("got %s", show(r))
	}
}

// newRecovered returns a ledger that went on after the quorum of its nodes was lost,
// and its charter file. All five roots signed that, more than may sign other entries.
func newRecovered(t testing.TB) (*union, *ledger.Genesis) {
	u := newUnion(t, ledgertest.NewGenesis(t, 5))
	xa, xb := u.Bureaus[0], u.Bureaus[1]
	u.add(xa.Enrolments(t)...)
	u.finish()
	kept := u.final
	r := ledger.Recover{Number: 1, Time: u.now + 1000}
	spares := []*ledgertest.Bureau{u.Newcomer(t, "XA"), u.Newcomer(t, "XB")}
	for i, b := range []*ledgertest.Bureau{xa, xb} {
		p := b.NewNode(t, spares[i])
		r.Changes = append(r.Changes, &p)
	}
	others := []*ledgertest.Author{xb.Root}
	for _, b := range u.Bureaus[2:] {
		r.Changes, others = append(r.Changes, &ledger.Propose{Change: ledger.ChangeDemote, Code: b.Code}), append(others, b.Root)
	}
	recovery := xa.Recover(t, r, kept.Size, kept.Root, others...)
	u.add(recovery)
	for i, b := range []*ledgertest.Bureau{xa, xb} {
		b.Witness, b.TLS = spares[i].Witness, spares[i].TLS
	}
	u.finish()
	cert, err := ledger.NewRecovery(recovery.Entry)
	if err != nil {
		t.Fatal(err)
	}
	certified, err := u.Genesis.With(cert)
	if err != nil {
		t.Fatal(err)
	}
	return u, certified
}

func TestMembersRecovered(t *testing.T) {
	u, certified := newRecovered(t)
	id := u.Genesis.Ledger
	for name, g := range map[string]*ledger.Genesis{"founders": u.Genesis, "certified": certified} {
		r := run(t, u.file(g), Trust{Ledger: &id}, Options{})
		if r.Verdict != Authentic || r.Quorum != 2 || r.Members != 2 || len(r.Epochs) != 1 {
			t.Fatalf("%s: got %s%+v", name, show(r), r)
		}
		const want = "after the quorum of nodes was lost, a quorum of the roots went on from here: XA got a new node, XB got a new node, XC is no voter any more, XD is no voter any more, XE is no voter any more; what had been entry 5 and above was cut"
		if e := r.Epochs[0]; e.Entry != 5 || !e.Recovered || e.What != want {
			t.Errorf("%s: got %+v, want %s", name, e, want)
		}
	}
	// An auditor who verified more than was kept is told what became of it.
	for _, size := range []uint64{5, 6, 60} {
		r := run(t, u.file(certified), Trust{Ledger: &id, Anchors: []Anchor{{Size: size, Root: ledger.Hash{9}}}}, Options{})
		if cut := strings.Contains(show(r), "entry 5 is a recovery: a quorum of the roots cut there what you had verified"); r.Verdict != Forged || cut != (size > 5) {
			t.Errorf("anchor at %d: got %s", size, show(r))
		}
	}
}

// TestExhibitsOverEpochs: what was signed before a bureau left verifies, and what
// one signed who joined; of that, who has the founders' charter alone cannot tell.
func TestExhibitsOverEpochs(t *testing.T) {
	u := newChanged(t)
	g := u.certified()
	for _, x := range []*ledger.Exhibit{u.before, u.joined} {
		v, err := x.Verify(g)
		if err != nil || len(v.Cosigners) != 3 {
			t.Errorf("got %+v, %v", v, err)
		}
	}
	if v, err := u.before.Verify(u.Genesis); err != nil || len(v.Cosigners) != 2 {
		t.Errorf("of a founder, by the founders' charter: got %+v, %v", v, err)
	}
	if _, err := u.joined.Verify(u.Genesis); !errors.Is(err, ledger.ErrOldCharter) {
		t.Errorf("of who joined, by the founders' charter: got %v", err)
	}
}

// TestLaterFormat: of a ledger whose format is not known here an audit tells nothing,
// whether its entries or its charter file say so first.
func TestLaterFormat(t *testing.T) {
	u := newUnion(t, ledgertest.NewGenesis(t, 2))
	u.m = state.NewAs(u.Genesis, state.Program{Knows: ledger.Format + 1, Needs: state.This.Needs})
	u.add(u.Enrolments(t)...)
	u.change(ledger.Propose{Change: ledger.ChangeFormat, Format: ledger.Format}, u.Bureaus[0])
	id := u.Genesis.Ledger
	certified := u.certified()
	r := run(t, u.file(certified), Trust{Ledger: &id}, Options{})
	if r.Verdict != Authentic || len(r.Epochs) != 1 || r.Epochs[0].What != fmt.Sprintf("the ledger has format %d", ledger.Format) {
		t.Errorf("a format that is known: got %s%+v", show(r), r.Epochs)
	}
	u.change(ledger.Propose{Change: ledger.ChangeFormat, Format: ledger.Format + 1}, u.Bureaus[1])
	if _, err := Run(t.Context(), bytes.NewReader(u.file(u.Genesis).marshal()), Trust{Ledger: &id}, Options{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("by its entries: got %v", err)
	}
	forged := u.file(u.Genesis)
	forged.flip(0, -1, 1)
	if r := run(t, forged, Trust{Ledger: &id}, Options{}); r.Verdict != Forged || len(r.Failures) == 0 || !strings.Contains(strings.Join(r.NotChecked, " "), "What follows the first") {
		t.Errorf("of a file that was forged before: got %s", show(r))
	}
	c, err := u.m.Certificate(u.store, 2)
	if err != nil {
		t.Fatal(err)
	}
	data := c.Marshal()
	f := u.file(certified)
	f.genesis = append(append(f.genesis, byte(len(data)>>16), byte(len(data)>>8), byte(len(data))), data...)
	if _, err := Run(t.Context(), bytes.NewReader(f.marshal()), Trust{Ledger: &id}, Options{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("by its charter: got %v", err)
	}
}
