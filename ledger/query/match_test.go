package query

import (
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/notice"
)

// viewOf is a notice as a reader with all keys sees it.
func viewOf(n *notice.Notice) *notice.View {
	return &notice.View{
		Origin: notice.Origin{Bureau: n.Origin}, Header: n.Publish(), Kind: n.Kind, Colour: n.Colour, Reference: n.Reference,
		Readers: n.Readers, Card: n.Card, Body: n.Body, Tally: n.Tally, Victim: n.Victim,
	}
}

func childHeader() Header {
	return Header{ID: strings.Repeat("1c27", 16), Bureau: "XA", Index: 7, Time: uint64(asOf.AddDate(0, 0, -2).UnixMilli()), Status: "active"}
}

// richCase is the child's case with an entity of every type.
func richCase() *notice.Notice {
	n := notice.ChildCase(asOf)
	n.Card.Photo = []byte("\xff\xd8\xff\xe0")
	date := func(s string) notice.Date {
		d, err := notice.ParseDate(s)
		if err != nil {
			panic(err)
		}
		return d
	}
	n.Body.Entities = append(n.Body.Entities, []notice.Entity{
		{ID: "d2", Document: &notice.Document{Type: notice.IDCard, Number: "ID-77/12"}},
		{ID: "ac", Account: &notice.Account{Service: "mail", Handle: "Wynn@Example.org"}},
		{ID: "ac2", Account: &notice.Account{Service: "chat", Handle: "@Teacher_Wynn", UserID: "991122"}},
		{ID: "w1", Wallet: &notice.Wallet{Currency: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}},
		{ID: "b1", BankAccount: &notice.BankAccount{Number: "GB82WEST12345698765432", Holder: "Rook"}},
		{ID: "v1", Vehicle: &notice.Vehicle{Plate: "XB 4471", Country: "XB", VIN: "1M8GDM9AXKP042788"}},
		{ID: "t1", Trip: &notice.Trip{From: "Port Selwen, XC", To: "XB", Departed: date("2026-10-30")}},
		{ID: "e1", Event: &notice.Event{What: "transit", Place: "Dravik", Date: date("2026-11-01")}},
		{ID: "o1", Organization: &notice.Organization{Name: "Juniper Holdings", Country: "XD"}},
		{ID: "p9", Person: &notice.Person{Identity: notice.Identity{
			Names: []notice.Name{{Full: "王小明", MRZ: "WANG<<XIAOMING"}, {Full: "Łucja Ødegård"}}, Born: date("1990-04"),
		}}},
	}...)
	return n
}

