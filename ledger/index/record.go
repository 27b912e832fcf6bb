package index

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"comity/ledger/query"
)

// overflow is the term of a notice that has more terms than are filed: every
// query finds it, so that none misses it.
const overflow = "zz_more"

// RecordTerms returns the terms by which queries find a record, beside those of
// [Terms]:
//
//	d_TYPE_NORM  an identifier
//	n_TOKEN      a token of a name
//	w_TOKEN      a token of any text
//	q_REF        the short reference as queries compare it
//	y_YEAR       a year in which somebody may be born
func RecordTerms(r *query.Record) []string {
	var out []string
	add := func(prefix, text string) {
		if text != "" {
			out = append(out, clean(prefix+text))
		}
	}
	for i := range r.Identifiers {
		add("d_"+r.Identifiers[i].Type+"_", r.Identifiers[i].Norm)
	}
	for i := range r.Names {
		for _, t := range r.Names[i].Tokens {
			add("n_", t)
		}
	}
	for i := range r.Texts {
		for _, t := range r.Texts[i].Tokens {
			add("w_", t)
		}
	}
	if r.Reference != "" {
		add("q_", query.NormalID(r.Reference))
	}
	for _, b := range r.Births {
		first, last := yearOf(b.First), yearOf(b.Last)
		if last-first > maxYears {
			out = append(out, overflow)
			continue
		}
		for y := first; y <= last; y++ {
			add("y_", fmt.Sprint(y))
		}
	}
	out = sortTerms(out)
	if len(out) > maxTerms {
		out = append(out[:maxTerms], overflow)
	}
	return out
}

// maxYears bounds the years of one date or of one span that are asked for.
const maxYears = 40

// yearOf returns the year of a day since 1970-01-01.
func yearOf(day int64) int { return time.Unix(day*24*60*60, 0).UTC().Year() }

// ExprOf returns an expression that finds every notice that q may match, and
// others; nil if that would be all.
func ExprOf(q *query.Query) Expr {
	e := exprOf(q.Root)
	if e == nil {
		return nil
	}
	return Any{e, Term(overflow)}
}

func exprOf(n query.Node) Expr {
	switch n := n.(type) {
	case *query.And:
		var all All
		for _, m := range n.All {
			if e := exprOf(m); e != nil {
				all = append(all, e)
			}
		}
		if len(all) > 0 {
			return all
		}
	case *query.Or:
		var list Any
		for _, m := range n.Any {
			e := exprOf(m)
			if e == nil {
				return nil
			}
			list = append(list, e)
		}
		return list
	case *query.Term:
		var list Any
		for i := range n.Values {
			e := valueExpr(n, &n.Values[i])
			if e == nil {
				return nil
			}
			list = append(list, e)
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil // a Not, too: what is filed is not exact enough to take anything away
}

// valueExpr returns the expression of one value of a term.
func valueExpr(t *query.Term, v *query.Value) Expr {
	if t.Op == query.Fuzzy && t.Field.Type != query.DayField {
		return nil
	}
	switch t.Field.Type {
	case query.TextField:
		if len(v.Words) == 0 || len(v.Words[0]) == 0 {
			return nil
		}
		return Any{tokens("w_", v.Words[:1], v.Prefix), named(query.NormalID(v.Text))}
	case query.NameField:
		if len(v.Words) == 0 || slices.ContainsFunc(v.Words, func(w []string) bool { return len(w) == 0 }) {
			return nil
		}
		return tokens("n_", v.Words, false)
	case query.DayField, query.AgeField:
		return born(v.Spans)
	case query.IdentField:
		return Term(clean("d_" + t.Field.Name + "_" + v.Norm))
	case query.IDField:
		return named(v.Norm)
	}
	return nil
}

// tokens needs every token of every word, of which there is at least one; of the
// last of each, when it is only one letter or open is set, the beginning.
func tokens(prefix string, words [][]string, open bool) Expr {
	var all All
	for _, w := range words {
		for i, t := range w {
			term := clean(prefix + t)
			if i == len(w)-1 && (open || utf8.RuneCountInString(t) == 1) {
				term += "*"
			}
			all = append(all, Term(term))
		}
	}
	return all
}

// named is a notice by its reference or the beginning of its id.
func named(norm string) Expr {
	e := Any{Term(clean("q_" + norm))}
	if len(norm) >= 8 {
		e = append(e, Term(IDTerm(norm)+"*"))
	}
	return e
}

func born(spans []query.Span) Expr {
	var list Any
	for _, s := range spans {
		if s.First <= query.Earliest/2 || s.Last >= query.Latest/2 || yearOf(s.Last)-yearOf(s.First) > maxYears {
			return nil
		}
		for y := yearOf(s.First); y <= yearOf(s.Last); y++ {
			list = append(list, Term(clean(fmt.Sprint("y_", y))))
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}
