package notice

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"comity/ledger"
)

// Bureau is a member of the synthetic consortium that tests and the demo play.
type Bureau struct {
	Code string
	Name string
}

// Bureaus returns the five bureaus of the synthetic consortium. Their codes are
// user-assigned in ISO 3166, so they are nobody's.
func Bureaus() []Bureau {
	return []Bureau{{"XA", "Aldermoor"}, {"XB", "Brackwater"}, {"XC", "Corvane"}, {"XD", "Dunmarsh"}, {"XE", "Estmere"}}
}

// Rates of the public notices of the field, of 6,010 of them, which a generated
// corpus keeps whatever its size up to some 45,000. Beyond that the calendar
// runs out of days that nobody was born on.
const (
	rateYearOnly      = 0.024 // date of birth is a year only
	rateNationalities = 0.045 // more than one nationality
	rateNotASCII      = 0.026 // a name is not ASCII
	rateLongName      = 0.002 // longer than the 39 characters of a passport's name field
	rateSharedSurname = 0.26  // another record has the surname
	rateSharedBirth   = 0.33  // another record has the date of birth
	rateSharedBoth    = 0.002 // another record has both
)

// Generator makes synthetic notices. The same seed and day give the same
// notices, byte for byte, in every run and on every machine.
type Generator struct {
	asOf     time.Time
	rng      *rand.Rand
	made     int
	surnames shared[surname]
	births   shared[Date]
	days     []int // permutation of the days on which people are born
	last     *Identity
}

// NewGenerator returns a generator of notices that are valid on asOf.
func NewGenerator(seed uint64, asOf time.Time) *Generator {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	g := &Generator{asOf: asOf, rng: rand.New(rand.NewChaCha8(key))}
	g.surnames = newShared[surname](rateSharedSurname - chanceSurname)
	// A year only is always shared, so it counts; the rest make up for it.
	g.births = newShared[Date]((rateSharedBirth - rateYearOnly) / (1 - rateYearOnly))
	g.days = g.rng.Perm(birthDays)
	return g
}

// The birth days of a corpus: from two years before the day of the generator
// back over some 87 years.
const (
	youngest  = 2 * 365
	birthDays = 32000
)

// Next returns the next notice.
func (g *Generator) Next() *Notice {
	g.made++
	origin := Bureaus()[g.rng.IntN(5)].Code
	n := &Notice{
		Reference: fmt.Sprintf("%s-%06d", origin, g.made), Origin: origin, Urgency: ledger.Urgency(g.rng.IntN(3)),
		Classification: ledger.Restricted, ReviewBy: DateOf(g.asOf.AddDate(0, 0, 90+g.rng.IntN(1000))), Readers: Readers{All},
	}
	person := g.person()
	g.setKind(n, person)
	n.Card = g.card(n, person)
	n.Body = g.body(n)
	return n
}

// setKind chooses what kind of notice there is on a person: no child is wanted.
func (g *Generator) setKind(n *Notice, person *Identity) {
	age, _ := person.Born.Age(g.asOf)
	switch x := g.rng.Float64(); {
	case age < adult:
		n.Kind, n.Urgency = ledger.KindYellow, ledger.U2
	case x < 0.45:
		n.Kind = ledger.KindRed
	case x < 0.80:
		n.Kind = ledger.KindYellow
	case x < 0.94:
		n.Kind = ledger.KindBlue
	default:
		n.Kind, n.Colour = ledger.KindDiffusion, ledger.KindBlue
		n.Readers = Readers{n.Origin, g.otherBureau(n.Origin)}
	}
}

func (g *Generator) otherBureau(than string) string {
	for {
		if b := Bureaus()[g.rng.IntN(5)].Code; b != than {
			return b
		}
	}
}

func (g *Generator) person() *Identity {
	id := &Identity{Sex: pick(g.rng, []Sex{Female, Male, Male}), Nationalities: []string{g.country()}}
	family := g.surname()
	id.Born = g.birth()
	if g.last != nil && g.rng.Float64() < rateSiblings {
		family, id.Born = surnameOf(g.last), g.last.Born
	}
	if g.rng.Float64() < rateNationalities {
		for len(id.Nationalities) < 2 {
			if c := g.country(); c != id.Nationalities[0] {
				id.Nationalities = append(id.Nationalities, c)
			}
		}
	}
	id.BirthCountry = id.Nationalities[0]
	id.Names = []Name{g.name(family, id.Sex)}
	if g.rng.Float64() < 0.7 {
		id.Documents = []Document{{
			Type: Passport, Number: fmt.Sprintf("%c%08d", 'A'+g.rng.IntN(26), g.rng.IntN(1e8)), Country: id.Nationalities[0],
			Expires: DateOf(g.asOf.AddDate(0, 0, 30+g.rng.IntN(3000))),
		}}
	}
	g.last = id
	return id
}

const (
	// rateSiblings makes three in four of the records, two at a time, that share
	// both surname and date of birth with another; the rest share them by chance.
	rateSiblings = rateSharedBoth * 3 / 8
	// chanceSurname is how many fresh surnames are like another by chance.
	chanceSurname = 0.004
)

// country returns a code that is user-assigned, as our bureaus' codes are.
func (g *Generator) country() string {
	return "X" + string("ABCDEFGHIJLMNOPQRSTUVWXYZ"[g.rng.IntN(25)])
}

