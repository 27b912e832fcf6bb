package desk

import (
	"context"
	"errors"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk/readlog"
)

// draft composes what a second officer has still to sign.
func (o *office) draft() ledger.Item {
	o.t.Helper()
	by := o.officers()
	by.Awaits = true
	it, err := o.Publish(context.Background(), o.c, by, redCase())
	if err != nil {
		o.t.Fatal(err)
	}
	return it
}

func redCase() *notice.Notice {
	data, err := notice.Template(ledger.KindRed, today)
	if err != nil {
		panic(err)
	}
	n, err := notice.Parse(data)
	if err != nil {
		panic(err)
	}
	n.Readers = notice.Readers{"XA", "XB"}
	return n
}

func TestDraft(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	if _, err := xa.Publish(ctx, xa.c, xa.officers(), redCase()); !errors.Is(err, ErrFourEyes) {
		t.Fatalf("one officer alone: %v, want ErrFourEyes", err)
	}
	it := xa.draft()
	if k, err := xa.CheckDraft("XA", it); err != nil || k.Bureau != "XA" {
		t.Fatalf("CheckDraft: %v", err)
	}
	if err := errors.Join(xa.Place(ctx, xa.c, it), xa.Fresh(it)); err != nil {
		t.Fatal(err)
	}
	before := xa.officers()
	before.Chain = &state.Author{Seq: 1, Prev: ledger.ID{1}}
	before.Awaits = true
	if next, err := xa.Publish(ctx, xa.c, before, redCase()); err != nil || !errors.Is(xa.Place(ctx, xa.c, next), ErrBehind) || xa.Fresh(next) != nil {
		t.Errorf("a draft behind a statement that is not sent: %v, %v, want ErrBehind", err, xa.Place(ctx, xa.c, next))
	}
	v, err := xa.OpenDraft(it)
	if err != nil || v.Reference != redCase().Reference || v.Card == nil {
		t.Fatalf("OpenDraft: %+v, %v", v, err)
	}
	if v, err := xb.OpenDraft(it); err != nil || v.Victim != nil {
		t.Errorf("a reader before it is sent: %+v, %v", v, err)
	}
	if _, err := xb.CheckDraft("XB", it); err == nil {
		t.Error("another bureau takes the draft")
	}
	if _, err := Approve(it, xa.Officer.Signer); err == nil {
		t.Error("its author approves it")
	}
	full, err := Approve(it, xa.Supervisor.Signer)
	if err != nil || full.Entry.ID != it.Entry.ID || len(full.Entry.Signatures) != 2 || full.Entry.Signatures[0] != it.Entry.Signatures[0] {
		t.Fatalf("Approve: %v", err)
	}
	if _, err := xa.CheckDraft("XA", full); err != nil {
		t.Errorf("approved: %v", err)
	}
	xa.send(full, nil)
	syncDesk(t, xa.Desk, xa.node)
	if err := xa.Place(ctx, xa.c, it); !errors.Is(err, ErrOvertaken) {
		t.Errorf("once it is sent: %v", err)
	}
}

