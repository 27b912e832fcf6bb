package storetest

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"comity/ledger/state"
	"comity/ledger/store"
)

// Run checks a kind of store; open returns a new one at genesis.
func Run(t *testing.T, open func(t *testing.T, m *state.Machine) store.Store) {
	h := NewHistory(t, 6)
	for _, c := range []struct {
		name string
		test func(t *testing.T, h *History, s store.Store)
	}{
		{"Genesis", testGenesis},
		{"Steps", testSteps},
		{"Apply", testApply},
		{"Refused", testRefused},
		{"Missing", testMissing},
		{"Purge", testPurge},
		{"PurgeInCommit", testPurgeInCommit},
		{"NoBody", testNoBody},
		{"Flush", testFlush},
		{"Pulled", testPulled},
		{"Aliasing", testAliasing},
		{"Readers", testReaders},
		{"Closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, h.Machine)
			defer s.Close()
			c.test(t, h, s)
		})
	}
}

func mustEqual(t *testing.T, h *History, got, want store.Store) {
	t.Helper()
	if err := Diff(h, got, want); err != nil {
		t.Fatal(err)
	}
}

func testGenesis(t *testing.T, h *History, s store.Store) {
	mustEqual(t, h, s, store.NewMem(h.Machine))
	if s.Applied() != 0 {
		t.Errorf("applied: got %d, want 0", s.Applied())
	}
}

// testSteps flushes after every third step, so that reads come from all places
// a store keeps things in.
func testSteps(t *testing.T, h *History, s store.Store) {
	want := store.NewMem(h.Machine)
	for i, step := range h.Steps {
		h.Play(t, s, step.Applied)
		h.Play(t, want, step.Applied)
		mustEqual(t, h, s, want)
		if i%3 != 0 {
			continue
		}
		if err := s.Flush(s.Mark()); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, h, s, want)
	}
}

// testApply uses the store itself as the view of the machine.
func testApply(t *testing.T, h *History, s store.Store) {
	h.Play(t, s, h.End())
	head, err := state.ReadHead(s)
	if err != nil || head != s.Mark().Head {
		t.Errorf("head: got %+v, %v, want %+v", head, err, s.Mark().Head)
	}
	final, err := state.ReadFinal(s)
	if err != nil || final == nil || len(final.Cosigs) < h.Machine.Genesis().PolicyAt(0).Quorum {
		t.Errorf("final checkpoint: got %+v, %v", final, err)
	}
}

func testRefused(t *testing.T, h *History, s store.Store) {
	first := h.Steps[0]
	h.Play(t, s, first.Applied)
	bad := *h.Steps[1].Changes
	bad.Records = bad.Records[1:]
	for _, c := range []struct {
		name    string
		applied uint64
		changes *state.Changes
	}{
		{"earlier index", first.Applied - 1, h.Steps[1].Changes},
		{"entry missing", first.Applied + 1, &bad},
		{"changes of another size", first.Applied + 1, h.Steps[2].Changes},
	} {
		if err := s.Commit(c.applied, c.changes); err == nil {
			t.Errorf("%s: commit got no error", c.name)
		}
	}
	mustEqual(t, h, s, h.Twin(t, first.Applied))
	h.Play(t, s, h.End())
	mustEqual(t, h, s, h.Twin(t, h.End()))
}

func testMissing(t *testing.T, h *History, s store.Store) {
	h.Play(t, s, h.End())
	size := s.Mark().Head.Size
	_, _, err := s.Entry(size)
	_, bodyErr := s.Body(size)
	_, hashErr := s.ReadHashes([]int64{0, hashCount(s)})
	_, negErr := s.ReadHashes([]int64{-1})
	for _, err := range []error{err, bodyErr, hashErr, negErr, s.Purge(size)} {
		if !errors.Is(err, store.ErrNoEntry) {
			t.Errorf("past the end: got %v, want ErrNoEntry", err)
		}
	}
	v, err := s.Get(state.TableIDs, []byte("nothing"))
	if v != nil || err != nil {
		t.Errorf("absent key: got %x, %v", v, err)
	}
}

func testPurge(t *testing.T, h *History, s store.Store) {
	want := h.Twin(t, h.End())
	h.Play(t, s, h.End())
	purge := func(i uint64) {
		t.Helper()
		if err := errors.Join(s.Purge(i), want.Purge(i)); err != nil {
			t.Fatal(err)
		}
	}
	bodies := h.Bodies(t, s)
	purge(bodies[0]) // not flushed yet
	purge(0)         // has no body
	mustEqual(t, h, s, want)
	if err := s.Flush(s.Mark()); err != nil {
		t.Fatal(err)
	}
	purge(bodies[0]) // again
	purge(bodies[1])
	mustEqual(t, h, s, want)
	if _, err := s.Body(bodies[1]); !errors.Is(err, store.ErrPurged) {
		t.Errorf("purged body: got %v, want ErrPurged", err)
	}
}

// testPurgeInCommit wants what a command purges to be purged when the command is
// seen, and a purge of what is not there to be refused.
func testPurgeInCommit(t *testing.T, h *History, s store.Store) {
	seen := 0
	for _, step := range h.Steps {
		h.Play(t, s, step.Applied-1)
		bad := clone(step.Changes)
		bad.Purged = []uint64{bad.Head.Size}
		if err := s.Commit(step.Applied, bad); !errors.Is(err, store.ErrNoEntry) {
			t.Fatalf("a purge past the end: got %v, want ErrNoEntry", err)
		}
		h.Play(t, s, step.Applied)
		for _, i := range step.Changes.Purged {
			if _, err := s.Body(i); !errors.Is(err, store.ErrPurged) {
				t.Errorf("body %d after its purge: got %v, want ErrPurged", i, err)
			}
			seen++
		}
	}
	if seen < 4 {
		t.Errorf("%d purges prove little", seen)
	}
	mustEqual(t, h, s, h.Twin(t, h.End()))
}

