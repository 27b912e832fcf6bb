package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger/store"
	"comity/ledger/store/storetest"
)

func TestOpenAgain(t *testing.T) {
	h := storetest.NewHistory(t, 2)
	dir := t.TempDir()
	for i, step := range h.Steps {
		s, err := store.OpenSmall(dir, h.Machine)
		if err != nil {
			t.Fatal(err)
		}
		h.Play(t, s, step.Applied)
		if i%2 == 0 {
			err = s.Flush(s.Mark())
		}
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		want := h.Twin(t, h.Steps[i-i%2].Applied)
		if err := readBack(dir, h, want); err != nil {
			t.Fatalf("after step %d: %v", i, err)
		}
	}
}

// TestOpenPulled has many positions at one Raft index; each flush still counts
// for itself.
func TestOpenPulled(t *testing.T) {
	h := storetest.NewHistory(t, 2)
	dir := t.TempDir()
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	var marks []store.Mark
	for _, step := range h.Steps {
		if err := s.Commit(0, step.Changes); err != nil {
			t.Fatal(err)
		}
		marks = append(marks, s.Mark())
	}
	want := marks[len(marks)/2]
	if err := errors.Join(s.Flush(want), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = store.OpenSmall(dir, h.Machine); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Mark(); got.Head != want.Head {
		t.Errorf("got %+v, want %+v", got.Head, want.Head)
	}
}

func TestOpenRefuses(t *testing.T) {
	h := storetest.NewHistory(t, 1)
	dir, want := saved(t, h)

	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenSmall(dir, h.Machine); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second open: got %v, want ErrLocked", err)
	}
	s.Close()

	before := files(t, dir)
	other := storetest.NewShortHistory(t)
	if _, err := store.OpenSmall(dir, other.Machine); !errors.Is(err, store.ErrOtherLedger) {
		t.Errorf("other ledger: got %v, want ErrOtherLedger", err)
	}
	for name, data := range files(t, dir) {
		if !bytes.Equal(data, before[name]) {
			t.Errorf("other ledger: %s was changed", name)
		}
	}
	if err := readBack(dir, h, want); err != nil {
		t.Error(err)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(file, h.Machine); err == nil {
		s.Close()
		t.Error("a file was opened as a store")
	}
}

// TestOpenModes wants nobody else to read, and files that are not the store's
// left alone.
func TestOpenModes(t *testing.T) {
	h := storetest.NewShortHistory(t)
	dir := filepath.Join(t.TempDir(), "ledger")
	for range 2 {
		s, err := store.Open(dir, h.Machine)
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if err := os.WriteFile(filepath.Join(dir, "tables-00000000.tree.bak"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = fmt.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "tables-00000000.tree.bak")); err != nil {
		t.Error(err)
	}
}

// TestPurgeLeavesNothing looks for 16-byte runs of a purged body in all files.
func TestPurgeLeavesNothing(t *testing.T) {
	h := storetest.NewHistory(t, 2)
	dir := t.TempDir()
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	h.Play(t, s, h.Steps[4].Applied)
	if err := s.Flush(s.Mark()); err != nil {
		t.Fatal(err)
	}
	h.Play(t, s, h.End())
	var gone [][]byte
	for _, step := range h.Steps { // some are purged by a command, before or after they were flushed
		for _, r := range step.Changes.Records {
			if len(r.Item.Body) > 0 {
				gone = append(gone, r.Item.Body[:16])
			}
		}
	}
	if err := s.Purge(h.Bodies(t, s)...); err != nil { // and the rest so
		t.Fatal(err)
	}
	if err := s.Flush(s.Mark()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, data := range files(t, dir) {
		for _, run := range gone {
			if bytes.Contains(data, run) {
				t.Errorf("%s still holds %x", name, run)
			}
		}
	}
}

// TestCutIsWiped wants what a crash left behind the last Flush to be overwritten
// before it is cut: nothing else ever reaches it there.
func TestCutIsWiped(t *testing.T) {
	h := storetest.NewHistory(t, 12)
	dir := t.TempDir()
	s, err := store.OpenSmall(dir, h.Machine)
	if err != nil {
		t.Fatal(err)
	}
	h.Play(t, s, h.End())
	if err := s.Close(); err != nil { // it flushes nothing
		t.Fatal(err)
	}
	cut, removed := 0, 0
	store.SetStep(func(step string) error {
		verb, name, _ := strings.Cut(step, " ")
		if !strings.HasPrefix(name, "bodies-") || verb != "truncate" && verb != "remove" {
			return nil
		}
		from := 64
		if cut++; verb == "remove" {
			from = 0
			removed++
		}
		if data := files(t, dir)[name]; len(bytes.Trim(data[from:], "\x00")) > 0 {
			t.Errorf("%s with %d bytes of bodies", step, len(data))
		}
		return nil
	})
	defer store.SetStep(nil)
	if s, err = store.OpenSmall(dir, h.Machine); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if cut < 2 || removed == 0 {
		t.Errorf("%d segments were cut, %d of them removed", cut, removed)
	}
}
