package cli

import (
	"context"
	"strings"

	"comity/crypto/keys"

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
			n, err := s.home.Enrol(c.Context, client, t.passphrase, s.knownKeys(c.Context)...)
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

// knownKeys returns the bureau's keys as far as the replica of this home has them:
// what is enrolled need not be unlocked.
func (s *session) knownKeys(ctx context.Context) (known []keys.ID) {
	if s.openShared(ctx) != nil {
		return nil
	}
	defer s.closeDesk()
	s.sync(ctx) // what is missing is asked of the ledger itself
	list, err := s.desk.Keys(s.home.Bureau())
	if err != nil {
		return nil
	}
	for i := range list {
		known = append(known, list[i].ID)
	}
	return known
}
