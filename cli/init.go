package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "make a bureau's keys and configuration",
		Description: "Asks for the bureau's code, its name, the address of its node and its first officers, and makes\n" +
			"the folder of the bureau: root, node, officers' and sealing keys, and comity.toml. Nothing leaves\n" +
			"this machine. What the other founders need is in the member file, which holds no secret.\n" +
			"The root key decides who belongs to the bureau: let --root write it to a stick that is locked\n" +
			"away, of a file system that keeps permissions (ext4; FAT only if mounted with umask=077).\n\n" +
			"Example: comity init --bureau XA --name Aldermoor --address 192.0.2.7:7101",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "bureau", Usage: "two-letter `CODE`"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the bureau, for people"},
			&cli.StringFlag{Name: "address", Usage: "`HOST:PORT` where the other bureaus reach the node"},
			&cli.StringSliceFlag{Name: "with-officer", Usage: "`LABEL:ROLE,ROLE` of an officer to make keys for, with roles of investigator, desk, supervisor, protection, operator, auditor and registrar; may be repeated",
				DefaultText: strings.ReplaceAll(usualOfficers, " ", " and ")},
			&cli.BoolFlag{Name: "yes", Usage: "ask nothing: take what is proposed for what no flag says"},
			rootFlag(),
			&cli.StringFlag{Name: "paper", Usage: "write a page to print, sign and keep to `FILE`: HTML if its name ends in .html, else text"},
			&cli.StringFlag{Name: "o", Usage: "write a copy of the member file to `FILE`"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
			&cli.StringFlag{Name: "listen", Usage: "`HOST:PORT` that the node binds (default: the address)"},
			&cli.StringFlag{Name: "admin", Usage: "loopback `HOST:PORT` or unix:PATH of /livez /readyz /metrics", Value: "unix:admin.sock"},
			&cli.StringFlag{Name: "profile", Usage: "`PROFILE` of the network between the nodes: lan or wan", DefaultText: "lan"},
			&cli.BoolFlag{Name: "no-passphrase", Usage: "leave the keys unencrypted: for exercises"},
		},
		Action: t.initHome,
	}
}

func (t *terminal) initHome(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	if c.Bool("no-passphrase") && t.passFile != "" {
		return usagef("init: --no-passphrase and a passphrase file do not go together")
	}
	dir, err := homeDir(c)
	if err != nil {
		return err
	}
	if c.IsSet("root") && c.String("root") == "" {
		return usagef("init: --root names no file")
	}
	if err := home.Vacant(dir, c.String("root")); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := initPlaces(c); err != nil {
		return err
	}
	o, err := t.initOptions(c)
	if err != nil {
		return err
	}
	if !c.Bool("no-passphrase") {
		if o.Passphrase, err = t.newPassphrase(); err != nil {
			err = fmt.Errorf("init: %w", err)
			if errors.Is(err, errNoPassphrase) {
				err = hint(err, "give --passphrase-file FILE, or --no-passphrase for an exercise")
			}
			return err
		}
		t.note("making the keys; encrypting them takes a moment, on purpose")
	}
	var written []string // beside the home
	o.Finish = func(h *home.Home) error {
		if err := c.Context.Err(); err != nil {
			return err
		}
		return t.initFiles(c, h, o.Officers, &written)
	}
	h, err := home.Create(dir, o)
	if err != nil {
		for _, path := range written {
			os.Remove(path) // it is about keys that are gone
		}
	}
	var option *home.OptionError
	switch {
	case errors.As(err, &option):
		return usagef("init: %s", option)
	case err != nil:
		return fmt.Errorf("init: %w", err)
	}
	return t.tellInit(c, h, o)
}

// initPlaces refuses, before anybody is asked anything, what would be refused at the
// end: settings that mean nothing, and files that cannot be written.
func initPlaces(c *cli.Context) error {
	for _, key := range []string{"listen", "admin", "profile"} {
		if err := home.Check(key, c.String(key)); err != nil {
			return usagef("init: %s", err)
		}
	}
	if path := c.String("root"); path != "" {
		if fi, err := os.Stat(filepath.Dir(path)); err != nil || !fi.IsDir() {
			return hint(fmt.Errorf("init: --root %s: there is no folder %s", path, filepath.Dir(path)), "is the stick mounted there?")
		}
	}
	for _, flag := range []string{"o", "paper"} {
		path := c.String(flag)
		if path == "-" {
			return usagef("init: the result of init is what it tells: let -o and --paper name files")
		}
		if path == "" {
			continue
		}
		if err := mayWrite(path, c.Bool("force")); err != nil {
			return fmt.Errorf("init: %w", err)
		}
	}
	if c.String("o") != "" && sameFile(c.String("o"), c.String("paper")) {
		return usagef("init: -o and --paper name one file")
	}
	return nil
}

// usualOfficers are proposed to a new bureau.
const usualOfficers = "inv-1:investigator,desk sup-1:supervisor,protection"

