package notice

import (
	"strings"
	"testing"
)

func TestMatchMRZ(t *testing.T) {
	n := ChildCase(testDay)
	v := open(t, n)
	scan, err := n.Card.PassportMRZ()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := scan.Lines()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "child_passport.txt", []byte(strings.Join(lines, "\n")+"\n"))
	scan, err = ParseMRZ(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(m *MRZ)
		why    string // "" is no match
	}{
		{"as it is", func(*MRZ) {}, "passport number A30117745"},
		{"another holder's name", func(m *MRZ) { m.Family, m.Birth = "OTHER", "800101" }, "passport number A30117745"},
		{"country in three letters", func(m *MRZ) { m.State = "XAA" }, "passport number A30117745"},
		{"new passport", func(m *MRZ) { m.Number = "B1" }, "name Ilva Sorrendahl and date of birth 2013-07-29"},
		{"same number, other state", func(m *MRZ) { m.State, m.Family = "XD", "OTHER" }, ""},
		{"name only", func(m *MRZ) { m.Number, m.Birth = "B1", "130728" }, ""},
		{"date only", func(m *MRZ) { m.Number, m.Given = "B1", "ILVAR" }, ""},
		{"no number", func(m *MRZ) { m.Number, m.Family = "", "" }, ""},
	} {
		m := *scan
		test.change(&m)
		ok, why := v.MatchMRZ(&m, testDay)
		if ok != (test.why != "") || why != test.why {
			t.Errorf("%s: got %v, %q, want %q", test.name, ok, why, test.why)
		}
	}
	if ok, _ := (&View{Body: v.Body}).MatchMRZ(scan, testDay); ok {
		t.Error("matched without a card")
	}
}

// TestMatchCountry: a passport shows three letters, or D, for what a card has
// in two.
func TestMatchCountry(t *testing.T) {
	for _, test := range []struct {
		card, passport string
		want           bool
	}{
		{"DE", "D", true}, {"TH", "THA", true}, {"THA", "THA", true}, {"TH", "LAO", false}, {"XA", "XB", false}, {"", "LAO", true}, {"TH", "", true}, {"TH", "XAA", true},
	} {
		v := &View{Card: &Card{Person: Identity{Documents: []Document{{Type: Passport, Number: "C1234567", Country: test.card}}}}}
		if got, _ := v.MatchMRZ(&MRZ{Format: TD3, State: test.passport, Number: "C1234567"}, testDay); got != test.want {
			t.Errorf("%s and %s: got %v, want %v", test.card, test.passport, got, test.want)
		}
	}
}

func TestMatchCutName(t *testing.T) {
	long := Name{Family: "Sorrendahl Vassilakopoulos", Given: "Maximiliana Theodora"}
	card := &Card{Person: Identity{
		Names: []Name{long}, Born: date(t, "1990-01-31"), Documents: []Document{{Type: Passport, Number: "C1234567", Country: "XC"}},
	}}
	scan, err := card.PassportMRZ()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := scan.Lines()
	if err != nil {
		t.Fatal(err)
	}
	if scan, err = ParseMRZ(strings.Join(lines, "")); err != nil {
		t.Fatal(err)
	}
	scan.Number = "C7654321"
	if ok, why := (&View{Card: card}).MatchMRZ(scan, testDay); !ok || !strings.Contains(why, "1990-01-31") {
		t.Errorf("%s: got %v, %q", lines[0], ok, why)
	}
}
