package cli

import (
	_ "embed"
	"fmt"
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
				return usagef("completion: there is no script for %q; there is one for each of %v", args[0], names)
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
