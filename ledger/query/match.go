package query

import (
	"fmt"
	"strings"
)

// Match reports whether r is what q looks for, how well from 0 to 1, and by
// what, in words. Terms that must all match count alike; of alternatives the
// best counts; what must not match counts nothing, and a name that is only near
// is not what must not match.
func (q *Query) Match(r *Record) (ok bool, score float64, why []string) {
	m := matchNode(q.Root, r)
	if !m.ok {
		return false, 0, nil
	}
	if m.weight == 0 {
		return true, 1, m.why
	}
	return true, m.sum / m.weight, m.why
}

// Match is [Query.Match] as a function.
func Match(q *Query, r *Record) (ok bool, score float64, why []string) { return q.Match(r) }

// result is whether a node matches, and the sum of the scores of that many terms.
type result struct {
	ok          bool
	sum, weight float64
	why         []string
	near        bool // by a name that is not called the same
}

func matchNode(n Node, r *Record) result {
	switch n := n.(type) {
	case *And:
		out := result{ok: true}
		for _, m := range n.All {
			got := matchNode(m, r)
			if !got.ok {
				return result{}
			}
			out.sum, out.weight, out.why = out.sum+got.sum, out.weight+got.weight, append(out.why, got.why...)
			out.near = out.near || got.near
		}
		return out
	case *Or:
		out := result{}
		for _, m := range n.Any {
			got := matchNode(m, r)
			if !got.ok {
				continue
			}
			why := append(out.why, got.why...)
			near := got.near && (!out.ok || out.near)
			if !out.ok || got.sum*out.weight > out.sum*got.weight {
				out = got
			}
			out.why, out.near = why, near
		}
		return out
	case *Not:
		if m := matchNode(n.Node, r); m.ok && !m.near {
			return result{}
		}
		return result{ok: true, why: []string{"not " + n.Node.String()}}
	case *Term:
		score, why, near := n.match(r)
		return result{score > 0, score, 1, []string{why}, near}
	}
	panic(fmt.Sprintf("query: a node of type %T", n))
}

// match returns the best score of any value, 0 for none, and why; and whether it
// is a name that is near and not called the same.
func (t *Term) match(r *Record) (score float64, why string, near bool) {
	for i := range t.Values {
		s, w, n := 0.0, "", false
		if v := &t.Values[i]; t.Field.Type == NameField && t.Op == Fuzzy {
			s, w, n = matchFuzzyName(v, r)
		} else {
			s, w = t.matchValue(v, r)
		}
		if s > score {
			score, why, near = s, w, n
		}
	}
	return score, why, near
}

func (t *Term) matchValue(v *Value, r *Record) (float64, string) {
	switch t.Field.Type {
	case TextField:
		return matchText(v, r)
	case NameField:
		return matchName(v, r)
	case DayField, AgeField:
		return matchBirth(v, r)
	case TimeField:
		return matchTime(v, r)
	case IdentField:
		return t.matchIdentifier(v, r)
	case IDField:
		return matchID(v.Norm, r)
	case LinkField:
		if why, ok := t.linked[r.ID]; ok {
			return 1, why
		}
	case PlaceField:
		return t.matchPlace(v, r)
	case RouteField:
		return t.matchRoute(v, r)
	case HasField:
		return matchHas(v, r)
	case CodeField:
		return t.matchCode(v, r)
	}
	return 0, ""
}

// Scores of what is found in one way or another. A word in a long text says less
// than a number that only one thing has.
const (
	scoreText     = 0.6
	scoreNameText = 0.9
	scoreAlias    = 0.95
	scorePartial  = 0.85 // a date of birth of which not all is known
	scoreOneOff   = 0.7
	scoreRepaired = 0.85 // one character off, and the check digit agrees
)

func matchText(v *Value, r *Record) (float64, string) {
	if s, why := matchID(NormalID(v.Text), r); s > 0 {
		return s, why
	}
	best, why := 0.0, ""
	for i := range r.Texts {
		t := &r.Texts[i]
		if best >= scoreText && !isNameText(t.At) || !containsPhrase(t.Tokens, v.Words[0], v.Prefix) {
			continue
		}
		score := scoreText
		if isNameText(t.At) {
			score = scoreNameText
		}
		if score > best {
			best, why = score, fmt.Sprintf("%q in %s", v.Text, t.At)
		}
	}
	if best < scoreNameText {
		if s, w := matchNameWords(v, r); s > best {
			return s, w
		}
	}
	return best, why
}

func isNameText(at string) bool { return strings.Contains(at, ".names.") }

// IsNamed reports whether a short name, or the beginning of an id, is of this
// notice; see [NormalID].
func (r *Record) IsNamed(name string) bool {
	score, _ := matchID(NormalID(name), r)
	return score > 0
}

// matchID is also what a bare word does first: people type LT-0301.
func matchID(norm string, r *Record) (float64, string) {
	switch {
	case r.Reference != "" && NormalID(r.Reference) == norm:
		return 1, "reference " + r.Reference
	case len(norm) >= 8 && r.ID != "" && strings.HasPrefix(r.ID, norm):
		return 1, "id " + r.ID
	}
	return 0, ""
}

func matchName(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	for i := range r.Names {
		n := &r.Names[i]
		if s := n.score(); s > best && hasWords(n.Tokens, v.Words) {
			best, why = s, fmt.Sprintf("%s %s (%s)", n.what(), n.Text, n.At)
		}
	}
	return best, why
}

