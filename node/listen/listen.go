// Package listen bounds how many connections a server has that have proven
// nothing yet, so that strangers cannot take the places of those it knows.
package listen

import (
	"net"
	"sync"
)

// Bounded returns a listener that closes connections beyond its slots at once:
// so many in all, and so many per remote host; perHost 0 is no bound of its own.
// A connection gives its slot back when it is closed or admitted.
func Bounded(l net.Listener, all, perHost int) net.Listener {
	return &bounded{Listener: l, slots: make(chan struct{}, all), perHost: perHost, hosts: make(map[string]int)}
}

type bounded struct {
	net.Listener
	slots   chan struct{}
	perHost int

	mu    sync.Mutex // guards hosts
	hosts map[string]int
}

// Accept waits for the next connection that has a slot. It is a [Conn].
func (l *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if free, ok := l.take(conn); ok {
			return &Conn{Conn: conn, free: sync.OnceFunc(free)}, nil
		}
		_ = conn.Close()
	}
}

// take takes a slot for a connection; free gives it back.
func (l *bounded) take(conn net.Conn) (free func(), ok bool) {
	host, _, err := net.SplitHostPort(conn.RemoteAddr().String())
	if err != nil {
		host = conn.RemoteAddr().String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perHost > 0 && l.hosts[host] >= l.perHost {
		return nil, false
	}
	select {
	case l.slots <- struct{}{}:
	default:
		return nil, false
	}
	l.hosts[host]++
	return func() {
		<-l.slots
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.hosts[host]--; l.hosts[host] == 0 {
			delete(l.hosts, host)
		}
	}, true
}

// Conn is a connection that holds a slot.
type Conn struct {
	net.Conn
	free func()
}

// Admitted gives the slot back before the connection is closed: it has proven
// who it is, and is counted elsewhere.
func (c *Conn) Admitted() { c.free() }

// Close closes the connection and gives the slot back.
func (c *Conn) Close() error {
	defer c.free()
	return c.Conn.Close()
}
