package query

import (
	"fmt"
	"time"

	"comity/ledger/names"
)

// Bounds of a query. Each is far above what a person types.
const (
	MaxLength = 4096 // bytes
	MaxTerms  = 64
	MaxValues = 256 // of all comma lists together
	MaxDepth  = 16  // of brackets and negations
)

// Query is a parsed query. It does not change once it is parsed, but for
// [Query.Resolve].
type Query struct {
	Root Node
	Text string
	AsOf time.Time // as of which relative times and ages were understood
}

// Node is [*And], [*Or], [*Not] or [*Term].
type Node interface{ String() string }

// And matches what all its nodes match; there are at least two.
type And struct{ All []Node }

// Or matches what any of its nodes matches; there are at least two.
type Or struct{ Any []Node }

// Not matches what its node does not match.
type Not struct{ Node Node }

// Term is a comparison of one field. It matches if any of its values does.
type Term struct {
	Pos    Pos
	Field  *Field
	Op     Op // never NotEqual: that is a Not of Equal
	Values []Value

	Depth    int     // link: over how many steps
	WithinKM float64 // place~: how far

	linked map[string]string // link: id of each linked notice, and why; see Query.Resolve
}

// Op is an operator. Parse keeps of them the first two only: "=" means ":",
// "!=" is a Not, and the others become ranges.
type Op string

// The operators.
const (
	Equal    Op = ":"
	Fuzzy    Op = "~"
	NotEqual Op = "!="
	Greater  Op = ">"
	AtLeast  Op = ">="
	Less     Op = "<"
	AtMost   Op = "<="
)

// Value is one value of a term in the form that its field compares.
type Value struct {
	Pos  Pos
	Text string // as written, without quotes

	Words  [][]string // text, name, place, from, via, to: the folded pieces of each word or of the phrase; see Tokens
	Prefix bool       // text: the last piece is only the beginning of one
	Norm   string     // identifiers, enumerations, ids: the normal form
	Spans  []Span     // dob, age, has:minor (days), time (POSIX ms): any of these
	Point  *Point     // place~: where
	Hash   string     // place: a geohash prefix, if it can be one

	name names.Name // name~, and a text that may be a name: ready to be compared
}

// Name returns the value of name~ ready to be compared.
func (v *Value) Name() names.Name { return v.name }

// Span is a range of days since 1970-01-01 or of POSIX ms, both ends included.
type Span struct {
	First, Last int64
	Score       float64 // of a record that matches by this span
	Why         string  // said of a match, if it is not what was written
}

// Overlaps reports whether the two have a day or ms in common.
func (s Span) Overlaps(first, last int64) bool { return s.First <= last && first <= s.Last }

// Ends of time in a Span.
const (
	Earliest = -1 << 62
	Latest   = 1 << 62
)

// Point is a place on Earth, WGS 84.
type Point struct{ Lat, Lon float64 }

// Pos is a place in the text of a query: line and column, from 1, in characters.
type Pos struct{ Line, Col int }

func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Col) }

// Error says where a query is wrong, why, and what may have been meant.
type Error struct {
	Pos  Pos
	Why  string
	Hint string // "" where there is nothing to suggest
}

// Error returns the sentence without the hint.
func (e *Error) Error() string {
	return fmt.Sprintf("query, line %d column %d: %s", e.Pos.Line, e.Pos.Col, e.Why)
}

// Terms returns all terms in the order of the text.
func (q *Query) Terms() []*Term {
	var out []*Term
	var walk func(n Node)
	walk = func(n Node) {
		switch n := n.(type) {
		case *And:
			for _, m := range n.All {
				walk(m)
			}
		case *Or:
			for _, m := range n.Any {
				walk(m)
			}
		case *Not:
			walk(n.Node)
		case *Term:
			out = append(out, n)
		}
	}
	walk(q.Root)
	return out
}

// Resolve has linked say which notices are linked to the one with an id or
// reference, over at most depth steps: by their ids, and why. A record alone
// does not know; until this is done a link term matches nothing but what a
// record itself lists.
func (q *Query) Resolve(linked func(id string, depth int) (map[string]string, error)) error {
	for _, t := range q.Terms() {
		if t.Field.Type != LinkField {
			continue
		}
		t.linked = make(map[string]string)
		for _, v := range t.Values {
			found, err := linked(v.Norm, t.Depth)
			if err != nil {
				return fmt.Errorf("query, line %d column %d: %w", v.Pos.Line, v.Pos.Col, err)
			}
			for id, why := range found {
				t.linked[id] = why
			}
		}
	}
	return nil
}

// Linked returns the notices that Resolve found for a link term.
func (t *Term) Linked() map[string]string { return t.linked }
