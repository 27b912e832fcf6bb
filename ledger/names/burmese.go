package names

import (
	"slices"
	"strings"
)

// burmeseConsonants are onsets, as names are spelled in English: aspiration is
// written where custom writes it.
var burmeseConsonants = map[rune]string{
	'က': "k", 'ခ': "kh", 'ဂ': "g", 'ဃ': "g", 'င': "ng", 'စ': "s", 'ဆ': "s", 'ဇ': "z", 'ဈ': "z", 'ဉ': "ny", 'ည': "ny", 'ဋ': "t", 'ဌ': "ht", 'ဍ': "d", 'ဎ': "d", 'ဏ': "n",
	'တ': "t", 'ထ': "ht", 'ဒ': "d", 'ဓ': "d", 'န': "n", 'ပ': "p", 'ဖ': "ph", 'ဗ': "b", 'ဘ': "b", 'မ': "m", 'ယ': "y", 'ရ': "y", 'လ': "l", 'ဝ': "w", 'သ': "th", 'ဟ': "h", 'ဠ': "l", 'အ': "",
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
	creaky := false
	i := 1
	done := func() (string, int) {
		r := burmeseRhyme(rhyme)
		if creaky && strings.HasSuffix(r, "n") {
			r += "t" // Myint, Thant, Nyunt
		}
		if word[0] == 'ရ' && r == "a" && len(rhyme) == 0 && len(medials) == 0 {
			onset = "r" // in words from Pali
		}
		if onset == "" && r == "e" && len(medials) == 0 {
			return "aye", i
		}
		return burmeseSound(burmeseOnset(onset, medials), r), i
	}
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
				creaky = true
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
		case '့':
			creaky = true
		case 'း', 0x103a: // tone, and asat after a vowel
		case 'ါ':
			rhyme = append(rhyme, 'ာ')
		default:
			if r < 0x102b || r > 0x1036 {
				return done()
			}
			rhyme = append(rhyme, r)
		}
		i++
	}
	return done()
}

// burmeseSound joins onset and rhyme: w before an is written u, Tun.
func burmeseSound(onset, rhyme string) string {
	if base, ok := strings.CutSuffix(onset, "w"); ok && base != "" && (strings.HasPrefix(rhyme, "an") || rhyme == "at") {
		return base + "u" + rhyme[1:]
	}
	return onset + rhyme
}

// burmeseOnset joins a consonant and its medials: kya, pyi, hla, swe.
func burmeseOnset(onset string, medials []rune) string {
	if slices.Contains(medials, 'ှ') {
		switch {
		case onset == "y":
			onset = "sh"
		case !strings.HasPrefix(onset, "h"):
			onset = "h" + onset
		}
	}
	for _, m := range medials {
		switch {
		case m == 'ြ' && onset == "ng":
			onset = "ny"
		case m == 'ျ' || m == 'ြ':
			onset += "y"
			if onset == "khy" {
				onset = "ch"
			}
		case m == 'ွ':
			onset += "w"
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
