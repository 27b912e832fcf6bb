package follow

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// What was verified ahead counts for the keys it was verified with, also when
// the key was enrolled in the same chunk.
func TestVerifier(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	b := c.Bureaus[0]
	items := append(b.Enrolments(t), b.Officer.Publish(t, ledger.KindBlue, []byte("sealed")))
	var records []*wire.Record
	for _, it := range items {
		records = append(records, &wire.Record{Entry: it.Entry, Body: it.Body})
	}
	v := newVerifier()
	if err := v.prepare(context.Background(), store.NewMem(state.New(c.Genesis)), records); err != nil {
		t.Fatal(err)
	}
	last := items[len(items)-1].Entry
	if len(v.good) != len(items) || !v.good[last] {
		t.Fatalf("%d of %d entries verified ahead", len(v.good), len(items))
	}
	if !v.Entry(last, []ed25519.PublicKey{b.Officer.Signer.Public()}) {
		t.Error("a good signature is refused")
	}
	if v.Entry(last, []ed25519.PublicKey{b.Supervisor.Signer.Public()}) {
		t.Error("a signature counts for another key")
	}
}

func TestParallelStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Parallel(ctx, 10, func(int) { t.Error("called after the end") }); !errors.Is(err, context.Canceled) {
		t.Errorf("Parallel: %v, want Canceled", err)
	}
}
