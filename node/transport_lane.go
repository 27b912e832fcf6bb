package node

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// laneKind keeps small urgent RPCs apart from large ones: a heartbeat that waited
// behind 24 MiB of entries would start an election.
type laneKind uint8

const (
	laneControl laneKind = iota // heartbeats, votes, leadership transfer
	laneBulk                    // entries and snapshots
)

// laneWidth is how many connections a lane may have. raft has one replication
// and one heartbeat in progress with a peer; the second place serves a vote, or
// the last RPC of an earlier leadership.
const laneWidth = 2

type laneKey struct {
	id   raft.ServerID
	addr raft.ServerAddress
	kind laneKind
}

// lane is the bounded set of connections to one peer for one kind of RPC. An RPC
// has a connection to itself until its reply is in.
type lane struct {
	ctx   context.Context // ends with the lane: RPCs in progress fail
	stop  context.CancelFunc
	dial  func(context.Context) (net.Conn, error)
	idle  time.Duration
	slots chan struct{} // holds one token for each RPC in progress

	mu    sync.Mutex // guards links
	links []*link    // idle connections, the last used one last
}

// link is an idle connection, with the timer that will close it.
type link struct {
	conn  net.Conn
	timer *time.Timer
}

// lane returns the lane for key, making it if there is none.
func (t *Transport) lane(key laneKey) (*lane, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return nil, raft.ErrTransportShutdown
	}
	if l := t.lanes[key]; l != nil {
		return l, nil
	}
	l := &lane{
		dial:  func(ctx context.Context) (net.Conn, error) { return t.dial(ctx, key.addr) },
		idle:  t.opts.IdleTimeout / 2, // before the peer does it, so that no request meets a closed door
		slots: make(chan struct{}, laneWidth),
	}
	l.ctx, l.stop = context.WithCancel(t.ctx)
	t.lanes[key] = l
	return l, nil
}

// roundTrip sends one request frame and returns the payload of its reply, or the
// peer's refusal.
func (l *lane) roundTrip(ctx context.Context, frame []byte) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()

	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if conn := l.take(); conn != nil {
		payload, err := l.exchange(ctx, conn, frame)
		if _, refused := err.(refusal); err == nil || refused || ctx.Err() != nil {
			return payload, err
		}
		l.closeIdle() // the peer has restarted, most likely: the others are dead too
	}
	conn, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	keepAlive(conn)
	return l.exchange(ctx, conn, frame)
}

// exchange sends frame over conn and reads the reply. It puts conn back if the
// next RPC can use it, and closes it in every other case.
func (l *lane) exchange(ctx context.Context, conn net.Conn, frame []byte) (payload []byte, err error) {
	// One deadline for all of it; a context that ends earlier moves it up.
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		conn.Close()
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		refused, ok := err.(refusal)
		whole := err == nil || ok && refused != refusedIdentity // after which the peer hangs up
		if stop() && whole {
			l.put(conn)
		} else { // stopped too late, the deadline is in the past
			conn.Close()
		}
	}()

	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	return readReply(conn, frameType(frame[4]))
}

// readReply reads the reply to a request of this type, or the peer's refusal.
func readReply(conn net.Conn, to frameType) ([]byte, error) {
	kind, n, err := readFrameHead(conn)
	if err != nil {
		return nil, err
	}
	if n > maxSmall {
		return nil, errOversize
	}
	payload, err := readPayload(conn, n)
	if err != nil {
		return nil, err
	}
	switch kind {
	case to | frameReply:
		return payload, nil
	case frameRefused:
		return nil, parseRefusal(payload)
	}
	return nil, errMalformed
}

// open dials a connection that the caller has to itself, in one of the lane's
// places; free gives the place back.
func (l *lane) open(ctx context.Context) (conn net.Conn, free func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	free = sync.OnceFunc(func() { <-l.slots })
	if conn, err = l.dial(ctx); err != nil {
		free()
		return nil, nil, err
	}
	keepAlive(conn)
	return conn, free, nil
}

// take returns the idle connection that was used last, nil if there is none.
func (l *lane) take() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.links)
	if n == 0 {
		return nil
	}
	k := l.links[n-1]
	l.links = slices.Delete(l.links, n-1, n)
	k.timer.Stop()
	return k.conn
}

// put keeps conn for the next RPC, for as long as the lane's idle time.
func (l *lane) put(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		conn.Close()
		return
	}
	k := &link{conn: conn}
	k.timer = time.AfterFunc(l.idle, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if i := slices.Index(l.links, k); i >= 0 { // else taken, or closed, just before
			l.links = slices.Delete(l.links, i, i+1)
			conn.Close()
		}
	})
	l.links = append(l.links, k)
}

// closeIdle closes all idle connections.
func (l *lane) closeIdle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.links {
		k.timer.Stop()
		k.conn.Close()
	}
	l.links = nil
}

// close ends the lane: idle connections are closed, RPCs in progress fail.
func (l *lane) close() {
	l.stop()
	l.closeIdle()
}
