package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/follow"
	"comity/node/wire"
)

// Many statements by one author need one question to the node, or none.
func TestComposeChain(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.both()
	end, err := xa.Chain(ctx, xa.c, by.Author.ID())
	if err != nil {
		t.Fatal(err)
	}
	by.Chain = &end
	var items []ledger.Item
	for i := range 5 {
		doc := notice.ChildCase(today)
		doc.Reference = fmt.Sprintf("LT-%04d", i)
		it, err := xa.Publish(ctx, nil, by, doc)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, it)
	}
	if end.Seq != 5 || end.Prev != items[4].Entry.ID {
		t.Errorf("chain ends at %+v", end)
	}
	n.accept(t, items...)

	// The replica does not know them yet, the node does.
	if ours, err := xa.Chain(ctx, nil, by.Author.ID()); err != nil || ours.Seq != 0 {
		t.Errorf("by the replica %+v, %v", ours, err)
	}
	if theirs, err := xa.Chain(ctx, xa.c, by.Author.ID()); err != nil || theirs != end {
		t.Errorf("by the node %+v, %v, want %+v", theirs, err, end)
	}
	size, root := xa.Seen()
	if s := items[0].Entry.Statement; s.SeenSize != size || s.SeenRoot != root || size == 0 || s.Created != uint64(today.Unix()) {
		t.Errorf("statement %+v, want seen %d", s, size)
	}
}

// A node that shows a known author another past is not believed; one that is
// behind is no harm.
func TestComposeChainLie(t *testing.T) {
	n, offices := newOffices(t, 1)
	xa := offices[0]
	root := xa.Root.Signer.ID()
	ours, err := xa.Chain(context.Background(), nil, root)
	if err != nil || ours.Seq != 5 {
		t.Fatalf("chain of the root %+v, %v", ours, err)
	}
	n.author = func(a *wire.Author) { a.Prev[0] ^= 1 }
	if _, err := xa.Chain(context.Background(), xa.c, root); !errors.Is(err, follow.ErrDishonest) {
		t.Errorf("Chain: %v, want ErrDishonest", err)
	}
	n.author = func(a *wire.Author) { a.Seq, a.Prev = 0, ledger.ID{} }
	if got, err := xa.Chain(context.Background(), xa.c, root); err != nil || got != ours {
		t.Errorf("Chain with a late node: %+v, %v, want %+v", got, err, ours)
	}
}

