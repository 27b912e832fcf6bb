package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/wire"
)

// server is a TLS server with a node's key that answers as its handler says.
type server struct {
	*httptest.Server
	key   *keys.TLS
	conns atomic.Int64 // ever opened
}

func newServer(t testing.TB, h http.HandlerFunc) *server {
	t.Helper()
	return newServerTLS(t, h, &tls.Config{MinVersion: tls.VersionTLS13})
}

func newServerTLS(t testing.TB, h http.HandlerFunc, config *tls.Config) *server {
	t.Helper()
	s := &server{key: newKey(t)}
	s.Server = httptest.NewUnstartedServer(h)
	config.Certificates = []tls.Certificate{s.key.Certificate()}
	config.ClientAuth = tls.RequireAnyClientCert
	s.TLS = config
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			s.conns.Add(1)
		}
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // refused handshakes are what some tests are about
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func newKey(t testing.TB) *keys.TLS {
	t.Helper()
	k, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (s *server) client(t testing.TB, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{Address: s.Listener.Addr().String(), Node: s.key.ID(), TLS: newKey(t), Bureau: "XB", Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

func answer(v any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(v) }
}

func raw(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestPinnedKeys(t *testing.T) {
	var peer keys.ID
	var version, curve uint16
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		peer, version, curve = keys.TLSID(r.TLS.PeerCertificates[0]), r.TLS.Version, uint16(r.TLS.CurveID)
		answer(wire.Status{Bureau: "XB"})(w, r)
	})
	own := newKey(t)
	c := s.client(t, func(o *Options) { o.TLS = own })
	if st, err := c.Status(context.Background()); err != nil || st.Bureau != "XB" {
		t.Fatalf("Status: %+v, %v", st, err)
	}
	if peer != own.ID() || version != tls.VersionTLS13 || curve != uint16(tls.X25519MLKEM768) {
		t.Errorf("the node saw key %s, TLS %x, curve %d", peer.Short(), version, curve)
	}
	// A session that is resumed is held to the same key.
	c.Close()
	if _, err := c.Status(context.Background()); err != nil {
		t.Errorf("Status on a new connection: %v", err)
	}

	wrong := s.client(t, func(o *Options) { o.Node = keys.ID{1} })
	_, err := wrong.Status(context.Background())
	var u *Unreachable
	if !errors.Is(err, ErrWrongKey) || !errors.As(err, &u) || u.Sent {
		t.Errorf("a node with another key: %v, want ErrWrongKey, nothing sent", err)
	}
}

func TestOnlyTLS13(t *testing.T) {
	s := newServerTLS(t, answer(wire.Status{}), &tls.Config{MaxVersion: tls.VersionTLS12})
	if _, err := s.client(t).Status(context.Background()); err == nil {
		t.Error("talked TLS 1.2")
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := New(Options{Address: address, TLS: newKey(t), Bureau: "XB"})
	_, err = c.Status(context.Background())
	want := "reach node of XB at " + address + ": connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	var u *Unreachable
	if !errors.As(err, &u) || u.Sent {
		t.Errorf("%#v, want nothing sent", err)
	}

	release := make(chan struct{})
	defer close(release)
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	slow := s.client(t, func(o *Options) { o.Timeout = 100 * time.Millisecond })
	_, err = slow.Status(context.Background())
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &u) || !u.Sent || !strings.Contains(err.Error(), ": no answer within ") {
		t.Errorf("own timeout: %v", err)
	}
	_, err = slow.Records(context.Background(), 0, 1, nil)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &u) {
		t.Errorf("own timeout of a stream: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err = s.client(t).Status(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err = s.client(t).Status(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.HasSuffix(err.Error(), "no answer in time") {
		t.Errorf("caller's deadline: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		code   wire.Code
		want   string
	}{
		{"refusal", 403, `{"code":"four_eyes","message":"a red notice needs a second signature","request_id":"r1"}`, "four_eyes", "a red notice needs a second signature"},
		{"busy", 429, `{"code":"busy","message":"later"}`, wire.Busy, "later"},
		{"field of a later version", 403, `{"code":"busy","message":"x","since":"y"}`, wire.Busy, "x"},
		{"two values", 403, `{"code":"busy","message":"x"}{}`, "", "status 403"},
		{"no code", 500, `{"message":"x"}`, "", "status 500"},
		{"html", 502, `<html>`, "", "status 502"},
		{"redirect", 302, ``, "", "status 302"},
		{"long", 500, strings.Repeat(" ", maxError+1), "", "longer than"},
	} {
		s := newServer(t, raw(tt.status, tt.body))
		_, err := s.client(t).Status(context.Background())
		if err == nil || wire.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v (code %q), want %q (code %q)", tt.name, err, wire.CodeOf(err), tt.want, tt.code)
		}
	}
}

func TestAnswersAreStrict(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for _, tt := range []struct{ name, body string }{
		{"trailing", `{"id":"` + id + `","index":1,"final":true} 1`},
		{"another statement", `{"id":"` + strings.Repeat("cd", 32) + `","index":1,"final":true}`},
		{"wrong type", `{"id":"` + id + `","index":"1","final":true}`},
		{"empty", ``},
		{"cut", `{"id":"` + id},
		{"too long", strings.Repeat(" ", wire.MaxJSON+1)},
	} {
		s := newServer(t, raw(200, tt.body))
		want, err := keys.ParseID(id)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.client(t).Index(context.Background(), want); err == nil {
			t.Errorf("%s: accepted as %+v", tt.name, got)
		}
	}
}

func TestAnswersOfALaterVersion(t *testing.T) {
	id := keys.ID{0xab}
	s := newServer(t, raw(200, `{"id":"`+id.String()+`","index":7,"final":true,"later":{"x":[1]}}`))
	got, err := s.client(t).Index(context.Background(), id)
	if err != nil || got.Index != 7 || !got.Final {
		t.Errorf("Index = %+v, %v", got, err)
	}
}

func TestReads(t *testing.T) {
	c := ledgertest.NewGenesis(t, 5)
	note := []byte("comity/x\n1\nroot\n\n— xa.comity/n1 AAAA\n")
	receipt := &ledger.Receipt{Index: 7, Note: note}
	author := wire.Author{Key: keys.ID{1}, Seq: 4, Prev: keys.ID{2}}
	var asked []string
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.String())
		switch {
		case strings.HasPrefix(r.URL.Path, wire.PathReceipts):
			w.Write(receipt.Marshal())
		case r.URL.Path == wire.PathCheckpoint:
			w.Write(note)
		case strings.HasPrefix(r.URL.Path, wire.PathAuthors):
			answer(author)(w, r)
		case r.URL.Path == wire.PathCharter:
			w.Write(c.Genesis.Marshal())
		case r.URL.Path == wire.PathReadIndex:
			answer(wire.ReadIndex{Applied: 12})(w, r)
		case r.URL.Path == wire.PathCosign:
			answer(struct{}{})(w, r)
		}
	})
	ctx, cl := context.Background(), s.client(t)
	if r, err := cl.Receipt(ctx, 7, 1500*time.Millisecond); err != nil || r.Index != 7 {
		t.Errorf("Receipt: %+v, %v", r, err)
	}
	if r, err := cl.Receipt(ctx, 8, 0); err == nil {
		t.Errorf("Receipt of another entry: %+v", r)
	}
	for _, wait := range []time.Duration{0, time.Hour} {
		if n, err := cl.Checkpoint(ctx, 0, wait); err != nil || string(n) != string(note) {
			t.Errorf("Checkpoint: %q, %v", n, err)
		}
	}
	if a, err := cl.Author(ctx, keys.ID{1}); err != nil || *a != author {
		t.Errorf("Author: %+v, %v", a, err)
	}
	if _, err := cl.Author(ctx, keys.ID{2}); err == nil {
		t.Error("Author: took another one's")
	}
	if g, err := cl.Charter(ctx); err != nil || g.Ledger != c.Genesis.Ledger {
		t.Errorf("Charter: %v", err)
	}
	if at, err := cl.ReadIndex(ctx); err != nil || at.Applied != 12 {
		t.Errorf("ReadIndex: %+v, %v", at, err)
	}
	b := c.Bureaus[0]
	cosig, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := cl.Cosign(ctx, []*ledger.Cosignature{cosig}); err != nil {
		t.Errorf("Cosign: %v", err)
	}
	want := []string{
		"GET /v1/receipts/7?wait=2", "GET /v1/receipts/8", "GET /v1/checkpoint", "GET /v1/checkpoint?above=0&wait=25",
		"GET /v1/authors/" + keys.ID{1}.String(), "GET /v1/authors/" + keys.ID{2}.String(), "GET /v1/charter",
		"POST /v1/node/read", "POST /v1/node/cosign",
	}
	if got := strings.Join(asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("asked\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if n := s.conns.Load(); n != 1 {
		t.Errorf("%d connections for %d calls in a row, want 1", n, len(asked))
	}
}

func ExampleUnreachable() {
	err := error(&Unreachable{Node: "node of XB at 127.0.0.1:7102", Err: errors.New("connection refused")})
	fmt.Println(err)
	// Output: reach node of XB at 127.0.0.1:7102: connection refused
}
