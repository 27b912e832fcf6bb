package state_test

import (
	"bytes"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/state"
)

func TestBegin(t *testing.T) {
	w := genesisWorld(t, 3)
	for _, b := range w.Bureaus {
		for _, tt := range []struct {
			id     keys.ID
			use    state.Use
			label  string
			roles  ledger.Roles
			public []byte
		}{
			{b.Root.Signer.ID(), state.UseRoot, "root", 0, b.Root.Signer.Public()},
			{b.TLS.ID(), state.UseNode, "node", 0, nil},
			{b.Witness.Signer().ID(), state.UseCosign, "node", 0, b.Witness.Public().Ed25519},
			{b.Access.ID(), state.UseAccess, "operator", ledger.RoleOperator, nil},
		} {
			k, err := state.ReadKey(w.view, tt.id)
			if err != nil || k == nil || k.Bureau != b.Code || k.Use != tt.use || k.Label != tt.label || k.Roles != tt.roles ||
				!bytes.Equal(k.Public, tt.public) || k.EnrolledAt != 0 || k.RevokedAt != 0 {
				t.Errorf("%s of %s: got %+v, error %v", tt.label, b.Code, k, err)
			}
		}
	}
	if h := w.head(); h.Size != 0 || h.Root != ledger.EmptyRoot || h.Time != 0 || h.Digest == (ledger.Hash{}) {
		t.Errorf("head: got %+v", h)
	}
	if w.pending() != nil || w.final() != nil {
		t.Errorf("got pending %v, final %v, want none", w.pending(), w.final())
	}
	if a, b := w.m.Begin(), genesisWorld(t, 3).m.Begin(); a.Head.Digest == b.Head.Digest {
		t.Error("two ledgers begin with one digest")
	}
	if len(w.view.tables) != 3*4+1 {
		t.Errorf("got %d values, want 13", len(w.view.tables))
	}
}

func TestKnownStatement(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	first, second := xa.Officer.Publish(t, ledger.KindBlue, text), xa.Officer.Reply(t, text)
	results := w.batch(first, first, second, first)
	want := []state.Result{{Index: 10, Time: w.now}, {Index: 10, Known: true}, {Index: 11, Time: w.now}, {Index: 10, Known: true}}
	for i, r := range results {
		if r != want[i] {
			t.Errorf("item %d: got %+v, want %+v", i, r, want[i])
		}
	}
	before := w.head()
	// Still known after its author's key ended, and with another signature.
	w.accept(xa.Revoke(t, xa.Officer.Signer.ID()))
	for _, it := range []ledger.Item{first, forge(t, first, 0)} {
		if r := w.batch(it)[0]; r != (state.Result{Index: 10, Known: true}) {
			t.Errorf("again: got %+v", r)
		}
	}
	if h := w.head(); h.Size != before.Size+1 || len(w.view.records) != int(h.Size) {
		t.Errorf("got %d entries and %d records, want %d", h.Size, len(w.view.records), before.Size+1)
	}
}

// TestRightsAtPosition: rights are those of the place in the log, also within
// one batch.
func TestRightsAtPosition(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	late := w.NewAuthor("late")
	notice := late.Publish(t, ledger.KindBlue, text)
	if r := w.batch(notice)[0]; r.Refusal == nil || r.Refusal.Code != state.UnknownKey {
		t.Fatalf("before its enrolment: got %+v", r)
	}
	enrol, revoke := xa.EnrolSigner(t, late, "desk-7", ledger.RoleInvestigator), xa.Revoke(t, late.Signer.ID())
	answer := late.Reply(t, text)
	results := w.batch(enrol, notice, revoke, answer)
	for i, want := range []state.Code{"", "", "", state.RevokedKey} {
		if got := results[i].Refusal; (got == nil) != (want == "") || got != nil && got.Code != want {
			t.Errorf("item %d: got refusal %v, want %q", i, got, want)
		}
	}
	k, err := state.ReadKey(w.view, late.Signer.ID())
	if err != nil || k == nil || k.EnrolledAt != 10 || k.RevokedAt != 13 || k.Label != "desk-7" {
		t.Errorf("key: got %+v, error %v", k, err)
	}
	n, err := state.ReadNotice(w.view, notice.Entry.ID)
	if err != nil || n == nil || n.Status != state.StatusSubmitted || n.Index != 11 {
		t.Errorf("the notice of a revoked officer: got %+v, error %v; want it active", n, err)
	}
	// The bureau goes on with another officer.
	w.accept(xa.Officer.Amend(t, notice.Entry.ID, ledger.KindBlue, text), xa.Supervisor.Withdraw(t, notice.Entry.ID))
}

