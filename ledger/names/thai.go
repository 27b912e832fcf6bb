package names

import "strings"

// thaiConsonants: spelling at the start and at the end of a syllable.
var thaiConsonants = map[rune][2]string{
	'ก': {"k", "k"}, 'ข': {"kh", "k"}, 'ฃ': {"kh", "k"}, 'ค': {"kh", "k"}, 'ฅ': {"kh", "k"}, 'ฆ': {"kh", "k"}, 'ง': {"ng", "ng"}, 'จ': {"j", "t"}, 'ฉ': {"ch", "t"},
	'ช': {"ch", "t"}, 'ซ': {"s", "t"}, 'ฌ': {"ch", "t"}, 'ญ': {"y", "n"}, 'ฎ': {"d", "t"}, 'ฏ': {"t", "t"}, 'ฐ': {"th", "t"}, 'ฑ': {"th", "t"}, 'ฒ': {"th", "t"},
	'ณ': {"n", "n"}, 'ด': {"d", "t"}, 'ต': {"t", "t"}, 'ถ': {"th", "t"}, 'ท': {"th", "t"}, 'ธ': {"th", "t"}, 'น': {"n", "n"}, 'บ': {"b", "p"}, 'ป': {"p", "p"},
	'ผ': {"ph", "p"}, 'ฝ': {"f", "p"}, 'พ': {"ph", "p"}, 'ฟ': {"f", "p"}, 'ภ': {"ph", "p"}, 'ม': {"m", "m"}, 'ย': {"y", "i"}, 'ร': {"r", "n"}, 'ล': {"l", "n"},
	'ว': {"w", "o"}, 'ศ': {"s", "t"}, 'ษ': {"s", "t"}, 'ส': {"s", "t"}, 'ห': {"h", ""}, 'ฬ': {"l", "n"}, 'อ': {"", ""}, 'ฮ': {"h", ""},
}

// thaiVowels follow their consonant; those of thaiLeading are written before it.
var (
	thaiVowels = map[rune]string{
		'ะ': "a", 'ั': "a", 'า': "a", 'ำ': "am", 'ิ': "i", 'ี': "i", 'ึ': "ue", 'ื': "ue", 'ุ': "u", 'ู': "u", 'ๅ': "", '็': "", 'ฤ': "ri",
	}
	thaiLeading = map[rune]string{'เ': "e", 'แ': "ae", 'โ': "o", 'ใ': "ai", 'ไ': "ai"}
)

// fromThai spells one Thai word, close to the Royal system. Syllables are not
// marked in Thai: a vowel is put between two consonants that have none.
func fromThai(word []rune) string {
	return fromTai(word, thaiConsonants, thaiVowels, thaiLeading, false)
}

// literalThai spells the letters that end syllables as written, for many names
// keep the spelling of their Sanskrit source: Kamol, Anant.
func literalThai(word []rune) string {
	return fromTai(word, thaiConsonants, thaiVowels, thaiLeading, true)
}

// fromTai is the method of Thai and Lao.
func fromTai(word []rune, consonants map[rune][2]string, vowels, leading map[rune]string, literal bool) string {
	t := &tai{word: silenced(word), consonants: consonants, vowels: vowels, literal: literal}
	t.out = make([]byte, 0, 2*len(t.word))
	for ; t.i < len(t.word); t.i++ {
		r := t.word[t.i]
		if v, ok := leading[r]; ok && t.i+1 < len(t.word) {
			t.lead(v)
			continue
		}
		if r == 'ิ' && t.i > 1 && t.word[t.i-1] == 'ต' && t.word[t.i-2] == 'า' && t.i+1 < len(t.word) {
			t.bare = false
			continue // chat, yat
		}
		if v, ok := vowels[r]; ok {
			t.put(v, false)
		} else if c, ok := consonants[r]; ok {
			t.consonant(r, c)
		}
	}
	return string(t.out)
}

