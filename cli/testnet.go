package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"comity/ledger"
	"comity/testnet"

	"github.com/urfave/cli/v2"
)

func (t *terminal) testnetCommand() *cli.Command {
	folder := &cli.StringFlag{Name: "dir", Usage: "`FOLDER` of the consortium (default: testnet in comity's state folder)"}
	return &cli.Command{
		Name:  "testnet",
		Usage: "a whole consortium on this machine, for exercises",
		Description: "Real nodes as processes of their own, on loopback ports. Synthetic data only: this machine\n" +
			"holds all bureaus' keys, unlocked.\n\n" +
			"Example: comity testnet up --bureaus 5",
		Subcommands: []*cli.Command{
			{
				Name: "up", Usage: "found a consortium if there is none, and start its nodes",
				Description: "Example: comity testnet up --bureaus 5",
				Flags: []cli.Flag{folder,
					&cli.IntFlag{Name: "bureaus", Usage: "how many `BUREAUS`, 1 to 15", Value: 5},
					&cli.IntFlag{Name: "port", Usage: "`PORT` of the first node (default: any that are free)"},
				},
				Action: t.testnetUp,
			},
			{
				Name: "down", Usage: "stop the nodes", Description: "Example: comity testnet down --remove",
				Flags:  []cli.Flag{folder, &cli.BoolFlag{Name: "remove", Usage: "remove the consortium with all its data"}},
				Action: t.testnetDown,
			},
			{
				Name: "status", Usage: "show the nodes", Description: "Example: comity testnet status",
				Flags: []cli.Flag{folder}, Action: t.testnetStatus,
			},
			t.benchCommand(), t.attackCommand(),
		},
	}
}

// dirOption returns the flag --dir as it was given, for a command to try next.
func dirOption(c *cli.Context) string {
	if dir := c.String("dir"); dir != "" {
		return " --dir " + shellWord(dir)
	}
	return ""
}

// testnetLimit bounds how long nodes may take to find a leader.
const testnetLimit = time.Minute

func testnetDir(c *cli.Context) (string, error) {
	if dir := c.String("dir"); dir != "" {
		return dir, nil
	}
	state, err := stateDir()
	return filepath.Join(state, "testnet"), err
}

func (t *terminal) testnetUp(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	dir, err := testnetDir(c)
	if err != nil {
		return err
	}
	if n := c.Int("bureaus"); n < 1 || n > ledger.MaxVoters {
		return usagef("--bureaus %d: a charter has 1 to %d", n, ledger.MaxVoters)
	}
	con, err := testnet.Load(dir)
	if errors.Is(err, testnet.ErrNone) {
		t.note("founding %s in %s", plural(c.Int("bureaus"), "bureau", "bureaus"), dir)
		con, err = testnet.Found(dir, testnet.Options{Bureaus: c.Int("bureaus"), BasePort: c.Int("port"), Quota: ledger.DefaultQuota})
	} else if err == nil && c.IsSet("bureaus") && c.Int("bureaus") != len(con.Bureaus()) {
		return hint(fmt.Errorf("testnet: there is a consortium of %d in %s", len(con.Bureaus()), dir), "remove it first: comity testnet down --remove%s", dirOption(c))
	}
	if err != nil {
		return err
	}
	defer con.Close()
	ctx, cancel := context.WithTimeout(c.Context, testnetLimit)
	defer cancel()
	if err := con.Up(ctx); err != nil {
		return err
	}
	if _, err := con.Enrol(ctx); err != nil {
		return err
	}
	if _, _, err := con.WaitEqual(ctx, 1); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(con.States(ctx))
	}
	t.tellStates(con.States(ctx))
	t.say("")
	t.say("EXERCISE: synthetic data only; nothing leaves this machine.")
	t.say("Be an officer of a bureau in this shell:")
	for _, h := range con.Homes() {
		t.shell("  export COMITY_DIR=%s COMITY_OFFICER=%s", shellWord(h.Dir()), strings.Join(h.Officers()[:1], ""))
	}
	t.say("Then: comity notice new --kind yellow, comity notice list, comity status")
	return nil
}

func (t *terminal) testnetDown(c *cli.Context) error {
	con, err := t.loadTestnet(c)
	if err != nil {
		return err
	}
	defer con.Close()
	if err := con.Down(c.Context); err != nil {
		return err
	}
	t.note("stopped %s", plural(len(con.Bureaus()), "node", "nodes"))
	if !c.Bool("remove") {
		return nil
	}
	if err := testnet.Remove(con.Dir()); err != nil {
		return err
	}
	t.note("removed %s", con.Dir())
	return nil
}

func (t *terminal) testnetStatus(c *cli.Context) error {
	con, err := t.loadTestnet(c)
	if err != nil {
		return err
	}
	defer con.Close()
	states := con.States(c.Context)
	if t.asJSON {
		return t.document(states)
	}
	t.tellStates(states)
	return nil
}

func (t *terminal) loadTestnet(c *cli.Context) (*testnet.Consortium, error) {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return nil, err
	}
	dir, err := testnetDir(c)
	if err != nil {
		return nil, err
	}
	con, err := testnet.Load(dir)
	if errors.Is(err, testnet.ErrNone) {
		return nil, hint(fmt.Errorf("there is no consortium in %s", dir), "comity testnet up%s founds one", dirOption(c))
	}
	return con, err
}

func (t *terminal) tellStates(states []testnet.State) {
	var rows [][]string
	for _, s := range states {
		state := s.Why
		switch {
		case s.Ready && s.Leader:
			state = "ready, leader"
		case s.Ready:
			state = "ready"
		}
		if len(s.Alarms) > 0 {
			state += "; ALARM: " + strings.Join(s.Alarms, "; ")
		}
		rows = append(rows, []string{s.Bureau, s.Name, s.Address, count(s.Size), count(s.Final), state})
	}
	t.table([]string{"BUREAU", "NAME", "NODE", "ENTRIES", "FINAL", "STATE"}, rows)
}

// shellWord quotes a word for a POSIX shell.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
