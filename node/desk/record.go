package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/seal"
	"comity/ledger/index"
	"comity/ledger/query"
	"comity/node/desk/readlog"
)

// Record returns what can be looked for of the current version of the case. It
// has a header only where these keys open nothing of it.
func (c *Case) Record() *query.Record {
	return query.RecordOf(c.View, query.Header{
		ID: c.ID.String(), Bureau: c.Bureau, Index: c.Index, Time: c.Time,
		Status: strings.ReplaceAll(c.Status.String(), " ", "_"), Ended: c.Status.Ended(), ReviewDue: c.ReviewDue,
	})
}

// Found is a case that a query finds.
type Found struct {
	*Case
	Score  float64 // 0 to 1
	Why    []string
	Beyond bool // Why tells of more than the card
}

// Search returns the cases open to this desk that q finds and keep takes, best
// first and among equals the newest, at most limit of them (0: all), and how
// many there are in all.
func (d *Desk) Search(ctx context.Context, q *query.Query, keep func(*Case) bool, limit int) (found []Found, total int, err error) {
	return d.SearchAs(ctx, q, readlog.AllParts, keep, limit)
}

// SearchAs is Search for somebody who may read these parts only: it matches
// nothing else, for a hit would tell of it. Where a card alone is a hit, no other
// reason is given.
func (d *Desk) SearchAs(ctx context.Context, q *query.Query, p readlog.Parts, keep func(*Case) bool, limit int) (found []Found, total int, err error) {
	if slices.ContainsFunc(q.Terms(), func(t *query.Term) bool { return t.Field.Type == query.LinkField }) {
		if err := d.mended(func() error { return d.resolveLinks(ctx, q, p) }); err != nil {
			return nil, 0, err
		}
	}
	var hits *best[Found]
	err = d.mended(func() error {
		hits = newBest(limit, func(a, b Found) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Index, a.Index))
		})
		return d.each(ctx, index.ExprOf(q, p == readlog.AllParts), func(c *Case) {
			// The index knows of all parts: its hits are candidates, no more.
			if f, ok := match(q, c, p); ok && (keep == nil || keep(f.Case)) {
				hits.add(f)
			}
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search: %w", err)
	}
	return hits.sorted(), hits.total, ctx.Err()
}

// match reports whether q finds a case in these parts of it.
func match(q *query.Query, c *Case, p readlog.Parts) (Found, bool) {
	if p != readlog.AllParts {
		c = c.Only(p)
	}
	if c.View == nil {
		return Found{}, false
	}
	ok, score, why := q.Match(c.Record())
	if !ok {
		return Found{}, false
	}
	if card := c.Only(readlog.PartsOf(seal.Card)); card.View != nil && cardTells(q.Root) {
		if ok, score, why := q.Match(card.Record()); ok {
			return Found{c, score, why, false}, true
		}
	}
	return Found{c, score, why, true}, true
}

// ofHeader are the fields that every part of a notice answers alike.
var ofHeader = []string{"id", "ref", "kind", "status", "urgency", "bureau", "reader"}

// cardTells reports whether a card that matches tells nothing of the other parts.
// What is not to be there is looked for in all of them, and a link may lead through
// any: its reason names what both have.
func cardTells(n query.Node) bool {
	switch n := n.(type) {
	case *query.And:
		return !slices.ContainsFunc(n.All, func(m query.Node) bool { return !cardTells(m) })
	case *query.Or:
		return !slices.ContainsFunc(n.Any, func(m query.Node) bool { return !cardTells(m) })
	case *query.Not:
		q := query.Query{Root: n.Node}
		return !slices.ContainsFunc(q.Terms(), func(t *query.Term) bool { return !slices.Contains(ofHeader, t.Field.Name) })
	case *query.Term:
		return n.Field.Type != query.LinkField
	}
	return false
}
