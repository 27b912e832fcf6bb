package notice

import (
	"strings"
	"unicode"
)

// The checks here are of shape only: that a code looks like one. Whether the
// country exists or the number was ever issued they do not say.

// isBureau reports whether s looks like the code of a bureau.
func isBureau(s string) bool { return len(s) == 2 && allIn(s, upperLetters) }

// isCountry reports whether s looks like a code of ISO 3166-1, alpha-2 or
// alpha-3.
func isCountry(s string) bool { return (len(s) == 2 || len(s) == 3) && allIn(s, upperLetters) }

// isLanguage reports whether s looks like a code of ISO 639.
func isLanguage(s string) bool { return (len(s) == 2 || len(s) == 3) && allIn(s, lowerLetters) }

// isReference reports whether s can be the short name of a notice, typed on a
// command line and said on the telephone.
func isReference(s string) bool {
	return len(s) >= 3 && len(s) <= 32 && allIn(s, upperLetters+decimalDigits+"-/.") && strings.ContainsAny(s, upperLetters)
}

// isDocumentNumber reports whether s looks like a number that an authority
// printed on a document.
func isDocumentNumber(s string) bool {
	bare := bareNumber(s)
	return len(s) <= 32 && len(bare) >= 3 && allIn(bare, upperLetters+decimalDigits) && s == strings.TrimSpace(s)
}

// bareNumber returns a document number without what people put between its
// digits, so that numbers compare.
func bareNumber(s string) string { return separators.Replace(strings.ToUpper(s)) }

var separators = strings.NewReplacer(" ", "", "-", "", "/", "", "<", "")

// isHex reports whether s is n bytes in lower-case hexadecimal.
func isHex(s string, n int) bool { return len(s) == 2*n && allIn(s, decimalDigits+"abcdef") }

// latin reports whether every letter of s is Latin.
func latin(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}

const (
	upperLetters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerLetters  = "abcdefghijklmnopqrstuvwxyz"
	decimalDigits = "0123456789"
)

// allIn reports whether s has bytes of the alphabet only.
func allIn(s, alphabet string) bool {
	for i := range len(s) {
		if strings.IndexByte(alphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}
