package notice

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"comity/ledger"
)

// Import turns one public notice in the JSON of the field, an item of a list or
// a detail page, into a draft: red if it has warrants, yellow if not. The notes
// say what was odd and what was dropped. The draft usually lacks what a public
// page does not tell, such as whom to call; [Notice.Validate] says what.
func Import(data []byte) (*Notice, []string, error) {
	if err := checkJSON(data, true); err != nil {
		return nil, nil, fmt.Errorf("import: %w", err)
	}
	f := foreign{left: make(map[string]json.RawMessage)}
	if err := json.Unmarshal(data, &f.left); err != nil {
		return nil, nil, fmt.Errorf("import: %w", err)
	}
	if f.left["entity_id"] == nil && f.left["name"] == nil {
		return nil, nil, errors.New("import: neither an entity_id nor a name: not a public notice")
	}
	n := &Notice{Kind: ledger.KindYellow, Urgency: ledger.U0, Classification: ledger.Unclassified}
	card, body := f.card(), f.body()
	if len(body.Warrants) > 0 {
		n.Kind, body.Status, card.Action = ledger.KindRed, Wanted, Arrest
	} else {
		f.note("kind: taken for yellow, as it names no warrant")
		body.Status, card.Action = Missing, Locate
	}
	n.Card, n.Body, n.Reference = card, body, f.reference()
	f.dropped()
	return n, f.notes, nil
}

// foreign is a document of which fields are taken one by one; what is left in
// the end is dropped with a note.
type foreign struct {
	left  map[string]json.RawMessage
	notes []string
}

func (f *foreign) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// take decodes a field into v and reports whether it holds anything.
func (f *foreign) take(field string, v any) bool {
	raw, ok := f.left[field]
	delete(f.left, field)
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f.note("%s: dropped, not understood: %.60s", field, raw)
		return false
	}
	return true
}

// text takes a text. A dash and nothing both mean that it is not known.
func (f *foreign) text(field string) string {
	var s string
	if f.take(field, &s) {
		s = clean(s)
	}
	return s
}

// clean returns a text of the field as we would write it.
func clean(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if checkText("", string(r)) != nil {
			return ' '
		}
		return r
	}, s))
	if strings.Trim(s, "-. ") == "" {
		return ""
	}
	return s
}

func (f *foreign) words(field string) []string {
	var list []*string
	f.take(field, &list)
	var out []string
	for _, s := range list {
		if s != nil && clean(*s) != "" {
			out = append(out, clean(*s))
		}
	}
	return out
}

// number takes a quantity; zero is how the field says unknown.
func (f *foreign) number(field string) float64 {
	var v float64
	f.take(field, &v)
	return v
}

// date takes a date, which may be written 1958/11/05, 1958-11-05, 1972/03 or
// 1972.
func (f *foreign) date(field string) Date {
	s := f.text(field)
	if s == "" {
		return Date{}
	}
	d, err := ParseDate(strings.ReplaceAll(s, "/", "-"))
	if err != nil {
		f.note("%s: dropped, not a date: %.40q", field, s)
	} else if !d.IsDay() {
		f.note("%s: only %s is known", field, d)
	}
	return d
}

func (f *foreign) country(field string) string { return f.countryOf(field, f.text(field)) }

func (f *foreign) countryOf(field, code string) string {
	switch {
	case code == "":
	case !isCountry(code):
		f.note("%s: dropped, not a code of a country: %.20q", field, code)
		return ""
	case len(code) == 3:
		f.note("%s: %s kept as it is written", field, code)
	}
	return code
}

