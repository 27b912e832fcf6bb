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
		Root: hex.EncodeToString(final.Root[:]), FinalBy: by, Quorum: g.PolicyAt(final.Size).Quorum, Asked: a.cfg.Clock().Unix()}
	if final.Size > 0 && !at.IsZero() {
		s.Time = uint64(at.UnixMilli())
	}
	s.Heard, s.Node, s.Problem, s.Alarm = a.follower.Report()
	s.Alarm = a.alarm(cmp.Or(s.Alarm, a.lacking()))
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
	f := desk.Filter{Bureau: q.Bureau, Since: q.Since, Opened: q.Opened, Limit: limit + 1, Keep: func(c *desk.Case) bool {
		return (q.Before == 0 || c.Index < q.Before) && (q.Status == "" || c.Status.String() == q.Status) && (q.Kind == "" || c.IsKind(kind))
	}}
	list, err := a.reader(req, who).Cases(req.Context(), f)
	if err != nil {
		return nil, err
	}
	out := &wire.CaseList{Cases: []*wire.Case{}}
	if len(list) > limit {
		list, out.More = list[len(list)-limit:], true
	}
	slices.Reverse(list)
	for _, c := range list {
		out.Cases = append(out.Cases, summary(c))
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

// nowhere is the answer about a notice that is not there, or not for the caller.
func (a *api) nowhere() *wire.Error {
	return &wire.Error{Code: wire.NotFound, Message: "there is no such notice, or it is not for " + a.cfg.Bureau + " or for your roles"}
}

// one answers with one case, and records it unless only its card is shown.
func (a *api) one(req *http.Request, who caller) (any, error) {
	var q wire.CaseRequest
	if err := question(req, &q); err != nil {
		return nil, err
	}
	nowhere := a.nowhere()
	if q.Name == "" || len(q.Name) > maxName {
		return nil, nowhere
	}
	how := readlog.Shown
	if q.Export || q.Files {
		how = readlog.Exported
	}
	r := a.reader(req, who)
	var c *desk.Case
	var err error
	if q.Card {
		c, err = r.Case(req.Context(), q.Name)
	} else {
		c, err = r.Open(req.Context(), q.Name, how, q.Purpose)
	}
	if err != nil {
		return nil, noCase(err, nowhere)
	}
	out := wireCase(c, a.cfg.Bureau)
	if q.Files && c.View != nil {
		withFiles(out, c)
	}
	return out, nil
}

// noCase turns what a name stands for instead of one case into an answer.
func noCase(err error, nowhere *wire.Error) error {
	var several *desk.Ambiguous
	switch {
	case errors.Is(err, desk.ErrNoCase):
		return nowhere
	case errors.As(err, &several):
		return ambiguous(several)
	}
	return err
}

// ambiguous lists the cases of one name by their ids.
func ambiguous(e *desk.Ambiguous) error {
	var ids []string
	for _, c := range e.Cases {
		ids = append(ids, c.ID.String()[:12]+" of "+c.Bureau)
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
	f, err := a.reader(req, who).Search(req.Context(), parsed, q.Ended, limit, q.Purpose)
	if errors.Is(err, desk.ErrNoCase) { // of a link
		return nil, &wire.Error{Code: wire.NotFound, Message: "link: there is no such notice, or it is not for your roles"}
	}
	if err != nil {
		return nil, err
	}
	for _, f := range f.Found {
		s := summary(f.Case)
		s.Why, s.Score = f.Why, f.Score
		out.Cases = append(out.Cases, s)
	}
	out.Total, out.Ended, out.More = f.Total, f.Ended, f.More
	return out, nil
}

// inbox answers with tasks. What a hit or a request says is in it, and recorded,
// only where that is asked for.
func (a *api) inbox(req *http.Request, who caller) (any, error) {
	var q wire.InboxQuery
	if err := question(req, &q); err != nil {
		return nil, err
	}
	if q.AsOf > 1<<62 || q.Limit < 0 || q.Limit > wire.MaxWaiting {
		return nil, &wire.Error{Code: wire.Malformed, Message: "this is no time, or no number of tasks"}
	}
	if err := a.purpose(q.Purpose, who.parts); q.Words && err != nil {
		return nil, err
	}
	out := &wire.Inbox{AsOf: cmp.Or(q.AsOf, a.cfg.Desk.AsOf(a.cfg.Clock())), Waiting: []wire.Waiting{}}
	list, total, err := a.reader(req, who).Inbox(req.Context(), out.AsOf, q.Words, cmp.Or(q.Limit, wire.MaxWaiting), q.Purpose)
	if err != nil {
		return nil, err
	}
	out.Total = total
	for _, w := range list {
		out.Waiting = append(out.Waiting, wire.Waiting{Task: string(w.Task), Case: summary(w.Case), ID: w.ID, Bureau: w.Bureau, Text: w.Text,
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
	{ledger.RoleRegistrar, "registrar"},
}
