package node

import (
	"fmt"
	"testing"

	"comity/crypto/keys"
	"comity/node/wire"
)

// What one stranger takes, with as many keys as it likes, is missed by no stranger
// of another host, and not by the nodes of bureaus that left.
func TestStrangersAreCountedByHost(t *testing.T) {
	l := newLimiter()
	stranger := func(n int, remote string) caller {
		return caller{id: keys.ID{byte(n), byte(n >> 8)}, door: doorOpen, host: hostOf(remote)}
	}
	n := 0
	for ; l.connect(stranger(n, fmt.Sprintf("[2001:db8::%x]:1", n))); n++ {
		if n > clientConns {
			t.Fatal("no bound on what one host takes")
		}
	}
	if n == 0 || !l.connect(stranger(1, "[2001:db8:0:1::1]:1")) || !l.connect(stranger(1, "192.0.2.1:1")) {
		t.Error("another host finds no place")
	}
	for i := range clientConns {
		if !l.connect(caller{id: keys.ID{1}, use: 0, door: doorLeft}) {
			t.Fatalf("a node that left finds %d places", i)
		}
	}
	if !l.connect(caller{id: keys.ID{2}, door: doorLeft}) {
		t.Error("one node that left takes the places of another")
	}
	// Many hosts are bounded as well, and come and go.
	for i := range 10 * strangerHosts {
		who := stranger(i, fmt.Sprintf("198.51.%d.%d:1", i/256, i%256))
		leave, ok := l.enter(who, false)
		if !ok || !l.connect(who) || !l.mayTry(who) {
			t.Fatalf("host %d finds no place", i)
		}
		leave()
		l.disconnect(who)
	}
	if len(l.byHost) > strangerHosts {
		t.Errorf("%d hosts are remembered", len(l.byHost))
	}
	held := 0
	for i := range 2 * strangerHosts {
		if l.connect(stranger(i, fmt.Sprintf("203.0.%d.%d:1", i/256, i%256))) {
			held++
		}
	}
	if held == 0 || len(l.byHost) > strangerHosts {
		t.Errorf("%d hosts have sessions, %d are remembered", held, len(l.byHost))
	}
}

// Wrong tokens shut the door to wrong tokens.
func TestNetWrongTokensLeaveRoom(t *testing.T) {
	if testing.Short() {
		t.Skip("uses loopback TCP")
	}
	t.Parallel()
	ctx := t.Context()
	o := startOne(t)
	xf, xg := o.c.Newcomer(t, "XF"), o.c.Newcomer(t, "XG")
	operator, newcomer, other := o.clientAs(o.c.Bureaus[0].Access), o.clientAs(xf.Access), o.clientAs(xg.Access)
	defer operator.Close()
	defer newcomer.Close()
	defer other.Close()
	token := newToken(t)
	if _, err := operator.Invite(ctx, wire.TokenID(token)); err != nil {
		t.Fatal(err)
	}
	busy := false
	for range 3 * triesBurst {
		_, err := other.Join(ctx, newToken(t), record(t, xg))
		if busy = wire.CodeOf(err) == wire.Busy; busy {
			break
		}
	}
	if !busy {
		t.Error("wrong tokens are not bounded")
	}
	if _, err := newcomer.Join(ctx, token, record(t, xf)); err != nil {
		t.Errorf("the bureau that was invited: %v", err)
	}
}
