package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"

	"github.com/urfave/cli/v2"
)

func (t *terminal) charterCommand() *cli.Command {
	return &cli.Command{
		Name:  "charter",
		Usage: "found a ledger: draft, sign, join and install its charter",
		Description: "The charter names the founders and their keys; everything else is checked against it.\n" +
			"One founder drafts it from the others' summaries, each signs it at home, one joins the\n" +
			"signatures, each installs the result. Compare its id by telephone before you sign.\n\n" +
			"Example: comity charter show charter.draft",
		Subcommands: []*cli.Command{
			{
				Name: "draft", Usage: "make a charter of the founders' summaries", ArgsUsage: "MEMBER...",
				Description: "Example: comity charter draft --name 'Northern Reach' *.member -o charter.draft",
				Flags:       append([]cli.Flag{&cli.StringFlag{Name: "name", Usage: "`NAME` of the consortium"}}, outputFlags()...),
				Action:      t.charterDraft,
			},
			{
				Name: "show", Usage: "show what a charter or a draft says", ArgsUsage: "[FILE]",
				Description: "Example: comity charter show charter.draft",
				Action:      t.charterShow,
			},
			{
				Name: "sign", Usage: "sign a draft with this bureau's root key", ArgsUsage: "DRAFT",
				Description: "Example: comity charter sign charter.draft -o XA.charter.sig",
				Flags:       outputFlags(),
				Action:      t.charterSign,
			},
			{
				Name: "join", Usage: "join a draft and all founders' signatures", ArgsUsage: "DRAFT SIGNATURE...",
				Description: "Example: comity charter join charter.draft *.charter.sig -o charter",
				Flags:       outputFlags(),
				Action:      t.charterJoin,
			},
			{
				Name: "install", Usage: "make this bureau a member of the ledger", ArgsUsage: "FILE",
				Description: "Example: comity charter install charter",
				Action:      t.charterInstall,
			},
		},
	}
}

func (t *terminal) charterDraft(c *cli.Context) error {
	args, err := arguments(c, 1, ledger.MaxVoters, "the founders' .member files")
	if err != nil {
		return err
	}
	if err := required(c, "name"); err != nil {
		return err
	}
	ch := &ledger.Charter{Name: c.String("name"), Created: uint64(time.Now().Unix())}
	for _, path := range args {
		data, err := t.readInput(path, maxMember)
		if err != nil {
			return err
		}
		m, err := parseMember(data)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if _, twice := ch.Member(m.Code); twice {
			return fmt.Errorf("read %s: %s is in another file already", path, m.Code)
		}
		ch.Members = append(ch.Members, *m)
	}
	slices.SortFunc(ch.Members, func(a, b ledger.Member) int { return strings.Compare(a.Code, b.Code) })
	if _, err := ledger.NewGenesis(ch); err != nil {
		return hint(fmt.Errorf("draft: these summaries make no charter: %w", err), "every key and every address may appear once only")
	}
	return t.result(c, ch.Marshal())
}

// readDraft reads an unsigned charter.
func (t *terminal) readDraft(path string) (*ledger.Genesis, []byte, error) {
	data, err := t.readInput(path, ledger.MaxCharter)
	if err != nil {
		return nil, nil, err
	}
	ch, err := ledger.ParseCharter(data)
	if err != nil {
		return nil, nil, fmt.Errorf("read draft %s: %w", path, err)
	}
	g, err := ledger.NewGenesis(ch)
	return g, data, err
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
	if _, err := ledger.ParseCharter(data); err == nil {
		return nil, hint(fmt.Errorf("read %s: it is a draft, without the founders' signatures", inputName(path)), "join draft and signatures: comity charter join --help")
	}
	return nil, fmt.Errorf("read %s: it is no charter", inputName(path))
}

