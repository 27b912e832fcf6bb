package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger/audit"
)

// TestAuditHostile gives audit what somebody made up: it says that it is wrong,
// at once, whatever lengths are claimed.
func TestAuditHostile(t *testing.T) {
	dir := t.TempDir()
	p := newPretender(t)
	path := filepath.Join(dir, "a.cbundle")
	p.write(t, path, 50)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	charter := filepath.Join(dir, "charter")
	if err := os.WriteFile(charter, p.Genesis.Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(data []byte) (int, string, string) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return command(t, "audit", path, "--dir", dir, "--charter", charter)
	}
	if code, out, errs := run(good); code != 4 || errs != "" { // its notices are past their day of review
		t.Fatalf("as it was made: exit code %d\n%s%s", code, out, errs)
	}
	head := len(bundleHeader) + 32
	size := head + 3 + len(p.Genesis.Marshal()) // where the number of entries is
	ff := bytes.Repeat([]byte{0xff}, 64)
	join := bytes.Join
	for name, data := range map[string][]byte{
		"a header alone":        good[:len(bundleHeader)],
		"a ledger id alone":     good[:head],
		"a huge charter":        join([][]byte{good[:head], ff}, nil),
		"no charter":            join([][]byte{good[:head], {0, 0, 0}, good[head+3:]}, nil),
		"a huge size":           join([][]byte{good[:size], ff}, nil),
		"the largest size":      join([][]byte{good[:size], {0x3f}, ff[:7], good[size+8:]}, nil),
		"a huge entry":          join([][]byte{good[:size+8], ff}, nil),
		"no entries":            join([][]byte{good[:size], make([]byte, 8), good[size+8:]}, nil),
		"zeros":                 join([][]byte{[]byte(bundleHeader), make([]byte, 4096)}, nil),
		"another version":       bytes.Replace(good, []byte("bundle v1"), []byte("bundle v2"), 1),
		"twice":                 join([][]byte{good, good}, nil),
		"a line break in front": join([][]byte{{'\n'}, good}, nil),
		"nothing":               nil,
	} {
		code, out, errs := run(data)
		if code != 1 || !strings.HasPrefix(out, "FAILED  ") || errs != "" {
			t.Errorf("%s: got exit code %d, want 1\n%s%s", name, code, out, errs)
		}
	}
}

// Every check that an audit puts has an explanation.
func TestExplanations(t *testing.T) {
	p := newPretender(t)
	id := p.Genesis.Ledger
	for _, trust := range []audit.Trust{{}, {Ledger: &id, Anchors: []audit.Anchor{{Size: 1}}}} {
		var b bytes.Buffer
		if _, err := p.session(t).bundle(t.Context(), &b, 50, true, func(uint64, uint64) {}); err != nil {
			t.Fatal(err)
		}
		r, err := audit.Run(t.Context(), &b, trust, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Checks) < 8 {
			t.Errorf("only %d checks", len(r.Checks))
		}
		for _, c := range r.Checks {
			if explanation(c.Question) == "" {
				t.Errorf("nothing explains %q", c.Question)
			}
		}
	}
	if explanation("Is it so?") != "" {
		t.Error("it explains anything")
	}
}
