package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"comity/ledger/store"
	"comity/ledger/store/storetest"
)

// script is a life of a store with the promises it has made so far.
type script struct {
	h       *storetest.History
	flushed uint64   // Raft index of the last Flush that returned
	pending uint64   // that of the Flush under way, if its commit may count already
	purged  []uint64 // purges that returned
	purging []uint64 // and one that is under way
}

// run plays the history: after each step a flush of the mark before it, so that
// there is a commit behind it, and now and then a purge.
func (x *script) run(t testing.TB, dir string) (*store.Disk, error) {
	s, err := store.OpenSmall(dir, x.h.Machine)
	if err != nil {
		return nil, err
	}
	var mark store.Mark
	for i, step := range x.h.Steps {
		if err := s.Commit(step.Applied, step.Changes); err != nil {
			return s, err
		}
		if i > 0 {
			x.pending = mark.Applied
			if err := s.Flush(mark); err != nil {
				return s, err
			}
			x.flushed, x.pending = mark.Applied, 0
		}
		mark = s.Mark()
		if bodies := x.h.Bodies(t, s); i%3 == 2 && len(bodies) > 0 {
			x.purging = []uint64{bodies[len(bodies)/2], bodies[len(bodies)-1]}
			for len(x.purging) > 0 {
				if err := s.Purge(x.purging[0]); err != nil {
					return s, err
				}
				x.purged, x.purging = append(x.purged, x.purging[0]), x.purging[1:]
			}
		}
	}
	return s, nil
}

// check opens an image and compares it with what was promised; then it goes on
// from there to the end of the history.
func (x *script) check(t testing.TB, dir string, mayBeNew bool) {
	t.Helper()
	s, err := store.OpenSmall(dir, x.h.Machine)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer s.Close()
	if got := s.Applied(); got != x.flushed && !(mayBeNew && got == x.pending) {
		t.Fatalf("applied: got %d, want that of the last flush, %d", got, x.flushed)
	}
	want := x.h.Twin(t, s.Applied())
	x.purge(t, s, want, true)
	if err := storetest.Diff(x.h, s, want); err != nil {
		t.Fatal(err)
	}
	x.h.Play(t, s, x.h.End())
	want = x.h.Twin(t, x.h.End())
	x.purge(t, s, want, false)
	if err := storetest.Diff(x.h, s, want); err != nil {
		t.Fatalf("after going on: %v", err)
	}
}

// purge purges in want what must be, and what may be and is, purged in got.
func (x *script) purge(t testing.TB, got, want store.Store, all bool) {
	t.Helper()
	mayBe := append([]uint64(nil), x.purging...)
	for _, i := range x.purged {
		if all && i < want.Mark().Head.Size {
			want.Purge(i)
		} else {
			mayBe = append(mayBe, i)
		}
	}
	for _, i := range mayBe {
		if _, err := got.Body(i); errors.Is(err, store.ErrPurged) {
			want.Purge(i)
		}
	}
}

// TestPowerLoss cuts the power, and kills the process, at every step.
func TestPowerLoss(t *testing.T) {
	x := &script{h: storetest.NewHistory(t, 3)}
	dir := t.TempDir()
	m := newMedium(dir)
	seen := make(map[string]bool)
	looked := make(map[string]bool)
	renamed, busy := false, false
	store.SetStep(func(step string) error {
		if busy {
			return nil // a step of a store that is being checked
		}
		busy = true
		defer func() { busy = false }()
		m.advance(t, step)
		verb, _, _ := strings.Cut(step, " ")
		seen[verb] = true
		for name, files := range m.images(t) {
			// The same bytes under the same promises need no second look.
			key := fmt.Sprint(digest(files), x.flushed, x.pending, renamed, x.purged, x.purging)
			if looked[key] {
				continue
			}
			looked[key] = true
			t.Run(step+"/"+name, func(t *testing.T) { x.check(t, placeImage(t, files), renamed && x.pending > 0) })
		}
		renamed = x.pending > 0 && (renamed || step == "rename commit")
		return nil
	})
	defer store.SetStep(nil)
	s, err := x.run(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	for _, verb := range []string{"create", "write", "sync", "rename", "remove"} {
		if !seen[verb] {
			t.Errorf("the history never came to %s a file", verb)
		}
	}
	t.Logf("%d images", len(looked))
}

// TestFailedWrite lets one step fail, each in turn. The store must stop by
// itself, serve what was committed, and open again at its last flush.
func TestFailedWrite(t *testing.T) {
	h := storetest.NewHistory(t, 1)
	errDisk := errors.New("no space left on device")
	for k := 0; ; k++ {
		x := &script{h: h}
		dir, n, renamed := t.TempDir(), 0, false
		var failed string
		store.SetStep(func(step string) error {
			if n++; n-1 == k {
				failed = step
				return errDisk
			}
			renamed = renamed || step == "rename commit" && x.pending > 0
			return nil
		})
		s, err := x.run(t, dir)
		store.SetStep(nil)
		if failed == "" {
			s.Close()
			return
		}
		if !errors.Is(err, errDisk) {
			t.Fatalf("step %d, %s: got %v, want %v", k, failed, err, errDisk)
		}
		if s != nil {
			checkStopped(t, x, s, errDisk)
			s.Close()
		}
		x.check(t, dir, renamed)
		os.RemoveAll(dir)
	}
}

func checkStopped(t *testing.T, x *script, s *store.Disk, want error) {
	t.Helper()
	for _, step := range x.h.Steps {
		if step.Applied > s.Applied() {
			if err := s.Commit(step.Applied, step.Changes); !errors.Is(err, want) {
				t.Fatalf("next commit: got %v, want %v", err, want)
			}
			break
		}
	}
	if err := s.Flush(s.Mark()); !errors.Is(err, want) {
		t.Fatalf("next flush: got %v, want %v", err, want)
	}
	twin := x.h.Twin(t, s.Applied())
	x.purge(t, s, twin, true)
	if err := storetest.Diff(x.h, s, twin); err != nil {
		t.Fatalf("reads of a stopped store: %v", err)
	}
}
