package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What Parse reads of a name; the rest is left out.
const (
	maxBytes  = 512 // of the name
	maxTokens = 12
	maxLetter = 24 // of one token
)

// shortLine is the length from which the name in a machine-readable zone may
// have been cut: the name line of TD1 has 30 letters (ICAO 9303-5).
const shortLine = 28

// Name is a name ready to be compared. The zero Name equals none.
type Name struct {
	tokens []token
	cut    bool // tokens were left out
}

// role is what a token is in its name.
type role uint8

const (
	part     role = iota // a name proper
	particle             // von, bin, al: seldom tells people apart
	title                // Dr, Shaykh, U
	initial              // one letter
	suffix               // Jr, III
	number
)

// token is one word of a name.
type token struct {
	text  string // in letters a to z or digits
	other string // text in another reading of its script, "" if there is none
	code  string // text after the spelling rules of code.go
	alt   string // another code, "" if there is none: the word with its article
	skel  string // the consonants of code in classes
	// altSkel is the skeleton of alt, "" if it is that of code.
	altSkel string
	kin     []uint16
	from    script
	role    role
	father  bool   // a patronymic
	common  bool   // borne by very many
	last    bool   // of a name so long that its end may have been cut
	ending  uint8  // line of endingTable
	house   uint16 // line of familyTable, from 1
	weight  float64
}

// IsZero reports whether the name has no letter and no digit that Parse knows.
func (n Name) IsZero() bool { return len(n.tokens) == 0 }

// Cut reports whether the name was longer than Parse reads: a Score then speaks
// of its beginning only.
func (n Name) Cut() bool { return n.cut }

// Tokens returns the words of the name in Latin letters, in order, as the
// comparison sees them.
func (n Name) Tokens() []string {
	out := make([]string, len(n.tokens))
	for i := range n.tokens {
		out[i] = n.tokens[i].text
	}
	return out
}

// word is a run of letters between separators.
type word struct {
	runes  []rune // as written, NFKC
	last   bool   // nothing follows, and the name is long enough to have been cut
	comma  bool   // a comma, or << of a machine-readable zone, stands before it
	dot    bool   // a full stop stands after it
	hyphen bool   // a hyphen stands before it
	next   bool   // a hyphen stands after it
}

// Parse reads a name: given name first, or family name first and a comma or <<
// after it, in any script.
func Parse(s string) Name {
	cut := len(s) > maxBytes
	if cut {
		s = s[:maxBytes]
	}
	words := split(norm.NFKC.String(strings.ToValidUTF8(s, " ")))
	if len(words) > 0 && utf8.RuneCountInString(s) >= shortLine {
		words[len(words)-1].last = true
	}
	words = givenFirst(words)
	var n Name
	lower := hasLower(words)
	for _, w := range words {
		for _, t := range tokensOf(w, lower) {
			if len(n.tokens) == maxTokens {
				n.cut = true
				break
			}
			t.last = w.last
			n.tokens = append(n.tokens, t)
		}
	}
	n.cut = n.cut || cut
	n.tokens = assignRoles(n.tokens)
	for i := range n.tokens {
		n.tokens[i].finish()
	}
	return n
}

