package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/urfave/cli/v2"
)

// Main runs one command line and returns its exit code: see exit.go.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	harden()
	if f, ok := stdout.(*os.File); ok {
		stdout = &results{file: f}
	}
	t := &terminal{stdin: stdin, stdout: stdout, stderr: stderr}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends what does not heed the first
	err := t.run(ctx, args)
	if r, ok := stdout.(*results); ok && err == nil && r.err != nil {
		err = fmt.Errorf("write the result: %w", cause(r.err))
	}
	return t.finish(err)
}

// completionFlag ends the command line when a shell asks what may come next.
const completionFlag = "--generate-bash-completion"

func (t *terminal) run(ctx context.Context, args []string) error {
	t.interrupt = ctx.Done()
	app := t.app()
	if len(args) > 1 && args[len(args)-1] == completionFlag {
		return t.complete(ctx, app, args)
	}
	args, err := arrange(app, spoken(args))
	if err != nil {
		return err
	}
	return app.RunContext(ctx, args)
}

// spoken turns `comity help VERB` and `comity --version`, which people try
// first, into the forms that all verbs have.
func spoken(args []string) []string {
	switch {
	case len(args) >= 2 && args[1] == "help":
		return append(append([]string{args[0]}, args[2:]...), "--help")
	case len(args) == 2 && (args[1] == "--version" || args[1] == "-v"):
		return []string{args[0], "version"}
	}
	return args
}

// app returns the verbs. Each is in the file of its name.
func (t *terminal) app() *cli.App {
	app := &cli.App{
		Name:  "comity",
		Usage: "a secure case-sharing ledger for international police cooperation",
		Description: "A bureau's officers write notices, sealed for the bureaus they name; every node keeps and\n" +
			"checks all of them and can read none. Start with: comity demo, or comity init --help.\n" +
			"Options may stand before or after the command and its arguments.",
		Flags: globalFlags(),
		Commands: []*cli.Command{
			t.initCommand(), t.charterCommand(), t.enrolCommand(), t.officerCommand(), t.nodeCommand(), t.statusCommand(), t.doctorCommand(), t.configCommand(), t.upgradeCommand(),
			t.memberCommand(), t.inviteCommand(), t.joinCommand(), t.proposeCommand(), t.proposalsCommand(), t.voteCommand(),
			t.noticeCommand(), t.circleCommand(), t.inboxCommand(), t.watchCommand(), t.approveCommand(), t.rejectCommand(), t.draftCommand(),
			t.searchCommand(), t.checkCommand(), t.verifyCommand(), t.exportCommand(),
			t.bundleCommand(), t.auditCommand(), t.diffCommand(),
			t.backupCommand(), t.restoreCommand(), t.recoverCommand(),
			t.deskCommand(), t.readlogCommand(),
			t.demoCommand(),
			t.testnetCommand(),
			t.completionCommand(), t.manCommand(), t.sbomCommand(), t.versionCommand(),
		},
		Writer:                    t.stdout,
		ErrWriter:                 t.stderr,
		Before:                    t.begin,
		HideVersion:               true,
		HideHelpCommand:           true,
		EnableBashCompletion:      true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              onUsageError,
		ExitErrHandler:            func(*cli.Context, error) {}, // Main alone exits
	}
	plainSwitches(app.Flags)
	for _, c := range app.Commands {
		prepare(c)
	}
	return app
}

// globalFlags returns the flags that every command takes.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "dir", Usage: "`FOLDER` of the bureau (default: the current profile)", EnvVars: []string{"COMITY_DIR"}},
		&cli.StringFlag{Name: "officer", Usage: "act as the officer with this `LABEL`", EnvVars: []string{"COMITY_OFFICER"}},
		&cli.StringFlag{Name: "desk", Usage: "read through the desk at `HOST:PORT`, or HOST:PORT#KEY; none: with the keys here (default: desk of comity.toml)", EnvVars: []string{"COMITY_DESK"}},
		&cli.StringFlag{Name: "node", Usage: "talk to the node of `BUREAU`, or at HOST:PORT (default: node of comity.toml)"},
		&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` whose first line is the passphrase", EnvVars: []string{"COMITY_PASSPHRASE_FILE"}},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON document for programs"},
		&cli.BoolFlag{Name: "no-color", Usage: "never colour (as NO_COLOR)"},
	}
}

// prepare sets on every command what urfave/cli does not inherit.
func prepare(c *cli.Command) {
	plainSwitches(c.Flags)
	c.HideHelpCommand = true // else `comity search help` would not search for help
	c.OnUsageError = onUsageError
	if len(c.Subcommands) > 0 && c.Action == nil {
		c.Action = func(ctx *cli.Context) error {
			return hint(usagef("%s: say what to do", verb(ctx)), "see: comity %s --help", verb(ctx))
		}
	}
	for _, sub := range c.Subcommands {
		prepare(sub)
	}
}

// plainSwitches keeps "(default: false)" out of the help.
func plainSwitches(flags []cli.Flag) {
	for _, f := range flags {
		if b, ok := f.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true
		}
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		return usagef("--%s %s: it is not a number", m[2], m[1])
	}
	return usagef("%s", err)
}

// badValue is how package flag reports a value that is no number; that it is an
// error of its own it does not say.
var badValue = regexp.MustCompile(`^invalid value "(.*)" for flag -([a-z-]+): parse error$`)

// begin reads the flags that all commands have.
func (t *terminal) begin(c *cli.Context) error {
	t.asJSON = c.Bool("json")
	t.passFile = c.String("passphrase-file")
	t.color = isTerminal(t.stdout) && !c.Bool("no-color") && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return nil
}
