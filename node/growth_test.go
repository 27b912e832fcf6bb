package node

import (
	"fmt"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
)

// A disk lasts as long as the last thirty days of ledger time say, whatever the
// ledger grew by before.
func TestDiskLasts(t *testing.T) {
	w := newRingWorld(t)
	a := w.Bureaus[0]
	lasting := func(used, free int64) int64 {
		t.Helper()
		head, err := state.ReadHead(w.store)
		if err != nil {
			t.Fatal(err)
		}
		n, err := lasts(w.store, head, w.begun(), used, free)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := lasting(1<<20, 1<<30); got != -1 {
		t.Errorf("an empty ledger: %d", got)
	}
	w.write(t, 0, a.Enrolments(t)...)
	if got := lasting(1<<20, 1<<30); got != -1 {
		t.Errorf("on its first day: %d", got)
	}
	enrol := func(n int) (items []ledger.Item) {
		for range n {
			key := w.NewAuthor(fmt.Sprint("officer ", len(items), n))
			items = append(items, a.EnrolSigner(t, key, "desk-1", ledger.RoleDesk))
		}
		return items
	}
	w.write(t, 10, enrol(5)...) // 10 entries in 10 days, of 100 bytes
	if got := lasting(1000, 5000); got != 50 {
		t.Errorf("from the first day on: %d days, want 50", got)
	}
	w.write(t, 100, enrol(15)...) // 25 entries of 100 bytes, 15 of them in the last 30 days
	if got := lasting(2500, 5000); got != 100 {
		t.Errorf("after a rest: %d days, want 100", got)
	}
	for _, unknown := range [][2]int64{{-1, 5000}, {2500, -1}} {
		if got := lasting(unknown[0], unknown[1]); got != -1 {
			t.Errorf("%v: %d", unknown, got)
		}
	}
	if got := lasting(2500, 0); got != 0 {
		t.Errorf("a full disk: %d", got)
	}
	if got := lasting(25, 1<<62); got != maxDiskDays {
		t.Errorf("an endless disk: %d", got)
	}
}
