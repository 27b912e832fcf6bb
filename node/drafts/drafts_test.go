package drafts

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/notice"
)

func testDraft(t testing.TB, n byte) *Draft {
	t.Helper()
	c := ledgertest.NewGenesis(t, 3)
	return &Draft{Item: c.Bureaus[0].Officer.Publish(t, ledger.KindRed, []byte{'s', 'e', 'a', 'l', 'e', 'd', n}), Parked: 1_790_000_000_000 + uint64(n), About: []byte("sealed too")}
}

func TestDraftRoundTrip(t *testing.T) {
	d := testDraft(t, 1)
	for range 2 {
		data := d.Marshal()
		again, err := Parse(data)
		if err != nil || !bytes.Equal(again.Marshal(), data) || again.ID() != d.ID() || (again.Rejection == nil) != (d.Rejection == nil) {
			t.Fatalf("got %+v, %v", again, err)
		}
		for _, bad := range [][]byte{nil, data[1:], data[:len(data)-1], append(bytes.Clone(data), 0), bytes.Repeat([]byte(magic), MaxFile)} {
			if _, err := Parse(bad); !errors.Is(err, ledger.ErrMalformed) {
				t.Errorf("%d bytes: %v, want ErrMalformed", len(bad), err)
			}
		}
		body := bytes.Index(data, []byte("sealed\x01"))
		data[body] ^= 1
		if _, err := Parse(data); err == nil {
			t.Error("another body than the signed one is taken")
		}
		d.Rejection = &Rejection{By: keys.ID{7}, At: d.Parked + 5, Reason: []byte("a reason, sealed")}
	}
}

func FuzzParse(f *testing.F) {
	d := testDraft(f, 1)
	f.Add(d.Marshal())
	d.Rejection = &Rejection{Reason: []byte("no")}
	f.Add(d.Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := Parse(data); err == nil && !bytes.Equal(d.Marshal(), data) {
			t.Errorf("%x came back as %x", data, d.Marshal())
		}
		if row, err := ParseRow(data); err == nil && !bytes.Equal(MarshalRow(row), data) {
			t.Errorf("%x came back as %x", data, MarshalRow(row))
		}
	})
}

func TestFolder(t *testing.T) {
	f := Folder(filepath.Join(t.TempDir(), "drafts"))
	if list, err := f.List(); len(list) != 0 || err != nil {
		t.Fatalf("before the first: %v, %v", list, err)
	}
	second, first := testDraft(t, 2), testDraft(t, 1)
	for _, d := range []*Draft{second, first, first} {
		if err := f.Put(d); err != nil {
			t.Fatal(err)
		}
	}
	list, err := f.List()
	if err != nil || len(list) != 2 || list[0].ID() != first.ID() {
		t.Fatalf("%d drafts, %v", len(list), err)
	}
	fi, err := os.Stat(f.path(first.ID()))
	if err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if d, err := f.Find(first.ID().String()[:8]); err != nil || d.ID() != first.ID() {
		t.Errorf("Find: %v", err)
	}
	for _, prefix := range []string{"", "1234567", "../../../etc", "00000000", strings.ToUpper(first.ID().String())} {
		if _, err := f.Find(prefix); !errors.Is(err, ErrNone) {
			t.Errorf("Find %q: %v, want ErrNone", prefix, err)
		}
	}

	// Damaged files are named, and hide nothing.
	damaged := filepath.Join(string(f), strings.Repeat("a", 64)+ext)
	open := filepath.Join(string(f), strings.Repeat("b", 64)+ext)
	renamed := filepath.Join(string(f), strings.Repeat("c", 64)+ext)
	link := filepath.Join(string(f), strings.Repeat("d", 64)+ext)
	for path, data := range map[string][]byte{damaged: []byte("x"), open: first.Marshal(), renamed: first.Marshal()} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(open, 0o644), os.Symlink(f.path(first.ID()), link)); err != nil {
		t.Fatal(err)
	}
	list, err = f.List()
	if len(list) != 2 || err == nil {
		t.Fatalf("%d drafts, %v", len(list), err)
	}
	for _, path := range []string{damaged, open, renamed, link} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%s is not named in %v", path, err)
		}
	}
	if _, err := f.Find(first.ID().String()); err != nil {
		t.Errorf("Find beside a damaged one: %v", err)
	}
	if err := errors.Join(f.Drop(first.ID()), f.Drop(first.ID())); err != nil {
		t.Error(err)
	}
	if _, err := f.Find(first.ID().String()); !errors.Is(err, ErrNone) {
		t.Errorf("after Drop: %v", err)
	}
}

