package query

import (
	"slices"
	"strings"
)

// Field is something of a notice that a query can ask for.
type Field struct {
	Name    string
	Type    Type
	Ops     []Op     // that it takes; "=" and "!=" go with Equal
	Means   string   // in one sentence
	Example string   // a term
	Words   []string // of an enumeration that is closed
}

// Type says how the values of a field are read and compared.
type Type uint8

// The types of fields.
const (
	TextField  Type = iota // words, phrases, prefixes
	NameField              // all words of one name, or fuzzy
	DayField               // days, as ranges
	AgeField               // full years, as ranges of days of birth
	TimeField              // times, as ranges
	IdentField             // normalised by type, then equal or one edit away
	IDField                // a notice
	LinkField              // the notices linked to one
	CodeField              // words or codes, folded, equal
	PlaceField             // names, geohashes, distances
	RouteField             // a country or a place at one end of a journey
	HasField               // presence
)

var (
	exact   = []Op{Equal}
	both    = []Op{Equal, Fuzzy}
	ordered = []Op{Equal, Greater, AtLeast, Less, AtMost}
	born    = []Op{Equal, Fuzzy, Greater, AtLeast, Less, AtMost}
)

var kinds = strings.Fields("red blue green yellow black orange purple silver un diffusion tally")

// Statuses are the words of status:, in the order of a notice's life.
var statuses = strings.Fields("live submitted returned refused active review_due suspended withdrawn cancelled expired purged")

var urgencies = strings.Fields("U0 U1 U2 U3")

// Words of the field has.
const (
	HasPhoto = "photo"
	HasDOB   = "dob"
	HasDoc   = "doc"
	HasMinor = "minor"
	HasLink  = "link"
)

