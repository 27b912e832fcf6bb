package node

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

func testFloor(t testing.TB, path string, mustExist bool) *floor {
	t.Helper()
	f, err := openFloor(path, mustExist, newStall("floor", 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.close() })
	return f
}

// TestFloorSurvives raises and syncs at random and stops after each step. A
// process that dies then loses nothing; one whose machine loses power, and whose
// last write is torn, nothing that was synced.
func TestFloorSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	f := testFloor(t, path, false)
	random := rand.New(rand.NewPCG(1, 2))
	torn := 0
	for step := range 2000 {
		switch at := f.at(); random.IntN(8) {
		case 0:
			if err := f.sync(); err != nil {
				t.Fatal(err)
			}
		case 1: // never down
			if err := f.raise(at - min(at, 3)); err != nil || f.at() != at {
				t.Fatalf("raised to less: %v, at %d", err, f.at())
			}
		default:
			if err := f.raise(at + 1 + random.Uint64N(5)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, index, _, err := parseFloor(data); err != nil || index != f.index {
			t.Fatalf("step %d: the process dies: floor %d, %v; want %d", step, index, err, f.index)
		}
		if f.index > f.synced { // what was written since the last sync may be torn
			data[f.slot*floorSlot+random.IntN(floorRecord)] ^= 1 << random.IntN(8)
			if _, index, _, err := parseFloor(data); err != nil || index != f.synced {
				t.Fatalf("step %d: power fails: floor %d, %v; want %d, which was synced", step, index, err, f.synced)
			}
			torn++
		}
		if step%100 == 99 {
			want := f.at()
			if err := f.close(); err != nil {
				t.Fatal(err)
			}
			if f = testFloor(t, path, true); f.at() != want {
				t.Fatalf("opened again: %d, want %d", f.at(), want)
			}
		}
	}
	if torn < 100 {
		t.Errorf("%d torn writes: the test tests nothing", torn)
	}
}

// What is raised while a sync runs must not touch the other slot: until the sync
// ends, that is the one that is known to be whole.
func TestFloorRaisedDuringASync(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floor")
	f := testFloor(t, path, false)
	if err := f.raise(7); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	f.mu.Lock()
	f.syncing = true
	f.mu.Unlock()
	if err := f.raise(9); err != nil || f.at() != 9 {
		t.Fatalf("%v, at %d", err, f.at())
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
		t.Error("written while the sync runs")
	}
	f.mu.Lock()
	f.index, f.syncing = 7, false
	f.mu.Unlock()
	if err := errors.Join(f.sync(), f.raise(9)); err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	if _, index, _, err := parseFloor(data); err != nil || index != 9 {
		t.Errorf("floor %d, %v", index, err)
	}
}

func TestOpenFloorRefuses(t *testing.T) {
	dir := t.TempDir()
	good := testFloor(t, filepath.Join(dir, "good"), false)
	if err := errors.Join(good.raise(3), good.sync(), good.raise(4)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(good.path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at ...int) []byte {
		bad := bytes.Clone(data)
		for _, i := range at {
			bad[i] ^= 4
		}
		return bad
	}
	for name, test := range map[string]struct {
		data []byte
		want string // empty: it opens
		at   uint64
	}{
		"whole":            {data, "", 4},
		"last write torn":  {flip(floorSlot + 3), "", 3},
		"older slot torn":  {flip(3), "", 4},
		"both damaged":     {flip(3, floorSlot+3), "is damaged", 0},
		"both versions":    {flip(0, floorSlot), "is damaged", 0},
		"cut":              {data[:floorSlot], "is damaged", 0},
		"empty":            {nil, "is damaged", 0},
		"of another's len": {append(bytes.Clone(data), 0), "is damaged", 0},
	} {
		path := filepath.Join(dir, "floor")
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := openFloor(path, true, newStall("floor", 0, nil))
		switch {
		case test.want == "" && (err != nil || f.at() != test.at):
			t.Errorf("%s: %v; want it at %d", name, err, test.at)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "put back the node's whole folder")):
			t.Errorf("%s: %v, want %q and what to do", name, err, test.want)
		}
		if f != nil {
			f.close()
		}
	}
	if _, err := openFloor(filepath.Join(dir, "missing"), true, newStall("floor", 0, nil)); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("missing: %v", err)
	}
	if err := os.Chmod(good.path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openFloor(good.path, true, newStall("floor", 0, nil)); err == nil || !strings.Contains(err.Error(), "make it 0600") {
		t.Errorf("open to others: %v", err)
	}
	// A start that died before the file was whole leaves nothing in the way, nor
	// one that died when it was, before the other name was removed.
	for _, name := range []string{"again", "again.new"} {
		if err := os.WriteFile(filepath.Join(dir, "again.new"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		testFloor(t, filepath.Join(dir, "again"), name != "again").close()
	}
}

// A floor that cannot be written must not be believed: the failure stays.
func TestFloorFailedWriteIsTheLastWord(t *testing.T) {
	f := testFloor(t, filepath.Join(t.TempDir(), "floor"), false)
	f.file.Close()
	first := f.raise(1)
	if first == nil || f.raise(2) != first || f.sync() != first {
		t.Errorf("raise to 1: %v; then %v and %v", first, f.raise(2), f.sync())
	}
}

// The stall timer watches over floor and epochs as over the log (#503).
func TestStallOfFloorAndEpochs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stalls atomic.Int32
		s := newStall("", 30*time.Second, func() { stalls.Add(1) })
		f := testFloor(t, filepath.Join(t.TempDir(), "floor"), false)
		e := guardOver(t, stubDB{}, GuardOptions{}).epochs
		ff, ef := f.file, e.file
		f.stall, e.stall = s, s
		index := uint64(0)
		for took, want := range map[time.Duration]bool{14 * time.Second: false, 31 * time.Second: true} {
			f.file, e.file = slowFile{ff, took}, slowFile{ef, took}
			for what, write := range map[string]func() error{
				"raise":   func() error { index++; return f.raise(index) },
				"sync":    f.sync,
				"begin":   e.begin,
				"destroy": func() error { return e.destroy(math.MaxUint64) },
			} {
				switch what { // there must be something to do
				case "sync":
					index++
					f.file = ff
					if err := f.raise(index); err != nil {
						t.Fatal(err)
					}
					f.file = slowFile{ff, took}
				case "destroy":
					e.file = ef
					if err := e.begin(); err != nil {
						t.Fatal(err)
					}
					e.file = slowFile{ef, took}
				}
				stalls.Store(0)
				if err := write(); err != nil || (stalls.Load() > 0) != want {
					t.Errorf("%s, %s a write: %v, %d stalls, want any: %t", what, took, err, stalls.Load(), want)
				}
			}
		}
	})
}

