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

// Findings is what a search finds.
type Findings struct {
	Found []Found // best first, and among equals the newest; at most as many as were asked for
	Total int     // that match, with those beyond the limit; Ended are not in it
	Ended int     // that match and have ended, where those were not asked for
	More  bool    // there are more than Total and Ended count

	// Beyond are the cases of which Found, Total or Ended tell more than their
	// cards: that the words of a query stand in a body is as good as a look at it.
	// Who is given the numbers has read them all.
	Beyond []*Case
}

// maxTold bounds the cases that a search tells of beyond their cards, but for
// those that it shows: a query for a word that is everywhere must not fill the read
// log. Where there are more, those that are not shown are not counted either.
const maxTold = 1000

// Search returns the cases open to this desk that q finds, at most limit of them
// (0: all). Those that have ended are counted, and among the found only withEnded.
func (d *Desk) Search(ctx context.Context, q *query.Query, withEnded bool, limit int) (*Findings, error) {
	return d.SearchAs(ctx, q, readlog.AllParts, withEnded, limit)
}

// SearchAs is Search for somebody who may read these parts only: it matches
// nothing else, for a hit would tell of it. Where a card alone is a hit, no other
// reason is given.
func (d *Desk) SearchAs(ctx context.Context, q *query.Query, p readlog.Parts, withEnded bool, limit int) (*Findings, error) {
	if slices.ContainsFunc(q.Terms(), func(t *query.Term) bool { return t.Field.Type == query.LinkField }) {
		if err := d.mended(func() error { return d.resolveLinks(ctx, q, p) }); err != nil {
			return nil, err
		}
	}
	var hits *tally
	err := d.mended(func() error {
		hits = newTally(limit) // it may be called again
		return d.each(ctx, q, index.ExprOf(q, p == readlog.AllParts), func(c *Case) {
			// The index knows of all parts: its hits are candidates, no more.
			if f, ok := match(q, c, p); ok {
				hits.add(f, f.Status.Ended() && !withEnded)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return hits.findings(), ctx.Err()
}

// tally keeps the best hits of a search and counts the others.
type tally struct {
	limit  int
	best   *best[Found]
	ended  int
	cards  [2]int     // of both, first those that have not ended, where Beyond is not set
	beyond [2][]*Case // the others, likewise; no more than are ever told
}

func newTally(limit int) *tally {
	return &tally{limit: limit, best: newBest(limit, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Index, a.Index))
	})}
}

func (t *tally) add(f Found, ended bool) {
	of := 0
	if ended {
		of = 1
		t.ended++
	} else {
		t.best.add(f)
	}
	switch {
	case !f.Beyond:
		t.cards[of]++
	case t.limit == 0 && !ended || len(t.beyond[of]) <= t.limit+maxTold:
		t.beyond[of] = append(t.beyond[of], f.Case)
	}
}

// findings is what is told of the hits.
func (t *tally) findings() *Findings {
	out := &Findings{Found: t.best.sorted(), Total: t.best.total, Ended: t.ended, Beyond: slices.Concat(t.beyond[0], t.beyond[1])}
	var shown []*Case
	for _, f := range out.Found {
		if f.Beyond {
			shown = append(shown, f.Case)
		}
	}
	if out.Total+out.Ended-t.cards[0]-t.cards[1]-len(shown) > maxTold {
		out.More, out.Total, out.Ended, out.Beyond = true, t.cards[0]+len(shown), t.cards[1], shown
	}
	return out
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
