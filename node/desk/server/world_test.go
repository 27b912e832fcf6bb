package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/notice"
	"comity/node"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// world is a ledger of two bureaus with real nodes, a notice of XA for XA and
// XB, and the desk of XB with an officer of each role.
type world struct {
	*ledgertest.Consortium
	t       testing.TB
	node    *client.Client // of XB, as its operator
	desk    *desk.Desk     // that of the server
	server  *Server
	cfg     Config
	reads   string // path of the read log
	officer map[string]*keys.TLS
	id      ledger.ID // of the notice
	out     *lockedBuffer
	clients map[*keys.TLS]*http.Client
}

// lockedBuffer collects log lines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var roles = map[string]ledger.Roles{
	"investigator": ledger.RoleInvestigator, "desk": ledger.RoleDesk, "protection": ledger.RoleProtection,
	"supervisor": ledger.RoleSupervisor, "operator": ledger.RoleOperator, "auditor": ledger.RoleAuditor,
}

func newKey(t testing.TB) *keys.TLS {
	t.Helper()
	k, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func newWorld(t testing.TB, edit ...func(*Config)) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	c := ledgertest.NewGenesisAt(t, []string{freeAddress(t), freeAddress(t)})
	w := &world{Consortium: c, t: t, officer: make(map[string]*keys.TLS), clients: make(map[*keys.TLS]*http.Client), out: new(lockedBuffer)}
	var nodes []*client.Client
	for _, b := range c.Bureaus {
		n, err := node.Open(node.Config{Genesis: c.Genesis, Bureau: b.Code, Dir: t.TempDir(), TLS: b.TLS, Witness: b.Witness})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		cl := client.New(client.Options{Address: n.Address(), Node: b.TLS.ID(), TLS: b.Access, Bureau: b.Code})
		t.Cleanup(cl.Close)
		nodes = append(nodes, cl)
	}
	w.node = nodes[1]
	xa, xb := c.Bureaus[0], c.Bureaus[1]
	var items []ledger.Item
	items = append(items, c.Enrolments(t)...)
	for label, role := range roles {
		w.officer[label] = newKey(t)
		items = append(items, xb.EnrolAccess(t, w.officer[label].ID(), label+"-1", role))
	}
	w.officer["desk key"] = newKey(t)
	items = append(items, xb.EnrolAccess(t, w.officer["desk key"].ID(), "desk", ledger.RoleAuditor))
	w.officer["of XA"] = newKey(t)
	items = append(items, xa.EnrolAccess(t, w.officer["of XA"].ID(), "case-1", ledger.RoleInvestigator))
	w.submit(items...)

	own := w.openDesk()
	w.until("the enrolments", func() bool { return own.Sync(t.Context(), w.node, nil) == nil && w.size(own) >= uint64(len(items)) })
	it, err := own.Publish(t.Context(), w.node, desk.Officers{Author: xa.Officer.Signer, Others: []*keys.Signer{xa.Supervisor.Signer}}, notice.ChildCase(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	w.submit(it)
	w.id = it.Entry.ID
	w.until("the notice", func() bool { return own.Sync(t.Context(), w.node, nil) == nil && w.size(own) > uint64(len(items)) })
	it, err = own.Reply(t.Context(), w.node, desk.Officers{Author: xb.Officer.Signer},
		&notice.Reply{Type: notice.Hit, Notice: w.id.String(), Match: "green coat", Readers: notice.Readers{"XA"}})
	if err != nil {
		t.Fatal(err)
	}
	w.submit(it)

	w.desk = w.openDesk()
	w.reads = filepath.Join(t.TempDir(), "reads", "log")
	log, err := readlog.Open(w.reads, readlog.Origin{Ledger: c.Genesis.Ledger, Bureau: "XB"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	ids := make(map[seal.Compartment][]*keys.Identity)
	for k, id := range xb.Sealing {
		ids[k] = []*keys.Identity{id}
	}
	follow := client.New(client.Options{Address: w.node.Address(), Node: xb.TLS.ID(), TLS: w.officer["desk key"], Bureau: "XB"})
	w.cfg = Config{Bureau: "XB", Desk: w.desk, Reads: log, TLS: newKey(t), Listen: "127.0.0.1:0", Nodes: []*client.Client{follow},
		Version: "test", Identities: ids, Logger: slog.New(slog.NewJSONHandler(w.out, nil))}
	for _, e := range edit {
		e(&w.cfg)
	}
	if w.server, err = Open(w.cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	w.until("the desk to have the notice", func() bool { return w.size(w.desk) >= uint64(len(items)+2) })
	return w
}

func (w *world) openDesk() *desk.Desk {
	w.t.Helper()
	d, err := desk.Open(w.t.TempDir(), w.Genesis)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { d.Close() })
	return d
}

func (w *world) size(d *desk.Desk) uint64 {
	final, _, _ := d.Final()
	return final.Size
}

// submit writes items, and waits while nobody leads.
func (w *world) submit(items ...ledger.Item) {
	w.t.Helper()
	for i, it := range items {
		var err error
		w.until("a leader", func() bool {
			_, err = w.node.Submit(w.t.Context(), it)
			return !wire.Retryable(err)
		})
		if err != nil {
			w.t.Fatalf("submit item %d: %v", i, err)
		}
	}
}

// until polls until ok, and fails when that takes too long.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waiting for %s took too long", what)
		}
	}
}

// as returns an HTTP client that shows a key: the same one each time, for a key has
// so many sessions and no more.
func (w *world) as(key *keys.TLS) *http.Client {
	if c := w.clients[key]; c != nil {
		return c
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{wire.ProtocolHTTP},
	}}
	w.t.Cleanup(tr.CloseIdleConnections)
	w.clients[key] = &http.Client{Timeout: 20 * time.Second, Transport: tr}
	return w.clients[key]
}

// ask makes a request, and returns the answer's status, body and, for a
// refusal, its error.
func (w *world) ask(c *http.Client, method, path string, question any) (int, string, *wire.Error) {
	w.t.Helper()
	var body io.Reader
	switch q := question.(type) {
	case nil:
	case string:
		body = bytes.NewReader([]byte(q))
	default:
		data, err := json.Marshal(q)
		if err != nil {
			w.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "https://"+w.server.Address()+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", &wire.Error{Code: "no_answer", Message: err.Error()}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, "", &wire.Error{Code: "no_answer", Message: err.Error()}
	}
	if resp.StatusCode == http.StatusOK {
		return resp.StatusCode, string(data), nil
	}
	var e wire.Error
	if err := json.Unmarshal(data, &e); err != nil || e.Status() != resp.StatusCode || e.RequestID == "" {
		w.t.Errorf("%s %s: status %d with %q, %v", method, path, resp.StatusCode, data, err)
	}
	return resp.StatusCode, string(data), &e
}

// records returns what the read log holds; the chain must be whole.
func (w *world) records() (list []*readlog.Record) {
	w.t.Helper()
	f, err := os.Open(w.reads)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	r, err := readlog.Verify(f, nil, func(r *readlog.Record) error { list = append(list, r); return nil })
	if err != nil || r.Torn != nil {
		w.t.Fatalf("the read log: %+v, %v", r, err)
	}
	return list
}
