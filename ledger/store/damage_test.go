package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity/ledger/store"
	"comity/ledger/store/storetest"
)

// saved makes a store on disk of a short history, with a purged body and a
// flush after each step, and returns what it must read as.
func saved(t *testing.T, h *storetest.History) (dir string, want *store.Mem) {
	t.Helper()
	dir, want = t.TempDir(), h.Twin(t, h.End())
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, step := range h.Steps {
		h.Play(t, s, step.Applied)
		if err := s.Flush(s.Mark()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Purge(1), want.Purge(1)); err != nil {
		t.Fatal(err)
	}
	return dir, want
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]byte)
	for _, e := range list {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() != "lock" {
			out[e.Name()] = data
		}
	}
	return out
}

// readBack opens a directory and compares all of it.
func readBack(dir string, h *storetest.History, want store.Store) error {
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		return err
	}
	defer s.Close()
	return storetest.Diff(h, s, want)
}

// TestFlip flips a bit of every byte on disk. Each flip must be found, or must
// change nothing that is read: never a wrong answer.
func TestFlip(t *testing.T) {
	h := storetest.NewShortHistory(t)
	dir, want := saved(t, h)
	if err := readBack(dir, h, want); err != nil {
		t.Fatalf("undamaged: %v", err)
	}
	stride := 1
	if testing.Short() {
		stride = 13
	}
	found, harmless := 0, 0
	for name, data := range files(t, dir) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(data); i += stride {
			f.WriteAt([]byte{data[i] ^ 1<<(i%8)}, int64(i))
			switch err := readBack(dir, h, want); {
			case err == nil:
				harmless++
			case errors.Is(err, store.ErrCorrupt):
				found++
			default:
				t.Errorf("%s, byte %d: got %v, want ErrCorrupt", name, i, err)
			}
			f.WriteAt(data[i:i+1], int64(i))
		}
		f.Close()
	}
	if err := readBack(dir, h, want); err != nil {
		t.Fatalf("repaired: %v", err)
	}
	t.Logf("%d flips found, %d harmless", found, harmless)
}

// TestTruncated shortens, empties, fills with zeros and removes each file.
func TestTruncated(t *testing.T) {
	h := storetest.NewHistory(t, 1)
	dir, want := saved(t, h)
	for name, data := range files(t, dir) {
		path := filepath.Join(dir, name)
		for _, d := range []struct {
			how    string
			damage func() error
		}{
			{"shortened", func() error { return os.Truncate(path, int64(len(data)-1)) }},
			{"halved", func() error { return os.Truncate(path, int64(len(data)/2)) }},
			{"emptied", func() error { return os.Truncate(path, 0) }},
			{"zeroed", func() error { return os.WriteFile(path, make([]byte, len(data)), 0o600) }},
			{"removed", func() error { return os.Remove(path) }},
		} {
			if err := d.damage(); err != nil {
				t.Fatal(err)
			}
			_, err := store.OpenSmall(dir, h.Machine)
			if !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s %s: open got %v, want ErrCorrupt", name, d.how, err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := readBack(dir, h, want); err != nil {
		t.Fatalf("repaired: %v", err)
	}
}
