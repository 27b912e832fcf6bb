package names

import "strings"

// burmeseConsonants are onsets, as names are spelled in English: aspiration is
// written where custom writes it.
var burmeseConsonants = map[rune]string{
	'က': "k", 'ခ': "kh", 'ဂ': "g", 'ဃ': "g", 'င': "ng", 'စ': "s", 'ဆ': "s", 'ဇ': "z", 'ဈ': "z", 'ဉ': "ny", 'ည': "ny", 'ဋ': "t", 'ဌ': "t", 'ဍ': "d", 'ဎ': "d", 'ဏ': "n",
	'တ': "t", 'ထ': "ht", 'ဒ': "d", 'ဓ': "d", 'န': "n", 'ပ': "p", 'ဖ': "hp", 'ဗ': "b", 'ဘ': "b", 'မ': "m", 'ယ': "y", 'ရ': "y", 'လ': "l", 'ဝ': "w", 'သ': "th", 'ဟ': "h", 'ဠ': "l", 'အ': "",
	'ဿ': "th",
}

// burmeseRhymes map the vowel signs of a syllable and its final consonant,
// tone marks left out, to their spelling; a capital stands for the final.
var burmeseRhymes = map[string]string{
	"": "a", "ာ": "a", "ိ": "i", "ီ": "i", "ု": "u", "ူ": "u", "ေ": "e", "ဲ": "e", "ော": "aw", "ို": "o", "ံ": "an", "ုံ": "on", "ိံ": "ein",
	"က": "et", "ာက": "ak", "ောက": "auk", "ိုက": "aik", "င": "in", "ောင": "aung", "ိုင": "aing", "စ": "it", "ည": "i", "ဉ": "in", "တ": "at", "ိတ": "eik", "ုတ": "ok",
	"န": "an", "ိန": "ein", "ုန": "on", "ပ": "at", "ိပ": "eik", "ုပ": "ok", "မ": "an", "ိမ": "ein", "ုမ": "on", "ယ": "e", "ဏ": "an", "ုဏ": "on", "ုဒ": "ok", "ိဒ": "eik", "ဒ": "at",
	"ြ": "", "သ": "at", "လ": "an", "ဓ": "at", "ဋ": "at", "ဂ": "et", "ိဋ": "eik", "ာန": "an", "ာဉ": "in",
}

var burmeseVowels = map[rune]string{'ဣ': "i", 'ဤ': "i", 'ဥ': "u", 'ဦ': "u", 'ဧ': "e", 'ဩ': "aw", 'ဪ': "aw"}

// fromBurmese spells a Burmese word, syllable by syllable with blanks between,
// as Burmese names are written in Latin.
func fromBurmese(word []rune) string {
	var parts []string
	for i := 0; i < len(word); {
		s, n := burmeseSyllable(word[i:])
		if s != "" {
			parts = append(parts, s)
		}
		i += max(n, 1)
	}
	return strings.Join(parts, " ")
}

// burmeseSyllable spells the syllable at the start of word and returns its
// length. A consonant with an asat, or with a consonant stacked under it, closes
// the syllable before it.
func burmeseSyllable(word []rune) (string, int) {
	if s, ok := burmeseVowels[word[0]]; ok {
		n := 1
		for n < len(word) && (word[n] == 'း' || word[n] == '့' || word[n] == 'ီ' || word[n] == 'ု') {
			n++
		}
		return s, n
	}
	onset, ok := burmeseConsonants[word[0]]
	if !ok {
		return "", 1
	}
	var medials, rhyme []rune
	i := 1
	for i < len(word) {
		r := word[i]
		if r == 0x1039 && i > 1 { // stacked: the next consonant opens a syllable
			i++
			break
		}
		if 'ျ' <= r && r <= 'ှ' {
			medials = append(medials, r)
			i++
			continue
		}
		if _, consonant := burmeseConsonants[r]; consonant {
			final := i
			for i+1 < len(word) && word[i+1] == '့' {
				i++
			}
			if i+1 < len(word) && (word[i+1] == 0x103a || word[i+1] == 0x1039) {
				rhyme = append(rhyme, word[final])
				i += 2
				continue
			}
			i = final
			break
		}
		switch r {
		case 'း', '့', 0x103a: // tone, and asat after a vowel
		case 'ါ':
			rhyme = append(rhyme, 'ာ')
		default:
			if r < 0x102b || r > 0x1036 {
				return burmeseOnset(onset, medials) + burmeseRhyme(rhyme), i + 1
			}
			rhyme = append(rhyme, r)
		}
		i++
	}
	return burmeseOnset(onset, medials) + burmeseRhyme(rhyme), i
}

// burmeseOnset joins a consonant and its medials: kya, pyi, hla, swe.
func burmeseOnset(onset string, medials []rune) string {
	for _, m := range medials {
		switch m {
		case 'ျ', 'ြ':
			onset += "y"
		case 'ွ':
			onset += "w"
		case 'ှ':
			if onset == "y" {
				onset = "sh"
			} else if !strings.HasPrefix(onset, "h") {
				onset = "h" + onset
			}
		}
	}
	return onset
}

func burmeseRhyme(rhyme []rune) string {
	if s, ok := burmeseRhymes[string(rhyme)]; ok {
		return s
	}
	for n := len(rhyme) - 1; n > 0; n-- {
		if s, ok := burmeseRhymes[string(rhyme[:n])]; ok {
			return s
		}
	}
	return "a"
}
