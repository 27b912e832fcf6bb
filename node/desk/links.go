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
	records map[string]*query.Record       // of the graph that grows
	crowded map[index.Term][]*query.Record // of notices with more terms than are filed
}

var _ links.Source = (*linkSource)(nil)

func (d *Desk) linkSource(ctx context.Context, p readlog.Parts) *linkSource {
	return &linkSource{d, ctx, p, make(map[string]*query.Record), make(map[index.Term][]*query.Record)}
}

// Bounds of one answer. maxHolders is up to where the notices with an identifier
// are counted: a hub is one long before. maxOpenedHolders is up to where they are
// opened for somebody who may not read all parts, and must not learn from a count
// what the others hold; so many are opened, too, of those of which the index does
// not hold all. maxBearers is what is looked at of one key of a name.
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

// opened returns the records of the notices of which the index does not hold all:
// they count for what is in them once they are opened, and are opened once.
func (s *linkSource) opened(maybe index.Term) ([]*query.Record, error) {
	if list, ok := s.crowded[maybe]; ok {
		return list, nil
	}
	list, err := s.open(maybe, maxOpenedHolders)
	if err == nil {
		s.crowded[maybe] = list
	}
	return list, err
}

// holding returns which of some records hold an identifier.
func holding(list []*query.Record, kind, norm string) (ids []string) {
	for _, r := range list {
		if slices.ContainsFunc(r.Identifiers, func(x query.Identifier) bool { return x.Type == kind && x.Norm == norm && x.Linkable() }) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Holders returns who may hold an identifier. To somebody who may not read all
// parts it returns who does, in what they may read.
func (s *linkSource) Holders(kind, norm string, limit int) (ids []string, total int, err error) {
	crowded, err := s.opened(index.MaybeHolding())
	if err != nil {
		return nil, 0, err
	}
	more := holding(crowded, kind, norm)
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
		return append(ids, more...), total + len(more), err
	}
	found, err := s.open(e, maxOpenedHolders)
	if err != nil {
		return nil, 0, err
	}
	ids = append(holding(found, kind, norm), more...)
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
	crowded, err := s.opened(index.MaybeCalled())
	if err != nil {
		return nil, err
	}
	keys := names.Keys(names.Parse(name))
	shared := make(map[uint64]int)
	for _, r := range crowded {
		if n := sharedKeys(r, keys); n > 0 {
			shared[r.Index] = n
		}
	}
	err = s.desk.withIndex(func(ix *index.Index) error {
		for _, key := range keys {
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

// sharedKeys returns how many of some keys a name of a record has.
func sharedKeys(r *query.Record, keys []string) (n int) {
	has := make(map[string]bool)
	for i := range r.Names {
		for _, key := range names.Keys(names.Parse(r.Names[i].Text)) {
			has[key] = true
		}
	}
	for _, key := range keys {
		if has[key] {
			n++
		}
	}
	return n
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
