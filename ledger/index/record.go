package index

import (
	"cmp"
	"slices"
	"strings"

	"comity/ledger/query"
)

// Terms that stand for those of a notice that has more than are filed. overflow is
// on each such notice: every query finds it, so that none misses it. overflowNames
// is there too if keys of names were left out, and overflowExact if identifiers and
// the like were. everything is a term of each notice that was opened.
const (
	overflow      = "zz_more"
	overflowNames = "zz_more_names"
	overflowExact = "zz_more_exact"
	everything    = "zz_open"
)

// RecordTerms returns the terms by which queries find a record, beside those of
// [Terms]: its keys, as package query names them. Where they are too many, those go
// first that say least: what is near an identifier, words of texts, keys of names.
// Its own reference stays.
func RecordTerms(r *query.Record) []string {
	keys := r.Keys()
	out := []string{everything}
	for _, k := range keys {
		if !strings.HasPrefix(k, "id=") { // it is among those of Terms
			out = append(out, clean(k))
		}
	}
	out = sortTerms(out)
	if len(out) <= maxTerms {
		return out
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	first := rank(out[maxTerms])
	if len(keys) >= query.MaxKeys { // some were left out there, after the last
		first = min(first, rank(clean(keys[len(keys)-1])))
	}
	out = append(out[:maxTerms], overflow)
	if first <= rankNames {
		out = append(out, overflowNames)
	}
	if first <= rankExact {
		out = append(out, overflowExact)
	}
	return out
}

// Ranks of terms: the last are left out first.
const (
	rankKept = iota
	rankExact
	rankNames
	rankText
	rankNear
)

func rank(term string) int {
	field, _, _ := strings.Cut(term, "_")
	switch {
	case term == everything || field == "ref":
		return rankKept
	case field == "like":
		return rankNames
	case field == "text":
		return rankText
	case field == "near":
		return rankNear
	}
	return rankExact
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
// their case; those of [MaybeHolding] may hold it too, and have to be opened.
func Holding(kind, norm string) Expr {
	key := kind + "=" + norm
	return But{Term(clean(key)), Any{Term(clean("desk=" + key)), MaybeHolding()}}
}

// MaybeHolding finds the notices that have more identifiers and the like than are
// filed. They are in no [Holding].
func MaybeHolding() Term { return overflowExact }

// Called finds the notices in which a name has this key of [names.Keys]; those of
// [MaybeCalled] may be so called too, and have to be opened.
func Called(key string) Expr { return But{Term(clean("like=" + key)), MaybeCalled()} }

// MaybeCalled finds the notices that have more keys of names than are filed. They
// are in no [Called].
func MaybeCalled() Term { return overflowNames }

// Referred finds the notices that a reference or the beginning of an id may be of.
// Neither is ever left out of what is filed, however much that is.
func Referred(norm string) Expr {
	e := Any{Term(clean("ref=" + norm))}
	if len(norm) >= 8 {
		e = append(e, Term(IDTerm(norm)+"*"))
	}
	return e
}
