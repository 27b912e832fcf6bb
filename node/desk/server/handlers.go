package server

import (
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
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
	if q.Export {
		how = readlog.Exported
	}
	if err := a.record(req, who, how, q.Purpose, c); err != nil {
		return nil, err
	}
	out := wireCase(c)
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
	parsed, err := notice.ParseQuery(q.Query)
	if err != nil {
		return nil, &wire.Error{Code: wire.Malformed, Message: err.Error()}
	}
	out := &wire.CaseList{Cases: []*wire.Case{}}
	whys, deep := make(map[ledger.ID]string), make(map[ledger.ID]bool)
	list, err := a.cfg.Desk.Cases(req.Context(), desk.Filter{Opened: true, Limit: limit + 1, Keep: func(c *desk.Case) bool {
		ok, why := match(c.Only(readlog.PartsOf(seal.Card)&who.parts), parsed)
		if !ok {
			if ok, why = match(c.Only(who.parts), parsed); !ok {
				return false
			}
			deep[c.ID] = true
		}
		if c.Status != state.StatusActive && !q.Ended {
			out.Ended = true
			return false
		}
		whys[c.ID] = why
		return true
	}})
	if err != nil {
		return nil, err
	}
	if len(list) > limit {
		list, out.More = list[len(list)-limit:], true
	}
	slices.Reverse(list)
	var read []*desk.Case
	for _, c := range list {
		if deep[c.ID] {
			read = append(read, c.Only(who.parts))
		}
	}
	if err := a.record(req, who, readlog.Found, q.Purpose, read...); err != nil {
		return nil, err
	}
	for _, c := range list {
		s := summary(c, who.parts)
		s.Why = whys[c.ID]
		out.Cases = append(out.Cases, s)
	}
	return out, nil
}

func match(c *desk.Case, q *notice.Query) (bool, string) {
	if c.View == nil {
		return false, ""
	}
	return c.View.Match(q)
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
