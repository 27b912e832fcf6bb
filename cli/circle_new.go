package cli

import (
	"fmt"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) circleNewCommand() *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "found a circle of your bureau and others",
		ArgsUsage: "NAME",
		Description: "Its members can seal to it and open what is sealed to it, from now on. Your bureau alone changes it, with\n" +
			"two officers. All bureaus of the ledger: --members all.\n\n" +
			"Example: comity circle new LANTERN --members XB,XC",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "members", Usage: "`BUREAUS` that are in it beside your own, such as XB,XC, or all"},
			secondFlag(), approvalFlag(), noWaitFlag(),
		},
		Action: t.circleNew,
	}
}

func (t *terminal) circleNew(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "NAME")
	if err != nil {
		return err
	}
	if err := required(c, "members"); err != nil {
		return err
	}
	if !notice.IsCircleName(args[0]) {
		return usagef("%q is no name of a circle: 1 to %d letters, digits, and - . _ between them, and not what could be an id", args[0], notice.MaxCircleName)
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	members, err := s.circleMembers(c.String("members"))
	if err != nil {
		return err
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	list, err := s.desk.Circles()
	if err != nil {
		return err
	}
	for _, k := range list {
		if k.Name == args[0] && k.Founder == s.home.Bureau() && k.Epoch != nil && !k.Ended {
			return hint(fmt.Errorf("%s has a circle %s already (%.8s); nothing was sent", s.home.Bureau(), k.Name, k.ID), "see: comity circle show %s", k.Name)
		}
		if k.Name == args[0] && k.Epoch != nil && !k.Ended {
			s.note("%s has founded a circle of this name too: --to circle:%s will ask for the id", k.Founder, k.Name)
		}
	}
	name := "circle " + args[0]
	it, err := s.desk.FoundCircle(c.Context, s.client, by, args[0], members)
	if err != nil {
		return s.composing(name, err)
	}
	return s.submitOrPark(c, name, it, c.Bool("for-approval"))
}

func (t *terminal) circleAddCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "take bureaus into a circle of yours",
		ArgsUsage: "CIRCLE BUREAUS",
		Description: "They read what is sealed to the circle from then on, and nothing earlier; for that: comity notice grant.\n" +
			"Needs a supervisor as well: --second, or else it waits for one to `approve` it.\n\n" +
			"Example: comity circle add LANTERN XD",
		Flags:  []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.changeCircle(2, "the change of", addMembers),
	}
}

func (t *terminal) circleRemoveCommand() *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "take bureaus out of a circle of yours",
		ArgsUsage: "CIRCLE BUREAUS",
		Description: "The circle gets other keys: they open nothing that is sealed to it from then on, and keep what they could\n" +
			"read before. Needs a supervisor as well: --second, or else it waits for one to `approve` it.\n\n" +
			"Example: comity circle remove LANTERN XC",
		Flags:  []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.changeCircle(2, "the change of", removeMembers),
	}
}

func (t *terminal) circleRenewCommand() *cli.Command {
	return &cli.Command{
		Name:      "renew",
		Usage:     "give a circle of yours other keys, for the same members",
		ArgsUsage: "CIRCLE",
		Description: "When a member has lost a key. Needs a supervisor as well: --second, or else it waits for one to `approve` it.\n\n" +
			"Example: comity circle renew LANTERN",
		Flags: []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.changeCircle(1, "the change of", func(s *session, k *desk.Circle, _ []string) ([]string, error) {
			return k.Stay(), nil
		}),
	}
}

func (t *terminal) circleEndCommand() *cli.Command {
	return &cli.Command{
		Name:      "end",
		Usage:     "end a circle of yours",
		ArgsUsage: "CIRCLE",
		Description: "Nothing more can be sealed to it; its members go on reading what was. Needs a supervisor as well: --second,\n" +
			"or else it waits for one to `approve` it.\n\nExample: comity circle end LANTERN",
		Flags:  []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.changeCircle(1, "the end of", nil),
	}
}

// changeCircle is what the verbs that change a circle have in common. members
// returns who will be in it, given the bureaus on the command line; nil ends it.
func (t *terminal) changeCircle(n int, what string, members func(s *session, k *desk.Circle, named []string) ([]string, error)) cli.ActionFunc {
	return func(c *cli.Context) error {
		args, err := arguments(c, n, n, []string{"CIRCLE", "CIRCLE and BUREAUS"}[n-1])
		if err != nil {
			return err
		}
		s, err := t.openToWrite(c)
		if err != nil {
			return err
		}
		defer s.close()
		k, err := s.findCircle(args[0])
		if err != nil {
			return err
		}
		name := what + " circle " + k.Name
		if k.Founder != s.home.Bureau() || k.Ended {
			why := fmt.Sprintf("%s founded it, and nobody else changes it", k.Founder)
			if k.Ended {
				why = "it has ended"
			}
			return fmt.Errorf("%s was not sent: %s", name, why)
		}
		if k.Epoch == nil {
			return fmt.Errorf("%s was not sent: the keys here do not open its present epoch", name)
		}
		var named, next []string
		if n > 1 {
			if named, err = s.circleMembers(args[1], k.Epoch.Members...); err != nil {
				return err
			}
		}
		if members != nil {
			if next, err = members(s, k, named); err != nil {
				return err
			}
		}
		by, err := s.signers(c)
		if err != nil {
			return err
		}
		it, waits, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) {
			if members == nil {
				return s.desk.EndCircle(c.Context, s.client, by, k)
			}
			return s.desk.ChangeCircle(c.Context, s.client, by, k, next)
		})
		if err != nil {
			return s.composing(name, err)
		}
		if !s.asJSON && members != nil {
			s.say("circle %s will be %s", k.Name, strings.Join(memberCodes(s.home.Bureau(), next, s.genesis), " "))
		}
		return s.submitOrPark(c, name, it, waits || c.Bool("for-approval"))
	}
}
