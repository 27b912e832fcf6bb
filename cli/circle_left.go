package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/home"
	"comity/node/wire"
)

// A bureau that left the ledger keeps the keys of the circles that it was in. Whoever
// writes seals to no such circle: the founder's officers give it other keys first, and
// until then the members who stay are named one by one.

// renewPause is how long what runs waits before it tries again to renew circles.
const renewPause = 5 * time.Minute

// foundsCircles is who may found and change circles.
const foundsCircles = ledger.RoleInvestigator | ledger.RoleSupervisor

// renewCircles gives the circles of this bureau other keys that need them because a
// member left the ledger, so that what is written next can be sealed to them. The
// replica is open, and as new as before when it returns. What could not be done is
// told, and left to the next who writes.
func (s *session) renewCircles(ctx context.Context) error {
	officer, err := s.officer()
	if err != nil || officer.Roles&foundsCircles == 0 {
		return err
	}
	list, err := s.desk.ToRenew(s.home.Bureau())
	if err != nil || len(list) == 0 {
		return err
	}
	done := 0
	for _, k := range list {
		gone := strings.Join(k.Gone, " ")
		it, sub, err := s.renewCircle(ctx, officer, k, s.submit)
		if err == nil && sub != nil {
			limited, cancel := context.WithTimeout(ctx, syncLimit)
			err = s.waitFinal(limited, it.Entry, &written{Name: "circle " + k.Name, ID: sub.ID, Index: sub.Index})
			cancel()
		}
		switch {
		case err != nil:
			s.note("circle %s has no other keys yet, although %s left the ledger: %s", k.Name, gone, err)
			continue
		case sub == nil: // another officer was faster
		case len(it.Body) == 0:
			s.note("circle %s ended with entry %s: %s left the ledger, and nobody but %s is in it", k.Name, count(sub.Index), gone, k.Founder)
		default:
			s.note("circle %s got other keys with entry %s, for %s: %s left the ledger", k.Name, count(sub.Index), strings.Join(k.Stay(), " "), gone)
		}
		done++
	}
	if done > 0 {
		s.sync(ctx)
	}
	return ctx.Err()
}

// submitter sends a statement to a node.
type submitter func(context.Context, ledger.Item) (*wire.Submitted, error)

// renewCircle gives one circle other keys, or ends it. Several of the bureau may do so
// at once: the first entry counts, and who is later gets no answer and no error.
func (s *session) renewCircle(ctx context.Context, officer *home.Officer, k *desk.Circle, submit submitter) (ledger.Item, *wire.Submitted, error) {
	it, err := s.desk.RenewCircle(ctx, s.client, desk.Officers{Author: officer.Signer}, k)
	if err != nil {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner // the sentence names the circle already
		}
		return it, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, syncLimit)
	defer cancel()
	sub, err := submit(ctx, it)
	switch wire.CodeOf(err) {
	case wire.Code(state.Superseded):
		return it, nil, nil
	case wire.Code(state.FourEyes):
		err = errors.New("in a ledger of this format a supervisor has to sign as well: comity circle renew " + k.ID.String()[:8])
	}
	return it, sub, err
}

// resolve returns a notice with the ids of circles in the place of names, and tells
// of those that it cannot be sealed to as they are.
func (s *session) resolve(n *notice.Notice) (*notice.Notice, error) {
	s.tellLeft(notice.CirclesOf(n.Readers, n.Victim))
	return s.desk.ResolveNotice(n)
}

// tellLeft tells of circles among readers with a member that left the ledger: what is
// written goes to the others, one by one.
func (s *session) tellLeft(readers notice.Readers) {
	for _, name := range readers.Circles() {
		k, err := s.desk.Circle(name)
		if err != nil || len(k.Gone) == 0 {
			continue // whoever seals to it says what is wrong
		}
		s.note("circle %s: %s left the ledger and has its keys; until %s gives it others, it stands for %s, each by its own key",
			k.Name, strings.Join(k.Gone, " "), k.Founder, strings.Join(k.Stay(), " "))
	}
}

// officerUnasked returns the officer who acts, if nobody need type a passphrase.
func (s *session) officerUnasked() (*home.Officer, error) {
	switch {
	case s.acting != nil:
		return s.acting, nil
	case s.label == "":
		return nil, errors.New("no officer is named: --officer LABEL")
	}
	var pass home.Passphrase
	if s.passFile != "" {
		pass = s.passphrase
	}
	o, err := s.home.Officer(s.label, pass)
	if err == nil {
		s.acting = o
	}
	return o, err
}

// renewCircles does what an officer who writes does, as soon as a bureau has left:
// if the officer who watches may, if the key opens without a person, and if that
// overtakes no draft. It tells why not.
func (w *watcher) renewCircles(ctx context.Context) error {
	list, err := w.desk.ToRenew(w.home.Bureau())
	if err != nil || len(list) == 0 {
		return err
	}
	if time.Since(w.triedCircles) < renewPause {
		return nil
	}
	w.triedCircles = time.Now()
	officer, err := w.officerUnasked()
	if err == nil && officer.Roles&foundsCircles == 0 {
		err = fmt.Errorf("%s may not change circles", officer.Label)
	}
	if err == nil {
		err = w.nothingParked(officer)
	}
	if err == nil {
		if err := w.session.renewCircles(ctx); err != nil {
			return err
		}
		if list, err = w.desk.ToRenew(w.home.Bureau()); len(list) == 0 {
			w.triedCircles = time.Time{}
		}
		return err
	}
	for _, k := range list {
		w.note("circle %s needs other keys: %s left the ledger; the next that an officer of %s writes gives it some (not this watch: %s)",
			k.Name, strings.Join(k.Gone, " "), w.home.Bureau(), err)
	}
	return nil
}

// nothingParked refuses where a draft of an officer waits, which what he signs next
// would overtake.
func (s *session) nothingParked(o *home.Officer) error {
	list, _ := s.drafts().List() // what is damaged waits for nobody
	for _, d := range list {
		if d.Item.Entry.Statement.Author == o.Signer.ID() && d.Rejection == nil {
			return fmt.Errorf("draft %.8s of %s waits for a second officer, and would have to be signed again", d.ID(), o.Label)
		}
	}
	return nil
}
