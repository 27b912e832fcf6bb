package desk

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

// BenchmarkSync follows 10,000 notices of 2 KiB from an empty folder, flushed to
// disk and with every signature verified. Compare entries/s with the bare rate
// of signatures, on one core, of BenchmarkVerify.
func BenchmarkSync(b *testing.B) {
	c := ledgertest.NewGenesis(b, 5)
	n := newFakeNode(b, c)
	n.accept(b, c.Bureaus[0].Enrolments(b)...)
	const notices = 10_000
	body := bytes.Repeat([]byte("sealed text, 32 bytes of it ...\n"), 64)
	for range notices / 3 {
		var items []ledger.Item
		for range 3 {
			items = append(items, c.Bureaus[0].Officer.Publish(b, ledger.KindBlue, body))
		}
		n.accept(b, items...)
	}
	n.finalise(b)
	cl := n.client(b)
	for b.Loop() {
		d, err := Open(b.TempDir(), c.Genesis)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Sync(context.Background(), cl, nil); err != nil {
			b.Fatal(err)
		}
		wantSize(b, d, n.final)
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n.final)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkVerify(b *testing.B) {
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	message := fmt.Appendf(nil, "%0270d", 1)
	sig := ed25519.Sign(priv, message)
	for b.Loop() {
		if !ed25519.Verify(pub, message, sig) {
			b.Fatal("not verified")
		}
	}
}
