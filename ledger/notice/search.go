package notice

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Query is what a reader looks for among the notices that are open to them:
//
//	name:"Aung Min" dob:1998 smuggling
//
// Every term must match. A term is field:value, or a word or a "quoted phrase",
// which is looked for in all opened text; a value with spaces stands in double
// quotes. Case does not matter.
//
//	name     every word of the value is in one name, in any order
//	dob      the date of birth may be this date: 1998, 1998-05, 1998-05-04
//	doc      number of a document, whatever stands between its digits
//	phone    number of a telephone
//	id, ref  the notice's id, or 8 digits or more of its beginning, or its short name
//	kind     kind, or colour of a diffusion
//	country  nationality, country of birth, of a document or of a place
type Query struct {
	terms []term
}

type term struct {
	field string // "" is a word
	value string
}

// fields are the names that a term may have, and how each matches.
var fields = map[string]func(v *View, value string) (why string){
	"name":    (*View).matchName,
	"dob":     (*View).matchBorn,
	"doc":     (*View).matchDocument,
	"phone":   (*View).matchPhone,
	"id":      (*View).matchID,
	"ref":     (*View).matchID,
	"kind":    (*View).matchKind,
	"country": (*View).matchCountry,
	"":        (*View).matchText,
}

// ParseQuery reads a query. A field that does not exist is an error and not an
// empty result.
func ParseQuery(s string) (*Query, error) {
	words, err := splitQuery(s)
	if err != nil {
		return nil, err
	}
	q := new(Query)
	for _, w := range words {
		field, value, hasField := strings.Cut(w, ":")
		switch {
		case w == "AND":
			continue
		case w == "OR", w == "NOT", w[0] == '-', w[0] == '(':
			return nil, fmt.Errorf("query: %.40q: only terms that must all match are understood; ask once for each", w)
		case !hasField, w[0] == '"':
			field, value = "", w
		case fields[field] == nil || field == "":
			return nil, unknownField(field)
		}
		value = strings.Trim(value, `"`)
		if value == "" {
			return nil, fmt.Errorf("query: %s: nothing to look for", w)
		}
		if field == "dob" {
			if _, err := ParseDate(value); err != nil {
				return nil, fmt.Errorf("query: dob: %w", err)
			}
		}
		q.terms = append(q.terms, term{field, value})
	}
	if len(q.terms) == 0 {
		return nil, fmt.Errorf("query: nothing to look for")
	}
	return q, nil
}

// Match reports whether every term of q matches v, and by what, term by term.
func (v *View) Match(q *Query) (ok bool, why string) {
	var whys []string
	for _, t := range q.terms {
		w := fields[t.field](v, t.value)
		if w == "" {
			return false, ""
		}
		whys = append(whys, w)
	}
	return true, strings.Join(whys, "; ")
}

// splitQuery divides at spaces that are not within double quotes.
func splitQuery(s string) ([]string, error) {
	quoted := false
	words := strings.FieldsFunc(s, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && unicode.IsSpace(r)
	})
	if quoted {
		return nil, fmt.Errorf("query: a quote is not closed: %.60q", s)
	}
	return words, nil
}

func unknownField(field string) error {
	var names []string
	for name := range fields {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if edits(field, name) <= 2 {
			return fmt.Errorf("query: no field %.20q; did you mean %s?", field, name)
		}
	}
	return fmt.Errorf("query: no field %.20q; there are %s", field, strings.Join(names, ", "))
}

// edits counts the letters to change, add or leave out to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// identities returns everybody in what was opened, and where they stand.
func (v *View) identities() (ids []*Identity, at []string) {
	add := func(id *Identity, where string) { ids, at = append(ids, id), append(at, where) }
	if v.Card != nil {
		add(&v.Card.Person, "card")
	}
	if v.Body != nil {
		for i := range v.Body.Entities {
			if x := v.Body.Entities[i].Person; x != nil {
				add(&x.Identity, "body")
			}
		}
	}
	if v.Victim != nil {
		add(&v.Victim.Identity, "victim")
	}
	return ids, at
}

func (v *View) matchName(value string) string {
	ids, at := v.identities()
	for i, id := range ids {
		for _, n := range id.Names {
			all := foldWords(n.String() + " " + n.Family + " " + n.Given)
			all = append(all, foldWords(n.MRZForm())...)
			if containsAll(all, foldWords(value)) {
				return fmt.Sprintf("name %s (%s)", n, at[i])
			}
		}
	}
	return ""
}

