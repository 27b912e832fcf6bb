package names

import (
	"slices"
	"strings"
)

// Bounds of what Keys and Probes return for one name.
const (
	maxKeys   = 64
	maxProbes = 640
)

// Keys returns the keys under which an index files the name: few, for an index
// has millions of names. A key that very many names have may be left out by the
// index.
//
//	kl+rbrt   the consonant classes of two words, in no order
//	#17+rbrt  a name by its family of forms (Bill, William), and another word
//	krtks     one word that is not common
//	=snkn     all words run together
func Keys(n Name) []string {
	k := newKeyring(n, maxKeys)
	k.pairs()
	k.singles()
	k.joined()
	return k.keys
}

// Probes returns the keys under which an index looks for names like n: its own
// keys first, then those of names that differ from it by one wrong consonant in
// a word. An index that asks for the first len(Keys(n)) alone still finds what
// is spelled with the same consonants.
func Probes(n Name) []string {
	k := newKeyring(n, maxProbes)
	k.pairs()
	k.singles()
	k.joined()
	if len(k.words) <= 3 {
		k.mistyped()
	}
	return k.keys
}

// keyring gathers the keys of one name.
type keyring struct {
	words []*token
	alone bool // of words, the first alone is a name for certain
	keys  []string
	seen  map[string]bool
	limit int
}

// newKeyring takes the words that tell names apart, all if there are no others.
func newKeyring(n Name, limit int) *keyring {
	k := &keyring{limit: limit, seen: make(map[string]bool), keys: make([]string, 0, 16)}
	for i := range n.tokens {
		t := &n.tokens[i]
		if t.role == part || t.role == number || t.role == title && (softTitles[t.text] || t.from == burmese) {
			k.words = append(k.words, t)
		}
	}
	if k.alone = len(k.words) == 1; k.alone { // Sheikh Anwara, O Taehui: what is with it may be a name too
		for i := range n.tokens {
			if t := &n.tokens[i]; t.role == title || t.role == initial {
				k.words = append(k.words, t)
			}
		}
	}
	if len(k.words) == 0 {
		for i := range n.tokens {
			k.words = append(k.words, &n.tokens[i])
		}
	}
	return k
}

func (k *keyring) add(key string) {
	if len(k.keys) < k.limit && !k.seen[key] {
		k.seen[key] = true
		k.keys = append(k.keys, key)
	}
}

// both adds a key of two skeletons in no order.
func (k *keyring) both(a, b string) { k.add(min(a, b) + "+" + max(a, b)) }

func (k *keyring) pairs() {
	for i, a := range k.words {
		for _, b := range k.words[i+1:] {
			for _, x := range a.skeletons() {
				for _, y := range b.skeletons() {
					k.both(x, y)
				}
			}
		}
	}
	if len(k.words) > 5 {
		return
	}
	for i, a := range k.words {
		for _, b := range k.words[i+1:] {
			for _, x := range a.kin[:min(len(a.kin), 2)] {
				k.both(kinKey(x), b.skel)
			}
			for _, y := range b.kin[:min(len(b.kin), 2)] {
				k.both(a.skel, kinKey(y))
			}
			if len(a.kin) > 0 && len(b.kin) > 0 {
				k.both(kinKey(a.kin[0]), kinKey(b.kin[0]))
			}
		}
	}
}

// skeletons returns the skeletons of the readings of a token.
func (t *token) skeletons() []string {
	if t.altSkel == "" {
		return []string{t.skel}
	}
	return []string{t.skel, t.altSkel}
}

// kinKey is the key of a line of the tables of names.
func kinKey(id uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{'#', digits[id>>12], digits[id>>8&15], digits[id>>4&15], digits[id&15]})
}

func (k *keyring) singles() {
	for _, t := range k.words {
		if k.single(t) {
			for _, s := range t.skeletons() {
				k.add(s)
			}
		}
	}
}

