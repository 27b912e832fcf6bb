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
func (x *script) check(t testing.TB, dir string, mayBeNew bool) error {
	t.Helper()
	s, err := store.OpenSmall(dir, x.h.Machine)
	if err != nil {
		return err
	}
	defer s.Close()
	if got := s.Applied(); got != x.flushed && !(mayBeNew && got == x.pending) {
		return fmt.Errorf("applied: got %d, want that of the last flush, %d", got, x.flushed)
	}
	want := x.h.Twin(t, s.Applied())
	x.purge(s, want, true)
	if err := storetest.Diff(x.h, s, want); err != nil {
		return err
	}
	x.h.Play(t, s, x.h.End())
	want = x.h.Twin(t, x.h.End())
	x.purge(s, want, false)
	if err := storetest.Diff(x.h, s, want); err != nil {
		return fmt.Errorf("after going on: %w", err)
	}
	return nil
}

// purge purges in want what must be, and what may be and is, purged in got.
func (x *script) purge(got, want store.Store, all bool) {
	// A command purges before it is seen, and is seen before it is durable.
	mayBe := append(x.h.PurgedAfter(want.Applied()), x.purging...)
	for _, i := range x.purged {
		if all && i < want.Mark().Head.Size {
			want.Purge(i)
		} else {
			mayBe = append(mayBe, i)
		}
	}
	for _, i := range mayBe {
		if i >= want.Mark().Head.Size {
			continue
		}
		if _, err := got.Body(i); errors.Is(err, store.ErrPurged) {
			want.Purge(i)
		}
	}
}

// cutPower plays a history and, at every step after the flush of a Raft index,
// opens what a loss of power and the end of the process would leave. It returns
// what it found wrong, by step, up to the given number, and how often each kind
// of step came.
func cutPower(t *testing.T, m *medium, rounds int, from uint64, most int) (wrong []string, steps map[string]int) {
	t.Helper()
	x := &script{h: storetest.NewHistory(t, rounds)}
	looked := make(map[string]bool)
	renamed, busy := false, false
	steps = make(map[string]int)
	store.SetStep(func(step string) error {
		if busy || len(wrong) >= most {
			return nil // a step of a store that is being checked; or enough
		}
		busy = true
		defer func() { busy = false }()
		m.advance(t, step)
		verb, _, _ := strings.Cut(step, " ")
		steps[verb]++
		if x.flushed < from {
			return nil
		}
		for name, files := range m.images(t) {
			// The same bytes under the same promises need no second look.
			key := fmt.Sprint(digest(files), x.flushed, x.pending, renamed, x.purged, x.purging)
			if looked[key] || testing.Short() && len(looked)%5 > 0 {
				looked[key] = true
				continue
			}
			looked[key] = true
			if err := x.check(t, placeImage(t, files), renamed && x.pending > 0); err != nil {
				wrong = append(wrong, fmt.Sprintf("before %q, %s: %v", step, name, err))
			}
		}
		renamed = x.pending > 0 && (renamed || step == "rename commit")
		return nil
	})
	defer store.SetStep(nil)
	s, err := x.run(t, m.dir)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	t.Logf("%d images", len(looked))
	return wrong, steps
}

func TestPowerLoss(t *testing.T) {
	wrong, steps := cutPower(t, newMedium(t.TempDir()), 3, 0, 10)
	for _, w := range wrong {
		t.Error(w)
	}
	for _, verb := range []string{"create", "write", "sync", "rename", "remove"} {
		if steps[verb] == 0 {
			t.Errorf("the history never came to %s a file", verb)
		}
	}
}

// TestPowerLossIsSeen takes one sync away after the other, as if the store had
// forgotten it: the test above must notice each.
func TestPowerLossIsSeen(t *testing.T) {
	if testing.Short() {
		t.Skip("looks at all images")
	}
	for _, name := range []string{"hashes", "index", "entries-", "bodies-", "tables-", "commit.new", "."} {
		m := newMedium(t.TempDir())
		m.forget = "sync " + name
		if wrong, _ := cutPower(t, m, 1, 1, 1); len(wrong) == 0 {
			t.Errorf("a store without %q went unnoticed", m.forget)
		}
	}
}

// TestFailedWrite lets one step fail, each in turn. The store must stop by
// itself, serve what was committed, and open again at its last flush.
func TestFailedWrite(t *testing.T) {
	h := storetest.NewHistory(t, 1)
	errDisk := errors.New("no space left on device")
	stride := 1
	if testing.Short() {
		stride = 7
	}
	for k := 0; ; k += stride {
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
		if err := x.check(t, dir, renamed); err != nil {
			t.Fatalf("step %d, %s: %v", k, failed, err)
		}
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
	x.purge(s, twin, true)
	if err := storetest.Diff(x.h, s, twin); err != nil {
		t.Fatalf("reads of a stopped store: %v", err)
	}
}
