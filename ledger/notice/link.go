package notice

import "strings"

// Link is one bureau's statement that two entities of a notice belong
// together, with the grade of the source that says so.
type Link struct {
	From     string   `json:"from"` // an entity's id
	Relation Relation `json:"relation"`
	To       string   `json:"to"`
	Grade    Grade    `json:"grade,omitempty"`
	Since    Date     `json:"since,omitzero"`
	Text     string   `json:"text,omitempty"`
}

// Relation says how the first entity of a link belongs to the second.
type Relation string

// Relations, to be read as "from RELATION to".
const (
	Uses       Relation = "uses"
	Owns       Relation = "owns"
	WorksFor   Relation = "works_for"
	Recruited  Relation = "recruited"
	Controls   Relation = "controls"
	HeldAt     Relation = "held_at"
	SeenAt     Relation = "seen_at"
	LocatedAt  Relation = "located_at"
	TravelsOn  Relation = "travels_on"
	TravelWith Relation = "travels_with"
	RelatedTo  Relation = "related_to"
	Posted     Relation = "posted"
	Paid       Relation = "paid"
	PaidTo     Relation = "paid_to"
	TookPartIn Relation = "took_part_in"
	SameAs     Relation = "same_as"
)

var relations = []Relation{
	Uses, Owns, WorksFor, Recruited, Controls, HeldAt, SeenAt, LocatedAt, TravelsOn, TravelWith,
	RelatedTo, Posted, Paid, PaidTo, TookPartIn, SameAs,
}

// String returns the relation in words.
func (r Relation) String() string { return strings.ReplaceAll(string(r), "_", " ") }

func (l *Link) check(p *problems, at string, known map[string]bool) {
	for _, end := range []struct{ name, id string }{{".from", l.From}, {".to", l.To}} {
		if !known[end.id] {
			p.add(at+end.name, "%.40q is no entity of this notice", end.id)
		}
	}
	p.need(at+".relation", string(l.Relation), "how the two belong together, such as uses")
	oneOf(p, at+".relation", l.Relation, relations...)
	l.Grade.check(p, at+".grade")
}