func TestNoticeLife(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	it := xa.Officer.Publish(t, ledger.KindRed, text, xa.Supervisor)
	index := w.accept(it)
	sent, limit := w.now, uint32(w.now/86_400_000)+state.TermDays
	grant := xa.Officer.Grant(t, it.Entry.ID, text)
	amend := xa.Officer.Amend(t, it.Entry.ID, ledger.KindRed, text, xa.Supervisor)
	for _, tt := range []struct {
		item ledger.Item
		want state.Notice
	}{
		{grant,
			state.Notice{Bureau: "XA", Kind: ledger.KindRed, Status: state.StatusSubmitted, Index: index, Latest: index, Version: it.Entry.ID, Sent: sent, ReviewBy: 30_000, Limit: limit, Last: index + 2}},
		{amend,
			state.Notice{Bureau: "XA", Kind: ledger.KindRed, Status: state.StatusSubmitted, Index: index, Latest: index + 2, Version: amend.Entry.ID, Sent: sent + 2000, ReviewBy: 30_000, Limit: limit, Last: index + 3}},
		{xa.Supervisor.Withdraw(t, it.Entry.ID),
			state.Notice{Bureau: "XA", Kind: ledger.KindRed, Status: state.StatusWithdrawn, Index: index, Latest: index + 2, Version: amend.Entry.ID, Sent: sent + 2000, ReviewBy: 30_000, Limit: limit, Ended: index + 4, EndedAt: sent + 3000, Last: index + 3}},
	} {
		w.accept(tt.item)
		if n, err := state.ReadNotice(w.view, it.Entry.ID); err != nil || n == nil || *n != tt.want {
			t.Errorf("after %s: got %+v, error %v; want %+v", tt.item.Entry.Statement.Class, n, err, tt.want)
		}
	}
	if got := state.StatusActive.String() + " " + state.StatusWithdrawn.String() + " " + state.Status(10).String(); got != "active withdrawn status(10)" {
		t.Errorf("got %q", got)
	}
}

func TestAuthorChain(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	id := xa.Officer.Signer.ID()
	if a, err := state.ReadAuthor(w.view, id); err != nil || a != (state.Author{}) {
		t.Errorf("before the first: got %+v, error %v", a, err)
	}
	items := []ledger.Item{xa.Officer.Reply(t, text), xa.Officer.Publish(t, ledger.KindBlue, text), xa.Officer.Reply(t, text)}
	// The later ones wait for the first.
	for i, r := range w.batch(items[2], items[1]) {
		if r.Refusal == nil || r.Refusal.Code != state.BadSequence {
			t.Errorf("item %d: got %+v", i, r)
		}
	}
	w.accept(items...)
	if a, err := state.ReadAuthor(w.view, id); err != nil || a != (state.Author{Seq: 3, Prev: items[2].Entry.ID}) {
		t.Errorf("after the third: got %+v, error %v", a, err)
	}
	for i, it := range items {
		if index, ok, err := state.ReadIndex(w.view, it.Entry.ID); err != nil || !ok || index != uint64(10+i) {
			t.Errorf("statement %d: got index %d, %v, error %v", i, index, ok, err)
		}
	}
	if _, ok, err := state.ReadIndex(w.view, ledger.ID{1}); ok || err != nil {
		t.Errorf("unknown statement: got %v, error %v", ok, err)
	}
}

// TestSeenRoots names the history at every size, up to the position of the
// statement within its own batch.
func TestSeenRoots(t *testing.T) {
	w := newWorld(t, 2)
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	roots := map[uint64]ledger.Hash{w.head().Size: w.head().Root}
	for range 6 {
		w.accept(xa.Officer.Reply(t, text))
		roots[w.head().Size] = w.head().Root
	}
	seen := func(size uint64, root ledger.Hash) ledger.Item {
		return xb.Officer.Sign(t, ledger.Statement{Class: ledger.ClassReply, SeenSize: size, SeenRoot: root}, text)
	}
	var items []ledger.Item
	for size := uint64(10); size <= 16; size++ {
		items = append(items, seen(size, roots[size]))
	}
	w.accept(items...)

	// What the root will be within a batch is known from a world that is ahead.
	ahead := xa.Officer.Reply(t, text)
	before := w.head().Size
	other := &world{t: t, m: w.m, view: newMemory(w.m), now: w.now, Consortium: w.Consortium}
	for _, r := range w.view.records {
		other.accept(r.Item)
	}
	other.accept(ahead)
	w.accept(ahead, seen(before+1, other.head().Root))
}

