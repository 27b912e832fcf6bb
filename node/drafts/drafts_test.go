package drafts

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
	d := testDraft(t, 1)
	for i := range MaxDrafts {
		it := d.Item
		raw := *it.Entry.Statement
		raw.Created += uint64(i) + 1
		e, err := ledger.NewEntry(raw.Marshal(), it.Entry.Signatures)
		if err != nil {
			t.Fatal(err)
		}
		other := &Draft{Item: ledger.Item{Entry: e, Body: it.Body}}
		if err := os.WriteFile(f.path(other.ID()), other.Marshal(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Put(d); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	big := testDraft(t, 2)
	big.About = make([]byte, maxNote+1)
	if err := Folder(t.TempDir()).Put(big); err == nil {
		t.Error("a draft that cannot be read back was kept")
	}
}

func TestDue(t *testing.T) {
	d := testDraft(t, 0)
	if got := d.Due() - d.Parked; got != uint64(notice.Limit(d.Urgency()).Milliseconds()) || got == 0 {
		t.Errorf("due after %d ms", got)
	}
}
