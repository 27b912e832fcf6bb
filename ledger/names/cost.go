package names

// unit is the cost of one wrong consonant.
const unit = 50

// missed is the cost of a consonant too many or too few: errors leave letters
// out more often than names differ by one.
const missed = 42

// costs are the prices of edits between two codes.
type costs struct {
	sub   [64][64]uint8
	indel [64]uint8
	// hiatus is the price of a vowel beside a vowel: Mario, Maryo.
	hiatus uint8
	swap   uint8
}

// sym maps the letters of a code to 0..63.
func sym(b byte) byte { return (b - 'A') & 63 }

// strict is for two names whose letters were written by people; loose for one
// whose vowels were guessed from another script.
var strict, loose = costTables()

// drawl is loose for scripts whose long vowels people write with an r: Arthit,
// Charn, Sandar.
var drawl = loose

func costTables() (strict, loose costs) {
	fill := func(c *costs, vowelIndel, vowelSub, h, w, hiatus uint8) {
		for i := range c.sub {
			c.indel[i] = missed
			for j := range c.sub[i] {
				if i != j {
					c.sub[i][j] = unit
				}
			}
		}
		for _, v := range "aeiou" {
			c.indel[sym(byte(v))] = vowelIndel
			for _, u := range "aeiou" {
				if u != v {
					c.sub[sym(byte(u))][sym(byte(v))] = vowelSub
				}
			}
		}
		c.indel[sym('h')], c.indel[sym('w')], c.hiatus, c.swap = h, w, hiatus, 28
	}
	set := func(c *costs, price uint8, pairs ...string) {
		for _, p := range pairs {
			a, b := sym(p[0]), sym(p[1])
			c.sub[a][b], c.sub[b][a] = price, price
		}
	}
	fill(&strict, 25, 25, 18, 40, 12)
	set(&strict, 15, "ae", "ei", "ou")
	set(&strict, 20, "ao", "iu")
	set(&strict, 5, "kc")
	set(&strict, 8, "vw", "cC", "cs")
	set(&strict, 12, "ij", "uw", "jJ", "Gg", "Xh", "Xk", "sS", "zs", "JC", "kG")
	set(&strict, 20, "gk", "td", "bp", "fv", "zJ", "jC", "SC", "jz", "gj", "Gk", "XC", "hG", "ow", "fp", "bv", "cz", "tC")
	set(&strict, 30, "Cz", "kC", "iv", "hk", "Sj", "SJ", "lr", "mn", "zC", "gh", "Gr", "XS", "jd", "Cs")

	fill(&loose, 5, 5, 12, 10, 4)
	set(&loose, 5, "kc", "ei", "ou")
	set(&loose, 4, "uw", "ow", "vw", "ij", "jJ", "Gg", "kg", "aw", "iw", "ew")
	set(&loose, 8, "cC", "cs", "Xk", "Xh", "zs", "zJ", "jC", "JC", "td", "bp", "fv", "kG", "kX", "dz", "SC", "sS", "fp", "bf", "gj", "ts", "bv", "zC")
	set(&loose, 15, "lr", "tC", "jz", "jg", "Cs", "Gk", "hk", "mn", "tS", "nl", "nr", "Sk", "gX", "Cz", "XC", "iv", "jS", "XS")
	set(&loose, 8, "jz")
	return strict, loose
}

// distance returns the least cost of turning code a into code b, with swaps of
// two neighbours. It stops early when the cost must pass limit, and returns some
// cost past it.
func (c *costs) distance(a, b string, limit int32) int32 {
	var rows [3][maxCode + 1]int32
	prev2, prev, cur := &rows[0], &rows[1], &rows[2]
	b = b[:min(len(b), maxCode)]
	a = a[:min(len(a), maxCode)]
	var del [maxCode]int32
	for j := range len(b) {
		del[j] = c.gap(b, j)
		prev[j+1] = prev[j] + del[j]
	}
	for i := range len(a) {
		gap := c.gap(a, i)
		cur[0] = prev[0] + gap
		least := cur[0]
		sub := &c.sub[sym(a[i])]
		for j := range len(b) {
			d := min(prev[j]+int32(sub[sym(b[j])]), prev[j+1]+gap, cur[j]+del[j])
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] && a[i] != b[j] {
				d = min(d, prev2[j-1]+int32(c.swap))
			}
			cur[j+1] = d
			least = min(least, d)
		}
		if least > limit {
			return least
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// maxCode bounds a joined code.
const maxCode = 2 * maxLetter

// gap returns the price of the letter at i of s having no counterpart. A nasal at
// the end is n or ng by dialect, and languages add s to names: Sergejs, Georgios.
func (c *costs) gap(s string, i int) int32 {
	if i > 1 && i+1 == len(s) && (s[i] == 'g' && s[i-1] == 'n' || s[i] == 's') {
		return 25
	}
	if s[i] == 'r' && c == &drawl && i > 0 && vowel(s[i-1]) && (i+1 == len(s) || !vowel(s[i+1])) {
		return 8
	}
	if i > 0 && s[i] == s[i-1] {
		return 8 // the other script may write it once
	}
	switch {
	case vowel(s[i]) && i+1 < len(s) && vowel(s[i+1]):
		return int32(c.hiatus)
	case vowel(s[i]) && i > 0 && vowel(s[i-1]):
		return int32(c.hiatus) * 3 / 2 // both of two vowels missing are a syllable
	}
	return int32(c.indel[sym(s[i])])
}

// similarity scales the distance of two codes to 0..1 by the length of the
// longer. Of a loose pair the vowels do not count in the length: they say little.
func similarity(a, b string, c *costs) float64 {
	if a == b {
		return 1
	}
	first := int32(0)
	length := max(len(a), len(b))
	if c != &strict {
		length = max(consonants(a), consonants(b)) + 1
	}
	whole := int32(unit * max(length, 2))
	if a != "" && b != "" && a[0] != b[0] {
		first = int32(c.sub[sym(a[0])][sym(b[0])]) / 3
	}
	d := c.distance(a, b, whole*6/10) + first
	if d > unit {
		d += d - unit
	}
	return max(0, 1-float64(d)/float64(whole))
}

func consonants(code string) (n int) {
	for i := range len(code) {
		if !vowel(code[i]) {
			n++
		}
	}
	return n
}
