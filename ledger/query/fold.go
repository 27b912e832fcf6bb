package query

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as texts are compared: letters in lower case, compatible forms
// the same, and without the marks that people leave out. The marks of scripts in
// which they are letters, such as the vowels of Thai, Khmer and Burmese, stay.
func Fold(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return strings.ToLower(s) // nothing to decompose
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		switch to, ok := foldLetters[r]; {
		case ok:
			b.WriteString(to)
		case r >= 0x300 && r <= 0x36f, r >= 0x64b && r <= 0x65f, r == 0x670, r == 0x640, r >= 0x591 && r <= 0x5c7:
			// accents, Arabic and Hebrew vowel points, the Arabic lengthening
		case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r >= 0x200b && r <= 0x200f:
			// what is not seen hides nothing
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// foldLetters are Latin letters that do not decompose, and Arabic ones that are
// written one for the other.
var foldLetters = map[rune]string{
	'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "n", 'ŧ': "t",
	'ى': "ي", 'ة': "ه", 'ی': "ي", 'ک': "ك", 'ς': "σ",
}

// Tokens returns the pieces of s by which it is found: its words, folded. What
// is written without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) is cut
// into every two letters that follow each other, so that each stretch of it is a
// phrase: ABC gives AB, BC and C.
func Tokens(s string) []string { return pieces(s, true) }

// pieces returns the tokens of s. With ends, the last letter of a stretch without
// spaces is a token as well; a query leaves it out, and asks for more.
func pieces(s string, ends bool) []string {
	list := words(s)
	out := make([]string, 0, len(list))
	for _, word := range list {
		out = appendPieces(out, word, ends)
	}
	return out
}

// words returns the runs of letters and digits of s, folded.
func words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

func appendPieces(out []string, word string, ends bool) []string {
	if strings.IndexFunc(word, unspaced) < 0 {
		return append(out, word)
	}
	runes := []rune(word)
	for i := 0; i < len(runes); {
		j, solid := i, unspaced(runes[i])
		for j < len(runes) && unspaced(runes[j]) == solid {
			j++
		}
		switch run := runes[i:j]; {
		case !solid:
			out = append(out, string(run))
		default:
			for k := range run {
				if k+1 < len(run) || ends || len(run) == 1 {
					out = append(out, string(run[k:min(k+2, len(run))]))
				}
			}
		}
		i = j
	}
	return out
}

// unspaced reports whether r is of a script that puts no space between words.
func unspaced(r rune) bool {
	return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// phrase returns the pieces of a wanted word, and whether the last is only the
// beginning of what shall be found, as a single letter of an unspaced script is.
func phrase(word string) (tokens []string, prefix bool) {
	tokens = pieces(word, false)
	if n := len(tokens); n > 0 {
		r := []rune(tokens[n-1])
		prefix = len(r) == 1 && unspaced(r[0])
	}
	return tokens, prefix
}

// containsPhrase reports whether the wanted tokens stand in tokens one after the
// other; of the last one, its beginning may be enough.
func containsPhrase(tokens, want []string, prefix bool) bool {
	if len(want) == 0 {
		return false
	}
	last := len(want) - 1
	for i := 0; i+len(want) <= len(tokens); i++ {
		j := 0
		for j < last && tokens[i+j] == want[j] {
			j++
		}
		if j == last && (tokens[i+last] == want[last] || prefix && strings.HasPrefix(tokens[i+last], want[last])) {
			return true
		}
	}
	return false
}
