package server

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// allowed is the table of the package's documentation once more: what is not in
// it must be denied.
var allowed = map[string]map[string]bool{
	"GET " + wire.PathDeskStatus:  {"investigator": true, "desk": true, "protection": true, "supervisor": true, "operator": true, "auditor": true},
	"POST " + wire.PathDeskCases:  {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskCase:   {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskInbox:  {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskSearch: {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskLinks:  {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskEvents: {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"POST " + wire.PathDeskCheck:  {"investigator": true, "desk": true, "protection": true, "supervisor": true},
	"GET " + wire.PathDeskReads:   {"supervisor": true, "auditor": true},
	"GET " + wire.PathDeskLog:     {"auditor": true},
}

func TestRoutes(t *testing.T) {
	for _, rt := range routes {
		row, ok := allowed[rt.method+" "+rt.pattern]
		if !ok {
			t.Errorf("%s %s is in no table", rt.method, rt.pattern)
		}
		for name, role := range roles {
			if got := rt.may&role != 0; got != row[name] {
				t.Errorf("%s %s as %s: open = %v, want %v", rt.method, rt.pattern, name, got, row[name])
			}
		}
		for bit := range 16 {
			if role := ledger.Roles(1) << bit; rt.may&role != 0 && !slices.Contains(known(), role) {
				t.Errorf("%s %s is open to role %#x, which is none", rt.method, rt.pattern, role)
			}
		}
	}
	if len(routes) != len(allowed) {
		t.Errorf("%d routes, want %d", len(routes), len(allowed))
	}
}

func known() (list []ledger.Roles) {
	for _, r := range roles {
		list = append(list, r)
	}
	return list
}

func TestPartsOfRoles(t *testing.T) {
	for role, want := range map[ledger.Roles]string{
		0: "", ledger.RoleOperator: "", ledger.RoleAuditor: "", 1 << 9: "", 1 << 15: "",
		ledger.RoleDesk: "card", ledger.RoleInvestigator: "card body", ledger.RoleSupervisor: "card body", ledger.RoleProtection: "card victim",
		ledger.RoleInvestigator | ledger.RoleProtection: "card body victim", ledger.RoleDesk | ledger.RoleOperator: "card",
	} {
		if got := desk.PartsOf(role).String(); got != want {
			t.Errorf("roles %#x may read %q, want %q", role, got, want)
		}
	}
}

// Words of each part of the notice.
var canaries = map[string]string{"card": "A30117745", "body": "Teacher Wynn", "victim": "Hanne Sorrendahl", "reply": "green coat"}

func TestNetDesk(t *testing.T) {
	t.Parallel()
	h := new(homeKeys)
	w := newWorld(t, func(c *Config) { h.ids, c.Reload = maps.Clone(c.Identities), h.read })
	t.Run("every route is open to whom the table says", w.routes)
	t.Run("each role gets its parts and is recorded", w.parts)
	t.Run("a search looks only where the role may", w.searches)
	t.Run("lists show nothing that is recorded", w.lists)
	t.Run("an inbox shows nothing that is recorded", w.inboxes)
	t.Run("a remote desk is as an own one", w.remote)
	t.Run("questions are bounded and strict", w.questions)
	t.Run("strangers are refused in the handshake", w.strangers)
	t.Run("a panic ends one request", w.panics)
	t.Run("one key cannot take all", w.limits)
	t.Run("status", w.status)
	t.Run("an auditor keeps a copy of the read log", w.copies)
	t.Run("a revoked key is out at once", w.revocation)
	t.Run("what a number tells is recorded", w.numbers)
	t.Run("a check shows cards", w.checks)
	t.Run("both ends of a link are recorded", w.linked)
	t.Run("every route records what it tells", w.recorded)
	t.Run("a new reading key is taken from the home", func(t *testing.T) { w.rotation(t, h) })
	t.Run("what cannot be recorded is not shown", w.unrecorded) // last: it breaks the log
	for what, secret := range map[string]string{"card": canaries["card"], "body": "Wynn", "reply": "green", "victim": "Sorrendahl", "reference": "LT-0301", "purpose": "for the test"} {
		if strings.Contains(w.out.String(), secret) {
			t.Errorf("the log of the desk holds a word of the %s", what)
		}
	}
	for _, want := range []string{`"msg":"allowed"`, `"msg":"refused"`, `"label":"investigator-1"`, `"code":"forbidden"`, "the key of this desk is not enrolled", `"msg":"session refused"`} {
		if !strings.Contains(w.out.String(), want) {
			t.Errorf("the log of the desk lacks %s", want)
		}
	}
}

// fill returns a question that the route takes.
func fill(pattern string) any {
	switch pattern {
	case wire.PathDeskCases:
		return wire.CaseQuery{}
	case wire.PathDeskCase:
		return wire.CaseRequest{Name: "LT-0301", Card: true}
	case wire.PathDeskInbox:
		return wire.InboxQuery{}
	case wire.PathDeskSearch:
		return wire.SearchQuery{Query: "doc:A30117745"}
	case wire.PathDeskLinks:
		return wire.LinksQuery{Name: "LT-0301"}
	case wire.PathDeskEvents:
		return wire.EventsQuery{}
	case wire.PathDeskCheck:
		return wire.CheckQuery{Subjects: []wire.CheckSubject{{Doc: "A30117745"}}}
	}
	return nil
}

func (w *world) routes(t *testing.T) {
	for name := range roles {
		c := w.as(w.officer[name])
		for _, rt := range routes {
			path := rt.pattern
			if path == wire.PathDeskLog {
				path += "?from=0"
			}
			status, _, e := w.ask(c, rt.method, path, fill(rt.pattern))
			want := allowed[rt.method+" "+rt.pattern][name]
			if got := status == http.StatusOK; got != want || !want && e.Code != wire.Forbidden {
				t.Errorf("%s %s as %s: status %d, want open = %v", rt.method, rt.pattern, name, status, want)
			}
			other := http.MethodPut
			if status, _, _ := w.ask(c, other, rt.pattern, nil); status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s as %s: status %d", other, rt.pattern, name, status)
			}
		}
		for _, path := range []string{"/", "/v1/entries", "/v1/case/", "/debug/pprof/", wire.PathDeskCase + "/x"} {
			if status, _, _ := w.ask(c, http.MethodGet, path, nil); status != http.StatusNotFound {
				t.Errorf("GET %s as %s: status %d", path, name, status)
			}
		}
	}
}

func (w *world) parts(t *testing.T) {
	for name, want := range map[string][]string{
		"investigator": {"card", "body", "reply"}, "desk": {"card"}, "protection": {"card", "victim"}, "supervisor": {"card", "body", "reply"},
	} {
		c := w.as(w.officer[name])
		for _, by := range []string{"LT-0301", "lt-0301", w.id.String()[:8]} {
			before := len(w.records())
			_, answer, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: by, Purpose: "for the test"})
			if e != nil {
				t.Fatalf("%s as %s: %v", by, name, e)
			}
			for part, word := range canaries {
				if got := strings.Contains(answer, word); got != slices.Contains(want, part) {
					t.Errorf("%s as %s: the answer has the %s: %v", by, name, part, got)
				}
			}
			var k wire.Case
			if err := json.Unmarshal([]byte(answer), &k); err != nil {
				t.Fatal(err)
			}
			list := w.records()[before:]
			if len(want) == 1 {
				if len(list) != 0 || !slices.Equal(k.Withheld, []string{"body", "victim"}) {
					t.Errorf("%s as %s: %d records, withheld %q", by, name, len(list), k.Withheld)
				}
				continue
			}
			if len(list) != 1 {
				t.Fatalf("%s as %s: %d records", by, name, len(list))
			}
			r := list[0].Read
			if r.Officer != w.officer[name].ID() || r.Label != name+"-1" || r.Parts.String() != strings.Join(want[:2], " ") || r.Notice != w.id ||
				r.Entry != k.Versions[0].Index || r.How != readlog.Shown || r.Purpose != "for the test" {
				t.Errorf("%s as %s: recorded %+v", by, name, r)
			}
		}
		before := len(w.records())
		_, answer, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301", Card: true})
		if e != nil || strings.Contains(answer, canaries["body"]) || strings.Contains(answer, canaries["victim"]) || len(w.records()) != before {
			t.Errorf("the card alone, as %s: %v", name, e)
		}
		if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "XX-9999"}); e == nil || e.Code != wire.NotFound {
			t.Errorf("a case that is not there, as %s: %v", name, e)
		}
	}
	// Who names no purpose reads for the case itself.
	if _, _, e := w.ask(w.as(w.officer["investigator"]), http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301", Export: true}); e != nil {
		t.Fatal(e)
	}
	list := w.records()
	if r := list[len(list)-1].Read; r.Purpose != "case "+w.id.String()[:12] || r.How != readlog.Exported {
		t.Errorf("recorded %+v", r)
	}
}

func (w *world) searches(t *testing.T) {
	clients := make(map[string]*http.Client)
	for role := range roles {
		clients[role] = w.as(w.officer[role])
	}
	for _, tt := range []struct {
		role, query string
		found, read bool
	}{
		{"desk", "doc:A30117745", true, false},
		{"desk", "wynn", false, false},
		{"desk", "phone:+99955508842", false, false},
		{"desk", "hanne", false, false},
		{"investigator", "doc:A30117745", true, false},
		{"investigator", "wynn", true, true},
		{"investigator", "hanne", false, false},
		{"protection", "wynn", false, false},
		{"supervisor", "phone:+99955508842", true, true},
		// The card alone matches, and the answer tells of the body all the same.
		{"investigator", "doc:A30117745 NOT text:harbourmaster", true, true},
		{"investigator", "doc:A30117745 NOT text:wynn", false, false},
		{"investigator", "doc:A30117745 NOT kind:blue", true, false},
		{"desk", "doc:A30117745 NOT text:wynn", true, false},
	} {
		before := len(w.records())
		_, answer, e := w.ask(clients[tt.role], http.MethodPost, wire.PathDeskSearch, wire.SearchQuery{Query: tt.query})
		if e != nil {
			t.Fatal(e)
		}
		var list wire.CaseList
		if err := json.Unmarshal([]byte(answer), &list); err != nil {
			t.Fatal(err)
		}
		records := w.records()[before:]
		if got := len(list.Cases) == 1; got != tt.found || got && len(list.Cases[0].Why) == 0 {
			t.Errorf("%q as %s: found %v, want %v", tt.query, tt.role, got, tt.found)
		}
		if got := len(records) == 1 && records[0].Read.How == readlog.Found; got != tt.read || !tt.read && len(records) != 0 {
			t.Errorf("%q as %s: %d records, want one: %v", tt.query, tt.role, len(records), tt.read)
		}
	}
	if _, _, e := w.ask(w.as(w.officer["desk"]), http.MethodPost, wire.PathDeskSearch, wire.SearchQuery{Query: "nmae:x"}); e == nil || e.Code != wire.Malformed {
		t.Errorf("an unknown field: %v", e)
	}
}

// numbers looks for words of the bodies of a notice that has ended, and of one
// that the limit leaves out: their number is as good as a look at them.
func (w *world) numbers(t *testing.T) {
	own := w.openDesk()
	xa := desk.Officers{Author: w.Bureaus[0].Officer.Signer, Others: []*keys.Signer{w.Bureaus[0].Supervisor.Signer}}
	publish := func(reference string) ledger.ID {
		t.Helper()
		w.until("the replica", func() bool { return own.Sync(t.Context(), w.node, nil) == nil })
		n := notice.ChildCase(time.Now())
		n.Reference = reference
		it, err := own.Publish(t.Context(), w.node, xa, n)
		if err != nil {
			t.Fatal(err)
		}
		w.submit(it)
		return it.Entry.ID
	}
	second, third := publish("LT-0302"), publish("LT-0303")
	w.until("the replica", func() bool {
		n, err := own.Notice(third)
		return own.Sync(t.Context(), w.node, nil) == nil && err == nil && n != nil
	})
	it, err := own.Withdraw(t.Context(), w.node, xa, third)
	if err != nil {
		t.Fatal(err)
	}
	w.submit(it)
	w.until("the desk", func() bool { n, err := w.desk.Notice(third); return err == nil && n != nil && n.Status.Ended() })
	for _, tt := range []struct {
		role, query  string
		limit        int
		total, ended int
		read         []ledger.ID
	}{
		{"investigator", "wynn ref:LT-0303", 0, 0, 1, []ledger.ID{third}},
		{"investigator", "wynn", 1, 2, 1, []ledger.ID{w.id, second, third}},
		{"supervisor", "doc:A30117745", 1, 2, 1, nil},
		{"desk", "wynn", 1, 0, 0, nil},
		{"desk", "ref:LT-0303", 0, 0, 1, nil},
	} {
		before := len(w.records())
		_, answer, e := w.ask(w.as(w.officer[tt.role]), http.MethodPost, wire.PathDeskSearch, wire.SearchQuery{Query: tt.query, Limit: tt.limit})
		var list wire.CaseList
		if e != nil || json.Unmarshal([]byte(answer), &list) != nil {
			t.Fatal(e, answer)
		}
		if list.Total != tt.total || list.Ended != tt.ended {
			t.Errorf("%q as %s: total %d, ended %d", tt.query, tt.role, list.Total, list.Ended)
		}
		var read []ledger.ID
		for _, r := range w.records()[before:] {
			if read = append(read, r.Read.Notice); r.Read.How != readlog.Found || !r.Read.Parts.Has(seal.Body) {
				t.Errorf("%q as %s: recorded %+v", tt.query, tt.role, r.Read)
			}
		}
		slices.SortFunc(read, compareIDs)
		slices.SortFunc(tt.read, compareIDs)
		if !slices.Equal(read, tt.read) {
			t.Errorf("%q as %s: recorded %v, want %v", tt.query, tt.role, read, tt.read)
		}
	}
}

func compareIDs(a, b ledger.ID) int { return bytes.Compare(a[:], b[:]) }

func (w *world) lists(t *testing.T) {
	before := len(w.records())
	for _, role := range []string{"desk", "investigator", "protection"} {
		for _, tt := range []struct {
			q    wire.CaseQuery
			want int
		}{
			{wire.CaseQuery{}, 1}, {wire.CaseQuery{Opened: true, Kind: "yellow", Bureau: "XA", Status: "active"}, 1}, {wire.CaseQuery{Bureau: "XB"}, 0},
			{wire.CaseQuery{Kind: "red"}, 0}, {wire.CaseQuery{Status: "withdrawn"}, 0}, {wire.CaseQuery{Before: 3}, 0},
		} {
			_, answer, e := w.ask(w.as(w.officer[role]), http.MethodPost, wire.PathDeskCases, tt.q)
			if e != nil {
				t.Fatal(e)
			}
			if got := strings.Count(answer, `"LT-0301"`) / 2; got != tt.want { // in the view and in its version
				t.Errorf("%+v as %s: %d cases, want %d", tt.q, role, got, tt.want)
			}
			for part, word := range canaries {
				if strings.Contains(answer, word) {
					t.Errorf("%+v as %s: the list holds words of the %s", tt.q, role, part)
				}
			}
		}
	}
	if len(w.records()) != before {
		t.Error("a list was recorded as a read")
	}
}

func (w *world) inboxes(t *testing.T) {
	before := len(w.records())
	for role, want := range map[string]int{"investigator": 2, "supervisor": 2, "desk": 1, "protection": 1} {
		_, answer, e := w.ask(w.as(w.officer[role]), http.MethodPost, wire.PathDeskInbox, wire.InboxQuery{AsOf: uint64(time.Now().Add(time.Hour).UnixMilli())})
		var in wire.Inbox
		if e != nil || json.Unmarshal([]byte(answer), &in) != nil {
			t.Fatal(e, answer)
		}
		// XB had the hit, of which XA has not said anything in an hour, and has not acknowledged the notice.
		if len(in.Waiting) != want || want == 2 && (!in.Waiting[0].Escalated || in.Waiting[0].Task != string(desk.TaskCall)) {
			t.Errorf("as %s: %s", role, answer)
		}
		for part, word := range canaries {
			if strings.Contains(answer, word) {
				t.Errorf("as %s: the inbox holds words of the %s", role, part)
			}
		}
	}
	if len(w.records()) != before {
		t.Error("an inbox was recorded as a read")
	}
}

func (w *world) questions(t *testing.T) {
	c := w.as(w.officer["investigator"])
	before := len(w.records())
	for question, want := range map[string]wire.Code{
		"":                                 wire.Malformed,
		"{}":                               wire.NotFound,
		`{"name":"LT-0301","nmae":"x"}`:    wire.Malformed,
		`{"name":"LT-0301","name":"x"}`:    wire.Malformed,
		`{"Name":"LT-0301"}`:               wire.Malformed,
		`{"name":"LT-0301"} {}`:            wire.Malformed,
		`{"name":null}`:                    wire.Malformed,
		"{\"name\":\"\xff\"}":              wire.Malformed,
		`{"name":"LT-0301","purpose":" "}`: wire.Malformed,
		`{"name":"LT-0301","purpose":"` + strings.Repeat("x", readlog.MaxPurpose+1) + `"}`: wire.Malformed,
		`{"name":"` + strings.Repeat("x", 300) + `"}`:                                      wire.NotFound,
		`{"name":"` + strings.Repeat("x", wire.MaxDeskRequest) + `"}`:                      wire.TooLarge,
	} {
		if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, question); e == nil || e.Code != want {
			t.Errorf("%.60q: %v, want %s", question, e, want)
		}
	}
	for _, limit := range []int{-1, wire.MaxCases + 1} {
		if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskCases, wire.CaseQuery{Limit: limit}); e == nil || e.Code != wire.TooLarge {
			t.Errorf("limit %d: %v", limit, e)
		}
	}
	if len(w.records()) != before {
		t.Error("a question that was refused is recorded as a read")
	}
}

