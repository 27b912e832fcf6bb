package names

// A code is a token after the rules that bring spellings of one sound together:
// capitals stand for sounds that Latin writes with two letters.
//
//	S sh   C ch   J zh, dj, dzh   X kh   G gh
//
// Muhammad and Mohamed get the codes muhamad and mohamed; their vowels are left
// to the cost table of cost.go.

// digraph is a rule: from is read as to.
type digraph struct{ from, to string }

// digraphs, by first letter, longest first.
var digraphs = func() (table [26][]digraph) {
	for _, d := range []digraph{
		{"aa", "a"},
		{"cz", "C"}, {"ch", "C"}, {"ck", "k"}, {"cq", "k"},
		{"dzh", "J"}, {"dsch", "J"}, {"dj", "J"}, {"dh", "d"},
		{"ee", "i"}, {"gh", "G"}, {"gj", "J"}, {"hs", "S"},
		{"kh", "X"}, {"ks", "ks"}, {"oo", "u"}, {"ou", "u"}, {"ow", "ou"}, {"ph", "f"},
		{"qu", "k"}, {"q", "k"},
		{"shch", "SC"}, {"sch", "S"}, {"sh", "S"}, {"sz", "S"},
		{"tsch", "C"}, {"tch", "C"}, {"tsh", "C"}, {"th", "t"}, {"tz", "ts"},
		{"ye", "e"}, {"y", "i"}, {"zh", "J"},
	} {
		table[d.from[0]-'a'] = append(table[d.from[0]-'a'], d)
	}
	return table
}()

// codeOf applies the rules. Double letters are one, but in a script that leaves
// vowels out, where a vowel may stand between them, or in Korean, where each is of
// another syllable.
func codeOf(text string, s script) string {
	out := make([]byte, 0, len(text))
	put := func(b byte) {
		if n := len(out); n == 0 || out[n-1] != b || s.abjad() || s == hangul {
			out = append(out, b)
		}
	}
next:
	for i := 0; i < len(text); {
		c := text[i]
		if c < 'a' || c > 'z' {
			put(c)
			i++
			continue
		}
		rest := text[i:]
		for _, d := range digraphs[c-'a'] {
			if len(rest) >= len(d.from) && rest[:len(d.from)] == d.from {
				if d.from == "qu" && len(rest) > 2 && !vowel(rest[2]) || d.from == "hs" && s != latin {
					continue // Qutb; Husni, of which Arabic does not write the u
				}
				for k := range len(d.to) {
					put(d.to[k])
				}
				i += len(d.from)
				continue next
			}
		}
		switch {
		case c == 'x' && i == 0:
			put('S') // Xi; Ksenia is near enough
		case c == 'x':
			put('k')
			put('s')
		case c == 'j' && i > 0 && vowel(text[i-1]) && (i+1 == len(text) || !vowel(text[i+1])):
			put('i') // Andrej, Majkl
		case c == 'h' && i+1 == len(text) && i > 0 && vowel(text[i-1]): // Abdullah
		default:
			put(c)
		}
		i++
	}
	return string(out)
}

// skeletonClass maps the letters of a code to classes of consonants that
// spellings confuse; vowels, h and w have none.
var skeletonClass = func() (class [128]byte) {
	for _, row := range []string{"kgqcXG", "sSzCjJ", "td", "bpfv", "m", "n", "l", "r"} {
		for k := range len(row) {
			class[row[k]] = row[0]
		}
	}
	for d := byte('0'); d <= '9'; d++ {
		class[d] = d
	}
	return class
}()

// skeletonOf returns the classes of the consonants of a code, with a for a
// vowel, w or i at its start; ts and dz are one sound.
func skeletonOf(code string) string {
	var buf [2 * maxCode]byte
	out := buf[:0]
	for i := range len(code) {
		c := skeletonClass[code[i]&0x7f]
		if c == 0 && i == 0 && code[i] != 'h' {
			c = 'a'
		}
		if c == 't' && i+1 < len(code) && skeletonClass[code[i+1]&0x7f] == 's' {
			continue
		}
		if c != 0 && (i == 0 || len(out) == 0 || out[len(out)-1] != c || skeletonClass[code[i-1]&0x7f] != c) {
			out = append(out, c)
		}
	}
	return string(out)
}
