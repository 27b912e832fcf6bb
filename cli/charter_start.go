package cli

import (
	"fmt"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterStartCommand() *cli.Command {
	return &cli.Command{
		Name: "start", Usage: "make this bureau a member of a ledger whose charter all have signed", ArgsUsage: "DRAFT SIGNATURE...",
		Description: "Each founder does this, with the draft and the signatures of all. The complete charter is then in\n" +
			"the folder of the bureau, as charter; in place of the draft it may be given alone. Auditors get a\n" +
			"copy of it.\n\n" +
			"Example: comity charter start charter.draft XA.sig XB.sig XC.sig",
		Action: t.charterStart,
	}
}

func (t *terminal) charterStart(c *cli.Context) error {
	args, err := arguments(c, 1, 1+ledger.MaxVoters, "DRAFT and the founders' signatures")
	if err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	g, err := t.completeCharter(args)
	if err != nil {
		return err
	}
	have, err := h.Genesis()
	again := err == nil && have.Ledger == g.Ledger
	if err := h.Install(g); err != nil {
		return err
	}
	id := keys.ID(g.Ledger)
	if t.asJSON {
		return t.document(map[string]any{"name": g.Charter.Name, "ledger": id, "words": id.Words().String(), "bureau": h.Bureau(),
			"members": len(g.Charter.Members), "again": again})
	}
	if again {
		t.say("%s has started %q already; nothing changed.", h.Bureau(), g.Charter.Name)
		return nil
	}
	t.say("%s is a member of %q: %s, and all have signed.", h.Bureau(), g.Charter.Name, plural(len(g.Charter.Members), "founder", "founders"))
	t.say("  ledger id %s", id)
	t.say("  in words  %s", id.Words())
	t.say("The other founders see the same words. Give auditors a copy of the file charter in %s.", h.Dir())
	t.say("Next: comity node run, and once most nodes run: comity enrol")
	return nil
}

// completeCharter returns the charter of a draft and all signatures, or the one
// that is in a file already.
func (t *terminal) completeCharter(args []string) (*ledger.Genesis, error) {
	if len(args) == 1 {
		data, err := t.readInput(args[0], ledger.MaxGenesis)
		if err != nil {
			return nil, err
		}
		return parseGenesis(args[0], data)
	}
	g, err := t.readDraft(args[0])
	if err != nil {
		return nil, err
	}
	for _, path := range args[1:] {
		data, err := t.readInput(path, home.MaxMember)
		if err != nil {
			return nil, err
		}
		if _, err := home.AddSignature(g, data); err != nil {
			return nil, hint(fmt.Errorf("read %s: %w", inputName(path), err), "ask for that signature again, of this very draft; nothing was started")
		}
	}
	if missing := g.Unsigned(); len(missing) > 0 {
		return nil, hint(fmt.Errorf("start %s: the signature of %s is missing", inputName(args[0]), strings.Join(missing, " and of ")),
			"each founder makes its own: comity charter sign; nothing was started")
	}
	return g, nil
}
