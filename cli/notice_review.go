package cli

import (
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeReviewCommand() *cli.Command {
	return &cli.Command{
		Name:      "review",
		Usage:     "approve, return or refuse a notice of another bureau",
		ArgsUsage: "ID",
		Description: "For supervisors. What you decide is of the version that you see (comity notice show ID), and of no later\n" +
			"one. When enough bureaus say the same, it is decided; until then the notice shows as UNREVIEWED.\n\n" +
			"Example: comity notice review LT-0301 --approve",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "approve", Usage: "act on it"},
			&cli.BoolFlag{Name: "return", Usage: "its origin should amend it"},
			&cli.BoolFlag{Name: "refuse", Usage: "it ends"},
			reasonFlag(), noWaitFlag(),
		},
		Action: t.noticeReview,
	}
}

func (t *terminal) noticeReview(c *cli.Context) error {
	var decision ledger.Decision
	for d := ledger.Approve; d <= ledger.Refuse; d++ {
		if !c.Bool(d.String()) {
			continue
		}
		if decision != 0 {
			return usagef("--%s and --%s: one decision at a time", decision, d)
		}
		decision = d
	}
	if decision == 0 {
		return usagef("say what you decide: --approve, --return or --refuse")
	}
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, reason string) (string, ledger.Item, error) {
		if k.View == nil {
			return "", ledger.Item{}, usagef("%s cannot be read here: nobody judges what they have not read (nothing written)", k.Name())
		}
		it, err := s.desk.Review(c.Context, s.client, by, k, decision, reason)
		return "the review of " + k.Name(), it, err
	})
}