// tai is a word on its way from Thai or Lao letters.
type tai struct {
	word       []rune
	i          int // of the letter that is next
	out        []byte
	bare       bool // the last letter written is a consonant without a vowel yet
	consonants map[rune][2]string
	vowels     map[rune]string
	literal    bool
}

func (t *tai) put(s string, bare bool) { t.out, t.bare = append(t.out, s...), bare }

// vowelled reports whether what was written ends with a vowel.
func (t *tai) vowelled() bool { return len(t.out) > 0 && vowel(t.out[len(t.out)-1]) }

// lead writes a syllable whose vowel is written first.
func (t *tai) lead(v string) {
	t.i++
	onset := t.consonants[t.word[t.i]][0]
	if t.i+2 < len(t.word) && strings.ContainsRune("รลຣລ", t.word[t.i+1]) && strings.ContainsRune("กขคจตทบปผพฟดศກຂຄປພຕ", t.word[t.i]) {
		t.i++
		onset += t.consonants[t.word[t.i]][0]
	}
	t.put(onset+taiVowel(t.word, &t.i, v), false)
}

// consonant writes a consonant, and the vowel before it that is not written.
func (t *tai) consonant(r rune, c [2]string) {
	if t.literal && c[1] != "" && r != 'ย' && r != 'ว' {
		c[1] = strings.TrimSuffix(c[0], "h")
	}
	next := rune(0)
	if t.i+1 < len(t.word) {
		next = t.word[t.i+1]
	}
	_, nextVowel := t.vowels[next]
	switch {
	case nextVowel:
		if t.bare {
			t.put("a", true)
		}
		t.put(c[0], false)
	case t.special(r, next):
	case t.bare && next == 0:
		t.put("o"+c[1], true)
	case t.vowelled() && !t.bare && closes(t.word, t.i, t.consonants):
		t.put(c[1], false)
	case t.bare && closes(t.word, t.i, t.consonants):
		t.put("o"+c[1], false)
	case t.bare:
		t.put("a"+c[0], true)
	default:
		t.put(c[0], true)
	}
}

// special writes the consonants that are not spelled as themselves where they stand,
// and reports whether this is one. No vowel sign is next.
func (t *tai) special(r, next rune) bool {
	_, nextConsonant := t.consonants[next]
	more := t.i+2 < len(t.word)
	after := func(i int, letters string) bool { return t.i >= i && strings.ContainsRune(letters, t.word[t.i-i]) }
	switch {
	case r == 'อ' && len(t.out) == 0 && nextConsonant:
		t.put("a", t.bare)
	case (r == 'ศ' || r == 'ส') && next == 'ร' && more:
		t.put("s", false)
	case r == 'ร' && t.bare && (next == 0 || nextConsonant && more) && next != 'ร':
		t.put("on", false)
	case r == 'ร' && after(1, "ุิ") && nextConsonant && more:
		t.put("ra", t.bare)
	case r == 'ร' && t.i > 1 && after(1, "ตท") && !t.bare: // chit, mit, but
		if t.literal {
			t.put("ra", false) // as written, in Sanskrit words
		}
	case (r == 'ว' || r == 'ວ') && len(t.out) > 0 && !t.vowelled() && next != 0:
		t.put("ua", t.bare)
	case (r == 'อ' || r == 'ອ' || r == 'ໍ') && len(t.out) > 0 && !t.vowelled():
		t.put("o", false)
	case r == 'ร' && next == 'ร':
		t.put("an", t.bare)
		t.i++
	default:
		return false
	}
	return true
}

// closes reports whether the consonant at i ends its syllable: nothing follows,
// or another consonant or a leading vowel.
func closes(word []rune, i int, consonants map[rune][2]string) bool {
	if i+1 == len(word) {
		return true
	}
	if _, ok := thaiLeading[word[i+1]]; ok {
		return true
	}
	if _, ok := laoLeading[word[i+1]]; ok {
		return true
	}
	_, ok := consonants[word[i+1]]
	return ok && (i+2 < len(word) || word[i+1] == 'ร' && (word[i] == 'ต' || word[i] == 'ท'))
}

