package desk

import (
	"context"
	"slices"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

func TestSync(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	d := newTestDesk(t, c.Genesis)
	syncDesk(t, d, n)
	wantSize(t, d, 0)

	items := population(t, c, 20)
	n.accept(t, items[:30]...)
	n.finalise(t)
	n.accept(t, items[30:]...) // committed, not FINAL: not for a desk
	syncDesk(t, d, n)
	wantSize(t, d, 30)
	final, by, at := d.Final()
	if want := []string{"XA", "XB", "XC", "XD"}; !slices.Equal(by, want) {
		t.Errorf("cosigned by %v, want %v", by, want)
	}
	if want := time.UnixMilli(testStart + 10*testStep).UTC(); !at.Equal(want) {
		t.Errorf("ledger time %v, want %v", at, want)
	}

	n.finalise(t)
	var told [][2]uint64
	if err := d.Sync(context.Background(), n.client(t), func(done, total uint64) { told = append(told, [2]uint64{done, total}) }); err != nil {
		t.Fatal(err)
	}
	wantSize(t, d, uint64(len(items)))
	if want := [][2]uint64{{30, 45}, {45, 45}}; !slices.Equal(told, want) {
		t.Errorf("progress %v, want %v", told, want)
	}
	ours, _ := state.ReadHead(d.View())
	theirs, _ := state.ReadHead(n.store)
	if ours.Root != theirs.Root || ours.Digest != theirs.Digest || ours.Time != theirs.Time {
		t.Errorf("head %+v, want %+v", ours, theirs)
	}
	served := n.served
	syncDesk(t, d, n)
	if n.served != served {
		t.Error("a desk that is up to date fetched entries")
	}
	if final.Size != 30 {
		t.Errorf("Final changed under its caller: %v", final)
	}
}

// A restart needs no node: the checkpoint and all else are in the folder.
func TestReopenOffline(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	n.accept(t, population(t, c, 4)...)
	n.finalise(t)
	dir := t.TempDir()
	d := openDesk(t, dir, c.Genesis)
	syncDesk(t, d, n)
	want, by, at := d.Final()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	n.server.Close()
	d = openDesk(t, dir, c.Genesis)
	got, by2, at2 := d.Final()
	if got != want || !slices.Equal(by, by2) || !at.Equal(at2) || got.Size == 0 {
		t.Errorf("Final after restart %v %v %v, want %v %v %v", got, by2, at2, want, by, at)
	}
	if size, root := d.Seen(); size != want.Size || root != want.Root {
		t.Errorf("Seen %d %x, want %v", size, root, want)
	}
}

func TestSyncInChunks(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	items := population(t, c, 20)
	n.accept(t, items...)
	n.finalise(t)
	for _, limit := range [][2]int{{1, 1 << 20}, {7, 1 << 20}, {1000, 1}, {1000, 2000}} {
		d := newTestDesk(t, c.Genesis)
		d.Limit(limit[0], limit[1])
		syncDesk(t, d, n)
		wantSize(t, d, uint64(len(items)))
	}
}

// An interrupted Sync keeps what a FINAL checkpoint covers, and goes on there.
func TestSyncInterrupted(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	items := population(t, c, 20)
	n.accept(t, items[:10]...)
	n.finalise(t)
	dir := t.TempDir()
	d := openDesk(t, dir, c.Genesis)
	syncDesk(t, d, n)
	n.accept(t, items[10:]...)
	n.finalise(t)

	d.Limit(7, 1<<20)
	ctx, cancel := context.WithCancel(context.Background())
	err := d.Sync(ctx, n.client(t), func(done, total uint64) {
		if done == 24 {
			cancel()
		}
	})
	if err == nil {
		t.Fatal("a cancelled Sync succeeded")
	}
	check := func(d *Desk) {
		t.Helper()
		size, err := d.Size()
		if final, _, _ := d.Final(); err != nil || size != 24 || final.Size != 10 {
			t.Errorf("%d entries, checkpoint of %d, %v; want 24 and 10", size, final.Size, err)
		}
	}
	check(d)
	d.Close()
	d = openDesk(t, dir, c.Genesis)
	check(d)
	served := n.served
	syncDesk(t, d, n)
	wantSize(t, d, uint64(len(items)))
	if got, want := n.served-served, len(items)-24; got != want {
		t.Errorf("fetched %d entries, want the %d missing ones", got, want)
	}
}

// Nothing signs the ledger time, so a desk shows what its node says.
func TestSyncWrongTime(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	n.accept(t, population(t, c, 4)...)
	n.finalise(t)
	n.record = func(i uint64, r *wire.Record) []*wire.Record {
		r.Time = testStart + (i%3)*testStep
		return []*wire.Record{r}
	}
	d := newTestDesk(t, c.Genesis)
	syncDesk(t, d, n)
	wantSize(t, d, n.final)
	last := uint64(0)
	for i := range n.final {
		at, _, err := d.Entry(i)
		if err != nil || at < last {
			t.Fatalf("ledger time of entry %d is %d after %d, %v", i, at, last, err)
		}
		last = at
	}
}

// A node that is behind is not at fault, and more cosigners are welcome.
func TestSyncBehind(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	items := population(t, c, 6)
	n.accept(t, items[:20]...)
	n.finalise(t)
	old := n.note
	n.accept(t, items[20:]...)
	n.finalise(t)
	d := newTestDesk(t, c.Genesis)
	syncDesk(t, d, n)
	now := n.note
	n.note = old
	syncDesk(t, d, n)
	wantSize(t, d, uint64(len(items)))
	n.note = now
	final, _, _ := d.Final()
	n.note = n.cosigned(t, final, 5)
	syncDesk(t, d, n)
	if _, by, _ := d.Final(); len(by) != 5 {
		t.Errorf("cosigned by %v, want all five", by)
	}
}

// The receipt of the last leaf fixes all leaves before it: at every size, with
// the own tree and with one in which an earlier leaf differs.
func TestSamePast(t *testing.T) {
	build := func(size, odd int) tlog.HashReaderFunc {
		var all []tlog.Hash
		read := tlog.HashReaderFunc(func(x []int64) ([]tlog.Hash, error) {
			out := make([]tlog.Hash, len(x))
			for i := range x {
				out[i] = all[x[i]]
			}
			return out, nil
		})
		for i := range size {
			leaf := []byte{byte(i)}
			if i == odd {
				leaf = []byte("odd")
			}
			h, err := tlog.StoredHashes(int64(i), leaf, read)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, h...)
		}
		return read
	}
	const total = 23
	theirs := build(total, -1)
	for size := 1; size <= total; size++ {
		path, err := tlog.ProveRecord(total, int64(size-1), theirs)
		if err != nil {
			t.Fatal(err)
		}
		if same, err := ledger.SamePast(path, uint64(size), total, build(size, -1)); !same || err != nil {
			t.Errorf("size %d: not the same: %v", size, err)
		}
		for odd := range size - 1 {
			if same, err := ledger.SamePast(path, uint64(size), total, build(size, odd)); same || err != nil {
				t.Errorf("size %d, leaf %d differs: the same, %v", size, odd, err)
			}
		}
	}
}
