package query

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"comity/ledger/names"
)

func (p *parser) fail(at Pos, format, hint string, args ...any) *Error {
	return &Error{Pos: at, Why: fmt.Sprintf(format, args...), Hint: hint}
}

// raw is a value as written.
type raw struct {
	pos    Pos
	text   string
	quoted bool
}

// valueList reads the values of a term: one, or several with commas between.
func (p *parser) valueList(t *Term, named bool) ([]Value, error) {
	var out []Value
	for {
		at := p.pos()
		text, quoted, err := p.word()
		if err != nil {
			return nil, err
		}
		if t.Field.Type == PlaceField && t.Op == Fuzzy && !quoted && p.peek(0) == ',' { // of a latitude
			p.next()
			lon, _, err := p.word()
			if err != nil {
				return nil, err
			}
			text += "," + lon
		}
		if err := p.follows(t, at, text, quoted, named); err != nil {
			return nil, err
		}
		if p.values++; p.values > MaxValues {
			return nil, p.fail(at, "there are more than %d values", "", MaxValues)
		}
		v, err := p.value(t, raw{at, text, quoted})
		if err != nil {
			return nil, err
		}
		out = append(out, *v)
		if p.peek(0) != ',' {
			return out, nil
		}
		p.next()
	}
}

// follows checks what stands around a value that was just read.
func (p *parser) follows(t *Term, at Pos, text string, quoted, named bool) error {
	name := t.Field.Name
	switch r := p.peek(0); {
	case strings.TrimSpace(text) == "" && !quoted && named && unicode.IsSpace(r):
		return p.fail(at, "nothing stands behind %s%s", "no space between: "+t.Field.Example, name, string(t.Op))
	case strings.TrimSpace(text) == "" && named:
		return p.fail(at, "%s: nothing to look for", "for example: "+t.Field.Example, name)
	case strings.TrimSpace(text) == "":
		return p.fail(at, "nothing to look for", "")
	case len(text) > MaxLength/2:
		return p.fail(at, "a value is longer than %d bytes", "", MaxLength/2)
	case quoted && r != 0 && !unicode.IsSpace(r) && r != ')' && r != ',' && !(r == '*' && t.Field.Type == TextField):
		return p.fail(p.pos(), "a space is missing behind the quote", "")
	case !quoted && isQuote(r):
		return p.fail(p.pos(), "a quote within a word", "quote the whole value: "+name+`:"..."`)
	case !quoted && r == '(':
		return p.fail(p.pos(), "a bracket within a word", "put a space before it, or the word into \"quotes\"")
	case r == ',' && (t.Field.Type == TextField || t.Field.Type == NameField || t.Field.Type == PlaceField || t.Field.Type == RouteField && !isCode(text)):
		return p.fail(p.pos(), "%s takes no list with commas", "put what has a comma into \"quotes\", or write OR between terms", name)
	}
	return nil
}

// value reads one value by the type of its field.
func (p *parser) value(t *Term, w raw) (*Value, error) {
	v := &Value{Pos: w.pos, Text: w.text}
	if from, to, isRange := cutRange(w); isRange && t.Field.Type != DayField && t.Field.Type != AgeField && t.Field.Type != TimeField {
		if t.Field.Type != TextField && t.Field.Type != NameField && from != "" {
			return nil, p.fail(w.pos, "%s has no order, so no range from %s to %s", "a list: "+t.Field.Name+":A,B; ranges are for dob, age and time", t.Field.Name, clip(from), clip(to))
		}
	}
	var err error
	switch t.Field.Type {
	case TextField:
		err = p.textValue(v, w)
	case NameField:
		if err = p.wordsValue(t, v); err == nil && t.Op == Fuzzy {
			if v.name = names.Parse(v.Text); v.name.IsZero() {
				err = p.fail(v.Pos, "name~ knows no letter of %s", "name: compares letter by letter", quote(v.Text))
			}
		}
	case DayField, AgeField, TimeField:
		err = p.spanValue(t, v, w)
	case IdentField:
		err = p.identValue(t, v)
	case IDField, LinkField:
		err = p.idValue(t, v)
	case PlaceField:
		err = p.placeValue(t, v)
	case RouteField:
		if isCode(v.Text) {
			v.Norm = CountryCode(v.Text)
		}
		err = p.wordsValue(t, v)
	default:
		err = p.codeValue(t, v)
	}
	return v, err
}

