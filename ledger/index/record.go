package index

import (
	"strings"

	"comity/ledger/query"
)

// overflow is the term of a notice that has more terms than are filed: every
// query finds it, so that none misses it. everything is that of each notice that
// was opened.
const (
	overflow   = "zz_more"
	everything = "zz_open"
)

// RecordTerms returns the terms by which queries find a record, beside those of
// [Terms]: its keys, as package query names them.
func RecordTerms(r *query.Record) []string {
	out := []string{everything}
	for _, k := range r.Keys() {
		if !strings.HasPrefix(k, "id=") { // it is among those of Terms
			out = append(out, clean(k))
		}
	}
	out = sortTerms(out)
	if len(out) > maxTerms {
		out = append(out[:maxTerms], overflow, everything)
	}
	return out
}

// ExprOf returns an expression that finds every notice that q may match, and
// others; nil if that would be all. whole says that the asker may read all that
// is filed: see [query.Query.Plan].
func ExprOf(q *query.Query, whole bool) Expr {
	var all All
	var none Any
	for _, g := range q.Plan(whole) {
		list := make(Any, len(g.Any))
		for i, k := range g.Any {
			list[i] = keyTerm(k)
		}
		if g.Not {
			none = append(none, list...)
		} else {
			all = append(all, list)
		}
	}
	if len(all) == 0 && len(none) == 0 {
		return nil
	}
	if len(all) == 0 {
		all = All{Term(everything)}
	}
	e := Expr(all)
	if len(none) > 0 {
		e = But{all, none}
	}
	return Any{e, Term(overflow)}
}

// keyTerm returns the term of a key.
func keyTerm(k query.Key) Term {
	term := clean(k.Text)
	if id, ok := strings.CutPrefix(k.Text, "id="); ok {
		term = IDTerm(id)
	}
	if k.Prefix {
		term += "*"
	}
	return Term(term)
}

// Holding finds the notices that hold an identifier that says something about
// their case, and others.
func Holding(kind, norm string) Expr {
	key := kind + "=" + norm
	return But{Term(clean(key)), Term(clean("desk=" + key))}
}

// Called finds the notices in which a name has this key of [names.Keys].
func Called(key string) Expr { return Term(clean("like=" + key)) }

// Referred finds the notices that a reference or the beginning of an id may be of.
func Referred(norm string) Expr {
	e := Any{Term(clean("ref=" + norm))}
	if len(norm) >= 8 {
		e = append(e, Term(IDTerm(norm)+"*"))
	}
	return e
}
