package node

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"

	"github.com/hashicorp/raft"
)

// secretLog is an entry whose bytes are found wherever they are.
func secretLog(i uint64) *raft.Log {
	l := testLog(i)
	l.Data, l.Extensions = nil, nil
	for j := range 20 {
		l.Data = fmt.Appendf(l.Data, "victim %d of entry %d; ", j, i)
	}
	l.Extensions = fmt.Appendf(nil, "extension of entry %d, which is secret too", i)
	return l
}

// runs returns how many of the 32-byte runs of what was stored are in data.
func runs(data []byte, l *raft.Log) (n int) {
	for _, secret := range [][]byte{l.Data, l.Extensions} {
		for i := 0; i+32 <= len(secret); i++ {
			if bytes.Contains(data, secret[i:i+32]) {
				n++
			}
		}
	}
	return n
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestEpochsForget is the story of a purge: what was compacted away is in no file
// any more, and a copy of the log from before is of no use without the keys from
// before.
func TestEpochsForget(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "raft.db")
	g, err := OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	store := func(from, to uint64) {
		t.Helper()
		for i := from; i <= to; i++ {
			if err := g.StoreLog(secretLog(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	store(1, 100)
	logThen, keysThen := mustRead(t, path), mustRead(t, path+".epochs")
	last, err := g.Forget()
	if err != nil {
		t.Fatal(err)
	}
	store(101, 200)
	if err := g.DeleteRange(1, 99); err != nil {
		t.Fatal(err)
	}
	if g.Forgotten(last) {
		t.Error("forgotten, with an entry of that epoch in the log")
	}
	if err := g.GetLog(100, new(raft.Log)); err != nil {
		t.Fatal(err)
	}
	if err := g.DeleteRange(100, 150); err != nil {
		t.Fatal(err)
	}
	if !g.Forgotten(last) {
		t.Error("not forgotten, with no entry of that epoch in the log")
	}
	logNow, keysNow := mustRead(t, path), mustRead(t, path+".epochs")
	for i := uint64(1); i <= 200; i += 7 {
		if n := runs(logNow, secretLog(i)) + runs(keysNow, secretLog(i)); n > 0 {
			t.Errorf("%d runs of 32 bytes of entry %d are on the disk", n, i)
		}
	}
	if n := runs(append([]byte("x"), secretLog(7).Data...), secretLog(7)); n < 100 {
		t.Errorf("%d runs found in the entry itself: the test sees nothing", n)
	}
	slots, err := parseEpochs(keysThen)
	if err != nil || slots[0].number != last {
		t.Fatalf("%v, epoch %d", err, slots[0].number)
	}
	for i := 0; i+8 <= epochKey; i++ {
		if bytes.Contains(keysNow, slots[0].key[i:i+8]) || bytes.Contains(logNow, slots[0].key[i:i+8]) {
			t.Error("a part of the destroyed key is on the disk")
		}
	}
	// The record itself still lies in a free page: this is why.
	var sealed raft.Log
	old := filepath.Join(dir, "old.db")
	write := func(log, keys []byte) {
		t.Helper()
		if err := errors.Join(os.WriteFile(old, log, 0o600), os.WriteFile(old+".epochs", keys, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write(logThen, keysNow)
	_, err = OpenGuardStore(old, GuardOptions{})
	if !errors.Is(err, errNoKey) || !strings.Contains(err.Error(), "old copy") || !strings.Contains(err.Error(), "put back the node's whole folder") {
		t.Errorf("the log of then with the keys of now: %v", err)
	}
	write(logThen, keysThen)
	then, err := OpenGuardStore(old, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer then.Close()
	var l raft.Log
	if err := then.GetLog(7, &l); err != nil || !bytes.Equal(l.Data, secretLog(7).Data) || !bytes.Equal(l.Extensions, secretLog(7).Extensions) {
		t.Errorf("the log of then with the keys of then: %+v, %v", l, err)
	}
	if err := then.db.GetLog(7, &sealed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(logNow, sealed.Data[:64]) {
		t.Log("bbolt has used the page of entry 7 again; nothing of it is left at all")
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if g, err = OpenGuardStore(path, GuardOptions{MustExist: true}); err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.GetLog(151, &l); err != nil || runs(l.Data, secretLog(151)) == 0 {
		t.Errorf("entry 151 after a restart: %+v, %v", l, err)
	}
}

// TestEpochsStop stops after each step of a life of epochs, opens a copy of the
// files as they were then, and finds every entry of the log.
func TestEpochsStop(t *testing.T) {
	dir := t.TempDir()
	path, twin := filepath.Join(dir, "raft.db"), filepath.Join(dir, "twin.db")
	g, err := OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var first, last uint64 = 1, 0
	stopped := 0
	// stop opens what is on the disk now, perhaps with one slot torn.
	stop := func(torn int, first, last uint64) {
		t.Helper()
		stopped++
		keys := mustRead(t, path+".epochs")
		if torn >= 0 {
			keys[torn*epochSlot+9] ^= 0x40
		}
		if err := errors.Join(os.WriteFile(twin, mustRead(t, path), 0o600), os.WriteFile(twin+".epochs", keys, 0o600)); err != nil {
			t.Fatal(err)
		}
		again, err := OpenGuardStore(twin, GuardOptions{MustExist: true})
		if err != nil {
			t.Fatalf("stopped with entries %d to %d: %v", first, last, err)
		}
		defer again.Close()
		for i := first; i <= last; i++ {
			if err := again.GetLog(i, new(raft.Log)); err != nil {
				t.Fatalf("stopped with entries %d to %d: %v", first, last, err)
			}
		}
		if err := again.StoreLog(testLog(last + 1)); err != nil {
			t.Fatal(err)
		}
		// Nothing is kept but what the log needs, and the present one.
		needed := map[uint32]bool{again.epochs.current: true}
		for i := first; i <= last; i++ {
			n, err := again.load(i, new(raft.Log))
			if err != nil {
				t.Fatal(err)
			}
			needed[n] = true
		}
		slots, err := parseEpochs(mustRead(t, twin+".epochs"))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range slots {
			if s.damaged || s.number != 0 && !needed[s.number] {
				t.Fatalf("stopped with entries %d to %d: slot %+v is left", first, last, s)
			}
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		for range 1 + random.IntN(4) {
			last++
			if err := g.StoreLog(testLog(last)); err != nil {
				t.Fatal(err)
			}
		}
		stop(-1, first, last)
		if err := g.epochs.begin(); err != nil && !errors.Is(err, errEpochsFull) {
			t.Fatal(err)
		}
		stop(-1, first, last)
		g.epochs.mu.RLock()
		slot := g.epochs.live[g.epochs.current].slot
		g.epochs.mu.RUnlock()
		stop(slot, first, last) // torn as it was begun
		if random.IntN(2) == 0 && last-first > 3 {
			to := first + random.Uint64N(last-first)
			before := mustRead(t, path+".epochs")
			if err := g.db.DeleteRange(first, to); err != nil { // and died before the keys
				t.Fatal(err)
			}
			first = to + 1
			stop(-1, first, last)
			if err := g.epochs.destroy(first); err != nil {
				t.Fatal(err)
			}
			stop(-1, first, last)
			for i, after := 0, mustRead(t, path+".epochs"); i < epochSlots; i++ {
				if a, b := before[i*epochSlot:][:epochSlot], after[i*epochSlot:][:epochSlot]; !bytes.Equal(a, b) && isZero(b) {
					stop(i, first, last) // torn as it was destroyed
				}
			}
		}
	}
	t.Logf("stopped %d times", stopped)
}

func TestEpochsRefuse(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"missing": os.Remove,
		"empty":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"cut":     func(path string) error { return os.Truncate(path, epochsSize-1) },
		"flipped": func(path string) error {
			return os.WriteFile(path, append([]byte{epochVersion ^ 2}, make([]byte, epochsSize-1)...), 0o600)
		},
		"zeros":  func(path string) error { return os.WriteFile(path, make([]byte, epochsSize), 0o600) },
		"others": func(path string) error { return os.Chmod(path, 0o640) },
	} {
		g, path := testStore(t, 5)
		g.Close()
		if err := damage(path + ".epochs"); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path + ".epochs")
		_, err := OpenGuardStore(path, GuardOptions{})
		if err == nil || !strings.Contains(err.Error(), path+".epochs") {
			t.Errorf("%s: %v", name, err)
		}
		if name != "others" && (!errors.Is(err, ErrCorrupt) || name != "empty" && name != "cut" && !strings.Contains(err.Error(), "put back the node's whole folder")) {
			t.Errorf("%s: %v, want what to do", name, err)
		}
		if after, _ := os.ReadFile(path + ".epochs"); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was written to", name)
		}
	}
}

// A record that was sealed and is not on the disk yet keeps its key through a
// compaction at the same moment.
func TestEpochsKeepTheKeyOfAWriteUnderWay(t *testing.T) {
	g, _ := testStore(t, 5)
	defer g.Close()
	sealed := sealLog(g.epochs, testLog(6))
	if err := g.NextEpoch(1); err != nil {
		t.Fatal(err)
	}
	if err := g.DeleteRange(1, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := openLog(g.epochs, 6, sealed); err != nil {
		t.Errorf("entry 6: %v", err)
	}
	if err := g.DeleteRange(1, 6); err != nil {
		t.Fatal(err)
	}
	if err := g.epochs.destroy(7); err != nil || g.epochs.oldest() != g.epochs.current {
		t.Errorf("%v; epochs from %d to %d are there", err, g.epochs.oldest(), g.epochs.current)
	}
}

// With all slots taken the present epoch goes on, and a purge is told.
func TestEpochsFull(t *testing.T) {
	g, path := testStore(t, 0)
	for i := uint64(1); i <= 2*epochSlots; i++ {
		if err := errors.Join(g.StoreLog(testLog(i)), g.NextEpoch(1)); err != nil {
			t.Fatal(err)
		}
	}
	if number, count := g.epochs.now(); number != epochSlots || count != epochSlots+1 {
		t.Errorf("epoch %d with %d records", number, count)
	}
	if _, err := g.Forget(); !errors.Is(err, errEpochsFull) {
		t.Errorf("Forget: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g, err := OpenGuardStore(path, GuardOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.DeleteRange(1, 3); err != nil {
		t.Fatal(err)
	}
	if last, err := g.Forget(); err != nil || last != epochSlots {
		t.Errorf("with room again: %d, %v", last, err)
	}
}

// Every bit of a record counts, and so does all that Raft acts on beside it.
func TestRecordFlips(t *testing.T) {
	g, _ := testStore(t, 0)
	defer g.Close()
	l := secretLog(9)
	good := sealLog(g.epochs, l)
	for i := range len(good.Data) * 8 {
		bad := *good
		bad.Data = bytes.Clone(good.Data)
		bad.Data[i/8] ^= 1 << (i % 8)
		if _, err := openLog(g.epochs, 9, &bad); err == nil {
			t.Fatalf("opens with bit %d flipped", i)
		}
	}
	for name, change := range map[string]func(*raft.Log){
		"term":       func(l *raft.Log) { l.Term++ },
		"index":      func(l *raft.Log) { l.Index++ },
		"type":       func(l *raft.Log) { l.Type = raft.LogNoop },
		"time":       func(l *raft.Log) { l.AppendedAt = l.AppendedAt.Add(1) },
		"extensions": func(l *raft.Log) { l.Extensions = []byte("x") },
		"cut":        func(l *raft.Log) { l.Data = l.Data[:recordOver-1] },
	} {
		bad := *good
		bad.Data = bytes.Clone(good.Data)
		change(&bad)
		if _, err := openLog(g.epochs, bad.Index, &bad); err == nil {
			t.Errorf("opens with another %s", name)
		}
	}
	if _, err := openLog(g.epochs, 9, good); err != nil || !bytes.Equal(good.Data, l.Data) || !bytes.Equal(good.Extensions, l.Extensions) {
		t.Errorf("the good one: %+v, %v", good, err)
	}
}

func FuzzParseEpochs(f *testing.F) {
	f.Add(marshalEpoch(3, &[epochKey]byte{1}), uint16(0))
	f.Add(make([]byte, epochSlot), uint16(7))
	f.Fuzz(func(t *testing.T, slot []byte, at uint16) {
		data := make([]byte, epochsSize)
		i := int(at) % epochSlots
		copy(data[i*epochSlot:(i+1)*epochSlot], slot)
		slots, err := parseEpochs(data)
		if err != nil {
			t.Fatal(err) // one slot alone is at most damaged
		}
		s, want := slots[i], data[i*epochSlot:][:epochSlot]
		if s.number != 0 && !bytes.Equal(marshalEpoch(s.number, &s.key), want) || s.number == 0 && !s.damaged && !isZero(want) {
			t.Fatalf("slot %+v out of %x", s, want)
		}
	})
}

// The snapshotter begins an epoch when the present one has its share of the log.
func TestSnapshotterBeginsEpochs(t *testing.T) {
	bubble(t, 1, func(t *testing.T, c *cluster) {
		r := c.leader()
		e := c.nodes[r.name].files.logs.epochs
		snapshot := func(i byte) {
			t.Helper()
			c.submit(r, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte{i}))
			time.Sleep(snapshotAge + 2*lookEvery)
		}
		c.enrol()
		snapshot(1)
		if list, err := c.nodes[r.name].snaps.List(); err != nil || len(list) == 0 || e.oldest() != 1 || e.current != 1 {
			t.Fatalf("%v, %d snapshots, epochs %d to %d", err, len(list), e.oldest(), e.current)
		}
		for range maxTrailing/epochShare + 1 {
			if err := r.raft.Barrier(0).Error(); err != nil {
				t.Fatal(err)
			}
		}
		snapshot(2)
		if e.oldest() != 1 || e.current != 2 {
			t.Errorf("epochs %d to %d, want 1 and 2", e.oldest(), e.current)
		}
	})
}