// initOptions asks the four questions that no flag answers.
func (t *terminal) initOptions(c *cli.Context) (o home.CreateOptions, err error) {
	o = home.CreateOptions{Listen: c.String("listen"), Admin: c.String("admin"), Profile: c.String("profile"), RootFile: c.String("root")}
	setting := func(key string) func(string) error {
		return func(value string) error { return home.Check(key, value) }
	}
	if isTerminal(t.stdin) && !c.Bool("yes") && !(c.IsSet("bureau") && c.IsSet("name") && c.IsSet("address") && c.IsSet("with-officer")) {
		t.note("Enter takes what stands in brackets.")
	}
	var missing []string
	for _, q := range []struct {
		into *string
		inquiry
	}{
		{&o.Bureau, inquiry{flag: "bureau", text: "Code of the bureau, two letters", check: setting("bureau")}},
		{&o.Name, inquiry{flag: "name", text: "Name of the bureau", check: setting("name")}},
		{&o.Address, inquiry{flag: "address", text: "Address where the other bureaus reach its node", proposal: ownAddress(), check: setting("address")}},
	} {
		*q.into, err = t.inquire(c, q.inquiry)
		if err == io.EOF {
			missing = append(missing, "--"+q.flag)
		} else if err != nil {
			return o, err
		}
	}
	if len(missing) > 0 {
		return o, hint(usagef("init: missing: %s", strings.Join(missing, ", ")), "an example: comity init --help")
	}
	specs := c.StringSlice("with-officer")
	if len(specs) == 0 {
		line, err := t.inquire(c, inquiry{flag: "with-officer", text: "First officers, with their roles", proposal: usualOfficers, optional: true,
			check: func(line string) error { _, err := officerSpecs(strings.Fields(line)); return err }})
		if err != nil {
			return o, err
		}
		specs = strings.Fields(line)
	}
	o.Officers, err = officerSpecs(specs)
	return o, err
}

// ownAddress proposes where this machine may be reached, "" if it does not know.
func ownAddress() string {
	list, _ := net.InterfaceAddrs()
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return net.JoinHostPort(n.IP.String(), "7101")
		}
	}
	return ""
}

// officerSpecs reads LABEL:ROLE,ROLE.
func officerSpecs(given []string) ([]home.OfficerSpec, error) {
	var specs []home.OfficerSpec
	for _, g := range given {
		label, words, ok := strings.Cut(g, ":")
		if !ok {
			return nil, usagef("--with-officer %s: want LABEL:ROLE,ROLE, such as desk-1:investigator,desk", g)
		}
		roles, err := home.ParseRoles(words)
		if err == nil {
			err = home.CheckLabel(label)
		}
		if err != nil {
			return nil, usagef("--with-officer %s: %s", g, err)
		}
		if slices.ContainsFunc(specs, func(s home.OfficerSpec) bool { return s.Label == label }) {
			return nil, usagef("--with-officer %s: there is an officer %s already", g, label)
		}
		specs = append(specs, home.OfficerSpec{Label: label, Roles: roles})
	}
	return specs, nil
}

// initFiles writes what goes beside the home, and notes what it wrote: if that
// fails, there is no home either.
func (t *terminal) initFiles(c *cli.Context, h *home.Home, officers []home.OfficerSpec, written *[]string) error {
	write := func(path string, data []byte) error {
		if err := writeOutput(path, data, c.Bool("force")); err != nil {
			return err
		}
		*written = append(*written, path)
		return nil
	}
	if path := c.String("o"); path != "" {
		data, err := os.ReadFile(h.MemberFile())
		if err != nil {
			return err
		}
		if err := write(path, data); err != nil {
			return err
		}
	}
	if path := c.String("paper"); path != "" {
		page, err := newPaper(h, officers)
		if err != nil {
			return err
		}
		data, err := page.render(path)
		if err != nil {
			return err
		}
		return write(path, data)
	}
	return nil
}

func (t *terminal) tellInit(c *cli.Context, h *home.Home, o home.CreateOptions) error {
	m, err := h.Member()
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	root, _ := filepath.Abs(o.RootFile)
	words := keys.SigningID(m.Root).Words().String()
	if o.RootFile == "" {
		root = filepath.Join(h.Dir(), "keys", "root")
	}
	member := h.MemberFile()
	if path := c.String("o"); path != "" {
		member = path
	}
	if t.asJSON {
		return t.document(map[string]any{
			"dir": h.Dir(), "bureau": m.Code, "member": member, "root": fingerprint(&m), "words": words, "root_file": root,
			"officers": h.Officers(), "encrypted": o.Passphrase != nil,
		})
	}
	t.say("Made the home of %s %s in %s", m.Code, m.Name, h.Dir())
	t.say("  root      key %s, in %s", fingerprint(&m), root)
	t.say("  node      %s, own TLS and cosigning keys", m.Node.Address)
	for _, o := range o.Officers {
		t.say("  officer   %-8s %s", o.Label, home.FormatRoles(o.Roles))
	}
	t.say("  sealing   card, body, victim: what opens what is sealed to %s", m.Code)
	t.say("The root key in words, for you to read to the other founders by telephone:")
	t.say("  %s", words)
	if o.RootFile == "" {
		t.say("It enrols and revokes all others, and is needed seldom: move its file to a stick that is locked away.")
		t.say("Commands that need it then take --root FILE.")
	} else {
		t.say("It enrols and revokes all others, and is needed seldom: lock it away. Commands that need it take --root FILE.")
	}
	if o.Passphrase != nil {
		t.say("Signing and sealing keys are encrypted with the passphrase. Without it they are lost.")
	} else {
		t.say("No key is encrypted: for exercises only.")
	}
	t.say("Next:")
	t.say("  1. send %s to the founder who drafts the charter; it holds no secret", member)
	t.say("  2. when the draft comes: comity charter sign; when all have signed: comity charter start")
	t.say("  3. comity node run, and once most nodes run: comity enrol")
	t.say("Or, with an invitation to a ledger that others founded: comity join")
	if c.IsSet("dir") {
		t.say("Commands are for this home in a shell that says:")
		t.shell("  export COMITY_DIR=%s", shellWord(h.Dir()))
	}
	return nil
}

// fingerprint returns how people recognise a bureau's root key.
func fingerprint(m *ledger.Member) string { return keys.SigningID(m.Root).Short() }
