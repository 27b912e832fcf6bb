package cli

import (
	"cmp"
	"fmt"

	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverNodeCommand() *cli.Command {
	return &cli.Command{
		Name:  "node",
		Usage: "make new keys for this bureau's node, and a file that asks for them",
		Description: "The keys wait beside the present ones until a recovery, or a vote, gives them to the bureau. The file holds no\n" +
			"secret; the root signs it. One bureau that lost its node gives it to a voter, and after the vote comes back with\n" +
			"--accept, at another bureau's node. When most nodes are lost it goes to the bureau that plans the recovery.\n\n" +
			"Example: comity recover node -o XA.cnode",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`", DefaultText: "CODE" + nodeExt},
			&cli.StringFlag{Name: "address", Usage: "`HOST:PORT` where the other bureaus reach the node", DefaultText: "that of comity.toml"},
			&cli.BoolFlag{Name: "accept", Usage: "put the new keys in their place, which the voters have given to the bureau"},
			rootFlag(),
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverNode,
	}
}

func (t *terminal) recoverNode(c *cli.Context) error {
	path, p, err := t.askKeys(c, ledger.ChangeNode, nodeExt, func(h *home.Home, g *ledger.Genesis) (*ledger.Propose, error) {
		if address := c.String("address"); address != "" {
			if err := home.Check("address", address); err != nil {
				return nil, usagef("recover node: %s", err)
			}
		}
		root, err := h.Root(t.passphrase)
		if err != nil {
			return nil, err
		}
		return h.NextNode(g.Ledger, root, c.String("address"))
	})
	if p == nil || err != nil {
		return err
	}
	t.say("Made new keys for the node of %s at %s; they wait in keys beside the present ones.", p.Code, p.Node.Address)
	t.say("  words     %s", p.Node.TLS.Words())
	t.say("If this node alone is lost: give %s to a voter, who proposes it: comity propose node %s. Read the words to each voter", path, path)
	t.say("who calls you; after the vote: comity --node BUREAU recover node --accept, at a bureau whose node runs.")
	t.say("If most nodes are lost: give it to the bureau that plans. It holds no secret.")
	return nil
}

// askKeys makes new keys for this bureau, which wait in its home, and writes the file
// that asks for them. Nothing is left to tell, and the proposal nil, where it was told
// in JSON, or where what had been made before was accepted.
func (t *terminal) askKeys(c *cli.Context, change ledger.Change, ext string, make func(*home.Home, *ledger.Genesis) (*ledger.Propose, error)) (path string, p *ledger.Propose, err error) {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return "", nil, err
	}
	if c.Bool("accept") {
		return "", nil, t.acceptNew(c, change)
	}
	h, err := t.openHome(c)
	if err != nil {
		return "", nil, err
	}
	g, err := h.Genesis()
	if err != nil {
		return "", nil, err
	}
	path = cmp.Or(c.String("o"), h.Bureau()+ext)
	if err := mayWrite(path, c.Bool("force")); err != nil {
		return "", nil, err
	}
	if p, err = make(h, g); err != nil {
		return "", nil, err
	}
	if err := writeOutput(path, p.Marshal(), c.Bool("force")); err != nil {
		return "", nil, err
	}
	if !t.asJSON {
		return path, p, nil
	}
	id, _ := newKey(p)
	doc := map[string]any{"file": path, "bureau": p.Code, change.String(): id, "words": id.Words().String()}
	if p.Node != nil {
		doc["address"] = p.Node.Address
	}
	return "", nil, t.document(doc)
}

// readNode reads a file of [terminal.recoverNode], and checks the proof of the root.
func (t *terminal) readNode(path string, g *ledger.Genesis) (*ledger.Propose, error) {
	return t.readChange(path, ledger.ChangeNode, g.Ledger, g.Latest())
}

// readChange reads a file that asks for new keys, and checks the proof in it.
func (t *terminal) readChange(path string, change ledger.Change, id ledger.Hash, e *ledger.Epoch) (*ledger.Propose, error) {
	data, err := t.readInput(path, ledger.MaxPublic)
	if err != nil {
		return nil, err
	}
	p, err := ledger.ParsePropose(data)
	if err != nil || p.Change != change {
		what := map[ledger.Change]string{ledger.ChangeNode: "node", ledger.ChangeRoot: "root key"}[change]
		return nil, hint(fmt.Errorf("%s asks for no new %s", inputName(path), what), "the bureau makes the file with: comity recover %s", change)
	}
	if !p.CheckProof(id, e) {
		by := "the root of " + p.Code
		if change == ledger.ChangeRoot {
			by = "the new root key of " + p.Code
		}
		return nil, fmt.Errorf("%s: %s did not sign it for this ledger", inputName(path), by)
	}
	return p, nil
}
