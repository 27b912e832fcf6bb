package cli

import (
	"comity/ledger/notice"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeSchemaCommand() *cli.Command {
	return &cli.Command{
		Name:  "schema",
		Usage: "write the JSON Schema of a kind",
		Description: "Draft 2020-12, made from the rules that notices are checked by, for editors and for programs that\n" +
			"write notices. --guide writes the rules of all kinds as Markdown instead.\n\n" +
			"Example: comity notice schema --kind yellow -o yellow.schema.json",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "`KIND`: " + kindList()},
			&cli.BoolFlag{Name: "guide", Usage: "what each kind asks for and why, and every field"},
		}, outputFlags()...),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			if c.Bool("guide") {
				if c.IsSet("kind") {
					return usagef("--guide is of all kinds; leave --kind out")
				}
				return t.result(c, notice.Guide())
			}
			if err := required(c, "kind"); err != nil {
				return err
			}
			kind, err := kindFlag(c.String("kind"))
			if err != nil {
				return err
			}
			schema := notice.Schema(kind)
			if schema == nil {
				return usagef("no notice can be sent as %s", kind)
			}
			return t.result(c, schema)
		},
	}
}
