package index

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

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
//
// Those of the card, which begin with b, are all that a checkpoint asks for.
func Terms(id string, v *notice.View) []string {
	out := []string{IDTerm(id)}
	if v == nil {
		return out
	}
	if v.Reference != "" {
		out = append(out, ReferenceTerm(v.Reference))
	}
	if v.Card != nil {
		p := &v.Card.Person
		for i := range p.Documents {
			out = append(out, DocumentTerm(p.Documents[i].Number))
		}
		for _, n := range p.Names {
			out = append(out, PersonTerms(n.String(), p.Born)...)
			out = append(out, PersonTerms(n.MRZForm(), p.Born)...)
		}
	}
	out = slices.DeleteFunc(out, func(t string) bool { return t == "" })
	out = sortTerms(out)
	return out[:min(len(out), maxTerms)]
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
	}, number)
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
	keys := names.Keys(names.Parse(name))
	var out []string
	first, last := years(born)
	for _, key := range keys[:min(len(keys), maxNameKeys)] {
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
