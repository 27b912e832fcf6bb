package backup_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"comity/ledger"
	"comity/node/backup"
)

type part struct {
	kind backup.Kind
	name string
	data []byte
}

var about = backup.About{Ledger: ledger.Hash{1}, Bureau: "XA", Made: 1_700_000_000_000, Size: 7, Root: ledger.Hash{2}}

func parts() []part {
	return []part{
		{backup.File, "comity.toml", []byte("bureau")}, {backup.File, "empty", nil},
		{backup.Ledger, "ledger", bytes.Repeat([]byte{7}, 2<<20)}, {backup.Attachment, "aa", bytes.Repeat([]byte{8}, 1<<20+1)},
	}
}

func write(t testing.TB, list []part) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := backup.NewWriter(&out, &about)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if err := w.Section(p.kind, p.name, func(to io.Writer) error { _, err := to.Write(p.data); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(r io.Reader) (list []part, err error) {
	b, err := backup.NewReader(r)
	if err != nil {
		return nil, err
	}
	if *b.About() != about {
		return nil, errors.New("another head")
	}
	for {
		s, err := b.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(s)
		if err != nil {
			return nil, err
		}
		list = append(list, part{s.Kind, s.Name, data})
	}
}

func TestRoundTrip(t *testing.T) {
	data := write(t, parts())
	got, err := read(iotest.HalfReader(bytes.NewReader(data)))
	if err != nil || len(got) != len(parts()) {
		t.Fatalf("%d sections, %v", len(got), err)
	}
	for i, want := range parts() {
		if got[i].kind != want.kind || got[i].name != want.name || !bytes.Equal(got[i].data, want.data) {
			t.Errorf("section %d: another one", i)
		}
	}
	if !bytes.Equal(write(t, got), data) {
		t.Error("it is written in another way")
	}
	b, err := backup.NewReader(bytes.NewReader(data)) // passed over, and checked all the same
	for err == nil {
		_, err = b.Next()
	}
	if err != io.EOF {
		t.Error(err)
	}
}

// TestDamage flips each byte, and cuts the file at each place.
func TestDamage(t *testing.T) {
	data := write(t, parts()[:2])
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if _, err := read(bytes.NewReader(bad)); err == nil {
			t.Fatalf("byte %d changed: read", i)
		}
		if _, err := read(bytes.NewReader(data[:i])); err == nil {
			t.Fatalf("cut at %d: read", i)
		}
	}
	if _, err := read(bytes.NewReader(append(bytes.Clone(data), 0))); !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("a byte behind the end: %v", err)
	}
	if _, err := read(strings.NewReader("something else, which is long enough to be one")); !errors.Is(err, backup.ErrNoBackup) {
		t.Errorf("another file: %v", err)
	}
	broken := errors.New("the disk is broken")
	if _, err := read(io.MultiReader(bytes.NewReader(data[:100]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a broken disk: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	for name, p := range map[string]part{
		"no name": {kind: backup.File}, "no kind": {name: "x"}, "an unknown kind": {kind: 9, name: "x"}, "a long name": {backup.File, strings.Repeat("x", 300), nil},
		"a kind that goes back": {kind: backup.File, name: "x"},
	} {
		w, err := backup.NewWriter(io.Discard, &about)
		if err != nil {
			t.Fatal(err)
		}
		none := func(io.Writer) error { return nil }
		if name == "a kind that goes back" {
			if err := w.Section(backup.Attachment, "a", none); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Section(p.kind, p.name, none); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	full := errors.New("the disk is full")
	w, err := backup.NewWriter(failing{full}, &about)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Section(backup.File, "x", func(to io.Writer) error { _, err := to.Write(make([]byte, 2<<20)); return err })
	if err = errors.Join(err, w.Close()); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// FuzzRead takes anything; what it takes has one encoding.
func FuzzRead(f *testing.F) {
	f.Add(write(f, parts()[:2]))
	f.Add(write(f, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := read(bytes.NewReader(data)); err == nil && !bytes.Equal(write(t, list), data) {
			t.Errorf("%x has another encoding", data)
		}
	})
}
