package state_test

import (
	"testing"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// TestAttachments: an address is that of the notice which named it first, also
// after its purge.
func TestAttachments(t *testing.T) {
	w := newWorld(t, 4)
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	size := uint64(seal.SealedSize(10))
	named := func(a *ledgertest.Author, class ledger.Class, target ledger.ID, list ...ledger.Attachment) ledger.Item {
		p := ledger.Publish{Kind: ledger.KindUndisclosed, ReviewBy: 30_000, SizeClass: 4, Attachments: list}
		return a.Sign(t, ledger.Statement{Class: class, Target: target, Public: p.Marshal()}, text)
	}
	one, two := ledger.Attachment{Address: ledger.Hash{1}, Size: size}, ledger.Attachment{Address: ledger.Hash{2}, Size: size}
	longer := ledger.Attachment{Address: one.Address, Size: uint64(seal.SealedSize(5000))}
	first := named(xa.Officer, ledger.ClassPublish, ledger.ID{}, one)
	at := w.accept(first)
	known := func(x ledger.Attachment) *state.Attachment {
		t.Helper()
		got, err := state.ReadAttachment(w.view, x.Address)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := state.Attachment{Notice: first.Entry.ID, Index: at, Author: xa.Officer.Signer.ID(), Size: size}
	if got := known(one); got == nil || *got != want || known(two) != nil {
		t.Fatalf("%+v, want %+v", got, want)
	}
	id := first.Entry.ID
	other := w.NewAuthor("another officer of XA")
	w.accept(xa.EnrolSigner(t, other, "case-9", ledger.RoleInvestigator))
	for name, it := range map[string]ledger.Item{
		"another bureau's notice":  named(xb.Officer, ledger.ClassPublish, ledger.ID{}, one),
		"another notice":           named(other, ledger.ClassPublish, ledger.ID{}, one, two),
		"an amend of another size": named(xa.Supervisor, ledger.ClassAmend, id, longer),
	} {
		if got := w.refusal(it); got != state.AddressInUse {
			t.Errorf("%s: %q", name, got)
		}
	}
	if known(two) != nil {
		t.Error("what was refused is known")
	}
	late := w.NewAuthor("a late officer of XA") // the others' chains have what was refused
	w.accept(xa.EnrolSigner(t, late, "case-10", ledger.RoleInvestigator), named(late, ledger.ClassAmend, id, one, two))
	if got := known(one); *got != want {
		t.Errorf("after an amendment: %+v", got)
	}
	if got := known(two); got == nil || got.Notice != id || got.Author != late.Signer.ID() {
		t.Errorf("of an amendment: %+v", got)
	}
	w.accept(late.Withdraw(t, id))
	sup := w.NewAuthor("a supervisor of XA")
	w.accept(xa.EnrolSigner(t, sup, "sup-9", ledger.RoleSupervisor))
	w.accept(late.Purge(t, id, ledger.ReasonOver, sup))
	if gone, err := state.PurgedAll(w.view, known(two).Notice); err != nil || !gone {
		t.Errorf("purged %v, %v", gone, err)
	}
	if got := w.refusal(named(late, ledger.ClassPublish, ledger.ID{}, two)); got != state.AddressInUse {
		t.Errorf("a purged address is named again: %q", got)
	}
}
