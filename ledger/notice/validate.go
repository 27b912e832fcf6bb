package notice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/ident"
)

// Problem is one thing that a document lacks or has wrong.
type Problem struct {
	Field string `json:"field"` // path of JSON names, such as card.desk.phone
	Why   string `json:"why"`   // a sentence for the author
}

// String returns "field: why".
func (p Problem) String() string { return p.Field + ": " + p.Why }

// Problems is the error of a document that is not fit to be sent: everything
// that is wrong with it, in the order of the document.
type Problems []Problem

// Error returns one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// MaxYears is how far ahead the review of a notice may be.
const MaxYears = 5

// Validate reports whether the notice holds what its kind needs on the day of
// asOf. Its error is of type [Problems] and names every problem, not the first
// only. It judges form and completeness, never whether the content is true.
func (n *Notice) Validate(asOf time.Time) error {
	p := &problems{asOf: asOf}
	n.checkHeader(p)
	if n.Card != nil {
		n.Card.check(p)
	}
	if n.Body != nil {
		n.Body.check(p)
	}
	if n.Victim != nil {
		n.Victim.check(p, n)
	}
	if n.Tally != nil {
		n.Tally.check(p)
	}
	n.checkAttachments(p)
	n.checkKind(p)
	return p.err()
}

func (n *Notice) checkHeader(p *problems) {
	if !isReference(n.Reference) {
		p.add("reference", "%.40q is not a short name for the case: 3 to 32 of A-Z, 0-9, -, / and ., such as LT-0301", n.Reference)
	}
	if !isBureau(n.Origin) {
		p.add("origin", "%.20q is not the two-letter code of a bureau", n.Origin)
	}
	if n.Urgency > ledger.U3 {
		p.add("urgency", "%s: want U0 to U3", n.Urgency)
	}
	if n.Classification > ledger.Secret {
		p.add("classification", "%s: want unclassified, restricted, confidential or secret", n.Classification)
	}
	switch latest := p.asOf.AddDate(MaxYears, 0, 0); {
	case !n.ReviewBy.IsDay():
		p.add("review_by", "missing: the day by which the origin must say that the notice is still needed, such as %s", DateOf(p.asOf.AddDate(1, 0, 0)))
	case !n.ReviewBy.After(p.asOf):
		p.add("review_by", "%s is past; choose a day until %s", n.ReviewBy, DateOf(latest))
	case n.ReviewBy.After(latest):
		p.add("review_by", "%s is more than %d years ahead; choose a day until %s", n.ReviewBy, MaxYears, DateOf(latest))
	}
	n.checkReaders(p)
}

func (n *Notice) checkReaders(p *problems) {
	if len(n.Readers) == 0 {
		p.add("readers", "missing: the codes of the bureaus that shall read it, or [\"all\"]")
		return
	}
	if n.Readers.All() {
		return
	}
	for i, r := range n.Readers {
		switch {
		case r == All:
			p.add(index("readers", i), "\"all\" stands alone")
		case !isReader(r):
			p.add(index("readers", i), "%.80q is not the two-letter code of a bureau, nor circle: and the name of a circle", r)
		case slices.Contains(n.Readers[:i], r):
			p.add(index("readers", i), "%s is named twice", r)
		}
	}
	if isBureau(n.Origin) && !n.Readers.Has(n.Origin) {
		p.add("readers", "%s itself is not among them, so it could not read its own notice", n.Origin)
	}
}

// problems collects, and knows the day.
type problems struct {
	asOf time.Time
	list Problems
}

// err returns nil for none: a typed nil would not equal nil in the caller.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	return p.list
}

func (p *problems) add(field, format string, args ...any) {
	p.list = append(p.list, Problem{field, fmt.Sprintf(format, args...)})
}

// need reports a text that is missing, and why it is needed.
func (p *problems) need(field, value, why string) {
	if strings.TrimSpace(value) == "" {
		p.add(field, "missing: %s", why)
	}
}

// identifier reports a text that is no identifier of its kind. Whether the
// field may be empty is another question.
func (p *problems) identifier(field string, k ident.Kind, raw string) {
	if raw == "" {
		return
	}
	if raw != strings.TrimSpace(raw) {
		p.add(field, "%.40q has spaces around it", raw)
	} else if _, err := ident.Normalize(k, raw); err != nil {
		p.add(field, "%s", err)
	}
}

// country reports what is no code of a country. A code is written in capitals:
// a zone that is scanned has no others.
func (p *problems) country(field, code string) {
	if !allIn(code, upperLetters) {
		p.add(field, "%.20q is not a code of ISO 3166 such as XA: write it in capitals", code)
		return
	}
	p.identifier(field, ident.Country, code)
}

func (p *problems) languages(field string, codes []string) {
	for i, c := range codes {
		if c != strings.ToLower(c) || c == "" {
			p.add(index(field, i), "%.20q is not a code of ISO 639 such as en, in small letters", c)
			continue
		}
		p.identifier(index(field, i), ident.Language, c)
	}
}

// list reports items of a list that say nothing.
func (p *problems) items(field string, items []string) {
	for i, s := range items {
		p.word(index(field, i), s)
	}
}

func (p *problems) word(field, value string) {
	if strings.TrimSpace(value) == "" {
		p.add(field, "is empty; leave it out instead")
	}
}

// oneOf reports a word that is not in the list. Whether the field may be empty
// is another question.
func oneOf[T ~string](p *problems, field string, value T, allowed ...T) {
	if value == "" || slices.Contains(allowed, value) {
		return
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	p.add(field, "%.40q is not one of %s", string(value), strings.Join(words, ", "))
}

func index(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