// score says how much a name in use counts against another.
func (n *Name) score() float64 {
	if n.Use == "" {
		return 1
	}
	return scoreAlias
}

func (n *Name) what() string {
	if n.Use == "" {
		return "name"
	}
	return string(n.Use) + " name"
}

// hasWords reports whether each wanted word is among the tokens.
func hasWords(tokens []string, want [][]string) bool {
	for _, w := range want {
		last := []rune(w[len(w)-1])
		if !containsPhrase(tokens, w, len(last) == 1 && unspaced(last[0])) {
			return false
		}
	}
	return len(want) > 0
}

func matchBirth(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	for _, s := range v.Spans {
		for _, b := range r.Births {
			score := s.Score
			if !b.Date.IsDay() {
				score *= scorePartial
			}
			if score <= best || !s.Overlaps(b.First, b.Last) {
				continue
			}
			best, why = score, fmt.Sprintf("born %s (%s)", b.Date, b.At)
			if s.Why != "" {
				why += ", " + s.Why
			}
		}
	}
	return best, why
}

func matchTime(v *Value, r *Record) (float64, string) {
	for _, s := range v.Spans {
		for _, m := range r.Times {
			if s.Overlaps(m.First, m.Last) {
				return 1, fmt.Sprintf("time %s (%s)", m.Text, m.At)
			}
		}
	}
	return 0, ""
}

func (t *Term) matchIdentifier(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	for i := range r.Identifiers {
		x := &r.Identifiers[i]
		if x.Type != t.Field.Name {
			continue
		}
		switch {
		case x.Norm == v.Norm:
			return 1, fmt.Sprintf("%s %s (%s)", x.Label, x.Text, x.At)
		case t.Op == Fuzzy && best < scoreRepaired && NearIdentifier(x.Norm, v.Norm):
			score, note := scoreOneOff, "one character differs"
			typed, known := CheckDigit(x.Type, v.Norm)
			if stored, ok := CheckDigit(x.Type, x.Norm); ok && stored && !(known && typed) {
				score, note = scoreRepaired, "one character differs, and here the check digits are right"
			}
			if score > best {
				best, why = score, fmt.Sprintf("%s %s (%s), %s", x.Label, x.Text, x.At, note)
			}
		}
	}
	return best, why
}

func (t *Term) matchPlace(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	for i := range r.Places {
		p := &r.Places[i]
		switch {
		case t.Op == Fuzzy:
			if p.Point == nil {
				continue
			}
			// The circle of what is meant by the place counts.
			km := max(0, v.Point.Distance(*p.Point)-float64(p.RadiusM)/1000)
			if score := 1 - 0.5*km/t.WithinKM; km <= t.WithinKM && score > best {
				best, why = score, fmt.Sprintf("place %s, %.1f km away (%s)", p.Text, km, p.At)
			}
		case best == 0 && (hasWords(p.Tokens, v.Words) || v.Hash != "" && strings.HasPrefix(p.Hash, v.Hash)):
			best, why = 1, fmt.Sprintf("place %s (%s)", p.Text, p.At)
		}
	}
	return best, why
}

func (t *Term) matchRoute(v *Value, r *Record) (float64, string) {
	for i := range r.Routes {
		x := &r.Routes[i]
		if x.End == t.Field.Name && (v.Norm != "" && x.Country == v.Norm || hasWords(x.Tokens, v.Words)) {
			return 1, fmt.Sprintf("%s %s (%s)", x.End, x.Text, x.At)
		}
	}
	return 0, ""
}

func matchHas(v *Value, r *Record) (float64, string) {
	has, why := false, "has "+v.Norm
	switch v.Norm {
	case HasPhoto:
		has = r.Photo
	case HasDOB:
		has = len(r.Births) > 0
	case HasDoc:
		for i := range r.Identifiers {
			has = has || r.Identifiers[i].Type == Doc
		}
	case HasLink:
		has = len(r.Links) > 0
	case HasMinor:
		if has = r.Minor; !has {
			var score float64
			score, why = matchBirth(v, r)
			return score, why
		}
	}
	if !has {
		return 0, ""
	}
	return 1, why
}

func (t *Term) matchCode(v *Value, r *Record) (float64, string) {
	is := func(got string) bool { return got != "" && strings.EqualFold(got, v.Norm) }
	switch t.Field.Name {
	case "kind":
		if is(r.Kind) || is(r.Colour) {
			return 1, "kind " + strings.Join(notBlank(r.Colour, r.Kind), " ")
		}
	case "status":
		if is(r.Status) || is("live") && !r.Ended && r.Status != "" || is("review_due") && r.ReviewDue {
			return 1, "status " + r.Status
		}
	case "urgency":
		if is(r.Urgency) {
			return 1, "urgency " + r.Urgency
		}
	case "bureau":
		if is(r.Bureau) {
			return 1, "bureau " + r.Bureau
		}
	case "reader":
		for _, b := range r.Readers {
			if is(b) || b == "all" {
				return 1, "reader " + b
			}
		}
	case "country":
		for _, c := range r.Countries {
			if is(c.Code) {
				return 1, fmt.Sprintf("country %s (%s)", c.Code, c.At)
			}
		}
	case "op":
		for _, o := range r.Operations {
			if is(o) {
				return 1, "operation " + strings.ToUpper(o)
			}
		}
	}
	return 0, ""
}
