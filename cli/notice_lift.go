package cli

import (
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeLiftCommand() *cli.Command {
	return &cli.Command{
		Name:      "lift",
		Usage:     "end the suspension of a notice, or with --cancel the notice",
		ArgsUsage: "ID",
		Description: "Only who suspended a notice lifts that: its origin, reviewers, or oversight, after its end too: until\n" +
			"then its texts are kept as evidence. Before enough bureaus have said that it is to be suspended, a\n" +
			"bureau takes back so what it said; what it said for a lift it takes back with `notice suspend`.\n\n" +
			"Example: comity notice lift LT-0301",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "cancel", Usage: "the notice ends"},
			asFlag(), reasonFlag(), noWaitFlag(),
		},
		Action: t.noticeLift,
	}
}

func (t *terminal) noticeLift(c *cli.Context) error {
	outcome := ledger.OutcomeRestored
	if c.Bool("cancel") {
		outcome = ledger.OutcomeCancelled
	}
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, reason string) (string, ledger.Item, error) {
		name := "the end of the suspension of " + k.Name()
		as, err := s.authority(c, k)
		if err != nil {
			return name, ledger.Item{}, err
		}
		it, err := s.desk.Lift(c.Context, s.client, by, k, as, outcome, reason)
		return name, it, err
	})
}
