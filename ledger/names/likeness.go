package names

// isLoose reports whether the vowels of two tokens must not be trusted: they
// come from scripts of which one does not tell.
func isLoose(a, b *token) bool {
	return a.from != b.from && (a.from.loose() || b.from.loose())
}

// pricesOf returns what edits between the codes of two tokens cost.
func pricesOf(a, b *token) *costs {
	switch {
	case !isLoose(a, b):
		return &strict
	case a.from.drawls() || b.from.drawls():
		return &drawl
	}
	return &loose
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
		if len(a.text) <= 2 && len(b.text) <= 2 && a.from == b.from && differByOne(a.text, b.text) {
			return 0.5, near // U for Su: too little to match, enough to stand before names without it
		}
		return 0, unlike
	case a.cutFrom(b) || b.cutFrom(a):
		return 0.9, cutOff
	case a.code == b.code, a.alt != "" && (a.alt == b.code || a.alt == b.alt), b.alt != "" && a.code == b.alt:
		return 0.98, sound
	case a.house != 0 && a.house == b.house:
		return 0.95, sound
	}
	for _, k := range a.kin {
		for _, l := range b.kin {
			if k == l && k&surnameBit != 0 {
				return 0.88, reading
			} else if k == l {
				return 0.93, nick
			}
		}
	}
	prices := pricesOf(a, b)
	isLoose := prices != &strict
	sim := similarity(a.code, b.code, prices)
	if a.alt != "" {
		sim = max(sim, similarity(a.alt, b.code, prices)-0.01)
	}
	if b.alt != "" {
		sim = max(sim, similarity(a.code, b.alt, prices)-0.01)
		if a.alt != "" {
			sim = max(sim, similarity(a.alt, b.alt, prices)-0.01)
		}
	}
	if sim >= 0.5 && otherSex(a.text, b.text) {
		return max(sim, 0.86), other
	}
	if !isLoose && sibling(a.code, b.code) || a.ending != b.ending && a.ending != 0 && b.ending != 0 || a.known() && b.known() || !isLoose && otherFamily(a, b) {
		sim = max(0, sim-otherName)
	} else if sim < oneLetter && min(len(a.text), len(b.text)) > 1 && differByOne(a.text, b.text) {
		sim = oneLetter
	}
	switch {
	case isLoose && sim > 0.9:
		return sim, sound
	case differByOne(a.text, b.text) || differByOne(a.code, b.code):
		return sim, oneOff
	}
	return sim, near
}

// oneLetter is the least that one wrong letter leaves of a short word: too little
// to match, enough to stand before names that lack the word.
const oneLetter = 0.72

// otherName is what two words lose that are near, but each a name by itself: an
// error seldom makes one name of another.
const otherName = 0.2

// sibling reports whether two codes differ as those of two people do who share a
// root: Karim and Karimi, Daniel and Daniela, Mario and Maria.
func sibling(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	n := len(a)
	switch {
	case n < 4 || n < len(b)-1:
		return false
	case n < len(b):
		return (b[n] == 'i' || b[n] == 'a') && b[:n] == a && !vowel(a[n-1])
	}
	x, y := a[n-1], b[n-1]
	return a[:n-1] == b[:n-1] && (x == 'o' && y == 'a' || x == 'a' && y == 'o')
}

// cutFrom reports whether t, the last word of a name that fills the line of a
// passport, may be u cut at the end of the line.
func (t *token) cutFrom(u *token) bool {
	return t.last && len(t.text) < len(u.text) && len(t.text) > 1 && u.text[:len(t.text)] == t.text
}

// known reports whether a token stands in the table of given names.
func (t *token) known() bool { return len(t.kin) > 0 && t.kin[0]&surnameBit == 0 }

// otherFamily reports whether two words stand in the tables of family names on
// different lines. The short ones of Eastern Asia are syllables of given names
// too, which people spell with other vowels.
func otherFamily(a, b *token) bool {
	eastern := func(t *token) bool { return len(t.kin) > 0 && t.kin[len(t.kin)-1]&surnameBit != 0 }
	return a.house != 0 && b.house != 0 || eastern(a) && eastern(b) && a.skel != b.skel
}

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
