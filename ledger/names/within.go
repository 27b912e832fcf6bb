package names

import "slices"

// heard is the likeness from which two words of different scripts are one word.
const heard = 0.9

// Within compares the words of part with those of whole: the score is that of the
// worst, 0 if one of them is none of whole. It forgives less than Compare, which
// knows that both are whole names: words of one script must sound the same, those
// of two must be readings of each other.
func Within(part, whole Name) Match {
	m := Match{}
	if part.keyWord() == nil {
		return m
	}
	for i := range part.tokens {
		t := &part.tokens[i]
		if t.role == initial || t.role == number {
			return Match{}
		}
		if !t.telling() && len(part.tokens) > 1 {
			continue
		}
		best, from := 0.0, scriptNone
		for j := range whole.tokens {
			if sim, other := said(t, &whole.tokens[j]); sim > best {
				best, from = sim, other
			}
		}
		if best == 0 {
			return Match{}
		}
		if m.Score == 0 || best < m.Score {
			m.Score = best
		}
		why := "same words"
		if from != scriptNone {
			why = afterTransliteration[from]
		} else if best < 1 {
			why = "spelling"
		}
		if len(m.Why) == 0 || m.Why[len(m.Why)-1] != why {
			m.Why = append(m.Why, why)
		}
	}
	return m
}

// said returns how surely two tokens are one word, 0 if they are not, and the
// script that had to be read for it.
func said(t, u *token) (float64, script) {
	if !u.proper() {
		return 0, scriptNone
	}
	if t.from == u.from {
		switch {
		case t.text == u.text:
			return 1, scriptNone
		case t.code == u.code:
			return 0.98, scriptNone
		}
		return 0, scriptNone
	}
	sim, how := likeness(t, u)
	if sim < heard || how == nick || how == other || how == cutOff {
		return 0, scriptNone
	}
	if t.from == latin {
		return min(sim, 0.99), u.from
	}
	return min(sim, 0.99), t.from
}

// WordKeys returns the keys under which an index files each word of a name that
// Keys does not file by itself: those that are short, that very many bear, or for
// which the pairs of a long name leave no room.
func WordKeys(n Name) []string {
	filed := Keys(n)
	k := keyring{limit: maxKeys, seen: make(map[string]bool)}
	for i := range n.tokens {
		t := &n.tokens[i]
		if !t.proper() {
			continue
		}
		for _, s := range t.skeletons() {
			if !slices.Contains(filed, s) {
				k.add("." + s)
			}
		}
	}
	return k.keys
}

// WordProbes returns the keys under which an index looks for names that Within
// finds n in: those of its most telling word, as Keys and WordKeys file it.
func WordProbes(n Name) []string {
	t := n.keyWord()
	if t == nil {
		return nil
	}
	var out []string
	for _, s := range t.skeletons() {
		out = append(out, s, "."+s)
	}
	return out
}

// keyWord returns the word of n with the longest skeleton, nil if that has less
// than two consonants: too many names would have to be read for it.
func (n *Name) keyWord() *token {
	var best *token
	for i := range n.tokens {
		t := &n.tokens[i]
		if t.proper() && (t.telling() || len(n.tokens) == 1) && len(t.skel) > 1 && len(t.altSkel) != 1 && (best == nil || len(t.skel) > len(best.skel)) {
			best = t
		}
	}
	return best
}

// proper reports whether a token may be a word of a name that people look for.
func (t *token) proper() bool { return t.role == part || t.role == title }
