package notice

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

var (
	circleDay    = time.Date(2026, 11, 3, 8, 11, 0, 0, time.UTC)
	circleOrigin = Origin{Ledger: keys.ID{1}, Author: keys.ID{2}, Bureau: "XA"}
)

// sampleEpoch returns the second epoch of a circle, as its founder makes it.
func sampleEpoch(t testing.TB) *Epoch {
	t.Helper()
	e := &Epoch{Name: "Lantern-2", Number: 2, Circle: ledger.ID{7}, After: ledger.ID{8}, Members: Readers{"XA", "XB", "XD"}, Seeds: make(map[seal.Compartment]*keys.Identity)}
	for c := seal.Card; c <= seal.Victim; c++ {
		var err error
		if e.Seeds[c], err = keys.IdentityFromSeed([32]byte{0x50 + byte(c)}); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func signedEpoch(e *Epoch) *ledger.Statement {
	s := &ledger.Statement{Class: ledger.ClassCircle, Target: e.Circle}
	if e.Circle != (ledger.ID{}) {
		s.Public = (&ledger.Circle{After: e.After}).Marshal()
	}
	return s
}

func openedParts(parts []Part) []seal.Opened {
	var out []seal.Opened
	for _, p := range parts {
		out = append(out, seal.Opened{Compartment: p.Compartment, PartID: [16]byte{byte(p.Compartment)}, Plaintext: p.Plaintext})
	}
	return out
}

func TestEpoch(t *testing.T) {
	e := sampleEpoch(t)
	parts, err := e.Parts(circleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parts { // each part has one seed, its own
		for c, id := range e.Seeds {
			seed := id.Seed()
			if got, want := bytes.Contains(p.Plaintext, fmt.Appendf(nil, "%x", seed)), c == p.Compartment; got != want {
				t.Errorf("part %d has the seed of the %s: %v, want %v", i, c, got, want)
			}
		}
	}
	got, err := OpenEpoch(circleOrigin, signedEpoch(e), 2, openedParts(parts))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != e.Name || got.Number != 2 || got.Circle != e.Circle || got.After != e.After || strings.Join(got.Members, " ") != "XA XB XD" || len(got.Seeds) != 3 {
		t.Errorf("got %+v", got)
	}
	one, err := OpenEpoch(circleOrigin, signedEpoch(e), 2, openedParts(parts[2:]))
	if err != nil || len(one.Seeds) != 1 || one.Seeds[seal.Victim] == nil || !one.Keys[seal.Card].Equal(e.Seeds[seal.Card].Recipient()) {
		t.Errorf("who opens the victim part alone: %+v, %v", one, err)
	}
	if none, err := OpenEpoch(circleOrigin, signedEpoch(e), 2, nil); none != nil || err != nil {
		t.Errorf("who opens nothing: %+v, %v", none, err)
	}
}

func TestEpochRefuses(t *testing.T) {
	e := sampleEpoch(t)
	good, err := e.Parts(circleOrigin)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) func([]Part, *Origin, *ledger.Statement, *int) {
		return func(p []Part, _ *Origin, _ *ledger.Statement, _ *int) {
			for i := range p {
				if !bytes.Contains(p[i].Plaintext, []byte(old)) {
					t.Fatalf("part %d has no %s", i, old)
				}
				p[i].Plaintext = bytes.Replace(p[i].Plaintext, []byte(old), []byte(new), 1)
			}
		}
	}
	for _, tt := range []struct {
		name    string
		change  func(p []Part, o *Origin, s *ledger.Statement, number *int)
		foreign bool
	}{
		{"another author", func(_ []Part, o *Origin, _ *ledger.Statement, _ *int) { o.Author[0]++ }, true},
		{"another bureau", func(_ []Part, o *Origin, _ *ledger.Statement, _ *int) { o.Bureau = "XB" }, true},
		{"another circle", func(_ []Part, _ *Origin, s *ledger.Statement, _ *int) { s.Target[0]++ }, true},
		{"after another", func(_ []Part, _ *Origin, s *ledger.Statement, _ *int) {
			s.Public = (&ledger.Circle{After: ledger.ID{9}}).Marshal()
		}, true},
		{"another number", func(_ []Part, _ *Origin, _ *ledger.Statement, n *int) { *n = 3 }, true},
		{"parts swapped", func(p []Part, _ *Origin, _ *ledger.Statement, _ *int) {
			p[0].Plaintext, p[1].Plaintext = p[1].Plaintext, p[0].Plaintext
		}, false},
		{"a part of another epoch", func(p []Part, _ *Origin, _ *ledger.Statement, _ *int) {
			p[1].Plaintext = bytes.Replace(p[1].Plaintext, []byte(`"XD"`), []byte(`"XE"`), 1)
		}, true},
		{"a notice's format", replace(formatCircle, formatNotice), false},
		{"a name with an escape", replace("Lantern-2", "Lantern 2"), false},
		{"not a member itself", replace(`"XA","XB","XD"`, `"XB","XD"`), false},
		{"alone", replace(`"XA","XB","XD"`, `"XA"`), false},
		{"twice", replace(`"XA","XB","XD"`, `"XA","XB","XB"`), false},
		{"all", replace(`"XA","XB","XD"`, `"XA","all"`), false},
		{"no seed", replace(`"seed":"`, `"seed":"00`), false},
		{"an unknown member", replace(`"seed":"`, `"sprout":"00","seed":"`), false},
		{"no key", replace(`"card":"`, `"cards":"`), false},
	} {
		parts, o, s, number := make([]Part, len(good)), circleOrigin, signedEpoch(e), 2
		for i := range good {
			parts[i] = Part{good[i].Compartment, bytes.Clone(good[i].Plaintext), good[i].Readers}
		}
		tt.change(parts, &o, s, &number)
		got, err := OpenEpoch(o, s, number, openedParts(parts))
		if err == nil || got != nil || tt.foreign && !errors.Is(err, ErrForeign) {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
		if seed := e.Seeds[seal.Card].Seed(); err != nil && strings.Contains(err.Error(), fmt.Sprintf("%x", seed)) {
			t.Errorf("%s: the error has a seed in it", tt.name)
		}
	}
	// A circle is no notice, and no notice holds one.
	if _, err := OpenParts(circleOrigin, ledger.Publish{Kind: ledger.KindBlue}, openedParts(good)); err == nil {
		t.Error("a circle opens as a notice")
	}
	if _, err := OpenReply(circleOrigin, openedParts(good[1:2])); err == nil {
		t.Error("a circle opens as a reply")
	}
	for _, bad := range []func(e *Epoch){
		func(e *Epoch) { e.Name = "-x" }, func(e *Epoch) { e.Name = "dc23abee0" }, func(e *Epoch) { e.Name = strings.Repeat("x", 33) }, func(e *Epoch) { e.Number = 1 },
		func(e *Epoch) { e.After = ledger.ID{} }, func(e *Epoch) { e.Members = Readers{"XB", "XA"} }, func(e *Epoch) { e.Members = Readers{"XB", "XC"} },
		func(e *Epoch) { delete(e.Seeds, seal.Body) },
	} {
		e := sampleEpoch(t)
		bad(e)
		if _, err := e.Parts(circleOrigin); err == nil {
			t.Errorf("a bad epoch is composed: %+v", e)
		}
	}
}

// FuzzOpenEpoch: whatever a member sealed, its reader gets an epoch that it
// could have made itself, or an error.
func FuzzOpenEpoch(f *testing.F) {
	e := sampleEpoch(f)
	parts, err := e.Parts(circleOrigin)
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range parts {
		f.Add(uint8(p.Compartment), p.Plaintext)
	}
	f.Fuzz(func(t *testing.T, c uint8, text []byte) {
		comp := seal.Compartment(1 + c%3)
		got, err := OpenEpoch(circleOrigin, signedEpoch(e), 2, []seal.Opened{{Compartment: comp, Plaintext: text}})
		if err != nil {
			return
		}
		if got == nil || got.Seeds[comp] == nil || len(got.Seeds) != 1 || got.Circle != e.Circle || got.After != e.After {
			t.Fatalf("got %+v", got)
		}
		for c := seal.Card; c <= seal.Victim; c++ { // what its founder had as well
			if got.Seeds[c] == nil {
				got.Seeds[c] = e.Seeds[c]
			}
		}
		if _, err := got.Parts(circleOrigin); err != nil {
			t.Errorf("it opens, and cannot have been composed: %v", err)
		}
	})
}

func TestReaders(t *testing.T) {
	for reader, want := range map[string]bool{
		"XA": true, "circle:Lantern": true, "circle:" + strings.Repeat("ab", 32): true, "circle:x": true,
		"circle:": false, "circle:" + strings.Repeat("a", 33): false, "circle:a b": false, "circle:.a": false, "Circle:a": false, "xa": false, "circle:circle:a": false,
	} {
		n := ChildCase(circleDay)
		n.Readers, n.Victim.Readers = Readers{"XA", reader}, nil
		if reader == "XA" {
			n.Readers = Readers{"XA"}
		}
		if err := n.Validate(circleDay); (err == nil) != want {
			t.Errorf("reader %s: %v, want it accepted: %v", reader, err, want)
		}
	}
	v := View{Readers: Readers{"XA", "circle:" + ledger.ID{7}.String()}, Circles: []CircleSeen{{ID: ledger.ID{7}, Members: Readers{"XA", "XC"}}}}
	if got := strings.Join(v.Bureaus(), " "); got != "XA XC" {
		t.Errorf("bureaus %s", got)
	}
}

// TestCircleReaders: a text that names circles without bound is refused.
func TestCircleReaders(t *testing.T) {
	circle := func(i int) string { return fmt.Sprintf("%s%064x", CirclePrefix, i+1) }
	many := Readers{"XA", "XB"}
	for i := range MaxCircleReaders - 2 {
		many = append(many, circle(i))
	}
	for _, tt := range []struct {
		readers, victim Readers
		ok              bool
	}{
		{many, nil, true},
		{append(slices.Clone(many), circle(MaxCircleReaders)), nil, false},
		{Readers{"XA", "XB", circle(1), circle(1)}, nil, false},
		{Readers{"XA", "XB"}, Readers{"XA", circle(1), circle(1)}, false},
	} {
		n := ChildCase(testDay)
		n.Readers, n.Victim.Readers = tt.readers, tt.victim
		_, err := OpenParts(testOrigin, n.Publish(), opened(parts(t, n, testOrigin)...))
		if (err == nil) != tt.ok {
			t.Errorf("%d readers, %d of the victim's part: %v", len(tt.readers), len(tt.victim), err)
		}
	}
}
