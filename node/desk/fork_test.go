package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/follow"
)

// More bureaus than the ledger can bear sign two histories. Whichever the desk
// saw first it keeps, and the evidence of both.
func TestSyncFork(t *testing.T) {
	for _, size := range []int{30, 45} {
		c := ledgertest.NewGenesis(t, 5)
		n := newFakeNode(t, c)
		items := population(t, c, 20)
		n.accept(t, items...)
		n.finalise(t)
		dir := t.TempDir()
		d := openDesk(t, dir, c.Genesis)
		syncDesk(t, d, n)

		other := newFakeNode(t, c)
		other.accept(t, items[:26]...)
		for i := range size - 26 {
			other.accept(t, c.Bureaus[2].Officer.Publish(t, ledger.KindBlue, []byte{byte(i)}))
		}
		other.finalise(t)
		err := d.Sync(context.Background(), other.client(t), nil)
		var fork *follow.Fork
		if !errors.As(err, &fork) || !errors.Is(err, follow.ErrFork) {
			t.Fatalf("Sync: %v, want ErrFork", err)
		}
		wantSize(t, d, 45)
		if fork.Ours.Size != 45 || fork.Theirs.Size != uint64(size) || len(fork.Files) != 1 {
			t.Fatalf("evidence %+v", fork)
		}
		checkContradiction(t, c, fork)
		// Again gives the same files, not more of them.
		if err := d.Sync(context.Background(), other.client(t), nil); !errors.Is(err, follow.ErrFork) {
			t.Errorf("Sync again: %v, want ErrFork", err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "evidence-*")); len(files) != 1 {
			t.Errorf("evidence in %v", files)
		}
	}
}

// checkContradiction does what a third party does with the evidence.
func checkContradiction(t *testing.T, c *ledgertest.Consortium, f *follow.Fork) {
	t.Helper()
	data, err := os.ReadFile(f.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseEvidence(data)
	if err != nil {
		t.Fatal(err)
	}
	what, err := e.Verify(c.Genesis)
	if err != nil || what.Final != f.Ours || what.Other != f.Theirs || !what.BothFinal || len(what.Both) != 4 {
		t.Errorf("evidence %+v, %v", what, err)
	}
}

// A folder whose checkpoint is of another history does not open.
func TestOpenRefuses(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	n := newFakeNode(t, c)
	n.accept(t, population(t, c, 2)...)
	n.finalise(t)
	dir := t.TempDir()
	d := openDesk(t, dir, c.Genesis)
	syncDesk(t, d, n)
	good := n.note
	for name, note := range map[string][]byte{
		"other root":   n.cosigned(t, ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: 20}, 5),
		"beyond":       n.cosigned(t, ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: 100}, 5),
		"not cosigned": n.cosigned(t, present(t, n), 1),
		"cut":          good[:len(good)-10],
	} {
		d.Close()
		if err := os.WriteFile(filepath.Join(dir, "checkpoint"), note, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := Open(dir, c.Genesis); err == nil {
			d.Close()
			t.Errorf("%s: opened", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "checkpoint"), good, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSize(t, openDesk(t, dir, c.Genesis), n.final)
}