// cutRange divides A..B, which only a word can be.
func cutRange(w raw) (from, to string, ok bool) {
	if w.quoted {
		return "", "", false
	}
	return strings.Cut(w.text, "..")
}

// maxWords bounds the pieces of one value.
const maxWords = 64

// maxNameWords is how long a text may be to be looked for as a name.
const maxNameWords = 8

// textValue reads a bare word, a phrase, or the beginning of a word.
func (p *parser) textValue(v *Value, w raw) error {
	text := v.Text
	if w.quoted && p.peek(0) == '*' {
		p.next()
		v.Prefix = true
	} else if cut, ok := strings.CutSuffix(text, "*"); ok && !w.quoted {
		text, v.Prefix = cut, true
	}
	if !w.quoted {
		switch text {
		case "and", "or", "not":
			return p.fail(w.pos, "%s in small letters is only a word", "write "+strings.ToUpper(text)+", or put the word into \"quotes\"", text)
		}
		if strings.ContainsAny(text, "*?") {
			return p.fail(w.pos, "a * stands at the end of a word only, and there is no ?", "for a spelling that is not sure: name~")
		}
	}
	tokens, prefix := phrase(text)
	if !v.Prefix && strings.IndexFunc(text, unicode.IsDigit) < 0 && len(tokens) <= maxNameWords {
		v.name = names.Parse(text) // it may be a name, in any script
	}
	v.Words, v.Prefix = [][]string{tokens}, v.Prefix || prefix
	switch {
	case len(tokens) == 0:
		return p.fail(w.pos, "%s holds no letter and no digit", "", quote(v.Text))
	case len(tokens) > maxWords:
		return p.fail(w.pos, "a phrase of more than %d words", "", maxWords)
	case v.Prefix && len([]rune(tokens[len(tokens)-1])) < 2 && !prefix:
		return p.fail(w.pos, "the beginning of a word needs two letters or more", "")
	}
	return nil
}

// wordsValue reads words that may stand in any order.
func (p *parser) wordsValue(t *Term, v *Value) error {
	if strings.ContainsAny(v.Text, "*?") {
		return p.fail(v.Pos, "%s takes no * and no ?", "for a spelling that is not sure: name~; for the beginning of a word in any text: text:word*", t.Field.Name)
	}
	for _, w := range words(v.Text) {
		if tokens, _ := phrase(w); len(tokens) > 0 {
			v.Words = append(v.Words, tokens)
		}
	}
	switch {
	case len(v.Words) == 0:
		return p.fail(v.Pos, "%s: %s holds no letter and no digit", "", t.Field.Name, quote(v.Text))
	case len(v.Words) > maxWords || len(v.Text) > 512:
		return p.fail(v.Pos, "%s: that is too long for one", "", t.Field.Name)
	}
	return nil
}

func (p *parser) identValue(t *Term, v *Value) error {
	var ok bool
	if t.Field.Name == Phone && isNational(v.Text) {
		return p.fail(v.Pos, "phone: %s has no country code, with which all numbers are compared", "write phone:+ and the code, and leave the first 0 out; of a number that may be written otherwise, text:", quote(v.Text))
	}
	if strings.ContainsAny(v.Text, "*?") {
		return p.fail(v.Pos, "%s compares whole numbers, without * and ?", t.Field.Name+"~ also finds numbers with one character wrong", t.Field.Name)
	}
	if v.Norm, ok = Normal(t.Field.Name, v.Text); ok {
		return nil
	}
	why := map[string]string{
		Phone: "a telephone number has 5 to 17 digits", Email: "an e-mail address has an @ in it", IMEI: "an IMEI has 15 digits",
	}[t.Field.Name]
	return p.fail(v.Pos, "%s cannot be the value of %s", why, quote(v.Text), t.Field.Name)
}

// isNational reports whether a telephone number is one of an unnamed country: it
// begins with one 0.
func isNational(s string) bool {
	s = strings.TrimSpace(Fold(s))
	digits := keep(s, isDigit)
	return !strings.ContainsAny(s, "+*?") && len(digits) > 1 && digits[0] == '0' && digits[1] != '0'
}