// fields is the closed list, in the order in which people are told of them.
var fields = []Field{
	{Name: "name", Type: NameField, Ops: both, Example: `name:"Aung Min"`,
		Means: "a name or alias, in any script: every word is in one name, in any order; ~ also other spellings, with a score"},
	{Name: "dob", Type: DayField, Ops: born, Example: "dob:1995..1999-06",
		Means: "date of birth, of which a part is enough (1990, 1990-05); a partly known date matches what it may be; ~ also a year more or less, and day and month swapped"},
	{Name: "age", Type: AgeField, Ops: ordered, Example: "age:13..15",
		Means: "age today in full years, by the date of birth"},
	{Name: "doc", Type: IdentField, Ops: both, Example: "doc:A30117745",
		Means: "number of a passport or another document, whatever stands between its digits; ~ also with one character wrong"},
	{Name: "phone", Type: IdentField, Ops: both, Example: "phone:+99955508842",
		Means: "telephone number with country code; ~ also with one digit wrong"},
	{Name: "wallet", Type: IdentField, Ops: both, Example: "wallet:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		Means: "address of a cryptocurrency; ~ also with one character wrong"},
	{Name: "iban", Type: IdentField, Ops: both, Example: `iban:"GB82 WEST 1234 5698 7654 32"`,
		Means: "IBAN, or another number of a bank account; ~ also with one character wrong"},
	{Name: "email", Type: IdentField, Ops: both, Example: "email:agent@example.org",
		Means: "e-mail address; ~ also with one character wrong"},
	{Name: "account", Type: IdentField, Ops: both, Example: "account:teacher_wynn",
		Means: "handle or user id of an account with an online service; ~ also with one character wrong"},
	{Name: "imei", Type: IdentField, Ops: both, Example: "imei:490154203237518",
		Means: "serial number of a telephone; ~ also with one digit wrong"},
	{Name: "plate", Type: IdentField, Ops: both, Example: "plate:XB-4471",
		Means: "number plate of a vehicle, in any country; ~ also with one character wrong"},
	{Name: "vin", Type: IdentField, Ops: both, Example: "vin:1M8GDM9AXKP042788",
		Means: "vehicle identification number; ~ also with one character wrong"},
	{Name: "id", Type: IDField, Ops: exact, Example: "id:LT-0301",
		Means: "a notice: its short name, or its id or 8 digits or more of its beginning"},
	{Name: "ref", Type: IDField, Ops: exact, Example: "ref:LT-0301",
		Means: "the same as id"},
	{Name: "link", Type: LinkField, Ops: exact, Example: "link:LT-0301 depth:2",
		Means: "notices linked to this one by an identifier or another entity that both have; depth:N over N steps, at most 4"},
	{Name: "kind", Type: CodeField, Ops: exact, Words: kinds, Example: "kind:yellow,black",
		Means: "kind of notice, or the colour of a diffusion"},
	{Name: "status", Type: CodeField, Ops: exact, Words: statuses, Example: "status:active",
		Means: "where the notice is in its life; live is all that has not ended, review_due what its origin should extend or end"},
	{Name: "urgency", Type: CodeField, Ops: exact, Words: urgencies, Example: "urgency:U3",
		Means: "how soon an answer is needed"},
	{Name: "bureau", Type: CodeField, Ops: exact, Example: "bureau:XA",
		Means: "code of the bureau whose notice it is"},
	{Name: "reader", Type: CodeField, Ops: exact, Example: "reader:XB",
		Means: "code of a bureau that it is for"},
	{Name: "country", Type: CodeField, Ops: exact, Example: "country:XC,XD",
		Means: "country (ISO 3166) of nationality, of birth, of a document, a place or anything else in it"},
	{Name: "from", Type: RouteField, Ops: exact, Example: "from:XC",
		Means: "country or place in which a journey or a recruitment began"},
	{Name: "via", Type: RouteField, Ops: exact, Example: "via:XD",
		Means: "country or place of a transit"},
	{Name: "to", Type: RouteField, Ops: exact, Example: "to:XB",
		Means: "country or place to which a journey went, or of an exploitation"},
	{Name: "op", Type: CodeField, Ops: exact, Example: `op:"LANTERN TIDE"`,
		Means: "code name of the operation"},
	{Name: "time", Type: TimeField, Ops: ordered, Example: "time:-7d",
		Means: "when it entered the ledger, or of an event in it: today, yesterday, -7d (the last 7 days), 2026-11, or a time of RFC 3339"},
	{Name: "place", Type: PlaceField, Ops: both, Example: "place~16.7,98.5 within:25",
		Means: "name or address of a place, or the beginning of a geohash; ~ takes latitude,longitude or a geohash, and within:KM (10)"},
	{Name: "text", Type: TextField, Ops: exact, Example: `"music school"`,
		Means: "a word, a \"phrase\" or the beginning of a word (recruit*) in any text of it, or words of a name in any script; the field's name may be left out"},
	{Name: "has", Type: HasField, Ops: exact, Words: []string{HasPhoto, HasDOB, HasDoc, HasMinor, HasLink}, Example: "has:photo",
		Means: "what it must hold; a minor is who is said or may be to be under 18 today"},
}

// modifiers are words that look like fields and belong to the term before them.
var modifiers = map[string]string{"depth": "link", "within": "place"}

// Fields returns the closed list of fields.
func Fields() []Field { return slices.Clone(fields) }

func fieldNamed(name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// synonyms are names that people try for a field that has another.
var synonyms = map[string]string{
	"birth": "dob", "born": "dob", "birthdate": "dob", "passport": "doc", "document": "doc", "tel": "phone", "telephone": "phone",
	"mobile": "phone", "bank": "iban", "mail": "email", "nationality": "country", "operation": "op", "date": "time", "since": "time",
	"after": "time", "before": "time", "origin": "bureau", "by": "bureau", "alias": "name", "surname": "name", "colour": "kind", "color": "kind", "type": "kind",
	"car": "plate", "vehicle": "plate", "location": "place", "near": "place", "city": "place", "crypto": "wallet", "btc": "wallet",
	"handle": "account", "user": "account", "is": "has", "words": "text", "body": "text", "reference": "id", "notice": "id", "linked": "link", "geo": "place", "readers": "reader",
}

// unknownField is the error of a name that no field has.
func unknownField(at Pos, name string) *Error {
	lower := strings.ToLower(name)
	e := &Error{Pos: at, Why: "there is no field \"" + clip(name) + "\""}
	if to := synonyms[lower]; to != "" {
		e.Hint = "did you mean " + to + "?"
		return e
	}
	best, bestAt := "", 3
	if len(lower) < 4 {
		bestAt = 2
	}
	for _, f := range fields {
		if d := editDistance(f.Name, lower, bestAt); d < bestAt {
			best, bestAt = f.Name, d
		}
	}
	if best != "" {
		e.Hint = "did you mean " + best + "?"
		return e
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	e.Hint = "fields: " + strings.Join(names, ", ") + "; a word with an operator in it stands in \"quotes\""
	return e
}

// clip shortens what is quoted in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}
