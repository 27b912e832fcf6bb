package node

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/node/client"
	"comity/node/wire"
)

// clientAs returns a client with this key.
func (o *one) clientAs(key *keys.TLS) *client.Client {
	return client.New(client.Options{Address: o.Address(), Node: o.c.Bureaus[0].TLS.ID(), TLS: key, Timeout: 20 * time.Second})
}

func newToken(t testing.TB) []byte {
	token := make([]byte, wire.TokenLen)
	if _, err := rand.Read(token); err != nil {
		t.Fatal(err)
	}
	return token
}

func record(t testing.TB, b *ledgertest.Bureau) []byte {
	p := b.Admission(t)
	return p.Marshal()
}

// visitors returns what a stranger sees while an invitation is open, and a newcomer
// whose request the node holds.
func (o *one) visitors(t *testing.T) (stranger, newcomer *http.Client) {
	t.Helper()
	operator := o.clientAs(o.c.Bureaus[0].Access)
	defer operator.Close()
	tokens := [][]byte{newToken(t), newToken(t)}
	for _, token := range tokens {
		if _, err := operator.Invite(t.Context(), wire.TokenID(token)); err != nil {
			t.Fatal(err)
		}
	}
	b := o.c.Newcomer(t, "XN")
	c := o.clientAs(b.Access)
	defer c.Close()
	if _, err := c.Join(t.Context(), tokens[0], record(t, b)); err != nil {
		t.Fatal(err)
	}
	key, err := keys.GenerateTLS()
	if err != nil {
		t.Fatal(err)
	}
	return o.as(key), o.as(b.Access)
}

// A bureau comes in: an operator registers a token, the newcomer shows it once,
// reads what it needs, and makes the entry that admits it.
func TestNetJoin(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	ctx := t.Context()
	now := time.Now()
	o := startOne(t, func(c *Config) { c.Clock = func() time.Time { return now } })
	b, xf, xg := o.c.Bureaus[0], o.c.Newcomer(t, "XF"), o.c.Newcomer(t, "XG")
	operator, newcomer, other := o.clientAs(b.Access), o.clientAs(xf.Access), o.clientAs(xg.Access)
	defer operator.Close()
	defer newcomer.Close()
	defer other.Close()
	for _, it := range b.Enrolments(t) {
		if _, err := operator.Submit(ctx, it); err != nil {
			t.Fatal(err)
		}
	}
	token := newToken(t)
	if _, err := newcomer.Join(ctx, token, record(t, xf)); err == nil {
		t.Fatal("a stranger was let in while nobody is invited")
	}
	if _, err := operator.Invite(ctx, wire.TokenID(token)); err != nil {
		t.Fatal(err)
	}

	refuse := func(what string, c *client.Client, token, record []byte) {
		t.Helper()
		_, err := c.Join(ctx, token, record)
		if code := wire.CodeOf(err); code != wire.Forbidden && code != wire.Malformed {
			t.Errorf("%s: %v", what, err)
		}
	}
	refuse("another token", newcomer, newToken(t), record(t, xf))
	refuse("no token", newcomer, nil, record(t, xf))
	refuse("no record", newcomer, token, []byte("record"))
	refuse("somebody else's record", other, token, record(t, xf))
	member := o.c.Newcomer(t, b.Code)
	member.Access = xf.Access
	refuse("the code of a member", newcomer, token, record(t, member))
	taken := o.c.Newcomer(t, "XF")
	taken.Access, taken.Root = xf.Access, b.Officer
	refuse("a key that the ledger knows", newcomer, token, record(t, taken))
	forged := record(t, xf)
	forged[len(forged)-1] ^= 1
	refuse("a forged proof", newcomer, token, forged)
	remove := ledger.Propose{Change: ledger.ChangeRemove, Code: "XF"}
	refuse("another proposal", newcomer, token, remove.Marshal())
	if _, err := newcomer.Charter(ctx); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("a stranger reads the charter: %v", err)
	}

	if _, err := newcomer.Join(ctx, token, record(t, xf)); err != nil {
		t.Fatal(err)
	}
	if _, err := newcomer.Join(ctx, token, record(t, xf)); err != nil {
		t.Errorf("the same again, as after an answer that was lost: %v", err)
	}
	if _, err := other.Join(ctx, token, record(t, xg)); err == nil {
		t.Error("a token was used twice")
	}
	joins, err := operator.Joins(ctx)
	if err != nil || len(joins.Open) != 0 || len(joins.Requests) != 1 || joins.Requests[0].Code != "XF" || string(joins.Requests[0].Record) != string(record(t, xf)) {
		t.Errorf("joins %+v, %v", joins, err)
	}
	if disk, err := os.ReadFile(filepath.Join(o.cfg.Dir, "invites")); err != nil || strings.Contains(string(disk), string(token)) {
		t.Errorf("the token is on the disk (%v)", err)
	}
	o.admit(t, operator, newcomer, xf)
	if _, err := operator.Joins(ctx); err != nil {
		t.Error(err)
	}
}

