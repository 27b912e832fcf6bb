package names

// indicConsonants and the other tables are indexed by the offset within one of
// the Unicode blocks from Devanagari to Sinhala, which are laid out alike.
var indicConsonants = map[rune]string{
	0x15: "k", 0x16: "kh", 0x17: "g", 0x18: "gh", 0x19: "n", 0x1a: "ch", 0x1b: "ch", 0x1c: "j", 0x1d: "jh", 0x1e: "n", 0x1f: "t", 0x20: "th", 0x21: "d",
	0x22: "dh", 0x23: "n", 0x24: "t", 0x25: "th", 0x26: "d", 0x27: "dh", 0x28: "n", 0x29: "n", 0x2a: "p", 0x2b: "ph", 0x2c: "b", 0x2d: "bh", 0x2e: "m",
	0x2f: "y", 0x30: "r", 0x31: "r", 0x32: "l", 0x33: "l", 0x34: "zh", 0x35: "v", 0x36: "sh", 0x37: "sh", 0x38: "s", 0x39: "h",
	0x58: "q", 0x59: "kh", 0x5a: "gh", 0x5b: "z", 0x5c: "r", 0x5d: "rh", 0x5e: "f", 0x5f: "y",
}

var indicVowels = map[rune]string{
	0x05: "a", 0x06: "a", 0x07: "i", 0x08: "i", 0x09: "u", 0x0a: "u", 0x0b: "ri", 0x0d: "e", 0x0e: "e", 0x0f: "e", 0x10: "ai", 0x11: "o", 0x12: "o", 0x13: "o", 0x14: "au",
}

// indicSigns are the vowels written on a consonant.
var indicSigns = map[rune]string{
	0x3e: "a", 0x3f: "i", 0x40: "i", 0x41: "u", 0x42: "u", 0x43: "ri", 0x45: "e", 0x46: "e", 0x47: "e", 0x48: "ai", 0x49: "o", 0x4a: "o", 0x4b: "o", 0x4c: "au",
}

// bengaliLetters are read otherwise than those of Devanagari.
var bengaliLetters = map[rune]string{0x2f: "j", 0x35: "b", 0x1b: "chh"}

// nuktaLetters are the consonants that a dot below changes.
var nuktaLetters = map[string]string{"k": "q", "kh": "kh", "g": "gh", "j": "z", "ph": "f", "d": "r", "dh": "rh"}

// sinhalaLetters: the Sinhala block has an order of its own.
var sinhalaLetters = map[rune]string{
	'අ': "a", 'ආ': "a", 'ඇ': "ae", 'ඈ': "ae", 'ඉ': "i", 'ඊ': "i", 'උ': "u", 'ඌ': "u", 'එ': "e", 'ඒ': "e", 'ඔ': "o", 'ඕ': "o", 'ක': "k", 'ඛ': "kh", 'ග': "g", 'ඝ': "gh",
	'ඞ': "n", 'ඟ': "ng", 'ච': "ch", 'ඡ': "ch", 'ජ': "j", 'ඣ': "jh", 'ඤ': "n", 'ඥ': "gn", 'ට': "t", 'ඨ': "th", 'ඩ': "d", 'ඪ': "dh", 'ණ': "n", 'ඬ': "nd", 'ත': "th", 'ථ': "th",
	'ද': "d", 'ධ': "dh", 'න': "n", 'ඳ': "nd", 'ප': "p", 'ඵ': "ph", 'බ': "b", 'භ': "bh", 'ම': "m", 'ඹ': "mb", 'ය': "y", 'ර': "r", 'ල': "l", 'ව': "w", 'ශ': "sh", 'ෂ': "sh",
	'ස': "s", 'හ': "h", 'ළ': "l", 'ෆ': "f", 0xdcf: "a", 0xdd0: "ae", 0xdd1: "ae", 0xdd2: "i", 0xdd3: "i", 0xdd4: "u", 0xdd6: "u", 0xdd8: "ru", 0xdd9: "e", 0xdda: "e", 0xddb: "ai",
	0xddc: "o", 0xddd: "o", 0xdde: "au", 0xd82: "n",
}

// brahmicWriter spells scripts whose consonants carry a vowel of their own
// until a sign takes it away.
type brahmicWriter struct {
	out      []byte
	inherent string
	pending  bool // the last consonant still has its own vowel
}

func (w *brahmicWriter) consonant(s string) {
	w.flush()
	w.out = append(w.out, s...)
	w.pending = true
}

func (w *brahmicWriter) vowel(s string) {
	w.pending = false
	w.out = append(w.out, s...)
}

func (w *brahmicWriter) flush() {
	if w.pending {
		w.out = append(w.out, w.inherent...)
		w.pending = false
	}
}

// fromIndic spells one word in one of the scripts of India and Sri Lanka. The
// vowel that a consonant carries is written a, and is left out at the end of a
// word in the scripts of the north, where it is silent.
func fromIndic(word []rune) string {
	w := brahmicWriter{inherent: "a", out: make([]byte, 0, 2*len(word))}
	north := true
	for i, r := range word {
		block, at := r&^0x7f, r&0x7f
		if block == 0xd80 {
			north = false
			w.sinhala(r)
			continue
		}
		if block >= 0xb80 {
			north = false
		}
		bengali := block == 0x980
		switch {
		case at == 0x4d: // virama
			w.pending = false
		case at == 0x3c: // nukta
			w.nukta(bengali)
		case at == 0x01 || at == 0x02 || block == 0xa00 && at == 0x70:
			w.flush()
			if i+1 < len(word) || at == 0x02 {
				w.out = append(w.out, 'n')
			}
		case indicSigns[at] != "":
			w.vowel(indicSigns[at])
		case indicVowels[at] != "":
			w.flush()
			w.out = append(w.out, indicVowels[at]...)
		case bengali && at == 0x5f:
			w.consonant("y")
		case bengali && bengaliLetters[at] != "":
			w.consonant(bengaliLetters[at])
		case indicConsonants[at] != "":
			w.consonant(indicConsonants[at])
		}
	}
	if !north {
		w.flush()
	}
	return string(w.out)
}

// nukta changes the consonant just written.
func (w *brahmicWriter) nukta(bengali bool) {
	for n := 2; n > 0; n-- {
		if len(w.out) < n || !w.pending {
			continue
		}
		tail := string(w.out[len(w.out)-n:])
		if s, ok := nuktaLetters[tail]; ok && !(bengali && tail == "j") {
			w.out = append(w.out[:len(w.out)-n], s...)
			return
		}
		if bengali && tail == "j" {
			w.out[len(w.out)-1] = 'y'
			return
		}
	}
}

func (w *brahmicWriter) sinhala(r rune) {
	s := sinhalaLetters[r]
	switch {
	case r == 0xdca:
		w.pending = false
	case r >= 0xdcf:
		w.vowel(s)
	case s != "" && (vowel(s[0]) || r == 0xd82):
		w.flush()
		w.out = append(w.out, s...)
	case s != "":
		w.consonant(s)
	}
}
