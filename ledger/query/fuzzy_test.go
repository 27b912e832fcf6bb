package query

import (
	"strings"
	"testing"

	"comity/ledger/notice"
)

func TestFuzzyName(t *testing.T) {
	v := &notice.View{Card: &notice.Card{Person: notice.Identity{Names: []notice.Name{
		{Full: "Mirela Tandoran", Family: "Tandoran", Given: "Mirela", MRZ: "TANDORAN<<MIRELA"}, {Full: "王小明", MRZ: "WANG<<XIAOMING"},
		{Full: "Uncle Rook", Use: notice.NameAlias},
	}}}}
	r := RecordOf(v, Header{})
	for _, test := range []struct {
		query     string
		low, high float64 // 0, 0: no match
		why       string
	}{
		{`name~"Mirela Tandoran"`, 1, 1, "name Mirela Tandoran (card)"},
		{`name~"Tandoran Mirela"`, 1, 1, "name Mirela Tandoran"},
		{`name~"Mirella Tandorran"`, 0.9, 0.999, "mirella tandorran against mirela tandoran"},
		{`name~"Мирела Тандоран"`, 0.9, 1, "name Mirela Tandoran"},
		{`name~"Wang Xiaoming"`, 0.9, 1, "name 王小明"},
		{`name~"Uncle Ruck"`, 0.7, 0.95, "alias name Uncle Rook"},
		{`name~"Ilva Sorrendahl"`, 0, 0, ""},
		{`name~"Mikela Tankoran"`, 0.7, 0.999, "near, perhaps another: name Mirela Tandoran"},
		{`NOT name~"Mikela Tankoran"`, 1, 1, "not name~"},
		{`NOT name~"Mirella Tandorran"`, 0, 0, ""},
		{`name~"Mikela Tankoran" OR Tandoran`, 0.7, 0.999, "near, perhaps another"},
		{`NOT (name~"Mikela Tankoran" OR Tandoran)`, 0, 0, ""},
		{`NOT (name~"Mikela Tankoran" AND Tandoran)`, 1, 1, "not ("},
		{`Мирела`, 0.8, 0.899, "same after transliteration from Cyrillic (mirela against mirela tandoran)"},
		{`Тандоран Мирела`, 0.8, 0.899, "name Mirela Tandoran (card)"},
		{`ميريلا`, 0.8, 0.899, "same after transliteration from Arabic"},
		{`Wang`, 0.9, 0.9, "in card.person.names.mrz"},
		{`Ванг`, 0.7, 0.899, "name 王小明"},
		{`"Rook Uncle"`, 0.8, 0.9, "alias name Uncle Rook"},
		{`NOT Мирела`, 0, 0, ""},
		{`Марина`, 0, 0, ""},
		{`Мирел`, 0, 0, ""},
		{`Marella`, 0, 0, ""},
	} {
		q, err := Parse(test.query, asOf)
		if err != nil {
			t.Fatal(err)
		}
		ok, score, why := q.Match(r)
		if all := strings.Join(why, "; "); ok != (test.high > 0) || score < test.low || score > test.high || !strings.Contains(all, test.why) {
			t.Errorf("%s: got %v %.3f %q, want %g to %g, %q", test.query, ok, score, all, test.low, test.high, test.why)
		}
	}
}
