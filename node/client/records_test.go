package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"comity/ledger"
	"comity/node/wire"
)

func TestRecords(t *testing.T) {
	items := newItems(t, 5)
	var encoded [][]byte
	for i, it := range items {
		r := wire.Record{Time: uint64(100 + i), Entry: it.Entry, Body: it.Body}
		encoded = append(encoded, r.Append(nil))
	}
	var send []byte
	var asked string
	die := false
	s := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.Write(send)
		if die {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
	})
	c := s.client(t)
	read := func(limit int) (n int, next uint64, err error) {
		next, err = c.Records(context.Background(), 30, limit, func(r *wire.Record) error {
			if r.Entry.ID != items[n].Entry.ID || r.Time != uint64(100+n) {
				t.Errorf("record %d is another one", n)
			}
			n++
			return nil
		})
		return n, next, err
	}
	join := func(n int) []byte {
		var b []byte
		for _, e := range encoded[:n] {
			b = append(b, e...)
		}
		return b
	}

	send = join(5)
	if n, next, err := read(5); n != 5 || next != 35 || err != nil || asked != "/v1/entries?from=30&limit=5" {
		t.Errorf("%d records, next %d, %v (%s)", n, next, err, asked)
	}
	if n, next, err := read(4); n != 4 || next != 34 || err == nil {
		t.Errorf("more than asked for: %d records, next %d, %v", n, next, err)
	}
	if _, _, err := read(1 << 20); err != nil || asked != fmt.Sprintf("/v1/entries?from=30&limit=%d", wire.MaxRecords) {
		t.Errorf("%v (%s)", err, asked)
	}
	send = nil
	if n, next, err := read(5); n != 0 || next != 30 || err != nil {
		t.Errorf("no records: %d, next %d, %v", n, next, err)
	}
	send = join(2)
	send[len(send)-1] ^= 1
	if n, next, err := read(5); n != 1 || next != 31 || !errors.Is(err, ledger.ErrMalformed) {
		t.Errorf("body changed: %d records, next %d, %v", n, next, err)
	}
	send = join(2)[:len(encoded[0])+100]
	if n, _, err := read(5); n != 1 || err == nil {
		t.Errorf("cut record: %d records, %v", n, err)
	}
	send, die = join(2), true
	var u *Unreachable
	if n, _, err := read(5); n != 2 || !errors.As(err, &u) {
		t.Errorf("connection lost after a whole record: %d records, %v", n, err)
	}
	die = false
	stop := errors.New("stop")
	if next, err := c.Records(context.Background(), 30, 5, func(r *wire.Record) error { return stop }); err != stop || next != 30 {
		t.Errorf("stopped by the caller: next %d, %v", next, err)
	}
}
