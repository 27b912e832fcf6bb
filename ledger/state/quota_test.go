package state_test

import (
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// quotaWorld is a ledger of two bureaus that have made their enrolments and may
// each write so many more entries on the same day.
func quotaWorld(t *testing.T, q ledger.Quota) *world {
	w := worldOf(t, ledgertest.NewGenesisOf(t, 2, q))
	w.accept(w.Enrolments(t)...)
	return w
}

func TestQuota(t *testing.T) {
	w := quotaWorld(t, ledger.Quota{Entries: 8})
	xa, xb := w.Bureaus[0], w.Bureaus[1]
	notice := xa.Officer.Publish(t, ledger.KindBlue, text)
	w.accept(notice)
	w.accept(xa.Officer.Publish(t, ledger.KindBlue, text), xa.Officer.Reply(t, text))
	if s, err := state.ReadSpent(w.view, "XA", w.head().Time); err != nil || s.Entries != 8 || s.Day != uint32(w.now/dayMS) {
		t.Errorf("got %+v, %v", s, err)
	}
	try := func(a *ledgertest.Author, make func(a *ledgertest.Author) ledger.Item) {
		t.Helper()
		again := *a
		it := make(&again)
		if r, err := w.m.Admit(w.view, &it, 0, state.Plain{}); err != nil || r == nil || r.Code != state.Quota {
			t.Errorf("Admit: got %v, %v", r, err)
		}
		w.refused(it, state.Quota)
		if r, err := w.m.Admit(w.view, &it, w.now+dayMS, state.Plain{}); err != nil || r != nil {
			t.Errorf("Admit on the day after: got %v, %v", r, err)
		}
	}
	try(xa.Officer, func(a *ledgertest.Author) ledger.Item { return a.Reply(t, text) })
	try(xa.Officer, func(a *ledgertest.Author) ledger.Item { return a.Publish(t, ledger.KindBlue, text) })
	try(xa.Root, func(a *ledgertest.Author) ledger.Item {
		return a.Enrol(t, w.NewAuthor("more"), "desk-9", ledger.RoleDesk)
	})
	again := *xa.Officer
	reason := w.batch(again.Reply(t, text))[0].Refusal.Error()
	if !strings.Contains(reason, "XA has written the 8 entries that a bureau may on 2023-11-14") || !strings.Contains(reason, "it may go on from 2023-11-15 00:00 UTC") {
		t.Errorf("got %q", reason)
	}

	// Another bureau is not concerned, nor what only ends or holds up something.
	w.accept(xb.Officer.Reply(t, text))
	w.accept(xa.Officer.Suspend(t, notice.Entry.ID, ledger.ByOrigin))
	w.accept(xa.Officer.Withdraw(t, notice.Entry.ID))
	purge := xa.Officer.Purge(t, notice.Entry.ID, ledger.ReasonOver, xa.Supervisor)
	w.accept(purge)
	w.accept(w.NodeAuthor(xa).PurgeAck(t, purge.Entry.ID))
	w.accept(xa.Revoke(t, xa.Supervisor.Signer.ID()))
	try(xa.Root, func(a *ledgertest.Author) ledger.Item { return a.Revoke(t, xa.Supervisor.Signer.ID(), 3) }) // it ends nothing
	if s, err := state.ReadSpent(w.view, "XA", w.head().Time); err != nil || s.Entries != 13 {
		t.Errorf("got %+v, %v", s, err)
	}

	// Who belongs to the consortium waits for no quota either, but to change one's mind does.
	own, theirs := xa.Propose(t, about(ledger.ChangeDemote, "XB")), xb.Propose(t, about(ledger.ChangeDemote, "XA"))
	w.accept(own, theirs, xb.Vote(t, own.Entry.ID, true))
	try(xa.Root, func(a *ledgertest.Author) ledger.Item {
		b := *xa
		b.Root = a
		return b.Vote(t, own.Entry.ID, false)
	})
	w.accept(xa.Vote(t, theirs.Entry.ID, false))
	try(xa.Root, func(a *ledgertest.Author) ledger.Item {
		b := *xa
		b.Root = a
		return b.Vote(t, theirs.Entry.ID, true)
	})
	h := w.head()
	w.accept(xa.Enact(t, own.Entry.ID, 1, h.Size, h.Root))
	h = w.head()
	fresh := xa.NewNode(t, w.Newcomer(t, "XA"))
	w.accept(xa.Recover(t, ledger.Recover{Number: 2, Time: w.now + 1000, Changes: []*ledger.Propose{&fresh}}, h.Size, h.Root))
	if s, err := state.ReadSpent(w.view, "XA", w.head().Time); err != nil || s.Entries != 17 {
		t.Errorf("got %+v, %v", s, err)
	}

	// Ledger time opens it again, and nothing else does.
	w.now = (w.now/dayMS+1)*dayMS - 3000
	w.refused(func() ledger.Item { again := *xa.Officer; return again.Reply(t, text) }(), state.Quota)
	w.now += 2000
	w.accept(xa.Officer.Reply(t, text))
	if s, err := state.ReadSpent(w.view, "XA", w.head().Time); err != nil || s.Entries != 1 || s.Bytes == 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	w.judged()
}

func TestQuotaOfBytes(t *testing.T) {
	w := quotaWorld(t, ledger.Quota{Bytes: ledger.MinQuotaBytes})
	xa := w.Bureaus[0]
	spent, err := state.ReadSpent(w.view, "XA", w.now)
	if err != nil {
		t.Fatal(err)
	}
	left := ledger.MinQuotaBytes - spent.Bytes
	overhead := uint64(len(func() []byte { again := *xa.Officer; return again.Reply(t, text).Entry.Raw }()))
	again := *xa.Officer
	first := make([]byte, 200_000)
	w.accept(again.Reply(t, first))
	*xa.Officer = again
	left -= overhead + uint64(len(first))
	w.refused(again.Reply(t, make([]byte, left-overhead+1)), state.Quota) // one byte too many
	w.accept(xa.Officer.Reply(t, make([]byte, left-overhead)))            // to the last byte
	again = *xa.Officer
	w.refused(again.Reply(t, []byte{1}), state.Quota)
	w.judged()
}

// TestNoQuota: a ledger whose charter is of version 1 has none, and its state is
// what it was.
func TestNoQuota(t *testing.T) {
	w := newWorld(t, 1)
	w.accept(w.Bureaus[0].Officer.Reply(t, text))
	if s, err := state.ReadSpent(w.view, "XA", w.now); err != nil || s.Entries != 0 {
		t.Errorf("got %+v, %v", s, err)
	}
}
