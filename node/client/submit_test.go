package client

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"
)

// newItems returns n signed notices.
func newItems(t testing.TB, n int) []ledger.Item {
	t.Helper()
	b := ledgertest.NewGenesis(t, 1).Bureaus[0]
	items := make([]ledger.Item, n)
	for i := range items {
		items[i] = b.Officer.Publish(t, ledger.KindBlue, bytes.Repeat([]byte{byte(i)}, 2048))
	}
	return items
}

func TestSubmit(t *testing.T) {
	it := newItems(t, 1)[0]
	var got []byte
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		if r.URL.Path != wire.PathEntries || r.Method != http.MethodPost || r.ContentLength != int64(len(got)) {
			t.Errorf("%s %s, length %d", r.Method, r.URL, r.ContentLength)
		}
		parsed, err := ledger.ParseItem(got)
		if err != nil {
			t.Error(err)
		}
		answer(wire.Submitted{ID: parsed.Entry.ID, Index: 5, Time: 9})(w, r)
	})
	out, err := s.client(t).Submit(context.Background(), it)
	if err != nil || *out != (wire.Submitted{ID: it.Entry.ID, Index: 5, Time: 9}) {
		t.Errorf("Submit: %+v, %v", out, err)
	}
	if !bytes.Equal(got, it.Marshal()) {
		t.Error("the node got other bytes")
	}

	s = newServer(t, answer(wire.Submitted{ID: keys.ID{1}, Index: 5}))
	if out, err := s.client(t).Submit(context.Background(), it); err == nil {
		t.Errorf("Submit took an answer for another statement: %+v", out)
	}
	s = newServer(t, raw(403, `{"code":"four_eyes","message":"a second signature is needed"}`))
	if _, err := s.client(t).Submit(context.Background(), it); wire.CodeOf(err) != wire.Code(state.FourEyes) || !wire.IsRefusal(err) {
		t.Errorf("Submit: %v, want the refusal", err)
	}
}

func TestForward(t *testing.T) {
	items := newItems(t, 3)
	good := []wire.Outcome{
		{Submitted: &wire.Submitted{ID: items[0].Entry.ID, Index: 1}},
		{Error: &wire.Error{Code: wire.Busy, Message: "later"}},
		{Submitted: &wire.Submitted{ID: items[2].Entry.ID, Index: 2}},
	}
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		if got, err := wire.ParseItems(data); err != nil || len(got) != 3 {
			t.Errorf("%d items, %v", len(got), err)
		}
		answer(good)(w, r)
	})
	if out, err := s.client(t).Forward(context.Background(), items); err != nil || len(out) != 3 || out[1].Error.Code != wire.Busy {
		t.Errorf("Forward: %+v, %v", out, err)
	}
	for name, bad := range map[string][]wire.Outcome{
		"short":   good[:2],
		"neither": {good[0], {}, good[2]},
		"both":    {good[0], {Submitted: good[0].Submitted, Error: good[1].Error}, good[2]},
		"swapped": {good[2], good[1], good[0]},
	} {
		s := newServer(t, answer(bad))
		if out, err := s.client(t).Forward(context.Background(), items); err == nil {
			t.Errorf("%s: %+v", name, out)
		}
	}
}

// A connection that the node closed while it was idle is no error: the call
// goes out on another one.
func TestSubmitOnStaleConnection(t *testing.T) {
	it := newItems(t, 1)[0]
	s := newServer(t, answer(wire.Submitted{ID: it.Entry.ID, Index: 5}))
	c := s.client(t)
	for range 20 {
		if _, err := c.Submit(context.Background(), it); err != nil {
			t.Fatalf("Submit: %v", err)
		}
		s.CloseClientConnections()
	}
	if n := s.conns.Load(); n < 2 {
		t.Errorf("%d connections", n)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	items := newItems(t, 1)
	s := newServer(t, answer(wire.Submitted{ID: items[0].Entry.ID, Index: 5}))
	c := s.client(t, func(o *Options) { o.Connections = 3 })
	errs := make(chan error)
	for range 40 {
		go func() {
			_, err := c.Submit(context.Background(), items[0])
			errs <- err
		}()
	}
	for range 40 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := s.conns.Load(); n > 3 {
		t.Errorf("%d connections, want at most 3", n)
	}
}

func BenchmarkSubmit(b *testing.B) {
	it := newItems(b, 1)[0]
	id := `{"id":"` + it.Entry.ID.String() + `","index":5,"time":9}`
	s := newServer(b, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.Copy(w, strings.NewReader(id))
	})
	c := s.client(b)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := c.Submit(context.Background(), it); err != nil {
				b.Error(err)
			}
		}
	})
}
