package follow

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/node/client"
	"comity/node/wire"
)

// TestFollowerReports wants a problem to pass with the next news, and a lie to stay.
func TestFollowerReports(t *testing.T) {
	t.Parallel()
	key, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(client.Options{Address: "127.0.0.1:1", Node: keys.ID{1}, TLS: key, Timeout: time.Second})
	defer c.Close()
	w := NewFollower(Options{Sources: []*client.Client{c}, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	for range 3 {
		w.note(0, c, &client.Unreachable{Node: "node", Err: context.DeadlineExceeded})
	}
	if heard, _, problem, alarm := w.Report(); heard != 0 || problem == "" || alarm != "" {
		t.Errorf("heard %d, problem %q, alarm %q", heard, problem, alarm)
	}
	w.note(0, c, &Dishonest{Node: "node", Reason: "a planted lie"})
	w.note(0, c, nil)
	if heard, _, problem, alarm := w.Report(); heard == 0 || problem != "" || alarm == "" {
		t.Errorf("after a lie: heard %d, problem %q, alarm %q", heard, problem, alarm)
	}
}

// A source that leads is left for another one, once in a while; one that does not, or
// that is the only one, is not.
func TestFollowerSparesTheLeader(t *testing.T) {
	t.Parallel()
	key, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	var sources []*client.Client
	for _, state := range []string{"leader", "follower"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path != wire.PathStatus {
				t.Errorf("asked for %s", req.URL.Path)
			}
			_ = json.NewEncoder(w).Encode(&wire.Status{State: state})
		}))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{wire.ProtocolHTTP}}
		server.StartTLS()
		defer server.Close()
		c := client.New(client.Options{Address: server.Listener.Addr().String(), Node: key.ID(), TLS: key})
		defer c.Close()
		sources = append(sources, c)
	}
	f := NewFollower(Options{Sources: sources})
	if f.spare(t.Context(), 1, sources[1]) {
		t.Error("one that follows is spared")
	}
	if !f.spare(t.Context(), 0, sources[0]) {
		t.Error("the leader is not spared")
	}
	if f.spare(t.Context(), 0, sources[0]) {
		t.Error("and is never asked")
	}
	if alone := NewFollower(Options{Sources: sources[:1]}); alone.spare(t.Context(), 0, sources[0]) {
		t.Error("the only source is left")
	}
}