// admit decides that a bureau joins, whose own client brings the last entry, having
// read what it needs.
func (o *one) admit(t *testing.T, operator, newcomer *client.Client, xf *ledgertest.Bureau) {
	t.Helper()
	ctx := t.Context()
	proposal := o.c.Bureaus[0].Propose(t, xf.Admission(t))
	if _, err := operator.Submit(ctx, proposal); err != nil {
		t.Fatal(err)
	}
	g, err := newcomer.Charter(ctx)
	if err != nil || g.Ledger != o.c.Genesis.Ledger {
		t.Fatalf("charter: %v", err)
	}
	note, err := newcomer.Checkpoint(ctx, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen, _, err := g.Open(note)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newcomer.Records(ctx, 0, wire.MaxRecords, func(r *wire.Record) error {
		if len(r.Body) > 0 {
			t.Error("a newcomer is given a sealed body")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := newcomer.Status(ctx); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("a newcomer reads the status: %v", err)
	}
	if _, err := newcomer.Submit(ctx, o.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("by a guest"))); wire.CodeOf(err) != wire.Forbidden {
		t.Errorf("a newcomer brings a notice: %v", err)
	}
	if _, err := newcomer.Submit(ctx, xf.Enact(t, proposal.Entry.ID, 1, seen.Size, seen.Root)); err != nil {
		t.Fatal(err)
	}
	if _, err := newcomer.Status(ctx); err != nil { // now it is a member's operator
		t.Errorf("status for a member: %v", err)
	}
}

// Who came in by an invitation goes when it is withdrawn, and does not notice when
// another is.
func TestNetInvitationWithdrawn(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	ctx := t.Context()
	o := startOne(t)
	b, xf := o.c.Bureaus[0], o.c.Newcomer(t, "XF")
	operator, newcomer := o.clientAs(b.Access), o.clientAs(xf.Access)
	defer operator.Close()
	defer newcomer.Close()
	tokens := [][]byte{newToken(t), newToken(t)}
	for _, token := range tokens {
		if _, err := operator.Invite(ctx, wire.TokenID(token)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := newcomer.Join(ctx, tokens[0], record(t, xf)); err != nil {
		t.Fatal(err)
	}
	conn, err := o.dial(t, o.Address(), xf.Access)
	if err != nil {
		t.Fatal(err)
	}
	poll := fmt.Sprintf("GET %s?above=%d&wait=%d HTTP/1.1\r\nHost: x\r\n\r\n", wire.PathCheckpoint, 1<<40, wire.MaxWait)
	if _, err := io.WriteString(conn, poll); err != nil {
		t.Fatal(err)
	}
	until(t, "the question of the newcomer", func() bool { return o.running(xf.Access.ID()) == 1 })
	if err := operator.Withdraw(ctx, wire.TokenID(tokens[1])); err != nil {
		t.Fatal(err)
	}
	if _, err := newcomer.Charter(ctx); err != nil || o.running(xf.Access.ID()) != 1 {
		t.Errorf("another invitation is withdrawn: %v", err)
	}
	if err := operator.Withdraw(ctx, wire.TokenID(tokens[0])); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("its invitation is withdrawn: %d bytes, %v", n, err)
	}
}

// What the node keeps of invitations lasts over restarts, and no longer than it may.
func TestInvites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "invites")
	now := time.Unix(1_700_000_000, 0)
	clock := func() time.Time { return now }
	open := func() *invites {
		v, err := openInvites(path, clock)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	c := ledgertest.NewGenesis(t, 1)
	v := open()
	var tokens [][]byte
	for range wire.MaxInvites {
		tokens = append(tokens, newToken(t))
		if _, err := v.add(wire.TokenID(tokens[len(tokens)-1])); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.add(wire.TokenID(newToken(t))); wire.CodeOf(err) != wire.Busy {
		t.Errorf("one too many: %v", err)
	}
	if _, err := v.add(wire.TokenID(tokens[0])); err != nil {
		t.Errorf("the same again: %v", err)
	}
	xf := c.Newcomer(t, "XF")
	p := xf.Admission(t)
	good := func() error { return nil }
	if _, err := v.ask(tokens[1], p.Marshal(), &p, good); err != nil {
		t.Fatal(err)
	}
	v = open()
	if got := v.all(); len(got.Open) != wire.MaxInvites-1 || len(got.Requests) != 1 {
		t.Fatalf("after a restart: %+v", got)
	}
	if v.knows(xf.Access.ID()) != doorInvited || v.knows(xf.TLS.ID()) != doorInvited || v.knows(c.Bureaus[0].Access.ID()) != doorOpen {
		t.Error("it knows its newcomer no more")
	}
	now = now.Add(wire.InviteHours * time.Hour)
	if _, err := v.ask(tokens[2], p.Marshal(), &p, good); err == nil {
		t.Error("a token was used after three days")
	}
	if v.knows(c.Bureaus[0].Access.ID()) != doorNone || v.knows(xf.Access.ID()) != doorInvited {
		t.Error("after three days: the door is open, or shut to whom it should not be")
	}
	if err := v.withdraw(wire.TokenID(tokens[1])); err != nil || v.knows(xf.Access.ID()) != doorNone {
		t.Errorf("withdrawn: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := append([]byte(nil), data...)
		bad[i] ^= 1
		if _, err := parseInvites(bad); err == nil {
			t.Errorf("byte %d flipped: accepted", i)
		}
	}
}
