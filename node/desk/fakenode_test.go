package desk

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

// fakeNode serves the wire of a node from memory: a real state machine and real
// keys, one process. Hooks make it lie.
type fakeNode struct {
	*ledgertest.Consortium
	server *httptest.Server
	tls    *keys.TLS

	mu      sync.Mutex // guards all below
	store   *store.Mem
	machine *state.Machine
	applied uint64
	now     uint64 // ledger time, POSIX ms
	final   uint64
	note    []byte

	record  func(index uint64, r *wire.Record) []*wire.Record // what is sent in place of r
	receipt func(r *ledger.Receipt)
	author  func(a *wire.Author)
	served  int // records
	files   *fakeFiles
}

const (
	testStart = 1_790_000_000_000
	testStep  = 60_000
)

// newFakeNode returns the node of a consortium's first bureau, at genesis.
func newFakeNode(t testing.TB, c *ledgertest.Consortium) *fakeNode {
	t.Helper()
	m := state.New(c.Genesis)
	n := &fakeNode{Consortium: c, tls: c.Bureaus[0].TLS, machine: m, store: store.NewMem(m), now: testStart}
	n.server = httptest.NewUnstartedServer(n.handler())
	n.server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{n.tls.Certificate()}, ClientAuth: tls.RequireAnyClientCert}
	n.server.StartTLS()
	t.Cleanup(n.server.Close)
	return n
}

func (n *fakeNode) client(t testing.TB) *client.Client {
	t.Helper()
	c := client.New(client.Options{
		Address: n.server.Listener.Addr().String(), Node: n.tls.ID(), TLS: n.Bureaus[0].Access, Bureau: "XA", Timeout: 5 * time.Second,
	})
	t.Cleanup(c.Close)
	return c
}

// accept applies each batch of items at a time of its own; all must be accepted.
func (n *fakeNode) accept(t testing.TB, items ...ledger.Item) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(items) > 0 {
		batch := items[:min(3, len(items))]
		items = items[len(batch):]
		n.now += testStep
		n.apply(t, &ledger.Command{Batch: &ledger.Batch{Time: n.now, Items: batch}})
	}
}

func (n *fakeNode) apply(t testing.TB, c *ledger.Command) {
	t.Helper()
	changes, results, err := n.machine.Apply(n.store, c, state.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Refusal != nil {
			t.Fatalf("the fake node refuses: %v", r.Refusal)
		}
	}
	n.applied++
	if err := n.store.Commit(n.applied, changes); err != nil {
		t.Fatal(err)
	}
}

// finalise makes the present end of the log FINAL.
func (n *fakeNode) finalise(t testing.TB) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	head, err := state.ReadHead(n.store)
	if err != nil {
		t.Fatal(err)
	}
	n.final = head.Size
	n.note = n.cosigned(t, ledger.Checkpoint{Origin: n.Genesis.Origin(), Size: head.Size, Root: head.Root}, 4)
}

// remove has the first four bureaus vote another out, and makes that FINAL.
func (n *fakeNode) remove(t testing.TB, code string) {
	t.Helper()
	n.change(t, ledger.Propose{Change: ledger.ChangeRemove, Code: code}, n.Bureaus[0])
}

// readmit has them let in a bureau that left, with other keys.
func (n *fakeNode) readmit(t testing.TB, code string) *ledgertest.Bureau {
	t.Helper()
	b := n.Newcomer(t, code)
	b.Root, b.Officer, b.Supervisor = n.NewAuthor(code+" root 2"), n.NewAuthor(code+" desk 2"), n.NewAuthor(code+" head 2")
	for k := range b.Sealing {
		id, err := keys.GenerateIdentity()
		if err != nil {
			t.Fatal(err)
		}
		b.Sealing[k] = id
	}
	n.change(t, b.Admission(t), b)
	n.accept(t, b.Enrolments(t)...)
	n.finalise(t)
	return b
}

// change has the first four bureaus carry a proposal out, by the entry of by.
func (n *fakeNode) change(t testing.TB, p ledger.Propose, by *ledgertest.Bureau) {
	t.Helper()
	it := n.Bureaus[0].Propose(t, p)
	n.accept(t, it)
	for _, b := range n.Bureaus[1:4] {
		n.accept(t, b.Vote(t, it.Entry.ID, true))
	}
	n.finalise(t)
	head, err := state.ReadHead(n.store)
	if err != nil {
		t.Fatal(err)
	}
	m, err := n.machine.Membership(n.store)
	if err != nil {
		t.Fatal(err)
	}
	n.accept(t, by.Enact(t, it.Entry.ID, m.Latest().Number+1, head.Size, head.Root))
	n.finalise(t)
}

