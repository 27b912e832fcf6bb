package query

import (
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
)

// Record is what can be looked for of one notice, as far as its reader opened
// it. It holds plaintext: treat it as the notice itself.
type Record struct {
	Header

	Kind      string // in words, such as yellow
	Colour    string // of a diffusion, else ""
	Urgency   string
	Reference string // as written
	Readers   []string

	Names       []Name
	Births      []Birth
	Identifiers []Identifier
	Places      []Place
	Countries   []Country
	Routes      []Route
	Operations  []string // in the form of Code
	Times       []Moment
	Texts       []Text
	Photo       bool
	Minor       bool // the victim part says so; see has:minor for the rest

	// Links are the statements of its author on how entities belong together.
	Links []Link
}

// Header is what the ledger says of a notice, beside its header.
type Header struct {
	ID     string // 64 hexadecimal digits
	Bureau string // the origin
	Index  uint64
	Time   uint64 // ledger time of its publication, POSIX ms
	Status string // a word of status:

	Ended     bool // no longer live
	ReviewDue bool // its origin should extend it or end it
}

// Name is one name of somebody.
type Name struct {
	Text   string // as a person reads it
	MRZ    string // as a passport shows it, if that says more
	Script string // ISO 15924, "" if nobody said
	Use    notice.NameUse
	At     string   // part: card, body, victim
	Entity string   // id of the person within the body, "" elsewhere
	Tokens []string // of all its forms
}

// Birth is the date of birth of somebody, as the days that it may be.
type Birth struct {
	Date        notice.Date
	First, Last int64
	At          string
}

// Identifier is a number or address that only one thing or person should have.
type Identifier struct {
	Type    string // name of its field
	Norm    string // see Normal
	Text    string // as written
	Country string // that issued it, "" if nobody said
	Label   string // what it is in words, such as passport
	At      string // where, such as body.entities.phone
	Entity  string // id within the body, "" elsewhere
}

// Same reports whether two identifiers are one: equal in normal form, and not of
// two countries.
func (x *Identifier) Same(y *Identifier) bool {
	return x.Type == y.Type && x.Norm == y.Norm && (x.Country == "" || y.Country == "" || x.Country == y.Country)
}

// Linkable reports whether the identifier says something about the case: the
// telephone of a bureau's own desk is in all of its notices.
func (x *Identifier) Linkable() bool { return !strings.HasPrefix(x.At, "card.desk.") }

// Place is somewhere in the case.
type Place struct {
	Text    string   // as a person reads it
	Tokens  []string // of name, address and what it is
	Point   *Point
	RadiusM int
	Hash    string // geohash, "" without a point
	At      string
	Entity  string
}

// Country is a country in the case.
type Country struct{ Code, At string }

// Route is one end of a journey.
type Route struct {
	End     string // from, via, to
	Text    string
	Country string   // if it says one
	Tokens  []string // of the whole text
	At      string
}

// Moment is a time, as the ms that it may be.
type Moment struct {
	First, Last int64
	Text        string
	At          string
}

// Text is one text and where it stands.
type Text struct {
	At, Text string
	Tokens   []string
}

// Link is a statement that two entities of the body belong together.
type Link struct {
	From, Relation, To string
	Grade              notice.Grade
}

