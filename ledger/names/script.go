package names

import (
	"strings"
	"unicode"
)

// script is a writing system that Parse has rules for.
type script uint8

const (
	scriptNone script = iota // digits and what has no rules
	latin
	cyrillic
	greek
	arabic
	hebrew
	armenian
	georgian
	ethiopic
	han
	kana
	hangul
	thai
	lao
	khmer
	burmese
	indic
)

// scriptNames are the words of the reasons.
var scriptNames = [...]string{
	latin: "Latin", cyrillic: "Cyrillic", greek: "Greek", arabic: "Arabic", hebrew: "Hebrew", armenian: "Armenian", georgian: "Georgian",
	ethiopic: "Ethiopic", han: "Chinese", kana: "Japanese", hangul: "Korean", thai: "Thai", lao: "Lao", khmer: "Khmer", burmese: "Burmese",
	indic: "an Indian script",
}

// loose reports whether the romanised form of a word in the script has vowels
// that are guessed: left out by its writers, or spelled in Latin by custom.
func (s script) loose() bool {
	switch s {
	case arabic, hebrew, ethiopic, kana, hangul, thai, lao, khmer, burmese, indic:
		return true
	}
	return false
}

// drawls reports whether people write the long vowels of the script with an r.
func (s script) drawls() bool { return s == thai || s == khmer || s == burmese }

// abjad reports whether writers of the script leave short vowels out.
func (s script) abjad() bool { return s == arabic || s == hebrew }

// scriptOf returns the writing system of a letter or of a mark that only one
// system has, else scriptNone.
func scriptOf(r rune) script {
	switch {
	case r < 0x80:
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return latin
		}
		return scriptNone
	case r < 0x250, 0x1e00 <= r && r < 0x1f00, 0x250 <= r && r < 0x2b0:
		return latin
	case 0x370 <= r && r < 0x400, 0x1f00 <= r && r < 0x2000:
		return greek
	case 0x400 <= r && r < 0x530, 0x1c80 <= r && r < 0x1c90:
		return cyrillic
	case 0x530 <= r && r < 0x590:
		return armenian
	case 0x590 <= r && r < 0x600:
		return hebrew
	case 0x600 <= r && r < 0x700, 0x750 <= r && r < 0x780, 0x8a0 <= r && r < 0x900:
		return arabic
	case 0x900 <= r && r < 0xe00:
		return indic
	case 0xe00 <= r && r < 0xe80:
		return thai
	case 0xe80 <= r && r < 0xf00:
		return lao
	case 0x1000 <= r && r < 0x10a0, 0xaa60 <= r && r < 0xaa80:
		return burmese
	case 0x10a0 <= r && r < 0x1100, 0x1c90 <= r && r < 0x1cc0:
		return georgian
	case 0x1200 <= r && r < 0x13a0:
		return ethiopic
	case 0x1780 <= r && r < 0x1800:
		return khmer
	case 0x3041 <= r && r < 0x3100, r == 0x31f0:
		return kana
	case 0xac00 <= r && r < 0xd7a4, 0x1100 <= r && r < 0x1200:
		return hangul
	case unicode.Is(unicode.Han, r):
		return han
	}
	return scriptNone
}

// romanise spells a word of one script in the letters a to z. The word is in
// normal form NFKC and lower case.
func romanise(s script, word []rune) string {
	switch s {
	case latin:
		return foldLatin(word)
	case cyrillic:
		return fromCyrillic(word)
	case greek:
		return fromGreek(word)
	case arabic:
		return fromArabic(word)
	case hebrew:
		return fromHebrew(word)
	case armenian:
		// The ligature ev comes apart under NFKC; what is left of it is a v.
		return fromTable([]rune(strings.ReplaceAll(string(word), "եւ", "եվ")), caucasianLetters)
	case georgian:
		return fromTable(word, caucasianLetters)
	case ethiopic:
		return fromEthiopic(word)
	case han:
		return fromHan(word)
	case kana:
		return fromKana(word)
	case hangul:
		return fromHangul(word)
	case thai:
		return fromThai(word)
	case lao:
		return fromLao(word)
	case khmer:
		return fromKhmer(word)
	case burmese:
		return fromBurmese(word)
	case indic:
		return fromIndic(word)
	}
	return ""
}

// fromTable spells letter by letter; letters without a row are left out.
func fromTable(word []rune, table map[rune]string) string {
	out := make([]byte, 0, 2*len(word))
	for _, r := range word {
		out = append(out, table[r]...)
	}
	return string(out)
}