// cosigned returns the note of a checkpoint with the cosignatures of the first
// count bureaus.
func (n *fakeNode) cosigned(t testing.TB, c ledger.Checkpoint, count int) []byte {
	t.Helper()
	var cosigs []*ledger.Cosignature
	for _, b := range n.Bureaus[:count] {
		s, err := ledger.Cosign(b.Witness, b.Node(), c, n.now/1000)
		if err != nil {
			t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	return ledger.FormatNote(c, n.Genesis.PolicyAt(0).Witness, cosigs)
}

func (n *fakeNode) handler() http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			n.mu.Lock()
			defer n.mu.Unlock()
			if err := f(w, r); err != nil {
				w.WriteHeader(http.StatusTooEarly)
				fmt.Fprintf(w, `{"code":"not_final","message":%q}`, err)
			}
		})
	}
	serve("GET "+wire.PathCheckpoint, func(w http.ResponseWriter, r *http.Request) error {
		if n.note == nil {
			return fmt.Errorf("no checkpoint is FINAL yet")
		}
		_, err := w.Write(n.note)
		return err
	})
	serve("GET "+wire.PathEntries, n.entries)
	serve("GET "+wire.PathReceipts+"{index}", n.receipts)
	serve("GET "+wire.PathAuthors+"{key}", func(w http.ResponseWriter, r *http.Request) error {
		id, err := keys.ParseID(r.PathValue("key"))
		if err != nil {
			return err
		}
		a, err := state.ReadAuthor(n.store, id)
		if err != nil {
			return err
		}
		out := wire.Author{Key: id, Seq: a.Seq, Prev: a.Prev}
		if n.author != nil {
			n.author(&out)
		}
		return json.NewEncoder(w).Encode(out)
	})
	serve("POST "+wire.PathAttachment+"{address}", n.putAttachment)
	serve("GET "+wire.PathAttachment+"{address}", n.getAttachment)
	serve("GET "+wire.PathAttachment+"{address}/state", n.stateOfAttachment)
	return mux
}

func (n *fakeNode) entries(w http.ResponseWriter, r *http.Request) error {
	from, _ := strconv.ParseUint(r.URL.Query().Get("from"), 10, 64)
	limit, _ := strconv.ParseUint(r.URL.Query().Get("limit"), 10, 64)
	head, err := state.ReadHead(n.store)
	if err != nil {
		return err
	}
	var out []byte
	for i := from; i < min(from+limit, head.Size) && len(out) <= wire.MaxStream; i++ {
		rec := &wire.Record{}
		if rec.Time, rec.Entry, err = n.store.Entry(i); err != nil {
			return err
		}
		if rec.Body, err = n.store.Body(i); err != nil {
			rec.Purged = true
			if id, ok, err := state.BodyOf(n.store, i); ok && err == nil {
				if k, err := state.ReadNotice(n.store, id); err == nil && k != nil && k.Purged > 0 {
					rec.PurgedBy = k.Purged - 1
				}
			}
		}
		list := []*wire.Record{rec}
		if n.record != nil {
			list = n.record(i, rec)
		}
		for _, rec := range list {
			out = rec.Append(out)
			n.served++
		}
	}
	_, err = w.Write(out)
	return err
}

func (n *fakeNode) receipts(w http.ResponseWriter, r *http.Request) error {
	index, _ := strconv.ParseUint(strings.TrimPrefix(r.URL.Path, wire.PathReceipts), 10, 64)
	if index >= n.final {
		return fmt.Errorf("entry %d is not FINAL yet", index)
	}
	proof, err := tlog.ProveRecord(int64(n.final), int64(index), n.store)
	if err != nil {
		return err
	}
	receipt := &ledger.Receipt{Index: index, Proof: proof, Note: n.note}
	if n.receipt != nil {
		n.receipt(receipt)
	}
	_, err = w.Write(receipt.Marshal())
	return err
}

// newTestDesk opens a desk on disk in a folder of its own.
func newTestDesk(t testing.TB, g *ledger.Genesis) *Desk {
	t.Helper()
	return openDesk(t, t.TempDir(), g)
}

func openDesk(t testing.TB, dir string, g *ledger.Genesis) *Desk {
	t.Helper()
	d, err := Open(dir, g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func syncDesk(t testing.TB, d *Desk, n *fakeNode) {
	t.Helper()
	if err := d.Sync(context.Background(), n.client(t), nil); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func wantSize(t testing.TB, d *Desk, want uint64) {
	t.Helper()
	size, err := d.Size()
	if err != nil {
		t.Fatal(err)
	}
	c, _, _ := d.Final()
	if size != want || c.Size != want {
		t.Errorf("the desk has %d entries and a checkpoint of %d, want %d", size, c.Size, want)
	}
}

// population returns 25 statements and so many notices of two authors: the
// enrolments of three bureaus, then notices.
func population(t testing.TB, c *ledgertest.Consortium, notices int) []ledger.Item {
	t.Helper()
	var items []ledger.Item
	for _, b := range c.Bureaus[:3] {
		items = append(items, b.Enrolments(t)...)
	}
	for i := range 25 - len(items) + notices {
		items = append(items, c.Bureaus[i%2].Officer.Publish(t, ledger.KindBlue, fmt.Appendf(nil, "sealed %d", i)))
	}
	return items
}
