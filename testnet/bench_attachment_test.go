package testnet

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/client"
	"comity/node/desk"
)

// BenchmarkAttachment measures one file of 16 MiB on its way: sealed, handed to
// the node, fetched from it, and fetched by a reader whose node gets it first from
// the origin's.
func BenchmarkAttachment(b *testing.B) {
	const size = 16 << 20
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	c, err := Found(filepath.Join(b.TempDir(), "net"), Options{Bureaus: 3})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.StartAll(); err != nil {
		b.Fatal(err)
	}
	if _, err := c.Enrol(ctx); err != nil {
		b.Fatal(err)
	}
	author, err := c.Author("XA", "case-1")
	if err != nil {
		b.Fatal(err)
	}
	defer author.Close()
	xa, desks := author.clients[0], make(map[string]*desk.Desk)
	for _, code := range []string{"XA", "XB"} {
		if desks[code], err = desk.Open(b.TempDir(), c.Genesis()); err != nil {
			b.Fatal(err)
		}
		defer desks[code].Close()
		ids, err := c.homes[code].Identities(nil)
		if err != nil {
			b.Fatal(err)
		}
		desks[code].Unlock(ids)
	}
	xb, err := c.Operator("XB")
	if err != nil {
		b.Fatal(err)
	}
	took := make(map[string]time.Duration)
	timed := func(what string, f func() error) {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatalf("%s: %v", what, err)
		}
		took[what] += time.Since(start)
	}
	none := func(bool, uint64, uint64) {}
	by := desk.Officers{Author: author.Signer}
	for i := range b.N {
		n := Sample("XA", i+1, notice.Readers{"XA", "XB"}, time.Now())
		if err := desks["XA"].Sync(ctx, xa, nil); err != nil {
			b.Fatal(err)
		}
		timed("seal", func() error {
			a, err := desks["XA"].Attach(by, seal.Body, "ferry.bin", io.LimitReader(zeroReader{}, size), size)
			n.Attachments = []notice.Attachment{a}
			return err
		})
		it, err := desks["XA"].Publish(ctx, xa, by, n)
		if err != nil {
			b.Fatal(err)
		}
		timed("hand", func() error {
			return desk.SendFiles(ctx, xa, desks["XA"].Files(), it.Entry.Statement, func(_, _ uint64) {})
		})
		sent, err := xa.Submit(ctx, it)
		if err != nil {
			b.Fatal(err)
		}
		for _, from := range []struct {
			what, code string
			cl         *client.Client
		}{{"near", "XA", xa}, {"far", "XB", xb}} {
			d := desks[from.code]
			if _, err := from.cl.Receipt(ctx, sent.Index, 20*time.Second); err != nil {
				b.Fatal(err)
			}
			if err := d.Sync(ctx, from.cl, nil); err != nil {
				b.Fatal(err)
			}
			if err := desk.DropFiles(d.Files(), it.Entry.Statement); err != nil {
				b.Fatal(err)
			}
			timed(from.what, func() error { return fetched(ctx, d, c.Genesis(), from.cl, sent.ID, none) })
		}
	}
	for what, d := range took {
		b.ReportMetric(float64(b.N)*size/1e6/d.Seconds(), fmt.Sprintf("%s-MB/s", what))
	}
}

func fetched(ctx context.Context, d *desk.Desk, g *ledger.Genesis, cl *client.Client, id ledger.ID, progress func(bool, uint64, uint64)) error {
	k, err := d.Case(ctx, id.String())
	if err != nil {
		return err
	}
	f, err := desk.Fetchable(g, k.View, k.View.Attachments[0])
	if err == nil {
		err = f.Fetch(ctx, cl, d.Files(), progress)
	}
	if err == nil {
		err = f.Open(d.Files(), io.Discard)
	}
	return err
}

// zeroReader never ends.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }
