package names

// Threshold is the Score from which two names are called the same. It was fixed
// on the tuning data alone; DESIGN.md has the figures.
const Threshold = 0.80

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
	c.join()
	c.align()
	return c.score()
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

// maxJoins bounds how many words of one name are joined.
const maxJoins = 2

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

// join puts tokens of one name together where the other has them as one word:
// Plat Ono Vich and Platonovich.
func (c *comparison) join() {
	a, b := &c.sides[0], &c.sides[1]
	a.joinFor(b)
	b.joinFor(a)
	a.sift(b)
	b.sift(a)
	c.joined = a.made+b.made > 0
}

func (s *side) joinFor(o *side) {
	for j := 0; j < o.n && s.made < maxJoins; j++ {
		whole := o.all[j]
		if len(whole.code) < 4 || whole.role == number {
			continue
		}
		for i := 0; i < s.n; i++ {
			if k := s.runFor(i, whole, o); k > 1 {
				s.replace(i, k)
				break
			}
		}
	}
}

// runFor returns how many tokens from i on make the word, 0 if none do.
func (s *side) runFor(i int, whole *token, o *side) int {
	code := s.all[i].code
	if code == "" || len(code) >= len(whole.code)+1 || (code[0] != whole.code[0] && !(vowel(code[0]) && vowel(whole.code[0]))) {
		return 0
	}
	var buf [maxCode]byte
	n := copy(buf[:], code)
	for k := 2; k <= 3 && i+k <= s.n; k++ {
		next := s.all[i+k-1]
		if next.role == number || n+len(next.code) > maxLetter {
			return 0
		}
		n += copy(buf[n:], next.code)
		if n > len(whole.code)+2 && s.all[i].from.loose() == whole.from.loose() {
			return 0
		}
		if abs(n-len(whole.code)) > 2 && s.all[i].from.loose() == whole.from.loose() {
			continue
		}
		got := similarity(string(buf[:n]), whole.code, isLoose(s.all[i], whole))
		if got < 0.88 {
			continue
		}
		for _, t := range s.all[i : i+k] {
			if sim, _ := likeness(t, whole); sim >= got || t.text == whole.text {
				return 0
			}
			for _, u := range o.all[:o.n] {
				if sim, _ := likeness(t, u); u != whole && u.telling() && sim >= 0.85 {
					return 0
				}
			}
		}
		return k
	}
	return 0
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// replace puts one token in the place of k.
func (s *side) replace(i, k int) {
	s.made++
	t := new(token)
	*t = *s.all[i]
	t.text, t.role, t.weight, t.alt = "", part, 1, ""
	for _, p := range s.all[i : i+k] {
		t.text += p.text
	}
	t.code = codeOf(t.text, t.from)
	t.kin = kinOf[t.text]
	t.common = isCommon(t.text, t.kin)
	t.ending = ending(t.text)
	t.father = isPatronymic(t.text)
	s.all[i] = t
	copy(s.all[i+1:], s.all[i+k:s.n])
	s.n -= k - 1
}

// isLoose reports whether the vowels of two tokens must not be trusted: they
// come from scripts of which one does not tell.
func isLoose(a, b *token) bool {
	return a.from != b.from && (a.from.loose() || b.from.loose())
}

// likeness compares two tokens.
func likeness(a, b *token) (float64, kinship) {
	switch {
	case a.role == number || b.role == number:
		if a.text == b.text {
			return 1, same
		}
		return 0, unlike
	case a.text == b.text && (a.role == initial) == (b.role == initial):
		return 1, same
	case a.role == initial || b.role == initial:
		if a.text[0] == b.text[0] {
			return 0.85, short
		}
		return 0, unlike
	case a.cutFrom(b) || b.cutFrom(a):
		return 0.9, cutOff
	case a.code == b.code, a.alt != "" && (a.alt == b.code || a.alt == b.alt), b.alt != "" && a.code == b.alt:
		return 0.98, sound
	}
	for _, k := range a.kin {
		for _, l := range b.kin {
			if k == l && k&surnameBit != 0 {
				return 0.9, reading
			} else if k == l {
				return 0.93, nick
			}
		}
	}
	isLoose := isLoose(a, b)
	sim := similarity(a.code, b.code, isLoose)
	if a.alt != "" {
		sim = max(sim, similarity(a.alt, b.code, isLoose)-0.01)
	}
	if b.alt != "" {
		sim = max(sim, similarity(a.code, b.alt, isLoose)-0.01)
		if a.alt != "" {
			sim = max(sim, similarity(a.alt, b.alt, isLoose)-0.01)
		}
	}
	if sim >= 0.5 && otherSex(a.text, b.text) {
		return max(sim, 0.86), other
	}
	if nisba(a.code, b.code) || a.ending != b.ending && a.ending != 0 && b.ending != 0 || a.known() && b.known() {
		sim = max(0, sim-otherName)
	}
	switch {
	case isLoose && sim > 0.9:
		return sim, sound
	case differByOne(a.text, b.text) || differByOne(a.code, b.code):
		return sim, oneOff
	}
	return sim, near
}

// otherName is what two words lose that are near, but each a name by itself: an
// error seldom makes one name of another.
const otherName = 0.12

// nisba reports whether one word is the other and i: Karim, Karimi.
func nisba(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) > 3 && len(b) == len(a)+1 && b[len(a)] == 'i' && b[:len(a)] == a
}

// cutFrom reports whether t, the last word of a name that fills the line of a
// passport, may be u cut at the end of the line.
func (t *token) cutFrom(u *token) bool {
	return t.last && len(t.text) < len(u.text) && len(t.text) > 1 && u.text[:len(t.text)] == t.text
}

// known reports whether a token stands in the table of given names.
func (t *token) known() bool { return len(t.kin) > 0 && t.kin[0]&surnameBit == 0 }

// otherSex reports whether two Slavic surnames differ by the ending that
// follows the sex of the bearer.
func otherSex(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 5 {
		return false
	}
	if len(b) == len(a)+1 && b[len(a)] == 'a' && b[:len(a)] == a {
		switch a[len(a)-2:] {
		case "ov", "ev", "in", "yn":
			return true
		}
	}
	for _, end := range [...][2]string{{"sky", "skaya"}, {"skiy", "skaya"}, {"skii", "skaia"}, {"skij", "skaja"}, {"ski", "ska"}, {"cki", "cka"}, {"sky", "ska"}} {
		x, y := len(a)-len(end[0]), len(b)-len(end[1])
		if x > 2 && x == y && a[x:] == end[0] && b[y:] == end[1] && a[:x] == b[:y] {
			return true
		}
		x, y = len(b)-len(end[0]), len(a)-len(end[1])
		if x > 2 && x == y && b[x:] == end[0] && a[y:] == end[1] && a[:y] == b[:x] {
			return true
		}
	}
	return false
}

// differByOne reports whether one letter added, dropped or changed, or two
// neighbours swapped, makes b of a.
func differByOne(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		return i == len(a) || a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}
