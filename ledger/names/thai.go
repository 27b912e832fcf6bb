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
	word = silenced(word)
	out := make([]byte, 0, 2*len(word))
	bare := false // the last letter written is a consonant without a vowel yet
	for i := 0; i < len(word); i++ {
		r := word[i]
		if v, ok := leading[r]; ok && i+1 < len(word) {
			i++
			onset := consonants[word[i]][0]
			if i+2 < len(word) && strings.ContainsRune("รลຣລ", word[i+1]) && strings.ContainsRune("กขคจตทบปผพฟดศກຂຄປພຕ", word[i]) {
				i++
				onset += consonants[word[i]][0]
			}
			out = append(append(out, onset...), taiVowel(word, &i, v)...)
			bare = false
			continue
		}
		if r == 'ิ' && i > 1 && word[i-1] == 'ต' && word[i-2] == 'า' && i+1 < len(word) {
			bare = false
			continue // chat, yat
		}
		if v, ok := vowels[r]; ok {
			out = append(out, v...)
			bare = false
			continue
		}
		c, ok := consonants[r]
		if !ok {
			continue
		}
		if literal && c[1] != "" && r != 'ย' && r != 'ว' {
			c[1] = strings.TrimSuffix(c[0], "h")
		}
		next := rune(0)
		if i+1 < len(word) {
			next = word[i+1]
		}
		_, nextVowel := vowels[next]
		_, nextConsonant := consonants[next]
		switch {
		case nextVowel:
			if bare {
				out = append(out, 'a')
			}
			out = append(out, c[0]...)
			bare = false
		case r == 'อ' && len(out) == 0 && nextConsonant:
			out = append(out, 'a')
		case (r == 'ศ' || r == 'ส') && next == 'ร' && i+2 < len(word):
			out = append(out, 's')
			bare = false
		case r == 'ร' && bare && (next == 0 || nextConsonant && i+2 < len(word)) && next != 'ร':
			out = append(out, "on"...)
			bare = false
		case r == 'ร' && i > 0 && (word[i-1] == 'ุ' || word[i-1] == 'ิ') && nextConsonant && i+2 < len(word):
			out = append(out, "ra"...)
		case r == 'ร' && i > 1 && (word[i-1] == 'ต' || word[i-1] == 'ท') && !bare: // chit, mit, but
			if literal {
				out = append(out, "ra"...) // as written, in Sanskrit words
			}
		case (r == 'ว' || r == 'ວ') && len(out) > 0 && !vowel(out[len(out)-1]) && next != 0:
			out = append(out, "ua"...)
		case (r == 'อ' || r == 'ອ' || r == 'ໍ') && len(out) > 0 && !vowel(out[len(out)-1]):
			out = append(out, 'o')
			bare = false
		case (r == 'ร' && next == 'ร'):
			out = append(out, "an"...)
			i++
		case bare && next == 0:
			out = append(append(out, 'o'), c[1]...)
		case len(out) > 0 && vowel(out[len(out)-1]) && !bare && closes(word, i, consonants):
			out = append(out, c[1]...)
		default:
			if bare && closes(word, i, consonants) {
				out = append(append(out, 'o'), c[1]...)
				bare = false
				continue
			}
			if bare {
				out = append(out, 'a')
			}
			out = append(out, c[0]...)
			bare = true
		}
	}
	return string(out)
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
