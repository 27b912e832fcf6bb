package names

import "math"

// alike is the similarity below which two tokens are called different names.
const alike = 0.7

// score weighs the pairs and what has no pair. A name is as sure as its worst
// pair: a name that is another name tells two people apart, however much else
// they share. Tokens that only one side has cost little: people leave names out.
func (c *comparison) score() float64 {
	var sum, weight, worst, full float64
	worst = 1
	for _, p := range c.pairs[:c.n] {
		a, b := c.few.main[p.a], c.many.main[p.b]
		w := (a.weight + b.weight) / 2
		sum += w * p.sim
		weight += w
		if w < 0.5 {
			p.sim = 1 - (1-p.sim)*w
		}
		worst = min(worst, p.sim)
		if a.role != initial && b.role != initial && p.sim >= alike {
			full += w
		}
	}
	if weight == 0 {
		return 0
	}
	mean := sum / weight
	score := math.Sqrt(mean * worst)
	score -= c.extras(weight)
	if full < 0.5 {
		score *= 0.7
	}
	score -= c.trifles()
	return max(0, min(1, score))
}

// extras is the price of tokens that only one name has.
func (c *comparison) extras(weight float64) float64 {
	var extra float64
	for j, t := range c.many.main[:c.many.m] {
		if !c.many.mated[j] {
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
	price := 0.12 * extra / (extra + weight)
	if weight < 1.5 {
		price += 0.08
	}
	return price
}

// trifles is the price of order, particles and generations.
func (c *comparison) trifles() float64 {
	price := 0.0
	if c.reordered() {
		price += 0.01
	}
	if c.particlesDiffer() {
		price += 0.01
	}
	switch a, b := c.a.suffix(), c.b.suffix(); {
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
	return count(&c.a) != count(&c.b)
}

// why puts the findings in words.
func (c *comparison) why(score float64) []string {
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
		a, b := c.few.main[p.a], c.many.main[p.b]
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
		a, b := c.few.main[p.a], c.many.main[p.b]
		switch {
		case p.sim < alike:
			add("different: " + min(a.text, b.text) + ", " + max(a.text, b.text))
		case p.how == sound && a.from == b.from:
			add("spelling")
		case p.how == nick:
			add("nickname or form in another language")
		case p.how == reading:
			add("surname in another reading")
		case p.how == other:
			add("ending of the other sex")
		case p.how == short:
			add("initial")
		case p.how == oneOff:
			add("one letter differs")
		case p.how == near && a.from == b.from:
			add("letters differ")
		}
	}
	if c.joined {
		add("written as one word")
	}
	if c.reordered() {
		add("word order")
	}
	for j, t := range c.many.main[:c.many.m] {
		if !c.many.mated[j] && t.father {
			add("patronymic missing")
		} else if !c.many.mated[j] {
			add("name missing")
		}
	}
	if c.particlesDiffer() {
		add("particle or title missing")
	}
	if a, b := c.a.suffix(), c.b.suffix(); a != b {
		add("generation differs")
	}
	if len(out) == 0 {
		add("same words")
	}
	return out
}

var afterTransliteration = func() (out [len(scriptNames)]string) {
	for i, n := range scriptNames {
		out[i] = "same after transliteration from " + n
	}
	return out
}()
