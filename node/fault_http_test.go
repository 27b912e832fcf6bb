package node

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"golang.org/x/time/rate"
)

// These tests break the rules of the API, one limit of DESIGN.md after the
// other. Whatever is asked, the node answers with an error of the API or hangs
// up, tells nothing of its inside, and goes on.

// dial opens a session that shows key.
func (o *one) dial(t *testing.T, addr string, key *keys.TLS) (*tls.Conn, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13,
		Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{wire.ProtocolHTTP}})
	if err == nil {
		t.Cleanup(func() { conn.Close() })
		err = conn.SetDeadline(time.Now().Add(20 * time.Second))
	}
	return conn, err
}

// ask sends raw bytes and reads one answer.
func ask(conn net.Conn, request string) (*http.Response, []byte, error) {
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp, body, err
}

const statusRequest = "GET " + wire.PathStatus + " HTTP/1.1\r\nHost: x\r\n\r\n"

// tellsNothing checks that an answer shows nothing of the node's inside.
func (o *one) tellsNothing(t *testing.T, what string, resp *http.Response, body []byte) {
	t.Helper()
	for _, word := range []string{o.cfg.Dir, ".go:", "goroutine", "runtime error", "panic", "/root", "/tmp", Version, runtime.Version()} {
		if bytes.Contains(body, []byte(word)) {
			t.Errorf("%s: the answer tells %q: %s", what, word, body)
		}
	}
	if s := resp.Header.Get("Server"); s != "" {
		t.Errorf("%s: the answer comes from %q", what, s)
	}
}

// goesOn checks that the node serves.
func (o *one) goesOn(t *testing.T, key *keys.TLS) {
	t.Helper()
	c := o.as(key)
	defer c.CloseIdleConnections()
	resp, err := c.Get(o.url(wire.PathStatus))
	if err != nil {
		t.Fatalf("the node does not go on: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || o.Err() != nil {
		t.Fatalf("the node does not go on: status %d, %v", resp.StatusCode, o.Err())
	}
}

func TestNetBadClients(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *one)
	}{
		{"sessions of one key", sessionsOfOneKey}, {"odd requests", oddRequests}, {"oversize bodies", oversizeBodies},
		{"panic in a handler", panicInAHandler}, {"sessions of a revoked key", sessionsOfARevokedKey}, {"rate of one key", rateOfOneKey}, // which uses up the key
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, o) })
	}
}

