package query

import "fmt"

// matchFuzzyName compares a name with every name of the record.
func matchFuzzyName(v *Value, r *Record) (float64, string) {
	best, why := 0.0, ""
	for i := range r.Names {
		n := &r.Names[i]
		for _, form := range notBlank(n.Text, n.MRZ) {
			if s, w := CompareNames(v.Text, form); s*n.score() > best {
				best, why = s*n.score(), fmt.Sprintf("%s %s (%s): %s", n.what(), n.Text, n.At, w)
			}
		}
	}
	return best, why
}

// CompareNames scores two names from 0 to 1: 0 for those that are not the same.
func CompareNames(a, b string) (float64, string) {
	want, got := Tokens(a), Tokens(b)
	if len(want) == 0 || len(got) == 0 {
		return 0, ""
	}
	sum, note := 0.0, ""
	for _, w := range want {
		best, as := 0.0, ""
		for _, g := range got {
			n := max(len([]rune(w)), len([]rune(g)))
			if s := 1 - float64(editDistance(w, g, n))/float64(n); s > best {
				best, as = s, g
			}
		}
		if best < 0.7 {
			return 0, ""
		}
		if sum += best; best < 1 {
			note += fmt.Sprintf(", %s as %s", w, as)
		}
	}
	return sum / float64(len(want)), "spelling" + note
}