func (w *world) strangers(t *testing.T) {
	for name, key := range map[string]*keys.TLS{"a stranger": newKey(t), "a node": w.Bureaus[1].TLS, "an officer of another bureau": w.officer["of XA"]} {
		if _, _, e := w.ask(w.as(key), http.MethodGet, wire.PathDeskStatus, nil); e == nil || e.Code != "no_answer" {
			t.Errorf("%s: %v, want no session", name, e)
		}
	}
	for name, edit := range map[string]func(*tls.Config){
		"TLS 1.2": func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "no key": func(c *tls.Config) { c.Certificates = nil },
		"another protocol": func(c *tls.Config) { c.NextProtos = []string{"h2"} }, "no protocol": func(c *tls.Config) { c.NextProtos = nil },
	} {
		key := w.officer["desk"].Certificate()
		c := &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{key}, NextProtos: []string{wire.ProtocolHTTP}}
		edit(c)
		conn, err := tls.Dial("tcp", w.server.Address(), c)
		if err != nil {
			continue
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", wire.PathDeskStatus)
		if _, err := conn.Read(make([]byte, 1)); err == nil { // TLS 1.3 tells the client of a refusal with its first read
			t.Errorf("%s: a session", name)
		}
		conn.Close()
	}
}

func (w *world) panics(t *testing.T) {
	a := &api{Server: w.server, limits: newLimiter()}
	key := w.officer["desk"].Certificate()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.TLS = &tls.ConnectionState{PeerCertificates: nil}
	req.TLS.PeerCertificates = append(req.TLS.PeerCertificates, key.Leaf)
	rec := httptest.NewRecorder()
	a.serve(rec, req, route{may: everybody, handle: func(*api, *http.Request, caller) (any, error) { panic("Teacher Wynn") }})
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "Wynn") {
		t.Errorf("status %d, %s", rec.Code, rec.Body)
	}
	if a.limits.running != 0 {
		t.Error("the request still counts as running")
	}
}