// taiVowel returns a vowel that is written around its consonant, and moves i to
// its last sign.
func taiVowel(word []rune, i *int, v string) string {
	rest := word[*i+1:]
	has := func(signs ...rune) bool {
		if len(rest) < len(signs) {
			return false
		}
		for k, s := range signs {
			if rest[k] != s && rest[k]+0x80 != s {
				return false
			}
		}
		*i += len(signs)
		return true
	}
	if v == "e" {
		switch {
		case has('ี', 'ย'), has('ັ', 'ຍ'), has('ຍ'):
			return "ia"
		case has('ื', 'อ'), has('ຶ', 'ອ'), has('ື', 'ອ'):
			return "uea"
		case has('า', 'ะ'):
			return "o"
		case has('า'), has('າ'), has('ົ', 'າ'):
			return "ao"
		case has('อ'), has('ิ'), has('ອ'), has('ີ'), has('ິ'):
			return "oe"
		case has('ย'):
			return "oei"
		}
	}
	return v
}

// silenced drops tone marks and the consonants that the mark of silence, which
// may follow a vowel sign, takes away.
func silenced(word []rune) []rune {
	out := make([]rune, 0, len(word))
	for _, r := range word {
		switch r {
		case '์', '໌':
			if n := len(out); n > 2 && out[n-1] == 'ร' && (out[n-2] == 'ท' || out[n-2] == 'ด') {
				out = out[:n-2] // chan, in, niran
				continue
			}
			if n := len(out); n > 2 && out[n-2] == 'ษ' && out[n-3] == 'ก' {
				out = out[:n-2] // lak
				continue
			}
			for len(out) > 0 {
				last := out[len(out)-1]
				out = out[:len(out)-1]
				if last != 'ิ' && last != 'ุ' {
					break
				}
			}
		case '่', '้', '๊', '๋', 'ฺ', '่' + 0x80, '้' + 0x80, '๊' + 0x80, '๋' + 0x80:
		default:
			out = append(out, r)
		}
	}
	return out
}

var laoConsonants = map[rune][2]string{
	'ກ': {"k", "k"}, 'ຂ': {"kh", "k"}, 'ຄ': {"kh", "k"}, 'ງ': {"ng", "ng"}, 'ຈ': {"ch", "t"}, 'ສ': {"s", "t"}, 'ຊ': {"s", "t"}, 'ຍ': {"ny", "i"}, 'ດ': {"d", "t"},
	'ຕ': {"t", "t"}, 'ຖ': {"th", "t"}, 'ທ': {"th", "t"}, 'ນ': {"n", "n"}, 'ບ': {"b", "p"}, 'ປ': {"p", "p"}, 'ຜ': {"ph", "p"}, 'ຝ': {"f", "p"}, 'ພ': {"ph", "p"},
	'ຟ': {"f", "p"}, 'ມ': {"m", "m"}, 'ຢ': {"y", "i"}, 'ຣ': {"r", "n"}, 'ລ': {"l", "n"}, 'ວ': {"v", "o"}, 'ຫ': {"h", ""}, 'ອ': {"", ""}, 'ຮ': {"h", ""},
	'ໜ': {"n", "n"}, 'ໝ': {"m", "m"},
}

var (
	laoVowels = map[rune]string{
		'ະ': "a", 'ັ': "a", 'າ': "a", 'ຳ': "am", 'ິ': "i", 'ີ': "i", 'ຶ': "ue", 'ື': "ue", 'ຸ': "u", 'ູ': "u", 'ົ': "o", 'ໍ': "o", 'ຽ': "ia",
	}
	laoLeading = map[rune]string{'ເ': "e", 'ແ': "ae", 'ໂ': "o", 'ໃ': "ai", 'ໄ': "ai"}
)

// fromLao spells one Lao word.
func fromLao(word []rune) string { return fromTai(word, laoConsonants, laoVowels, laoLeading, false) }
