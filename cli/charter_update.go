package cli

import (
	"fmt"

	"comity/ledger"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterUpdateCommand() *cli.Command {
	return &cli.Command{
		Name: "update", Usage: "bring this bureau's charter file up to the ledger's last epoch", ArgsUsage: "[FILE]",
		Description: "The charter file grows by a certificate with every change of members, which all who check the\n" +
			"ledger need: an older one says \"cannot tell\" of what came after. Without FILE it is made from the\n" +
			"ledger; FILE is one that another bureau sent. Either way every certificate is verified.\n\n" +
			"Example: comity charter update",
		Action: t.charterUpdate,
	}
}

func (t *terminal) charterUpdate(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "FILE")
	if err != nil {
		return err
	}
	if len(args) == 1 {
		h, err := t.openHome(c)
		if err != nil {
			return err
		}
		data, err := t.readInput(args[0], ledger.MaxGenesis)
		if err != nil {
			return err
		}
		g, err := parseGenesis(args[0], data)
		if err != nil {
			return err
		}
		have, err := h.Genesis()
		if err != nil {
			return err // one that was never admitted installs nothing this way
		}
		for _, e := range g.Epochs()[min(len(have.Epochs()), len(g.Epochs())):] {
			if e.Recovered { // which proves that it was signed, and not that it was carried out
				return hint(fmt.Errorf("%s has a recovery in it, to epoch %d, that cuts the ledger: to take it is to decide", inputName(args[0]), e.Number),
					"where no node is: comity recover follow %s; where one is: comity recover start PLAN", shellWord(args[0]))
			}
		}
		changed, err := h.Update(g)
		if err != nil {
			return err
		}
		if g, err = h.Genesis(); err != nil {
			return err
		}
		return t.tellUpdate(g, changed)
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	before, err := h.Genesis()
	if err != nil {
		return err
	}
	k, err := t.openCouncil(c) // which brings the file up to date
	if err != nil {
		return err
	}
	defer k.close()
	if k.syncErr != nil {
		return fmt.Errorf("update charter: %w", k.syncErr)
	}
	if len(k.genesis.Epochs()) < len(k.members.Epochs()) {
		return fmt.Errorf("update charter: the ledger has %s more", plural(len(k.members.Epochs())-len(k.genesis.Epochs()), "epoch", "epochs"))
	}
	return t.tellUpdate(k.genesis, len(k.genesis.Epochs()) > len(before.Epochs()))
}

func (t *terminal) tellUpdate(g *ledger.Genesis, changed bool) error {
	e := g.Latest()
	if t.asJSON {
		return t.document(map[string]any{"epoch": e.Number, "from": e.From, "members": len(e.Members), "voters": e.Voters(), "changed": changed})
	}
	word := "The charter file is up to date already"
	if changed {
		word = "The charter file was brought up to date"
	}
	t.say("%s: epoch %d, %s, %d of %d voters must cosign what is FINAL.", word, e.Number, plural(len(e.Members), "member", "members"), e.Quorum(), e.Voters())
	return nil
}