func (w *world) limits(t *testing.T) {
	l := newLimiter()
	id := keys.ID{1}
	var leave []func()
	for range callerRunning {
		f, ok := l.enter(id, false)
		if !ok {
			t.Fatal("refused")
		}
		leave = append(leave, f)
	}
	if _, ok := l.enter(id, false); ok {
		t.Error("one key runs more requests than it may")
	}
	if _, ok := l.enter(keys.ID{2}, false); !ok {
		t.Error("another key has to wait for it")
	}
	for _, f := range leave {
		f()
	}
	n := callerRunning
	for ; n <= 2*callerBurst; n++ {
		f, ok := l.enter(id, false)
		if !ok {
			break
		}
		f()
	}
	if n > 2*callerBurst-1 {
		t.Error("the rate of one key has no bound")
	}
	for range callerConns {
		if !l.connect(id) {
			t.Fatal("refused")
		}
	}
	if l.connect(id) || !l.connect(keys.ID{2}) {
		t.Error("sessions of one key have no bound, or bind another key")
	}
	l.disconnect(id)
	if !l.connect(id) {
		t.Error("a session that ended still counts")
	}
}

func (w *world) status(t *testing.T) {
	_, answer, e := w.ask(w.as(w.officer["operator"]), http.MethodGet, wire.PathDeskStatus, nil)
	if e != nil {
		t.Fatal(e)
	}
	var s wire.DeskStatus
	if err := json.Unmarshal([]byte(answer), &s); err != nil {
		t.Fatal(err)
	}
	if s.Bureau != "XB" || s.Size == 0 || s.Heard == 0 || s.Problem != "" || s.Alarm != "" || !slices.Equal(s.Compartments, []string{"card", "body", "victim"}) ||
		!slices.Equal(s.Roles, []string{"operator"}) || !strings.Contains(s.Node, "node of XB") {
		t.Errorf("status %+v", s)
	}
	_, answer, e = w.ask(w.as(w.officer["auditor"]), http.MethodGet, wire.PathDeskReads, nil)
	var h wire.ReadsHead
	if e != nil || json.Unmarshal([]byte(answer), &h) != nil {
		t.Fatal(e, answer)
	}
	if head, err := readlog.ParseHead(h.Head); err != nil || head.Size != uint64(len(w.records())) || head.Bureau != "XB" {
		t.Errorf("head %+v, %v", head, err)
	}
}

