package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
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
		var fork *Fork
		if !errors.As(err, &fork) || !errors.Is(err, ErrFork) {
			t.Fatalf("Sync: %v, want ErrFork", err)
		}
		wantSize(t, d, 45)
		if fork.Ours.Size != 45 || fork.Theirs.Size != uint64(size) || len(fork.Files) != 3 {
			t.Fatalf("evidence %+v", fork)
		}
		for i, want := range [][]byte{n.note, other.note} {
			got, err := os.ReadFile(fork.Files[i])
			if err != nil || string(got) != string(want) {
				t.Errorf("%s is not the note, %v", fork.Files[i], err)
			}
		}
		checkContradiction(t, fork)
		// Again gives the same files, not more of them.
		if err := d.Sync(context.Background(), other.client(t), nil); !errors.Is(err, ErrFork) {
			t.Errorf("Sync again: %v, want ErrFork", err)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "evidence-*")); len(files) != 3 {
			t.Errorf("evidence in %v", files)
		}
	}
}

// checkContradiction does what a third party does with the evidence.
func checkContradiction(t *testing.T, f *Fork) {
	t.Helper()
	text, err := os.ReadFile(f.Files[2])
	if err != nil {
		t.Fatal(err)
	}
	var hashes []tlog.Hash
	for line := range strings.Lines(string(text)) {
		if h, err := tlog.ParseHash(strings.TrimSpace(line)); err == nil {
			hashes = append(hashes, h)
		}
	}
	if len(hashes) < 2 || hashes[1] != tlog.Hash(f.Theirs.Root) || hashes[0] == hashes[1] {
		t.Fatalf("the proof does not contradict:\n%s", text)
	}
	if f.Theirs.Size == f.Ours.Size {
		if hashes[0] != tlog.Hash(f.Ours.Root) {
			t.Errorf("the proof is not about our note:\n%s", text)
		}
		return
	}
	if err := tlog.CheckTree(hashes[2:], int64(f.Ours.Size), tlog.Hash(f.Ours.Root), int64(f.Theirs.Size), hashes[0]); err != nil {
		t.Errorf("consistency proof: %v\n%s", err, text)
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
		if err := os.WriteFile(filepath.Join(dir, noteFinal), note, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := Open(dir, c.Genesis); err == nil {
			d.Close()
			t.Errorf("%s: opened", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, noteFinal), good, 0o600); err != nil {
		t.Fatal(err)
	}
	wantSize(t, openDesk(t, dir, c.Genesis), n.final)
}
