package cli

import (
	"fmt"

	"comity/ledger"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverNodeCommand() *cli.Command {
	return &cli.Command{
		Name:  "node",
		Usage: "make new keys for this bureau's node, and a file that asks for them",
		Description: "The keys wait beside the present ones until a recovery, or a vote, gives them to the bureau. The file holds no\n" +
			"secret; the root signs it.\n\n" +
			"Example: comity recover node -o XA.cnode",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`", DefaultText: "CODE" + nodeExt},
			&cli.StringFlag{Name: "address", Usage: "`HOST:PORT` where the other bureaus reach the node", DefaultText: "that of comity.toml"},
			rootFlag(),
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverNode,
	}
}

func (t *terminal) recoverNode(c *cli.Context) error {
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
	root, err := h.Root(t.passphrase)
	if err != nil {
		return err
	}
	p, err := h.NextNode(g.Ledger, root, c.String("address"))
	if err != nil {
		return err
	}
	path := c.String("o")
	if path == "" {
		path = h.Bureau() + nodeExt
	}
	if err := writeOutput(path, p.Marshal(), c.Bool("force")); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(map[string]any{"file": path, "bureau": h.Bureau(), "address": p.Node.Address})
	}
	t.say("Made new keys for the node of %s at %s; they wait in keys beside the present ones.", h.Bureau(), p.Node.Address)
	t.say("Give %s to the bureau that plans; it holds no secret.", path)
	return nil
}

// readNode reads a file of [terminal.recoverNode], and checks the proof of the root.
func (t *terminal) readNode(path string, g *ledger.Genesis) (*ledger.Propose, error) {
	data, err := t.readInput(path, ledger.MaxPublic)
	if err != nil {
		return nil, err
	}
	p, err := ledger.ParsePropose(data)
	if err != nil || p.Change != ledger.ChangeNode {
		return nil, hint(fmt.Errorf("%s asks for no new node", path), "the bureau makes one with: comity recover node")
	}
	if !p.CheckProof(g.Ledger, g.Latest()) {
		return nil, fmt.Errorf("%s: the root of %s did not sign it for this ledger", path, p.Code)
	}
	return p, nil
}