func TestMatch(t *testing.T) {
	v := viewOf(richCase())
	born := v.Card.Person.Born.String() // 13 years and 97 days before asOf
	record := RecordOf(v, childHeader())
	card := RecordOf(&notice.View{Kind: v.Kind, Colour: v.Colour, Reference: v.Reference, Card: v.Card}, childHeader())
	if born != "2013-08-17" {
		t.Fatalf("born %s", born)
	}
	for _, test := range []struct {
		query string
		score float64 // 0: no match
		why   string
	}{
		{`name:"ilva sorrendahl"`, 1, "name Ilva Sorrendahl (card)"},
		{`name:"Sorrendahl, Ilva"`, 1, "name Ilva Sorrendahl (card)"},
		{`name:"teacher wynn"`, scoreAlias, "alias name Teacher Wynn (body)"},
		{`name:"ilva wynn"`, 0, ""},
		{`name:hanne`, 1, "name Hanne Sorrendahl (victim)"},
		{`name:lucja`, 1, "name Łucja Ødegård"},
		{`name:ØDEGÅRD`, 1, "name Łucja Ødegård"},
		{`name:oedegaard`, 1, "name Łucja Ødegård"},
		{`name:小明`, 1, "name 王小明"},
		{`name:王`, 1, "name 王小明"},
		{`name:小王`, 0, ""},
		{`name:xiaoming`, 1, "name 王小明"},
		{`dob:2013`, 1, "born 2013-08-17 (card)"},
		{`dob:2013-08-17`, 1, "born 2013-08-17"},
		{`dob:1990-04-03`, scorePartial, "born 1990-04 (body)"},
		{`dob:1990-05`, 0, ""},
		{`dob:2012`, 0, ""},
		{`dob~2012`, 0.6, "a year more or less"},
		{`dob~2012-08-17`, 0.6, "a year more or less"},
		{`dob~2013-08-17`, 1, "born 2013-08-17"},
		{`dob:2010..`, 1, "born 2013"},
		{`dob<1990-04-01`, 0, ""},
		{`age:13`, 1, "born 2013"},
		{`age>13`, scorePartial, "born 1990-04"},
		{`age:14..35`, 0, ""},
		{`doc:A3011-7745`, 1, "passport A30117745 (card)"},
		{`doc:id7712`, 1, "id card ID-77/12 (body.entities.document)"},
		{`doc:A3011774`, 0, ""},
		{`doc~A3011774`, scoreOneOff, "one character differs"},
		{`doc~A30117754`, scoreOneOff, "passport A30117745"},
		{`doc~A30117`, 0, ""},
		{`phone:"+999 555 08842"`, 1, "telephone +99955508842 (body.entities.phone)"},
		{`phone:+9995550884`, 0, ""},
		{`phone~+9995550884`, scoreOneOff, "one character differs"},
		{`email:wynn@example.org`, 1, "e-mail Wynn@Example.org"},
		{`account:teacher_wynn`, 1, "account on chat"},
		{`account:991122`, 1, "user id on chat"},
		{`wallet:BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4`, 1, "BTC wallet"},
		{`iban:"GB82 WEST 1234 5698 7654 32"`, 1, "bank account GB82"},
		{`iban~GB82WEST12345698765433`, scoreRepaired, "the check digits are right"},
		{`plate:xb4471`, 1, "plate XB XB 4471"},
		{`plate:XB:XB-4471`, 1, "plate XB"},
		{`country:XB,MMR`, 1, "country XB"},
		{`vin:1M8GDM9AXKP042788`, 1, "VIN"},
		{`id:1c271c27`, 1, "id 1c27"},
		{`id:1c27`, 0, ""},
		{`ref:lt-0301`, 1, "reference LT-0301"},
		{`LT-0301`, 1, "reference LT-0301"},
		{`kind:yellow`, 1, "kind yellow diffusion"},
		{`kind:red,diffusion`, 1, "kind yellow diffusion"},
		{`kind:red`, 0, ""},
		{`status:active`, 1, "status active"},
		{`status!=active`, 0, ""},
		{`status:live`, 1, "status active"},
		{`status:review-due`, 0, ""},
		{`urgency:u3`, 1, "urgency U3"},
		{`bureau:XA reader:XB`, 1, "bureau XA"},
		{`reader:XC`, 0, ""},
		{`country:xb`, 1, "country XB (body.entities.place.country)"},
		{`country:XC`, 0, ""},
		{`from:XC`, 1, "from Port Selwen, XC"},
		{`from:selwen`, 1, "from Port Selwen, XC"},
		{`to:XB via:dravik`, 1, "to XB"},
		{`to:XC`, 0, ""},
		{`time:-7d`, 1, "(ledger)"},
		{`time:2026-11-01`, 1, "time 2026-11-01 (body.entities.event.date)"},
		{`time:today`, 0, ""},
		{`place:"low brack"`, 1, "place Crossing at Low Brack, XB"},
		{`place:brackwater`, 0, ""},
		{`place~2.104,-24.871 within:1`, 1, "0.0 km away"},
		{`place~2.2,-24.871`, 0.62, "km away"},
		{`place~2.4,-24.871`, 0, ""},
		{`place:` + (Point{2.104, -24.871}).Geohash()[:6], 1, "place Crossing"},
		{`place~` + (Point{2.104, -24.871}).Geohash()[:7], 1, "place Crossing"},
		{`music school`, scoreText, `"music" in body`},
		{`"music school"`, scoreText, `"music school" in body`},
		{`"school music"`, 0, ""},
		{`"court guardianship"`, 0, ""},
		{`"guardianship: (court)"`, scoreText, "in body.legal_basis"},
		{`guardiansh*`, scoreText, "in body.legal_basis"},
		{`"guardianship co"*`, scoreText, "in body.legal_basis"},
		{`sorrendahl`, scoreNameText, `"sorrendahl" in card.person.names`},
		{`wren`, scoreText, `"wren" in victim.pseudonym`},
		{`has:photo has:dob has:doc has:link`, 1, "has photo"},
		{`has:minor`, 1, "has minor"},
		{`name:ilva dob:1999`, 0, ""},
		{`name:ilva OR dob:1999`, 1, "name Ilva"},
		{`name:ilva -kind:red`, 1, "name Ilva"},
		{`name:ilva -kind:yellow`, 0, ""},
		{`NOT (kind:red OR kind:blue)`, 1, "not "},
		{`name:ilva music`, (1 + scoreText) / 2, "name Ilva"},
		{`link:LT-0302`, 0, ""},
	} {
		q, err := Parse(test.query, asOf)
		if err != nil {
			t.Errorf("%s: %v", test.query, err)
			continue
		}
		ok, score, why := q.Match(record)
		if all := strings.Join(why, "; "); ok != (test.score > 0) || !strings.Contains(all, test.why) || score < test.score-0.02 || score > test.score+0.03 {
			t.Errorf("%s: got %v, %.2f, %q, want %.2f, %q", test.query, ok, score, all, test.score, test.why)
		}
		if ok, _, why := q.Match(card); ok && strings.Contains(strings.Join(why, ";"), "body") {
			t.Errorf("%s: found in what is not open: %s", test.query, why)
		}
		if ok, _, why := q.Match(RecordOf(nil, Header{})); ok && !strings.Contains(test.query, "NOT") && !strings.Contains(test.query, "!") {
			t.Errorf("%s: found in nothing: %s", test.query, why)
		}
	}
}

