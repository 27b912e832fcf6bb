package cli

import (
	"comity/ledger/notice"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeConsentCommand() *cli.Command {
	uses := &cli.StringFlag{Name: "for-use", Usage: "`USES`: evidence, pass_on or export, with commas between them"}
	who := &cli.StringFlag{Name: "by", Usage: "`WHO` will use it then: a court, an authority, a bureau"}
	until := &cli.StringFlag{Name: "until", Usage: "last `DAY` of the consent, such as 2027-01-31 (default: none)"}
	return &cli.Command{
		Name:  "consent",
		Usage: "ask the origin for a use that its handling code forbids, or answer",
		Description: "Handling H1 keeps a notice from courts, H2 from others than its readers, without the origin's\n" +
			"consent. No answer is no consent. The origin's last word counts, so that it can take a consent back.\n\n" +
			"Example: comity notice consent ask LT-0301 --for-use evidence --by 'district court of XB' --text -",
		Subcommands: []*cli.Command{
			{
				Name: "ask", Usage: "ask for consent", ArgsUsage: "ID",
				Description: "Example: comity notice consent ask LT-0301 --for-use evidence --by 'district court of XB' --text -",
				Flags:       []cli.Flag{uses, who, until, textFlag(), noWaitFlag(), againFlag()},
				Action:      t.consent(notice.ConsentAsk),
			},
			{
				Name: "grant", Usage: "consent, to what was asked or to less", ArgsUsage: "ID",
				Description: "Without --for-use, --by and --until it grants what was asked.\n\nExample: comity notice consent grant LT-0301 --until 2027-01-31",
				Flags:       []cli.Flag{requestFlag(), uses, who, until, textFlag(), noWaitFlag()},
				Action:      t.consent(notice.ConsentGrant),
			},
			{
				Name: "refuse", Usage: "refuse consent, or take it back", ArgsUsage: "ID",
				Description: "Example: comity notice consent refuse LT-0301 --text - < reason.txt",
				Flags:       []cli.Flag{requestFlag(), textFlag(), noWaitFlag()},
				Action:      t.consent(notice.ConsentRefuse),
			},
		},
	}
}

func (t *terminal) consent(kind notice.ReplyType) cli.ActionFunc {
	return func(c *cli.Context) error {
		r := &notice.Reply{Type: kind}
		if kind == notice.ConsentRefuse {
			return t.answer(c, r)
		}
		r.Scope = &notice.Scope{For: c.String("by")}
		var err error
		if text := c.String("for-use"); text != "" {
			if r.Scope.Uses, err = notice.ParseUses(text); err != nil {
				return usagef("--for-use: %s", err)
			}
		}
		if text := c.String("until"); text != "" {
			if r.Scope.Until, err = notice.ParseDate(text); err != nil {
				return usagef("--until: %s", err)
			}
		}
		return t.answer(c, r)
	}
}

// grantAsked fills in what the origin left out of a grant from what was asked.
func grantAsked(th *notice.Thread, r *notice.Reply) {
	if r.Type != notice.ConsentGrant {
		return
	}
	for _, a := range th.Consents {
		if a.ID != r.Request {
			continue
		}
		if len(r.Scope.Uses) == 0 {
			r.Scope.Uses = a.Scope.Uses
		}
		if r.Scope.For == "" {
			r.Scope.For = a.Scope.For
		}
		if r.Scope.Until.IsZero() {
			r.Scope.Until = a.Scope.Until
		}
	}
}
