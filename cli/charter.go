package cli

import (
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterCommand() *cli.Command {
	return &cli.Command{
		Name:  "charter",
		Usage: "found a ledger: draft its charter, sign it, start",
		Description: "The charter names the founders and their keys; everything else is checked against it, and its\n" +
			"hash is the ledger's id. One founder makes the draft from all member files, each compares the\n" +
			"words of all others' root keys by telephone and signs it at home, and each starts with all\n" +
			"signatures. The files may go by mail: who changes one is found out.\n\n" +
			"Example: comity charter show charter.draft",
		Subcommands: []*cli.Command{t.charterNewCommand(), t.charterSignCommand(), t.charterStartCommand(), t.charterUpdateCommand(), {
			Name: "show", Usage: "show what a charter or a draft says", ArgsUsage: "[FILE]",
			Description: "Without FILE it is the charter of this bureau. The words are those of its id: read them to\n" +
				"whoever asks which ledger this is.\n\n" +
				"Example: comity charter show charter.draft",
			Action: t.charterShow,
		}},
	}
}

// readDraft reads a charter that nobody has signed yet.
func (t *terminal) readDraft(path string) (*ledger.Genesis, error) {
	data, err := t.readInput(path, ledger.MaxGenesis)
	if err != nil {
		return nil, err
	}
	g, err := home.ParseDraft(data)
	if err == nil {
		return g, nil
	}
	if _, whole := ledger.ParseGenesis(data); whole == nil {
		return nil, hint(fmt.Errorf("read %s: all founders have signed it already", inputName(path)), "comity charter start %s", shellWord(path))
	}
	return nil, hint(fmt.Errorf("read %s: %w", inputName(path), err), "ask for it again")
}

// parseGenesis reads a charter that all founders signed.
func parseGenesis(path string, data []byte) (*ledger.Genesis, error) {
	g, err := ledger.ParseGenesis(data)
	if !errors.Is(err, ledger.ErrMalformed) {
		if err != nil {
			err = fmt.Errorf("read %s: %w", inputName(path), err)
		}
		return g, err
	}
	if _, err := home.ParseDraft(data); err == nil {
		return nil, hint(fmt.Errorf("read %s: it is a draft, without the founders' signatures", inputName(path)), "when all have signed: comity charter start --help")
	}
	return nil, fmt.Errorf("read %s: it is no charter", inputName(path))
}

func (t *terminal) charterShow(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "FILE")
	if err != nil {
		return err
	}
	if len(args) == 0 {
		h, err := t.openHome(c)
		if err != nil {
			return err
		}
		g, err := h.Genesis()
		if err != nil {
			return err
		}
		return t.showCharter(g)
	}
	data, err := t.readInput(args[0], ledger.MaxGenesis)
	if err != nil {
		return err
	}
	g, err := ledger.ParseGenesis(data)
	if err != nil {
		if g, err = home.ParseDraft(data); err != nil {
			return fmt.Errorf("read %s: it is neither a draft nor a charter that all founders signed", inputName(args[0]))
		}
	}
	return t.showCharter(g)
}

// showCharter shows a charter or a draft. It shows no words of roots: who signs
// is to hear them.
func (t *terminal) showCharter(g *ledger.Genesis) error {
	type member struct {
		Bureau  string  `json:"bureau"`
		Name    string  `json:"name"`
		Address string  `json:"address"`
		Root    keys.ID `json:"root"`
		Signed  bool    `json:"signed"`
	}
	unsigned := g.Unsigned()
	var members []member
	var rows [][]string
	for i := range g.Charter.Members {
		m := &g.Charter.Members[i]
		signed := !slices.Contains(unsigned, m.Code)
		members = append(members, member{m.Code, m.Name, m.Node.Address, keys.SigningID(m.Root), signed})
		word := "yes"
		if !signed {
			word = "not in this file"
		}
		rows = append(rows, []string{m.Code, m.Name, m.Node.Address, fingerprint(m), word})
	}
	id := keys.ID(g.Ledger)
	if t.asJSON {
		return t.document(map[string]any{"name": g.Charter.Name, "ledger": id, "words": id.Words().String(), "created": g.Charter.Created,
			"quorum": ledger.Quorum(len(members)), "quota": map[string]uint64{"entries": uint64(g.Charter.Quota.Entries), "bytes": g.Charter.Quota.Bytes}, "members": members})
	}
	t.say("%s, made %s", g.Charter.Name, clock(g.Charter.Created*1000))
	t.say("ledger id %s", id)
	t.say("read out  %s", grouped(g.Ledger))
	t.say("in words  %s", id.Words())
	t.say("%d of %d bureaus must cosign what is FINAL; %s", ledger.Quorum(len(members)), len(members), allowance(g.Charter.Quota))
	t.table([]string{"BUREAU", "NAME", "NODE", "ROOT KEY", "SIGNED"}, rows)
	return nil
}