func (v *View) matchBorn(value string) string {
	d, err := ParseDate(value)
	if err != nil {
		return ""
	}
	ids, at := v.identities()
	for i, id := range ids {
		if id.Born.Overlaps(d) {
			return fmt.Sprintf("born %s (%s)", id.Born, at[i])
		}
	}
	return ""
}

func (v *View) matchDocument(value string) string {
	ids, at := v.identities()
	for i, id := range ids {
		for _, d := range id.Documents {
			if bareNumber(d.Number) == bareNumber(value) {
				return fmt.Sprintf("%s %s (%s)", d.Type, d.Number, at[i])
			}
		}
	}
	if v.Body != nil {
		for _, e := range v.Body.Entities {
			if e.Document != nil && bareNumber(e.Document.Number) == bareNumber(value) {
				return fmt.Sprintf("%s %s (body)", e.Document.Type, e.Document.Number)
			}
		}
	}
	return ""
}

func (v *View) matchPhone(value string) string {
	want := digits(value)
	why := ""
	v.texts(func(at, text string) bool {
		// Only fields that hold a number and nothing else: a text may quote one.
		if strings.HasSuffix(at, "phone") || strings.HasSuffix(at, "phone.number") {
			if want != "" && digits(text) == want {
				why = fmt.Sprintf("phone %s (%s)", text, at)
			}
		}
		return why == ""
	})
	return why
}

func (v *View) matchID(value string) string {
	value = strings.ToLower(value)
	switch {
	case v.Reference != "" && strings.ToLower(v.Reference) == value:
		return "reference " + v.Reference
	case len(value) >= 8 && strings.HasPrefix(v.ID, value):
		return "id " + v.ID
	}
	return ""
}

func (v *View) matchKind(value string) string {
	if value = strings.ToLower(value); value == v.Kind.String() || value == colourText(v.Colour) {
		return "kind " + v.Title()
	}
	return ""
}

func (v *View) matchCountry(value string) string {
	value = strings.ToUpper(value)
	why := ""
	v.texts(func(at, text string) bool {
		if text == value && (strings.Contains(at, "country") || strings.Contains(at, "nationalities")) {
			why = fmt.Sprintf("country %s (%s)", text, at)
		}
		return why == ""
	})
	return why
}

func (v *View) matchText(value string) string {
	want := foldWords(value)
	if v.matchID(value) != "" {
		return v.matchID(value)
	}
	why := ""
	v.texts(func(at, text string) bool {
		if containsPhrase(foldWords(text), want) {
			why = fmt.Sprintf("%q in %s", value, at)
		}
		return why == ""
	})
	return why
}

// texts calls visit with every text that was opened and its path, until visit
// returns false.
func (v *View) texts(visit func(at, text string) bool) {
	for _, part := range []struct {
		name  string
		value any
	}{{"card", v.Card}, {"body", v.Body}, {"tally", v.Tally}, {"victim", v.Victim}} {
		if !walkTexts(part.name, reflect.ValueOf(part.value), visit) {
			return
		}
	}
}

func walkTexts(at string, v reflect.Value, visit func(at, text string) bool) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0 || visit(at, v.String())
	case reflect.Pointer:
		return v.IsNil() || walkTexts(at, v.Elem(), visit)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return true // a picture
		}
		for i := range v.Len() {
			if !walkTexts(at, v.Index(i), visit) {
				return false
			}
		}
	case reflect.Struct:
		if d, ok := v.Interface().(Date); ok {
			return d.IsZero() || visit(at, d.String())
		}
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if name != "" {
				name = at + "." + name
			} else {
				name = at // an embedded struct
			}
			if !walkTexts(name, v.Field(i), visit) {
				return false
			}
		}
	}
	return true
}

// foldWords returns the words of s in lower case.
func foldWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// containsAll reports whether every wanted word is among words.
func containsAll(words, want []string) bool {
	for _, w := range want {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return len(want) > 0
}

// containsPhrase reports whether the wanted words stand in words one after the
// other.
func containsPhrase(words, want []string) bool {
	for len(want) > 0 && len(words) >= len(want) {
		if slices.Equal(words[:len(want)], want) {
			return true
		}
		words = words[1:]
	}
	return false
}

// digits returns the decimal digits of s.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
