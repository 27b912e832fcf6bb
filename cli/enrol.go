package cli

import (
	"strings"

	"github.com/urfave/cli/v2"
)

func (t *terminal) enrolCommand() *cli.Command {
	return &cli.Command{
		Name:  "enrol",
		Usage: "have the root admit the keys of this home to the ledger",
		Description: "Admits the officers' and the sealing keys that the ledger does not know yet. It needs the\n" +
			"root key and may be run again at any time.\n\n" +
			"Example: comity enrol --root /mnt/stick/XA.root",
		Flags: []cli.Flag{rootFlag()},
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			s, err := t.open(c)
			if err != nil {
				return err
			}
			defer s.close()
			operator, err := s.home.Operator() // officers are not known yet
			if err != nil {
				return err
			}
			client, err := s.home.Client(operator)
			if err != nil {
				return err
			}
			defer client.Close()
			if away := s.home.Away(); len(away) > 0 && !t.asJSON {
				t.note("passed over, since their private keys are not in this home: %s; each is enrolled with: comity officer enrol LABEL", strings.Join(away, " "))
			}
			n, err := s.home.Enrol(c.Context, client, t.passphrase)
			if err != nil {
				return err
			}
			if t.asJSON {
				return t.document(map[string]any{"enrolled": n})
			}
			if n == 0 {
				t.say("All keys of this home are enrolled already.")
			} else {
				t.say("Enrolled %s of %s.", plural(n, "key", "keys"), s.bureau(s.home.Bureau()))
			}
			return nil
		},
	}
}
