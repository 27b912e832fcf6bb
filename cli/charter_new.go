package cli

import (
	"errors"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterNewCommand() *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "draft a charter from the founders' member files", ArgsUsage: "MEMBER...",
		Description: "One founder does this, and sends the draft to all others. It becomes a charter only when each of\n" +
			"them has signed it.\n\n" +
			"Example: comity charter new --name 'Northern Reach' *.member -o charter.draft",
		Flags:  append([]cli.Flag{&cli.StringFlag{Name: "name", Usage: "`NAME` of the consortium"}}, outputFlags()...),
		Action: t.charterNew,
	}
}

func (t *terminal) charterNew(c *cli.Context) error {
	args, err := arguments(c, 1, ledger.MaxVoters, "the founders' member files")
	if err != nil {
		return err
	}
	if err := required(c, "name"); err != nil {
		return err
	}
	if err := checkName(c.String("name")); err != nil {
		return err
	}
	var founders []*ledger.Member
	for _, path := range args {
		data, err := t.readInput(path, home.MaxMember)
		if err != nil {
			return err
		}
		m, err := home.ParseMember(data)
		if err != nil {
			return hint(fmt.Errorf("read %s: %w", inputName(path), err), "ask that bureau for its member file again; nothing was drafted")
		}
		founders = append(founders, m)
	}
	g, err := home.NewCharter(c.String("name"), time.Now(), founders)
	if errors.Is(err, ledger.ErrMalformed) {
		return hint(fmt.Errorf("new charter: these member files make no charter"), "every key and every address may appear once only")
	}
	if err != nil {
		return err
	}
	if err := t.result(c, g.Charter.Marshal()); err != nil {
		return err
	}
	for i := range g.Charter.Members {
		m := &g.Charter.Members[i]
		t.note("%s (%s), node at %s", m.Code, m.Name, m.Node.Address)
	}
	t.note("%s of %q: %d of them must cosign what is FINAL", plural(len(founders), "founder", "founders"), g.Charter.Name, ledger.Quorum(len(founders)))
	t.note("its id would be %s", keys.ID(g.Ledger))
	t.note("next: send the draft to all; each compares words by telephone and signs it: comity charter sign")
	return nil
}

// checkName refuses a name of a consortium that no charter can have.
func checkName(name string) error {
	if home.Check("name", name) != nil { // the same rule as for a bureau's
		return usagef("--name %.80q is not a name of 1 to 255 printable bytes", name)
	}
	return nil
}
