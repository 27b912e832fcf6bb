package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"
)

// The sessions of a key end when its revocation is applied: one on which nothing
// is asked, and one whose question would have been answered a minute later. Those
// of other keys do not notice.
func sessionsOfARevokedKey(t *testing.T, o *one) {
	b := o.c.Bureaus[0]
	operator := o.as(b.Access)
	admit := func(label string) *keys.TLS {
		key, err := keys.GenerateTLS()
		if err != nil {
			t.Fatal(err)
		}
		if e := o.post(t, operator, bytesOf(b.EnrolAccess(t, key.ID(), label, ledger.RoleInvestigator))); e != nil {
			t.Fatal(e)
		}
		return key
	}
	lost, kept := admit("lost-1"), admit("kept-1")
	poll := fmt.Sprintf("GET %s?above=%d&wait=%d HTTP/1.1\r\nHost: x\r\n\r\n", wire.PathCheckpoint, 1<<40, wire.MaxWait)
	open := func(key *keys.TLS, polls bool) net.Conn {
		conn, err := o.dial(t, o.Address(), key)
		if err != nil {
			t.Fatal(err)
		}
		if resp, _, err := ask(conn, statusRequest); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatal(resp, err)
		}
		if polls {
			if _, err := io.WriteString(conn, poll); err != nil {
				t.Fatal(err)
			}
		}
		return conn
	}
	silent, waiting, other := open(lost, false), open(lost, true), open(kept, true)
	defer other.Close()
	for deadline := time.Now().Add(10 * time.Second); o.running(lost.ID()) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the question does not arrive")
		}
	}
	if e := o.post(t, operator, bytesOf(b.Revoke(t, lost.ID()))); e != nil {
		t.Fatal(e)
	}
	for name, conn := range map[string]net.Conn{"a silent session": silent, "a session that waits": waiting} {
		if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s of a revoked key: %d bytes, %v", name, n, err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); o.running(lost.ID()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the question is still being answered")
		}
	}
	if o.running(kept.ID()) != 1 {
		t.Error("the question of another key was cut")
	}
	if conn, err := o.dial(t, o.Address(), lost); err == nil {
		if resp, _, err := ask(conn, statusRequest); err == nil {
			t.Errorf("a new session of a revoked key: status %d", resp.StatusCode)
		}
	}
}

// running is how many questions of a key are being answered.
func (o *one) running(id keys.ID) int {
	l := o.sessions.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usage(caller{id: id}).running
}
