package server

import (
	"cmp"
	"errors"
	"net/http"

	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/wire"
)

// check answers many checks at once: they come by the thousand, over one session.
// Cards are all that it opens, so nothing is recorded.
func (a *api) check(req *http.Request, who caller) (any, error) {
	var q wire.CheckQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	if len(q.Subjects) == 0 || len(q.Subjects) > wire.MaxChecks {
		return nil, &wire.Error{Code: wire.Malformed, Message: "one question has 1 to 64 checks"}
	}
	now := a.cfg.Clock()
	out := &wire.CheckAnswer{Asked: now.Unix(), Answers: make([]wire.Checked, len(q.Subjects))}
	// Before anything is looked for: what came since is then not taken for known.
	out.Heard, _, _, _ = a.follower.Report()
	r := a.reader(req, who)
	for i := range q.Subjects {
		w := &out.Answers[i]
		s, err := subjectOf(&q.Subjects[i])
		if err != nil {
			w.Problem = err.Error()
			continue
		}
		ans, err := r.Check(req.Context(), s, now)
		switch {
		case errors.Is(err, desk.ErrSubject):
			w.Problem = err.Error()
			continue
		case errors.Is(err, desk.ErrNotForRole), errors.Is(err, desk.ErrNoCards):
			return nil, &wire.Error{Code: wire.Forbidden, Message: "this desk checks nobody for you: the roles of the key, or the keys of the desk, open no cards"}
		case errors.Is(err, desk.ErrEmpty):
			return nil, &wire.Error{Code: wire.Busy, Message: err.Error()}
		case err != nil:
			return nil, err
		}
		w.AsOf, w.Size, w.More = ans.AsOf, ans.Size, ans.Full
		if !ans.Time.IsZero() {
			w.Time = uint64(ans.Time.UnixMilli())
		}
		for j := range ans.Hits {
			w.Hits = append(w.Hits, wireSighting(&ans.Hits[j]))
		}
	}
	return out, nil
}

// subjectOf is the subject of a question.
func subjectOf(q *wire.CheckSubject) (*desk.Subject, error) {
	if q.MRZ != "" {
		m, _, err := notice.ReadMRZ(q.MRZ) // which is what the officer's machine made of the scan
		return &desk.Subject{MRZ: m}, err
	}
	s := &desk.Subject{Number: q.Doc, Country: q.Country, Name: q.Name}
	if q.Born == "" {
		return s, nil
	}
	var err error
	s.Born, err = notice.ParseDate(q.Born)
	return s, err
}

func wireSighting(h *desk.Sighting) wire.Sighting {
	return wire.Sighting{ID: h.ID, Index: h.Index, Bureau: h.Bureau, Status: h.Status.String(), Unreviewed: h.Unreviewed, Published: h.Published,
		Changed: h.Changed, Public: h.View.Header.Marshal(), View: wireView(h.View), Action: h.Action, Why: h.Why}
}

// maxDepth bounds how far links are followed: further away everything hangs together.
const maxDepth = 4

// links answers with what hangs together with a case, in the parts that the caller
// may read.
func (a *api) links(req *http.Request, who caller) (any, error) {
	var q wire.LinksQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	if q.Depth < 0 || q.Depth > maxDepth {
		return nil, &wire.Error{Code: wire.Malformed, Message: "links are followed over 1 to 4 steps"}
	}
	if err := a.purpose(q.Purpose, who.parts); err != nil {
		return nil, err // whatever is linked: a refusal would tell of it
	}
	nowhere := a.nowhere()
	if q.Name == "" || len(q.Name) > maxName {
		return nil, nowhere
	}
	g, err := a.reader(req, who).Links(req.Context(), q.Name, links.Limits{Depth: cmp.Or(q.Depth, 1)}, q.Purpose)
	if err != nil {
		return nil, noCase(err, nowhere)
	}
	out := &wire.Links{Nodes: []wire.LinkNode{}, Edges: []wire.LinkEdge{}}
	if g == nil {
		return out, nil
	}
	out.Cut = g.Cut
	for i := range g.Nodes {
		n := &g.Nodes[i]
		out.Nodes = append(out.Nodes, wire.LinkNode{ID: n.ID, Notice: n.Notice, Type: n.Type, Label: n.Label, Bureau: n.Bureau, Step: n.Step,
			Shared: n.Shared, Hub: n.Hub, Suggested: n.Suggested})
	}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, wire.LinkEdge{From: e.From, To: e.To, Label: e.Label, Says: e.Says, Suggested: e.Suggested, Score: e.Score})
	}
	return out, nil
}

// events answers with what happened after a cursor that the caller keeps.
func (a *api) events(req *http.Request, who caller) (any, error) {
	var q wire.EventsQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	if q.AsOf > 1<<62 || q.Next > 1<<62 || q.Checked > q.Next {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is no place in the ledger"}
	}
	if err := a.purpose(q.Purpose, who.parts); err != nil {
		return nil, err
	}
	turns, err := a.steady()
	if err != nil {
		return nil, err
	}
	now := a.cfg.Desk.AsOf(a.cfg.Clock())
	n, err := a.reader(req, who).Events(req.Context(), desk.Cursor{Next: q.Next, Checked: q.Checked, AsOf: q.AsOf}, now, q.Quiet, q.Purpose)
	if errors.Is(err, desk.ErrCursor) {
		return nil, &wire.Error{Code: wire.NotFound, Message: err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if then, err := a.steady(); err != nil || then != turns {
		return nil, cmp.Or(err, error(errTurning)) // it may have read what only the new key opens
	}
	out := &wire.Events{Events: []wire.Event{}, Next: n.After.Next, Checked: n.After.Checked, AsOf: n.After.AsOf, Size: n.Size, Due: n.Due, Now: now}
	_, _, out.Problem, _ = a.follower.Report()
	for i := range n.Events {
		e := &n.Events[i]
		out.Events = append(out.Events, wire.Event{ID: e.ID, Kind: e.Kind, Index: e.Index, Time: e.Time, Bureau: e.Bureau, What: e.What,
			Case: summary(e.Case), Entry: e.Entry, Reply: e.Reply, Void: e.Void, Alarm: e.Alarm, Next: e.After.Next, Checked: e.After.Checked, AsOf: e.After.AsOf})
	}
	return out, nil
}