// slowFile takes its time for each write and sync.
type slowFile struct {
	slotFile
	took time.Duration
}

func (s slowFile) WriteAt(b []byte, at int64) (int, error) {
	time.Sleep(s.took)
	return s.slotFile.WriteAt(b, at)
}

func (s slowFile) Sync() error {
	time.Sleep(s.took)
	return s.slotFile.Sync()
}

func FuzzParseFloor(f *testing.F) {
	f.Add(marshalFloor(1, 7), marshalFloor(2, 9))
	f.Add(marshalFloor(1, 7), []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		data := make([]byte, floorSize)
		copy(data[:floorSlot], a)
		copy(data[floorSlot:], b)
		sequence, index, next, err := parseFloor(data)
		if err != nil {
			return
		}
		if got := data[(1-next)*floorSlot:][:floorRecord]; !bytes.Equal(got, marshalFloor(sequence, index)) {
			t.Fatalf("sequence %d, index %d out of %x", sequence, index, got)
		}
	})
}

func BenchmarkFloorRaise(b *testing.B) {
	f := testFloor(b, filepath.Join(b.TempDir(), "floor"), false)
	for i := uint64(1); b.Loop(); i++ {
		if err := f.raise(i); err != nil {
			b.Fatal(err)
		}
	}
}

// A Raft log that ends before the floor was cut: the ledger, which is behind after
// a crash, would not notice.
func TestCompareDisksHoldsTheLogAgainstTheFloor(t *testing.T) {
	g, _ := testStore(t, 20)
	defer g.Close()
	snaps := raft.NewInmemSnapshotStore()
	if err := compareDisks(g, snaps, 5, 20); err != nil {
		t.Error(err)
	}
	if err := compareDisks(g, snaps, 5, 21); err == nil || !strings.Contains(err.Error(), "this node has applied entry 21: the log was cut or restored from a copy") {
		t.Errorf("a log that was cut: %v", err)
	}
	if err := compareDisks(g, snaps, 21, 0); err == nil || !strings.Contains(err.Error(), "the ledger is at 21") {
		t.Errorf("a ledger ahead of the log: %v", err)
	}
}
