package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/audit"
)

// TestKeep keeps the head of an audit, and loses nothing that is kept.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "my.anchors"), filepath.Join(dir, "link.anchors")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	id := ledger.Hash{1}
	head := func(n uint64) *audited {
		return &audited{Report: &audit.Report{Ledger: id, Head: ledger.Checkpoint{Size: n, Root: ledger.Hash{byte(n)}}}, at: time.Unix(1_800_000_000, 0)}
	}
	begin := func(path string) *auditTrust {
		t.Helper()
		trust := &auditTrust{path: path}
		if err := trust.read(); err != nil {
			t.Fatal(err)
		}
		return trust
	}
	content := func() string {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}

	first, late := begin(path), begin(path)
	if kept, err := first.keep(head(0)); kept || err != nil {
		t.Errorf("no entries: %v, %v", kept, err)
	}
	if kept, err := first.keep(head(9)); !kept || err != nil {
		t.Errorf("the first: %v, %v", kept, err)
	}
	// Two audits at once: what the second did not compare it does not replace.
	if kept, err := late.keep(head(5)); kept || err == nil || !strings.Contains(err.Error(), "was changed while this audit ran") {
		t.Errorf("the file was made meanwhile: %v, %v", kept, err)
	}
	one, other := begin(path), begin(path)
	if _, err := one.keep(head(20)); err != nil {
		t.Fatal(err)
	}
	if kept, err := other.keep(head(10)); kept || err == nil {
		t.Errorf("the file was changed meanwhile: %v, %v", kept, err)
	}
	if text := content(); !strings.Contains(text, "\n9 ") || !strings.Contains(text, "\n20 ") || strings.Contains(text, "\n10 ") {
		t.Errorf("got %s", text)
	}

	// Through a link it is the file that changes.
	if kept, err := begin(link).keep(head(30)); !kept || err != nil {
		t.Errorf("through a link: %v, %v", kept, err)
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 || !strings.Contains(content(), "\n30 ") {
		t.Errorf("the link is gone or the file is as before: %v, %v\n%s", fi, err, content())
	}

	// What nobody could read again is not written.
	full := content() + strings.Repeat("#"+strings.Repeat("x", 1000)+"\n", 1046)
	full += strings.Repeat("#\n", (audit.MaxAnchors-len(full))/2)
	if err := os.WriteFile(path, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	if kept, err := begin(path).keep(head(40)); kept || err == nil || content() != full {
		t.Errorf("a full file: %v, %v", kept, err)
	}
}

// TestOutputPlaces writes over no device, and over none of its inputs.
func TestOutputPlaces(t *testing.T) {
	if _, err := createOutput(os.DevNull, true); err == nil || !strings.Contains(err.Error(), "it is no file") {
		t.Errorf("a device: got %v", err)
	}
	dir := t.TempDir()
	p := newPretender(t)
	path, link := filepath.Join(dir, "a.cbundle"), filepath.Join(dir, "link")
	p.write(t, path, 50)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--report", path}, {"--report", link}, {"--report", dir + "/x", "--anchors", dir + "/./x"}} {
		code, out, errs := command(t, append([]string{"audit", path, "--force", "--dir", dir}, args...)...)
		if code != 3 || out != "" || !strings.Contains(errs, "the audit reads this file") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the bundle was changed: %v", err)
	}
}
