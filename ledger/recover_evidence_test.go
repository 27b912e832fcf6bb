package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
)

// TestTwoRecoveriesNamed: whoever signed two recoveries to one epoch is named, and
// nobody else is. What is in the files is for the vectors.
func TestTwoRecoveriesNamed(t *testing.T) {
	w := newWreck(t)
	changes := w.changes()
	first := w.sign(&ledger.Recover{Number: 1, Time: 1, Changes: changes}, 7, 0, 1, 2, 3)
	for signers, both := range map[string]string{"1 2 3 4": "XB XC XD", "4 3": "XD", "4": "", "0": "XA"} {
		var list []int
		for _, s := range strings.Fields(signers) {
			list = append(list, int(s[0]-'0'))
		}
		second := w.sign(&ledger.Recover{Number: 1, Time: 1, Changes: changes}, 6, list...)
		e, err := ledger.NewTwoRecoveries(w.c.Genesis, first, second)
		if both == "" {
			if !errors.Is(err, ledger.ErrNoFault) {
				t.Errorf("%s: %v", signers, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := e.Verify(w.c.Genesis)
		if err != nil || strings.Join(f.Both, " ") != both || f.Epoch != 1 || !f.Plans[0].Quorum || f.Plans[1].Quorum != (len(list) >= 4) || f.Plans[0].Kept.Size != 7 || f.Plans[1].Kept.Size != 6 {
			t.Errorf("%s: %+v, %v", signers, f, err)
		}
	}
	g, err := w.with(first)
	if err != nil {
		t.Fatal(err)
	}
	if by := g.Recoverers(1); !slices.Equal(by, []string{"XA", "XB", "XC", "XD"}) || g.Recoverers(0) != nil || g.Recoverers(2) != nil {
		t.Errorf("signed by %v", by)
	}
	if past := g.Before(1); past.Latest().Number != 0 || len(past.Certificates()) != 0 || g.Latest().Number != 1 {
		t.Errorf("before it: epoch %d", past.Latest().Number)
	}
}

// TestCutOrNot: a recovery that was given up cut nothing, and what became FINAL since
// was not there when it was signed.
func TestCutOrNot(t *testing.T) {
	w := newWreck(t)
	at := ledger.Checkpoint{Origin: w.c.Genesis.Origin(), Size: 9, Root: ledger.Hash{9}}
	var cosigs []*ledger.Cosignature
	for i, b := range w.c.Bureaus[1:] {
		s, err := ledger.Cosign(b.Witness, b.Node(), at, 1_790_000_000+uint64(i*i))
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	note := ledger.FormatNote(at, w.c.Genesis.PolicyAt(at.Size).Witness, cosigs)
	plan := w.sign(&ledger.Recover{Number: 1, Time: 1_780_000_000_000, Changes: w.changes()}, 7, 0, 1, 2, 3)
	done, err := w.with(plan)
	if err != nil {
		t.Fatal(err)
	}
	for g, want := range map[*ledger.Genesis]bool{w.c.Genesis: false, done: true} {
		e, err := ledger.NewCut(g, plan, note)
		if err != nil {
			t.Fatal(err)
		}
		f, err := e.Verify(g)
		if err != nil || f.Done != want || f.CutAt != [2]uint64{1_790_000_000, 1_790_000_009} {
			t.Errorf("done %t: %+v, %v", want, f, err)
		}
	}
}
