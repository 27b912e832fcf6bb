package node

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/node/client"
	"comity/node/wire"
)

// What nodes tell each other, and what they keep, over the wire.
func TestNetHeadsAndArchive(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	o := startOne(t)
	b := o.c.Bureaus[0]
	operator := o.as(b.Access)
	for _, it := range b.Enrolments(t)[:2] {
		if e := o.post(t, operator, it.Marshal()); e != nil {
			t.Fatalf("enrol: %v", e)
		}
	}
	c := client.New(client.Options{Address: o.Address(), Node: b.TLS.ID(), TLS: b.TLS})
	defer c.Close()
	policy := o.c.Genesis.PolicyAt(0)
	var list []wire.Archived
	for deadline := time.Now().Add(20 * time.Second); len(list) == 0; time.Sleep(50 * time.Millisecond) {
		var err error
		if list, err = c.Archive(t.Context(), 0); err != nil || time.Now().After(deadline) {
			t.Fatalf("archive: %d notes, %v", len(list), err)
		}
	}
	if at, by, err := policy.Open(list[0].Note); err != nil || len(by) != 1 || at.Size == 0 || list[0].Time == 0 {
		t.Errorf("archived: %+v by %v at %d, %v", at, by, list[0].Time, err)
	}
	if files, err := c.EvidenceFiles(t.Context()); err != nil || len(files) != 0 {
		t.Errorf("evidence: %+v, %v", files, err)
	}
	if _, err := c.Evidence(t.Context(), "1-00.cevidence"); wire.CodeOf(err) != wire.NotFound {
		t.Errorf("evidence that is not there: %v", err)
	}

	s, err := c.Head(t.Context(), b.Node())
	if err != nil || s == nil || !s.Verify(b.Witness.Public(), policy.Origin) {
		t.Fatalf("its newest cosignature: %+v, %v", s, err)
	}
	if none, err := c.Head(t.Context(), "xz.comity/n1"); none != nil || err != nil {
		t.Errorf("of a stranger: %+v, %v", none, err)
	}
	if err := c.Hand(t.Context(), []*ledger.Cosignature{s}); err != nil {
		t.Errorf("hand it back: %v", err)
	}
	var places []*gate
	for at, ok := o.gates.enter(b.Node()); ok; at, ok = o.gates.enter(b.Node()) {
		places = append(places, at)
	}
	conn, err := o.dial(t, o.Address(), b.TLS)
	if err != nil {
		t.Fatal(err)
	}
	if resp, _, err := ask(conn, "POST "+wire.PathForward+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat(" ", 300_000)); err != nil || resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a group too many, of which not all has come: %v, %v", resp, err)
	}
	for _, at := range places {
		o.gates.leave(at)
	}

	if err := c.Cosign(t.Context(), []*ledger.Cosignature{s}); err != nil {
		t.Errorf("bring it to the leader: %v", err)
	}
	others := *s
	others.Node = "xz.comity/n1"
	if err := c.Cosign(t.Context(), []*ledger.Cosignature{&others}); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("bring another's: %v", err)
	}
	forged := *s
	forged.MLDSA[0] ^= 1
	if err := c.Hand(t.Context(), []*ledger.Cosignature{&forged}); !wire.IsRefusal(err) {
		t.Errorf("hand a forgery: %v", err)
	}
	node := o.as(b.TLS)
	send := func(body []byte) *wire.Error {
		t.Helper()
		resp, err := node.Post(o.url(wire.PathHeads), "application/octet-stream", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			_, _ = io.Copy(io.Discard, resp.Body)
			return nil
		}
		return decodeError(t, resp)
	}
	for name, body := range map[string][]byte{
		"nothing": nil, "evidence": (&ledger.Command{Evidence: s}).Marshal(), "a batch": (&ledger.Command{Batch: &ledger.Batch{Time: 1, Items: b.Enrolments(t)[:1]}}).Marshal(),
	} {
		if e := send(body); e == nil || e.Code != wire.Malformed {
			t.Errorf("hand %s: %v", name, e)
		}
	}
	if e := send(make([]byte, wire.MaxHeads+1)); e == nil || e.Code != wire.TooLarge {
		t.Errorf("hand too much: %v", e)
	}
	busy := false
	for range 2 * talkBurst {
		e := send((&ledger.Command{Cosignatures: []*ledger.Cosignature{s}}).Marshal())
		busy = busy || e != nil && e.Code == wire.Busy
	}
	if !busy {
		t.Error("a node may talk without end")
	}
}
