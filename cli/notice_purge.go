package cli

import (
	"fmt"
	"strings"

	"comity/ledger"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticePurgeCommand() *cli.Command {
	return &cli.Command{
		Name:      "purge",
		Usage:     "have the sealed texts of a notice that has ended destroyed everywhere",
		ArgsUsage: "ID",
		Description: "Needs a supervisor as well, as long as the texts may be kept, five years after the end: --second, or\n" +
			"else it waits for one to `approve` it. What reviewers or oversight hold suspended is evidence, and is not\n" +
			"purged until they lift that, or those years are over. The entries stay, and prove what happened.\n\n" +
			"Answers are purged by the bureau that wrote them, each by itself: --answers purges\n" +
			"all that yours wrote to the notice, --answer ID one. comity inbox says where some are left.\n" +
			"Each node says when it has done it: comity notice show ID. Nobody can undo it.\n\n" +
			"Example: comity notice purge LT-0301 --why over --second sup-1",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "why", Usage: "`REASON`, in the clear: over, retention or order", Value: "over"},
			&cli.StringFlag{Name: "answer", Usage: "the `ID` of an answer; 8 digits are enough"},
			&cli.BoolFlag{Name: "answers", Usage: "all answers of your bureau"},
			secondFlag(), approvalFlag(), noWaitFlag(),
		},
		Action: t.noticePurge,
	}
}

func (t *terminal) noticePurge(c *cli.Context) error {
	var reason ledger.Reason
	for r := ledger.ReasonOver; r <= ledger.ReasonOrder; r++ {
		if r.String() == c.String("why") {
			reason = r
		}
	}
	if reason == 0 {
		return hint(usagef("--why %s: there is no such reason", c.String("why")), "over, retention or order")
	}
	if c.Bool("answers") {
		if c.String("answer") != "" {
			return usagef("--answer and --answers: choose one")
		}
		return t.purgeAnswers(c, reason)
	}
	return t.actOn(c, func(s *session, k *desk.Case, by desk.Officers, _ string) (string, ledger.Item, error) {
		name, id := "the purge of "+k.Name(), k.ID
		if prefix := c.String("answer"); prefix != "" {
			r, err := answerOf(k, prefix)
			if err != nil {
				return name, ledger.Item{}, err
			}
			name, id = fmt.Sprintf("the purge of an answer to %s", k.Name()), r.ID
		}
		it, err := s.desk.Purge(c.Context, s.client, by, id, reason)
		return name, it, err
	})
}

// answerOf returns the one answer on the case whose id begins with prefix.
func answerOf(k *desk.Case, prefix string) (*desk.Reply, error) {
	var found []*desk.Reply
	for i := range k.Replies {
		if strings.HasPrefix(k.Replies[i].ID.String(), prefix) {
			found = append(found, &k.Replies[i])
		}
	}
	if len(found) != 1 || len(prefix) < 8 {
		return nil, hint(usagef("--answer %s: it names %s on %s", prefix, plural(len(found), "answer", "answers"), k.Name()), "see them: comity notice show %s", k.Name())
	}
	return found[0], nil
}

// showPurge says how far the nodes are with the purge of a case.
func (s *session) showPurge(k *desk.Case) error {
	if s.desk == nil {
		return nil // the bureau's desk was asked; which nodes have purged, an own replica shows
	}
	for i := range k.Acts {
		if k.Acts[i].Class != ledger.ClassPurge {
			continue
		}
		p, err := s.desk.Purged(k.Acts[i].ID)
		if err != nil || p == nil {
			return err
		}
		missing := p.Missing()
		s.say("  purged    %d of %d nodes say that they have destroyed it", len(p.Nodes)-len(missing), len(p.Nodes))
		if len(missing) > 0 {
			s.say("  missing   %s", strings.Join(missing, " "))
		}
	}
	return nil
}
