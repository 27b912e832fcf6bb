package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/node/wire"
)

// write puts the records and the note of the pretender into a bundle, whatever
// they are.
func (p *pretender) write(t *testing.T, path string, size int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := bundle.NewWriter(f, p.Genesis, uint64(size))
	if err != nil {
		t.Fatal(err)
	}
	b := new(bundled)
	for _, r := range p.records[:size] {
		if err := w.Add(b.record(r, false)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close([][]byte{p.note}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDiff(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	p := newPretender(t)
	p.write(t, file("all"), 50)
	p.cosign(t, 45, 3)
	p.write(t, file("short"), 45)
	// The same bureaus, without one, sign that XC wrote something else at 44.
	officer := p.Bureaus[3].Officer
	p.records = append(p.records[:44:44], &wire.Record{Time: 44, Entry: officer.Publish(t, ledger.KindRed, []byte("other")).Entry, Purged: true})
	p.cosign(t, 45, 3)
	p.write(t, file("forked"), 45)
	p.cosign(t, 45, 2)
	p.write(t, file("weak"), 45)
	newPretender(t).write(t, file("other"), 50)
	data, err := os.ReadFile(file("all"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("cut"), data[:len(data)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	summed := bytes.Clone(data) // its head and its checksum are wrong
	summed[len(summed)-200] ^= 1
	if err := os.WriteFile(file("sum"), summed, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file("text"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	id := ledger.ID(p.Genesis.Ledger).String()
	for _, tt := range []struct {
		a, b     string
		code     int
		relation string
		wants    string
	}{
		{"all", "all", 0, "equal", "OK      Both hold the same 50 entries.|cosigned by XA XB XC XD (3 needed)|not checked: whether either is authentic"},
		{"all", "short", 0, "a_extends_b", "/all goes on where |/short ends, by 5 entries."},
		{"short", "all", 0, "b_extends_a", "/all goes on where |/short ends, by 5 entries."},
		{"all", "forked", 1, "contradict", "FAILED  They contradict each other: they part at entry 44.|entry     44: publish by key |of XD (desk-1)|signed both: XA XB XC, beyond entry 44|Keep both files"},
		{"forked", "weak", 0, "equal", "cosigned by XA XB, which is not enough (3 needed)"},
		{"all", "other", 2, "cannot_tell", "UNKNOWN |they are of two ledgers|    not read  beyond its charter"},
		{"all", "sum", 2, "cannot_tell", "UNKNOWN |/sum is damaged at byte |the checksum is not that of the file"},
		{"all", "cut", 2, "cannot_tell", "UNKNOWN |/cut is damaged at byte |the file ends here"},
		{"forked", "cut", 1, "contradict", "they part at entry 44|damaged   at byte"},
	} {
		code, out, errs := command(t, "diff", file(tt.a), file(tt.b), "--dir", dir)
		if code != tt.code || errs != "" {
			t.Errorf("%s, %s: got exit code %d, want %d\n%s%s", tt.a, tt.b, code, tt.code, out, errs)
		}
		for want := range strings.SplitSeq(tt.wants, "|") {
			if !strings.Contains(out, want) {
				t.Errorf("%s, %s: %q is not in\n%s", tt.a, tt.b, want, out)
			}
		}
		code, out, _ = command(t, "diff", "--json", file(tt.a), file(tt.b), "--dir", dir)
		var d difference
		if err := json.Unmarshal([]byte(out), &d); err != nil || code != tt.code || d.Relation != tt.relation {
			t.Errorf("%s, %s: got %d, %v, %s, want %s", tt.a, tt.b, code, err, out, tt.relation)
		}
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"all all --ledger " + id, 0, ""},
		{"all short --ledger " + strings.Repeat("0", 64), 2, ""},
		{"all nowhere", 2, "no such file"},
		{"text all", 2, "text is no bundle"},
		{"all text", 2, "text is no bundle"},
		{"all .", 2, "it is a folder"},
		{"all", 3, "missing: two bundles"},
		{"all all all", 3, "too many"},
		{"- -", 3, "name the other"},
		{"all all --ledger x", 3, "no ledger id"},
		{"all all --charter all", 2, "it is no charter"},
	} {
		args := []string{"diff", "--dir", dir}
		for _, word := range strings.Fields(tt.args) {
			switch {
			case word == ".":
				word = dir
			case word[0] != '-' && len(word) < 10 && word != "x":
				word = file(word)
			}
			args = append(args, word)
		}
		if code, out, errs := command(t, args...); code != tt.code || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: got exit code %d, want %d with %q\n%s%s", tt.args, code, tt.code, tt.want, out, errs)
		}
	}
}