func (t *terminal) charterShow(c *cli.Context) error {
	args, err := arguments(c, 0, 1, "FILE")
	if err != nil {
		return err
	}
	var g *ledger.Genesis
	if len(args) == 0 {
		h, err := t.openHome(c)
		if err != nil {
			return err
		}
		if g, err = h.Genesis(); err != nil {
			return err
		}
	} else {
		data, err := t.readInput(args[0], ledger.MaxGenesis)
		if err != nil {
			return err
		}
		if g, err = ledger.ParseGenesis(data); err != nil {
			if g, _, err = t.readDraft(args[0]); err != nil {
				return fmt.Errorf("read charter %s: neither a draft nor a charter that all founders signed", args[0])
			}
		}
	}
	return t.showCharter(g)
}

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
		return t.document(map[string]any{"name": g.Charter.Name, "ledger": id, "created": g.Charter.Created,
			"quorum": ledger.Quorum(len(members)), "members": members})
	}
	t.say("%s, made %s", g.Charter.Name, clock(g.Charter.Created*1000))
	t.say("ledger id %s", id)
	t.say("read out  %s", grouped(g.Ledger))
	t.say("%d of %d bureaus must cosign what is FINAL", ledger.Quorum(len(members)), len(members))
	t.table([]string{"BUREAU", "NAME", "NODE", "ROOT KEY", "SIGNED"}, rows)
	return nil
}

func (t *terminal) charterSign(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "DRAFT")
	if err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	g, raw, err := t.readDraft(args[0])
	if err != nil {
		return err
	}
	// The home's own summary must be in the draft as it is: else somebody put
	// another address or key into it.
	own, err := h.Member()
	if err != nil {
		return err
	}
	in, ok := g.Charter.Member(h.Bureau())
	if !ok {
		return fmt.Errorf("sign %s: %s is not among its founders", args[0], h.Bureau())
	}
	want, err1 := marshalMember(&own)
	got, err2 := marshalMember(in)
	if err1 != nil || err2 != nil || string(want) != string(got) {
		return fmt.Errorf("sign %s: it describes %s with another name, address or key than this home has", args[0], h.Bureau())
	}
	root, err := h.Root(t.passphrase)
	if err != nil {
		return err
	}
	sig, err := sign.Sign(root, sign.NamespaceCharter, raw)
	if err != nil {
		return err
	}
	t.note("signed %q as %s", g.Charter.Name, h.Bureau())
	t.note("ledger id %s", keys.ID(g.Ledger))
	return t.result(c, sign.Armor(root.Public(), sign.NamespaceCharter, sig[:]))
}

func (t *terminal) charterJoin(c *cli.Context) error {
	args, err := arguments(c, 2, 1+ledger.MaxVoters, "DRAFT and the founders' signatures")
	if err != nil {
		return err
	}
	g, raw, err := t.readDraft(args[0])
	if err != nil {
		return err
	}
	bySigner := make(map[string][]byte)
	for _, path := range args[1:] {
		data, err := t.readInput(path, maxMember)
		if err != nil {
			return err
		}
		pub, namespace, sig, err := sign.ParseArmor(data)
		if err != nil || namespace != sign.NamespaceCharter || !sign.Verify(pub, namespace, raw, sig) {
			return fmt.Errorf("read %s: not a signature of this draft", path)
		}
		bySigner[string(pub)] = sig
	}
	file := append([]byte{byte(len(raw) >> 16), byte(len(raw) >> 8), byte(len(raw))}, raw...)
	for i := range g.Charter.Members {
		m := &g.Charter.Members[i]
		sig, ok := bySigner[string(m.Root)]
		if !ok {
			return fmt.Errorf("join: the signature of %s is missing", m.Code)
		}
		file = append(file, sig...)
	}
	if _, err := ledger.ParseGenesis(file); err != nil {
		return err
	}
	return t.result(c, file)
}

func (t *terminal) charterInstall(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
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
	if err := h.Install(g); err != nil {
		return err
	}
	t.note("%s is a member of %q", h.Bureau(), g.Charter.Name)
	t.note("ledger id %s", keys.ID(g.Ledger))
	t.note("next: comity node run, and once it is ready: comity enrol")
	return nil
}
