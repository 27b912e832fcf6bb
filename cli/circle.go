package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) circleCommand() *cli.Command {
	return &cli.Command{
		Name:  "circle",
		Usage: "found, change and look at circles of bureaus that share notices",
		Description: "A notice to a circle is sealed once, to a key that its members hold: comity notice new --to circle:LANTERN.\n" +
			"The log shows that a circle was founded or changed, not its name and not who is in it. CIRCLE is its name,\n" +
			"or 8 digits or more of its id where several have one name.\n\n" +
			"Example: comity circle new LANTERN --members XB,XC",
		Subcommands: []*cli.Command{
			t.circleNewCommand(), t.circleListCommand(), t.circleShowCommand(),
			t.circleAddCommand(), t.circleRemoveCommand(), t.circleRenewCommand(), t.circleEndCommand(),
		},
	}
}

// findCircle returns the circle that a person means.
func (s *session) findCircle(name string) (*desk.Circle, error) {
	k, err := s.desk.Circle(strings.TrimPrefix(name, notice.CirclePrefix))
	var same *desk.SameCircle
	switch {
	case errors.As(err, &same):
		return nil, hint(err, "name it by 8 digits or more of its id")
	case errors.Is(err, desk.ErrNoCircle):
		return nil, hint(err, "yours are: comity circle list")
	}
	return k, err
}

// readersText writes who reads: bureaus, and circles with their members.
func readersText(r notice.Readers, circles []notice.CircleSeen) string {
	var words []string
	for _, reader := range r {
		id := notice.Circle(reader)
		if id == "" {
			words = append(words, reader)
			continue
		}
		text := fmt.Sprintf("circle %.8s", id)
		for i := range circles {
			if c := &circles[i]; c.ID.String() == id {
				text = circleText(c)
			}
		}
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

func circleText(c *notice.CircleSeen) string {
	who := "its members then"
	if len(c.Members) > 0 {
		who = strings.Join(c.Members, " ")
	}
	return fmt.Sprintf("circle %s (of %s, %.8s, epoch %d: %s)", c.Name, c.Founder, c.ID, c.Epoch, who)
}

// showReaders prints who reads a notice, and warns where a circle had changed by
// the time that the notice came into the ledger.
func (s *session) showReaders(r notice.Readers, circles []notice.CircleSeen) {
	s.say("  readers   %s", readersText(r, circles))
	for i := range circles {
		if c := &circles[i]; c.Superseded {
			s.say("  WARNING   circle %s had changed before this came into the ledger: who had left by then may read it, who had joined cannot", c.Name)
		}
		if c := &circles[i]; len(c.Gone) > 0 {
			s.say("  WARNING   %s had left the ledger before this came into it, and has the key of circle %s that it is sealed to", strings.Join(c.Gone, " "), c.Name)
		}
	}
}

// tellCircles says who the circles are to which something is sealed: their names
// are words that their founders chose.
func (s *session) tellCircles(readers notice.Readers) error {
	circles, err := s.desk.Seeing(readers)
	if err != nil {
		return err
	}
	for i := range circles {
		s.note("sealed to %s", circleText(&circles[i]))
	}
	return s.warnRevoked(readers)
}

// warnRevoked warns of members of circles whose keys may be in other hands.
func (s *session) warnRevoked(readers notice.Readers) error {
	ids := readers.Circles()
	if len(ids) == 0 {
		return nil
	}
	known, err := s.desk.Circles()
	for _, k := range known {
		if len(k.Revoked) == 0 || !slices.Contains(ids, k.ID.String()) {
			continue
		}
		s.note("WARNING: %s revoked a sealing key that opens circle %s: whoever holds it can read this", strings.Join(k.Revoked, " "), k.Name)
		s.note("hint: %s can give the circle new keys first: comity circle renew %.8s", k.Founder, k.ID)
	}
	return err
}

// warnSuperseded tells who sealed to a circle that it had changed meanwhile.
func (s *session) warnSuperseded(c *cli.Context, it ledger.Item, readers notice.Readers) error {
	if len(readers.Circles()) == 0 || c.Bool("no-wait") {
		return nil
	}
	if s.desk == nil { // sending closed it
		if err := s.read(c.Context); err != nil {
			return err
		}
	}
	list, err := s.desk.Superseded(it.Entry, readers)
	for i := range list {
		if len(list[i].Gone) > 0 {
			s.note("WARNING: %s left the ledger while this was on its way, and has the key of circle %s that it is sealed to", strings.Join(list[i].Gone, " "), list[i].Name)
		}
		if !list[i].Superseded {
			continue
		}
		s.note("WARNING: circle %s changed while this was on its way: who left it by then may read it, who joined cannot", list[i].Name)
		s.note("hint: send a new version, which is sealed to the circle as it is now: comity notice amend")
	}
	return err
}

// circleMembers reads --members, or the codes on a command line, of bureaus of the
// ledger or of these.
func (s *session) circleMembers(text string, also ...string) ([]string, error) {
	if text == notice.All {
		return []string{notice.All}, nil
	}
	var list []string
	for code := range strings.SplitSeq(text, ",") {
		code = strings.TrimSpace(code)
		if _, ok := s.genesis.Member(code); !ok && !slices.Contains(also, code) {
			return nil, usagef("%q is not the code of a bureau of this ledger", code)
		}
		list = append(list, code)
	}
	return list, nil
}
