package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/node"
	"comity/node/desk/readlog"
	"comity/node/desk/server"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) deskCommand() *cli.Command {
	return &cli.Command{
		Name:  "desk",
		Usage: "run the process that holds this bureau's reading keys, or ask it how it is",
		Description: "Officers' machines then need no reading key: they read through the desk, which knows them by\n" +
			"their access keys, shows each what the roles allow, and records it (comity readlog --help).\n\n" +
			"Example: comity desk key",
		Subcommands: []*cli.Command{{
			Name:  "key",
			Usage: "print the key of the desk of this home, and make it if there is none",
			Description: "Nodes know the desk by it once comity enrol has enrolled it; officers pin it in comity.toml.\n\n" +
				"Example: comity desk key",
			Action: t.deskKey,
		}, {
			Name:  "run",
			Usage: "run the desk until it is told to stop",
			Description: "Follows the ledger, opens what the reading keys here open, and serves officers at desk_listen of\n" +
				"comity.toml. Logs JSON to standard error. SIGTERM and SIGINT stop it in good order. A restart\n" +
				"needs no person: the passphrase is in --passphrase-file, or is the systemd credential \"passphrase\".\n\n" +
				"Example: comity desk run --desk-listen 192.0.2.7:7301 --compartments card",
			Flags: append(settingFlags(deskSettings...),
				&cli.StringFlag{Name: "circles", Usage: "officer, by `LABEL`, whose signing key is here and gives circles other keys when a member leaves the ledger"},
				&cli.StringFlag{Name: "compartments", Usage: "hold only the keys of these, of card, body and victim: `LIST` (default: all that are here)"}),
			Action: t.deskRun,
		}, {
			Name:        "status",
			Usage:       "show how the desk that this home reads through is doing",
			Description: "The exit code is 4 when there is an alarm, 1 when it has no news.\n\nExample: comity desk status",
			Action:      t.deskStatus,
		}},
	}
}

func (t *terminal) deskKey(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	_, err = h.DeskTLS()
	made := errors.Is(err, fs.ErrNotExist)
	k, err := h.MakeDeskTLS()
	if err != nil {
		return err
	}
	if t.asJSON {
		return t.document(map[string]any{"bureau": h.Bureau(), "desk_key": k.ID(), "made": made})
	}
	t.shell("%s", k.ID())
	if made {
		t.note("a key was made for the desk of %s; next: set desk_listen in comity.toml here, then comity enrol, then comity desk run", h.Bureau())
		t.note("in comity.toml of each officer: desk = \"HOST:PORT\" and desk_key = the line above")
	}
	return nil
}

// credential is what systemd hands a service in place of a passphrase file.
const credential = "passphrase"

// deskSettings are the keys of comity.toml that desk run has flags for.
var deskSettings = []string{"desk_listen", "desk_purpose", "log"}

func (t *terminal) deskRun(c *cli.Context) (err error) {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c, deskSettings...)
	if err != nil {
		return err
	}
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); t.passFile == "" && dir != "" {
		if path := filepath.Join(dir, credential); exists(path) {
			t.passFile = path
		}
	}
	g, err := h.Genesis()
	if err != nil {
		return err
	}
	s := &session{terminal: t, home: h, genesis: g}
	cfg, err := s.deskConfig(c)
	if err != nil {
		return err
	}
	if s.client != nil {
		defer s.client.Close()
	}
	if err := s.openDesk(c.Context); err != nil { // once commands that read the replica have ended
		return err
	}
	cfg.Desk = s.desk
	defer func() { err = errors.Join(err, cfg.Desk.Close()) }()
	cfg.Reads, err = readlog.Open(h.ReadLog(), readlog.Origin{Ledger: g.Ledger, Bureau: h.Bureau()}, time.Now())
	if err != nil {
		return hint(err, "a desk that cannot record shows nothing; see: comity readlog verify")
	}
	defer func() { err = errors.Join(err, cfg.Reads.Close()) }()
	if err := wholeLog(h.ReadLog()); err != nil {
		return hint(fmt.Errorf("the read log is not the one that was written: %w", err), "a desk that cannot record shows nothing; see: comity readlog verify")
	}
	d, err := server.Open(*cfg)
	if err != nil {
		return err
	}
	if isTerminal(t.stderr) {
		t.note("the desk of %s runs at %s; its log follows; Ctrl-C stops it", h.Bureau(), d.Address())
	}
	select {
	case <-c.Context.Done():
		cfg.Logger.Info("stopping", "cause", context.Cause(c.Context))
	case <-d.Done(): // it cannot go on, and says why
	}
	return errors.Join(d.Err(), d.Close())
}

// wholeLog reads a read log in all its files. To open it reads the last one alone.
func wholeLog(path string) error {
	f, err := readlog.Snapshot(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = readlog.Verify(f, nil, nil)
	return err
}

// deskConfig returns what the desk of a home needs, but for its replica and its
// read log.
func (s *session) deskConfig(c *cli.Context) (*server.Config, error) {
	t, h := s.terminal, s.home
	settings := h.Config()
	cfg := &server.Config{Bureau: h.Bureau(), Listen: settings.DeskListen, Version: node.Version, RequirePurpose: settings.DeskPurpose != "",
		Unusual: readlog.DefaultPolicy}
	cfg.Unusual.Zone = time.Local
	if cfg.Listen == "" {
		return nil, hint(usagef("the desk needs a place to serve officers at"), "set desk_listen in comity.toml, or say --desk-listen HOST:PORT")
	}
	list, err := compartmentsFlag(c.String("compartments"))
	if err != nil {
		return nil, err
	}
	if cfg.TLS, err = h.DeskTLS(); errors.Is(err, fs.ErrNotExist) {
		return nil, hint(fmt.Errorf("the desk of %s has no key yet", h.Bureau()), "make it, and let an operator enrol it: comity desk key, then comity enrol")
	} else if err != nil {
		return nil, err
	}
	if cfg.Nodes, err = h.Nodes(cfg.TLS); err != nil {
		return nil, err
	}
	if cfg.Identities, err = h.IdentitiesOf(t.passphrase, list...); err != nil {
		return nil, err
	}
	for _, k := range list {
		if c.String("compartments") != "" && len(cfg.Identities[k]) == 0 {
			return nil, fmt.Errorf("the %s key of %s is not in this home", k, h.Bureau())
		}
	}
	if len(cfg.Identities) == 0 {
		return nil, fmt.Errorf("there is no reading key in the home of %s: its desk could open nothing", h.Bureau())
	}
	if err := s.renewWhileRunning(c, cfg); err != nil {
		return nil, err
	}
	cfg.Reload = func() (map[seal.Compartment][]*keys.Identity, error) {
		var pass home.Passphrase // one that was typed is forgotten
		if t.passFile != "" {
			pass = passphraseIn(t.passFile)
		}
		ids, err := h.IdentitiesOf(pass, list...)
		if errors.Is(err, keys.ErrPassphraseNeeded) {
			err = errors.New("its passphrase was typed: start the desk again")
		}
		return ids, err
	}
	for _, phrase := range t.phrases {
		clear(phrase)
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(t.stderr, &slog.HandlerOptions{Level: settings.Level()}))
	return cfg, nil
}

// compartmentsFlag reads names with commas between them; "" is all.
func compartmentsFlag(text string) ([]seal.Compartment, error) {
	if text == "" {
		return []seal.Compartment{seal.Card, seal.Body, seal.Victim}, nil
	}
	p, err := readlog.ParseParts(strings.Split(text, ","))
	if err != nil {
		return nil, usagef("--compartments: %s", err)
	}
	return p.Compartments(), nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
