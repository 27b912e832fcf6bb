//go:build !hostile

package cli

import "github.com/urfave/cli/v2"

// attackCommand says why this program cannot attack: it has no dishonest node.
func (t *terminal) attackCommand() *cli.Command {
	return &cli.Command{
		Name:            "attack",
		Usage:           "let a dishonest member attack a consortium (in a build that has one)",
		Description:     "Example: go run -tags hostile . testnet attack --list",
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			if first := c.Args().First(); first == "--help" || first == "-h" {
				return cli.ShowSubcommandHelp(c)
			}
			return usagef("testnet attack: this build has no dishonest node; in the source folder, run: go run -tags hostile . testnet attack --list")
		},
	}
}
