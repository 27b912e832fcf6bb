package state_test

import (
	"slices"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// A pull asks for no checkpoint, and changes all else as the log does.
func TestReviewDropAsk(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	m := state.New(c.Genesis)
	it := c.Enrolments(t)[0]
	apply := func() *state.Changes {
		changes, results, err := m.Apply(newMemory(m), &ledger.Command{Batch: &ledger.Batch{Time: 1000, Items: []ledger.Item{it}}}, state.Plain{})
		if err != nil || results[0].Refusal != nil {
			t.Fatalf("apply: %v, %+v", err, results)
		}
		return changes
	}
	asks := func(p state.Put) bool { return p.Table == state.TableMeta && string(p.Key) == "pending" }
	with, without := apply(), apply()
	without.DropAsk()
	if !slices.ContainsFunc(with.Puts, asks) || slices.ContainsFunc(without.Puts, asks) {
		t.Errorf("puts %+v, without the asking %+v", with.Puts, without.Puts)
	}
	if len(without.Puts) != len(with.Puts)-1 || without.Head != with.Head {
		t.Errorf("%d puts of %d are left, head %+v", len(without.Puts), len(with.Puts), without.Head)
	}
}
