package query

import (
	"fmt"
	"slices"
	"strings"

	"comity/ledger/names"
)

// matchFuzzyName compares a name with every name of the record, as it is written
// and as a passport shows it. The best may be near, and not called the same.
func matchFuzzyName(v *Value, r *Record) (best float64, why string, near bool) {
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range n.forms() {
			got := names.Parse(form)
			m := names.Compare(v.name, got)
			if s := m.Score * n.score(); m.Score >= names.Near && s > best {
				best, why, near = s, fmt.Sprintf("%s %s (%s)", n.what(), n.Text, n.At), m.Score < names.Threshold
				if m.Score < 1 {
					why += ": " + aligned(m.Why, v.name, got)
				}
				if near {
					why = "near, perhaps another: " + why
				}
			}
		}
	}
	return best, why, near
}

// matchNameWords looks for a text among the words of the names of the record, in
// any script: people type a name without its field.
func matchNameWords(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	if v.name.IsZero() {
		return best, why
	}
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range n.forms() {
			got := names.Parse(form)
			m := names.Within(v.name, got)
			if s := m.Score * n.score() * scoreNameText; s > best {
				best, why = s, fmt.Sprintf("%q in %s %s (%s): %s", v.Text, n.what(), n.Text, n.At, aligned(m.Why, v.name, got))
			}
		}
	}
	return best, why
}

// aligned says why two names are alike, and what was compared of them.
func aligned(why []string, a, b names.Name) string {
	return fmt.Sprintf("%s (%s against %s)", strings.Join(why, ", "), strings.Join(a.Tokens(), " "), strings.Join(b.Tokens(), " "))
}

// CompareNames scores two names from 0 to 1, 0 for those that are not called the
// same, and says why.
func CompareNames(a, b string) (score float64, why string) {
	m := names.Compare(names.Parse(a), names.Parse(b))
	if m.Score < names.Threshold {
		return 0, ""
	}
	return m.Score, strings.Join(m.Why, ", ")
}

// forms are how a name is written, and how a passport shows it.
func (n *Name) forms() []string { return notBlank(n.Text, strings.ReplaceAll(n.MRZ, "<", " ")) }

// maxForms bounds what NameForms gives.
const maxForms = 64

// NameForms returns the names of the record in all their forms, for
// [Query.MayName]; nil if they are too many.
func (r *Record) NameForms() []string {
	var out []string
	for i := range r.Names {
		out = append(out, r.Names[i].forms()...)
	}
	if len(out) > maxForms {
		return nil
	}
	return out
}

// ByName reports whether [Query.MayName] can be false: whether q asks for a name
// that is like another one.
func (q *Query) ByName() bool { return !mayName(q.Root, nil) }

// MayName reports whether a record with names of these forms may match, as far as
// its names decide. Where it is false, Match is false.
func (q *Query) MayName(forms []string) bool {
	parsed := make([]names.Name, len(forms))
	for i, f := range forms {
		parsed[i] = names.Parse(f)
	}
	return mayName(q.Root, parsed)
}

func mayName(n Node, forms []names.Name) bool {
	switch n := n.(type) {
	case *And:
		return !slices.ContainsFunc(n.All, func(m Node) bool { return !mayName(m, forms) })
	case *Or:
		return slices.ContainsFunc(n.Any, func(m Node) bool { return mayName(m, forms) })
	case *Term:
		return n.Field.Type != NameField || n.Op != Fuzzy || slices.ContainsFunc(n.Values, func(v Value) bool {
			return slices.ContainsFunc(forms, func(f names.Name) bool { return names.Score(v.name, f) >= names.Near })
		})
	}
	return true
}