func (w *world) copies(t *testing.T) {
	c := w.as(w.officer["auditor"])
	want, err := os.ReadFile(w.reads)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []int{0, 1, 100, len(want)} {
		if _, got, e := w.ask(c, http.MethodGet, fmt.Sprintf("%s?from=%d", wire.PathDeskLog, from), nil); e != nil || got != string(want[from:]) {
			t.Errorf("from %d: %d bytes, %v, want %d", from, len(got), e, len(want)-from)
		}
	}
	for query, want := range map[string]wire.Code{"": wire.Malformed, "?from=-1": wire.Malformed, "?from=x": wire.Malformed, fmt.Sprintf("?from=%d", len(want)+1): wire.LogShorter} {
		if _, _, e := w.ask(c, http.MethodGet, wire.PathDeskLog+query, nil); e == nil || e.Code != want {
			t.Errorf("%q: %v, want %s", query, e, want)
		}
	}
}

func (w *world) revocation(t *testing.T) {
	key := newKey(t)
	w.submit(w.Bureaus[1].EnrolAccess(t, key.ID(), "late-1", ledger.RoleInvestigator))
	c := w.as(key)
	w.until("the desk to know the key", func() bool {
		status, _, _ := w.ask(c, http.MethodGet, wire.PathDeskStatus, nil)
		return status == http.StatusOK
	})
	cert := key.Certificate()
	conn, err := tls.Dial("tcp", w.server.Address(), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}, NextProtos: []string{wire.ProtocolHTTP}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", wire.PathDeskStatus)
	buf := make([]byte, 4096)
	if _, err := conn.Read(buf); err != nil {
		t.Fatal(err)
	}
	w.submit(w.Bureaus[1].Revoke(t, key.ID()))
	// Nobody asks anything on it: the desk hangs up by itself.
	for err == nil {
		_, err = conn.Read(buf)
	}
	if status, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301"}); status == http.StatusOK {
		t.Errorf("after the revocation: status %d", status)
	} else if e.Code != "no_answer" && e.Code != wire.Unauthenticated {
		t.Errorf("after the revocation: %v", e)
	}
	if _, err := w.server.known(key.ID()); err != errUnauthenticated {
		t.Errorf("known: %v", err)
	}
}

