package query

import (
	"fmt"
	"strings"

	"comity/ledger/names"
)

// matchFuzzyName compares a name with every name of the record, as it is written
// and as a passport shows it. The best may be near, and not called the same.
func matchFuzzyName(v *Value, r *Record) (best float64, why string, near bool) {
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range notBlank(n.Text, strings.ReplaceAll(n.MRZ, "<", " ")) {
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
		for _, form := range notBlank(n.Text, strings.ReplaceAll(n.MRZ, "<", " ")) {
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
