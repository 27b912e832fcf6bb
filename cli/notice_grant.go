package cli

import (
	"fmt"
	"slices"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeGrantCommand() *cli.Command {
	return &cli.Command{
		Name:      "grant",
		Usage:     "let more bureaus read a part of a notice of yours",
		ArgsUsage: "ID",
		Description: "Of the version that stands; a later one is sealed to the readers that it names. More readers of a\n" +
			"victim's part need a supervisor: --second, or else it waits for one to `approve` it.\n\n" +
			"Example: comity notice grant LT-0301 --to XC --part card",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "`BUREAUS` that shall read it, such as XB,XC, or circle:NAME"},
			&cli.StringFlag{Name: "part", Usage: "`PART`: card, body or victim", Value: "card"},
			secondFlag(), approvalFlag(), noWaitFlag(),
		},
		Action: t.noticeGrant,
	}
}

func (t *terminal) noticeGrant(c *cli.Context) error {
	if err := required(c, "to"); err != nil {
		return err
	}
	part := seal.Compartment(0)
	for p := seal.Card; p <= seal.Victim; p++ {
		if p.String() == c.String("part") {
			part = p
		}
	}
	if part == 0 {
		return hint(usagef("--part %s: there is no such part", c.String("part")), "card, body or victim")
	}
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, _ string) (string, ledger.Item, error) {
		name := fmt.Sprintf("the %s of %s for %s", part, k.Name(), c.String("to"))
		readers, err := readersFlag(s.home.Bureau(), c.String("to"))
		if err == nil {
			err = checkMembers(s.genesis, readers)
		}
		if err != nil {
			return name, ledger.Item{}, err
		}
		// The own bureau reads it already.
		more := slices.DeleteFunc([]string(readers), func(b string) bool { return strings.EqualFold(b, s.home.Bureau()) })
		s.tellLeft(more)
		if more, err = s.desk.Resolve(more); err != nil {
			return name, ledger.Item{}, err
		}
		it, err := s.desk.Grant(c.Context, s.client, by, k.ID, part, more)
		if err == nil {
			err = s.tellCircles(more)
		}
		return name, it, err
	})
}