func TestMinorByDateOfBirth(t *testing.T) {
	q, err := Parse("has:minor", asOf)
	if err != nil {
		t.Fatal(err)
	}
	for born, want := range map[string]bool{"2008-11-22": false, "2008-11-23": true, "2008": true, "2007": false, "2007~": true} {
		d, err := notice.ParseDate(born)
		if err != nil {
			t.Fatal(err)
		}
		v := &notice.View{Card: &notice.Card{Person: notice.Identity{Born: d}}}
		if ok, _, why := q.Match(RecordOf(v, Header{})); ok != want {
			t.Errorf("born %s: got %v %s", born, ok, why)
		}
	}
}

func TestResolveLinks(t *testing.T) {
	q, err := Parse("link:LT-0301 depth:2 OR link:nothere", asOf)
	if err != nil {
		t.Fatal(err)
	}
	r := RecordOf(nil, childHeader())
	if ok, _, _ := q.Match(r); ok {
		t.Error("a link that nobody resolved matches")
	}
	err = q.Resolve(func(id string, depth int) (map[string]string, error) {
		if id == "lt-0301" && depth == 2 {
			return map[string]string{r.ID: "phone of both"}, nil
		}
		return nil, nil
	})
	if ok, score, why := q.Match(r); err != nil || !ok || score != 1 || why[0] != "phone of both" {
		t.Errorf("got %v %g %q %v", ok, score, why, err)
	}
}

// TestHeaderAlone shows that a header alone is found by
// what a header says only.
func TestHeaderAlone(t *testing.T) {
	r := RecordOf(&notice.View{ID: "ab", Header: ledger.Publish{}}, Header{})
	if r.ID != "ab" || len(r.Names)+len(r.Texts)+len(r.Identifiers)+len(r.Countries) != 0 {
		t.Errorf("got %+v", r)
	}
}

func TestTokens(t *testing.T) {
	for s, want := range map[string]string{
		"Łucja ØDEGÅRD":  "lucja odegard",
		"Straße Nº5":     "strasse no5",
		"王小明":            "王小 小明 明",
		"X王小Y":           "x 王小 小 y",
		"กรุงเทพ":        "กร รุ ุง งเ เท ทพ พ",
		"مُحَمَّد":       "محمد",
		"Йосиф":          "иосиф",
		"a\u200bb":       "ab",
		"O'Neill-Smith ": "o neill smith",
		"ａｂｃ１２３":         "abc123",
		"!?":             "",
	} {
		if got := strings.Join(Tokens(s), " "); got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}

func TestGeohash(t *testing.T) {
	// The example of the inventor's site.
	p := Point{57.64911, 10.40744}
	if got := p.Geohash(); got != "u4pruydqq" {
		t.Errorf("got %s", got)
	}
	if d := p.Distance(geohashPoint("u4pruydqq")); d > 0.01 {
		t.Errorf("%g km off", d)
	}
	// A degree of a meridian on the mean sphere.
	if d := (Point{0, 0}).Distance(Point{1, 0}); d < 111.19 || d > 111.20 {
		t.Errorf("a degree has %g km", d)
	}
}
