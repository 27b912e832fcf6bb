package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/tiles"
	"comity/node/client"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// replicaKey makes the key of a read replica and enrols it.
func (o *one) replicaKey(t *testing.T, label string) *keys.TLS {
	t.Helper()
	k, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	b := o.c.Bureaus[0]
	it := b.EnrolAccess(t, k.ID(), label, ledger.RoleOperator)
	if e := o.post(t, o.as(b.Access), it.Marshal()); e != nil {
		t.Fatal(e)
	}
	return k
}

// at returns a client of what serves at an address under a key.
func at(t *testing.T, address string, pin keys.ID, own *keys.TLS) *client.Client {
	t.Helper()
	c := client.New(client.Options{Address: address, Node: pin, TLS: own, Timeout: 5 * time.Second})
	t.Cleanup(c.Close)
	return c
}

// mirror starts a read replica.
func (o *one) mirror(t *testing.T, dir string, key *keys.TLS, sources ...*client.Client) *Mirror {
	t.Helper()
	r, err := OpenMirror(MirrorConfig{Genesis: o.c.Genesis, Bureau: o.cfg.Bureau, Dir: dir, TLS: key, Sources: sources, Listen: "127.0.0.1:0", Tiles: "127.0.0.1:0", Admin: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: waited in vain", what)
		}
	}
}

// caughtUp waits until the read replica serves so many entries as FINAL.
func caughtUp(t *testing.T, r *Mirror, size uint64) {
	t.Helper()
	until(t, "the read replica", func() bool {
		f := r.m.final.Load()
		ok, _ := r.Ready()
		return ok && f != nil && f.at.Size >= size
	})
}

