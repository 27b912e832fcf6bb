package cli

import (
	"context"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeRequestCommand() *cli.Command {
	step := func(kind notice.ReplyType, name, usage, example string, flags ...cli.Flag) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: "ID", Description: "Example: comity notice request " + name + " LT-0301" + example,
			Flags: append(flags, textFlag(), noWaitFlag()),
			Action: func(c *cli.Context) error {
				return t.answer(c, &notice.Reply{Type: kind, Right: notice.Right(c.String("right")), Decision: notice.Decision(c.String("decision"))})
			},
		}
	}
	return &cli.Command{
		Name:  "request",
		Usage: "a person's request about the data on them, from its receipt to its execution",
		Description: "The bureau that the person came to writes it down and asks the origin. The origin may block the\n" +
			"data meanwhile, decides within 30 days, and does what it decided. All of it is sealed for the two;\n" +
			"but a block suspends the notice as well, so that every reader and every border stops acting on it,\n" +
			"until the origin lifts that.\n\n" +
			"Example: comity notice request receive LT-0301 --right correction --text - < letter.txt",
		Subcommands: []*cli.Command{
			step(notice.RequestReceive, "receive", "write down what a person asks", " --right correction --text - < letter.txt",
				&cli.StringFlag{Name: "right", Usage: "`RIGHT`: access, correction or deletion"}),
			step(notice.RequestAsk, "ask", "ask the origin", "", requestFlag()),
			step(notice.RequestBlock, "block", "origin: the data is not to be used until it is decided", "", requestFlag()),
			step(notice.RequestDecide, "decide", "origin: decide", " --decision granted --text - < reasons.txt", requestFlag(),
				&cli.StringFlag{Name: "decision", Usage: "`DECISION`: granted, partly or refused"}),
			step(notice.RequestExecute, "execute", "origin: what was decided is done", " --text 'amended by entry 1,284'", requestFlag()),
		},
	}
}

// suspendBlocked suspends a notice whose data its origin blocks: the answer that
// says so is sealed for two bureaus, and all others are to stop as well. It comes
// first, because it is what protects. Its readers read why, and nobody else.
func (s *session) suspendBlocked(ctx context.Context, by desk.Officers, k *desk.Case) error {
	if k.Held.By(ledger.ByOrigin) || k.Status.Ended() {
		return nil
	}
	name := "the suspension of " + k.Name()
	it, err := s.desk.Suspend(ctx, s.client, by, k, ledger.ByOrigin, "blocked at a person's request, until "+k.Bureau+" has decided")
	if err != nil {
		return s.composing(name, err)
	}
	sub, err := s.submit(ctx, it)
	if err != nil {
		return s.refusal(name, err)
	}
	s.note("%s is suspended as entry %s: nobody is to act on it until you lift that", k.Name(), count(sub.Index))
	return nil
}
