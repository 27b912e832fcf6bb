package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"comity/crypto/keys"
	"comity/node/listen"
	"comity/node/wire"
)

// sessions admits TLS sessions: TLS 1.3, both sides show a key, and the replica
// knows the client's as one of the bureau's. There is no certification
// authority: the certificate is a wrapping for the key.
type sessions struct {
	server *Server
	limits *limiter

	mu    sync.Mutex // guards what follows
	conns map[net.Conn]keys.ID
	fresh map[net.Conn]bool // connections without a request so far
}

func newSessions(s *Server, l *limiter) *sessions {
	return &sessions{server: s, limits: l, conns: make(map[net.Conn]keys.ID), fresh: make(map[net.Conn]bool)}
}

// config returns the server's TLS configuration. Each handshake gets its own,
// so that the session can be counted for the key that it proves.
func (s *sessions) config(key *keys.TLS) *tls.Config {
	base := &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{key.Certificate()},
		ClientAuth:             tls.RequireAnyClientCert,
		NextProtos:             []string{wire.ProtocolHTTP},
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

// admit refuses, in the handshake, keys that are not the bureau's and keys that
// have too many sessions. The lock is held from looking to listing, so that a
// session is either refused or seen by sweep when its key is revoked.
func (s *sessions) admit(conn net.Conn, cs tls.ConnectionState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, err := s.server.identify(&cs)
	if err != nil {
		key := "none"
		if len(cs.PeerCertificates) > 0 {
			key = keys.TLSID(cs.PeerCertificates[0]).String()
		}
		s.server.log.Info("session refused", "remote", conn.RemoteAddr().String(), "key", key, "error", err)
		return err
	}
	if cs.NegotiatedProtocol == "" {
		return errors.New("the client offers no protocol of ours")
	}
	if !s.limits.connect(who.id) {
		s.server.log.Info("session refused", "remote", conn.RemoteAddr().String(), "key", who.id.String(), "error", "too many sessions of this key")
		return fmt.Errorf("too many sessions of key %s", who.id.Short())
	}
	s.conns[conn] = who.id
	if c, ok := conn.(*listen.Conn); ok {
		c.Admitted()
	}
	return nil
}

// changed is the server's ConnState hook.
func (s *sessions) changed(conn net.Conn, st http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st == http.StateNew {
		s.fresh[conn] = true
	} else {
		delete(s.fresh, conn)
	}
	c, ok := conn.(*tls.Conn)
	if !ok || st != http.StateClosed && st != http.StateHijacked {
		return
	}
	if id, ok := s.conns[c.NetConn()]; ok {
		delete(s.conns, c.NetConn())
		s.limits.disconnect(id)
	}
}

// sweep closes the sessions of keys that the replica no longer knows as the
// bureau's; what was being answered on them is cut off.
func (s *sessions) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn, id := range s.conns {
		if _, err := s.server.known(id); err != nil {
			s.server.log.Warn("session closed", "key", id.Short(), "error", err)
			_ = conn.Close()
		}
	}
}

// closeFresh closes the connections on which nothing was asked yet; an orderly
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
