package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/testnet"
)

// command runs a command line in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	term := &terminal{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	code = term.finish(term.run(t.Context(), append([]string{"comity"}, args...)))
	return code, out.String(), errs.String()
}

// must runs a command line that has to succeed.
func must(t *testing.T, args ...string) {
	t.Helper()
	if code, out, errs := command(t, args...); code != 0 {
		t.Fatalf("comity %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
}

// TestNetFlippedExhibit changes bytes of every part of an exhibit: whatever is
// changed, the file is not authentic, and never anything else.
func TestNetFlippedExhibit(t *testing.T) {
	if testing.Short() {
		t.Skip("founds a consortium")
	}
	t.Parallel()
	dir := t.TempDir()
	c, err := testnet.Found(filepath.Join(dir, "net"), testnet.Options{Bureaus: 1, Log: "error"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.StartAll(); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Enrol(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.WaitEqual(ctx, 1); err != nil {
		t.Fatal(err)
	}
	home, file := c.Homes()[0].Dir(), filepath.Join(dir, "x.cnotice")
	draft := filepath.Join(dir, "n.json")
	must(t, "--dir", home, "notice", "new", "--kind", "tally", "-o", draft)
	must(t, "--dir", home, "--officer", "desk-1", "notice", "submit", draft)
	must(t, "--dir", home, "notice", "export", "XA-0001", "-o", file)
	verify := []string{"verify", file, "--dir", dir, "--charter", filepath.Join(home, "charter")}
	must(t, verify...)

	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := command(t, verify...)
		if code != 1 || !strings.HasPrefix(out, "FAILED  ") || errs != "" {
			t.Errorf("%s: got exit code %d, want 1\n%s%s", what, code, out, errs)
		}
	}
	for _, part := range parts(t, good) {
		step := max(1, (part.to-part.from)/40)
		for at := part.from; at < part.to; at += step {
			changed := bytes.Clone(good)
			changed[at] ^= 1 << (at % 8)
			try(part.name, changed)
		}
	}
	try("cut", good[:len(good)-1])
	try("longer", append(bytes.Clone(good), 0))
	try("empty", nil)
	try("twice", append(bytes.Clone(good), good...))

	// Only a newer program knows whether this is forged.
	later := bytes.Clone(good)
	later[bytes.Index(good, exhibitOf(t, good).Item.Entry.Signed())+1] = 200 // its class
	if err := os.WriteFile(file, later, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command(t, verify...); code != 2 || !strings.Contains(out, "of a later format") {
		t.Errorf("of a class that is not known: got exit code %d, want 2\n%s", code, out)
	}
}

func exhibitOf(t *testing.T, file []byte) *ledger.Exhibit {
	t.Helper()
	x, err := ledger.ParseExhibit(file)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

type filePart struct {
	name     string
	from, to int
}

// parts says where in an exhibit file what is.
func parts(t *testing.T, file []byte) []filePart {
	t.Helper()
	x := exhibitOf(t, file)
	list := []filePart{{"all", 0, len(file)}}
	for _, p := range []struct {
		name string
		data []byte
	}{
		{"header", []byte("comity exhibit v1\n")},
		{"ledger id", x.Ledger[:]},
		{"statement", x.Item.Entry.Signed()},
		{"signature", x.Item.Entry.Signatures[0].Sig[:]},
		{"body", x.Item.Body},
		{"receipt", x.Receipt.Marshal()},
		{"enrolment", x.Enrols[0].Entry.Raw},
		{"receipt of the enrolment", x.Enrols[0].Receipt.Marshal()},
	} {
		at := bytes.LastIndex(file, p.data)
		if p.name == "ledger id" {
			at = bytes.Index(file, p.data)
		}
		if at < 0 {
			t.Fatalf("%s is not in the file as it is", p.name)
		}
		list = append(list, filePart{p.name, at, at + len(p.data)})
	}
	return list
}

// TestOldCharter: what a newer charter file may explain is no forgery.
func TestOldCharter(t *testing.T) {
	f := &finding{genesis: ledgertest.NewGenesis(t, 1).Genesis}
	f.failed(fmt.Errorf("checkpoint 12: too few cosignatures; %w", ledger.ErrOldCharter))
	if f.Verdict != unknown || !strings.Contains(f.Reason, "knows 1 epoch of members") || f.Advice == "" {
		t.Errorf("got %+v", f)
	}
	if f.failed(errors.New("changed")); f.Verdict != notAuthentic {
		t.Errorf("got %+v", f)
	}
}
