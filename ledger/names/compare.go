package names

// Threshold is the Score from which two names are called the same. It was fixed
// on the tuning data alone; DESIGN.md has the figures.
const Threshold = 0.825

// Near is the Score from which a search shows a name as near, and not as the same:
// of names with one wrong letter 1 in 300 is below it, and 1 in 5 below Threshold.
const Near = 0.70

// WithBirth is the Score from which two names are called the same of two people
// who are known to be born on one day, which one in some 20,000 are by chance. It
// lets a wrong letter in a short word pass.
const WithBirth = 0.72

// Match is the outcome of a comparison.
type Match struct {
	Score float64  // 0 to 1; 1 for names of the same words
	Why   []string // what was seen, most telling first
}

// How two tokens were found alike, by rising strangeness.
type kinship uint8

const (
	unlike  kinship = iota
	same            // letter by letter
	sound           // after the spelling rules
	nick            // by the table of short forms and translations
	reading         // by the table of surnames
	other           // the other sex's ending
	short           // an initial
	cutOff          // the beginning, cut at the end
	oneOff          // one letter differs
	near            // more do
)

// pair is one token of each name.
type pair struct {
	a, b int
	sim  float64
	how  kinship
}

// Compare scores two names. It is symmetric; its time is bounded by the bounds
// of Parse.
func Compare(a, b Name) Match {
	if len(a.tokens) == 0 || len(b.tokens) == 0 {
		return Match{}
	}
	var c comparison
	score := c.run(a, b)
	return Match{Score: score, Why: c.why()}
}

// Score returns the Score of Compare alone, which allocates nothing: to rank
// many candidates of which few are shown.
func Score(a, b Name) float64 {
	if len(a.tokens) == 0 || len(b.tokens) == 0 {
		return 0
	}
	var c comparison
	return c.run(a, b)
}

func (c *comparison) run(a, b Name) float64 {
	c.take(a, b)
	equal := sameWords(&a, &b)
	if !equal {
		c.join()
	}
	c.sides[0].sift(&c.sides[1])
	c.sides[1].sift(&c.sides[0])
	c.align()
	if equal {
		return 1
	}
	return c.score()
}

// sameWords reports whether the names have the same words in the same order,
// written in the same scripts.
func sameWords(a, b *Name) bool {
	if len(a.tokens) != len(b.tokens) {
		return false
	}
	for i := range a.tokens {
		if a.tokens[i].text != b.tokens[i].text || a.tokens[i].from != b.tokens[i].from {
			return false
		}
	}
	return true
}

// comparison is the working space of one Compare; it lives on the stack.
type comparison struct {
	sides  [2]side
	few    int // the side with fewer telling tokens
	sim    [maxTokens][maxTokens]float64
	how    [maxTokens][maxTokens]kinship
	pairs  [maxTokens]pair
	n      int // of pairs
	joined bool
}

// side is one name as the comparison goes on with it: its telling tokens in
// front, particles and titles apart.
type side struct {
	all   [maxTokens]*token
	n     int
	made  int // tokens joined from several
	main  [maxTokens]*token
	m     int
	mated [maxTokens]bool
}

func (s *side) take(n *Name) {
	for i := range n.tokens {
		s.all[i] = &n.tokens[i]
	}
	s.n = len(n.tokens)
}

// sift takes the telling tokens. A particle or title of one name may be a name
// of the other: Ko, Ben.
func (s *side) sift(o *side) {
	s.m = 0
	for _, t := range s.all[:s.n] {
		if t.telling() || t.role != suffix && o.hasPart(t) {
			s.main[s.m] = t
			s.m++
		}
	}
	if s.m == 0 {
		s.m = copy(s.main[:], s.all[:s.n])
	}
}

func (t *token) telling() bool { return t.role != particle && t.role != title && t.role != suffix }

func (s *side) hasPart(t *token) bool {
	for _, u := range s.all[:s.n] {
		if u.role == part && u.code == t.code {
			return true
		}
	}
	return false
}

// take orders the names, so that nothing depends on which came first.
func (c *comparison) take(a, b Name) {
	if less(&b, &a) {
		a, b = b, a
	}
	c.sides[0].take(&a)
	c.sides[1].take(&b)
}

func less(a, b *Name) bool {
	if len(a.tokens) != len(b.tokens) {
		return len(a.tokens) < len(b.tokens)
	}
	for i := range a.tokens {
		if x, y := &a.tokens[i], &b.tokens[i]; x.text != y.text {
			return x.text < y.text
		} else if x.from != y.from {
			return x.from < y.from
		} else if x.role != y.role {
			return x.role < y.role
		}
	}
	return false
}