func (p *parser) idValue(t *Term, v *Value) error {
	v.Norm = NormalID(v.Text)
	if strings.ContainsAny(v.Text, "*? ") {
		return p.fail(v.Pos, "%s: %s is no id and no short name", "a notice has a short name such as LT-0301, or 8 digits or more of its id", t.Field.Name, quote(v.Text))
	}
	if t.Field.Type == LinkField && t.Depth == 0 {
		t.Depth = 1
	}
	return nil
}

func (p *parser) codeValue(t *Term, v *Value) error {
	v.Norm = strings.ReplaceAll(strings.ToLower(Fold(strings.TrimSpace(v.Text))), "-", "_")
	f := t.Field
	if f.Name == "op" {
		if v.Norm = Code(v.Text); v.Norm == "" {
			return p.fail(v.Pos, "op: %s holds no letter and no digit", "", quote(v.Text))
		}
		return nil
	}
	if f.Words == nil {
		if v.Norm = strings.ToUpper(v.Norm); !isCode(v.Norm) {
			return p.fail(v.Pos, "%s: %s is no code of two or three letters", "for example: "+f.Example, f.Name, quote(v.Text))
		}
		if f.Name == "country" {
			v.Norm = CountryCode(v.Norm)
		}
		return nil
	}
	best, bestAt := "", 3
	for _, w := range f.Words {
		if strings.EqualFold(w, v.Norm) {
			v.Norm = w
			if w == HasMinor && f.Type == HasField {
				v.Spans = []Span{{First: dayOf(p.asOf.AddDate(-adult, 0, 0)) + 1, Last: Latest, Score: 1}}
			}
			return nil
		}
		if d := editDistance(w, v.Norm, bestAt); d < bestAt {
			best, bestAt = w, d
		}
	}
	e := p.fail(v.Pos, "%s: there is no %s", f.Name+" is one of "+strings.Join(f.Words, ", "), f.Name, quote(v.Text))
	if best != "" {
		e.Hint = "did you mean " + best + "? " + e.Hint
	}
	return e
}

func (p *parser) placeValue(t *Term, v *Value) error {
	if isGeohash(v.Text) {
		v.Hash = strings.ToLower(v.Text)
	}
	if t.Op == Equal {
		return p.wordsValue(t, v)
	}
	t.WithinKM = defaultWithin
	if at, ok := parsePoint(v.Text); ok {
		v.Point = &at
	} else if v.Hash != "" {
		at := geohashPoint(v.Hash)
		v.Point = &at
	} else {
		return p.fail(v.Pos, "place~ needs a point on Earth, and %s is none", "latitude,longitude as in "+t.Field.Example+", or a geohash; by name: place:NAME", quote(v.Text))
	}
	return nil
}

// modifier sets what depth: or within: says.
func (t *Term) modifier(p *parser, at Pos, name, text string) error {
	if name == "depth" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxLinkDepth {
			return p.fail(at, "depth: %s is not a number of steps from 1 to %d", "", quote(text), MaxLinkDepth)
		}
		t.Depth = n
		return nil
	}
	km, err := strconv.ParseFloat(strings.TrimSuffix(strings.ToLower(text), "km"), 64)
	switch {
	case t.Op != Fuzzy:
		return p.fail(at, "within: goes with place~", "for example: "+t.Field.Example)
	case err != nil || !(km > 0 && km <= maxWithin):
		return p.fail(at, "within: %s is not a distance from 0 to %d km", "", quote(text), maxWithin)
	}
	t.WithinKM = km
	return nil
}

// MaxLinkDepth bounds link:ID depth:N.
const MaxLinkDepth = 4

// adult is the age from which a person is no minor.
const adult = 18

func quote(s string) string { return `"` + clip(s) + `"` }

// isCode reports whether s looks like the code of a country or a bureau.
func isCode(s string) bool {
	return (len(s) == 2 || len(s) == 3) && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Code returns the form in which code names of operations compare.
func Code(s string) string { return strings.Join(words(s), " ") }

// NormalID returns the form in which ids and short names compare.
func NormalID(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