func TestComposeRefuses(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 3)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	for _, o := range offices[:3] {
		syncDesk(t, o.Desk, n)
	}
	stranger, err := keys.GenerateSigner()
	if err != nil {
		t.Fatal(err)
	}
	child := func(change func(n *notice.Notice)) *notice.Notice {
		n := notice.ChildCase(today)
		change(n)
		return n
	}
	same := func(*notice.Notice) {}
	for _, tt := range []struct {
		name string
		do   func() (ledger.Item, error)
		want string
	}{
		{"unknown key", func() (ledger.Item, error) {
			return xa.Publish(ctx, xa.c, Officers{Author: stranger, Created: today}, child(same))
		}, "no bureau has enrolled the signing key"},
		{"root key", func() (ledger.Item, error) {
			return xa.Publish(ctx, xa.c, Officers{Author: xa.Root.Signer, Created: today}, child(same))
		}, "no bureau has enrolled the signing key"},
		{"another bureau's notice", func() (ledger.Item, error) {
			return xb.Publish(ctx, xb.c, xb.both(), child(same))
		}, "XA"},
		{"incomplete", func() (ledger.Item, error) {
			return xa.Publish(ctx, xa.c, xa.both(), child(func(n *notice.Notice) { n.Card = nil }))
		}, "card: missing"},
		{"no such bureau", func() (ledger.Item, error) {
			return xa.Publish(ctx, xa.c, xa.both(), child(func(n *notice.Notice) { n.Readers = append(n.Readers, "XZ") }))
		}, "XZ is not a bureau of this ledger"},
		{"amend of another's", func() (ledger.Item, error) { return xb.Amend(ctx, xb.c, xb.officers(), id, child(same)) }, "it is a notice of XA"},
		{"withdraw of another's", func() (ledger.Item, error) { return xb.Withdraw(ctx, xb.c, xb.officers(), id) }, "it is a notice of XA"},
		{"grant of another's", func() (ledger.Item, error) {
			return xb.Grant(ctx, xb.c, xb.officers(), id, seal.Card, []string{"XC"})
		}, "it is a notice of XA"},
		{"withdraw of nothing", func() (ledger.Item, error) { return xa.Withdraw(ctx, xa.c, xa.officers(), ledger.ID{1}) }, "there is no such notice"},
		{"reply to nothing", func() (ledger.Item, error) {
			return xa.Reply(ctx, xa.c, xa.officers(), &notice.Reply{Type: notice.Ack, Notice: ledger.ID{1}.String()})
		}, "there is no notice"},
		{"reply to no id", func() (ledger.Item, error) {
			return xa.Reply(ctx, xa.c, xa.officers(), &notice.Reply{Type: notice.Ack, Notice: "LT-0301"})
		}, "not an id"},
		{"hit without a match", func() (ledger.Item, error) {
			return xb.Reply(ctx, xb.c, xb.officers(), &notice.Reply{Type: notice.Hit, Notice: id.String()})
		}, "match: missing"},
	} {
		if _, err := tt.do(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}

	xa.Unlock(nil)
	if _, err := xa.Grant(ctx, xa.c, xa.officers(), id, seal.Card, []string{"XC"}); err == nil {
		t.Error("a locked desk granted")
	}
	xc := offices[2]
	n.accept(t, xc.Bureau.Revoke(t, xc.Bureau.Sealing[seal.Card].Recipient().ID()), xa.Bureau.Revoke(t, xa.Officer.Signer.ID()))
	n.finalise(t)
	syncDesk(t, xb.Desk, n)
	if _, err := xb.Publish(ctx, xb.c, xb.both(), child(func(n *notice.Notice) {
		n.Origin, n.Readers = "XB", notice.Readers{"XB", "XC"}
	})); err == nil || !strings.Contains(err.Error(), "XC has no key for a card") {
		t.Errorf("a reader without a key: %v", err)
	}
	syncDesk(t, xa.Desk, n)
	if _, err := xa.Withdraw(ctx, xa.c, xa.officers(), id); err == nil || !strings.Contains(err.Error(), "was revoked at entry") {
		t.Errorf("a revoked officer: %v", err)
	}
}

// The own bureau reads what its officers write, and "all" is everybody.
func TestComposeReaders(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 5)
	xa := offices[0]
	text, err := notice.Template(ledger.KindTally, today)
	if err != nil {
		t.Fatal(err)
	}
	tally, err := notice.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), tally))
	for _, o := range offices {
		if c := o.look(id.String()); c.View == nil || c.View.Tally == nil {
			t.Errorf("%s does not open a notice to all: %v", o.Code, c.Err)
		}
	}
	if xa.send(xa.Reply(ctx, xa.c, xa.officers(), &notice.Reply{Type: notice.Message, Notice: id.String(), Text: "corrected", Readers: notice.Readers{"XC"}})); len(xa.look(id.String()).Replies) != 1 {
		t.Error("XA does not read its own reply")
	}
}

func TestKeys(t *testing.T) {
	_, offices := newOffices(t, 1)
	xa := offices[0]
	list, err := xa.Keys("XB")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, k := range list {
		got = append(got, fmt.Sprintf("%d %s %v", k.Use, k.Label, k.Compartment))
		if k.Bureau != "XB" || k.RevokedAt != 0 || k.ID == (keys.ID{}) {
			t.Errorf("key %+v", k)
		}
	}
	none := seal.Compartment(0)
	want := []string{
		fmt.Sprintf("%d root %v", state.UseRoot, none), fmt.Sprintf("%d node %v", state.UseNode, none), fmt.Sprintf("%d operator %v", state.UseAccess, none),
		fmt.Sprintf("%d desk-1 %v", state.UseSign, none), fmt.Sprintf("%d head-1 %v", state.UseSign, none),
		fmt.Sprintf("%d seal-card card", state.UseSeal), fmt.Sprintf("%d seal-body body", state.UseSeal), fmt.Sprintf("%d seal-victim victim", state.UseSeal),
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys of XB\n%q, want\n%q", got, want)
	}
	if all, err := xa.Keys(""); err != nil || len(all) != 5*len(want) {
		t.Errorf("%d keys, %v", len(all), err)
	}
}
