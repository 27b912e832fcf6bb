package cli

import (
	"time"

	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeExtendCommand() *cli.Command {
	return &cli.Command{
		Name:      "extend",
		Usage:     "keep a notice of your bureau beyond its day of review",
		ArgsUsage: "ID",
		Description: "Within half a year before that day, and for five years at most. What is not extended expires.\n\n" +
			"Example: comity notice extend LT-0301 --until 2027-12-31 --reason 'still missing'",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "until", Usage: "the `DAY` by which it is reviewed again, such as 2027-12-31"},
			reasonFlag(), noWaitFlag(),
		},
		Action: t.noticeExtend,
	}
}

func (t *terminal) noticeExtend(c *cli.Context) error {
	if err := required(c, "until", "reason"); err != nil {
		return err
	}
	until, err := time.Parse(time.DateOnly, c.String("until"))
	day := until.Unix() / (24 * 60 * 60)
	if err != nil || day < 1 || day > ledger.MaxDay {
		return hint(usagef("--until %s is not a day", c.String("until")), "such as 2027-12-31")
	}
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, reason string) (string, ledger.Item, error) {
		it, err := s.desk.Extend(c.Context, s.client, by, k, uint32(day), reason)
		return "the extension of " + k.Name(), it, err
	})
}
