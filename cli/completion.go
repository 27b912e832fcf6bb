package cli

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts ask comity itself what may come next; they follow those that
// ship with urfave/cli. Fish gets a list instead.
var (
	//go:embed completion/comity.bash
	bashCompletion string
	//go:embed completion/comity.zsh
	zshCompletion string
	//go:embed completion/comity.ps1
	powershellCompletion string
)

// complete prints what may come next: what urfave/cli knows of the command, and
// the flags that all commands take.
func (t *terminal) complete(ctx context.Context, app *cli.App, args []string) error {
	word := ""
	if at := len(args) - 2; at > 0 {
		if word = args[at]; word == "--" {
			args = slices.Clone(args)
			args[at] = "-" // else urfave/cli thinks that no flag can follow
		}
	}
	err := app.RunContext(ctx, args)
	first := slices.IndexFunc(args[1:], func(a string) bool { return named(app.Commands, a) != nil })
	if err != nil || first < 0 || !strings.HasPrefix(word, "-") {
		return err
	}
	var own []cli.Flag
	for list, rest := app.Commands, args[1+first:]; len(rest) > 0 && named(list, rest[0]) != nil; rest = rest[1:] {
		c := named(list, rest[0])
		own, list = c.Flags, c.Subcommands
	}
	for _, name := range globalNames(own) {
		if strings.HasPrefix(name, word) {
			fmt.Fprintln(t.stdout, name)
		}
	}
	return nil
}

func (t *terminal) completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print the completion script of a shell",
		ArgsUsage:   "bash|zsh|fish|powershell",
		Description: "Example: comity completion bash > ~/.local/share/bash-completion/completions/comity",
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "bash, zsh, fish or powershell")
			if err != nil {
				return err
			}
			scripts := map[string]func() (string, error){
				"bash":       func() (string, error) { return bashCompletion, nil },
				"zsh":        func() (string, error) { return zshCompletion, nil },
				"powershell": func() (string, error) { return powershellCompletion, nil },
				"fish": func() (string, error) {
					text, err := c.App.ToFishCompletion()
					return strings.ReplaceAll(text, "`", ""), err // which mark the names of values for the help
				},
			}
			script, ok := scripts[args[0]]
			if !ok {
				var names []string
				for name := range scripts {
					names = append(names, name)
				}
				sort.Strings(names)
				return usagef("completion: there is no script for %q; there is one for %s", args[0], strings.Join(names, ", "))
			}
			text, err := script()
			if err != nil {
				return fmt.Errorf("completion: %w", err)
			}
			fmt.Fprint(t.stdout, text)
			return nil
		},
	}
}
