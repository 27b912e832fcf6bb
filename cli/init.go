package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "make a bureau's keys and configuration",
		Description: "Makes the folder of one bureau: root, node, officers' and sealing keys, comity.toml, and a\n" +
			"public summary for the charter. Nothing leaves this machine.\n\n" +
			"Example: comity init --bureau XA --name Aldermoor --address 192.0.2.7:7101",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "bureau", Usage: "two-letter `CODE`"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the bureau, for people"},
			&cli.StringFlag{Name: "address", Usage: "`HOST:PORT` where the other bureaus reach the node"},
			&cli.StringFlag{Name: "listen", Usage: "`HOST:PORT` that the node binds (default: the address)"},
			&cli.StringFlag{Name: "admin", Usage: "loopback `HOST:PORT` or unix:PATH of /livez /readyz /metrics", Value: "unix:admin.sock"},
			&cli.StringFlag{Name: "profile", Usage: "`PROFILE` of the network between the nodes: lan or wan", DefaultText: "lan"},
			&cli.StringSliceFlag{Name: "with-officer", Usage: "`LABEL:ROLE,ROLE` of an officer to make keys for, with roles of investigator, desk, supervisor, protection, operator and auditor; may be repeated",
				DefaultText: "inv-1:investigator,desk and sup-1:supervisor,protection"},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the keys unencrypted: for exercises"},
		},
		Action: t.initHome,
	}
}

func (t *terminal) initHome(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if err := required(c, "bureau", "name", "address"); err != nil {
		return err
	}
	officers, err := officerSpecs(c.StringSlice("with-officer"))
	if err != nil {
		return err
	}
	if c.Bool("no-passphrase") && t.passFile != "" {
		return usagef("init: --no-passphrase and a passphrase file do not go together")
	}
	dir, err := homeDir(c)
	if err != nil {
		return err
	}
	var passphrase []byte
	if !c.Bool("no-passphrase") {
		if passphrase, err = t.newPassphrase(); err != nil {
			err = fmt.Errorf("init: %w", err)
			if errors.Is(err, errNoPassphrase) {
				err = hint(err, "give --passphrase-file FILE, or --no-passphrase for an exercise")
			}
			return err
		}
	}
	h, err := home.Create(dir, home.CreateOptions{
		Bureau: c.String("bureau"), Name: c.String("name"), Address: c.String("address"), Listen: c.String("listen"),
		Admin: c.String("admin"), Profile: c.String("profile"), Officers: officers, Passphrase: passphrase,
	})
	var option *home.OptionError
	switch {
	case errors.As(err, &option):
		return usagef("init: %s", option)
	case err != nil:
		return fmt.Errorf("init: %w", err)
	}
	m, err := h.Member()
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	summary, err := marshalMember(&m)
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	path := filepath.Join(h.Dir(), m.Code+memberExt)
	if err := writeOutput(path, summary, false); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if t.asJSON {
		return t.document(map[string]any{
			"dir": h.Dir(), "bureau": m.Code, "member": path, "root": fingerprint(&m), "officers": h.Officers(), "encrypted": passphrase != nil,
		})
	}
	t.tellInit(h, &m, path, officers, passphrase != nil)
	return nil
}

func (t *terminal) tellInit(h *home.Home, m *ledger.Member, path string, officers []home.OfficerSpec, encrypted bool) {
	t.say("Made the home of %s %s in %s", m.Code, m.Name, h.Dir())
	t.say("  root      key %s: enrols and revokes all others; keep keys/root offline", fingerprint(m))
	t.say("  node      %s, own TLS and cosigning keys", m.Node.Address)
	for _, o := range officers {
		t.say("  officer   %-8s %s", o.Label, home.FormatRoles(o.Roles))
	}
	t.say("  sealing   card, body, victim: what opens what is sealed to %s", m.Code)
	if encrypted {
		t.say("Signing and sealing keys are encrypted with the passphrase. Without it they are lost.")
	} else {
		t.say("No key is encrypted: for exercises only.")
	}
	t.say("Next:")
	t.say("  1. send %s to the founder who drafts the charter; it holds no secret", path)
	t.say("  2. sign the draft, and install the charter that all signed: comity charter --help")
	t.say("  3. comity node run, and once most nodes run: comity enrol")
	t.say("Commands are for this home in a shell that says:")
	t.shell("  export COMITY_DIR=%s", shellWord(h.Dir()))
}

// officerSpecs reads LABEL:ROLE,ROLE.
func officerSpecs(given []string) ([]home.OfficerSpec, error) {
	if len(given) == 0 {
		return []home.OfficerSpec{
			{Label: "inv-1", Roles: ledger.RoleInvestigator | ledger.RoleDesk},
			{Label: "sup-1", Roles: ledger.RoleSupervisor | ledger.RoleProtection},
		}, nil
	}
	var specs []home.OfficerSpec
	for _, g := range given {
		label, words, ok := strings.Cut(g, ":")
		if !ok {
			return nil, usagef("--with-officer %s: want LABEL:ROLE,ROLE, such as desk-1:investigator,desk", g)
		}
		roles, err := home.ParseRoles(words)
		if err != nil {
			return nil, usagef("--with-officer %s: %s", g, err)
		}
		specs = append(specs, home.OfficerSpec{Label: label, Roles: roles})
	}
	return specs, nil
}
