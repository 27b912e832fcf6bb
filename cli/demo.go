package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"comity/testnet"

	"github.com/urfave/cli/v2"
)

func (t *terminal) demoCommand() *cli.Command {
	folder := &cli.StringFlag{Name: "dir", Usage: "`FOLDER` of the demo (default: demo in comity's state folder)"}
	return &cli.Command{
		Name:      "demo",
		Usage:     "see it work: five bureaus on this machine play an operation",
		UsageText: "comity demo [options]\ncomity demo use [BUREAU]",
		Description: "Real nodes, real keys, real signatures; people and time are not real. Plays 96 hours in less than a\n" +
			"minute and stays up, so that the other commands can be tried in a second terminal. Run again, it goes\n" +
			"on with what is there. Synthetic data only: one machine holds all five bureaus' keys, unlocked.\n\n" +
			"Example: comity demo",
		Flags: []cli.Flag{folder,
			&cli.BoolFlag{Name: "once", Usage: "end after the check; exit 0 only if it passed"},
			&cli.Uint64Flag{Name: "seed", Usage: "`N` chooses the people and the counts", DefaultText: "1"},
			&cli.BoolFlag{Name: "clean", Usage: "remove the demo with all its data"},
		},
		Action: t.demo,
		Subcommands: []*cli.Command{{
			Name:      "use",
			Usage:     "be an officer of one of its bureaus, or list them",
			ArgsUsage: "[BUREAU]",
			Description: "Makes the home of this bureau the one that commands are for, until another is chosen.\n\n" +
				"Example: comity demo use XA",
			Flags:  []cli.Flag{folder},
			Action: t.demoUse,
		}},
	}
}

// testingOnlyDemo makes a demo shorter.
var testingOnlyDemo func(*testnet.DemoOptions)

func demoDir(c *cli.Context) (string, error) {
	if dir := c.String("dir"); dir != "" {
		return filepath.Abs(dir)
	}
	state, err := stateDir()
	return filepath.Join(state, "demo"), err
}

func (t *terminal) demo(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	dir, err := demoDir(c)
	if err != nil {
		return err
	}
	if c.Bool("clean") {
		if c.Bool("once") || c.IsSet("seed") {
			return usagef("demo: --clean goes with no other flag than --dir")
		}
		return t.demoClean(dir)
	}
	p := &demoPrinter{terminal: t, dir: dir, verb: invocation(), live: isTerminal(t.stderr) && !t.asJSON}
	if c.IsSet("dir") {
		p.option = " --dir " + shellWord(dir)
	}
	p.wait("making or opening the keys of five bureaus")
	o := testnet.DemoOptions{Dir: dir, Seed: c.Uint64("seed"), Report: p.event}
	if testingOnlyDemo != nil {
		testingOnlyDemo(&o)
	}
	d, err := testnet.OpenDemo(o)
	p.clear()
	switch {
	case errors.Is(err, testnet.ErrDemoRuns):
		return hint(err, "stop it with Ctrl-C where it runs, or give this one a folder of its own with --dir")
	case testnet.IsDemo(dir) && err != nil:
		return hint(err, "to begin anew: %s", p.again("--clean"))
	case err != nil:
		return hint(err, "give the demo a folder of its own with --dir")
	}
	err = p.run(c.Context, d, c.Bool("once"))
	p.wait("stopping the nodes")
	err = errors.Join(err, d.Close())
	p.clear()
	switch {
	case errors.Is(err, context.Canceled):
		return hint(err, "%s goes on where it was; %s removes it", p.again(""), p.again("--clean"))
	case err != nil:
		return hint(err, "the nodes' logs are %s; to begin anew: %s", filepath.Join(dir, "*", "node.log"), p.again("--clean"))
	case !c.Bool("once"):
		t.note("stopped; %s resumes", p.again(""))
	}
	return nil
}

// run plays and checks, and unless once waits until it is told to stop.
func (p *demoPrinter) run(ctx context.Context, d *testnet.Demo, once bool) error {
	p.begin()
	p.wait("five nodes look for a leader")
	if err := d.Begin(ctx); err != nil {
		return err
	}
	if err := d.Play(ctx); err != nil {
		return err
	}
	p.wait("fetching and verifying every entry")
	r, err := d.Check(ctx)
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("the check failed: %s", strings.Join(r.Problems, "; "))
	}
	p.wait("auditing the whole ledger from a bundle")
	if err := p.audit(ctx, d, r.From); err != nil {
		return err
	}
	p.next(once, d.Child())
	if once {
		return nil
	}
	return d.Wait(ctx)
}

// again returns the command line that runs this demo, with a flag.
func (p *demoPrinter) again(flag string) string {
	return strings.TrimSpace(p.verb + " demo" + p.option + " " + flag)
}

func (t *terminal) demoClean(dir string) error {
	err := testnet.RemoveDemo(dir)
	switch {
	case errors.Is(err, testnet.ErrDemoRuns):
		return hint(err, "stop it with Ctrl-C where it runs")
	case err != nil:
		return err
	}
	t.note("removed %s", dir)
	was, err := forgetProfile(dir)
	if was != "" {
		t.note("%s was the current home; now none is", was)
	}
	return err
}

// cached is how the Go tool calls the folder of a program that it keeps to run
// it again.
var cached = regexp.MustCompile(`^[0-9a-f]{64}-d$`)

// invocation returns how this program was started, for commands to try next.
func invocation() string {
	exe, err := os.Executable()
	if err != nil {
		return "comity"
	}
	return invocationOf(exe, os.Args[0])
}

func invocationOf(exe, arg0 string) string {
	folder := filepath.Dir(exe)
	if cached.MatchString(filepath.Base(folder)) || strings.Contains(folder, string(filepath.Separator)+"go-build") {
		return "go run ."
	}
	if onPath, err := exec.LookPath("comity"); err == nil {
		a, errA := os.Stat(onPath)
		b, errB := os.Stat(exe)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return "comity"
		}
	}
	if strings.ContainsRune(arg0, filepath.Separator) {
		return shellWord(arg0)
	}
	return "comity"
}
