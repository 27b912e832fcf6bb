package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/follow"
	"comity/node/listen"
)

// Server is a running desk.
type Server struct {
	cfg      Config
	log      *slog.Logger
	listener net.Listener
	server   *http.Server
	limits   *limiter
	sessions *sessions
	follower *follow.Follower
	unusual  unusual
	ring     *ring

	ctx    context.Context // of the follower and of what it warms up
	cancel context.CancelFunc
	work   sync.WaitGroup
	done   chan struct{} // closed when the desk cannot go on
	grown  chan struct{} // the replica has grown since warm last looked
	news   chan struct{} // or since Config.Grown was last called

	mu     sync.Mutex // guards all below
	err    error      // why it cannot go on
	logErr error      // why reads cannot be recorded
}

// Open starts a desk: it listens, and follows the first node that answers.
// Officers are answered from the first moment, with what the replica has.
func Open(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if _, err := cfg.Reads.Head(cfg.Clock()); err != nil {
		return nil, fmt.Errorf("desk: %w", err) // better now than at the first read
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("desk: listen: %w", err)
	}
	s := &Server{cfg: cfg, log: cfg.Logger, listener: l, done: make(chan struct{}), grown: make(chan struct{}, 1), news: make(chan struct{}, 1)}
	s.unusual.watch = readlog.NewWatch(cfg.Unusual)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.ring = newRing(cfg.Identities)
	cfg.Desk.Unlock(cfg.Identities)
	s.limits = newLimiter()
	s.sessions = newSessions(s, s.limits)
	s.follower = follow.NewFollower(follow.Options{Copy: cfg.Desk.Copy, Sources: cfg.Nodes, Clock: cfg.Clock, Logger: s.log.With("part", "follower"), Changed: s.changed})
	a := &api{Server: s, limits: s.limits}
	s.server = &http.Server{
		Handler:                      a.handler(),
		TLSConfig:                    s.sessions.config(cfg.TLS),
		ConnState:                    s.sessions.changed,
		ReadHeaderTimeout:            5 * time.Second,
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 time.Minute,
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.With("part", "http").Handler(), slog.LevelDebug),
	}
	s.work.Go(func() { s.follower.Run(s.ctx) }) // until Close
	s.work.Go(func() {
		if err := s.server.ServeTLS(listen.Bounded(l, strangers, strangersPerHost), "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.fatal(fmt.Errorf("desk: serve %s: %w", l.Addr(), err))
		}
	})
	s.work.Go(s.warm)
	s.work.Go(s.keep)
	if cfg.Grown != nil {
		s.work.Go(s.tell)
	}
	s.tellUnknown()
	s.log.Info("the desk runs", "bureau", cfg.Bureau, "address", s.Address(), "key", cfg.TLS.ID().String())
	return s, nil
}

// tellUnknown warns of a key that the ledger does not know as far as it is here: no
// node will talk to this desk.
func (s *Server) tellUnknown() {
	if _, err := s.known(s.cfg.TLS.ID()); err != nil {
		s.log.Warn("as far as is known here the key of this desk is not enrolled; until it is, nodes refuse it: an operator runs comity enrol", "key", s.cfg.TLS.ID().String(), "error", err)
	}
}

// changed is called when the replica has grown: who was revoked is out at once,
// and what is new is opened meanwhile.
func (s *Server) changed() {
	s.sessions.sweep()
	raise(s.ring.turned)
	raise(s.grown)
	raise(s.news)
}

// raise tells the goroutine that waits for it, unless it has yet to look.
func raise(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// tell calls Config.Grown until Close.
func (s *Server) tell() {
	for {
		s.cfg.Grown(s.ctx)
		select {
		case <-s.news:
		case <-s.ctx.Done():
			return
		}
	}
}

// warm opens what the keys open of what is new, so that no officer need wait for
// it. It is not the follower that does, which must learn of revocations meanwhile.
func (s *Server) warm() {
	for {
		if _, err := s.cfg.Desk.Cases(s.ctx, desk.Filter{Opened: true, Limit: 1}); err != nil && s.ctx.Err() == nil {
			s.log.Error("open the cases", "error", err)
		}
		for more := true; more && len(s.grown) == 0 && s.ctx.Err() == nil; {
			var err error
			if more, err = s.cfg.Desk.Tidy(); err != nil {
				s.log.Error("tidy the index", "error", err)
			}
		}
		select {
		case <-s.grown:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Server) fatal(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		close(s.done)
	}
}

// Done is closed when the desk can no longer go on; Err says why.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns why the desk cannot go on, nil while it can.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Address returns the address on which officers are served.
func (s *Server) Address() string { return s.listener.Addr().String() }

// drainTimeout bounds how long Close waits for officers.
const drainTimeout = 3 * time.Second

// Close stops the desk. What is being answered is answered, within some
// seconds. Then it forgets its keys and what they opened.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	s.sessions.closeFresh()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = s.server.Close()
	}
	s.cancel()
	s.work.Wait()
	s.cfg.Desk.Unlock(nil)
	for _, c := range s.cfg.Nodes {
		c.Close()
	}
	return err
}