// birth returns a date of birth: a year only, one that somebody else has, or
// one that nobody has yet.
func (g *Generator) birth() Date {
	if g.rng.Float64() < rateYearOnly {
		d, _ := NewDate(g.asOf.UTC().Year()-20-g.rng.IntN(50), 0, 0)
		return d
	}
	return g.births.next(g.rng, func() Date {
		day := g.days[0]
		g.days = append(g.days[1:], day) // from the start again when all are taken
		return DateOf(g.asOf.AddDate(0, 0, -youngest-day))
	})
}

func (g *Generator) card(n *Notice, person *Identity) *Card {
	c := &Card{
		Person: *person,
		Looks:  Appearance{HeightCM: 150 + g.rng.IntN(50), Eyes: []string{pick(g.rng, eyeColours)}, Hair: []string{pick(g.rng, hairColours)}},
		Desk:   Desk{Name: bureauName(n.Origin) + " national desk", Phone: fmt.Sprintf("+9995550%02d00", n.Origin[1]-'A'+11), Speaks: []string{"en"}},
	}
	switch {
	case n.Kind == ledger.KindRed:
		c.Action = Arrest
		if g.rng.Float64() < 0.2 {
			c.Dangers = []Danger{pick(g.rng, []Danger{Armed, Violent, EscapeRisk})}
		}
	case n.colour() == ledger.KindBlue:
		c.Action = pick(g.rng, []Action{DoNotAlert, Locate})
	default:
		c.Action, c.NonPunishment = Protect, true
		c.Caveat = "May be a victim. Separate from companions, do not question alone."
	}
	return c
}

func (g *Generator) body(n *Notice) *Body {
	b := &Body{
		Since: DateOf(g.asOf.AddDate(0, 0, -1-g.rng.IntN(700))), Grade: pick(g.rng, []Grade{"A1", "A2", "B2", "C3"}),
		Handling: Handling{Code: pick(g.rng, []HandlingCode{H0, H1, H2})}, TLP: TLPAmber, Languages: []string{"en"},
	}
	where := pick(g.rng, towns)
	switch n.colour() {
	case ledger.KindRed:
		o := pick(g.rng, offences)
		b.Status, b.Facts = Wanted, fmt.Sprintf("Left %s before the trial for %s.", where, o.name)
		b.Warrants = []Warrant{{
			Country: n.Origin, Authority: "District Court of " + bureauName(n.Origin), Reference: fmt.Sprintf("DC-%05d", g.rng.IntN(1e5)),
			Date: b.Since, Offence: o.name, Language: "en", MaxPenalty: o.months,
		}}
	case ledger.KindBlue:
		b.Status, b.Facts = PersonOfInterest, fmt.Sprintf("Seen in %s with persons who recruit by advert; where does this person live now?", where)
	default:
		b.Status, b.Facts = Missing, fmt.Sprintf("Travelled to %s for a promised job and has not been heard of since.", where)
	}
	b.Entities = []Entity{{ID: "pl1", Place: &Place{Name: where, Country: g.country(), What: "last seen"}}}
	if g.rng.Float64() < 0.4 {
		b.Entities = append(b.Entities, Entity{ID: "ph1", Phone: &Phone{Number: fmt.Sprintf("+9995%08d", g.rng.IntN(1e8))}})
		b.Links = []Link{{From: "ph1", Relation: SeenAt, To: "pl1", Grade: b.Grade}}
	}
	return b
}

func bureauName(code string) string {
	for _, b := range Bureaus() {
		if b.Code == code {
			return b.Name
		}
	}
	return code
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// shared makes values of which a given part is shared with another record. A
// new value is kept, with some probability, for others to draw until window
// further ones have been kept: so what is drawn shows up a few times, near to
// each other, and the rate does not depend on the size of the corpus. While
// fewer than window are kept, what would be drawn is new and kept.
type shared[T any] struct {
	draw   float64 // probability that a record draws a kept value
	keep   float64 // probability that a record's new value is kept
	kept   []T     // at most window
	oldest int
}

// window is how many values can be drawn at a time, and draws how often one is
// on average: all but exp(-draws) of the kept ones are drawn at all.
const (
	window = 128
	draws  = 5.5
)

func newShared[T any](rate float64) shared[T] {
	keep := rate / (draws + 1)
	return shared[T]{draw: rate - keep, keep: keep}
}

func (s *shared[T]) next(rng *rand.Rand, fresh func() T) T {
	x, i := rng.Float64(), rng.IntN(window)
	switch {
	case x >= s.draw+s.keep:
		return fresh()
	case x < s.draw && i < len(s.kept):
		return s.kept[i]
	}
	v := fresh()
	if len(s.kept) < window {
		s.kept = append(s.kept, v)
	} else {
		s.kept[s.oldest] = v
		s.oldest = (s.oldest + 1) % window
	}
	return v
}

var (
	eyeColours  = []string{"brown", "green", "grey", "blue"}
	hairColours = []string{"black", "brown", "fair", "red", "grey"}
	towns       = strings.Fields("Selwen Harrowgate Tessaly Orvane Kestrel Lowmere Pallant Dravik Iskara Moonquay Varenholm Saltreach")
	offences    = []struct {
		name   string
		months int
	}{{"trafficking in persons", 180}, {"fraud by a criminal group", 96}, {"kidnapping for ransom", 240}, {"money laundering", 60}, {"smuggling of migrants", 120}}
)
