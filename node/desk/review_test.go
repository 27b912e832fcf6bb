package desk

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"comity/ledger/ledgertest"
)

// A desk that dies between keeping the last entries of a Sync and keeping their
// checkpoint must still hold a FINAL one over all that it keeps: without it, it
// could not prove a fork that it sees.
func TestReviewEveryEntryKeptIsUnderANote(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	n.accept(t, population(t, c, 4)...)
	n.finalise(t)
	dir := t.TempDir()
	d := openDesk(t, dir, c.Genesis)
	inTheWay := filepath.Join(dir, "checkpoint", "x")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Sync(context.Background(), n.client(t), nil); err == nil {
		t.Fatal("the checkpoint was kept: the test does not cut the Sync")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	d = openDesk(t, dir, c.Genesis)
	size, err := d.Size()
	if err != nil || size == 0 {
		t.Fatalf("it keeps %d entries, %v", size, err)
	}
	note, err := os.ReadFile(filepath.Join(dir, "checkpoint-ahead"))
	if err != nil {
		t.Fatal(err)
	}
	if ahead, _, err := c.Genesis.PolicyAt(0).Open(note); err != nil || ahead.Size < size {
		t.Errorf("of %d entries its checkpoint covers %d, %v", size, ahead.Size, err)
	}
	syncDesk(t, d, n)
	if f, _, _ := d.Final(); f.Size != size {
		t.Errorf("after another Sync it is FINAL at %d, want %d", f.Size, size)
	}
}
