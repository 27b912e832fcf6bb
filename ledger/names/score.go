package names

import "math"

// alike is the similarity below which two tokens are called different names.
const alike = 0.7

// strain is the exponent of the norm that sums the differences of the pairs.
// With 1 they would add up, and a long name in another script could never
// match; with infinity the worst alone would count.
const strain = 1.5

// score weighs the pairs and what has no pair. A word that is another name tells
// two people apart however much else they share, so differences are summed, not
// averaged. Tokens that only one side has cost little: people leave names out.
func (c *comparison) score() float64 {
	var sum, weight, full float64
	for _, p := range c.pairs[:c.n] {
		a, b := c.tokens(p)
		w := (a.weight + b.weight) / 2
		weight += w
		sum += math.Pow(min(1, w)*(1-p.sim), strain)
		if a.role != initial && b.role != initial && p.sim >= alike {
			full += w
		}
	}
	if weight == 0 {
		return 0
	}
	score := 1 - slope*math.Pow(sum, 1/strain)
	score -= c.extras(weight)
	if full < 0.5 {
		score *= 0.7
	}
	score -= c.trifles()
	return max(0, min(1, score))
}

// slope scales the sum of differences so that Threshold lies where one wrong
// consonant in a word of five does.
const slope = 1.0

// What words say of a name, and what those cost that only one name has.
const (
	missing = 0.16 // the price of words without a pair, by their share
	little  = 0.2  // and that of each word that evidence falls short of enough
	enough  = 1.5
	given   = 0.35 // what a name in the tables is worth as evidence
	brief   = 6.0  // letters of a word that is worth a whole one
	least   = 0.3  // what the shortest is worth
)

// tokens returns the tokens of a pair.
func (c *comparison) tokens(p pair) (a, b *token) {
	return c.sides[c.few].main[p.a], c.sides[1-c.few].main[p.b]
}

// extras is the price of tokens that only one name has. It rises when what both
// have is little: one word, or words that very many bear.
func (c *comparison) extras(weight float64) float64 {
	var extra float64
	many := &c.sides[1-c.few]
	for j, t := range many.main[:many.m] {
		if !many.mated[j] {
			w := t.weight
			if t.father {
				w *= 0.4
			}
			extra += w
		}
	}
	if extra == 0 {
		return 0
	}
	return missing*extra/(extra+weight) + little*max(0, enough-c.evidence())
}

// evidence weighs the words that both names have; given names say little, and so
// do short words and words that are spelled otherwise.
func (c *comparison) evidence() (sum float64) {
	for _, p := range c.pairs[:c.n] {
		a, b := c.tokens(p)
		w := min(a.weight, b.weight)
		if a.common || b.common || a.known() || b.known() {
			w *= given
		}
		w *= max(least, min(1, float64(min(len(a.code), len(b.code)))/brief))
		if p.sim >= alike {
			sum += w * p.sim
		}
	}
	return sum
}

// trifles is the price of order, particles and generations.
func (c *comparison) trifles() float64 {
	price := 0.0
	for _, p := range c.pairs[:c.n] {
		if a, b := c.tokens(p); a.from != b.from {
			price = 0.005 // a reading is never certain
		}
	}
	if c.reordered() {
		price += 0.01
	}
	if c.joined {
		price += 0.01
	}
	if c.particlesDiffer() {
		price += 0.01
	}
	switch a, b := c.sides[0].suffix(), c.sides[1].suffix(); {
	case a != b && a != "" && b != "":
		price += 0.3
	case a != b:
		price += 0.04
	}
	return price
}

// reordered reports whether the pairs cross.
func (c *comparison) reordered() bool {
	for i := 1; i < c.n; i++ {
		if c.pairs[i].b < c.pairs[i-1].b {
			return true
		}
	}
	return false
}

func (s *side) suffix() string {
	for _, t := range s.all[:s.n] {
		if t.role == suffix {
			return t.text
		}
	}
	return ""
}

// particlesDiffer reports whether one name has more particles or titles than the
// other.
func (c *comparison) particlesDiffer() bool {
	count := func(s *side) (n int) {
		for _, t := range s.all[:s.n] {
			if t.role == particle || t.role == title {
				n++
			}
		}
		return n
	}
	return count(&c.sides[0]) != count(&c.sides[1])
}

// why puts the findings in words.
func (c *comparison) why() []string {
	out := make([]string, 0, 4)
	add := func(s string) {
		for _, o := range out {
			if o == s {
				return
			}
		}
		out = append(out, s)
	}
	for _, p := range c.pairs[:c.n] {
		a, b := c.tokens(p)
		if a.from != b.from && p.sim >= alike {
			s := a.from
			if s == latin || s == scriptNone {
				s = b.from
			}
			if s != scriptNone {
				add(afterTransliteration[s])
			}
		}
	}
	for _, p := range c.pairs[:c.n] {
		if s := c.reason(p); s != "" {
			add(s)
		}
	}
	if c.joined {
		add("written as one word")
	}
	if c.reordered() {
		add("word order")
	}
	many := &c.sides[1-c.few]
	for j, t := range many.main[:many.m] {
		if !many.mated[j] && t.father {
			add("patronymic missing")
		} else if !many.mated[j] {
			add("name missing")
		}
	}
	if c.particlesDiffer() {
		add("particle or title missing")
	}
	if a, b := c.sides[0].suffix(), c.sides[1].suffix(); a != b {
		add("generation differs")
	}
	if len(out) == 0 {
		add("same words")
	}
	return out
}

// reason says what was seen of a pair, "" if nothing is worth a word.
func (c *comparison) reason(p pair) string {
	a, b := c.tokens(p)
	switch {
	case p.sim < alike:
		return "different: " + min(a.text, b.text) + ", " + max(a.text, b.text)
	case p.how == sound && a.from == b.from:
		return "spelling"
	case p.how == nick:
		return "nickname or form in another language"
	case p.how == reading:
		return "surname in another reading"
	case p.how == other:
		return "ending of the other sex"
	case p.how == short:
		return "initial"
	case p.how == cutOff:
		return "end of the name cut off"
	case p.how == oneOff:
		return "one letter differs"
	case p.how == near && a.from == b.from:
		return "letters differ"
	}
	return ""
}

var afterTransliteration = func() (out [len(scriptNames)]string) {
	for i, n := range scriptNames {
		out[i] = "same after transliteration from " + n
	}
	return out
}()
