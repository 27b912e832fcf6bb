package state_test

import (
	"bytes"
	"errors"
	"maps"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// later is the program of a format to come, with which replies came.
var later = state.Program{Knows: ledger.Format + 1, Needs: func(s *ledger.Statement) uint8 {
	if s.Class == ledger.ClassReply {
		return ledger.Format + 1
	}
	return s.Needs()
}}

func raise(format uint8) ledger.Propose {
	return ledger.Propose{Change: ledger.ChangeFormat, Format: format}
}

func unionAs(t testing.TB, n int, p state.Program) *union {
	t.Helper()
	w := worldAs(t, ledgertest.NewGenesis(t, n), p)
	w.accept(w.Enrolments(t)...)
	return &union{w}
}

// TestFormatGate: what came with a later format is refused until all voters of that
// position, who may be others than at first, have said that they know it.
func TestFormatGate(t *testing.T) {
	u := unionAs(t, 3, later)
	xa, xb, xc := u.Bureaus[0], u.Bureaus[1], u.Bureaus[2]
	reply := func() ledger.Item { return xa.Officer.Reply(t, text) }
	denied := func(when string) {
		t.Helper()
		before := *xa.Officer
		defer func() { *xa.Officer = before }()
		it := reply()
		refusal, err := u.m.Admit(u.view, &it, 0, state.Plain{})
		if err != nil || refusal == nil || refusal.Code != state.TooNew || refusal.Reason != "an entry of class reply needs format 4, and the ledger has format 1" {
			t.Errorf("%s: Admit: got %v, %v", when, refusal, err)
		}
		if r := u.batch(it)[0]; r.Refusal == nil || *r.Refusal != *refusal {
			t.Errorf("%s: got %v", when, r.Refusal)
		}
	}
	denied("before anybody proposes it")
	p := xa.Propose(t, raise(later.Knows))
	u.accept(p, xb.Vote(t, p.Entry.ID, true))
	xd := u.admit("XD")
	u.accept(xd.Enrolments(t)...)
	enact := func() ledger.Item { return u.enact(xa, p.Entry.ID) }
	if got := u.code(xa.Root, enact); got != state.NotNow {
		t.Errorf("two of three voters: got %q", got)
	}
	u.accept(xc.Vote(t, p.Entry.ID, true))
	u.change(about(ledger.ChangePromote, "XD"), xb)
	if got := u.code(xa.Root, enact); got != state.NotNow {
		t.Errorf("three of four voters: got %q", got)
	}
	denied("with three of four for it")
	u.accept(xd.Vote(t, p.Entry.ID, true))
	u.finish()

	// The entry that makes the epoch takes effect from the next position on, within
	// a batch as well.
	early := reply()
	if r := u.batch(early, enact(), early); r[0].Refusal == nil || r[0].Refusal.Code != state.TooNew || r[1].Refusal != nil || r[2].Refusal != nil || r[2].Known {
		t.Errorf("around the epoch: got %v, %v, %v", r[0].Refusal, r[1].Refusal, r[2].Refusal)
	}
	if e := u.membership().Latest(); e.Format != later.Knows || len(e.Members) != 4 {
		t.Errorf("got format %d, %s", e.Format, members(e))
	}
	for _, format := range []uint8{2, later.Knows} {
		if got := u.code(xa.Root, func() ledger.Item { return xa.Propose(t, raise(format)) }); got != state.Repeated {
			t.Errorf("format %d again: got %q", format, got)
		}
	}
	u.finish()
	if _, err := u.Genesis.With(u.certificates()...); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("who knows no format %d: got %v", later.Knows, err)
	}
}

func (u *union) certificates() []*ledger.Certificate {
	u.t.Helper()
	certs, err := u.m.Certificates(u.store(), 1)
	if err != nil {
		u.t.Fatal(err)
	}
	return certs
}

// TestTooOldStops: an old program goes with the new one up to the entry that raises
// the format, and stops before the command with it, whatever else is in that; the new
// one goes on from what the old one has kept.
func TestTooOldStops(t *testing.T) {
	u := unionAs(t, 3, later)
	old := worldAs(t, u.Consortium, state.This)
	xa := u.Bureaus[0]
	u.accept(xa.Officer.Publish(t, ledger.KindBlue, text))
	id := u.proposed(raise(later.Knows))
	u.finish()
	commands := len(u.log)
	u.accept(xa.Officer.Publish(t, ledger.KindBlue, []byte("before")), u.enact(xa, id))
	u.accept(xa.Officer.Reply(t, []byte("of the new class")))
	u.finish()

	for i, c := range u.commands {
		changes, _, err := old.m.Apply(old.view, c, remembering{})
		if i < commands {
			if err != nil {
				t.Fatalf("command %d: %v", i, err)
			}
			old.view.commit(changes)
			continue
		}
		needs := new(ledger.FormatError)
		if !errors.As(err, &needs) || changes != nil {
			t.Fatalf("the raise: got %v, %v", changes, err)
		}
		if want := (ledger.FormatError{Has: later.Knows, From: u.membership().Latest().From, Knows: ledger.Format}); *needs != want {
			t.Errorf("got %+v, want %+v", *needs, want)
		}
		break
	}

	// Another program takes the disk over.
	again := &world{Consortium: u.Consortium, t: t, m: state.NewAs(u.Genesis, later), view: old.view}
	for _, c := range u.commands[commands:] {
		again.apply(c)
	}
	if again.head() != u.head() || !maps.EqualFunc(again.view.tables, u.view.tables, bytes.Equal) {
		t.Error("the new program comes to another state on the disk of the old one")
	}

	// And back: nothing is read, judged or applied.
	if _, err := old.m.Membership(again.view); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("Membership: got %v", err)
	}
	it := xa.Officer.Publish(t, ledger.KindBlue, []byte("after"))
	if _, _, err := old.m.Apply(again.view, &ledger.Command{Batch: &ledger.Batch{Time: u.now, Items: []ledger.Item{it}}}, state.Plain{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("Apply of a batch: got %v", err)
	}
	if _, _, err := old.m.Apply(again.view, &ledger.Command{Cosignatures: u.cosignedBy(u.final(), u.Bureaus...)}, state.Plain{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("Apply of cosignatures: got %v", err)
	}
	if _, err := old.m.Admit(again.view, &it, 0, state.Plain{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("Admit: got %v", err)
	}
	if _, err := old.m.NewReplay(again.view).Judge(u.head().Size, u.now, it, state.Plain{}); !errors.Is(err, ledger.ErrFormat) {
		t.Errorf("Judge: got %v", err)
	}
}
