package cli

import (
	"context"
	"errors"
	"log/slog"

	"comity/node"

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
				"Example: comity --dir /var/lib/comity node run",
			Flags:  settingFlags(nodeSettings...),
			Action: t.nodeRun,
		}, t.nodeRepairCommand()},
	}
}

// nodeSettings are the keys of comity.toml that node run has flags for.
var nodeSettings = []string{"listen", "admin", "tiles", "tiles_public", "profile", "log"}

func (t *terminal) nodeRun(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	h, err := t.openHome(c, nodeSettings...)
	if err != nil {
		return err
	}
	cfg, err := h.NodeConfig()
	if err != nil {
		return err
	}
	settings := h.Config()
	cfg.Logger = slog.New(slog.NewJSONHandler(t.stderr, &slog.HandlerOptions{Level: settings.Level()}))
	n, err := node.Open(cfg)
	if err != nil {
		return err
	}
	if isTerminal(t.stderr) {
		t.note("the node of %s runs at %s; its log follows; Ctrl-C stops it", h.Bureau(), n.Address())
	}
	select {
	case <-c.Context.Done():
		cfg.Logger.Info("stopping", "cause", context.Cause(c.Context))
	case <-n.Done(): // it cannot go on, and says why
	}
	closed := n.Close()
	switch err := n.Err(); {
	case errors.Is(err, node.ErrLeft):
		t.note("%s", err)
	case err != nil:
		return err
	}
	return closed
}
