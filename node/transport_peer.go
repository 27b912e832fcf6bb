package node

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"golang.org/x/time/rate"
)

// TransportCounters are what a Transport has counted since it was made.
type TransportCounters struct {
	Served    uint64 // requests answered by raft
	Identity  uint64 // header naming another node than TLS
	Malformed uint64 // frames that do not parse
	Oversize  uint64 // frames refused by their length
	Filtered  uint64 // refused by Filter or FilterSnapshot
	Term      uint64 // requests and replies with a term out of reach
	Unelected uint64 // requests to lead by a node that showed no votes for it
	Silent    uint64 // connections ended by a deadline
	Evicted   uint64 // connections ended for a newer one of the same peer
}

type transportCounts struct {
	served, identity, malformed, oversize, filtered, term, unelected, silent, evicted atomic.Uint64
}

// Counters returns the counters, for metrics.
func (t *Transport) Counters() TransportCounters {
	c := &t.counts
	return TransportCounters{
		Served: c.served.Load(), Identity: c.identity.Load(), Malformed: c.malformed.Load(), Oversize: c.oversize.Load(),
		Filtered: c.filtered.Load(), Term: c.term.Load(), Unelected: c.unelected.Load(), Silent: c.silent.Load(), Evicted: c.evicted.Load(),
	}
}

// peerState is what one peer takes up here.
type peerState struct {
	conns []*inbound    // guarded by Transport.mu; the longest silent one first
	large chan struct{} // holds a token while a large request is in memory
	votes *rate.Limiter // of requests for a vote, which anybody may bring before raft
	say   rate.Sometimes
}

// How often one peer may ask for votes: an election is a second. Raft writes a line to
// the log about each that it does not grant.
const (
	voteRate  = 50 // a second
	voteBurst = 100
)

// inbound is one connection from a peer.
type inbound struct {
	conn net.Conn
	id   raft.ServerID
	peer *peerState
	once sync.Once
	gone chan struct{} // closed by end
}

// end closes the connection and releases whatever waits on its behalf.
func (in *inbound) end() {
	in.once.Do(func() {
		close(in.gone)
		in.conn.Close()
	})
}

// admit registers a connection; above MaxConns the peer's longest silent one
// gives way. It is most likely the dead end of a link that was cut: refusing the
// new one would keep the peer out until the old one's deadline.
func (t *Transport) admit(conn net.Conn, id raft.ServerID) *inbound {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return nil
	}
	peer := t.peers[id]
	if peer == nil {
		peer = &peerState{large: make(chan struct{}, 1), votes: rate.NewLimiter(voteRate, voteBurst), say: rate.Sometimes{First: 5, Interval: 10 * time.Second}}
		t.peers[id] = peer
	}
	if len(peer.conns) >= t.opts.MaxConns {
		t.counts.evicted.Add(1)
		peer.conns[0].end()
		peer.conns = slices.Delete(peer.conns, 0, 1)
	}
	in := &inbound{conn: conn, id: id, peer: peer, gone: make(chan struct{})}
	peer.conns = append(peer.conns, in)
	return in
}

// touch marks a connection as the peer's most recently used.
func (t *Transport) touch(in *inbound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(in.peer.conns, in); i >= 0 {
		in.peer.conns = append(slices.Delete(in.peer.conns, i, i+1), in)
	}
}

func (t *Transport) leave(in *inbound) {
	in.end()
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(in.peer.conns, in); i >= 0 {
		in.peer.conns = slices.Delete(in.peer.conns, i, i+1)
	}
	// The state stays while the peer is known: at most one per member, and the
	// limit on what is logged about it must not start afresh with a reconnect.
}

// report counts and logs why a connection ended.
func (t *Transport) report(in *inbound, err error) {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.counts.silent.Add(1)
	case errors.Is(err, errOversize):
		t.counts.oversize.Add(1)
	case errors.Is(err, errMalformed):
		t.counts.malformed.Add(1)
	}
	t.warn(in, "raft connection ended", err)
}

// warn logs about a peer, but not as often as the peer pleases.
func (t *Transport) warn(in *inbound, what string, err error) {
	in.peer.say.Do(func() { t.log.Warn(what, "peer", string(in.id), "reason", err) })
}