// testNoBody commits entries without the bodies that they name, as a node does
// that fetches them when they are purged.
func testNoBody(t *testing.T, h *History, s store.Store) {
	var without []uint64
	for _, step := range h.Steps {
		c := clone(step.Changes)
		first := c.Head.Size - uint64(len(c.Records))
		for k := range c.Records {
			if len(c.Records[k].Item.Body) > 0 && k%2 == 0 {
				c.Records[k].Item.Body = nil
				without = append(without, first+uint64(k))
			}
		}
		if err := s.Commit(step.Applied, c); err != nil {
			t.Fatal(err)
		}
	}
	want := h.Twin(t, h.End())
	if err := errors.Join(want.Purge(without...), s.Purge(without...)); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, h, s, want)
	if err := s.Flush(s.Mark()); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, h, s, want)
}

func testFlush(t *testing.T, h *History, s store.Store) {
	var marks []store.Mark
	for _, step := range h.Steps {
		h.Play(t, s, step.Applied)
		marks = append(marks, s.Mark())
	}
	want := h.Twin(t, h.End())
	for _, i := range []int{2, 2, 0, 5, len(marks) - 1} { // again, earlier, over several
		if err := s.Flush(marks[i]); err != nil {
			t.Fatalf("flush of mark %d: %v", i, err)
		}
		mustEqual(t, h, s, want)
	}
}

// testPulled commits everything at one Raft index, as a node does that pulls
// entries from a peer.
func testPulled(t *testing.T, h *History, s store.Store) {
	const applied = 7
	var marks []store.Mark
	for _, step := range h.Steps {
		if err := s.Commit(applied, step.Changes); err != nil {
			t.Fatal(err)
		}
		marks = append(marks, s.Mark())
	}
	for _, i := range []int{1, len(marks) - 1} {
		if err := s.Flush(marks[i]); err != nil {
			t.Fatalf("flush of mark %d: %v", i, err)
		}
	}
	if got, want := s.Mark().Head, h.Twin(t, h.End()).Mark().Head; got != want || s.Applied() != applied {
		t.Errorf("got %+v at %d, want %+v at %d", got, s.Applied(), want, applied)
	}
}

// testAliasing destroys what was committed, as a caller may that uses its
// buffers again.
func testAliasing(t *testing.T, h *History, s store.Store) {
	for _, step := range h.Steps {
		c := clone(step.Changes)
		if err := s.Commit(step.Applied, c); err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Puts {
			clear(p.Key)
			clear(p.Value)
		}
		for _, r := range c.Records {
			clear(r.Item.Entry.Raw)
			clear(r.Item.Body)
		}
		clear(c.Hashes)
	}
	mustEqual(t, h, s, h.Twin(t, h.End()))
}

func clone(c *state.Changes) *state.Changes {
	out := &state.Changes{Head: c.Head, Purged: c.Purged, Hashes: append(c.Hashes[:0:0], c.Hashes...)}
	for _, p := range c.Puts {
		out.Puts = append(out.Puts, state.Put{Table: p.Table, Key: bytes.Clone(p.Key), Value: bytes.Clone(p.Value)})
	}
	for _, r := range c.Records {
		e := *r.Item.Entry
		e.Raw = bytes.Clone(e.Raw)
		r.Item.Entry, r.Item.Body = &e, bytes.Clone(r.Item.Body)
		out.Records = append(out.Records, r)
	}
	return out
}

// testReaders reads from several goroutines while one commits and another
// flushes.
func testReaders(t *testing.T, h *History, s store.Store) {
	done := make(chan struct{})
	marks := make(chan store.Mark, len(h.Steps))
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := readAll(h, s); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for m := range marks {
			if err := s.Flush(m); err != nil {
				t.Error(err)
			}
		}
	})
	for _, step := range h.Steps {
		h.Play(t, s, step.Applied)
		marks <- s.Mark()
	}
	close(marks)
	close(done)
	wg.Wait()
	mustEqual(t, h, s, h.Twin(t, h.End()))
}

// readAll reads all that the last commit has.
func readAll(h *History, s store.Store) error {
	head, err := state.ReadHead(s)
	if err != nil {
		return err
	}
	for i := range head.Size {
		_, e, err := s.Entry(i)
		if err != nil {
			return err
		}
		index, ok, err := state.ReadIndex(s, e.ID)
		if err != nil || !ok || index != i {
			return errors.Join(err, errors.New("an entry is there before its id is"))
		}
		if _, err := s.Body(i); err != nil && !errors.Is(err, store.ErrPurged) {
			return err
		}
	}
	for _, k := range h.Keys {
		if _, err := s.Get(k.Table, k.Key); err != nil {
			return err
		}
	}
	return nil
}

func testClosed(t *testing.T, h *History, s store.Store) {
	h.Play(t, s, h.End())
	m := s.Mark()
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatalf("close twice: %v", err)
	}
	_, getErr := s.Get(state.TableMeta, []byte("head"))
	_, hashErr := s.ReadHashes([]int64{0})
	_, _, entryErr := s.Entry(0)
	_, bodyErr := s.Body(0)
	last := h.Steps[len(h.Steps)-1]
	for _, err := range []error{getErr, hashErr, entryErr, bodyErr, s.Purge(0), s.Flush(m), s.Commit(last.Applied+1, last.Changes)} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("after close: got %v, want ErrClosed", err)
		}
	}
}