// split cuts a name into words. Apostrophes belong to the word and are dropped,
// as are marks of scripts without rules.
func split(s string) []word {
	var words []word
	var run []rune
	comma, hyphen := false, false
	flush := func(end rune) {
		if len(run) > 0 {
			words = append(words, word{runes: run, comma: comma, hyphen: hyphen, dot: end == '.', next: end == '-'})
			run, comma, hyphen = nil, false, false
		}
	}
	for i, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), r == 'ー' && len(run) > 0, r == '׳':
			if len(run) > 0 && unicode.IsDigit(r) != unicode.IsDigit(run[len(run)-1]) && !unicode.IsMark(r) {
				flush(' ')
			}
			if len(run) < 4*maxLetter {
				run = append(run, r)
			}
		case isApostrophe(r), r == 0x200c, r == 0x200d, r == 0x640, r == 0xad, 0x200e <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		default:
			if isHyphen(r) {
				flush('-')
				hyphen = true
				continue
			}
			flush(r)
			hyphen = false
			if r == ',' || r == '،' || r == '、' || r == '<' && strings.HasPrefix(s[i:], "<<") {
				comma = comma || len(words) > 0
			}
		}
		if len(words) > 4*maxTokens {
			break
		}
	}
	flush(' ')
	return words
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', 'ʿ', 'ʾ', '`', '´', 'ʹ', 'ʺ', '′', '"', '“', '”', 'ˈ', '״':
		return true
	}
	return false
}

func isHyphen(r rune) bool { return r == '-' || 0x2010 <= r && r <= 0x2015 }

// givenFirst moves what stands before the only comma to the end. A generational
// suffix after a comma is none of that.
func givenFirst(words []word) []word {
	at := -1
	for i, w := range words {
		if w.comma && !suffixes[strings.ToLower(string(w.runes))] {
			if at >= 0 {
				return words
			}
			at = i
		}
	}
	if at <= 0 {
		return words
	}
	return append(append([]word(nil), words[at:]...), words[:at]...)
}

func hasLower(words []word) bool {
	for _, w := range words {
		for _, r := range w.runes {
			if unicode.IsLower(r) {
				return true
			}
		}
	}
	return false
}

// tokensOf spells a word in Latin letters and cuts it where two names were
// written as one.
func tokensOf(w word, lower bool) []token {
	var out []token
	add := func(s script, text string) {
		for part := range strings.FieldsSeq(text) {
			if len(part) > maxLetter {
				part = part[:maxLetter]
			}
			out = append(out, token{text: part, from: s})
		}
	}
	if unicode.IsDigit(w.runes[0]) {
		digits := make([]byte, 0, len(w.runes))
		for _, r := range w.runes {
			digits = append(digits, '0'+byte(digitValue(r)))
		}
		add(scriptNone, string(digits))
		if len(out) > 0 {
			out[0].role = number
		}
		return out
	}
	for _, piece := range camelPieces(w.runes, lower) {
		if letters, ok := initialsOf(piece, w, lower); ok {
			for _, l := range letters {
				add(latin, string(l))
			}
			continue
		}
		s := scriptOf(piece[0])
		text := romaniseRuns([]rune(strings.ToLower(string(piece))))
		if s == arabic {
			add(s, splitArticle(piece, text))
			continue
		}
		add(s, text)
		switch {
		case s == thai && len(out) > 0:
			out[len(out)-1].other = literalThai([]rune(string(piece)))
			if strings.Contains(text, "sri") {
				out[len(out)-1].other = strings.ReplaceAll(text, "sri", "si") // as the Royal system has it
			}
		case s == han:
			others := strings.Fields(spellHan(piece, wadeGiles))
			for i := range min(len(others), len(out)) {
				out[len(out)-1-i].other = others[len(others)-1-i]
			}
		}
	}
	return out
}

// digitValue returns the value of a decimal digit of any script.
func digitValue(r rune) int {
	for v := range 10 {
		if !unicode.IsDigit(r-rune(v)-1) || v == 9 {
			return v
		}
	}
	return 0
}

// romaniseRuns spells each run of one script by the rules of that script.
func romaniseRuns(word []rune) string {
	var out strings.Builder
	for start := 0; start < len(word); {
		s := scriptOf(word[start])
		end := start + 1
		for end < len(word) && (scriptOf(word[end]) == s || scriptOf(word[end]) == scriptNone) {
			end++
		}
		if s != scriptNone {
			out.WriteString(romanise(s, word[start:end]))
		}
		start = end
	}
	return out.String()
}

// camelPieces cuts at a capital after a small letter: AlisherUsmanov. Names in
// which that is the custom (McDonald, LeBron) are cut alike on both sides and
// are joined again by the comparison.
func camelPieces(word []rune, lower bool) [][]rune {
	if !lower {
		return [][]rune{word}
	}
	var out [][]rune
	start := 0
	for i := 2; i+1 < len(word); i++ {
		if unicode.IsLower(word[i-1]) && unicode.IsUpper(word[i]) && i-start > 1 {
			out = append(out, word[start:i])
			start = i
		}
	}
	return append(out, word[start:])
}

// initialsOf reads JC in "JC Juncker" as two initials: two or three capitals
// without a vowel in a name that has small letters.
func initialsOf(piece []rune, w word, lower bool) ([]rune, bool) {
	if !lower || len(piece) < 2 || len(piece) > 3 || len(piece) != len(w.runes) {
		return nil, false
	}
	letters := make([]rune, len(piece))
	for i, r := range piece {
		if r < 'A' || r > 'Z' || vowel(byte(r)|0x20) || r == 'Y' {
			return nil, false
		}
		letters[i] = r | 0x20
	}
	return letters, true
}

// splitArticle cuts the Arabic article from a word: al asad. What only looks
// like an article (Ilyas, Ilham) is joined again by the comparison.
func splitArticle(word []rune, text string) string {
	if len(word) < 4 || word[0] != 'ا' || word[1] != 'ل' {
		return text
	}
	if _, ok := arabicWords[string(word)]; ok {
		return text
	}
	return "al " + romanise(arabic, word[2:])
}
