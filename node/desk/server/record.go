package server

import (
	"net/http"
	"sync"

	"comity/crypto/seal"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/wire"
)

// reader is the caller as one who reads through the desk.
func (a *api) reader(req *http.Request, who caller) *desk.Reader {
	return &desk.Reader{Desk: a.cfg.Desk, Bureau: a.cfg.Bureau, Key: who.id, Label: who.label, Roles: who.roles,
		Record: func(purpose string, reads []readlog.Read) error { return a.record(req, purpose, reads) }}
}

// record writes reads into the read log. After an error nothing of them may be
// handed out.
func (a *api) record(req *http.Request, purpose string, reads []readlog.Read) error {
	if err := a.purpose(purpose, readlog.AllParts); err != nil {
		return err
	}
	// Opening took a while: somebody whose key was revoked meanwhile gets nothing.
	if _, err := a.identify(req.TLS); err != nil {
		return err
	}
	for len(reads) > 0 {
		n := min(len(reads), readlog.MaxReads)
		now := a.cfg.Clock()
		head, err := a.cfg.Reads.Append(now, reads[:n]...)
		if err != nil {
			a.noLog(err)
			return err
		}
		for i := range reads[:n] {
			a.unusual.add(&readlog.Record{Number: head.Size - uint64(n-i), Time: uint64(now.UnixMilli()), Read: &reads[i]}, a.Server)
		}
		reads = reads[n:]
	}
	return nil
}

// purpose refuses a purpose with which nothing of these parts could be recorded.
func (a *api) purpose(purpose string, parts readlog.Parts) error {
	switch {
	case parts&^readlog.PartsOf(seal.Card) == 0:
		return nil
	case purpose == "" && a.cfg.RequirePurpose:
		return &wire.Error{Code: wire.PurposeNeeded, Message: "say for what you read it: this bureau wants a purpose for more than a card"}
	case purpose == "":
		return nil // the case itself
	}
	if err := readlog.CheckPurpose(purpose); err != nil {
		return &wire.Error{Code: wire.Malformed, Message: err.Error()}
	}
	return nil
}

// noLog makes known that reads cannot be recorded: cards are still shown, and
// nothing else until the desk is restarted with a log that is whole.
func (s *Server) noLog(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logErr = err
}

// alarm returns what people must look at, "" for nothing.
func (s *Server) alarm(of string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logErr != nil {
		return "nothing more than cards is shown, for reads cannot be recorded: " + s.logErr.Error()
	}
	return of
}

// unusual logs reads that an overseer wants to look at, at once.
type unusual struct {
	mu    sync.Mutex // guards watch
	watch *readlog.Watch
}

func (u *unusual) add(r *readlog.Record, s *Server) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, f := range u.watch.Add(r) {
		s.log.Warn("unusual reads", "kind", string(f.Kind), "label", f.Label, "key", f.Officer.Short(), "record", r.Number)
	}
}
