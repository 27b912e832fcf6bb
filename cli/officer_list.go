package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) officerListCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "show the keys that the ledger knows of your bureau",
		Description: "From the replica of this home, which is verified. DAYS are those until a key is to be replaced, by key_days\n" +
			"of comity.toml and the ledger's time of its enrolment; nothing ends then.\n\n" +
			"Example: comity officer list",
		Flags:  []cli.Flag{&cli.StringFlag{Name: "bureau", Usage: "two-letter `CODE` of another bureau"}},
		Action: t.officerList,
	}
}

func (t *terminal) officerList(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	bureau := cmp.Or(c.String("bureau"), s.home.Bureau())
	list, err := s.bureauKeys(c.Context, bureau)
	if err != nil {
		return err
	}
	if len(list) == 0 { // every member has keys
		return usagef("%q is not the code of a bureau of this ledger", bureau)
	}
	if t.asJSON {
		return t.document(list)
	}
	s.tellKeys(bureau, list)
	return nil
}

// tellKeys prints keys by their label: those of officers, sealing keys and those of
// the node and the root, and last what has ended.
func (s *session) tellKeys(bureau string, list []*heldKey) {
	list = slices.Clone(list)
	rank := func(k *heldKey) int {
		switch {
		case !k.live():
			return 3
		case k.Use == wire.KeySign || k.Use == wire.KeyAccess:
			return 0
		case k.Use == wire.KeySeal:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b *heldKey) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.Label, b.Label)) })
	s.say("Keys of %s", s.bureau(bureau))
	var rows [][]string
	for _, k := range list {
		since := "charter"
		if k.Entry != nil {
			since = "entry " + count(*k.Entry)
		}
		left := count(k.Left)
		if !k.live() {
			left = "-"
		}
		rows = append(rows, []string{k.Label, k.ID.Short(), useWords[k.Use], since, left, k.stateText()})
	}
	s.table([]string{"LABEL", "KEY", "USE", "SINCE", "DAYS", "ROLES"}, rows)
}

// stateText says what the key may do, or how it ended.
func (k *heldKey) stateText() string {
	if k.live() {
		return strings.Join(k.Roles, " ")
	}
	text := "REVOKED at entry " + count(*k.RevokedAt)
	if k.Next != nil {
		text = "replaced at entry " + count(*k.RevokedAt) + " by " + k.Next.Short()
	}
	if k.Suspect != nil {
		text += ", SUSPECT from entry " + count(*k.Suspect)
	}
	if k.Reason != "" {
		text += fmt.Sprintf(" (%s)", k.Reason)
	}
	return text
}
