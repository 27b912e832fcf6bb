package node

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

func testLog(i uint64) *raft.Log {
	return &raft.Log{
		Index: i, Term: 1 + i/10, Type: raft.LogCommand,
		Data:       bytes.Repeat([]byte{byte(i)}, int(40+i%7)),
		AppendedAt: time.Unix(1_770_000_000+int64(i), 5).UTC(),
	}
}

// testStore makes a store of n entries, a term and a vote.
func testStore(t testing.TB, n uint64) (g *GuardStore, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "raft.db")
	g, err := OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= n; i++ {
		if err := g.StoreLog(testLog(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(g.SetUint64([]byte("CurrentTerm"), 7), g.Set([]byte("LastVoteCand"), []byte("xa:7000"))); err != nil {
		t.Fatal(err)
	}
	return g, path
}

// checkStore fails the test if the store tells anything but what testStore put in.
func checkStore(t testing.TB, g *GuardStore, n uint64) error {
	t.Helper()
	for i := uint64(1); i <= n; i++ {
		var got raft.Log
		if err := g.GetLog(i, &got); err != nil {
			return err
		}
		if want := testLog(i); !reflect.DeepEqual(&got, want) {
			t.Fatalf("wrong log\ngot  %+v\nwant %+v", &got, want)
		}
	}
	last, err := g.LastIndex()
	if err != nil {
		return err
	}
	term, err := g.GetUint64([]byte("CurrentTerm"))
	if err != nil {
		return err
	}
	vote, err := g.Get([]byte("LastVoteCand"))
	if err != nil {
		return err
	}
	if last != n || term != 7 || string(vote) != "xa:7000" {
		t.Fatalf("last index %d, term %d, vote %q; want %d, 7, xa:7000", last, term, vote, n)
	}
	return nil
}

// TestGuardStoreAsRaft holds the store against raft's own, call by call.
func TestGuardStoreAsRaft(t *testing.T) {
	g, _ := testStore(t, 0)
	defer g.Close()
	for name, s := range map[string]logDB{"guard": g, "memory": closable{raft.NewInmemStore()}} {
		index := func(what string, f func() (uint64, error), want uint64) {
			t.Helper()
			if got, err := f(); got != want || err != nil {
				t.Errorf("%s: %s %d, %v; want %d", name, what, got, err, want)
			}
		}
		index("empty first", s.FirstIndex, 0)
		index("empty last", s.LastIndex, 0)
		if err := s.GetLog(1, new(raft.Log)); err != raft.ErrLogNotFound {
			t.Errorf("%s: absent entry: %v, want %v itself", name, err, raft.ErrLogNotFound)
		}
		var logs []*raft.Log
		for i := uint64(5); i <= 30; i++ {
			logs = append(logs, testLog(i))
		}
		logs[3] = &raft.Log{Index: 8, Term: 1, Type: raft.LogNoop}
		logs[4].Extensions = []byte("ext")
		if err := s.StoreLogs(logs); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range logs {
			var got raft.Log
			if err := s.GetLog(want.Index, &got); err != nil || !reflect.DeepEqual(&got, want) {
				t.Errorf("%s: entry %+v, %v; want %+v", name, &got, err, want)
			}
		}
		index("first", s.FirstIndex, 5)
		index("last", s.LastIndex, 30)
		if err := s.DeleteRange(0, 9); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.DeleteRange(25, 30); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		index("first after deletion", s.FirstIndex, 10)
		index("last after deletion", s.LastIndex, 24)
		if err := s.GetLog(9, new(raft.Log)); err != raft.ErrLogNotFound {
			t.Errorf("%s: deleted entry: %v", name, err)
		}
		if _, err := s.Get([]byte("absent")); err == nil || err.Error() != "not found" {
			t.Errorf("%s: absent value: %v, want the text that raft looks for", name, err)
		}
		if err := s.SetUint64([]byte("n"), 1<<63); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		index("value", func() (uint64, error) { return s.GetUint64([]byte("n")) }, 1<<63)
	}
	if g.IsMonotonic() {
		t.Error("monotonic")
	}
}

type closable struct{ *raft.InmemStore }

func (closable) Close() error { return nil }

func TestGuardStoreReopen(t *testing.T) {
	for _, n := range []uint64{0, 1, 30, 500} {
		g, path := testStore(t, n)
		if g.Size() == 0 {
			t.Errorf("size 0 with %d entries", n)
		}
		for range 2 {
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
			var err error
			if g, err = OpenGuardStore(path, GuardOptions{MustExist: true}); err != nil {
				t.Fatalf("reopen with %d entries: %v", n, err)
			}
			if err := checkStore(t, g, n); err != nil {
				t.Fatal(err)
			}
		}
		g.Close()
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
}

// TestCheckBoltFile holds the structure check against files of many shapes: none
// that bbolt wrote may be refused.
func TestCheckBoltFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raft.db")
	g, err := OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var first, last uint64 = 1, 0
	for round := range 60 {
		var logs []*raft.Log
		for range 1 + round*7%50 {
			last++
			l := testLog(last)
			l.Data = make([]byte, []int{0, 10, 900, 5000, 70_000}[(round+len(logs))%5])
			logs = append(logs, l)
		}
		if err := g.StoreLogs(logs); err != nil {
			t.Fatal(err)
		}
		switch round % 4 {
		case 1: // compaction
			err = g.DeleteRange(first, first+(last-first)/2)
			first += (last-first)/2 + 1
		case 2: // a conflict at the end
			err = g.DeleteRange(last-3, last)
			last -= 4
		case 3:
			err = g.SetUint64([]byte("CurrentTerm"), uint64(round))
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := f.Stat()
		keys, err := checkBoltFile(f, info.Size())
		f.Close()
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if n := uint64(len(keys.logs)); n != last-first+1 || keys.logs[0] != first || keys.logs[n-1] != last {
			t.Fatalf("round %d: %d keys, want %d to %d", round, n, first, last)
		}
	}
}

// TestGuardStoreFlips damages the bytes of a store in turn: of one that lies on
// a single page, and of one that is a tree and has old copies of its pages about.
// It opens with all it was given or not at all; it never tells anything else.
func TestGuardStoreFlips(t *testing.T) {
	t.Parallel()
	for n, stride := range map[uint64]int{9: 1, 200: 17} {
		if testing.Short() {
			stride *= 7
		}
		flipEach(t, n, stride)
	}
}

func flipEach(t *testing.T, n uint64, stride int) {
	g, path := testStore(t, n)
	g.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(whole, "\x00"))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var refused, intact int
	for i := 0; i < used; i += stride {
		if bytes.Equal(whole[i&^15:i&^15+16], make([]byte, 16)) && i%64 != 0 {
			continue // empty space, of which a sample will do
		}
		if _, err := f.WriteAt([]byte{whole[i] ^ 1<<(i%8)}, int64(i)); err != nil {
			t.Fatal(err)
		}
		g, err := OpenGuardStore(path, GuardOptions{})
		if err == nil {
			if err = checkStore(t, g, n); err != nil {
				t.Fatalf("%d entries, byte %d: opened, then %v", n, i, err)
			}
			g.Close()
			intact++
			if _, err := f.WriteAt(whole, 0); err != nil { // opening wrote to it
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Fatalf("%d entries, byte %d: %v, want %v", n, i, err, ErrCorrupt)
		}
		if _, err := f.WriteAt(whole[i:i+1], int64(i)); err != nil {
			t.Fatal(err)
		}
		refused++
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, whole) {
		t.Error("a damaged file was written to")
	}
	t.Logf("%d entries: %d flips refused, %d in space that is not in use", n, refused, intact)
	if refused == 0 || intact == 0 {
		t.Errorf("%d refused, %d intact: the test tests nothing", refused, intact)
	}
}

// TestGuardStoreFlipsWhileOpen damages records behind bbolt's back.
func TestGuardStoreFlipsWhileOpen(t *testing.T) {
	g, path := testStore(t, 100)
	defer g.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sealed raft.Log
	if err := g.db.GetLog(42, &sealed); err != nil {
		t.Fatal(err)
	}
	needle := sealed.Data
	for at := 0; ; { // every copy, freed pages included
		i := bytes.Index(data[at:], needle)
		if i < 0 {
			break
		}
		at += i + 1
		if _, err := f.WriteAt([]byte{0xff}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	var got raft.Log
	if err := g.GetLog(41, &got); err != nil {
		t.Fatal(err)
	}
	err = g.GetLog(42, &got)
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "entry 42") || !strings.Contains(err.Error(), path) {
		t.Errorf("damaged entry: %v, want %v with its index and file", err, ErrCorrupt)
	}
	if got.Index != 41 {
		t.Errorf("damaged entry was handed out: %+v", got)
	}
	// The last word: nothing is written, and nothing read, after it.
	if err := g.StoreLog(testLog(101)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("write after it: %v", err)
	}
	if err := g.GetLog(41, &got); !errors.Is(err, ErrCorrupt) {
		t.Errorf("read after it: %v", err)
	}
}

// TestGuardStoreCut cuts the file at many lengths, closed and then while open.
// Without the check before bbolt maps it, this ends the process.
func TestGuardStoreCut(t *testing.T) {
	g, path := testStore(t, 200)
	g.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	for size := 0; size < len(whole); size += 997 {
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		g, err := OpenGuardStore(path, GuardOptions{})
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("cut to %d: %v, want %v", size, err, ErrCorrupt)
			}
			continue
		}
		opened++ // cut behind the high-water mark
		if err := checkStore(t, g, 200); err != nil {
			t.Fatalf("cut to %d: %v", size, err)
		}
		g.Close()
	}
	if opened == 0 || opened > len(whole)/997/2 {
		t.Errorf("opened %d of the files cut short", opened)
	}

	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	g, err = OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := os.Truncate(path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if err := checkStore(t, g, 200); !errors.Is(err, ErrCorrupt) {
		t.Errorf("cut while open: %v, want %v", err, ErrCorrupt)
	}
}

func TestOpenGuardStoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		g, err := OpenGuardStore(path, GuardOptions{})
		if err != nil {
			t.Fatal(err)
		}
		g.Close()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file("target", 0o600), link); err != nil {
		t.Fatal(err)
	}
	held := file("held", 0o600)
	holder, err := OpenGuardStore(held, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	for path, want := range map[string]string{
		link:                          "not a regular file",
		dir:                           "not a regular file",
		file("open", 0o644):           "make it 0600",
		held:                          "another process holds held",
		filepath.Join(dir, "missing"): "the file is missing",
	} {
		_, err := OpenGuardStore(path, GuardOptions{MustExist: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", filepath.Base(path), err, want)
		}
	}
	// A start that died before the file was whole leaves nothing in the way.
	if err := os.WriteFile(filepath.Join(dir, "again.new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := OpenGuardStore(filepath.Join(dir, "again"), GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
}

// stubDB is a store whose disk does as the test says.
type stubDB struct {
	*raft.InmemStore
	write func() error
}

func (s stubDB) StoreLogs([]*raft.Log) error { return s.write() }
func (s stubDB) Close() error                { return nil }

// guardOver lays a guard over db, with epoch keys of its own.
func guardOver(t testing.TB, db logDB, opts GuardOptions) *GuardStore {
	t.Helper()
	e, err := openEpochs(filepath.Join(t.TempDir(), "epochs"), false, newStall("epochs", 0, nil))
	if err == nil {
		err = e.settle(math.MaxUint64)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.close() })
	return newGuardStore(db, "raft.db", e, opts)
}

func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stalls atomic.Int32
		took := 29 * time.Second
		g := guardOver(t, stubDB{raft.NewInmemStore(), func() error { time.Sleep(took); return nil }},
			GuardOptions{Stall: 30 * time.Second, OnStall: func() { stalls.Add(1) }})
		if err := g.StoreLog(testLog(1)); err != nil || stalls.Load() != 0 {
			t.Errorf("slow write: %v, %d stalls", err, stalls.Load())
		}
		took = 31 * time.Second
		if err := g.StoreLog(testLog(1)); err != nil || stalls.Load() != 1 {
			t.Errorf("stalled write: %v, %d stalls; want none, 1", err, stalls.Load())
		}
	})
}

// TestFailedWriteIsTheLastWord: after an error of the disk, or a panic of bbolt,
// no call reaches the disk.
func TestFailedWriteIsTheLastWord(t *testing.T) {
	eio := errors.New("input/output error")
	for name, write := range map[string]func() error{
		"error": func() error { return eio },
		"panic": func() error { panic("page 7 already freed") },
		"fault": func() error { var p *raft.Log; p.Index = 1; return nil },
	} {
		writes, fails := 0, 0
		g := guardOver(t, stubDB{raft.NewInmemStore(), func() error { writes++; return write() }},
			GuardOptions{Stall: time.Hour, OnStall: func() {}, OnFail: func(error) { fails++ }})
		first := g.StoreLog(testLog(1))
		if first == nil {
			t.Fatalf("%s: no error", name)
		}
		if name == "error" != errors.Is(first, eio) || name == "error" == errors.Is(first, ErrCorrupt) {
			t.Errorf("%s: %v", name, first)
		}
		for what, f := range map[string]func() error{
			"write":  func() error { return g.StoreLog(testLog(1)) },
			"read":   func() error { return g.GetLog(1, new(raft.Log)) },
			"delete": func() error { return g.DeleteRange(1, 1) },
			"vote":   func() error { return g.SetUint64([]byte("CurrentTerm"), 2) },
		} {
			if err := f(); fmt.Sprint(err) != fmt.Sprint(first) {
				t.Errorf("%s after %s: %v, want %v", what, name, err, first)
			}
		}
		if writes != 1 || fails != 1 {
			t.Errorf("%s: %d writes, OnFail called %d times; want 1 and 1", name, writes, fails)
		}
	}
}

func FuzzOpenRecord(f *testing.F) {
	e := guardOver(f, stubDB{}, GuardOptions{}).epochs
	good := sealLog(e, testLog(3)).Data
	f.Add(good)
	f.Add(sealValue([]byte("CurrentTerm"), []byte{1}))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := testLog(3)
		l.Data = bytes.Clone(data)
		if _, err := openLog(e, 3, l); err == nil && !bytes.Equal(data, good) {
			t.Fatalf("log record %x opens, and was never sealed", data)
		}
		if v, err := openValue([]byte("CurrentTerm"), data); err == nil {
			if got := sealValue([]byte("CurrentTerm"), v); !bytes.Equal(got, data) {
				t.Fatalf("value %x seals to %x", data, got)
			}
		}
	})
}

