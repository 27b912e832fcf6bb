package cli

import (
	"comity/crypto/keys"

	"github.com/urfave/cli/v2"
)

const rootExt = ".croot"

func (t *terminal) recoverRootCommand() *cli.Command {
	return &cli.Command{
		Name:  "root",
		Usage: "make a new root key for this bureau, and a file that asks for it",
		Description: "For a bureau that has lost its root key. The new key waits beside the place of the old one; nothing counts until a\n" +
			"quorum of the voters have voted for it. They compare its eight words with you by telephone. The file holds no\n" +
			"secret.\n\n" +
			"Example: comity recover root -o XC.croot",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`", DefaultText: "CODE" + rootExt},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the keys unencrypted: for exercises"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverRoot,
	}
}

func (t *terminal) recoverRoot(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	g, err := h.Genesis()
	if err != nil {
		return err
	}
	var phrase []byte
	if !c.Bool("no-passphrase") {
		if phrase, err = t.newPassphrase(); err != nil {
			return err
		}
	}
	p, err := h.NextRoot(g.Ledger, t.passphrase, phrase)
	if err != nil {
		return err
	}
	path := c.String("o")
	if path == "" {
		path = h.Bureau() + rootExt
	}
	if err := writeOutput(path, p.Marshal(), c.Bool("force")); err != nil {
		return err
	}
	id := keys.SigningID(p.Root)
	if t.asJSON {
		return t.document(map[string]any{"file": path, "bureau": h.Bureau(), "root": id})
	}
	t.say("Made a new root key for %s; it counts when a quorum of the voters say so.", h.Bureau())
	t.say("  words     %s", id.Words())
	t.say("Give %s to a voter, who proposes it, and read the words to each voter who calls you.", path)
	return nil
}
