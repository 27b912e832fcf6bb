package testnet

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// line is a long one to one address: a TCP proxy through which every byte takes
// delay, in both directions, and a new connection two delays more, as its
// handshake would. It loses nothing, and it is as wide as the machine: only
// distance is played.
type line struct {
	listener net.Listener
	to       string
	delay    atomic.Int64 // nanoseconds, one way
	wg       sync.WaitGroup
	mu       sync.Mutex // guards what follows
	conns    map[net.Conn]bool
	closed   bool
}

const (
	lineChunk = 32 << 10 // read at once
	lineDepth = 1024     // chunks on their way, of one direction; then the sender waits
)

// newLine listens at the address from, and carries what comes to the address to.
func newLine(from, to string) (*line, error) {
	listener, err := net.Listen("tcp", from)
	if err != nil {
		return nil, err
	}
	l := &line{listener: listener, to: to, conns: make(map[net.Conn]bool)}
	l.wg.Go(l.accept)
	return l, nil
}

// setDelay sets the time that each byte takes from now on.
func (l *line) setDelay(d time.Duration) { l.delay.Store(int64(d)) }

// close cuts all connections and ends the proxy.
func (l *line) close() error {
	err := l.listener.Close()
	l.mu.Lock()
	l.closed = true
	for c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
	return err
}

func (l *line) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() { l.carry(near) })
	}
}

// keep notes a connection, so that close ends it; it reports whether it may live.
func (l *line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.Close()
		return false
	}
	l.conns[c] = true
	return true
}

func (l *line) drop(c net.Conn) {
	c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// carry moves bytes until both ends have hung up, or one is gone.
func (l *line) carry(near net.Conn) {
	if !l.keep(near) {
		return
	}
	defer l.drop(near)
	// The first byte leaves when the handshake of the other end would be over.
	open := time.Now().Add(2 * time.Duration(l.delay.Load()))
	far, err := net.Dial("tcp", l.to)
	if err != nil || !l.keep(far) {
		return
	}
	defer l.drop(far)
	var both sync.WaitGroup
	both.Go(func() { l.pump(far, near, open) })
	both.Go(func() { l.pump(near, far, open) })
	both.Wait()
}

// parcel is what was read, and when it arrives.
type parcel struct {
	buf *[lineChunk]byte
	n   int
	due time.Time
}

// parcels are for what is read; most of it is small.
var parcels = sync.Pool{New: func() any { return new([lineChunk]byte) }}

// pump carries one direction; the end of what it reads is passed on as well.
func (l *line) pump(to, from net.Conn, open time.Time) {
	way := make(chan parcel, lineDepth)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer hangUp(to)
		broken := false
		for p := range way { // to the end, or the reader below would wait
			if broken {
				continue
			}
			time.Sleep(time.Until(p.due))
			_, err := to.Write(p.buf[:p.n])
			parcels.Put(p.buf)
			if err != nil {
				broken = true
				from.Close()
			}
		}
	})
	for {
		buf := parcels.Get().(*[lineChunk]byte)
		n, err := from.Read(buf[:])
		sent := time.Now()
		if sent.Before(open) {
			sent = open
		}
		if n > 0 {
			way <- parcel{buf, n, sent.Add(time.Duration(l.delay.Load()))}
		}
		if err != nil {
			break
		}
	}
	close(way)
	wg.Wait()
}

// hangUp closes the writing half of a connection.
func hangUp(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
}

// lines are the long lines to every node of a consortium.
type lines []*line

// layLines puts a line before every node that listens elsewhere than at its
// address. Who dials the address goes through it.
func layLines(c *Consortium) (lines, error) {
	var all lines
	for _, h := range c.Homes() {
		cfg := h.Config()
		if cfg.Listen == "" || cfg.Listen == cfg.Address {
			continue
		}
		l, err := newLine(cfg.Address, cfg.Listen)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, l)
	}
	return all, nil
}

// setRTT sets the time to a node and back.
func (all lines) setRTT(d time.Duration) {
	for _, l := range all {
		l.setDelay(d / 2)
	}
}

func (all lines) close() error {
	var errs []error
	for _, l := range all {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}
