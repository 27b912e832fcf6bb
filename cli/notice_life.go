package cli

import (
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
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
	name := ""
	it, waits, err := composeFor(by, func(by desk.Officers) (it ledger.Item, err error) {
		name, it, err = compose(s, k, by, reason)
		return it, err
	})
	if exitCode(err) == exitUsage && err != nil {
		return err
	}
	if err != nil {
		return s.composing(name, err)
	}
	if err := s.submitOrPark(c, name, it, waits || c.Bool("for-approval")); err != nil || s.asJSON {
		return err
	}
	switch {
	case it.Entry.Statement.Class == ledger.ClassPurge:
		s.note("its name is destroyed with it; which nodes have done it: comity notice show %.12s", k.ID)
	case takesBack(it.Entry.Statement, k):
		s.note("%s takes back what it said before", s.home.Bureau())
	case k.Bureau != s.home.Bureau():
		s.note("it counts once %s; where it stands: comity notice show %s", s.bureausAgree(), k.Name())
	}
	return nil
}

// takesBack reports whether a suspension or a lift says nothing but that what the
// bureau said before for the contrary counts no more.
func takesBack(st *ledger.Statement, k *desk.Case) bool {
	switch st.Class {
	case ledger.ClassSuspend:
		p, err := ledger.ParseSuspend(st.Public)
		return err == nil && p.By != ledger.ByOrigin && k.Held.By(p.By)
	case ledger.ClassLift:
		p, err := ledger.ParseLift(st.Public)
		return err == nil && p.By != ledger.ByOrigin && !k.Held.By(p.By)
	}
	return false
}

// bureausAgree says how many bureaus other than the origin decide on a notice.
func (s *session) bureausAgree() string {
	return plural(state.Reviewers(len(s.genesis.Members())), "bureau says so", "bureaus say the same")
}

// tellUnreviewable warns an author whose notice fewer bureaus read than have to
// approve it: it would stay unreviewed for ever.
func (s *session) tellUnreviewable(n *notice.Notice) {
	if n.Kind == ledger.KindDiffusion || n.Kind == ledger.KindTally {
		return
	}
	readers, needed := 0, state.Reviewers(len(s.genesis.Members()))
	circles, err := s.desk.Seeing(n.Readers)
	if err != nil {
		return // composing says why
	}
	all := n.Readers.Bureaus(circles)
	for _, m := range s.genesis.Members() {
		if m.Code != s.home.Bureau() && all.Has(m.Code) {
			readers++
		}
	}
	if readers < needed {
		s.note("%s waits for the approval of %s, and %d can read it: it stays UNREVIEWED until then", n.Reference, plural(needed, "other bureau", "other bureaus"), readers)
		s.note("hint: name more readers, or send it as a diffusion")
	}
}
