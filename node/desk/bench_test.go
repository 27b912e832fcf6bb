package desk

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"testing"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/notice"
	"comity/ledger/state"
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

// BenchmarkCircleTrials opens a notice that is not for the bureau, of three parts
// with one grant each, while the bureau is in so many circles.
func BenchmarkCircleTrials(b *testing.B) {
	for _, circles := range []int{0, 1, 8, 32} {
		b.Run(fmt.Sprint(circles), func(b *testing.B) {
			d, e, sealed, ids := circleBench(b, circles)
			for b.Loop() {
				if parts, err := d.openParts(e, sealed, ids); err != nil || len(parts) > 0 {
					b.Fatal(parts, err)
				}
			}
		})
	}
}

// BenchmarkCircleOpens opens a statement on a circle of five bureaus, which each
// process does once for each that it needs.
func BenchmarkCircleOpens(b *testing.B) {
	d, _, _, ids := circleBench(b, 1)
	cs := d.opener.circles()
	if err := d.readCircles(cs); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if e, err := d.openEpoch(cs.log[0].index, 1, ids); err != nil || e == nil {
			b.Fatal(e, err)
		}
	}
}

// circleBench returns the desk of XB, which is in so many circles of XA, and a
// notice of XA to itself.
func circleBench(b *testing.B, circles int) (*Desk, *ledger.Entry, *seal.Sealed, identities) {
	c := ledgertest.NewGenesis(b, 5)
	n := newFakeNode(b, c)
	n.accept(b, c.Enrolments(b)...)
	n.finalise(b)
	xa, xb := &office{Bureau: c.Bureaus[0]}, &office{Bureau: c.Bureaus[1]}
	ctx := context.Background()
	for _, o := range []*office{xa, xb} {
		o.Desk = openDesk(b, b.TempDir(), c.Genesis)
		o.Unlock(o.identities())
		syncDesk(b, o.Desk, n)
	}
	by := xa.officers()
	by.Chain = new(state.Author)
	for i := range circles {
		it, err := xa.FoundCircle(ctx, nil, by, fmt.Sprint("C", i), []string{"all"})
		if err != nil {
			b.Fatal(err)
		}
		n.accept(b, it)
	}
	n.finalise(b)
	syncDesk(b, xa.Desk, n)
	syncDesk(b, xb.Desk, n)
	doc := teamNotice("XA", "LT-1", "-")
	doc.Readers = notice.Readers{"XA"}
	it, err := xa.Publish(ctx, nil, by, doc)
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := seal.Parse(it.Body)
	if err != nil {
		b.Fatal(err)
	}
	return xb.Desk, it.Entry, sealed, xb.identities()
}