func oddRequests(t *testing.T, o *one) {
	b := o.c.Bureaus[0]
	known := make(map[string]bool)
	for _, rt := range routes {
		known[rt.method+" "+rt.pattern] = true
	}
	for _, test := range []struct {
		request string // line and headers
		status  int    // 0: the node may hang up
		code    wire.Code
	}{
		{"TRACE /v1/status HTTP/1.1", 405, wire.MethodNotAllow},
		{"OPTIONS /v1/status HTTP/1.1", 405, wire.MethodNotAllow},
		{"DELETE /v1/entries HTTP/1.1", 405, wire.MethodNotAllow},
		{"PUT /v1/entries HTTP/1.1", 405, wire.MethodNotAllow},
		{"get /v1/status HTTP/1.1", 405, wire.MethodNotAllow},
		{"BREW /v1/status HTTP/1.1", 405, wire.MethodNotAllow},
		{"CONNECT /v1/status HTTP/1.1", 405, wire.MethodNotAllow},
		{"GET /v1/status HTTP/1.1\r\nContent-Length: 1", 413, wire.TooLarge},
		{"GET / HTTP/1.1", 404, wire.NotFound},
		{"GET /debug/pprof/ HTTP/1.1", 404, wire.NotFound},
		{"GET " + wire.PathMetrics + " HTTP/1.1", 404, wire.NotFound},
		{"GET " + wire.PathLive + " HTTP/1.1", 404, wire.NotFound},
		{"GET /v1/index/../../etc/passwd HTTP/1.1", 307, ""},
		{"GET /v1/index/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/index/" + strings.Repeat("zz", 32) + " HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/receipts/-1 HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/receipts/18446744073709551615 HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/receipts/4611686018427387903?wait=0 HTTP/1.1", 425, wire.NotFinal},
		{"GET /v1/entries?from=4611686018427387903&limit=4611686018427387903 HTTP/1.1", 200, ""},
		{"GET /v1/entries?from=1e9 HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/checkpoint?wait=-1 HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/checkpoint?above=9&wait=99999999999999999999 HTTP/1.1", 400, wire.Malformed},
		{"GET /v1/status HTTP/1.1\r\nX: " + strings.Repeat("a", 64<<10), 431, ""},
		{"GET /v1/status HTTP/1.1" + strings.Repeat("\r\nX: a", 16<<10), 431, ""},
		{"GET /v1/" + strings.Repeat("a", 64<<10) + " HTTP/1.1", 431, ""},
		{"GET /v1/status HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400, ""},
		{"GET /v1/status HTTP/1.1\r\nTransfer-Encoding: gzip", 501, ""},
		{"GET /v1/status HTTP/9.9", 505, ""},
		{"PRI * HTTP/2.0", 0, ""},
		{"\x16\x03\x01\x02\x00\x01\x00", 0, ""},
	} {
		conn, err := o.dial(t, o.Address(), b.Access)
		if err != nil {
			t.Fatal(err)
		}
		what := test.request[:min(60, len(test.request))]
		resp, body, err := ask(conn, test.request+"\r\nHost: x\r\n\r\n")
		conn.Close()
		if err != nil {
			// It may hang up while we still send.
			if test.status != 0 && test.status != 431 {
				t.Errorf("%q: %v", what, err)
			}
			continue
		}
		o.tellsNothing(t, what, resp, body)
		if test.status != 0 && resp.StatusCode != test.status {
			t.Errorf("%q: status %d, want %d: %s", what, resp.StatusCode, test.status, body)
		}
		if test.code == "" {
			continue
		}
		var e wire.Error
		if err := json.Unmarshal(body, &e); err != nil || e.Code != test.code || e.RequestID == "" || e.Message == "" {
			t.Errorf("%q: %s (%v), want code %s with a sentence and a request id", what, body, err, test.code)
		}
	}
	o.goesOn(t, b.Access)
}

func oversizeBodies(t *testing.T, o *one) {
	b := o.c.Bureaus[0]
	for _, rt := range routes {
		if rt.body == 0 || rt.pattern == wire.PathJoin { // a member is shown that door before its body is read
			continue
		}
		key := b.Access
		if rt.may == mayNode {
			key = b.TLS
		}
		client := o.as(key)
		for name, reader := range map[string]io.Reader{
			"of a known length":   bytes.NewReader(make([]byte, rt.body+1)),
			"of an unknown one":   io.MultiReader(bytes.NewReader(make([]byte, rt.body+1))),
			"that does not end":   io.LimitReader(zeros{}, 1<<30),
			"that claims a great": nil,
		} {
			what := fmt.Sprintf("%s %s with a body %s", rt.method, rt.pattern, name)
			if reader == nil { // and does not send it
				conn, err := o.dial(t, o.Address(), key)
				if err != nil {
					t.Fatal(err)
				}
				resp, body, err := ask(conn, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", rt.method, rt.pattern, int64(1)<<62))
				if err != nil || resp.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%s: %v, %v", what, resp, err)
				} else {
					o.tellsNothing(t, what, resp, body)
				}
				conn.Close()
				continue
			}
			path := rt.pattern
			if at, ok := strings.CutSuffix(path, "{address}"); ok {
				path = at + strings.Repeat("0", 64) + "?size=1048576"
			}
			resp, err := client.Post(o.url(path), typeBinary, reader)
			if err != nil {
				// The node answers and hangs up; the client may see only the second.
				var sent *net.OpError
				if !errors.As(err, &sent) {
					t.Errorf("%s: %v", what, err)
				}
				continue
			}
			if e := decodeError(t, resp); e.Code != wire.TooLarge {
				t.Errorf("%s: %s, want %s", what, e.Code, wire.TooLarge)
			}
			resp.Body.Close()
		}
		client.CloseIdleConnections()
	}
	o.goesOn(t, b.Access)
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func sessionsOfOneKey(t *testing.T, o *one) {
	b := o.c.Bureaus[0]
	session := func() (*tls.Conn, error) {
		conn, err := o.dial(t, o.Address(), b.Access)
		if err != nil {
			return nil, err
		}
		resp, _, err := ask(conn, statusRequest) // a client learns of a refusal with its first read
		if err == nil && resp.StatusCode != http.StatusOK {
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		return conn, err
	}
	var conns []*tls.Conn
	for i := range clientConns {
		conn, err := session()
		if err != nil {
			t.Fatalf("session %d of %d: %v", i+1, clientConns, err)
		}
		conns = append(conns, conn)
	}
	for range 3 {
		if _, err := session(); err == nil {
			t.Fatalf("session %d was admitted", clientConns+1)
		}
	}
	// Another key, and the sessions that are there, do not notice.
	o.goesOn(t, b.TLS)
	if _, _, err := ask(conns[0], statusRequest); err != nil {
		t.Errorf("a session that was there: %v", err)
	}
	free := func() {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			conn, err := session()
			if err == nil {
				conns = append(conns, conn)
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("a place that became free was not given away: %v", err)
			}
		}
	}
	conns[1].Close()
	free()
	// What follows finds all places free again.
	for _, conn := range conns {
		conn.Close()
	}
	held := len(conns)
	for range clientConns {
		free()
	}
	for _, conn := range conns[held:] {
		conn.Close()
	}
	free()
}

func rateOfOneKey(t *testing.T, o *one) {
	b := o.c.Bureaus[0]
	l := o.sessions.limits
	const burst = 50
	l.mu.Lock()
	u := l.usage(caller{id: b.Access.ID()})
	if u.bucket.Limit() != clientRate || u.bucket.Burst() != clientBurst {
		t.Errorf("a key has %v requests a second and %d at once", u.bucket.Limit(), u.bucket.Burst())
	}
	u.bucket = rate.NewLimiter(0, burst) // which does not refill
	l.mu.Unlock()
	client := o.as(b.Access)
	defer client.CloseIdleConnections()
	var served, busy int
	for range burst + 20 {
		path := wire.PathCharter
		if served%2 == 1 {
			path = "/nothing/here" // costs as much
		}
		resp, err := client.Get(o.url(path))
		if err != nil {
			t.Fatal(err)
		}
		switch resp.StatusCode {
		case http.StatusOK, http.StatusNotFound:
			served++
		case http.StatusTooManyRequests:
			busy++
			if e := decodeError(t, resp); e.Code != wire.Busy {
				t.Errorf("code %s, want %s", e.Code, wire.Busy)
			}
		default:
			t.Errorf("status %d", resp.StatusCode)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if served != burst || busy != 20 {
		t.Errorf("%d requests served and %d refused, want %d and 20", served, busy, burst)
	}
	o.goesOn(t, b.TLS) // another key
}

// HTTP/1.1 has one request at a time on a session, so that clientConns is felt
// before clientRunning; the second bound holds should HTTP/2 ever be spoken.
func TestRequestsAtATimeOfOneKey(t *testing.T) {
	c := caller{id: keys.ID{1}, use: 0}
	l := newLimiter()
	var leave []func()
	for i := range clientRunning {
		done, ok := l.enter(c, false)
		if !ok {
			t.Fatalf("request %d of %d is refused", i+1, clientRunning)
		}
		leave = append(leave, done)
	}
	if _, ok := l.enter(c, false); ok {
		t.Errorf("request %d at a time is admitted", clientRunning+1)
	}
	leave[0]()
	if _, ok := l.enter(c, false); !ok {
		t.Error("a place that became free was not given away")
	}
}

// A node that reads has so many requests at a time, and what it brings has bounds of
// its own.
func TestReadsAtATimeOfOneNode(t *testing.T) {
	c := caller{id: keys.ID{1}, use: state.UseNode}
	l := newLimiter()
	var leave func()
	for i := range nodeReads {
		var ok bool
		if leave, ok = l.enter(c, true); !ok {
			t.Fatalf("request %d of %d is refused", i+1, nodeReads)
		}
	}
	if _, ok := l.enter(c, true); ok {
		t.Errorf("request %d at a time is admitted", nodeReads+1)
	}
	if _, ok := l.enter(c, false); !ok {
		t.Error("what it brings is refused")
	}
	leave()
	if _, ok := l.enter(c, true); !ok {
		t.Error("a place that became free was not given away")
	}
}

// hasty serves the node's sessions on another port with short deadlines and one
// route of the test's.
func (o *one) hasty(t *testing.T, rt route) (addr string) {
	t.Helper()
	s := o.server
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 30*time.Second || s.WriteTimeout != time.Minute ||
		s.IdleTimeout != 2*time.Minute || s.MaxHeaderBytes != 16<<10 {
		t.Errorf("deadlines of the node: %+v", s)
	}
	a := apiOf(o.replica)
	short := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, rt) }),
		TLSConfig: o.sessions.config(o.cfg.TLS, []string{wire.ProtocolHTTP}), ConnState: o.sessions.changed, ErrorLog: s.ErrorLog, MaxHeaderBytes: s.MaxHeaderBytes,
		ReadHeaderTimeout: 500 * time.Millisecond, ReadTimeout: time.Second, WriteTimeout: 2 * time.Second, IdleTimeout: 500 * time.Millisecond,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- short.ServeTLS(l, "", "") }()
	t.Cleanup(func() {
		short.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func TestNetSlowClients(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	strangers := silent(t, o)
	key := o.c.Bureaus[0].Access
	ended := make(chan error, 1)
	post := o.hasty(t, route{http.MethodPost, "/", mayRead, 1 << 20, func(_ *api, req *http.Request, _ caller) (*answer, error) {
		_, err := readBody(req)
		return &answer{json: 1}, err
	}})
	get := o.hasty(t, route{http.MethodGet, "/", mayRead, 0, func(_ *api, req *http.Request, _ caller) (*answer, error) {
		return &answer{stream: func(w io.Writer) error {
			_, err := io.Copy(w, zeros{})
			ended <- err
			return err
		}}, nil
	}})

	conn, err := o.dial(t, post, key)
	if err != nil {
		t.Fatal(err)
	}
	resp, body, err := ask(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf a body")
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("half a body: %v, %v", resp, err)
	} else {
		o.tellsNothing(t, "half a body", resp, body)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after half a body: %v, want the session closed", err)
	}

	if conn, err = o.dial(t, get, key); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, statusRequest); err != nil {
		t.Fatal(err)
	}
	select { // we do not read
	case err := <-ended:
		if err == nil {
			t.Error("the stream ended without an error")
		}
	case <-time.After(15 * time.Second):
		t.Error("a client that does not read holds the node")
	}

	// Whatever is begun and not ended within the deadline is closed.
	for name, say := range map[string]string{"nothing": "", "half a line": "GET /", "half a header": "GET / HTTP/1.1\r\nHost: x\r\nX: ", "nothing after an answer": "GET / HTTP/1.0\r\n\r\n"} {
		conn, err := o.dial(t, post, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, say); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client that says %s is not closed", name)
		}
	}
	for i, conn := range strangers {
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("stranger %d holds a connection after 9 s", i)
		}
	}
	o.goesOn(t, key)
}

