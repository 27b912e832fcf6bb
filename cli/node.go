package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"comity/node"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) nodeCommand() *cli.Command {
	return &cli.Command{
		Name:        "node",
		Usage:       "run this bureau's node, or repair it",
		Description: "Example: comity node run",
		Subcommands: []*cli.Command{{
			Name:  "run",
			Usage: "run the node until it is told to stop",
			Description: "Logs JSON to standard error. SIGTERM and SIGINT stop it in good order. A restart needs no\n" +
				"person and no passphrase. It reads the node's own keys and never one that opens a notice.\n\n" +
				"With --replica it is a read replica: it copies the ledger from the sources that --from names, verifies\n" +
				"all of it itself, and answers what a node answers, to other read replicas too. It has no vote and\n" +
				"cosigns nothing; what is submitted to it goes to a node. Its own key comes from comity node key.\n\n" +
				"Example: comity --dir /var/lib/comity node run",
			Flags:  settingFlags(nodeSettings...),
			Action: t.nodeRun,
		}, t.nodeKeyCommand(), t.nodeRepairCommand()},
	}
}

// nodeSettings are the keys of comity.toml that node run has flags for.
var nodeSettings = []string{"listen", "admin", "tiles", "tiles_public", "profile", "log", "replica", "from"}

func (t *terminal) nodeRun(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c, nodeSettings...)
	if err != nil {
		return err
	}
	settings := h.Config()
	if settings.Replica {
		return t.replicaRun(c, h)
	}
	if c.IsSet("from") {
		return usagef("--from is for a read replica: say --replica as well")
	}
	cfg, err := h.NodeConfig()
	if err != nil {
		return err
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(t.stderr, &slog.HandlerOptions{Level: settings.Level()}))
	n, err := node.Open(cfg)
	if err != nil {
		if m, ok := cfg.Genesis.Member(h.Bureau()); ok {
			if _, is, _ := h.HasNewNode(&m.Node); is {
				err = hint(err, "the bureaus gave it the new keys that wait here: comity recover node --accept")
			}
		}
		return err
	}
	return t.untilStopped(c, "node of "+h.Bureau(), n, cfg.Logger)
}

// replicaRun runs the read replica of a home.
func (t *terminal) replicaRun(c *cli.Context, h *home.Home) error {
	cfg, err := h.MirrorConfig()
	switch {
	case errors.Is(err, home.ErrNoSource):
		return hint(err, "say --from, or set from in comity.toml: from = [\"XA\", \"XB\"]")
	case errors.Is(err, fs.ErrNotExist):
		return hint(fmt.Errorf("the read replica of %s has no key yet", h.Bureau()), "make it, and let the bureau's root enrol it: comity node key, then comity enrol")
	case err != nil:
		return err
	}
	defer func() {
		for _, s := range cfg.Sources {
			s.Close()
		}
	}()
	if cfg.Listen == "" {
		return hint(usagef("the read replica needs a place to serve at, which is not the node's"), "say --listen HOST:PORT, or set listen in comity.toml")
	}
	settings := h.Config()
	cfg.Logger = slog.New(slog.NewJSONHandler(t.stderr, &slog.HandlerOptions{Level: settings.Level()}))
	r, err := node.OpenMirror(cfg)
	if err != nil {
		return err
	}
	return t.untilStopped(c, "read replica of "+h.Bureau(), r, cfg.Logger)
}

// service is a node or a read replica that runs.
type service interface {
	Address() string
	Done() <-chan struct{} // closed when it cannot go on
	Err() error            // and why
	Close() error
}

// untilStopped waits until a service is told to stop, or cannot go on.
func (t *terminal) untilStopped(c *cli.Context, what string, s service, log *slog.Logger) error {
	if isTerminal(t.stderr) {
		t.note("the %s runs at %s; its log follows; Ctrl-C stops it", what, s.Address())
	}
	select {
	case <-c.Context.Done():
		log.Info("stopping", "cause", context.Cause(c.Context))
	case <-s.Done():
	}
	closed := s.Close()
	switch err := s.Err(); {
	case errors.Is(err, node.ErrLeft):
		t.note("%s", err)
	case err != nil:
		return err
	}
	return closed
}
