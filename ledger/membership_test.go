package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"comity/ledger"
)

// shrunk is a log of 20 entries, and its charter as one knows it who has seen that
// XD left with entry 14.
func shrunk(t *testing.T) (*testLog, *ledger.Genesis) {
	l := enrolled(t, 4)
	return l, l.Genesis.Knowing(l.Genesis.Next(&ledger.Epoch{Number: 1, From: 15, Members: slices.Clone(l.Genesis.Members()[:3])}))
}

// TestMembershipAt: a note is judged by the epoch of its size, at the very position
// where one ends and another begins.
func TestMembershipAt(t *testing.T) {
	l, g := shrunk(t)
	for size, want := range map[uint64]uint32{0: 0, 14: 0, 15: 1, 16: 1, 1 << 40: 1} {
		if got := g.At(size).Number; got != want {
			t.Errorf("at %d: got epoch %d, want %d", size, got, want)
		}
	}
	for _, tt := range []struct {
		size uint64
		by   []int
		ok   bool // for who knows both epochs
		old  bool // for who knows the founders' alone
	}{
		{14, []int{1, 2, 3}, true, true}, {14, []int{0, 1}, false, false},
		{15, []int{0, 1}, true, false}, {15, []int{0, 3}, false, false}, {15, []int{1, 2, 3}, true, true},
	} {
		c := ledger.Checkpoint{Origin: g.Origin(), Size: tt.size, Root: ledger.Hash{1}}
		var note []byte
		var list []*ledger.Cosignature
		for _, i := range tt.by {
			list = append(list, l.cosign(t, c, l.Bureaus[i])...)
		}
		note = ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, list)
		if _, _, err := g.Open(note); (err == nil) != tt.ok {
			t.Errorf("%d by %v: got %v", tt.size, tt.by, err)
		}
		if _, _, err := l.Genesis.Open(note); (err == nil) != tt.old || errors.Is(err, ledger.ErrOldCharter) {
			t.Errorf("%d by %v, by the founders: got %v", tt.size, tt.by, err)
		}
	}
	// XE joined and cosigned: who does not know it cannot tell.
	five := l.Newcomer(t, "XE")
	m := five.Member()
	m.Voter = true
	more := l.Genesis.Knowing(l.Genesis.Next(&ledger.Epoch{Number: 1, From: 15, Members: append(slices.Clone(l.Genesis.Members()), m)}))
	c := ledger.Checkpoint{Origin: g.Origin(), Size: 20, Root: ledger.Hash{1}}
	note := ledger.FormatNote(c, more.PolicyAt(20).Witness, l.cosign(t, c, l.Bureaus[0], l.Bureaus[1], five))
	if _, by, err := l.Genesis.Open(note); !errors.Is(err, ledger.ErrOldCharter) || !errors.Is(err, ledger.ErrQuorum) || len(by) != 2 {
		t.Errorf("cosigned by one who is not known: got %v, %v", by, err)
	}
	if _, _, err := more.Open(note); !errors.Is(err, ledger.ErrQuorum) || errors.Is(err, ledger.ErrOldCharter) {
		t.Errorf("too few, all of them known: got %v", err)
	}
}

// TestEvidenceOverEpochs: each note of an evidence is judged by the epoch of its
// size.
func TestEvidenceOverEpochs(t *testing.T) {
	l, g := shrunk(t)
	final := l.note(t, l.Bureaus[:2]...)
	fork := func(size uint64) []byte {
		c := ledger.Checkpoint{Origin: g.Origin(), Size: size, Root: ledger.Hash{0xaa}}
		return ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, l.cosign(t, c, l.Bureaus[3]))
	}
	e, err := ledger.NewEvidence(g, fork(12), final, l)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := e.Verify(g); err != nil || !slices.Equal(c.OtherBy, []string{"XD"}) || c.BothFinal {
		t.Errorf("got %+v, %v", c, err)
	}
	if _, err := e.Verify(l.Genesis); !errors.Is(err, ledger.ErrQuorum) {
		t.Errorf("by the founders' charter: got %v", err)
	}
	if _, err := ledger.NewEvidence(g, fork(18), final, l); err == nil {
		t.Error("evidence against who was no member at that size")
	}
}
