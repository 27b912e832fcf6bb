package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity/ledger/notice"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// telling has, for every route, the question whose answer holds the most, how that is
// recorded, and whether there is opened text in it at all. A route that is not in the
// table fails TestNetDesk: who adds one says what it tells.
var telling = map[string]struct {
	question any
	how      readlog.How // 0: it must hold no more than cards
}{
	wire.PathDeskStatus: {nil, 0},
	wire.PathDeskCases:  {wire.CaseQuery{}, 0},
	wire.PathDeskCase:   {wire.CaseRequest{Name: "LT-0301"}, readlog.Shown},
	wire.PathDeskSearch: {wire.SearchQuery{Query: `"Teacher Wynn"`}, readlog.Found},
	wire.PathDeskInbox:  {wire.InboxQuery{Words: true, AsOf: uint64(time.Now().Add(time.Hour).UnixMilli())}, readlog.Listed},
	wire.PathDeskLinks:  {wire.LinksQuery{Name: "LT-0301", Depth: 2}, readlog.Linked},
	wire.PathDeskEvents: {wire.EventsQuery{}, readlog.Told},
	wire.PathDeskCheck:  {wire.CheckQuery{Subjects: []wire.CheckSubject{{Doc: "A30117745"}}}, 0},
	wire.PathDeskReads:  {nil, 0},
	wire.PathDeskLog:    {nil, 0},
}

// shared is an identifier that stands in the body alone of two notices.
const shared = "+99955508842"

// recorded asks every route as every role, and wants a record of whatever text of
// bodies, victims and answers it gets, before it gets it.
func (w *world) recorded(t *testing.T) {
	for role := range roles {
		c := w.as(w.officer[role])
		for _, rt := range routes {
			tell, ok := telling[rt.pattern]
			if !ok {
				t.Errorf("%s: the table does not say what it tells", rt.pattern)
				continue
			}
			path, before := rt.pattern, len(w.records())
			if rt.pattern == wire.PathDeskLog {
				path += "?from=0"
			}
			_, answer, e := w.ask(c, rt.method, path, tell.question)
			if e != nil && e.Code != wire.Forbidden {
				t.Fatalf("%s as %s: %v", rt.pattern, role, e)
			}
			said := ""
			for _, word := range []string{canaries["body"], canaries["victim"], canaries["reply"], shared} {
				if strings.Contains(answer, word) {
					said += " " + word
				}
			}
			list := w.records()[before:]
			switch {
			case said != "" && (len(list) == 0 || tell.how == 0):
				t.Errorf("%s as %s: it says%s, and nobody recorded it", rt.pattern, role, said)
			case said == "" && tell.how != 0 && role == "investigator":
				t.Errorf("%s as %s: it tells nothing, so this tests nothing: %s", rt.pattern, role, answer)
			}
			for _, r := range list {
				if r.Read.How != tell.how || r.Read.Officer != w.officer[role].ID() {
					t.Errorf("%s as %s: recorded %+v", rt.pattern, role, r.Read)
				}
			}
		}
	}
}

// linked wants both ends of a link recorded, and of a card no link at all.
func (w *world) linked(t *testing.T) {
	before := len(w.records())
	_, answer, e := w.ask(w.as(w.officer["investigator"]), http.MethodPost, wire.PathDeskLinks, wire.LinksQuery{Name: "LT-0301"})
	var g wire.Links
	if e != nil || json.Unmarshal([]byte(answer), &g) != nil {
		t.Fatal(e, answer)
	}
	read := make(map[string]bool)
	for _, r := range w.records()[before:] {
		read[r.Read.Notice.String()] = true
	}
	notices := 0
	for _, n := range g.Nodes {
		if n.Notice {
			if notices++; !read[n.ID] {
				t.Errorf("%s is in the graph, and nobody recorded it", n.Label)
			}
		}
	}
	if notices < 2 {
		t.Errorf("%d notices: this tests nothing", notices)
	}
	_, answer, e = w.ask(w.as(w.officer["desk"]), http.MethodPost, wire.PathDeskLinks, wire.LinksQuery{Name: "LT-0301"})
	if e != nil || strings.Contains(answer, shared) {
		t.Errorf("who reads cards is told of a telephone in a body: %v, %s", e, answer)
	}
}

// checks wants an answer in each place, and nothing but cards.
func (w *world) checks(t *testing.T) {
	before := len(w.records())
	list := []wire.CheckSubject{{Doc: "A30117745"}, {Name: "Nobody"}, {Doc: "X99999999"}, {MRZ: "P<"}, {Name: notice.ChildCase(time.Now()).Card.Person.Names[0].String(), Born: "bad"}}
	for _, role := range []string{"desk", "investigator", "protection", "supervisor"} {
		out, fresh, err := w.reach(t, w.officer[role], w.cfg.TLS).Check(t.Context(), list)
		if err != nil || len(out) != len(list) {
			t.Fatalf("as %s: %d answers, %v", role, len(out), err)
		}
		if a := out[0]; a.Err != nil || len(a.Hits) == 0 || a.Hits[0].Action != notice.Protect || a.Hits[0].View.Body != nil || a.Size == 0 || time.Since(fresh) > time.Hour {
			t.Errorf("as %s: %+v, %s", role, a, fresh)
		}
		if out[1].Err == nil || out[2].Err != nil || len(out[2].Hits) != 0 || out[3].Err == nil || out[4].Err == nil {
			t.Errorf("as %s: %+v", role, out)
		}
	}
	for name, q := range map[string]any{"none": wire.CheckQuery{}, "too many": wire.CheckQuery{Subjects: make([]wire.CheckSubject, wire.MaxChecks+1)}} {
		if _, _, e := w.ask(w.as(w.officer["desk"]), http.MethodPost, wire.PathDeskCheck, q); e == nil || e.Code != wire.Malformed {
			t.Errorf("%s: %v", name, e)
		}
	}
	if len(w.records()) != before {
		t.Error("a check of cards was recorded as a read")
	}
}
