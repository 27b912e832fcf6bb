package ledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
)

// TestClassesHaveFormats: a class without a row in the table would be let into every
// ledger, and one of a later format than this into none.
func TestClassesHaveFormats(t *testing.T) {
	for c := ledger.Class(1); !strings.HasPrefix(c.String(), "class("); c++ {
		if need := (&ledger.Statement{Class: c}).Needs(); need < 1 || need > ledger.Format {
			t.Errorf("%s came with format %d, and this is %d", c, need, ledger.Format)
		}
	}
}

// TestRaise: the format rises, never falls, and takes all voters.
func TestRaise(t *testing.T) {
	l := newLog(t, 4)
	e := slices.Clone(l.Genesis.Epochs())[0]
	if e.Format != 1 {
		t.Fatalf("a charter of version 1 begins with format %d", e.Format)
	}
	to := func(format uint8) *ledger.Propose {
		return &ledger.Propose{Change: ledger.ChangeFormat, Format: format}
	}
	if got := to(2).Needed(e); got != 4 {
		t.Errorf("%d of four must be for it", got)
	}
	next, err := e.After(to(3), 30)
	if err != nil || next.Format != 3 || next.Number != 1 || next.From != 30 || len(next.Members) != 4 {
		t.Fatalf("got %+v, %v", next, err)
	}
	for _, format := range []uint8{1, 2, 3} {
		if _, err := next.After(to(format), 40); !errors.Is(err, ledger.ErrStands) {
			t.Errorf("from format 3 to %d: got %v", format, err)
		}
	}
	after, err := next.After(&ledger.Propose{Change: ledger.ChangeDemote, Code: "XD"}, 40)
	if err != nil || after.Format != 3 {
		t.Errorf("the next epoch: got %+v, %v", after, err)
	}
	if got := to(4).Needed(after); got != 3 {
		t.Errorf("%d of three voters must be for it", got)
	}
	last := *next
	last.Number = ledger.MaxEpochs
	if _, err := last.After(to(4), 40); !errors.Is(err, ledger.ErrFull) {
		t.Errorf("the last epoch: got %v", err)
	}
}

// TestCertificateOfALaterFormat: who does not know the format says so, whatever
// follows, and never that anything is false.
func TestCertificateOfALaterFormat(t *testing.T) {
	l, c := raised(t, 2, ledger.Format+1)
	for name, file := range map[string][]byte{"alone": l.file(c), "with more behind it": append(l.file(c), 1, 2, 3)} {
		_, err := ledger.ParseGenesis(file)
		later := new(ledger.FormatError)
		if !errors.As(err, &later) || !errors.Is(err, ledger.ErrFormat) || errors.Is(err, ledger.ErrMalformed) {
			t.Fatalf("%s: got %v", name, err)
		}
		want := ledger.FormatError{Has: ledger.Format + 1, From: c.Receipt.Index + 1, Knows: ledger.Format}
		if *later != want || !strings.Contains(err.Error(), "install the newer comity") {
			t.Errorf("%s: got %+v: %v", name, later, err)
		}
	}
	few := *c
	few.Votes = nil // one of two is for it
	if _, err := l.Genesis.With(&few); !errors.Is(err, ledger.ErrQuorum) {
		t.Errorf("one of two voters: got %v", err)
	}
	l, c = raised(t, 2, ledger.Format)
	g, err := l.Genesis.With(c)
	if err != nil || g.Latest().Format != ledger.Format {
		t.Fatalf("a format that is known: %v", err)
	}
	other := *g.Latest()
	other.Format--
	if m := l.Genesis.Next(&other); g.Agrees(m) {
		t.Error("two epochs of different formats agree")
	}
}