// FuzzCheckBoltFile shows that the check ends, without a panic, whatever the file holds.
func FuzzCheckBoltFile(f *testing.F) {
	g, path := testStore(f, 20)
	g.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0x4008), []byte{0xff})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		data := bytes.Clone(whole)
		copy(data[int(at)%len(data):], patch)
		checkBoltFile(bytes.NewReader(data), int64(len(data)))
	})
}

// Raft stores the term of a vote and then for whom it is. A crash in between must
// not give the new term's vote to the candidate of the last one, to whom raft would
// confirm it without a look at its log; and no term of a vote is taken back.
func TestVoteInTwoWrites(t *testing.T) {
	g, _ := testStore(t, 1)
	defer g.Close()
	if err := errors.Join(g.SetUint64(keyVoteTerm, 7), g.Set(keyVoteFor, []byte("xb"))); err != nil {
		t.Fatal(err)
	}
	if err := g.SetUint64(keyVoteTerm, 8); err != nil { // and here it dies
		t.Fatal(err)
	}
	if who, err := g.Get(keyVoteFor); err != nil || string(who) == "xb" {
		t.Errorf("the vote in term 8 is for %q, %v; it was given to nobody", who, err)
	}
	if err := g.SetUint64(keyVoteTerm, 7); !errors.Is(err, errVoteBack) {
		t.Errorf("a vote in term 7 after one in term 8: %v, want %v", err, errVoteBack)
	}
	if term, err := g.GetUint64(keyVoteTerm); err != nil || term != 8 {
		t.Errorf("the last vote is of term %d, %v, want 8", term, err)
	}
	if err := g.SetUint64(keyVoteTerm, 9); err != nil {
		t.Errorf("the store takes no more votes: %v", err)
	}
}