func (w *world) unrecorded(t *testing.T) {
	if err := os.Truncate(w.reads, 100); err != nil {
		t.Fatal(err)
	}
	c := w.as(w.officer["investigator"])
	_, answer, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301"})
	if e == nil || e.Code != wire.Internal {
		t.Errorf("with a log that was cut: %v", e)
	}
	for _, word := range canaries {
		if strings.Contains(answer, word) {
			t.Errorf("the answer holds %q", word)
		}
	}
	if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskSearch, wire.SearchQuery{Query: "wynn"}); e == nil || e.Code != wire.Internal {
		t.Errorf("a search for a word of the body: %v", e)
	}
	if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301", Card: true}); e != nil {
		t.Errorf("the card: %v", e)
	}
	_, answer, _ = w.ask(c, http.MethodGet, wire.PathDeskStatus, nil)
	if !strings.Contains(answer, "reads cannot be recorded") {
		t.Errorf("status %s", answer)
	}
}

func TestNetDeskWithSomeKeysAndPurposes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.RequirePurpose = true
		c.Identities = map[seal.Compartment][]*keys.Identity{seal.Body: c.Identities[seal.Body]}
	})
	c := w.as(w.officer["investigator"])
	if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301"}); e == nil || e.Code != wire.PurposeNeeded {
		t.Errorf("without a purpose: %v", e)
	}
	if n := len(w.records()); n != 0 {
		t.Errorf("%d records of what was refused", n)
	}
	_, answer, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301", Purpose: "for the test"})
	if e != nil || !strings.Contains(answer, canaries["body"]) || strings.Contains(answer, canaries["card"]) || strings.Contains(answer, canaries["victim"]) {
		t.Errorf("a desk with the body key: %v, %s", e, answer)
	}
	// A refusal must not tell whether there is a hit.
	for query, purpose := range map[string]string{"wynn": "", "nobody-of-this-name": "", "phone:+99955508842": "two\nlines", "phone:+99955508843": "two\nlines"} {
		if _, _, e := w.ask(c, http.MethodPost, wire.PathDeskSearch, wire.SearchQuery{Query: query, Purpose: purpose}); e == nil || e.Code != wire.PurposeNeeded && e.Code != wire.Malformed {
			t.Errorf("search %q for %q: %v", query, purpose, e)
		}
	}
	// The front line may read cards, and this desk opens none.
	if _, _, e := w.ask(w.as(w.officer["desk"]), http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301"}); e == nil || e.Code != wire.NotFound {
		t.Errorf("the desk role: %v", e)
	}
}
