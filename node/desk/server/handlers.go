package server

import (
	"cmp"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/query"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

func (a *api) status(req *http.Request, who caller) (any, error) {
	final, by, at := a.cfg.Desk.Final()
	g := a.cfg.Desk.Genesis()
	s := &wire.DeskStatus{Version: a.cfg.Version, Bureau: a.cfg.Bureau, Ledger: hex.EncodeToString(g.Ledger[:]), Size: final.Size,
		Root: hex.EncodeToString(final.Root[:]), FinalBy: by, Quorum: g.Policy().Quorum, Asked: a.cfg.Clock().Unix()}
	if final.Size > 0 && !at.IsZero() {
		s.Time = uint64(at.UnixMilli())
	}
	s.Heard, s.Node, s.Problem, s.Alarm = a.follower.report()
	s.Alarm = a.alarm(s.Alarm)
	for c := seal.Card; c <= seal.Victim; c++ {
		if len(a.cfg.Identities[c]) > 0 {
			s.Compartments = append(s.Compartments, c.String())
		}
	}
	for _, r := range roleNames {
		if who.roles&r.role != 0 {
			s.Roles = append(s.Roles, r.name)
		}
	}
	return s, nil
}

// cases answers with cards, of which only the action is told: nothing is
// recorded.
func (a *api) cases(req *http.Request, who caller) (any, error) {
	var q wire.CaseQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	kind := ledger.KindUndisclosed
	if q.Kind != "" {
		var err error
		if kind, err = ledger.ParseKind(q.Kind); err != nil {
			return nil, &wire.Error{Code: wire.Malformed, Message: "there is no such kind of notice"}
		}
	}
	limit, err := limitOf(q.Limit)
	if err != nil {
		return nil, err
	}
	f := desk.Filter{Bureau: q.Bureau, Since: q.Since, Limit: limit + 1, Keep: func(c *desk.Case) bool {
		c = c.Only(who.parts)
		return (q.Before == 0 || c.Index < q.Before) && (!q.Opened || c.Reference() != "") && (q.Status == "" || c.Status.String() == q.Status) &&
			(q.Kind == "" || c.IsKind(kind))
	}}
	list, err := a.cfg.Desk.Cases(req.Context(), f)
	if err != nil {
		return nil, err
	}
	out := &wire.CaseList{Cases: []*wire.Case{}}
	if len(list) > limit {
		list, out.More = list[len(list)-limit:], true
	}
	slices.Reverse(list)
	for _, c := range list {
		out.Cases = append(out.Cases, summary(c, who.parts))
	}
	return out, nil
}

func limitOf(n int) (int, error) {
	switch {
	case n < 0 || n > wire.MaxCases:
		return 0, &wire.Error{Code: wire.TooLarge, Message: "a list has at most 1000 cases"}
	case n == 0:
		return wire.MaxCases, nil
	}
	return n, nil
}

const maxName = 200

// one answers with one case, and records it unless only its card is shown.
func (a *api) one(req *http.Request, who caller) (any, error) {
	var q wire.CaseRequest
	if err := question(req, &q); err != nil {
		return nil, err
	}
	nowhere := &wire.Error{Code: wire.NotFound, Message: "there is no such notice, or it is not for " + a.cfg.Bureau + " or for your roles"}
	if q.Name == "" || len(q.Name) > maxName {
		return nil, nowhere
	}
	whole, err := a.cfg.Desk.Case(req.Context(), q.Name)
	var several *desk.Ambiguous
	switch {
	case errors.Is(err, desk.ErrNoCase):
		return nil, nowhere
	case errors.As(err, &several):
		return nil, ambiguous(several, who.parts, nowhere)
	case err != nil:
		return nil, err
	}
	allowed := who.parts
	if q.Card {
		allowed &= readlog.PartsOf(seal.Card)
	}
	c := whole.Only(allowed)
	// A reference is sealed: who may open nothing cannot know it.
	if !strings.HasPrefix(c.ID.String(), q.Name) && whole.Only(who.parts).Reference() == "" {
		return nil, nowhere
	}
	how := readlog.Shown
	if q.Export || q.Files {
		how = readlog.Exported
	}
	if err := a.record(req, who, how, q.Purpose, c); err != nil {
		return nil, err
	}
	out := wireCase(c, a.cfg.Bureau)
	if q.Files && c.View != nil {
		withFiles(out, c)
	}
	out.Withheld = strings.Fields((whole.Parts() &^ who.parts).String())
	return out, nil
}

// ambiguous lists the cases of one name by their ids, as far as the caller may
// open them.
func ambiguous(e *desk.Ambiguous, parts readlog.Parts, nowhere *wire.Error) error {
	var ids []string
	for _, c := range e.Cases {
		if c.Only(parts).Reference() != "" || strings.HasPrefix(c.ID.String(), e.Name) {
			ids = append(ids, c.ID.String()[:12]+" of "+c.Bureau)
		}
	}
	if len(ids) == 0 {
		return nowhere
	}
	return &wire.Error{Code: wire.Ambiguous, Message: "several notices have this name: " + strings.Join(ids[:min(len(ids), 20)], ", ")}
}

// search looks at the parts that the caller may read. A hit on a card is shown
// as a card is; one on anything else is recorded, for its reason repeats words
// of it.
func (a *api) search(req *http.Request, who caller) (any, error) {
	var q wire.SearchQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	limit, err := limitOf(q.Limit)
	if err != nil {
		return nil, err
	}
	if err := a.purpose(q.Purpose, who.parts); err != nil {
		return nil, err // whatever it finds: a refusal only where there are hits would tell of them
	}
	parsed, err := query.Parse(q.Query, a.cfg.Clock())
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: err.Error()}
	}
	out := &wire.CaseList{Cases: []*wire.Case{}}
	keep := func(c *desk.Case) bool {
		if c.Status.Ended() && !q.Ended {
			out.Ended++
			return false
		}
		return true
	}
	found, total, err := a.cfg.Desk.SearchAs(req.Context(), parsed, who.parts, keep, limit)
	if errors.Is(err, desk.ErrNoCase) { // of a link
		return nil, &wire.Error{Code: wire.NotFound, Message: "link: there is no such notice, or it is not for your roles"}
	}
	if err != nil {
		return nil, err
	}
	var read []*desk.Case
	for _, f := range found {
		if f.Beyond {
			read = append(read, f.Case)
		}
	}
	if err := a.record(req, who, readlog.Found, q.Purpose, read...); err != nil {
		return nil, err
	}
	for _, f := range found {
		s := summary(f.Case, who.parts)
		s.Why, s.Score = f.Why, f.Score
		out.Cases = append(out.Cases, s)
	}
	out.Total, out.More = total, total > len(found)
	return out, nil
}

