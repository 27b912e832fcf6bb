package remote

import (
	"context"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/wire"
)

// Checked is the desk's answer to one check, or why there is none.
type Checked struct {
	*desk.Answer
	Err error
}

// Check answers checks as [desk.Desk.Check] does, at most [wire.MaxChecks] at once,
// each in its place. fresh is when a node last had nothing newer than the desk has,
// by the clock here; zero if none ever answered.
func (d *Desk) Check(ctx context.Context, list []wire.CheckSubject) (out []Checked, fresh time.Time, err error) {
	now := time.Now()
	a, err := d.client.DeskCheck(ctx, wire.CheckQuery{Subjects: list})
	if err != nil {
		return nil, fresh, err
	}
	if a.Heard > 0 { // the clocks of two machines differ
		fresh = now.Add(-time.Duration(min(max(0, a.Asked-a.Heard), maxAge)) * time.Second)
	}
	for i := range a.Answers {
		w := &a.Answers[i]
		if w.Problem != "" {
			out = append(out, Checked{Err: fmt.Errorf("%s", w.Problem)})
			continue
		}
		ans := &desk.Answer{AsOf: w.AsOf, Size: w.Size, Full: w.More}
		if w.Time > 0 && w.Time < 1<<62 {
			ans.Time = time.UnixMilli(int64(w.Time)).UTC()
		}
		for j := range w.Hits {
			h, err := d.sighting(&w.Hits[j])
			if err != nil {
				return nil, fresh, fmt.Errorf("%s: %w", d, errAnswer)
			}
			ans.Hits = append(ans.Hits, *h)
		}
		out = append(out, Checked{Answer: ans})
	}
	return out, fresh, nil
}

// maxAge is a hundred years in seconds: beyond it is no time.
const maxAge = 100 * 366 * 24 * 60 * 60

func (d *Desk) sighting(w *wire.Sighting) (*desk.Sighting, error) {
	h := &desk.Sighting{ID: w.ID, Index: w.Index, Bureau: w.Bureau, Unreviewed: w.Unreviewed, Published: w.Published, Changed: w.Changed,
		Action: w.Action, Why: w.Why}
	var err error
	if h.Status, err = parseStatus(w.Status); err != nil {
		return nil, err
	}
	header, err := ledger.ParsePublish(w.Public)
	if err != nil {
		return nil, err
	}
	if w.View == nil || w.View.Card == nil {
		return nil, errAnswer
	}
	if h.View, err = parseView(&wire.Case{ID: w.ID, Bureau: w.Bureau}, w.View, header); err != nil {
		return nil, err
	}
	h.View.Origin.Ledger = [32]byte(d.ledger)
	h.View.Reviewed, h.View.Stopped = !w.Unreviewed, h.Suspended()
	if h.Action == notice.Arrest && (h.Unreviewed || h.Suspended()) {
		return nil, errAnswer // a desk of ours never says so
	}
	return h, nil
}

// Links returns what hangs together with a case, as [desk.Reader.Links] does. The
// desk has recorded it.
func (d *Desk) Links(ctx context.Context, name string, limits links.Limits, purpose string) (*links.Graph, error) {
	w, err := d.client.DeskLinks(ctx, wire.LinksQuery{Name: name, Depth: limits.Depth, Purpose: purpose})
	if wire.CodeOf(err) == wire.NotFound {
		return nil, fmt.Errorf("%s: %w", name, desk.ErrNoCase)
	}
	if err != nil || len(w.Nodes) == 0 {
		return nil, err
	}
	g := &links.Graph{Cut: w.Cut}
	for _, n := range w.Nodes {
		g.Nodes = append(g.Nodes, links.Node{ID: n.ID, Notice: n.Notice, Type: n.Type, Label: n.Label, Bureau: n.Bureau, Step: n.Step,
			Shared: n.Shared, Hub: n.Hub, Suggested: n.Suggested})
	}
	for _, e := range w.Edges {
		if !joins(g, e) {
			return nil, fmt.Errorf("%s: %w", d, errAnswer)
		}
		g.Edges = append(g.Edges, links.Edge{From: e.From, To: e.To, Label: e.Label, Says: e.Says, Suggested: e.Suggested, Score: e.Score})
	}
	return g, nil
}

// joins reports whether an edge joins what edges of a graph join: a notice and what
// it holds, or as a suggestion two notices.
func joins(g *links.Graph, e wire.LinkEdge) bool {
	is := func(i int) bool { return i >= 0 && i < len(g.Nodes) }
	return is(e.From) && is(e.To) && g.Nodes[e.From].Notice && g.Nodes[e.To].Notice == e.Suggested
}

// Events returns what comes after a cursor, as [desk.Reader.Events] does. asOf is
// the desk's own; problem is why it has no news, "" if it has.
func (d *Desk) Events(ctx context.Context, at desk.Cursor, quiet uint64, purpose string) (n *desk.News, problem string, err error) {
	w, err := d.client.DeskEvents(ctx, wire.EventsQuery{Next: at.Next, Checked: at.Checked, AsOf: at.AsOf, Quiet: quiet, Purpose: purpose})
	if err != nil {
		return nil, "", err
	}
	n = &desk.News{After: desk.Cursor{Next: w.Next, Checked: w.Checked, AsOf: w.AsOf}, Size: w.Size, Due: w.Due}
	if w.Next < at.Next || w.Next > w.Size {
		return nil, "", fmt.Errorf("%s: %w", d, errAnswer)
	}
	for i := range w.Events {
		e := &w.Events[i]
		c, err := d.parse(e.Case)
		if err != nil {
			return nil, "", err
		}
		if e.Reply == nil && e.Kind == "escalated" {
			return nil, "", fmt.Errorf("%s: %w", d, errAnswer)
		}
		n.Events = append(n.Events, desk.Event{ID: e.ID, Kind: e.Kind, Index: e.Index, Time: e.Time, Bureau: e.Bureau, What: e.What, Case: c,
			Entry: e.Entry, Reply: e.Reply, Void: e.Void, Alarm: e.Alarm, After: desk.Cursor{Next: e.Next, Checked: e.Checked, AsOf: e.AsOf}})
	}
	return n, w.Problem, nil
}

// End returns the cursor behind everything that the desk has, for who wants to be
// told what comes from now on.
func (d *Desk) End(ctx context.Context) (desk.Cursor, error) {
	s, err := d.Status(ctx)
	if err != nil {
		return desk.Cursor{}, err
	}
	return desk.Cursor{Next: s.Size, Checked: s.Size, AsOf: max(s.Time, uint64(s.Asked)*1000)}, nil
}
