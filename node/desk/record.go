package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"comity/ledger/query"
)

// Record returns what can be looked for of the current version of the case. It
// has a header only where these keys open nothing of it.
func (c *Case) Record() *query.Record {
	return query.RecordOf(c.View, query.Header{
		ID: c.ID.String(), Bureau: c.Bureau, Index: c.Index, Time: c.Time,
		Status: strings.ReplaceAll(strings.ToLower(c.Status.String()), " ", "_"),
	})
}

// Found is a case that a query finds.
type Found struct {
	*Case
	Score float64 // 0 to 1
	Why   []string
}

// Search returns the cases open to this desk that q finds and keep takes, best
// first and among equals the newest, at most limit of them (0: all), and how
// many there are in all.
func (d *Desk) Search(ctx context.Context, q *query.Query, keep func(*Case) bool, limit int) (found []Found, total int, err error) {
	list, err := d.Cases(ctx, Filter{Opened: true})
	if err != nil {
		return nil, 0, err
	}
	for _, c := range list {
		if c.View == nil {
			continue
		}
		if ok, score, why := q.Match(c.Record()); ok && (keep == nil || keep(c)) {
			found = append(found, Found{c, score, why})
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Index, a.Index))
	})
	total = len(found)
	if limit > 0 && total > limit {
		found = found[:limit]
	}
	return found, total, ctx.Err()
}