func (f *foreign) card() *Card {
	c := &Card{Person: Identity{
		Born: f.date("date_of_birth"), BirthPlace: f.text("place_of_birth"), BirthCountry: f.country("country_of_birth_id"),
	}}
	name := Name{Family: f.text("name"), Given: f.text("forename")}
	if name.Given == "" {
		f.note("forename: not given")
	}
	if name.Family != "" || name.Given != "" {
		name.Full = strings.TrimSpace(name.Given + " " + name.Family)
		c.Person.Names = append(c.Person.Names, name)
	}
	if birth := f.text("birth_name"); birth != "" && birth != name.Family {
		c.Person.Names = append(c.Person.Names, Name{Full: strings.TrimSpace(name.Given + " " + birth), Family: birth, Given: name.Given, Use: NameBirth})
	}
	for _, code := range f.words("nationalities") {
		if code = f.countryOf("nationalities", code); code != "" && !slices.Contains(c.Person.Nationalities, code) {
			c.Person.Nationalities = append(c.Person.Nationalities, code)
		}
	}
	switch sex := f.text("sex_id"); sex {
	case "", "U":
	case string(Female), string(Male):
		c.Person.Sex = Sex(sex)
	default:
		f.note("sex_id: dropped: %.20q", sex)
	}
	c.Looks = f.looks()
	return c
}

func (f *foreign) looks() Appearance {
	a := Appearance{Marks: f.text("distinguishing_marks"), Eyes: f.words("eyes_colors_id"), Hair: f.words("hairs_id")}
	if m := f.number("height"); m > 0 && m < 3 {
		a.HeightCM = int(math.Round(m * 100))
	} else if m != 0 {
		f.note("height: dropped: %s m", strconv.FormatFloat(m, 'g', 6, 64))
	}
	if kg := f.number("weight"); kg >= 1 && kg <= 400 {
		a.WeightKG = int(math.Round(kg))
	} else if kg != 0 {
		f.note("weight: dropped: %s kg", strconv.FormatFloat(kg, 'g', 6, 64))
	}
	for _, l := range f.words("languages_spoken_ids") {
		if l = strings.ToLower(l); isLanguage(l) {
			a.Speaks = append(a.Speaks, l)
		} else {
			f.note("languages_spoken_ids: dropped: %.20q", l)
		}
	}
	return a
}

func (f *foreign) body() *Body {
	b := &Body{Since: f.date("date_of_event")}
	place, country := f.text("place"), f.country("country")
	if place != "" || country != "" {
		b.Entities = append(b.Entities, Entity{ID: "place", Place: &Place{Name: place, Country: country, What: "last seen"}})
	}
	for _, parent := range []struct{ id, given, family string }{
		{"father", f.text("father_forename"), f.text("father_name")},
		{"mother", f.text("mother_forename"), f.text("mother_name")},
	} {
		if parent.given+parent.family != "" {
			name := Name{Full: strings.TrimSpace(parent.given + " " + parent.family), Given: parent.given, Family: parent.family}
			b.Entities = append(b.Entities, Entity{ID: parent.id, Person: &Person{Identity: Identity{Names: []Name{name}}, Role: parent.id}})
		}
	}
	var warrants []struct {
		Country     *string `json:"issuing_country_id"`
		Charge      *string `json:"charge"`
		Translation *string `json:"charge_translation"`
	}
	f.take("arrest_warrants", &warrants)
	for i, w := range warrants {
		text := func(s *string) string {
			if s == nil {
				return ""
			}
			return clean(*s)
		}
		charge, translation := text(w.Charge), text(w.Translation)
		b.Warrants = append(b.Warrants, Warrant{
			Country: f.countryOf(index("arrest_warrants", i), text(w.Country)),
			Offence: cmp.Or(translation, charge), Charge: charge, Translation: translation,
		})
	}
	return b
}

// reference makes a short name of the foreign id: 1993/27493.
func (f *foreign) reference() string {
	id := f.text("entity_id")
	switch ref := "PUB-" + strings.ReplaceAll(id, "/", "-"); {
	case id == "":
		f.note("entity_id: not given; choose a reference")
	case !isReference(ref):
		f.note("entity_id: dropped: %.40q", id)
	default:
		return ref
	}
	return ""
}

// dropped notes every field that has no place in a notice.
func (f *foreign) dropped() {
	var names []string
	for name, raw := range f.left {
		if string(raw) != "null" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		f.note("%.64s: dropped", name)
	}
}
