package index

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"comity/ledger/ident"
	"comity/ledger/names"
	"comity/ledger/notice"
)

// maxTerm bounds a term in bytes; what is longer is cut, and finds more.
const maxTerm = 96

// maxTerms bounds the terms of one notice.
const maxTerms = 4096

// Terms returns the terms by which a notice is found, each once. A nil view has
// that of its id.
//
//	i_ID        the id
//	r_REF       the author's short reference, folded
//	bd_NUMBER   a document of the person on the card
//	bp_YEAR_KEY a key of names.Keys of the person on the card, with a year of birth
//	bx_MMDD_KEY one of the first such keys, with the day of the year
//
// Those of the card, which begin with b, are all that a checkpoint asks for.
func Terms(id string, v *notice.View) []string {
	named := []string{IDTerm(id)}
	if v == nil {
		return named
	}
	if v.Reference != "" {
		named = append(named, ReferenceTerm(v.Reference))
	}
	var out []string
	if v.Card != nil {
		p := &v.Card.Person
		for i := range p.Documents {
			out = append(out, DocumentTerm(p.Documents[i].Number))
		}
		for _, n := range p.Names {
			out = append(out, PersonTerms(n.String(), p.Born)...)
			out = append(out, PersonTerms(n.MRZForm(), p.Born)...)
			out = append(out, dayTerms(n.String(), p.Born, nearKeys)...)
			out = append(out, dayTerms(n.MRZForm(), p.Born, nearKeys)...)
		}
	}
	out = slices.DeleteFunc(out, func(t string) bool { return t == "" })
	out = sortTerms(out)
	return append(named, out[:min(len(out), maxTerms)]...)
}

// IDTerm returns the term of an id, or with * of the beginning of one.
func IDTerm(id string) string { return clean("i_" + id) }

// ReferenceTerm returns the term of an author's short reference.
func ReferenceTerm(ref string) string { return clean("r_" + strings.ToLower(ref)) }

// DocumentTerm returns the term of the number of a document, "" for no number.
func DocumentTerm(number string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, ident.Digits(number))
	if bare == "" {
		return ""
	}
	return clean("bd_" + bare)
}

// maxNameKeys bounds the keys of one name that a checkpoint files or asks for.
// The first are the most telling ones.
const maxNameKeys = 24

// PersonTerms returns the terms of a name in any script, with the years in which
// its bearer may be born; none without a date.
func PersonTerms(name string, born notice.Date) []string {
	if born.IsZero() || name == "" {
		return nil
	}
	first, last := years(born)
	return personTerms(name, first, last, maxNameKeys)
}

// nearKeys bounds the keys of a name that are filed with the day of a year: those
// of the pairs of its first three words.
const nearKeys = 3

// dayTerms returns the terms of a name with the day of the year on which its bearer
// is born, whatever the year; none if the day is not known.
func dayTerms(name string, born notice.Date, limit int) []string {
	if !born.IsDay() || name == "" {
		return nil
	}
	day := strings.ReplaceAll(born.String()[len("1990-"):], "-", "")
	var out []string
	keys := names.Keys(names.Parse(name))
	for _, key := range keys[:min(len(keys), limit)] {
		out = append(out, clean("bx_"+day+"_"+key))
	}
	return out
}

// NearTerms returns the terms by which a name is looked for under a date of birth
// that may be misread, in the year or in the day: see [notice.Date.Misreadings].
// They are two, for the pair of its first words: a name that counts with another
// date is very like.
func NearTerms(name string, born notice.Date) []string {
	if !born.IsDay() || name == "" {
		return nil
	}
	first, last := years(born)
	return append(personTerms(name, first, last, 1), dayTerms(name, born, 1)...)
}

func personTerms(name string, first, last, limit int) []string {
	keys := names.Keys(names.Parse(name))
	var out []string
	for _, key := range keys[:min(len(keys), limit)] {
		for y := first; y <= last; y++ {
			out = append(out, clean(fmt.Sprintf("bp_%04d_%s", y, key)))
		}
	}
	return sortTerms(out)
}

// years returns the first and the last year that a date may be in.
func years(d notice.Date) (first, last int) {
	from, to := d.Range()
	year := func(day int) int { return time.Unix(int64(day)*24*60*60, 0).UTC().Year() }
	return year(from), year(to)
}

// clean makes a term of text: FTS5 takes letters, digits, _ and all that is not
// ASCII, so every other character becomes a _.
func clean(text string) string {
	b := []byte(text[:min(len(text), maxTerm)])
	for i, c := range b {
		if c < 0x80 && c != '_' && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			b[i] = '_'
		}
	}
	return strings.ToValidUTF8(string(b), "_")
}
