package cli

import (
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

// reasonFlag is on the verbs on the life of a notice that may say why.
func reasonFlag() cli.Flag {
	return &cli.StringFlag{Name: "reason", Usage: "why: `TEXT`, or - for standard input; sealed to those who read the notice"}
}

// asFlag is on the verbs that several authorities have.
func asFlag() cli.Flag {
	return &cli.StringFlag{Name: "as", Usage: "`AUTHORITY`: origin, reviewers or oversight (default: origin of an own notice, else reviewers)"}
}

// reason reads --reason.
func (t *terminal) reason(c *cli.Context) (string, error) {
	text := c.String("reason")
	if text != "-" {
		return text, nil
	}
	data, err := t.readInput("-", notice.MaxSize/2)
	return strings.TrimRight(string(data), "\n"), err
}

// authority reads --as.
func (s *session) authority(c *cli.Context, k *desk.Case) (ledger.Authority, error) {
	text := c.String("as")
	for a := ledger.ByOrigin; a <= ledger.ByOversight; a++ {
		if a.String() == text {
			return a, nil
		}
	}
	switch {
	case text != "":
		return 0, hint(usagef("--as %s: there is no such authority", text), "origin, reviewers or oversight")
	case k.Bureau == s.home.Bureau():
		return ledger.ByOrigin, nil
	}
	return ledger.ByReviewers, nil
}

// composer makes the statement of a verb on the case that the command names.
type composer func(s *session, k *desk.Case, by desk.Officers, reason string) (name string, it ledger.Item, err error)

// actOn is what the verbs on the life of a notice have in common: find it, see
// who signs, compose, send.
func (t *terminal) actOn(c *cli.Context, compose composer) error {
	args, err := arguments(c, 1, 1, "ID")
	if err != nil {
		return err
	}
	reason, err := t.reason(c)
	if err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.find(c.Context, args[0])
	if err != nil {
		return err
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	name, it, err := compose(s, k, by, reason)
	if exitCode(err) == exitUsage && err != nil {
		return err
	}
	if err != nil {
		return s.composing(name, err)
	}
	return s.send(c, name, it)
}
