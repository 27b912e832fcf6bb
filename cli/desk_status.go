package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) deskStatus(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if s.remote == nil {
		return hint(fmt.Errorf("this home reads with its own keys, not through a desk"), "set desk and desk_key in comity.toml, or say --desk HOST:PORT")
	}
	st, err := s.remote.Status(c.Context)
	if err != nil {
		return err
	}
	if t.asJSON {
		err = t.document(st)
	} else {
		s.tellDesk(st)
	}
	switch {
	case err != nil:
		return err
	case st.Alarm != "":
		return errFindings
	case st.Problem != "":
		return fmt.Errorf("the desk of %s has no news: %s", st.Bureau, st.Problem)
	}
	return nil
}

func (s *session) tellDesk(st *wire.DeskStatus) {
	word := s.paint(green, "has news")
	if st.Problem != "" {
		word = s.paint(yellow, "no news") + ": " + visible(st.Problem)
	}
	s.put("Desk of " + visible(s.bureau(st.Bureau)) + ", " + word)
	s.say("  as of     entry %s, %s", count(st.Size), clock(st.Time))
	s.say("  heard     %s", heard(st))
	s.say("  cosigned  by %s; %d needed", orNone(slices.Sorted(slices.Values(st.FinalBy))), st.Quorum)
	s.say("  opens     %s", strings.Join(st.Compartments, ", "))
	s.say("  you are   %s", strings.Join(st.Roles, ", "))
	if st.Alarm == "" {
		s.say("  alarms    none")
	} else {
		s.put("  " + s.paint(red, "ALARM") + "     " + visible(st.Alarm))
	}
}

// heard says when the desk had its last news.
func heard(st *wire.DeskStatus) string {
	if st.Heard == 0 {
		return "nothing yet, from no node"
	}
	return fmt.Sprintf("from the %s, %s ago", st.Node, age(time.Duration(max(0, st.Asked-st.Heard))*time.Second))
}
