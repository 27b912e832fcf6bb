package audit

import (
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"
)

// lives is a file in which notices are reviewed, suspended and purged behind the
// entries of w, which are as many as its first one says.
func (w *world) lives(t *testing.T) (f *file, first int) {
	f = w.file.clone()
	first = len(f.records)
	xa, head := w.author(0), w.author(1)
	node := w.NodeAuthor(w.Bureaus[0])
	text := []byte("lives")
	publish := func() ledger.ID {
		it := xa.Publish(t, ledger.KindBlue, text)
		w.append(f, it)
		return it.Entry.ID
	}
	purged := publish() // 0
	p := func() ledger.Item {
		w.append(f, xa.Withdraw(t, purged)) // 1
		return xa.Purge(t, purged, ledger.ReasonOver, head)
	}()
	w.append(f, p, node.PurgeAck(t, p.Entry.ID)) // 2, 3
	publish()                                    // 4
	f.records[first+4].State, f.records[first+4].Body = bundle.Purged, nil
	held := publish() // 5
	w.append(f, w.author(3).Review(t, held, held, ledger.Approve), w.author(5).Review(t, held, held, ledger.Approve),
		xa.Suspend(t, held, ledger.ByOrigin), xa.Lift(t, held, ledger.ByOrigin, ledger.OutcomeRestored)) // 6 to 9
	reply := xa.Reply(t, text)
	q := xa.Purge(t, reply.Entry.ID, ledger.ReasonOver, head)
	w.append(f, reply, q) // 10, 11
	f.records[first+10].State, f.records[first+10].Body = bundle.Purged, nil
	for i := range w.Bureaus {
		n := w.NodeAuthor(w.Bureaus[i])
		if i == 0 {
			*n = *node
		}
		w.append(f, n.PurgeAck(t, q.Entry.ID)) // 12 to 16
	}
	return f, first
}

// TestLives audits what happens in the life of a notice: what is purged, and
// gone, is in order; what should be gone, or should not, is found, and so are
// nodes that do not answer and reviewers who do not decide.
func TestLives(t *testing.T) {
	rememberSignatures(t)
	w := newWorld(t, 5)
	w.fill(100)
	for _, days := range []uint64{8, 15} {
		f, _ := w.lives(t)
		w.now += days * 86_400_000
		w.append(f, w.author(6).Reply(t, []byte("later")))
		w.reseal(f, quorum...)
		r := run(t, f, w.trust(), Options{})
		w.now -= days * 86_400_000
		if r.Verdict != Remarked || len(r.Failures) > 0 {
			t.Fatalf("got %s", show(r))
		}
		want := []string{
			"entry 100: 1 sealed text of it is in this file, though entry 102 orders that it be purged",
			"entry 104: 1 sealed text of it is said to be purged, and no entry of the ledger orders it",
			"entry 102: purge not acknowledged by xb.comity/n1, xc.comity/n1, xd.comity/n1, xe.comity/n1",
		}
		var got []string
		waiting := 0
		for _, x := range r.Findings {
			line := x.What
			if x.Entry != nil {
				line = "entry " + number(*x.Entry) + ": " + line
			}
			if strings.Contains(line, "for its reviewers since 14 November 2023") || strings.Contains(line, "for their reviewers") {
				waiting++
				continue
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) || (waiting > 0) != (days > 14) {
			t.Errorf("after %d days: got %q, %d waiting; want %q", days, got, waiting, want)
		}
	}
}

// TestLivesForged: what was not allowed fails the file.
func TestLivesForged(t *testing.T) {
	rememberSignatures(t)
	w := newWorld(t, 5)
	w.fill(100)
	sealed, err := seal.Seal(seal.Context{}, []seal.Part{{Compartment: seal.Victim, Plaintext: []byte("{}"), Readers: []*keys.Recipient{w.Bureaus[0].Sealing[seal.Victim].Recipient()}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		before func(xa *ledgertest.Author, id ledger.ID) []ledger.Item // what is allowed
		item   func(xa *ledgertest.Author, id ledger.ID) ledger.Item
		want   string // how the reason begins
	}{
		{"a purge by one", func(xa *ledgertest.Author, id ledger.ID) []ledger.Item {
			return []ledger.Item{xa.Withdraw(t, id)}
		}, func(xa *ledgertest.Author, id ledger.ID) ledger.Item { return xa.Purge(t, id, ledger.ReasonOver) },
			"a purge needs the second signature of a supervisor"},
		{"a suspended notice lifted by its origin", nil, func(xa *ledgertest.Author, id ledger.ID) ledger.Item {
			return xa.Lift(t, id, ledger.ByReviewers, ledger.OutcomeRestored)
		}, "desk-1 of XA may not lift a notice of XA in the name of its reviewers: that is for supervisors of other bureaus"},
		{"a purge of what reviewers hold", func(xa *ledgertest.Author, id ledger.ID) []ledger.Item {
			return []ledger.Item{w.author(3).Suspend(t, id, ledger.ByReviewers), w.author(5).Suspend(t, id, ledger.ByReviewers), xa.Withdraw(t, id)}
		}, func(xa *ledgertest.Author, id ledger.ID) ledger.Item {
			return xa.Purge(t, id, ledger.ReasonOver, w.author(1))
		}, "suspended by its reviewers, it is evidence"},
		{"a victim's part in a new version by one", nil, func(xa *ledgertest.Author, id ledger.ID) ledger.Item {
			return xa.Amend(t, id, ledger.KindBlue, sealed)
		}, "a notice with a victim's part"},
		{"a victim's part by one", nil, func(xa *ledgertest.Author, _ ledger.ID) ledger.Item {
			return xa.Publish(t, ledger.KindBlue, sealed)
		}, "a notice with a victim's part"},
	} {
		f := w.file.clone()
		xa := w.author(0)
		it := xa.Publish(t, ledger.KindBlue, []byte("forged"))
		w.append(f, it)
		if tt.before != nil {
			w.append(f, tt.before(xa, it.Entry.ID)...)
		}
		w.append(f, tt.item(xa, it.Entry.ID))
		w.reseal(f, quorum...)
		r := run(t, f, w.trust(), Options{})
		if r.Verdict != Forged || len(r.Failures) != 1 || !strings.HasPrefix(r.Failures[0].What, tt.want) {
			t.Errorf("%s: got %s", tt.name, show(r))
		}
	}
}
