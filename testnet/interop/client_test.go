package interop

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"comity/ledger"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/tlog"
)

// fetchers returns Tessera's ways to the tiles.
func (f *fixture) fetchers(t *testing.T) map[string]fsck.Fetcher {
	t.Helper()
	u, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	h, err := client.NewHTTPFetcher(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]fsck.Fetcher{"folder": client.FileFetcher{Root: f.folder}, "HTTP": h}
}

// TestTesseraClient follows the log from an early checkpoint to the present one,
// reads every entry, and proves some.
func TestTesseraClient(t *testing.T) {
	f := use(t)
	v := f.logVerifier(t)
	for name, s := range f.fetchers(t) {
		tracker, err := client.NewLogStateTracker(t.Context(), s.ReadTile, f.early, v, f.origin, client.UnilateralConsensus(s.ReadCheckpoint))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if early := tracker.Latest().Size; early < wantEntries/2-50 || early >= f.size {
			t.Errorf("%s: it begins at %d", name, early)
		}
		if _, p, _, err := tracker.Update(t.Context()); err != nil || len(p) == 0 || tracker.Latest().Size != f.size {
			t.Errorf("%s: update to %d with a proof of %d hashes: %v", name, tracker.Latest().Size, len(p), err)
		}
		cp := tracker.Latest()
		builder, err := client.NewProofBuilder(t.Context(), cp.Size, s.ReadTile)
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(0)
		for b, err := range client.EntryBundles(t.Context(), 2, func(context.Context) (uint64, error) { return cp.Size, nil }, s.ReadEntryBundle, 0, cp.Size) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var bundle api.EntryBundle
			if err := bundle.UnmarshalText(b.Data); err != nil || len(bundle.Entries) != int(b.RangeInfo.N) {
				t.Fatalf("%s: %d entries for %+v: %v", name, len(bundle.Entries), b.RangeInfo, err)
			}
			for _, raw := range bundle.Entries {
				if _, err := ledger.ParseEntry(raw); err != nil {
					t.Fatalf("%s: entry %d: %v", name, n, err)
				}
				if n%97 == 0 || n == cp.Size-1 {
					p, err := builder.InclusionProof(t.Context(), n)
					if err == nil {
						err = proof.VerifyInclusion(rfc6962.DefaultHasher, n, cp.Size, rfc6962.DefaultHasher.HashLeaf(raw), p, cp.Hash)
					}
					if err != nil {
						t.Errorf("%s: entry %d: %v", name, n, err)
					}
				}
				n++
			}
		}
		if n != f.size {
			t.Errorf("%s: %d entries, want %d", name, n, f.size)
		}
	}
}

func TestTesseraClientRefuses(t *testing.T) {
	f := use(t)
	v := f.logVerifier(t)
	good := client.FileFetcher{Root: f.folder}

	// A client that saw another history before.
	for _, size := range []uint64{100, 256, 300, f.size - 1} {
		tracker, err := client.NewLogStateTracker(t.Context(), good.ReadTile, f.plot(t, size), v, f.origin, client.UnilateralConsensus(good.ReadCheckpoint))
		if err != nil {
			t.Fatal(err)
		}
		var fork client.ErrInconsistency
		if _, _, _, err := tracker.Update(t.Context()); !errors.As(err, &fork) {
			t.Errorf("from a forged checkpoint of %d entries: %v", size, err)
		}
	}
	// Its proofs with one hash changed.
	bad := client.FileFetcher{Root: f.copyOf(t, "tile/0/001", func(b []byte) []byte { b[7] ^= 1; return b })}
	cp, _, _, err := client.FetchCheckpoint(t.Context(), bad.ReadCheckpoint, v, f.origin)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := client.FetchLeafHashes(t.Context(), good.ReadTile, 300, 1, f.size)
	if err != nil {
		t.Fatal(err)
	}
	builder, err := client.NewProofBuilder(t.Context(), cp.Size, bad.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := builder.InclusionProof(t.Context(), 300)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, 300, cp.Size, leaves[0], p, cp.Hash); err == nil {
		t.Error("a proof through a changed tile verifies")
	}
	early, _, _, err := log.ParseCheckpoint(f.early, f.origin, v)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = builder.ConsistencyProof(t.Context(), early.Size, cp.Size); err != nil {
		t.Fatal(err)
	}
	if proof.VerifyConsistency(rfc6962.DefaultHasher, early.Size, cp.Size, p, early.Hash, cp.Hash) == nil {
		t.Error("a proof of consistency through a changed tile verifies")
	}
}

// TestTorchwoodClient reads all entries with the other client there is, which
// checks each against the tree.
func TestTorchwoodClient(t *testing.T) {
	f := use(t)
	read := func(base string) (n int64, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		fetcher, err := torchwood.NewTileFetcher(base)
		if err != nil {
			return 0, err
		}
		c, err := torchwood.NewClient(fetcher)
		if err != nil {
			return 0, err
		}
		data, err := fetcher.ReadEndpoint(ctx, "checkpoint")
		if err != nil {
			return 0, err
		}
		cp, _, err := torchwood.VerifyCheckpoint(data, torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(f.origin), torchwood.SingleVerifierPolicy(f.logVerifier(t))))
		if err != nil {
			return 0, err
		}
		for i, raw := range c.AllEntries(ctx, cp.Tree, 0) {
			if _, err := ledger.ParseEntry(raw); err != nil || i != n {
				t.Fatalf("entry %d: %v", i, err)
			}
			n++
		}
		return n, c.Err()
	}
	if n, err := read(f.url); err != nil || n != int64(f.size) {
		t.Errorf("read %d entries, %v", n, err)
	}
	server := f.serve(t, f.copyOf(t, "tile/entries/001", func(b []byte) []byte { b[50] ^= 1; return b }))
	if n, err := read(server); err == nil {
		t.Errorf("read %d entries, one of them changed", n)
	}
}

// TestReceiptsAgree holds our receipts' proofs against those that their client
// builds from our tiles.
func TestReceiptsAgree(t *testing.T) {
	f := use(t)
	xa, err := f.net.Operator("XA")
	if err != nil {
		t.Fatal(err)
	}
	builder, err := client.NewProofBuilder(t.Context(), f.size, client.FileFetcher{Root: f.folder}.ReadTile)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []uint64{0, 1, 255, 256, 511, 512, f.size - 1} {
		r, err := xa.Receipt(t.Context(), i, 0)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := builder.InclusionProof(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		same := len(theirs) == len(r.Proof)
		for j := range r.Proof {
			same = same && bytes.Equal(r.Proof[j][:], theirs[j])
		}
		if !same {
			t.Errorf("entry %d: theirs %x, ours %v", i, theirs, []tlog.Hash(r.Proof))
		}
	}
}
