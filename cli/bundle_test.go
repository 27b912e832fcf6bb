package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/audit"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// TestGrowing compares roots with those of the tlog package.
func TestGrowing(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	g := new(growing)
	for i := range int64(300) {
		want, err := tlog.TreeHash(i, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.root(); got != ledger.Hash(want) && i > 0 || i == 0 && got != ledger.EmptyRoot {
			t.Fatalf("root of %d entries: got %x, want %x", i, got, want)
		}
		entry := fmt.Appendf(nil, "%d %d", i, rand.Uint64())
		more, err := tlog.StoredHashes(i, entry, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		g.add(entry)
	}
}

// pretender is a node that hands out what a test tells it to.
type pretender struct {
	*ledgertest.Consortium
	note    []byte
	records []*wire.Record
	most    int // records in one answer
	broken  bool
	archive []wire.Archived
	endless bool // the archive begins anew behind its end
}

func newPretender(t *testing.T) *pretender {
	t.Helper()
	c := ledgertest.NewGenesis(t, 4)
	p := &pretender{Consortium: c, most: wire.MaxRecords}
	items := c.Enrolments(t)
	for i := range 30 {
		items = append(items, c.Bureaus[i%4].Officer.Publish(t, ledger.KindBlue, fmt.Appendf(nil, "sealed %d", i)))
	}
	for i, it := range items {
		p.records = append(p.records, &wire.Record{Time: uint64(i), Entry: it.Entry, Body: it.Body})
	}
	p.cosign(t, len(items), 4)
	return p
}

// cosign makes the first size records FINAL, by so many bureaus.
func (p *pretender) cosign(t *testing.T, size, bureaus int) {
	t.Helper()
	tree := new(growing)
	for _, r := range p.records[:size] {
		tree.add(r.Entry.Raw)
	}
	c := ledger.Checkpoint{Origin: p.Genesis.Origin(), Size: tree.size, Root: tree.root()}
	var cosigs []*ledger.Cosignature
	for _, b := range p.Bureaus[:bureaus] {
		s, err := ledger.Cosign(b.Witness, b.Node(), c, 1_800_000_000)
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	p.note = ledger.FormatNote(c, p.Genesis.PolicyAt(0).Witness, cosigs)
}

func (p *pretender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case wire.PathCheckpoint:
		if p.note == nil {
			w.WriteHeader(http.StatusTooEarly)
			io.WriteString(w, `{"code":"not_final","message":"not yet"}`)
			return
		}
		w.Write(p.note)
	case wire.PathEntries:
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var out []byte
		for i := from; i < min(from+min(limit, p.most), len(p.records)); i++ {
			out = p.records[i].Append(out)
		}
		if p.broken {
			w.Header().Set("Content-Length", strconv.Itoa(len(out)))
			w.Write(out[:len(out)/2])
			panic(http.ErrAbortHandler)
		}
		w.Write(out)
	case wire.PathArchive:
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		if p.endless {
			from %= len(p.archive)
		}
		w.Write(wire.MarshalArchived(p.archive[min(from, len(p.archive)):min(from+wire.MaxArchived, len(p.archive))]))
	default:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"code":"not_found","message":"there is nothing at this path"}`)
	}
}

// session returns a session with the pretender.
func (p *pretender) session(t *testing.T) *session {
	t.Helper()
	key := p.Bureaus[0].TLS
	server := httptest.NewUnstartedServer(p)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{key.Certificate()}, ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := client.New(client.Options{Address: server.Listener.Addr().String(), Node: key.ID(), TLS: p.Bureaus[0].Access, Bureau: "XA", Timeout: 5 * time.Second})
	t.Cleanup(c.Close)
	return &session{terminal: &terminal{stdout: io.Discard, stderr: io.Discard}, genesis: p.Genesis, client: c}
}

func TestBundle(t *testing.T) {
	p := newPretender(t)
	p.most = 7
	p.records[40].Body, p.records[40].Purged = nil, true
	for _, tt := range []struct {
		bodies            bool
		want              bundle.BodyState
		in, left, purged_ uint64
	}{{true, bundle.Included, 29, 0, 1}, {false, bundle.LeftOut, 0, 29, 1}} {
		path := filepath.Join(t.TempDir(), "a.cbundle")
		b, err := p.session(t).createBundle(t.Context(), path, ^uint64(0), tt.bodies, false)
		if err != nil {
			t.Fatal(err)
		}
		if b.Entries != 50 || b.Bodies != tt.in || b.LeftOut != tt.left || b.Purged != tt.purged_ || strings.Join(b.Head.Cosigners, "") != "XAXBXCXD" {
			t.Errorf("got %+v", b)
		}
		data, err := os.ReadFile(path)
		if err != nil || int64(len(data)) != b.Bytes {
			t.Fatalf("%d bytes, %v; want %d", len(data), err, b.Bytes)
		}
		states := make(map[bundle.BodyState]int)
		r, err := bundle.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		for {
			g, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range g.Records {
				states[rec.State]++
			}
		}
		if states[tt.want] != 29 || states[bundle.Purged] != 1 || states[bundle.None] != 20 {
			t.Errorf("bodies %v: states %v", tt.bodies, states)
		}
		if note, err := r.NextNote(); err != nil || !bytes.Equal(note, p.note) {
			t.Errorf("note %q, %v", note, err)
		}
	}
}

// A node that lies or breaks off leaves a sentence, and no file.
func TestBundleOfLiar(t *testing.T) {
	for _, tt := range []struct {
		name string
		lie  func(*pretender)
		want string
	}{
		{"swapped", func(p *pretender) { p.records[30], p.records[31] = p.records[31], p.records[30] }, "its entries are not the ones under its checkpoint"},
		{"another entry", func(p *pretender) { p.records[30] = p.records[29] }, "its entries are not the ones under its checkpoint"},
		{"shorter", func(p *pretender) { p.records = p.records[:33] }, "it shows a checkpoint of 50 entries and gives only 33"},
		{"none", func(p *pretender) { p.records = nil }, "and gives only 0"},
		{"another body", func(p *pretender) { p.records[30].Body = []byte("other") }, "what it sends as entry 30 is none"},
		{"breaks off", func(p *pretender) { p.broken = true }, "reach node of XA"},
		{"no quorum", func(p *pretender) { p.cosign(t, 50, 2) }, "too few cosignatures: 2 of 3 needed"},
		{"not final", func(p *pretender) { p.note = nil }, "there is no FINAL head yet"},
		{"no note", func(p *pretender) { p.note = []byte("hello\n") }, "is not to be believed"},
	} {
		p := newPretender(t)
		tt.lie(p)
		dir := t.TempDir()
		_, err := p.session(t).createBundle(t.Context(), filepath.Join(dir, "a.cbundle"), ^uint64(0), true, false)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v", tt.name, left)
		}
	}
	p := newPretender(t)
	p.records[30] = p.records[29]
	var lie *follow.Dishonest
	if _, err := p.session(t).bundle(t.Context(), io.Discard, 50, false, func(uint64, uint64) {}); !errors.As(err, &lie) || lie.Computed == nil || lie.Cosigned.Size != 50 {
		t.Errorf("got %v, want both checkpoints", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := newPretender(t).session(t).createBundle(ctx, filepath.Join(dir, "a"), 50, false, false); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("cancelled: it left %v", left)
	}
}

// TestBundleHeads takes along what heads the node kept, and ends at one of them
// if it is asked to.
func TestBundleHeads(t *testing.T) {
	p := newPretender(t)
	newest := p.note
	for _, size := range []int{3, 10, 10, 25, 50} {
		p.cosign(t, size, 3)
		p.archive = append(p.archive, wire.Archived{Note: p.note})
	}
	p.note = newest
	for _, tt := range []struct {
		until   uint64
		entries uint64
		heads   int
		err     string
	}{
		{^uint64(0), 50, 4, ""}, {50, 50, 4, ""}, {49, 25, 3, ""}, {25, 25, 3, ""}, {24, 10, 2, ""}, {3, 3, 1, ""},
		{2, 0, 0, "no FINAL head of 2 entries or fewer; its last is of 50"},
	} {
		var out bytes.Buffer
		b, err := p.session(t).bundle(t.Context(), &out, tt.until, false, func(uint64, uint64) {})
		if tt.err != "" || err != nil {
			if err == nil || !strings.Contains(err.Error(), tt.err) || tt.err == "" {
				t.Errorf("until %d: got %v, want %q", tt.until, err, tt.err)
			}
			continue
		}
		if b.Entries != tt.entries || b.Heads != tt.heads {
			t.Errorf("until %d: got %+v, want %d entries, %d heads", tt.until, b, tt.entries, tt.heads)
		}
		id := p.Genesis.Ledger
		r, err := audit.Run(t.Context(), &out, audit.Trust{Ledger: &id}, audit.Options{})
		if err != nil || len(r.Failures) > 0 || r.Head.Size != tt.entries {
			t.Errorf("until %d: the audit says %+v, %v", tt.until, r, err)
		}
	}
	// An archive without an end.
	all := p.archive
	p.archive, p.endless = all[:4], true
	if _, err := p.session(t).bundle(t.Context(), io.Discard, 50, false, func(uint64, uint64) {}); !errors.Is(err, follow.ErrDishonest) {
		t.Errorf("an archive without an end: got %v", err)
	}
	p.archive, p.endless = all, false
	// One of them is of another history.
	p.archive[2].Note = bytes.Replace(p.archive[2].Note, []byte("\n10\n"), []byte("\n11\n"), 1)
	if _, err := p.session(t).bundle(t.Context(), io.Discard, 50, false, func(uint64, uint64) {}); !errors.Is(err, follow.ErrDishonest) {
		t.Errorf("a head that nobody signed: got %v", err)
	}
}

// TestSpread keeps few of many heads, evenly.
func TestSpread(t *testing.T) {
	var s spread
	const all = 100_000
	for i := range uint64(all) {
		s.add(final{Checkpoint: ledger.Checkpoint{Size: i + 1}})
	}
	heads := s.upTo(final{Checkpoint: ledger.Checkpoint{Size: all}})
	if n := len(heads); n < maxHeads || n > 2*maxHeads || heads[0].Size != 1 || heads[n-1].Size != all {
		t.Fatalf("%d heads, from %d to %d", n, heads[0].Size, heads[n-1].Size)
	}
	for i := 1; i < len(heads); i++ {
		if step := heads[i].Size - heads[i-1].Size; step == 0 || step > 2*all/maxHeads {
			t.Errorf("head %d is %d entries after the one before", i, step)
		}
	}
}
