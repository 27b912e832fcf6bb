package cli

import (
	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeSuspendCommand() *cli.Command {
	return &cli.Command{
		Name:      "suspend",
		Usage:     "say that nobody is to act on a notice for the time being",
		ArgsUsage: "ID",
		Description: "The origin suspends at once; reviewers (supervisors of other bureaus) and oversight (auditors of other\n" +
			"bureaus) when enough bureaus have said so. Who suspended it lifts it.\n\n" +
			"Example: comity notice suspend LT-0301 --reason - < reason.txt",
		Flags:  []cli.Flag{asFlag(), reasonFlag(), noWaitFlag()},
		Action: t.noticeSuspend,
	}
}

func (t *terminal) noticeSuspend(c *cli.Context) error {
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, reason string) (string, ledger.Item, error) {
		name := "the suspension of " + k.Name()
		as, err := s.authority(c, k)
		if err != nil {
			return name, ledger.Item{}, err
		}
		it, err := s.desk.Suspend(c.Context, s.client, by, k, as, reason)
		return name, it, err
	})
}