func TestFolderIsBounded(t *testing.T) {
	f := Folder(t.TempDir())
	row := testRow(t, 2)
	for i := range MaxDrafts - 1 {
		if err := os.WriteFile(f.path(ledger.ID{byte(i), byte(i >> 8), 1}), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Put(row...); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	for _, d := range row {
		if _, err := os.Stat(f.path(d.ID())); err == nil {
			t.Error("one of a row that does not fit is kept")
		}
	}
	if err := errors.Join(f.Put(row[0]), f.Put(row[0])); err != nil {
		t.Errorf("the last that fits, twice: %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(string(f), ".draft-*")); len(names) > 0 || err != nil {
		t.Errorf("left behind: %q, %v", names, err)
	}
	big := testDraft(t, 2)
	big.About = make([]byte, maxNote+1)
	if err := Folder(t.TempDir()).Put(big); err == nil {
		t.Error("a draft that cannot be read back was kept")
	}
}

// testRow returns drafts that one author signed one behind the other.
func testRow(t testing.TB, n int) (row []*Draft) {
	t.Helper()
	var before ledger.Statement
	for i := range n {
		d := testDraft(t, 0)
		st := *d.Item.Entry.Statement
		if i > 0 {
			st.Author, st.Seq, st.Prev = before.Author, before.Seq+1, row[i-1].ID()
		}
		e, err := ledger.NewEntry(st.Marshal(), d.Item.Entry.Signatures)
		if err != nil {
			t.Fatal(err)
		}
		d.Item.Entry, before = e, *e.Statement
		row = append(row, d)
	}
	return row
}

// A row is what one author signed one behind the other and parked at the same time.
func TestRows(t *testing.T) {
	row := testRow(t, 4)
	alone := testDraft(t, 0)
	// shape writes which drafts stand together, by their numbers; 9 is alone.
	shape := func(list ...*Draft) (out string) {
		for _, r := range Rows(list) {
			for _, d := range r {
				i := slices.Index(row, d)
				out += string("9012345"[i+1])
			}
			out += " "
		}
		return out
	}
	for _, c := range []struct{ got, want string }{
		{shape(), ""},
		{shape(row...), "0123 "},
		{shape(row[3], alone, row[1], row[2], row[0]), "9 0123 "},
		{shape(row[0], row[2], row[3]), "0 23 "},
	} {
		if c.got != c.want {
			t.Errorf("rows %q, want %q", c.got, c.want)
		}
	}
	for name, change := range map[string]func(d *Draft){
		"of another time": func(d *Draft) { d.Parked++ },
		"rejected":        func(d *Draft) { d.Rejection = new(Rejection) },
		"of another author": func(d *Draft) {
			st := *d.Item.Entry.Statement
			st.Author[0] ^= 1
			d.Item.Entry = &ledger.Entry{ID: d.ID(), Statement: &st}
		},
		"of another place": func(d *Draft) {
			st := *d.Item.Entry.Statement
			st.Seq++
			d.Item.Entry = &ledger.Entry{ID: d.ID(), Statement: &st}
		},
	} {
		whole := *row[2]
		change(row[2])
		if got := shape(row...); got != "01 2 3 " && got != "01 3 2 " {
			t.Errorf("with one %s: rows %q", name, got)
		}
		*row[2] = whole
	}
	twin := *row[1]
	if got := Rows([]*Draft{row[0], row[1], &twin}); len(got) != 2 {
		t.Errorf("two for one place are one row: %d", len(got))
	}
}

func TestChanged(t *testing.T) {
	f := Folder(t.TempDir())
	row := testRow(t, 3)
	if err := f.Put(row...); err != nil {
		t.Fatal(err)
	}
	if d := f.Changed(row...); d != nil {
		t.Errorf("%s changed", d.ID().Short())
	}
	rejected := *row[1]
	rejected.Rejection = new(Rejection)
	if err := f.Put(&rejected); err != nil || f.Changed(row...) != row[1] {
		t.Errorf("a rejection is not seen: %v", err)
	}
	if err := errors.Join(f.Put(row[1]), f.Drop(row[2].ID())); err != nil || f.Changed(row...) != row[2] {
		t.Errorf("that one was dropped is not seen: %v", err)
	}
}

func TestRowFile(t *testing.T) {
	row := testRow(t, 3)
	row[1].Rejection = &Rejection{Reason: []byte("no")}
	data := MarshalRow(row)
	again, err := ParseRow(data)
	if err != nil || len(again) != 3 || !bytes.Equal(MarshalRow(again), data) {
		t.Fatalf("%d drafts, %v", len(again), err)
	}
	one := row[0].Marshal()
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": data[:len(data)-1], "more": append(bytes.Clone(data), 0), "one too many": bytes.Repeat(one, MaxRow+1),
	} {
		if _, err := ParseRow(bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	if _, err := Parse(data); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a row as one draft: %v", err)
	}
}

func TestDue(t *testing.T) {
	d := testDraft(t, 0)
	if got := d.Due() - d.Parked; got != uint64(notice.Limit(d.Urgency()).Milliseconds()) || got == 0 {
		t.Errorf("due after %d ms", got)
	}
}