// A draft that somebody changed on the way is not shown for approval.
func TestDraftChanged(t *testing.T) {
	_, offices := newOffices(t, 1)
	xa := offices[0]
	it := xa.draft()
	stranger, err := keys.GenerateSigner()
	if err != nil {
		t.Fatal(err)
	}
	by, err := Approve(it, stranger)
	if err != nil {
		t.Fatal(err)
	}
	s := *it.Entry.Statement
	s.Created++
	moved, err := ledger.NewEntry(s.Marshal(), it.Entry.Signatures)
	if err != nil {
		t.Fatal(err)
	}
	s = *it.Entry.Statement
	s.Ledger[0] ^= 1
	other, err := ledger.NewEntry(s.Marshal(), it.Entry.Signatures)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]ledger.Item{
		"not of an officer": by, "does not verify": {Entry: moved, Body: it.Body}, "of another ledger": {Entry: other, Body: it.Body},
		"its body is not": {Entry: it.Entry, Body: append([]byte{0}, it.Body[1:]...)},
	} {
		if _, err := xa.CheckDraft("XA", bad); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// When its author wrote something else meanwhile, the first signature is for a
// place that is taken; the author signs the same sealed text again.
func TestDraftRenew(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	it := xa.draft()
	xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	if err := xa.Place(ctx, xa.c, it); !errors.Is(err, ErrOvertaken) {
		t.Fatalf("Place: %v, want ErrOvertaken", err)
	}
	by := xa.officers()
	by.Author = xa.Supervisor.Signer
	if _, err := xa.Renew(ctx, xa.c, by, it); err == nil {
		t.Error("another officer renews it")
	}
	again, err := xa.Renew(ctx, xa.c, xa.officers(), it)
	if err != nil || again.Entry.ID == it.Entry.ID || &again.Body[0] != &it.Body[0] || len(again.Entry.Signatures) != 1 {
		t.Fatalf("Renew: %v", err)
	}
	full, err := Approve(again, xa.Supervisor.Signer)
	xa.send(full, err)
	if v := xa.look(redCase().Reference).View; v == nil || v.Card == nil {
		t.Error("the renewed draft does not open")
	}
}

// A reader's key that was revoked, or replaced, after the author sealed to it
// would open what is sent today.
func TestDraftStale(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	it := xa.draft()
	id := keys.SealingID(xb.Bureau.Sealing[seal.Body].Recipient())
	n.accept(t, xb.Revoke(t, id))
	n.finalise(t)
	syncDesk(t, xa.Desk, n)
	if err := xa.Fresh(it); !errors.Is(err, ErrStale) || !strings.Contains(err.Error(), "XB") {
		t.Errorf("Fresh: %v, want ErrStale of XB", err)
	}
	if _, err := xa.Renew(ctx, xa.c, xa.officers(), it); !errors.Is(err, ErrStale) {
		t.Errorf("Renew: %v, want ErrStale", err)
	}
}

func TestDraftNote(t *testing.T) {
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	by, about := xa.officers(), ledger.ID{7}
	sealed, err := xa.SealNote(by, about, "the warrant is missing")
	if err != nil || strings.Contains(string(sealed), "warrant") {
		t.Fatalf("SealNote: %v", err)
	}
	if text, label, err := xa.OpenNote(sealed, by.Author.ID(), about); err != nil || text != "the warrant is missing" || label == "" {
		t.Errorf("OpenNote: %q by %q, %v", text, label, err)
	}
	if text, _, err := xb.OpenNote(sealed, by.Author.ID(), about); err != nil || text != "" {
		t.Errorf("another bureau: %q, %v", text, err)
	}
	if _, _, err := xa.OpenNote(sealed, by.Author.ID(), ledger.ID{8}); err == nil {
		t.Error("a note about another draft is taken")
	}
	if text, _, err := xa.OpenNote(sealed, xa.Supervisor.Signer.ID(), about); err == nil && text != "" {
		t.Error("a note under another officer's name is taken")
	}
}

// What an officer wrote about a draft is for who may read bodies, and recorded.
func TestNoteThroughReader(t *testing.T) {
	_, offices := newOffices(t, 1)
	xa := offices[0]
	it := xa.draft()
	sealed, err := xa.SealNote(xa.officers(), it.Entry.ID, "the warrant is missing")
	if err != nil {
		t.Fatal(err)
	}
	var reads []readlog.Read
	full := errors.New("the disk is full")
	for _, x := range []struct {
		roles ledger.Roles
		fails error
		text  string
		err   error
	}{
		{ledger.RoleInvestigator, nil, "the warrant is missing", nil},
		{ledger.RoleSupervisor, nil, "the warrant is missing", nil},
		{ledger.RoleSupervisor, full, "", full},
		{ledger.RoleDesk | ledger.RoleProtection, nil, "", ErrNotForRole},
		{0, nil, "", ErrNotForRole},
	} {
		r := &Reader{Desk: xa.Desk, Bureau: "XA", Roles: x.roles, Record: func(_ string, list []readlog.Read) error {
			reads = append(reads, list...)
			return x.fails
		}}
		text, label, err := r.Note(it, sealed, xa.Officer.Signer.ID(), "")
		if text != x.text || label == "" || !errors.Is(err, x.err) {
			t.Errorf("roles %b: %q by %q, %v", x.roles, text, label, err)
		}
	}
	if len(reads) != 3 || !reads[0].Parts.Has(seal.Body) || reads[0].Entry != readlog.Unlogged {
		t.Errorf("recorded: %+v", reads)
	}
}

// Its author names two readers, and seals the card to a third as well.
func TestDraftForMore(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	by := xa.officers()
	o, err := xa.author(&by)
	if err != nil {
		t.Fatal(err)
	}
	n := redCase()
	parts, err := n.Parts(o)
	if err != nil {
		t.Fatal(err)
	}
	parts[0].Readers = notice.Readers{"XA", "XB", "XC"}
	body, err := xa.sealParts(o, parts)
	if err != nil {
		t.Fatal(err)
	}
	p := n.Publish()
	p.SizeClass = sizeClass(len(body))
	it, err := xa.sign(ctx, xa.c, &by, ledger.Statement{Class: ledger.ClassPublish, Public: p.Marshal()}, body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xa.OpenDraft(it); err == nil || !strings.Contains(err.Error(), "card is sealed to more keys than the 2 readers") {
		t.Errorf("OpenDraft: %v", err)
	}
}
