package names

// maxJoins bounds how many words of one name are joined.
const maxJoins = 2

// join puts tokens of one name together where the other has them as one word:
// Plat Ono Vich and Platonovich.
func (c *comparison) join() {
	a, b := &c.sides[0], &c.sides[1]
	a.joinFor(b)
	b.joinFor(a)
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
	if code == "" || len(code) >= len(whole.code)+1 || !sameStart(code[0], whole.code[0]) && (whole.alt == "" || !sameStart(code[0], whole.alt[0])) {
		return 0
	}
	prices, enough := pricesOf(s.all[i], whole), 0.94
	if prices != &strict {
		enough = 0.86
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
		got := similarity(string(buf[:n]), whole.code, prices)
		if whole.alt != "" {
			got = max(got, similarity(string(buf[:n]), whole.alt, prices))
		}
		if got < enough {
			continue
		}
		for _, t := range s.all[i : i+k] {
			if sim, _ := likeness(t, whole); sim >= got || t.text == whole.text {
				return 0
			}
			for _, u := range o.all[:o.n] {
				if sim, _ := likeness(t, u); u != whole && u.telling() && sim >= 0.85 && (t.code == u.code || got < 0.95 && t.skel == u.skel) {
					return 0
				}
			}
		}
		return k
	}
	return 0
}

// sameStart reports whether two letters of codes may begin the same word.
func sameStart(a, b byte) bool {
	return a == b || vowel(a) && vowel(b) || skeletonClass[a&0x7f] != 0 && skeletonClass[a&0x7f] == skeletonClass[b&0x7f]
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
