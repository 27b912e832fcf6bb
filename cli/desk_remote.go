package cli

import (
	"context"
	"time"

	"comity/crypto/keys"
	"comity/node/desk"
	"comity/node/desk/remote"

	"github.com/urfave/cli/v2"
)

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
	return nil
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

// lookFor searches, here or at the desk. What tells of more than cards is
// recorded.
func (s *session) lookFor(ctx context.Context, w searching) (*desk.Findings, error) {
	withEnded := w.withdrawn
	for _, term := range w.query.Terms() {
		withEnded = withEnded || term.Field.Name == "status"
	}
	if err := checkPurpose(w.purpose); err != nil {
		return nil, err
	}
	return s.reader().Search(ctx, w.query, withEnded, w.limit, w.purpose)
}
