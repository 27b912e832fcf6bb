package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/node/wire"
)

// ring is which reading keys the desk holds. When the bureau replaces one in the
// ledger, the desk takes the new one from its home, without a restart.
type ring struct {
	turned chan struct{} // the ledger may have another key since keep last looked

	mu    sync.Mutex // guards all below
	ids   map[seal.Compartment][]*keys.Identity
	turns int       // how often keys were taken
	lacks keys.ID   // a key that the bureau has in the ledger and that is not here; zero for none
	since time.Time // when that was first seen
	why   string    // why it could not be taken, for people
	of    seal.Compartment
}

// Pauses between two tries to take a key: who replaces one puts it into the home a
// moment after the ledger has it.
const (
	firstTry = time.Second
	lastTry  = 30 * time.Second
)

// turnLimit is how long nobody is told events because a key is on its way: a watch
// does not come back to what it could not open.
const turnLimit = time.Minute

func newRing(ids map[seal.Compartment][]*keys.Identity) *ring {
	r := &ring{turned: make(chan struct{}, 1), ids: maps.Clone(ids)}
	raise(r.turned) // it may lack one already
	return r
}

// look notes which key of the bureau is not here. The caller holds mu.
func (s *Server) look() error {
	r := s.ring
	for c := seal.Card; c <= seal.Victim; c++ {
		if len(r.ids[c]) == 0 {
			continue // of compartments that this desk does not open
		}
		current, err := s.cfg.Desk.Sealing(s.cfg.Bureau, c)
		if err != nil {
			return err
		}
		if current == nil || slices.ContainsFunc(r.ids[c], func(id *keys.Identity) bool { return id.Recipient().Equal(current) }) {
			continue
		}
		if id := keys.SealingID(current); id != r.lacks {
			r.lacks, r.of, r.since, r.why = id, c, s.cfg.Clock(), ""
		}
		return nil
	}
	r.lacks = keys.ID{}
	return nil
}

// keep takes keys from the home until Close. However much the ledger grows, it reads
// the home when a key is first seen to lack, and then after ever longer pauses.
func (s *Server) keep() {
	var tried keys.ID
	var again <-chan time.Time
	pause := firstTry
	for {
		due := false
		select {
		case <-s.ring.turned:
		case <-again:
			due = true
		case <-s.ctx.Done():
			return
		}
		lacks, err := s.lacks()
		switch {
		case err != nil:
			s.log.Error("look for a new reading key", "error", err)
			continue
		case lacks == (keys.ID{}):
			tried, again, pause = lacks, nil, firstTry
			continue
		case lacks != tried:
			pause = firstTry
		case !due:
			continue
		}
		if tried = lacks; s.take() || s.cfg.Reload == nil {
			again = nil
			continue
		}
		again, pause = time.After(pause), min(2*pause, lastTry)
	}
}

// lacks returns which key of the bureau is not here; zero for none.
func (s *Server) lacks() (keys.ID, error) {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	err := s.look()
	return s.ring.lacks, err
}

// take reads the keys of the home, if one is not here that the ledger has. What they
// open is opened anew. It reports whether none is lacking then.
func (s *Server) take() bool {
	r := s.ring
	r.mu.Lock()
	err := s.look()
	lacks, of, told := r.lacks, r.of, r.why
	r.mu.Unlock()
	if err != nil || lacks == (keys.ID{}) {
		return err == nil
	}
	var more map[seal.Compartment][]*keys.Identity
	if err = errNoReload; s.cfg.Reload != nil {
		more, err = s.cfg.Reload() // which may take seconds
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := maps.Clone(r.ids)
	for c := range ids {
		for _, id := range more[c] {
			if !slices.ContainsFunc(ids[c], func(has *keys.Identity) bool { return has.Recipient().Equal(id.Recipient()) }) {
				ids[c] = append(slices.Clip(ids[c]), id)
			}
		}
	}
	if err == nil && !slices.ContainsFunc(ids[of], func(id *keys.Identity) bool { return keys.SealingID(id.Recipient()) == lacks }) {
		err = errNotHere
	}
	if err != nil {
		if r.why = err.Error(); r.why != told {
			s.log.Warn("the ledger has another reading key of the bureau than this desk", "compartment", of.String(), "key", lacks.Short(), "error", err)
		}
		return false
	}
	r.ids = ids
	r.turns++
	s.cfg.Desk.Unlock(ids)
	s.log.Info("took a new reading key from the home", "compartment", of.String(), "key", lacks.Short())
	raise(s.grown)
	return s.look() == nil && r.lacks == (keys.ID{})
}

var (
	errNoReload = errors.New("it is taken when the desk is started again")
	errNotHere  = errors.New("it is not in the home of this desk")
)

// steady returns how often keys were taken. While one is on its way, for a minute, it
// is an error.
func (s *Server) steady() (turns int, err error) {
	r := s.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := s.look(); err != nil {
		return 0, err
	}
	if r.lacks != (keys.ID{}) && s.cfg.Reload != nil && s.cfg.Clock().Sub(r.since) < turnLimit {
		return 0, errTurning
	}
	return r.turns, nil
}

var errTurning = &wire.Error{Code: wire.Busy, Message: "the desk is taking a new reading key: ask again in a moment"}

// lacking says which key is not here, "" for none.
func (s *Server) lacking() string {
	r := s.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lacks == (keys.ID{}) || r.why == "" {
		return ""
	}
	return fmt.Sprintf("what is sealed to the new %s key of %s, %s, is not opened: %s", r.of, s.cfg.Bureau, r.lacks.Short(), r.why)
}
