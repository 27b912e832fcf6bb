package follow

import (
	"errors"
	"os"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

// While the tree is on its way to the note that covers it, the two notes are all
// that can be kept.
func TestForkBeforeTheTreeIsThere(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	cp, err := Open(t.TempDir(), c.Genesis, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cp.Close()
	note := func(size uint64) sealedNote {
		at := ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: size, Root: ledger.Hash{1}}
		var cosigs []*ledger.Cosignature
		for _, b := range c.Bureaus {
			s, err := ledger.Cosign(b.Witness, b.Node(), at, 1_790_000_000)
			if err != nil {
				t.Fatal(err)
			}
			cosigs = append(cosigs, s)
		}
		n, err := cp.openNote(ledger.FormatNote(at, c.Genesis.PolicyAt(size).Witness, cosigs))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if err := cp.keepAhead(note(100)); err != nil {
		t.Fatal(err)
	}
	theirs := note(20)
	var fork *Fork
	if err := cp.forked("a node", theirs); !errors.As(err, &fork) || len(fork.Files) != 2 || fork.Ours.Size != 100 {
		t.Fatalf("got %v", err)
	}
	if got, err := os.ReadFile(fork.Files[1]); err != nil || string(got) != string(theirs.note) {
		t.Errorf("%s is not their note, %v", fork.Files[1], err)
	}
}