// silent opens connections that say nothing, or half of a handshake. The node's
// own deadline of five seconds has to end them.
func silent(t *testing.T, o *one) (conns []net.Conn) {
	for i := range 60 {
		conn, err := net.Dial("tcp", o.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if i%2 == 1 { // half a ClientHello
			if _, err := conn.Write([]byte{0x16, 3, 1, 2, 0, 1, 0, 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetDeadline(time.Now().Add(9 * time.Second)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	o.goesOn(t, o.c.Bureaus[0].Access)
	return conns
}

func panicInAHandler(t *testing.T, o *one) {
	key := o.c.Bureaus[0].Access
	addr := o.hasty(t, route{http.MethodGet, "/", mayRead, 0, func(*api, *http.Request, caller) (*answer, error) {
		var none *ledger.Item
		return &answer{json: none.Size()}, nil
	}})
	for range 3 {
		conn, err := o.dial(t, addr, key)
		if err != nil {
			t.Fatal(err)
		}
		resp, body, err := ask(conn, statusRequest)
		if err != nil || resp.StatusCode != http.StatusInternalServerError {
			t.Fatalf("a panic: %v, %v", resp, err)
		}
		o.tellsNothing(t, "a panic", resp, body)
		var e wire.Error
		if err := json.Unmarshal(body, &e); err != nil || e.Code != wire.Internal || e.RequestID == "" {
			t.Errorf("a panic: %s", body)
		}
	}
	o.goesOn(t, key)
}

// TestNetNothingIsLeftBehind is not parallel, since it counts what the process has.
func TestNetNothingIsLeftBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	o := startOne(t)
	b := o.c.Bureaus[0]
	o.goesOn(t, b.Access)
	held := func() (goroutines, files int) {
		list, _ := os.ReadDir("/proc/self/fd") // none on other systems
		return runtime.NumGoroutine(), len(list)
	}
	goroutines, files := held()
	var conns []net.Conn
	for i := range 100 {
		raw, err := net.Dial("tcp", o.Address())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, raw)
		key := b.Access
		if i%3 == 0 {
			key = b.TLS
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if conn, err := o.dialContext(ctx, key); err == nil { // some are one too many
			conns = append(conns, conn)
			_, _ = io.WriteString(conn, [...]string{statusRequest, "GET /v1/entries HTTP/1.1\r\nHost", "POST /v1/entries HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
				"GET /v1/checkpoint?above=99&wait=25 HTTP/1.1\r\nHost: x\r\n\r\n"}[i%4])
		}
		cancel()
	}
	o.goesOn(t, b.TLS)
	for _, conn := range conns {
		conn.Close()
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		g, f := held()
		o.sessions.mu.Lock()
		left := len(o.sessions.conns) + len(o.sessions.fresh) // each is closed by a goroutine that may be among the four
		o.sessions.mu.Unlock()
		if g <= goroutines+4 && f <= files+2 && left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines and %d files, before %d and %d", g, f, goroutines, files)
		}
	}
	o.sessions.mu.Lock()
	defer o.sessions.mu.Unlock()
	if len(o.sessions.conns) > 0 || len(o.sessions.fresh) > 0 {
		t.Errorf("sessions that are no more: %d, of them new %d", len(o.sessions.conns), len(o.sessions.fresh))
	}
	l := o.sessions.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, u := range l.byID {
		if u.conns != 0 || u.running != 0 {
			t.Errorf("key %s counts %d sessions and %d requests", id.Short(), u.conns, u.running)
		}
	}
}

func (o *one) dialContext(ctx context.Context, key *keys.TLS) (net.Conn, error) {
	d := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13,
		Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{wire.ProtocolHTTP}}}
	return d.DialContext(ctx, "tcp", o.Address())
}
