package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"comity/crypto/keys"
	"comity/node/listen"
	"comity/node/wire"
)

// front is the sockets of a node, or of a read replica: the TLS port, the admin
// listener and the one for tiles.
type front struct {
	sessions *sessions
	server   *http.Server
	admin    *http.Server
	tiles    *http.Server
	listener net.Listener // of the TLS port; there before open
	adminAt  net.Listener
	tilesAt  net.Listener
	serving  sync.WaitGroup
}

type frontConfig struct {
	TLS         *keys.TLS
	Admin       string
	Tiles       string
	TilesPublic bool

	handler func(http.Handler) http.Handler            // around the API
	raft    func(*http.Server, *tlsConn, http.Handler) // takes a session that speaks Raft; nil where nobody does
}

// open starts to serve. Where it fails the caller closes the front all the same.
func (f *front) open(a *api, c frontConfig) error {
	f.sessions = newSessions(a.served, a.limits)
	protocols := []string{wire.ProtocolHTTP}
	next := make(map[string]func(*http.Server, *tls.Conn, http.Handler))
	if c.raft != nil {
		protocols = append(protocols, wire.ProtocolRaft)
		next[wire.ProtocolRaft] = c.raft
	}
	handler := a.handler()
	if c.handler != nil {
		handler = c.handler(handler)
	}
	f.server = &http.Server{
		Handler:                      handler,
		TLSConfig:                    f.sessions.config(c.TLS, protocols),
		ConnState:                    f.sessions.changed,
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  30 * time.Second,
		WriteTimeout:                 time.Minute,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(a.log.With("part", "http").Handler(), slog.LevelDebug),
		TLSNextProto:                 next,
	}
	f.serving.Go(func() { f.sessions.watch(a.ctx, a.keyed) }) // until close
	f.serving.Go(func() {
		if err := f.server.ServeTLS(listen.Bounded(f.listener, maxStrangers, maxStrangersPerHost), "", ""); !errors.Is(err, http.ErrServerClosed) {
			a.fatal(fmt.Errorf("serve %s: %w", f.listener.Addr(), err))
		}
	})
	if err := f.serveTiles(a, c); err != nil {
		return err
	}
	if c.Admin == "" {
		return nil
	}
	var err error
	if f.adminAt, err = listenAdmin(c.Admin); err != nil {
		return err
	}
	f.admin = &http.Server{Handler: a.adminHandler(), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	f.serving.Go(func() { _ = f.admin.Serve(f.adminAt) })
	return nil
}

// close ends all sessions: those with a question under way when it is answered, or
// when ctx ends.
func (f *front) close(ctx context.Context) error {
	f.sessions.closeFresh()
	err := f.server.Shutdown(ctx)
	if err != nil {
		err = f.server.Close()
	}
	if f.admin != nil {
		err = errors.Join(err, f.admin.Close())
	}
	if f.tiles != nil {
		err = errors.Join(err, f.tiles.Close())
	}
	f.serving.Wait()
	return err
}

// Address returns the address of the TLS port.
func (f *front) Address() string { return f.listener.Addr().String() }

// AdminAddress returns the address of the admin listener, "" without one.
func (f *front) AdminAddress() string {
	if f.adminAt == nil {
		return ""
	}
	return f.adminAt.Addr().String()
}

// TilesAddress returns the address of the listener for tiles, "" without one.
func (f *front) TilesAddress() string {
	if f.tilesAt == nil {
		return ""
	}
	return f.tilesAt.Addr().String()
}

func listenOn(network, addr string) (net.Listener, error) {
	l, err := net.Listen(network, addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("node: %s is in use already: %w", addr, syscall.EADDRINUSE)
	}
	if err != nil {
		return nil, fmt.Errorf("node: listen: %w", err)
	}
	return l, nil
}

// listenAdmin listens on a unix socket or a loopback address and on nothing
// else: what it serves is not authenticated.
func listenAdmin(addr string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("node: admin socket: %w", err)
		}
		l, err := listenOn("unix", path)
		if err != nil {
			return nil, err
		}
		return l, os.Chmod(path, 0o600)
	}
	host, _, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("node: the admin address %q is neither unix:PATH nor a loopback address", addr)
	}
	return listenOn("tcp", addr)
}
