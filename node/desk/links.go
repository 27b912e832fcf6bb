package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"comity/ledger/index"
	"comity/ledger/links"
	"comity/ledger/names"
	"comity/ledger/query"
	"comity/node/desk/readlog"
)

// Links returns what hangs together with a case, among these parts of all that is
// open to this desk; nil for a case of which nothing is open.
func (d *Desk) Links(ctx context.Context, c *Case, p readlog.Parts, limits links.Limits) (g *links.Graph, err error) {
	err = d.mended(func() error {
		if err := d.Index(ctx, nil); err != nil {
			return err
		}
		g, err = links.Grow(d.linkSource(ctx, p), c.ID.String(), limits)
		return err
	})
	return g, err
}

// linkSource answers package links by the index, as somebody may see it who may
// read these parts. What the index finds is opened from its entry, and counts for
// nothing before.
type linkSource struct {
	desk    *Desk
	ctx     context.Context
	parts   readlog.Parts
	records map[string]*query.Record // of the graph that grows
}

var _ links.Source = (*linkSource)(nil)

func (d *Desk) linkSource(ctx context.Context, p readlog.Parts) *linkSource {
	return &linkSource{d, ctx, p, make(map[string]*query.Record)}
}

// Bounds of one answer. maxHolders is up to where the notices with an identifier
// are counted: a hub is one long before. maxOpenedHolders is up to where they are
// opened for somebody who may not read all parts, and must not learn from a count
// what the others hold. maxBearers is what is looked at of one key of a name.
const (
	maxHolders       = 100_000
	maxOpenedHolders = 256
	maxBearers       = 200
)

// Record returns the record of a notice, nil if nothing of it is open.
func (s *linkSource) Record(id string) (*query.Record, error) {
	if r, ok := s.records[id]; ok {
		return r, nil
	}
	_, err := s.open(index.Term(index.IDTerm(id)), 1)
	return s.records[id], err
}

// open opens the newest limit notices that an expression finds, and returns their
// records in that order.
func (s *linkSource) open(e index.Expr, limit int) ([]*query.Record, error) {
	var page []*index.Notice
	err := s.desk.withIndex(func(ix *index.Index) error {
		list, err := ix.Find(e, 0, limit)
		if err == nil {
			page, err = notices(ix, list)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	cases, err := s.desk.pageCases(s.ctx, page, Filter{Opened: true})
	if err != nil {
		return nil, err
	}
	var out []*query.Record
	for _, c := range slices.Backward(cases) {
		if s.parts != readlog.AllParts {
			c = c.Only(s.parts)
		}
		if c.View == nil {
			continue
		}
		r := c.Record()
		s.records[r.ID] = r
		out = append(out, r)
	}
	return out, s.ctx.Err()
}

// Holders returns who may hold an identifier. To somebody who may not read all
// parts it returns who does, in what they may read.
func (s *linkSource) Holders(kind, norm string, limit int) (ids []string, total int, err error) {
	e := index.Holding(kind, norm)
	if s.parts == readlog.AllParts {
		var list []uint64
		err := s.desk.withIndex(func(ix *index.Index) error {
			if total, err = ix.Count(e, maxHolders); err == nil && total <= limit {
				list, err = ix.Find(e, 0, limit)
			}
			return err
		})
		if err == nil {
			ids, err = s.ids(list)
		}
		return ids, total, err
	}
	found, err := s.open(e, maxOpenedHolders)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range found {
		if slices.ContainsFunc(r.Identifiers, func(x query.Identifier) bool { return x.Type == kind && x.Norm == norm && x.Linkable() }) {
			ids = append(ids, r.ID)
		}
	}
	return ids, len(ids), nil
}

// ids returns the ids of notices.
func (s *linkSource) ids(list []uint64) ([]string, error) {
	out := make([]string, len(list))
	for i, n := range list {
		_, e, err := s.desk.store.Entry(n)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", n, err)
		}
		out[i] = e.ID.String()
	}
	return out, nil
}

// Namesakes returns the notices with a name that has most keys in common.
func (s *linkSource) Namesakes(name string, limit int) ([]string, error) {
	shared := make(map[uint64]int)
	err := s.desk.withIndex(func(ix *index.Index) error {
		for _, key := range names.Keys(names.Parse(name)) {
			list, err := ix.Find(index.Called(key), 0, maxBearers)
			if err != nil {
				return err
			}
			for _, n := range list {
				shared[n]++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	order := slices.SortedFunc(maps.Keys(shared), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(a, b))
	})
	return s.ids(order[:min(limit, len(order))])
}

// resolveLinks answers the link terms of a query. A notice that is not there, or
// not open here, is an error and not an empty result.
func (d *Desk) resolveLinks(ctx context.Context, q *query.Query, p readlog.Parts) error {
	if err := d.Index(ctx, nil); err != nil {
		return err
	}
	src := d.linkSource(ctx, p)
	return q.Resolve(func(name string, depth int) (map[string]string, error) {
		found, err := src.open(index.Referred(name), maxNamed)
		if err != nil {
			return nil, err
		}
		var of *query.Record
		for _, r := range found {
			if !r.IsNamed(name) {
				continue
			}
			if of != nil {
				return nil, fmt.Errorf("link: %.40q could be %s or %s", name, of.ID[:12], r.ID[:12])
			}
			of = r
		}
		if of == nil {
			return nil, fmt.Errorf("link: %.40q: %w", name, ErrNoCase)
		}
		g, err := links.Grow(src, of.ID, links.Limits{Depth: depth, Namesakes: -1})
		if err != nil {
			return nil, err
		}
		return g.Linked(), nil
	})
}
