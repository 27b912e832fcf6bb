package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/node/listen"
	"comity/node/wire"
)

type tlsConn = tls.Conn

// Bounds of connections that have not yet proven a key the ledger knows; more
// are closed at once. A session that has proven one counts for its key alone.
const (
	maxStrangers        = 1024
	maxStrangersPerHost = 256
)

// sessions admits TLS sessions: TLS 1.3, both sides show a key, and the
// ledger knows the client's. There is no certification authority: the
// certificate is a wrapping for the key.
type sessions struct {
	served *served
	limits *limiter

	mu    sync.Mutex // guards what follows
	conns map[net.Conn]caller
	fresh map[net.Conn]bool // sessions without a request so far
}

func newSessions(v *served, l *limiter) *sessions {
	return &sessions{served: v, limits: l, conns: make(map[net.Conn]caller), fresh: make(map[net.Conn]bool)}
}

// config returns the server's TLS configuration. Each handshake gets its own,
// so that the session can be counted for the key that it proves.
func (s *sessions) config(key *keys.TLS, protocols []string) *tls.Config {
	base := &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{key.Certificate()},
		ClientAuth:             tls.RequireAnyClientCert,
		NextProtos:             protocols,
		SessionTicketsDisabled: true, // a resumed session would skip nothing we want skipped
	}
	outer := base.Clone()
	outer.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c := base.Clone()
		c.VerifyConnection = func(cs tls.ConnectionState) error { return s.admit(hello.Conn, cs) }
		return c, nil
	}
	return outer
}

// admit refuses, in the handshake, keys that the ledger does not know and keys
// that have too many sessions. The lock is held from looking to listing, so that a
// session is either refused or seen by sweep when its key is revoked.
func (s *sessions) admit(conn net.Conn, cs tls.ConnectionState) error {
	if cs.NegotiatedProtocol == "" {
		return errors.New("the client offers no protocol of ours")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	who, err := s.served.identify(&cs, conn.RemoteAddr().String())
	if err != nil {
		return err
	}
	if !s.limits.connect(who) {
		return fmt.Errorf("too many sessions of key %s", who.id.Short())
	}
	s.conns[conn] = who
	if c, ok := conn.(*listen.Conn); ok {
		c.Admitted()
	}
	return nil
}

// watch closes the sessions of keys as soon as this node has applied that they
// ended, until ctx does.
func (s *sessions) watch(ctx context.Context, keyed *beacon) {
	for {
		next := keyed.wait()
		s.sweep()
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

// sweep closes the sessions of keys that the ledger no longer knows: who waits
// for news on one, or is being sent a stream, gets no more of it.
func (s *sessions) sweep() {
	s.mu.Lock()
	open := maps.Clone(s.conns)
	s.mu.Unlock()
	for conn, who := range open {
		if now, err := s.served.who(who.id); err != nil || now.door != who.door {
			s.served.log.Warn("session closed", "bureau", who.bureau, "key", who.id.Short(), "error", err)
			_ = conn.Close()
		}
	}
}

// forget counts a session out.
func (s *sessions) forget(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if who, ok := s.conns[conn]; ok {
		delete(s.conns, conn)
		s.limits.disconnect(who)
	}
}

// changed is the server's ConnState hook.
func (s *sessions) changed(conn net.Conn, st http.ConnState) {
	s.mu.Lock()
	if st == http.StateNew {
		s.fresh[conn] = true
	} else {
		delete(s.fresh, conn)
	}
	s.mu.Unlock()
	if st == http.StateClosed || st == http.StateHijacked {
		if c, ok := conn.(*tls.Conn); ok {
			s.forget(c.NetConn())
		}
	}
}

// closeFresh closes the sessions on which nothing was asked yet; an orderly
// shutdown of the server would wait five seconds for each.
func (s *sessions) closeFresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.fresh {
		if c, ok := conn.(*tls.Conn); ok {
			conn = c.NetConn() // closing the TLS session could wait for its handshake
		}
		_ = conn.Close()
	}
}

// dialPinned opens a Raft session with the node at addr, which must prove the
// key that the charter pins for it.
func dialPinned(ctx context.Context, addr string, pin keys.ID, own *keys.TLS) (net.Conn, error) {
	d := &net.Dialer{Timeout: 5 * time.Second}
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion:         tls.VersionTLS13,
		Certificates:       []tls.Certificate{own.Certificate()},
		NextProtos:         []string{wire.ProtocolRaft},
		InsecureSkipVerify: true, // there is no authority to ask: the pinned key is compared below
		VerifyConnection: func(cs tls.ConnectionState) error {
			return checkPin(cs.PeerCertificates, pin)
		},
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("session with %s: %w", addr, err)
	}
	return conn, nil
}

func checkPin(certs []*x509.Certificate, pin keys.ID) error {
	if len(certs) == 0 || keys.TLSID(certs[0]) != pin {
		return errors.New("it does not hold the key that the charter pins for this node")
	}
	return nil
}
