package ledger_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

// TestEveryByteOfAnExhibitCounts flips every byte of an exhibit, but of the
// cosignatures in it, which have their own test, only some. Each note has
// exactly a quorum.
func TestEveryByteOfAnExhibitCounts(t *testing.T) {
	l := enrolled(t, 1)
	x := l.exhibit(t, []byte("a sealed body"))
	data := x.Marshal()
	check := func(data []byte) error {
		x, err := ledger.ParseExhibit(data)
		if err != nil {
			return err
		}
		_, err = x.Verify(l.Genesis)
		return err
	}
	if err := check(data); err != nil {
		t.Fatal(err)
	}
	_, lines := splitNote(x.Receipt.Note)
	mldsa := []byte(lines[1][200:3200])
	for i := 0; i < len(data); i += stride() {
		if j := bytes.LastIndex(data[:min(i+len(mldsa), len(data))], mldsa); j >= 0 && i >= j && i < j+len(mldsa) && i%97 != 0 {
			continue
		}
		if check(flip(data, i, 1)) == nil {
			t.Errorf("byte %d of %d flipped: still authentic", i, len(data))
		}
	}
}

func TestExhibits(t *testing.T) {
	l := enrolled(t, 4)
	x := l.exhibit(t, []byte("a sealed body"))
	xa, xb := l.Bureaus[0], l.Bureaus[1]
	note := x.Receipt.Note
	rootEntry := l.entries[0]
	late := xa.EnrolAccess(t, [32]byte{1}, "laptop-1", ledger.RoleDesk)
	index := l.add(t, late.Entry)

	// The officer's own enrolment, written by another bureau's root: it has no
	// place in the log, so it gets the receipt of the true one.
	stolen := *x
	stolen.Enrols = []ledger.Enrolment{{Entry: xb.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator).Entry, Receipt: x.Enrols[0].Receipt}, x.Enrols[1]}
	swapped := *x
	swapped.Enrols = []ledger.Enrolment{x.Enrols[1], x.Enrols[0]}
	surplus := *x
	surplus.Enrols = append(surplus.Enrols[:2:2], x.Enrols[0])
	none := *x
	none.Enrols = nil
	mixed := *x
	mixed.Enrols = []ledger.Enrolment{{Entry: x.Enrols[0].Entry, Receipt: x.Enrols[1].Receipt}, x.Enrols[1]}
	access := *x
	access.Enrols = []ledger.Enrolment{{Entry: late.Entry, Receipt: l.receipt(t, index, l.note(t, l.quorum()...))}, x.Enrols[1]}
	noQuorum := *x
	noQuorum.Receipt = &ledger.Receipt{Index: x.Receipt.Index, Proof: x.Receipt.Proof, Note: noteOf(note, 2)}
	enrolNoQuorum := *x
	enrolNoQuorum.Enrols = []ledger.Enrolment{{Entry: x.Enrols[0].Entry, Receipt: &ledger.Receipt{
		Index: x.Enrols[0].Receipt.Index, Proof: x.Enrols[0].Receipt.Proof, Note: noteOf(note, 2)}}, x.Enrols[1]}
	otherLedger := *x
	otherLedger.Ledger[0] ^= 1
	dropped := *x
	e, err := ledger.NewEntry(x.Item.Entry.Signed(), x.Item.Entry.Signatures[:1])
	if err != nil {
		t.Fatal(err)
	}
	dropped.Item.Entry = e
	dropped.Enrols = x.Enrols[:1]
	body := *x
	body.Item.Body = []byte("a sealed bodY")
	root := ledger.Exhibit{Ledger: x.Ledger, Item: ledger.Item{Entry: rootEntry}, Receipt: x.Enrols[0].Receipt}

	for _, tt := range []struct {
		name string
		x    *ledger.Exhibit
		good bool
		is   error
	}{
		{"as it is", x, true, nil},
		{"of a root's statement", &root, true, nil},
		{"body changed", &body, false, nil},
		{"other ledger", &otherLedger, false, ledger.ErrOtherLedger},
		{"second signature dropped", &dropped, false, ledger.ErrNotIncluded},
		{"no enrolments", &none, false, nil},
		{"enrolments swapped", &swapped, false, nil},
		{"an enrolment too many", &surplus, false, nil},
		{"an enrolment by another bureau", &stolen, false, nil},
		{"another enrolment's receipt", &mixed, false, ledger.ErrNotIncluded},
		{"an access key for a signing key", &access, false, nil},
		{"two cosigners of three", &noQuorum, false, ledger.ErrQuorum},
		{"an enrolment with two cosigners", &enrolNoQuorum, false, ledger.ErrQuorum},
	} {
		parsed, err := ledger.ParseExhibit(tt.x.Marshal())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if _, err = parsed.Verify(l.Genesis); (err == nil) != tt.good || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: got error %v, want good %v, %v", tt.name, err, tt.good, tt.is)
		}
	}
	if _, err := x.Verify(ledgertest.NewGenesis(t, 4).Genesis); !errors.Is(err, ledger.ErrOtherLedger) {
		t.Errorf("held against another charter: got error %v, want %v", err, ledger.ErrOtherLedger)
	}
}

