package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text from other bureaus reaches an officer's terminal. It may hold what
// moves the cursor, reorders letters or hides them, so everything that is not
// an ordinary visible character is shown as its escape: \x1b, \u202e,
// \U000e0041, and \xff for a byte that is not UTF-8.

// visible returns s for one line of a terminal: line breaks are escaped too.
func visible(s string) string { return escape(s, false) }

// visibleText returns s for several lines: it keeps line breaks and tabs.
func visibleText(s string) string { return escape(s, true) }

func escape(s string, lines bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case lines && (r == '\n' || r == '\t'), shows(r):
			b.WriteString(s[i : i+n])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// plain reports whether s is printable ASCII, as most text is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// shows reports whether r is seen as itself. Graphic characters are letters,
// marks, numbers, punctuation, symbols and spaces: no controls, no bidi
// controls, no zero-width joiners, no tags, no private use. Of the graphic
// ones, those that Unicode lets a program not draw are left out as well.
func shows(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escapeJSON rewrites, inside an encoded JSON document, every character that
// does not show as \uXXXX. Such characters stand in strings only, where both
// forms mean the same: the document stays exact, and harmless to a terminal.
func escapeJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for i := 0; i < len(doc); {
		r, n := utf8.DecodeRune(doc[i:])
		switch {
		case r < 0x7f, shows(r):
			out = append(out, doc[i:i+n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
		i += n
	}
	return out
}
