package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/bundle"
)

// vectors returns the bundles among the vectors of the formats, by name, with
// what must come of them.
func vectors(t testing.TB) (data map[string][]byte, result map[string]string) {
	t.Helper()
	files, err := filepath.Glob("../testdata/vectors/bundle*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("got %d vectors, %v", len(files), err)
	}
	data, result = make(map[string][]byte), make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		head, block, _ := strings.Cut(string(text), "\nhex\n")
		if data[name], err = hex.DecodeString(strings.Join(strings.Fields(block), "")); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(head) {
			if r, ok := strings.CutPrefix(line, "result "); ok {
				result[name] = strings.TrimSpace(r)
			}
		}
	}
	return data, result
}

// vectorLedger returns the ledger of the vectors.
func vectorLedger(t testing.TB) *ledger.Hash {
	t.Helper()
	data, _ := vectors(t)
	r, err := bundle.NewReader(bytes.NewReader(data["bundle"]))
	if err != nil {
		t.Fatal(err)
	}
	return &r.Genesis().Ledger
}

func TestVectors(t *testing.T) {
	data, result := vectors(t)
	trust := Trust{Ledger: vectorLedger(t)}
	for name := range data {
		r, err := Run(context.Background(), bytes.NewReader(data[name]), trust, Options{})
		if err != nil {
			if !errors.Is(err, bundle.ErrNoBundle) || result[name] != "malformed" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if (result[name] == "ok") != (r.Verdict == Authentic || r.Verdict == Remarked) {
			t.Errorf("%s: want %s, got %s", name, result[name], show(r))
		}
	}
}

// FuzzRun audits what is left when bundles are changed and have a checksum that
// fits. Nothing may go wrong in it, and what is found authentic must have the
// entries of the vectors.
func FuzzRun(f *testing.F) {
	data, result := vectors(f)
	trust := Trust{Ledger: vectorLedger(f)}
	for name, d := range data {
		if len(d) > 40 && result[name] != "malformed" {
			f.Add(d[:len(d)-32])
		}
	}
	whole := entriesOf(f, data["bundle"])
	f.Fuzz(func(t *testing.T, d []byte) {
		sum := sha256.Sum256(d)
		d = append(bytes.Clone(d), sum[:]...)
		r, err := Run(context.Background(), bytes.NewReader(d), trust, Options{Workers: 1, Temp: t.TempDir()})
		if err != nil {
			if !errors.Is(err, bundle.ErrNoBundle) {
				t.Error(err)
			}
			return
		}
		if r.Verdict == Forged {
			return
		}
		for i, e := range entriesOf(t, d) {
			if !bytes.Equal(e, whole[i]) {
				t.Errorf("entry %d is not the one that was signed, and was found authentic", i)
			}
		}
	})
}

func entriesOf(t testing.TB, data []byte) (out [][]byte) {
	t.Helper()
	r, err := bundle.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for {
		g, err := r.Next()
		if err != nil {
			return out
		}
		for _, rec := range g.Records {
			out = append(out, rec.Entry)
		}
	}
}
