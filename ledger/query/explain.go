package query

import (
	"fmt"
	"strings"
	"time"
)

// String returns the node as a query that means the same.
func (n *And) String() string { return join(n.All, " AND ") }

// String returns the node as a query that means the same.
func (n *Or) String() string { return join(n.Any, " OR ") }

// String returns the node as a query that means the same.
func (n *Not) String() string { return "NOT " + n.Node.String() }

func join(nodes []Node, with string) string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.String()
	}
	return "(" + strings.Join(out, with) + ")"
}

// String returns the term as a query that means the same on the day of asking.
func (t *Term) String() string {
	values := make([]string, len(t.Values))
	for i := range t.Values {
		values[i] = t.valueText(&t.Values[i])
	}
	name := t.Field.Name
	if t.Field.Type == AgeField {
		name = "dob"
	}
	s := name + string(t.Op) + strings.Join(values, ",")
	if t.Field.Type == LinkField {
		s += fmt.Sprintf(" depth:%d", t.Depth)
	}
	if t.WithinKM > 0 {
		s += fmt.Sprintf(" within:%g", t.WithinKM)
	}
	return s
}

func (t *Term) valueText(v *Value) string {
	switch t.Field.Type {
	case DayField, AgeField:
		return spanText(v.Spans[0], func(n int64) string { return time.Unix(n*24*60*60, 0).UTC().Format(time.DateOnly) })
	case TimeField:
		return spanText(v.Spans[0], func(n int64) string { return time.UnixMilli(n).UTC().Format(time.RFC3339) })
	case IdentField, IDField, LinkField, CodeField, HasField:
		if isPlainWord(v.Norm) {
			return v.Norm
		}
		return quoteText(v.Norm)
	}
	if v.Point != nil {
		return fmt.Sprintf("%g,%g", v.Point.Lat, v.Point.Lon)
	}
	text := quoteText(v.Text)
	if t.Field.Type == TextField && v.Prefix {
		text = quoteText(strings.TrimSuffix(v.Text, "*")) + "*"
	}
	return text
}

func isPlainWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@.") == "" && !strings.Contains(s, "..")
}

func quoteText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if isQuote(r) || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String() + `"`
}

func spanText(s Span, show func(int64) string) string {
	switch {
	case s.First == Earliest:
		return ".." + show(s.Last)
	case s.Last == Latest:
		return show(s.First) + ".."
	case show(s.First) == show(s.Last):
		return show(s.First)
	}
	return show(s.First) + ".." + show(s.Last)
}

// Explain says line by line how the query was understood.
func (q *Query) Explain() []string {
	var out []string
	var walk func(n Node, indent string)
	walk = func(n Node, indent string) {
		switch n := n.(type) {
		case *And:
			out = append(out, indent+"all of")
			for _, m := range n.All {
				walk(m, indent+"  ")
			}
		case *Or:
			out = append(out, indent+"any of")
			for _, m := range n.Any {
				walk(m, indent+"  ")
			}
		case *Not:
			out = append(out, indent+"none of")
			walk(n.Node, indent+"  ")
		case *Term:
			out = append(out, indent+n.String()+": "+n.how())
			for i := range n.Values {
				for _, s := range n.Values[i].Spans[min(1, len(n.Values[i].Spans)):] {
					out = append(out, indent+"  or "+s.Why+", score "+fmt.Sprintf("%.2f", s.Score))
				}
			}
		}
	}
	walk(q.Root, "")
	return out
}

// how says in words how a term is compared.
func (t *Term) how() string {
	switch t.Field.Type {
	case TextField:
		if t.Values[0].Prefix {
			return "a text has a word that begins so"
		}
		if name := t.Values[0].name; !name.IsZero() {
			return "a text has these words, one after the other, or a name has them in any script and order, as " + strings.Join(name.Tokens(), " ")
		}
		return "a text has these words, one after the other"
	case NameField:
		if t.Op == Fuzzy {
			return "the names are compared token by token, in any order and spelling, as " + strings.Join(t.Values[0].name.Tokens(), " ")
		}
		return "every word is in one name"
	case DayField, AgeField:
		return "somebody may be born on one of these days"
	case TimeField:
		return "the entry or an event in it may be of this time"
	case IdentField:
		if t.Op == Fuzzy {
			return "equal, or one character changed, left out, added or swapped"
		}
		return "equal in normal form"
	case LinkField:
		return "shares an entity with it, over so many steps"
	case PlaceField:
		if t.Op == Fuzzy {
			return fmt.Sprintf("a place within %g km", t.WithinKM)
		}
		return "every word is in one place, or its geohash begins so"
	case RouteField:
		return "that end of a journey is in this country or place"
	case HasField:
		return "it is there"
	case IDField:
		return "short name, or beginning of the id"
	}
	return "equal"
}
