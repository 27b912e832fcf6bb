package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"comity/ledger/index"
	"comity/ledger/query"
)

// walkStep is how many notices are opened at once on the way back through the
// log.
const walkStep = 256

// stepOf returns how many are opened at once where limit are wanted, 0 for all.
func stepOf(limit int) int {
	if limit == 0 {
		return walkStep
	}
	return min(walkStep, max(limit, 16))
}

// maxNamed bounds the cases that one name stands for: the rest is not needed to
// see that it is ambiguous.
const maxNamed = 32

// walk returns the cases that the filter takes, in log order. It goes backwards
// and ends when it has enough. Without keys there is no index, and nothing to
// open: the catalog serves.
func (d *Desk) walk(ctx context.Context, f Filter) ([]*Case, error) {
	if d.reading {
		return d.walkCatalog(ctx, f, f.Limit)
	}
	if err := d.Index(ctx, nil); err != nil {
		return nil, err
	}
	limit := f.Limit
	f.Limit = 0
	newest := index.Filter{Bureau: f.Bureau, Since: f.Since, Opened: f.Opened}
	if len(compartmentsOf(d.opener.keys())) == 0 {
		return d.walkCatalog(ctx, f, limit)
	}
	step := stepOf(limit)
	var all []*Case // newest first
	for {
		var page []*index.Notice
		err := d.withIndex(func(ix *index.Index) (err error) {
			page, err = ix.List(newest, step)
			return err
		})
		if err != nil {
			return nil, err
		}
		list, err := d.pageCases(ctx, page, f)
		if err != nil {
			return nil, err
		}
		slices.Reverse(list)
		all = append(all, list...)
		if limit > 0 && len(all) >= limit || len(page) < step || page[len(page)-1].N == 0 {
			break // an index.Filter has no way to say "before the first entry"
		}
		newest.Before = page[len(page)-1].N
	}
	if limit > 0 {
		all = all[:min(len(all), limit)]
	}
	slices.Reverse(all)
	return all, nil
}

func (d *Desk) walkCatalog(ctx context.Context, f Filter, limit int) ([]*Case, error) {
	dockets, replies, err := d.catalog.read()
	if err != nil {
		return nil, err
	}
	f.Limit = limit
	return d.cases(ctx, dockets, replies, f)
}

// pageCases opens the notices of a page, in any order, and returns the cases in
// log order.
func (d *Desk) pageCases(ctx context.Context, page []*index.Notice, f Filter) ([]*Case, error) {
	page = slices.Clone(page)
	slices.SortFunc(page, func(a, b *index.Notice) int { return int(int64(a.N) - int64(b.N)) })
	dockets := make([]docket, len(page))
	var replies []uint64
	for i, n := range page {
		k, err := d.docket(n.N, n.Events)
		if err != nil {
			return nil, err
		}
		dockets[i] = *k
		err = d.withIndex(func(ix *index.Index) error {
			list, err := ix.Replies(n.N)
			replies = append(replies, list...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(replies)
	return d.cases(ctx, dockets, replies, f)
}

// found returns the cases among the notices that an expression finds, newest
// maxNamed of them, in log order.
func (d *Desk) found(ctx context.Context, e index.Expr, f Filter) ([]*Case, error) {
	var page []*index.Notice
	err := d.withIndex(func(ix *index.Index) error {
		list, err := ix.Find(e, 0, maxNamed)
		if err == nil {
			page, err = notices(ix, list)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.pageCases(ctx, page, f)
}

// named returns the cases that a name stands for.
func (d *Desk) named(ctx context.Context, name string) ([]*Case, error) {
	if err := d.Index(ctx, nil); err != nil {
		return nil, err
	}
	byID, e := isPrefix(name), index.Expr(index.Term(index.ReferenceTerm(name)))
	f := Filter{Keep: func(c *Case) bool { return strings.EqualFold(c.Reference(), name) }}
	if byID {
		e = index.Term(index.IDTerm(name) + "*")
		f.Keep = func(c *Case) bool { return strings.HasPrefix(c.ID.String(), name) }
	}
	if len(compartmentsOf(d.opener.keys())) > 0 {
		return d.found(ctx, e, f)
	}
	dockets, replies, err := d.catalog.read()
	if err != nil {
		return nil, err
	}
	if byID {
		dockets = slices.DeleteFunc(dockets, func(k docket) bool { return !strings.HasPrefix(k.id.String(), name) })
	}
	return d.cases(ctx, dockets, replies, f)
}

// each visits the cases of which the current version is open, newest first, that
// an expression finds, or all for nil, without those that q does not match by
// their names: many more share a key with a name than are like it. It holds a page
// of them at a time.
func (d *Desk) each(ctx context.Context, q *query.Query, e index.Expr, visit func(*Case)) error {
	if err := d.Index(ctx, nil); err != nil {
		return err
	}
	return d.pages(ctx, walkStep, func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
		if e == nil {
			return ix.List(index.Filter{Opened: true, Before: before(last)}, walkStep)
		}
		find := ix.Find
		if q.ByName() {
			find = func(e index.Expr, before uint64, limit int) ([]uint64, error) {
				return ix.FindNamed(e, before, limit, q.MayName)
			}
		}
		list, err := find(e, before(last), walkStep)
		if err != nil {
			return nil, err
		}
		return notices(ix, list)
	}, func(c *Case) bool {
		if c.View != nil {
			visit(c)
		}
		return true
	})
}

// before returns what the lists of an index take for the place behind the last
// notice of a page, or for the end.
func before(last *index.Notice) uint64 {
	if last == nil {
		return 0
	}
	return last.N
}

// pages visits the cases of page after page, and of each in the order of its rows,
// until visit returns false. next gives the page behind a
// row, nil for the first; one of less than step rows is the last. It holds a page
// at a time.
func (d *Desk) pages(ctx context.Context, step int, next func(ix *index.Index, last *index.Notice) ([]*index.Notice, error), visit func(*Case) bool) error {
	var last *index.Notice
	for {
		var page []*index.Notice
		err := d.withIndex(func(ix *index.Index) (err error) { page, err = next(ix, last); return err })
		if err != nil {
			return err
		}
		list, err := d.pageCases(ctx, page, Filter{})
		if err != nil {
			return err
		}
		byEntry := make(map[uint64]*Case, len(list))
		for _, c := range list {
			byEntry[c.Index] = c
		}
		for _, n := range page {
			if c := byEntry[n.N]; c != nil && !visit(c) {
				return nil
			}
		}
		if len(page) < step || page[len(page)-1].N == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		last = page[len(page)-1]
	}
}

// notices returns the rows of notices.
func notices(ix *index.Index, list []uint64) ([]*index.Notice, error) {
	rows := make([]*index.Notice, len(list))
	for i, n := range list {
		known, err := ix.Notice(n)
		if err != nil {
			return nil, err
		}
		if known == nil {
			return nil, fmt.Errorf("%w: the notice of entry %d is missing", index.ErrDamaged, n)
		}
		rows[i] = known
	}
	return rows, nil
}
