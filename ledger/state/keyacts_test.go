package state_test

import (
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// refused applies an item that must be refused so.
func (w *world) refused(it ledger.Item, code state.Code) {
	w.t.Helper()
	if r := w.batch(it)[0].Refusal; r == nil || r.Code != code {
		w.t.Errorf("got refusal %v, want %s", r, code)
	}
}

func (w *world) key(id keys.ID) *state.Key {
	w.t.Helper()
	k, err := state.ReadKey(w.view, id)
	if err != nil || k == nil {
		w.t.Fatalf("key %s: %v, %v", id.Short(), k, err)
	}
	return k
}

// registrar enrols a registrar of the bureau.
func (w *world) registrar(b *ledgertest.Bureau, name string) *ledgertest.Author {
	a := w.NewAuthor(b.Code + name)
	w.accept(b.EnrolSigner(w.t, a, name, ledger.RoleRegistrar))
	return a
}

func TestRegistrar(t *testing.T) {
	w := newWorld(t, 2)
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	r, other := w.registrar(xa, "registrar-1"), w.registrar(xa, "registrar-2")
	officer, next := w.NewAuthor("officer"), w.NewAuthor("next")
	at := w.accept(r.Enrol(t, officer, "desk-7", ledger.RoleInvestigator))
	if k := w.key(officer.Signer.ID()); k.Bureau != "XA" || k.By != r.Signer.ID() || k.EnrolledAt != at {
		t.Errorf("got %+v", k)
	}
	w.accept(officer.Publish(t, ledger.KindBlue, text))
	w.accept(r.Rotate(t, officer.Signer.ID(), next, "desk-7", ledger.RoleInvestigator))
	w.refused(officer.Publish(t, ledger.KindBlue, text), state.RevokedKey)
	w.accept(next.Publish(t, ledger.KindBlue, text))
	w.accept(r.Revoke(t, next.Signer.ID(), ledger.NotSuspect))

	// What is for the root alone, and what is for nobody.
	try := func(name string, a *ledgertest.Author, make func(a *ledgertest.Author) ledger.Item, code state.Code) {
		t.Helper()
		again := *a // a refused statement is not the author's last
		w.refused(make(&again), code)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	fresh := func() *ledgertest.Author { return w.NewAuthor(t.Name()) }
	try("another registrar", r, func(a *ledgertest.Author) ledger.Item {
		return a.Enrol(t, fresh(), "registrar-3", ledger.RoleRegistrar|ledger.RoleDesk)
	}, state.NotAllowed)
	try("revoke a registrar", r, func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, other.Signer.ID(), 0) }, state.NotAllowed)
	try("replace a registrar", r, func(a *ledgertest.Author) ledger.Item {
		return a.Rotate(t, other.Signer.ID(), fresh(), "registrar-2", ledger.RoleRegistrar)
	}, state.NotAllowed)
	try("replace itself", r, func(a *ledgertest.Author) ledger.Item {
		return a.Rotate(t, a.Signer.ID(), fresh(), "registrar-1", ledger.RoleRegistrar)
	}, state.NotAllowed)
	try("revoke the root", r, func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, xa.Root.Signer.ID(), 0) }, state.NotAllowed)
	try("revoke the node", r, func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, xa.TLS.ID(), 0) }, state.NotAllowed)
	try("revoke another bureau's", r, func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, xb.Officer.Signer.ID(), 0) }, state.NotAllowed)
	try("publish", r, func(a *ledgertest.Author) ledger.Item { return a.Publish(t, ledger.KindBlue, text) }, state.NotAllowed)
	try("reply", r, func(a *ledgertest.Author) ledger.Item { return a.Reply(t, text) }, state.NotAllowed)
	try("two signatures", r, func(a *ledgertest.Author) ledger.Item {
		return a.Sign(t, ledger.Statement{Class: ledger.ClassRevoke, Public: revocation(xa.Officer.Signer.ID())}, nil, xa.Supervisor)
	}, state.NotAllowed)
	try("an officer's rotation of his own key", xa.Officer, func(a *ledgertest.Author) ledger.Item {
		return a.Rotate(t, a.Signer.ID(), fresh(), "desk-1", ledger.RoleInvestigator|ledger.RoleDesk)
	}, state.NotAllowed)
	try("a proof for another author", r, func(a *ledgertest.Author) ledger.Item {
		return a.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: other.Enrol(t, fresh(), "desk-9", ledger.RoleDesk).Entry.Statement.Public}, nil)
	}, state.BadProof)

	w.accept(r.Revoke(t, r.Signer.ID(), ledger.NotSuspect)) // its own it may end
	w.refused(r.Enrol(t, fresh(), "desk-9", ledger.RoleDesk), state.RevokedKey)
	w.accept(xa.Root.Revoke(t, other.Signer.ID(), ledger.NotSuspect))
	w.judged()
}

