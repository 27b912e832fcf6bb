package names

import (
	"slices"
	"strings"
)

// levenshtein is the first baseline: the share of letters kept, case folded.
func levenshtein(a, b string) float64 {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		corner := row[0]
		row[0] = i + 1
		for j := range y {
			d := corner
			if x[i] != y[j] {
				d++
			}
			corner = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(y)])/float64(max(len(x), len(y), 1))
}

// jaroWinkler is the second: names in Latin letters, their words sorted.
func jaroWinkler(a, b string) float64 {
	x, y := sortedLatin(a), sortedLatin(b)
	if x == y {
		return 1
	}
	window := max(max(len(x), len(y))/2-1, 0)
	inX, inY := make([]bool, len(x)), make([]bool, len(y))
	same := 0
	for i := range len(x) {
		for j := max(0, i-window); j < min(len(y), i+window+1); j++ {
			if !inY[j] && x[i] == y[j] {
				inX[i], inY[j] = true, true
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	crossed, j := 0, 0
	for i := range len(x) {
		if !inX[i] {
			continue
		}
		for !inY[j] {
			j++
		}
		if x[i] != y[j] {
			crossed++
		}
		j++
	}
	m := float64(same)
	jaro := (m/float64(len(x)) + m/float64(len(y)) + (m-float64(crossed)/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(x), len(y)) && x[prefix] == y[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}

func sortedLatin(s string) string {
	words := Parse(s).Tokens()
	slices.Sort(words)
	return strings.Join(words, " ")
}