// holds reports whether a file in a folder has a run of 32 bytes of a text.
func holds(t *testing.T, dir string, text []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for i := 0; i+32 <= len(text); i += 32 {
			found = found || bytes.Contains(data, text[i:i+32])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A chain of two read replicas answers what the node answers, takes statements, goes
// on when its source is gone, and destroys what is purged.
func TestNetMirror(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	ctx := t.Context()
	o := startOne(t)
	b := o.c.Bureaus[0]
	o.settled(t)
	key1, key2 := o.replicaKey(t, "replica-1"), o.replicaKey(t, "replica-2")
	node := at(t, o.Address(), b.TLS.ID(), key1)
	dir1, dir2 := t.TempDir(), t.TempDir()
	r1 := o.mirror(t, dir1, key1, node)
	r2 := o.mirror(t, dir2, key2, at(t, r1.Address(), key1.ID(), key2), at(t, o.Address(), b.TLS.ID(), key2))
	officer := at(t, r2.Address(), key2.ID(), b.Access) // as an officer's machine: it knows no other address

	secret := bytes.Repeat([]byte("a body that has to go, sooner or later. "), 20)
	n := b.Officer.Publish(t, ledger.KindYellow, secret)
	s, err := officer.Submit(ctx, n)
	if err != nil || s.ID != n.Entry.ID || s.Known {
		t.Fatalf("submit through two read replicas: %+v, %v", s, err)
	}
	if again, err := officer.Submit(ctx, n); err != nil || !again.Known || again.Index != s.Index {
		t.Errorf("submit again: %+v, %v", again, err)
	}
	caughtUp(t, r2, s.Index+1)
	sameAnswers(t, at(t, o.Address(), b.TLS.ID(), b.Access), officer, s)
	refusedThere(t, o, r2, key2)
	if !holds(t, dir1, secret) || !holds(t, dir2, secret) {
		t.Fatal("the read replicas do not hold the body, or the search does not find it")
	}

	// A forged statement is refused on the way, and one out of turn by the ledger.
	bad := b.Officer.Publish(t, ledger.KindYellow, []byte("x"))
	forged, err := ledger.NewEntry(bad.Entry.Statement.Marshal(), []ledger.Signature{{Key: bad.Entry.Signatures[0].Key, Sig: n.Entry.Signatures[0].Sig}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := officer.Submit(ctx, ledger.Item{Entry: forged, Body: bad.Body}); !wire.IsRefusal(err) {
		t.Errorf("a forged statement: %v", err)
	}
	later := b.Officer.Publish(t, ledger.KindYellow, []byte("y"))
	if _, err := officer.Submit(ctx, later); !wire.IsRefusal(err) {
		t.Errorf("a statement out of turn: %v", err)
	}
	if _, err := officer.Submit(ctx, bad); err != nil {
		t.Error(err)
	}
	if _, err := officer.Submit(ctx, later); err != nil {
		t.Error(err)
	}
	if a, err := officer.FreshAuthor(ctx, b.Officer.Signer.ID()); err != nil || a.Prev != later.Entry.ID {
		t.Errorf("fresh author: %+v, %v", a, err)
	}

	// The source goes, and the other one serves. Nothing is left of what is purged.
	if err := r1.Close(); err != nil {
		t.Error(err)
	}
	for _, it := range []ledger.Item{b.Officer.Withdraw(t, n.Entry.ID), b.Officer.Purge(t, n.Entry.ID, ledger.ReasonOver, b.Supervisor)} {
		if s, err = officer.Submit(ctx, it); err != nil {
			t.Fatal(err)
		}
	}
	caughtUp(t, r2, s.Index+1)
	if holds(t, dir2, secret) {
		t.Error("a read replica holds what is purged, and serves")
	}
	// One that was away holds it until it has caught up, and gives it to nobody.
	if !holds(t, dir1, secret) {
		t.Error("one that is stopped changed")
	}
	gone := at(t, freeAddress(t), b.TLS.ID(), key1)
	r1 = o.mirror(t, dir1, key1, gone)
	brief, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := r1.m.arrived(brief); wire.CodeOf(err) != wire.NoLeader || !strings.Contains(err.Error(), "read replica") {
		t.Errorf("one that has not arrived gives entries: %v", err)
	}
	if ok, why := r1.Ready(); ok || !strings.Contains(why, "news") && !strings.Contains(why, "heard") {
		t.Errorf("one without a source: ready %v, %q", ok, why)
	}
	if err := r1.Close(); err != nil {
		t.Error(err)
	}
	r1 = o.mirror(t, dir1, key1, gone, node)
	caughtUp(t, r1, s.Index+1)
	if holds(t, dir1, secret) {
		t.Error("what was purged meanwhile is there, and it serves")
	}
}

// sameAnswers asks two for the same.
func sameAnswers(t *testing.T, a, b *client.Client, s *wire.Submitted) {
	t.Helper()
	ctx := t.Context()
	var of [2][]byte
	for i, c := range []*client.Client{a, b} {
		_, err := c.Records(ctx, 0, 100, func(r *wire.Record) error {
			of[i] = r.Append(of[i])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		loc, err := c.Index(ctx, s.ID)
		if err != nil || loc.Index != s.Index || !loc.Final {
			t.Errorf("%s: index %+v, %v", c, loc, err)
		}
		if _, err := c.Receipt(ctx, s.Index, 0); err != nil {
			t.Errorf("%s: receipt: %v", c, err)
		}
		if g, err := c.Charter(ctx); err != nil || len(g.Charter.Members) != 1 {
			t.Errorf("%s: charter: %v", c, err)
		}
		note, err := c.TileCheckpoint(ctx)
		if err != nil {
			t.Fatalf("%s: checkpoint for tiles: %v", c, err)
		}
		of[i] = append(of[i], note...)
		for _, level := range []int{0, tiles.EntryLevel} {
			data, err := c.Tile(ctx, tlog.Tile{H: tiles.Height, L: level, N: 0, W: int(s.Index) + 1})
			if err != nil {
				t.Fatalf("%s: tile: %v", c, err)
			}
			of[i] = append(of[i], data...)
		}
		if _, err := c.Archive(ctx, 0); err != nil { // a node writes it a second later
			t.Errorf("%s: archive: %v", c, err)
		}
		if _, err := c.EvidenceFiles(ctx); err != nil {
			t.Errorf("%s: evidence: %v", c, err)
		}
	}
	if !bytes.Equal(of[0], of[1]) {
		t.Error("the read replica's entries, tiles or checkpoint are not the node's")
	}
	st, err := b.Status(ctx)
	if err != nil || st.State != "copy" || st.Copies == nil || !st.Copies.Current || !st.Ready || len(st.Copies.Sources) != 2 {
		t.Errorf("status: %+v, %v", st, err)
	}
}

// refusedThere asks a read replica for what is for nodes, and as nobody it knows.
func refusedThere(t *testing.T, o *one, r *Mirror, key *keys.TLS) {
	t.Helper()
	for _, rt := range routes {
		if rt.may != mayNode {
			continue
		}
		for who, k := range map[string]*keys.TLS{"a node": o.c.Bureaus[0].TLS, "a client": o.c.Bureaus[0].Access} {
			req, err := http.NewRequest(rt.method, "https://"+r.Address()+rt.pattern, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := o.as(k).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode/100 != 4 {
				t.Errorf("%s %s for %s: status %d", rt.method, rt.pattern, who, resp.StatusCode)
			}
		}
	}
	stranger, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := at(t, r.Address(), key.ID(), stranger).Status(t.Context()); err == nil {
		t.Error("a stranger is answered")
	}
}

// falseSource stands before a node under the node's own key and changes what it answers.
type falseSource struct {
	*httptest.Server
	edit   atomic.Pointer[func(path string, status int, body []byte) (int, []byte)]
	record atomic.Int64 // requests for entries
	lowest atomic.Int64 // entry that was asked for since it was last set
}

func (o *one) falseSource(t *testing.T) *falseSource {
	t.Helper()
	l := new(falseSource)
	upstream := o.as(o.c.Bureaus[0].Access)
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == wire.PathEntries && req.Method == http.MethodGet {
			l.record.Add(1)
			if from, err := queryUint(req, "from", 0); err == nil && int64(from) < l.lowest.Load() {
				l.lowest.Store(int64(from))
			}
		}
		out, err := http.NewRequestWithContext(req.Context(), req.Method, o.url(req.URL.RequestURI()), req.Body)
		if err != nil {
			panic(err)
		}
		resp, err := upstream.Do(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		status := resp.StatusCode
		if edit := l.edit.Load(); edit != nil {
			if status, body = (*edit)(req.URL.Path, status, body); status == 0 {
				<-req.Context().Done() // it says nothing
				return
			}
		}
		w.WriteHeader(status)
		w.Write(body)
	}))
	l.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{o.c.Bureaus[0].TLS.Certificate()}, ClientAuth: tls.RequireAnyClientCert}
	l.StartTLS()
	t.Cleanup(l.Close)
	return l
}

func (l *falseSource) lie(f func(path string, status int, body []byte) (int, []byte)) {
	l.edit.Store(&f)
}

// A source that lies or stalls is left, and who lies is told of; what is kept is what
// the honest source holds. One that lies about a submission is not passed on.
func TestNetMirrorLeavesBadSources(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	o.settled(t)
	key := o.replicaKey(t, "replica-1")
	last := uint64(0)
	for range 5 {
		s, err := at(t, o.Address(), b.TLS.ID(), b.Access).Submit(t.Context(), b.Officer.Publish(t, ledger.KindYellow, bytes.Repeat([]byte("body"), 50)))
		if err != nil {
			t.Fatal(err)
		}
		last = s.Index
	}
	l := o.falseSource(t)
	for _, tt := range []struct {
		name string
		told bool
		edit func(path string, status int, body []byte) (int, []byte)
	}{
		{"another entry", true, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathEntries {
				body[40] ^= 1
			}
			return status, body
		}},
		{"a body kept back", true, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathEntries && len(body) > 0 {
				body[0] = 2
			}
			return status, body
		}},
		{"a checkpoint that nobody cosigned", true, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathCheckpoint && status == http.StatusOK {
				body = bytes.Replace(body, []byte("\n"), []byte("\n1"), 1)
			}
			return status, body
		}},
		{"nothing that it promised", true, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathEntries {
				body = nil
			}
			return status, body
		}},
		{"no answer", false, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathEntries {
				return 0, nil
			}
			return status, body
		}},
		{"a fault", false, func(path string, status int, body []byte) (int, []byte) {
			return http.StatusInternalServerError, []byte("oops")
		}},
		{"an answer without end", false, func(path string, status int, body []byte) (int, []byte) {
			if path == wire.PathCheckpoint {
				body = bytes.Repeat([]byte("a"), 4<<20)
			}
			return status, body
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.lie(tt.edit)
			c := client.New(client.Options{Address: l.Listener.Addr().String(), Node: b.TLS.ID(), TLS: key, Timeout: 300 * time.Millisecond})
			defer c.Close()
			r := o.mirror(t, t.TempDir(), key, c, at(t, o.Address(), b.TLS.ID(), key))
			caughtUp(t, r, last+1)
			st, err := r.Status()
			if err != nil {
				t.Fatal(err)
			}
			if named := len(st.Alarms) == 1 && strings.Contains(st.Alarms[0], l.Listener.Addr().String()); named != tt.told || !tt.told && len(st.Alarms) > 0 {
				t.Errorf("alarms %q", st.Alarms)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A read replica that was stopped on its way goes on where it was.
func TestNetMirrorGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	o.settled(t)
	key := o.replicaKey(t, "replica-1")
	own := at(t, o.Address(), b.TLS.ID(), b.Access)
	publish := func() (last uint64) {
		for range 3 {
			s, err := own.Submit(t.Context(), b.Officer.Publish(t, ledger.KindYellow, []byte("a body")))
			if err != nil {
				t.Fatal(err)
			}
			last = s.Index
		}
		return last
	}
	l := o.falseSource(t)
	l.lowest.Store(1 << 40)
	dir, half := t.TempDir(), publish()
	source := at(t, l.Listener.Addr().String(), b.TLS.ID(), key)
	r := o.mirror(t, dir, key, source)
	caughtUp(t, r, half+1)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if l.lowest.Load() != 0 {
		t.Errorf("the first time it asked from entry %d", l.lowest.Load())
	}
	whole := publish()
	l.lowest.Store(1 << 40)
	r = o.mirror(t, dir, key, source)
	caughtUp(t, r, whole+1)
	if from := l.lowest.Load(); from <= int64(half) {
		t.Errorf("the second time it asked from entry %d, and had %d", from, half+1)
	}
	if _, err := OpenMirror(r.m.cfg); err == nil {
		t.Error("two read replicas have one folder")
	}
	// The voter is gone: what is submitted is refused with whom to ask.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := o.server.Close(); err != nil {
		t.Error(err)
	}
	_, err := at(t, r.Address(), key.ID(), b.Access).Submit(ctx, b.Officer.Publish(t, ledger.KindYellow, []byte("late")))
	if wire.CodeOf(err) != wire.NoLeader || !strings.Contains(err.Error(), o.Address()) {
		t.Errorf("a submission with no voter: %v", err)
	}
}
