package cli

import (
	"errors"
	"testing"

	"comity/ledger"
)

// A node that was there before a recovery has kept heads that were cut: a bundle goes
// without them, and ends nowhere too early.
func TestKeptHeadsThatWereCut(t *testing.T) {
	of := func(size uint64) final { return final{Checkpoint: ledger.Checkpoint{Size: size}} }
	k := &keptHeads{until: 100, newest: 70}
	for _, f := range []struct {
		size uint64
		cut  bool
	}{{10, false}, {40, false}, {60, true}, {150, true}, {50, false}, {65, false}} {
		var err error
		if f.cut {
			err = &ledger.CutError{Size: f.size, Cut: 45, Epoch: 1}
		}
		if err := k.add(of(f.size), err); err != nil || k.done {
			t.Errorf("%d: %v, done %t", f.size, err, k.done)
		}
	}
	if k.last.Size != 65 || k.seen != 150 || len(k.heads.heads) != 4 {
		t.Errorf("%d heads, the last at %d, seen %d", len(k.heads.heads), k.last.Size, k.seen)
	}
	if err := k.add(of(70), nil); err != nil || !k.done {
		t.Errorf("the newest: %v, done %t", err, k.done)
	}
	if err := k.add(of(80), errors.New("not good")); err == nil {
		t.Error("one that does not verify: taken")
	}
}
