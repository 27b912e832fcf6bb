package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (t *terminal) manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		Description: "Example: comity man > ~/.local/share/man/man1/comity.1",
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			page, err := c.App.ToManWithSection(1)
			if err != nil {
				return fmt.Errorf("write the manual page: %w", err)
			}
			_, err = fmt.Fprint(t.stdout, page)
			return err
		},
	}
}