// RecordOf returns what can be looked for of v. A nil view has its header only.
func RecordOf(v *notice.View, h Header) *Record {
	r := &Record{Header: h}
	r.Times = append(r.Times, Moment{int64(h.Time), int64(h.Time), time.UnixMilli(int64(h.Time)).UTC().Format(time.RFC3339), "ledger"})
	if v == nil {
		return r
	}
	if r.ID == "" {
		r.ID = v.ID
	}
	r.Kind, r.Reference, r.Readers = v.Kind.String(), v.Reference, v.Bureaus()
	r.Urgency = v.Header.Urgency.String()
	if v.Colour != ledger.KindUndisclosed {
		r.Colour = v.Colour.String()
	}
	r.Bureau = v.Origin.Bureau
	r.addTexts(v)
	if c := v.Card; c != nil {
		r.Photo = len(c.Photo) > 0
		r.addIdentity(&c.Person, "card", "")
		r.addIdentifier(Phone, c.Desk.Phone, "telephone of the desk", "card.desk.phone", "")
	}
	if b := v.Body; b != nil {
		r.addMoment(b.Since, "body.since")
		for i := range b.Warrants {
			r.addMoment(b.Warrants[i].Date, "body.warrants.date")
		}
		for i := range b.Entities {
			r.addEntity(&b.Entities[i])
		}
		for _, l := range b.Links {
			r.Links = append(r.Links, Link{l.From, string(l.Relation), l.To, l.Grade})
		}
	}
	if t := v.Tally; t != nil && Code(t.Operation) != "" {
		r.Operations = append(r.Operations, Code(t.Operation))
	}
	if x := v.Victim; x != nil {
		r.Minor = x.Minor
		r.addIdentity(&x.Identity, "victim", "")
		for _, g := range x.Guardians {
			r.Names = append(r.Names, nameOf(notice.Name{Full: g.Name}, "victim", ""))
			r.addIdentifier(Phone, g.Phone, "telephone of the "+g.Relation, "victim.guardians.phone", "")
		}
	}
	return r
}

func nameOf(n notice.Name, at, entity string) Name {
	text := n.String()
	mrz := n.MRZForm()
	forms := strings.Join([]string{text, n.Given, n.Family, strings.ReplaceAll(mrz, "<", " ")}, "\n")
	if text == "" {
		text = strings.Join(strings.Fields(strings.ReplaceAll(mrz, "<", " ")), " ")
	}
	return Name{Text: text, MRZ: mrz, Script: n.Script, Use: n.Use, At: at, Entity: entity, Tokens: Tokens(forms)}
}

func (r *Record) addIdentity(id *notice.Identity, at, entity string) {
	for _, n := range id.Names {
		if name := nameOf(n, at, entity); len(name.Tokens) > 0 {
			r.Names = append(r.Names, name)
		}
	}
	if !id.Born.IsZero() {
		first, last := id.Born.Range()
		r.Births = append(r.Births, Birth{id.Born, int64(first), int64(last), at})
	}
	if id.BirthPlace != "" {
		r.Places = append(r.Places, Place{Text: id.BirthPlace, Tokens: Tokens(id.BirthPlace), At: at + ".birth_place", Entity: entity})
	}
	for i := range id.Documents {
		r.addDocument(&id.Documents[i], at, entity)
	}
}

func (r *Record) addDocument(d *notice.Document, at, entity string) {
	r.addIssued(Doc, d.Number, d.Country, strings.ReplaceAll(string(d.Type), "_", " "), at, entity)
}

// addIdentifier adds a text that can be an identifier of its type.
func (r *Record) addIdentifier(kind, text, label, at, entity string) {
	r.addIssued(kind, text, "", label, at, entity)
}

// addIssued adds an identifier that a country has issued.
func (r *Record) addIssued(kind, text, country, label, at, entity string) {
	if text == "" {
		return
	}
	if norm, ok := Normal(kind, text); ok {
		if country != "" {
			country = CountryCode(country)
		}
		r.Identifiers = append(r.Identifiers, Identifier{kind, norm, text, country, label, at, entity})
	}
}

func (r *Record) addMoment(d notice.Date, at string) {
	if d.IsZero() {
		return
	}
	first, last := d.Range()
	s := daysMS(int64(first), int64(last))
	r.Times = append(r.Times, Moment{s.First, s.Last, d.String(), at})
}

func (r *Record) addRoute(end, text, at string) {
	if tokens := Tokens(text); len(tokens) > 0 {
		r.Routes = append(r.Routes, Route{end, text, countryIn(text), tokens, at})
	}
}

// countryIn returns the code in "XB" and in "Port Selwen, XB".
func countryIn(text string) string {
	last := strings.TrimSpace(text[strings.LastIndexByte(text, ',')+1:])
	if isCode(last) && last == strings.ToUpper(last) {
		return CountryCode(last)
	}
	return ""
}
