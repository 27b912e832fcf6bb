package cli

import (
	"context"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/node/desk"
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

// ownKeys is the value of --desk that asks for the keys of this home.
const ownKeys = "none"

// connectDesk makes the client of the desk that the command line or the
// configuration names, if any.
func (s *session) connectDesk(c *cli.Context) error {
	settings := s.home.Config()
	address, pin := c.String("desk"), settings.DeskKey
	if address == "" {
		address = settings.Desk
	}
	if address == "" || address == ownKeys {
		return nil
	}
	if a, k, ok := strings.Cut(address, "#"); ok {
		address, pin = a, k
	}
	if !strings.Contains(address, ":") {
		return usagef("--desk %s: want HOST:PORT, HOST:PORT#KEY or %s", address, ownKeys)
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
	if st.Alarm != "" {
		s.note("the desk of %s has an alarm: %s", st.Bureau, st.Alarm)
	}
	if silent := time.Duration(st.Asked-st.Heard) * time.Second; st.Problem != "" && silent > staleAfter || st.Heard == 0 {
		s.note("the desk of %s has no news: as of entry %s, %s (%s old)", st.Bureau, count(st.Size), clock(st.Time), age(time.Since(time.UnixMilli(int64(st.Time)))))
	}
	return nil
}

// searchThroughDesk lets the desk search.
func (s *session) searchThroughDesk(c *cli.Context, query string, limit int) error {
	if err := s.readCases(c.Context); err != nil {
		return err
	}
	s.remote.Purpose = c.String("purpose")
	found, more, ended, err := s.remote.Search(c.Context, query, c.Bool("withdrawn"), limit)
	if err != nil {
		return err
	}
	if more {
		s.note("these are %s; there are more: --limit 0 shows up to 1,000", count(len(found)))
	}
	if ended {
		s.note("notices that were withdrawn match: --withdrawn shows them")
	}
	if s.asJSON {
		out := make([]caseLine, len(found))
		for i, f := range found {
			out[i] = lineOf(f.Case)
			out[i].Why = f.Why
		}
		return s.document(out)
	}
	list, whys := make([]*desk.Case, len(found)), make(map[*desk.Case]string)
	for i, f := range found {
		list[i], whys[f.Case] = f.Case, f.Why
	}
	s.tellFound(list, whys)
	return nil
}
