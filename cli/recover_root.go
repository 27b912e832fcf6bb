package cli

import (
	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

const rootExt = ".croot"

func (t *terminal) recoverRootCommand() *cli.Command {
	return &cli.Command{
		Name:  "root",
		Usage: "make a new root key for this bureau, and a file that asks for it",
		Description: "For a bureau that has lost its root key. The new key waits beside the place of the old one; nothing counts until a\n" +
			"quorum of the voters have voted for it. They compare its eight words with you by telephone. The file holds no\n" +
			"secret. Then --accept: the new key signs the entry that makes it the bureau's, and takes the place of the old.\n\n" +
			"Example: comity recover root -o XC.croot",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`", DefaultText: "CODE" + rootExt},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the keys unencrypted: for exercises"},
			&cli.BoolFlag{Name: "accept", Usage: "take the new key, which enough voters are for"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverRoot,
	}
}

func (t *terminal) recoverRoot(c *cli.Context) error {
	path, p, err := t.askKeys(c, ledger.ChangeRoot, rootExt, func(h *home.Home, g *ledger.Genesis) (*ledger.Propose, error) {
		var phrase []byte
		if _, waits := h.NewRoot(); waits != nil && !c.Bool("no-passphrase") { // one that waits has its own
			var err error
			if phrase, err = t.newPassphrase(); err != nil {
				return nil, err
			}
		}
		return h.NextRoot(g.Ledger, t.passphrase, phrase)
	})
	if p == nil || err != nil {
		return err
	}
	t.say("Made a new root key for %s; it counts when a quorum of the voters say so.", p.Code)
	t.say("  words     %s", keys.SigningID(p.Root).Words())
	t.say("Give %s to a voter, who proposes it: comity propose root %s. Read the words to each voter who calls you.", path, path)
	t.say("When enough of them are for it: comity recover root --accept")
	return nil
}
