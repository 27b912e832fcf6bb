package store_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
)

// TestPurgeWhileReading wants the whole body or ErrPurged, never a half.
func TestPurgeWhileReading(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	m, b := state.New(c.Genesis), c.Bureaus[0]
	body := bytes.Repeat([]byte{0xb0}, ledger.MaxBody)
	items := []ledger.Item{b.EnrolSigner(t, b.Officer, "desk-1", ledger.RoleInvestigator)}
	for range 8 {
		items = append(items, b.Officer.Reply(t, body))
	}
	s, err := store.Open(t.TempDir(), m)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	changes, _, err := m.Apply(s, &ledger.Command{Batch: &ledger.Batch{Time: 1, Items: items}}, state.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(1, changes); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(8) {
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for {
					got, err := s.Body(1 + i)
					if errors.Is(err, store.ErrPurged) {
						return
					}
					if err != nil || !bytes.Equal(got, body) {
						t.Errorf("body %d: %d bytes, %v", 1+i, len(got), err)
						return
					}
				}
			})
		}
		if err := s.Purge(1 + i); err != nil {
			t.Error(err)
		}
		wg.Wait()
	}
}
