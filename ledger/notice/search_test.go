package notice

import (
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	v := open(t, ChildCase(testDay))
	v.ID = strings.Repeat("1c27", 16)
	card := &View{ID: v.ID, Origin: v.Origin, Header: v.Header, Kind: v.Kind, Colour: v.Colour, Reference: v.Reference, Card: v.Card}
	for _, test := range []struct {
		query string
		why   string // what it says first; "" is no match
	}{
		{`name:"ilva sorrendahl"`, "name Ilva Sorrendahl (card)"},
		{`name:SORRENDAHL`, "name Ilva Sorrendahl (card)"},
		{`name:"teacher wynn"`, "name Teacher Wynn (body)"},
		{`name:"ilva wynn"`, ""},
		{`dob:2013`, "born 2013-07-29 (card)"},
		{`dob:2013-07-29`, "born 2013-07-29 (card)"},
		{`dob:2012`, ""},
		{`doc:A3011-7745`, "passport A30117745 (card)"},
		{`doc:A3011774`, ""},
		{`phone:"+999 555 08842"`, "phone +99955508842 (body.entities.phone.number)"},
		{`phone:+9995550884`, ""},
		{`id:1c271c27`, "id 1c27"},
		{`id:1c27`, ""},
		{`ref:lt-0301`, "reference LT-0301"},
		{`LT-0301`, "reference LT-0301"},
		{`kind:yellow`, "kind yellow diffusion, unreviewed"},
		{`kind:diffusion`, "kind yellow"},
		{`kind:red`, ""},
		{`country:xb`, "country XB (body.entities.place.country)"},
		{`country:XC`, ""},
		{`music school`, `"music" in body`},
		{`"music school"`, `"music school" in body`},
		{`"court guardianship"`, ""},
		{`"guardianship: (court)"`, `"guardianship: (court)" in body.legal_basis`},
		{`juniper`, ""},
		{`wren`, `"wren" in victim.pseudonym`},
		{`name:ilva AND dob:2013 music`, "name Ilva Sorrendahl (card); born 2013-07-29 (card); "},
		{`name:ilva dob:1999`, ""},
	} {
		q, err := ParseQuery(test.query)
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		ok, why := v.Match(q)
		if ok != (test.why != "") || !strings.HasPrefix(why, test.why) {
			t.Errorf("%s: got %v, %q, want %q", test.query, ok, why, test.why)
		}
		if ok, why := card.Match(q); ok && strings.Contains(why, "body") {
			t.Errorf("%s: found in what is not open: %s", test.query, why)
		}
		if ok, why := (&View{}).Match(q); ok {
			t.Errorf("%s: found in nothing: %s", test.query, why)
		}
	}
}

func TestSearchFindsMarkedNames(t *testing.T) {
	v := &View{Card: &Card{Person: Identity{Names: []Name{{Full: "Łucja Ødegård", Family: "Ødegård", Given: "Łucja"}, {Full: "Мирек", MRZ: "MIREK"}}}}}
	for _, query := range []string{`name:ødegård`, `name:oedegaard`, `name:"LUCJA OEDEGAARD"`, `name:мирек`, `name:mirek`} {
		q, err := ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if ok, _ := v.Match(q); !ok {
			t.Errorf("%s: not found", query)
		}
	}
}

func TestQueryRefuses(t *testing.T) {
	for query, want := range map[string]string{
		"":                "nothing to look for",
		"name:":           "nothing to look for",
		`name:""`:         "nothing to look for",
		`"open`:           "not closed",
		"nmae:min":        "did you mean name?",
		"dbo:1998":        "did you mean dob?",
		"shoe_size:44":    "there are country, dob, doc, id, kind, name, phone, ref",
		":x":              "no field",
		"dob:yesterday":   "not a date",
		"a OR b":          "ask once for each",
		"NOT kind:red":    "ask once for each",
		"-country:XA":     "ask once for each",
		"(name:a name:b)": "ask once for each",
	} {
		if _, err := ParseQuery(query); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", query, err, want)
		}
	}
}

func FuzzQuery(f *testing.F) {
	f.Add(`name:"Aung Min" dob:1998 AND smuggling`)
	v := &View{Card: templateCard(Protect, testDay), Body: templateBody(Missing, testDay), Victim: templateVictim(testDay)}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := ParseQuery(s)
		if err != nil {
			return
		}
		if ok, why := v.Match(q); ok && why == "" {
			t.Errorf("%q matches by nothing", s)
		}
	})
}
