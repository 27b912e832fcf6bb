package ledger_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

// fork returns the notes of two histories of which neither extends the other:
// the first one's log, and a checkpoint of another at size by these bureaus.
func (l *testLog) fork(t testing.TB, size uint64, by ...*ledgertest.Bureau) []byte {
	t.Helper()
	c := ledger.Checkpoint{Origin: l.Genesis.Origin(), Size: size, Root: ledger.Hash{0xaa}}
	return ledger.FormatNote(c, l.Genesis.PolicyAt(0).Witness, l.cosign(t, c, by...))
}

// TestEveryByteOfAnEvidenceCounts flips every byte, but only some of the long
// ML-DSA signatures. No line of a note may be damaged without being missed, as it
// may in a note alone: here XA, XB, XC and XD signed where three are enough.
func TestEveryByteOfAnEvidenceCounts(t *testing.T) {
	l := enrolled(t, 4)
	e, err := ledger.NewEvidence(l.Genesis, l.fork(t, 11, l.Bureaus[0], l.Bureaus[1]), l.note(t, l.Bureaus...), l)
	if err != nil {
		t.Fatal(err)
	}
	data := e.Marshal()
	check := func(data []byte) error {
		e, err := ledger.ParseEvidence(data)
		if err != nil {
			return err
		}
		_, err = e.Verify(l.Genesis)
		return err
	}
	if err := check(data); err != nil {
		t.Fatal(err)
	}
	for i, line, column := 0, 0, 0; i < len(data); i++ {
		if data[i] == '\n' {
			line, column = line+1, 0
		}
		if column++; column > 160 && column < 3200 && i%61 != 0 || i%stride() != 0 {
			continue
		}
		if check(flip(data, i, 1)) == nil {
			t.Errorf("byte %d of %d flipped (line %d, column %d): still authentic", i, len(data), line, column)
		}
	}
}

func TestEvidenceNamesWhoSignedBoth(t *testing.T) {
	l := enrolled(t, 7)
	b := l.Bureaus
	g := l.Genesis
	f, q := (len(b)-1)/3, ledger.Quorum(len(b))
	for _, tt := range []struct {
		name      string
		size      uint64
		other     []*ledgertest.Bureau
		final     []*ledgertest.Bureau
		both      []string
		bothFinal bool
	}{
		{"one who signed both", 9, b[2:3], b[:5], []string{"XC"}, false},
		{"one who was deceived", 9, b[6:], b[:5], nil, false},
		{"both kinds", 9, []*ledgertest.Bureau{b[6], b[1]}, b[:5], []string{"XB"}, false},
		{"two FINAL ones of one size", 35, b[2:], b[:5], []string{"XC", "XD", "XE"}, true},
		{"two FINAL ones", 1, b[2:], b[:5], []string{"XC", "XD", "XE"}, true},
	} {
		e, err := ledger.NewEvidence(g, l.fork(t, tt.size, tt.other...), l.note(t, tt.final...), l)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		parsed, err := ledger.ParseEvidence(e.Marshal())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		c, err := parsed.Verify(g)
		if err != nil || !slices.Equal(c.Both, tt.both) || c.BothFinal != tt.bothFinal || len(c.OtherBy) != len(tt.other) || len(c.FinalBy) != len(tt.final) {
			t.Errorf("%s: got %+v, %v", tt.name, c, err)
			continue
		}
		if c.BothFinal && (len(c.Both) <= f || len(c.OtherBy) < q) {
			t.Errorf("%s: two FINAL checkpoints name %v, not more than %d", tt.name, c.Both, f)
		}
	}
}

// TestNewEvidenceRefuses: nothing is made that would not verify.
func TestNewEvidenceRefuses(t *testing.T) {
	l := enrolled(t, 4)
	g := l.Genesis
	final := l.note(t, l.quorum()...)
	half := &testLog{Consortium: l.Consortium}
	for _, e := range l.entries[:7] {
		half.add(t, e)
	}
	true7 := ledger.FormatNote(half.checkpoint(t), g.PolicyAt(0).Witness, l.cosign(t, half.checkpoint(t), l.Bureaus[0]))
	for name, tt := range map[string]struct {
		other, final []byte
		want         error
	}{
		"a smaller checkpoint of the same history": {true7, final, ledger.ErrNoContradiction},
		"the same checkpoint":                      {final, final, ledger.ErrNoContradiction},
		"beyond":                                   {l.fork(t, 21, l.Bureaus[0]), final, ledger.ErrNoContradiction},
		"not FINAL":                                {l.fork(t, 5, l.Bureaus[0]), noteOf(final, 2), ledger.ErrQuorum},
		"by nobody":                                {nil, final, ledger.ErrMalformed},
	} {
		if _, err := ledger.NewEvidence(g, tt.other, tt.final, l); !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v, want %v", name, err, tt.want)
		}
	}
	// Lines of strangers are left out; they prove nothing.
	stray := append(bytes.Clone(final), "— witness.example AAAAAAA=\n"...)
	e, err := ledger.NewEvidence(g, l.fork(t, 5, l.Bureaus[0]), stray, l)
	if err != nil || !bytes.Equal(e.Final, final) {
		t.Errorf("with a stray line: %v", err)
	}
}

// TestCosignaturesOfANote: what a note is made from comes out of it again.
func TestCosignaturesOfANote(t *testing.T) {
	l := enrolled(t, 4)
	p := l.Genesis.PolicyAt(0)
	c := l.checkpoint(t)
	want := l.cosign(t, c, l.Bureaus...)
	got, err := p.Cosignatures(append(ledger.FormatNote(c, p.Witness, want), "— witness.example AAAAAAA=\n"...))
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d cosignatures, %v; want %d", len(got), err, len(want))
	}
	for i := range want {
		if *got[i] != *want[i] {
			t.Errorf("cosignature %d is another one", i)
		}
	}
	got, err = p.Cosignatures(noteOf(l.note(t, l.Bureaus...), 2))
	if !errors.Is(err, ledger.ErrQuorum) || len(got) != 2 {
		t.Errorf("below a quorum: got %d, %v", len(got), err)
	}
	// Two lines with different times are no cosignature as commands carry it.
	_, early := splitNote(l.note(t, l.Bureaus[0]))
	text, late := splitNote(ledger.FormatNote(c, p.Witness, l.cosign(t, c, l.Bureaus[1], l.Bureaus[0])))
	got, err = p.Cosignatures([]byte(text + "\n" + early[0] + late[3] + late[0] + late[1]))
	if !errors.Is(err, ledger.ErrQuorum) || len(got) != 1 || got[0].Node != "xb.comity/n1" {
		t.Errorf("two times: got %d, %v", len(got), err)
	}
}