// maxWaiting is how many tasks an inbox shows, the most urgent first.
const maxWaiting = 500

// inbox answers with tasks. What a hit or a request says is not in it, so nothing
// is recorded; who may not read bodies is told of no answers but acks, for half a
// thread would be a wrong one.
func (a *api) inbox(req *http.Request, who caller) (any, error) {
	var q wire.InboxQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	if q.AsOf > 1<<62 {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is no time"}
	}
	out := &wire.Inbox{AsOf: cmp.Or(q.AsOf, a.cfg.Desk.AsOf(a.cfg.Clock())), Waiting: []wire.Waiting{}}
	list, _, err := a.cfg.Desk.InboxAs(req.Context(), who.parts, a.cfg.Bureau, out.AsOf, maxWaiting)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		out.Waiting = append(out.Waiting, wire.Waiting{Task: string(w.Task), Case: summary(w.Case, who.parts), ID: w.ID, Bureau: w.Bureau,
			Urgency: w.Urgency, Since: w.Since, Due: w.Due, Escalated: w.Escalated})
	}
	return out, nil
}

func (a *api) readsHead(req *http.Request, who caller) (any, error) {
	now := a.cfg.Clock()
	h, err := a.cfg.Reads.Head(now)
	if err != nil {
		return nil, err
	}
	return &wire.ReadsHead{Head: h.Marshal(), Records: h.Size, Asked: now.Unix()}, nil
}

// readLog gives the auditor what the copy elsewhere does not have yet.
func (a *api) readLog(req *http.Request, who caller) (any, error) {
	from, err := strconv.ParseInt(req.URL.Query().Get("from"), 10, 64)
	if err != nil || from < 0 {
		return nil, &wire.Error{Code: wire.Malformed, Message: "from is not a number of bytes"}
	}
	data, err := a.cfg.Reads.Tail(from, wire.MaxReadLog)
	if errors.Is(err, readlog.ErrShorter) {
		return nil, &wire.Error{Code: wire.LogShorter, Message: "the read log of this desk ends before that"}
	}
	return data, err
}

// roleNames are the words for roles.
var roleNames = [...]struct {
	role ledger.Roles
	name string
}{
	{ledger.RoleInvestigator, "investigator"}, {ledger.RoleDesk, "desk"}, {ledger.RoleProtection, "protection"},
	{ledger.RoleSupervisor, "supervisor"}, {ledger.RoleOperator, "operator"}, {ledger.RoleAuditor, "auditor"},
}