// single reports whether a word is filed by itself.
func (k *keyring) single(t *token) bool {
	return len(k.words) == 1 || k.alone && t == k.words[0] || !t.common && len(t.skel) > 2
}

// joined adds the keys of names whose words may be written as one.
func (k *keyring) joined() {
	if len(k.words) > 5 {
		return
	}
	all := ""
	for _, t := range k.words {
		all += t.code
	}
	k.add("=" + skeletonOf(all))
	k.drawled()
	if len(k.words) < 3 {
		return
	}
	for i := range len(k.words) - 1 {
		whole := skeletonOf(k.words[i].code + k.words[i+1].code)
		for j, t := range k.words {
			if j < i || j > i+1 {
				k.both(whole, t.skel)
			}
		}
	}
}

// drawled adds the keys of Burmese syllables as the word that people write of them
// with an r: san da, Sandar.
func (k *keyring) drawled() {
	spell := func(t *token) string {
		if t.from == burmese && strings.HasSuffix(t.code, "a") {
			return t.code + "r"
		}
		return t.code
	}
	for i := range len(k.words) - 1 {
		first, second := k.words[i], k.words[i+1]
		if first.from != burmese || spell(first) == first.code && spell(second) == second.code {
			continue
		}
		for _, code := range []string{first.code + spell(second), spell(first) + spell(second)} {
			whole := skeletonOf(code)
			if len(whole) > 2 || len(k.words) == 2 {
				k.add(whole)
			}
			for j, t := range k.words {
				if j < i || j > i+1 {
					k.both(whole, t.skel)
				}
			}
		}
	}
}

// mistyped adds the keys of names of which one word was written with one letter
// too many, too few, wrong or swapped.
func (k *keyring) mistyped() {
	for i, t := range k.words {
		for _, s := range variants(t) {
			for j, o := range k.words {
				if j == i {
					continue
				}
				k.both(s, o.skel)
				if len(o.kin) > 0 && len(k.words) == 2 {
					k.both(s, kinKey(o.kin[0]))
				}
			}
			if len(k.words) == 1 || len(k.words) == 2 && len(t.skel) > 3 && len(s) > 3 {
				k.add(s)
			}
		}
	}
}

// classes are the letters of skeletons.
const classes = "akstbmnlr"

// variants returns the skeletons that one error away from the token has: of its
// text with a letter less, more, wrong or swapped, which may make or break a
// digraph, and of its skeleton with one class changed.
func variants(t *token) []string {
	out := make([]string, 0, 128)
	put := func(s string) {
		if s != t.skel && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for i := range len(t.text) {
		put(skeletonOf(codeOf(t.text[:i]+t.text[i+1:], t.from)))
		if i > 0 {
			put(skeletonOf(codeOf(t.text[:i-1]+t.text[i:i+1]+t.text[i-1:i]+t.text[i+1:], t.from)))
		}
	}
	const letters = "hx" // that change how their neighbours are read
	for i := 1; i <= min(len(t.text), 12); i++ {
		for k := range len(letters) {
			put(skeletonOf(codeOf(t.text[:i]+letters[k:k+1]+t.text[i:], t.from)))
			if i < len(t.text) {
				put(skeletonOf(codeOf(t.text[:i]+letters[k:k+1]+t.text[i+1:], t.from)))
			}
		}
		if i < len(t.text) && (t.text[i] == 'h' || t.text[i] == 'x') {
			for k := range len(classes) {
				put(skeletonOf(codeOf(t.text[:i]+classes[k:k+1]+t.text[i+1:], t.from)))
			}
		}
	}
	s := t.skel[:min(len(t.skel), 8)]
	for i := range len(s) + 1 {
		if i < len(s) {
			put(s[:i] + s[i+1:])
		}
		for c := range len(classes) {
			if i > 0 && classes[c] == 'a' {
				continue
			}
			put(s[:i] + classes[c:c+1] + s[i:])
			if i < len(s) {
				put(s[:i] + classes[c:c+1] + s[i+1:])
			}
		}
	}
	return out
}
