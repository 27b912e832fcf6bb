package cli

import (
	"context"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/desk/remote"

	"github.com/urfave/cli/v2"
)

// reader is what reading commands ask for cases: the replica here, opened with
// the keys here, or the bureau's desk.
type reader interface {
	Cases(context.Context, desk.Filter) ([]*desk.Case, error)
	Case(ctx context.Context, name string) (*desk.Case, error)
}

var (
	_ reader = (*desk.Desk)(nil)
	_ reader = (*remote.Desk)(nil)
)

// reader returns whom this session asks.
func (s *session) reader() reader {
	if s.remote != nil {
		return s.remote
	}
	return s.desk
}

// connectDesk makes the client of the desk that the command line or the
// configuration names, if any.
func (s *session) connectDesk(c *cli.Context) error {
	settings := s.home.Config()
	address, pin := settings.Desk, settings.DeskKey
	if address == "" {
		return nil
	}
	if pin == "" {
		return hint(usagef("the desk at %s must prove a key, and none is named", address), "as comity desk key prints it there: desk_key in comity.toml, or --desk HOST:PORT#KEY")
	}
	id, err := keys.ParseID(pin)
	if err != nil {
		return usagef("the key of the desk is 64 hexadecimal digits, as comity desk key prints it")
	}
	s.deskClient = s.home.DeskClient(address, id, s.access)
	s.remote = remote.New(s.deskClient, s.genesis)
	s.remote.CardOnly = true // but for the commands that show more
	return nil
}

// ownKeysOnly refuses a command that needs the reading keys in this home, where
// it reads through the desk: it would find nothing, and say so as if that were so.
func (s *session) ownKeysOnly(verb string) error {
	if s.remote == nil {
		return nil
	}
	return hint(fmt.Errorf("%s does not work through the desk yet: it needs the reading keys, which are with the %s", verb, s.remote),
		"comity inbox, list, show and search do; with keys in this home: --desk %s", ownKeys)
}

// staleAfter is how long a desk may have heard nothing before officers are told.
const staleAfter = 2 * time.Minute

// readCases makes the session ready to show cases: through the desk, or with
// the keys here. A person is told when the desk has no news.
func (s *session) readCases(ctx context.Context) error {
	if s.remote == nil {
		return s.read(ctx)
	}
	if s.label == "" { // it is recorded who reads
		return s.whichOfficer()
	}
	st, err := s.remote.Status(ctx)
	if err != nil {
		return err
	}
	s.remoteSize, s.remoteTime, s.remoteKeys = st.Size, st.Time, st.Compartments
	if st.Alarm != "" {
		s.note("the desk of %s has an alarm: %s", st.Bureau, st.Alarm)
	}
	if silent := time.Duration(st.Asked-st.Heard) * time.Second; st.Problem != "" && silent > staleAfter || st.Heard == 0 {
		s.note("the desk of %s has no news: as of entry %s, %s (%s old)", st.Bureau, count(st.Size), clock(st.Time), age(time.Since(time.UnixMilli(int64(st.Time)))))
	}
	return nil
}

// lookFor searches, here or at the desk. hidden is how many notices that have
// ended are left out. What tells of more than cards is recorded.
func (s *session) lookFor(ctx context.Context, w searching) (found []desk.Found, total, hidden int, err error) {
	withEnded := w.withdrawn
	for _, term := range w.query.Terms() {
		withEnded = withEnded || term.Field.Name == "status"
	}
	if s.remote != nil {
		s.remote.Purpose = w.purpose
		return s.remote.Search(ctx, w.text, withEnded, w.limit)
	}
	found, total, err = s.desk.Search(ctx, w.query, func(k *desk.Case) bool {
		if k.Status.Ended() && !withEnded {
			hidden++
			return false
		}
		return true
	}, w.limit)
	if err != nil {
		return nil, 0, 0, err
	}
	var read []*desk.Case
	for _, f := range found {
		if f.Beyond {
			read = append(read, f.Case)
		}
	}
	return found, total, hidden, s.recordRead(readlog.Found, w.purpose, read...)
}