// TestExhibitNeedsEarlierEnrolment: a key that was enrolled after the entry had
// no right to sign it.
func TestExhibitNeedsEarlierEnrolment(t *testing.T) {
	l := newLog(t, 1)
	xa := l.Bureaus[0]
	notice := xa.Officer.Publish(t, ledger.KindBlue, []byte("body"))
	enrol := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator)
	for _, order := range [][]*ledger.Entry{{enrol.Entry, notice.Entry}, {notice.Entry, enrol.Entry}} {
		l.entries, l.hashes = nil, nil
		at := make(map[*ledger.Entry]uint64)
		for _, e := range order {
			at[e] = l.add(t, e)
		}
		note := l.note(t, xa)
		x := &ledger.Exhibit{Ledger: l.Genesis.Ledger, Item: notice, Receipt: l.receipt(t, at[notice.Entry], note),
			Enrols: []ledger.Enrolment{{Entry: enrol.Entry, Receipt: l.receipt(t, at[enrol.Entry], note)}}}
		v, err := x.Verify(l.Genesis)
		if want := order[0] == enrol.Entry; (err == nil) != want {
			t.Errorf("enrolled at %d, signed at %d: got error %v, want accepted %v", at[enrol.Entry], at[notice.Entry], err, want)
		}
		if err == nil && (v.Signers[0].Label != "desk-1" || v.Signers[0].Bureau != "XA" || v.Signers[0].Root) {
			t.Errorf("signer: got %+v", v.Signers[0])
		}
	}
}

// TestExhibitChecksTheEnrolment: what a FINAL tree holds is not believed as an
// enrolment before it is one.
func TestExhibitChecksTheEnrolment(t *testing.T) {
	for _, tt := range []struct {
		name  string
		enrol func(xa *ledgertest.Bureau) *ledger.Entry
		good  bool
	}{
		{"as it should be", func(xa *ledgertest.Bureau) *ledger.Entry {
			return xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator).Entry
		}, true},
		{"proof not good", func(xa *ledgertest.Bureau) *ledger.Entry {
			it := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator)
			en, err := ledger.ParseEnrol(it.Entry.Statement.Public)
			if err != nil {
				t.Fatal(err)
			}
			en.Proof = flip(en.Proof, 0, 1)
			return xa.Root.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: en.Marshal()}, nil).Entry
		}, false},
		{"signed by an officer as well", func(xa *ledgertest.Bureau) *ledger.Entry {
			it := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator)
			return xa.Root.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: it.Entry.Statement.Public}, nil, xa.Supervisor).Entry
		}, false},
		{"signed by an officer", func(xa *ledgertest.Bureau) *ledger.Entry {
			it := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator)
			return xa.Supervisor.Sign(t, ledger.Statement{Class: ledger.ClassEnrol, Public: it.Entry.Statement.Public}, nil).Entry
		}, false},
		{"signature forged", func(xa *ledgertest.Bureau) *ledger.Entry {
			e := xa.EnrolSigner(t, xa.Officer, "desk-1", ledger.RoleInvestigator).Entry
			e.Signatures[0].Sig[0] ^= 1
			e, err := ledger.NewEntry(e.Signed(), e.Signatures)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}, false},
		{"a revocation", func(xa *ledgertest.Bureau) *ledger.Entry { return xa.Revoke(t, xa.Officer.Signer.ID()).Entry }, false},
	} {
		l := newLog(t, 1)
		xa := l.Bureaus[0]
		at := l.add(t, tt.enrol(xa))
		it := xa.Officer.Publish(t, ledger.KindBlue, []byte("body"))
		index := l.add(t, it.Entry)
		note := l.note(t, xa)
		x := &ledger.Exhibit{Ledger: l.Genesis.Ledger, Item: it, Receipt: l.receipt(t, index, note),
			Enrols: []ledger.Enrolment{{Entry: l.entries[at], Receipt: l.receipt(t, at, note)}}}
		if _, err := x.Verify(l.Genesis); (err == nil) != tt.good {
			t.Errorf("%s: got error %v, want good %v", tt.name, err, tt.good)
		}
	}
}

// noteOf keeps the lines of the first n cosigners.
func noteOf(note []byte, n int) []byte {
	text, lines := splitNote(note)
	var out bytes.Buffer
	out.WriteString(text + "\n")
	for _, line := range lines[:2*n] {
		out.WriteString(line)
	}
	return out.Bytes()
}

// TestExhibitAfterRemoval: an officer's key is good for nothing behind the removal
// of its bureau, whoever let the entry stand.
func TestExhibitAfterRemoval(t *testing.T) {
	l := enrolled(t, 4)
	x := l.exhibit(t, []byte("sealed"))
	others := &ledger.Epoch{Number: 1, From: x.Receipt.Index - 1, Members: slices.Clone(l.Genesis.Members()[1:])}
	g := l.Genesis.Knowing(l.Genesis.Next(others))
	note := l.note(t, l.Bureaus[1:]...)
	x.Receipt.Note = note
	for i := range x.Enrols {
		x.Enrols[i].Receipt.Note = note
	}
	if _, err := x.Verify(l.Genesis); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Verify(g); err == nil || !strings.Contains(err.Error(), "which removed XA") {
		t.Errorf("got %v", err)
	}
}