func TestSealingKeys(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	current := func(c seal.Compartment) keys.ID {
		t.Helper()
		r, err := state.ReadSealing(w.view, "XA", c)
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return keys.ID{}
		}
		return r.ID()
	}
	var next [3]*keys.Identity
	for i := range next {
		var err error
		if next[i], err = keys.GenerateIdentity(); err != nil {
			t.Fatal(err)
		}
	}
	first := xa.Sealing[seal.Card].Recipient().ID()
	if got := current(seal.Card); got != first {
		t.Fatalf("got %s, want %s", got.Short(), first.Short())
	}
	w.accept(xa.EnrolSealing(t, seal.Card, next[0].Recipient()))
	if got := current(seal.Card); got != next[0].Recipient().ID() {
		t.Errorf("after a second key: got %s", got.Short())
	}
	w.accept(xa.Revoke(t, first)) // not the current one any more
	if got := current(seal.Card); got != next[0].Recipient().ID() {
		t.Errorf("after the old one was revoked: got %s", got.Short())
	}
	w.accept(xa.Revoke(t, next[0].Recipient().ID()))
	if got := current(seal.Card); got != (keys.ID{}) {
		t.Errorf("after the current one was revoked: got %s, want none", got.Short())
	}
	if current(seal.Body) == (keys.ID{}) || current(seal.Victim) == (keys.ID{}) {
		t.Error("keys of other compartments are gone")
	}
	// Enrolled and revoked in one batch, then one that stays.
	w.accept(xa.EnrolSealing(t, seal.Card, next[1].Recipient()), xa.Revoke(t, next[1].Recipient().ID()), xa.EnrolSealing(t, seal.Card, next[2].Recipient()))
	if got := current(seal.Card); got != next[2].Recipient().ID() {
		t.Errorf("after the third: got %s", got.Short())
	}
	if r, err := state.ReadSealing(w.view, "XZ", seal.Card); r != nil || err != nil {
		t.Errorf("a bureau that is none: got %v, error %v", r, err)
	}
}

// TestOperatorKeyEnds: keys of the charter end like others, but roots and nodes.
func TestOperatorKeyEnds(t *testing.T) {
	w := newWorld(t, 2)
	xa := w.Bureaus[0]
	w.accept(xa.Revoke(t, xa.Access.ID()))
	k, err := state.ReadKey(w.view, xa.Access.ID())
	if err != nil || k == nil || k.RevokedAt != 11 || k.Use != state.UseAccess {
		t.Errorf("got %+v, error %v", k, err)
	}
	w.accept(xa.EnrolAccess(t, keys.ID{5}, "laptop-1", ledger.RoleDesk))
	if k, err := state.ReadKey(w.view, keys.ID{5}); err != nil || k == nil || k.Use != state.UseAccess || k.Roles != ledger.RoleDesk || k.EnrolledAt != 11 {
		t.Errorf("got %+v, error %v", k, err)
	}
}

// TestLedgerTime never falls, and does not move where nothing is accepted: who
// has the accepted entries must come to the same head.
func TestLedgerTime(t *testing.T) {
	w := newWorld(t, 1)
	xa := w.Bureaus[0]
	start := w.head()
	apply := func(time uint64, it ledger.Item) state.Result {
		t.Helper()
		_, results := w.apply(&ledger.Command{Batch: &ledger.Batch{Time: time, Items: []ledger.Item{it}}})
		return results[0]
	}
	if r := apply(start.Time+5000, forge(t, xa.Root.Sign(t, ledger.Statement{Class: ledger.ClassRevoke, Public: revocation(keys.ID{1})}, nil), 0)); r.Refusal == nil {
		t.Fatalf("got %+v", r)
	}
	if got := w.head(); got != start {
		t.Errorf("after a refusal: got head %+v, want %+v", got, start)
	}
	for _, tt := range []struct{ time, want uint64 }{{start.Time - 7, start.Time}, {start.Time + 9, start.Time + 9}, {1, start.Time + 9}, {start.Time + 10, start.Time + 10}} {
		r := apply(tt.time, xa.Officer.Reply(t, text))
		if r.Time != tt.want || w.head().Time != tt.want || w.view.records[r.Index].Time != tt.want {
			t.Errorf("batch at %d: got %+v, head at %d, want %d", tt.time, r, w.head().Time, tt.want)
		}
	}
}

func revocation(id keys.ID) []byte {
	r := ledger.Revoke{Key: id, SuspectFrom: ledger.NotSuspect}
	return r.Marshal()
}