func TestRotate(t *testing.T) {
	w := newWorld(t, 1)
	xa := w.Bureaus[0]
	roles := ledger.RoleInvestigator | ledger.RoleDesk
	old, next := xa.Officer.Signer.ID(), w.NewAuthor("next")
	try := func(it func(root *ledgertest.Author) ledger.Item, code state.Code) {
		t.Helper()
		root := *xa.Root
		w.refused(it(&root), code)
	}
	try(func(a *ledgertest.Author) ledger.Item { return a.Rotate(t, old, next, "desk-2", roles) }, state.NotAllowed)
	try(func(a *ledgertest.Author) ledger.Item { return a.Rotate(t, old, next, "desk-1", ledger.RoleDesk) }, state.NotAllowed)
	try(func(a *ledgertest.Author) ledger.Item {
		return a.RotateTo(t, old, ledger.Enrol{Purpose: ledger.PurposeAccess, Label: "desk-1", Roles: roles, Key: make([]byte, 32)})
	}, state.NotAllowed)
	try(func(a *ledgertest.Author) ledger.Item { return a.Rotate(t, keys.ID{1}, next, "desk-1", roles) }, state.NoTarget)
	try(func(a *ledgertest.Author) ledger.Item { return a.Rotate(t, old, xa.Supervisor, "desk-1", roles) }, state.KeyInUse)
	try(func(a *ledgertest.Author) ledger.Item {
		stray := w.NewAuthor("stray")
		return a.Sign(t, ledger.Statement{Class: ledger.ClassRotate, Public: stray.Rotate(t, old, next, "desk-1", roles).Entry.Statement.Public}, nil)
	}, state.BadProof)

	at := w.accept(xa.Root.Rotate(t, old, next, "desk-1", roles))
	if k := w.key(old); k.RevokedAt != at+1 || k.Next != next.Signer.ID() {
		t.Errorf("the old key: %+v", k)
	}
	if k := w.key(next.Signer.ID()); k.Label != "desk-1" || k.Roles != roles || k.EnrolledAt != at || k.By != (keys.ID{}) {
		t.Errorf("the new key: %+v", k)
	}
	r := w.batch(xa.Officer.Publish(t, ledger.KindBlue, text))[0].Refusal
	if r == nil || r.Code != state.RevokedKey || !strings.Contains(r.Reason, "was replaced by key "+next.Signer.ID().Short()) {
		t.Errorf("the old key signs: %v", r)
	}
	w.accept(next.Publish(t, ledger.KindBlue, text))
	try(func(a *ledgertest.Author) ledger.Item { return a.Rotate(t, old, w.NewAuthor("third"), "desk-1", roles) }, state.Ended)
	try(func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, old, ledger.NotSuspect) }, state.Ended)

	// A sealing key, and an access key.
	access := ledger.Enrol{Purpose: ledger.PurposeAccess, Label: "operator", Roles: ledger.RoleOperator, Key: make([]byte, 32)}
	w.accept(xa.Root.RotateTo(t, xa.Access.ID(), access))
	card, err := keys.IdentityFromSeed([32]byte{7})
	if err != nil {
		t.Fatal(err)
	}
	before := keys.SealingID(xa.Sealing[seal.Card].Recipient())
	e := ledger.Enrol{Purpose: ledger.PurposeSeal, Label: "seal-card", Compartment: seal.Body, Key: card.Recipient().Bytes()}
	try(func(a *ledgertest.Author) ledger.Item { return a.RotateTo(t, before, e) }, state.Superseded)
	e.Compartment = seal.Card
	w.accept(xa.Root.RotateTo(t, before, e))
	current, err := state.ReadSealing(w.view, "XA", seal.Card)
	if err != nil || !current.Equal(card.Recipient()) {
		t.Errorf("the current key is %v, error %v", current, err)
	}
	if k := w.key(before); k.RevokedAt == 0 || k.Next != keys.SealingID(card.Recipient()) {
		t.Errorf("the old sealing key: %+v", k)
	}
	w.judged()
}

func TestDoubt(t *testing.T) {
	w := newWorld(t, 1)
	xa := w.Bureaus[0]
	r := w.registrar(xa, "registrar-1")
	early, late := w.NewAuthor("early"), w.NewAuthor("late")
	w.accept(r.Enrol(t, early, "desk-7", ledger.RoleInvestigator))
	from := w.accept(r.Enrol(t, late, "desk-8", ledger.RoleInvestigator))
	one := w.accept(early.Publish(t, ledger.KindBlue, text), late.Publish(t, ledger.KindBlue, text))
	doubted := func(a *ledgertest.Author, index uint64, want bool) {
		t.Helper()
		again := *a
		got, err := state.ReadDoubt(w.view, again.Reply(t, text).Entry, index)
		if err != nil || (got != nil) != want {
			t.Errorf("entry %d: got %v, %v, want %v", index, got, err, want)
		}
	}
	doubted(late, one, false)
	w.accept(xa.Root.Revoke(t, r.Signer.ID(), from))
	doubted(late, one, true) // whom the registrar enrolled when its key was in other hands, perhaps
	again := *xa.Officer
	second := again.Sign(t, ledger.Statement{Class: ledger.ClassReply}, text, late)
	if d, err := state.ReadDoubt(w.view, second.Entry, one); err != nil || d == nil || d.Key != r.Signer.ID() || d.From != from {
		t.Errorf("signed by a doubted second officer: got %v, %v", d, err)
	}
	doubted(early, one-1, false)
	doubted(r, from, true)
	doubted(r, from-1, false)

	w.accept(xa.Root.Revoke(t, early.Signer.ID(), ledger.NotSuspect))
	doubted(early, one-1, false)
	w.accept(xa.Root.Revoke(t, early.Signer.ID(), one)) // learned later, and then that it was earlier
	doubted(early, one-1, false)
	again = *xa.Root
	w.refused(again.Revoke(t, early.Signer.ID(), one), state.Ended)
	w.accept(xa.Root.Revoke(t, early.Signer.ID(), one-1))
	doubted(early, one-1, true)
	doubted(early, one-2, false)
	again = *xa.Root
	w.refused(again.Revoke(t, early.Signer.ID(), ledger.NotSuspect), state.Ended)
	w.judged()
}
