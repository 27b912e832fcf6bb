package names

import (
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// labelled is a pair of names that people called one name or two.
type labelled struct {
	a, b, tier, group string
	same              bool
}

// tuneSet reads the labelled pairs of persons, which are not part of the project:
// from the file that COMITY_NAMES names, or from beside the module.
func tuneSet(tb testing.TB) []labelled {
	tb.Helper()
	file := os.Getenv("COMITY_NAMES")
	if file == "" {
		file = filepath.Join("..", "..", "..", "shared", "data", "names", "tune.csv")
	}
	f, err := os.Open(file)
	if err != nil {
		tb.Skipf("no labelled pairs: set COMITY_NAMES: %v", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []labelled
	for _, r := range rows[1:] {
		if r[1] == "Person" {
			out = append(out, labelled{a: r[2], b: r[3], same: r[4] == "true", tier: r[5], group: r[0]})
		}
	}
	return out
}

// scored is a pair with the score that a matcher gave it.
type scored struct {
	labelled
	score float64
}

func scoreAll(pairs []labelled, score func(a, b string) float64) []scored {
	out := make([]scored, len(pairs))
	for i, p := range pairs {
		out[i] = scored{p, score(p.a, p.b)}
	}
	slices.SortStableFunc(out, func(x, y scored) int { return cmp.Compare(y.score, x.score) })
	return out
}

// averagePrecision of pairs by falling score; pairs of one score count together.
func averagePrecision(pairs []scored) float64 {
	total := 0
	for _, p := range pairs {
		if p.same {
			total++
		}
	}
	sum, hits, seen := 0.0, 0, 0
	for i := 0; i < len(pairs); {
		j, before := i, hits
		for ; j < len(pairs) && pairs[j].score == pairs[i].score; j++ {
			seen++
			if pairs[j].same {
				hits++
			}
		}
		sum += float64(hits-before) * float64(hits) / float64(seen)
		i = j
	}
	return sum / float64(max(total, 1))
}

// f1At returns precision, recall and F1 of the pairs that score at least at.
func f1At(pairs []scored, at float64) (p, r, f float64) {
	var tp, fp, fn float64
	for _, s := range pairs {
		switch {
		case s.score >= at && s.same:
			tp++
		case s.score >= at:
			fp++
		case s.same:
			fn++
		}
	}
	if tp == 0 {
		return 0, 0, 0
	}
	p, r = tp/(tp+fp), tp/(tp+fn)
	return p, r, 2 * p * r / (p + r)
}

// bestThreshold returns the score with the greatest F1.
func bestThreshold(pairs []scored) (at, f float64) {
	for _, s := range pairs {
		if _, _, g := f1At(pairs, s.score); g > f {
			at, f = s.score, g
		}
	}
	return at, f
}
