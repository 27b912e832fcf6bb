package store_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"comity/ledger/store"
	"comity/ledger/store/storetest"
)

// TestOpenRead reads along while another has the store: each time what a Flush left,
// whole, and never a byte of it is changed.
func TestOpenRead(t *testing.T) {
	h := storetest.NewHistory(t, 2)
	dir := t.TempDir()
	if _, err := store.OpenRead(filepath.Join(dir, "none"), h.Machine); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no store: %v, want ErrNotExist", err)
	}
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	half := len(h.Steps) / 2
	for _, step := range h.Steps[:half] {
		h.Play(t, s, step.Applied)
		if err := s.Flush(s.Mark()); err != nil {
			t.Fatal(err)
		}
		r, err := store.OpenRead(dir, h.Machine)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(storetest.Diff(h, r, h.Twin(t, step.Applied)), r.Close()); err != nil {
			t.Fatalf("along at %d: %v", step.Applied, err)
		}
	}

	// What was committed since is not seen, and nothing can be written.
	h.Play(t, s, h.Steps[half].Applied)
	before := files(t, dir)
	r, err := store.OpenRead(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Applied(); got != h.Steps[half-1].Applied {
		t.Errorf("it shows command %d, want %d", got, h.Steps[half-1].Applied)
	}
	for name, err := range map[string]error{
		"Commit": r.Commit(h.Steps[half].Applied, h.Steps[half].Changes), "Flush": r.Flush(r.Mark()), "Purge": r.Purge(1),
	} {
		if !errors.Is(err, store.ErrReading) {
			t.Errorf("%s: %v, want ErrReading", name, err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for name, data := range files(t, dir) {
		if !bytes.Equal(data, before[name]) {
			t.Errorf("%s was changed", name)
		}
	}

	// While it grows, and its trees are replaced.
	var done atomic.Bool
	read := make(chan error, 1)
	go func() {
		for last := uint64(0); !done.Load(); {
			r, err := store.OpenRead(dir, h.Machine)
			if err == nil && r.Applied() < last {
				err = errors.New("it went back")
			}
			if err == nil {
				last = r.Applied()
				err = errors.Join(readable(r), r.Close())
			}
			if err != nil {
				read <- err
				return
			}
		}
		read <- nil
	}()
	for _, step := range h.Steps[half:] {
		h.Play(t, s, step.Applied)
		if err := s.Flush(s.Mark()); err != nil {
			t.Fatal(err)
		}
	}
	done.Store(true)
	if err := <-read; err != nil {
		t.Error(err)
	}

	// A damaged one is found as ever.
	if err := os.Truncate(filepath.Join(dir, "index"), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenRead(dir, h.Machine); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a damaged store: %v, want ErrCorrupt", err)
	}
}

// readable reads all entries of a store.
func readable(s *store.Disk) error {
	for i := range s.Mark().Head.Size {
		if _, _, err := s.Entry(i); err != nil {
			return err
		}
		if _, err := s.Body(i); err != nil && !errors.Is(err, store.ErrPurged) {
			return err
		}
	}
	return nil
}
