package desk

import (
	"context"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk/readlog"
)

// A key that its bureau puts in doubt, before it has ended or after: what it signed
// from there on shows it, in a list and to those who see cards alone as well, and
// nothing else does.
func TestDoubt(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today))).String()
	said := xb.reply(notice.Reply{Type: notice.Message, Notice: id, Text: "seen", Readers: notice.Readers{"XA"}})
	at := func(want ledger.ID) int {
		c := xa.look(id)
		return slices.IndexFunc(c.Replies, func(r Reply) bool { return r.ID == want })
	}
	reply := at(said)
	c := xa.look(id)
	if c.Doubt() != "" || c.Replies[reply].Doubt != "" {
		t.Fatalf("in doubt before anybody said so: %q, %q", c.Doubt(), c.Replies[reply].Doubt)
	}

	n.accept(t, xb.Root.Revoke(t, xb.Officer.Signer.ID(), ledger.NotSuspect))
	n.finalise(t)
	if c = xa.look(id); c.Replies[reply].Doubt != "" {
		t.Errorf("the key was revoked without suspicion: %q", c.Replies[reply].Doubt)
	}
	n.accept(t, xb.Root.Revoke(t, xb.Officer.Signer.ID(), c.Replies[reply].Index))
	n.finalise(t)
	c = xa.look(id)
	if d := c.Replies[reply].Doubt; !strings.HasPrefix(d, "XB says that key "+xb.Officer.Signer.ID().Short()+" (desk-1) may have been in other hands from entry ") {
		t.Errorf("got %q", d)
	}
	if bare := c.Only(readlog.PartsOf(seal.Card)); bare.Replies[reply].Doubt == "" {
		t.Error("who sees the card alone does not see the doubt")
	}
	if c.Doubt() != "" {
		t.Errorf("the notice is not what is in doubt: %q", c.Doubt())
	}

	n.accept(t, xa.Root.Revoke(t, xa.Officer.Signer.ID(), c.Index))
	n.finalise(t)
	if c = xa.look(id); c.Doubt() == "" || c.Only(readlog.PartsOf(seal.Card)).Doubt() == "" {
		t.Error("the notice is in doubt, and does not show it")
	}
	list, err := xa.Cases(ctx, Filter{})
	if err != nil || len(list) != 1 || list[0].Doubt() == "" {
		t.Errorf("a list: %v, %v", list, err)
	}
}

// A registrar enrols an officer, replaces his key and the bureau's sealing key: the
// exhibits verify, the keys are listed, and what was sealed before is still open.
func TestRegistrarsKeys(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	before := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today))).String()

	registrar, first, second := n.NewAuthor("registrar"), n.NewAuthor("first"), n.NewAuthor("second")
	roles := ledger.RoleInvestigator | ledger.RoleSupervisor
	n.accept(t, xa.EnrolSigner(t, registrar, "registrar-1", ledger.RoleRegistrar))
	n.accept(t, registrar.Enrol(t, first, "desk-7", roles))
	n.accept(t, registrar.Rotate(t, first.Signer.ID(), second, "desk-7", roles))
	card, err := keys.IdentityFromSeed([32]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	old := xa.Bureau.Sealing[seal.Card].Recipient().ID()
	n.accept(t, registrar.RotateTo(t, old, ledger.Enrol{Purpose: ledger.PurposeSeal, Label: "seal-card", Compartment: seal.Card, Key: card.Recipient().Bytes()}))
	n.finalise(t)
	syncDesk(t, xa.Desk, xa.node)

	if c := xa.look(before); c.View == nil || c.View.Card == nil {
		t.Error("what was sealed to the key that was replaced is not open any more")
	}
	if r, err := xa.Desk.Sealing("XA", seal.Card); err != nil || !r.Equal(card.Recipient()) {
		t.Errorf("the current key: %v, %v", r, err)
	}
	known, err := xa.Keys("XA")
	if err != nil {
		t.Fatal(err)
	}
	has := func(id keys.ID) *KnownKey {
		if i := slices.IndexFunc(known, func(k KnownKey) bool { return k.ID == id }); i >= 0 {
			return &known[i]
		}
		return &KnownKey{}
	}
	if k := has(second.Signer.ID()); k.Use != state.UseSign || k.By != registrar.Signer.ID() {
		t.Errorf("the new key of the officer: %+v", k)
	}
	if k := has(card.Recipient().ID()); k.Use != state.UseSeal || k.Compartment != seal.Card {
		t.Errorf("the new sealing key: %+v", k)
	}
	for _, it := range []ledger.Item{second.Reply(t, []byte("not for anybody")), registrar.Revoke(t, second.Signer.ID(), ledger.NotSuspect)} {
		n.accept(t, it)
		n.finalise(t)
		syncDesk(t, xa.Desk, xa.node)
		index, _, err := state.ReadIndex(xa.View(), it.Entry.ID)
		if err != nil {
			t.Fatal(err)
		}
		x, err := xa.Exhibit(ctx, xa.c, index)
		if err != nil {
			t.Errorf("%s: %v", it.Entry.Statement.Class, err)
			continue
		}
		v, err := x.Verify(n.Genesis)
		if err != nil || (v.Signers[0].By == "registrar-1") != (it.Entry.Statement.Class == ledger.ClassReply) {
			t.Errorf("%s: %+v, %v", it.Entry.Statement.Class, v, err)
		}
	}
}
