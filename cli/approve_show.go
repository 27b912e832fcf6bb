package cli

import (
	"errors"
	"fmt"
	"strings"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/desk/readlog"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

// showDraft prints what a draft will do, and returns the parts that the keys
// here do not open.
func (s *session) showDraft(c *cli.Context, d *drafts.Draft, r draftRecord) (unseen []string, err error) {
	st := d.Item.Entry.Statement
	if s.asJSON && !c.Bool("yes") {
		return nil, usagef("with --json there is nobody to ask: say --yes")
	}
	quiet := s.asJSON
	if !quiet {
		s.say("TO APPROVE  %s by %s, signed %s, due %s", r.Act, r.Author, clock(st.Created*1000), clock(r.Due))
		if r.About != "" {
			s.text("  its author says: ", r.About)
		}
	}
	switch st.Class {
	case ledger.ClassReply:
		return s.showAnswerDraft(c, d, quiet)
	case ledger.ClassCircle:
		return nil, s.showCircleDraft(d, quiet)
	case ledger.ClassPublish, ledger.ClassAmend:
	default:
		return s.showTarget(c, d, quiet)
	}
	v, err := s.ownReader().Draft(d.Item, "to approve it")
	if err != nil {
		return nil, fmt.Errorf("draft %.8s is not to be believed: %w", d.ID(), err)
	}
	if st.Class == ledger.ClassAmend && !quiet {
		if err := s.showAmended(c, d, v); err != nil {
			return nil, err
		}
	}
	if !quiet {
		s.say("%s  %s, from %s", v.Reference, v.Title(), s.bureau(s.home.Bureau()))
		s.say("  marking   %s, urgency %s, review by %s", v.Header.Classification, v.Header.Urgency, v.ReviewBy())
		s.showReaders(v.Readers, v.Circles)
		s.showView(v)
		s.showOnceReviewed(v)
	}
	return unopened(d.Item, v)
}

// showAmended says which notice a new version takes the place of: the version has
// a name of its own, which need not be that notice's.
func (s *session) showAmended(c *cli.Context, d *drafts.Draft, v *notice.View) error {
	k, err := s.ownReader().Case(c.Context, d.Item.Entry.Statement.Target.String())
	if err != nil {
		return fmt.Errorf("draft %.8s changes a notice that is not shown here: %w", d.ID(), err)
	}
	s.say("TAKES THE PLACE of %s, notice %.12s, published %s", k.Name(), k.ID, clock(k.Time))
	if k.Reference() != v.Reference {
		s.say("  WARNING   that notice has another reference than this version, %s", v.Reference)
	}
	return nil
}

// showTarget prints a statement that acts on a notice.
func (s *session) showTarget(c *cli.Context, d *drafts.Draft, quiet bool) ([]string, error) {
	st := d.Item.Entry.Statement
	r := s.ownReader()
	k, err := r.Case(c.Context, st.Target.String())
	var answer *desk.Reply
	if st.Class == ledger.ClassPurge && !quiet {
		p, err := ledger.ParsePurge(st.Public)
		if err != nil {
			return nil, err
		}
		s.say("  reason    %s; nobody can undo it", p.Reason)
	}
	if errors.Is(err, desk.ErrNoCase) {
		if k, answer, err = r.Answer(c.Context, st.Target, "to approve what is done with it"); errors.Is(err, desk.ErrNoCase) {
			err = fmt.Errorf("it acts on %s, which the keys here do not open", st.Target.Short())
		}
	}
	if err != nil || quiet {
		return nil, err
	}
	if answer != nil {
		s.say("%s of one answer to %s:", strings.ToUpper(st.Class.String()), k.Name())
		s.showReply(answer)
		return nil, nil
	}
	if k, err = r.Open(c.Context, st.Target.String(), readlog.Shown, "to approve what is done with it"); err != nil {
		return nil, err
	}
	s.say("%s of:", strings.ToUpper(st.Class.String()))
	s.showCase(k)
	if st.Class == ledger.ClassGrant {
		comp, n, err := seal.ParseGrants(d.Item.Body)
		if err != nil {
			return nil, err
		}
		s.say("GRANT of the %s to at most %s; to whom, only its author can say", comp, plural(n, "key", "keys"))
	}
	return nil, nil
}

// showAnswerDraft prints an answer that waits, and of an export whether its file
// would be what it says.
func (s *session) showAnswerDraft(c *cli.Context, d *drafts.Draft, quiet bool) ([]string, error) {
	own := s.ownReader()
	r, err := own.AnswerDraft(d.Item, "to approve it")
	if err != nil {
		return nil, fmt.Errorf("draft %.8s is not to be believed: %w", d.ID(), err)
	}
	if r == nil {
		return []string{"body"}, nil
	}
	if !quiet {
		k, err := s.openCase(c.Context, r.Notice, readlog.Shown, "to approve an answer to it")
		if err != nil {
			return nil, err
		}
		s.say("%s of %s, to %s", strings.ToUpper(r.Type.Words()), k.Name(), strings.Join(r.Readers, " "))
		s.showAnswer(r)
		s.showCase(k)
	}
	if r.Type != notice.Exported {
		return nil, nil
	}
	k, err := s.working(c.Context, r.Notice)
	if err != nil {
		return nil, err
	}
	if missing := unopenedParts(k, r.Export); len(missing) > 0 {
		return missing, nil // who approves it unseen has the author's word for the text
	}
	if _, _, err := s.announcedText(k, &desk.Reply{ID: d.ID(), Bureau: s.home.Bureau(), Reply: r}); err != nil {
		return nil, err
	}
	if !quiet {
		s.say("  checked   the keys here make the same text, and it may leave")
	}
	return nil, nil
}

// unopenedParts names the parts of an export that are not open here.
func unopenedParts(k *desk.Case, e *notice.Export) (list []string) {
	for _, name := range e.Parts {
		if p, err := readlog.ParseParts([]string{name}); err != nil || k.View == nil || viewParts(k.View)&p == 0 {
			list = append(list, name)
		}
	}
	return list
}

// unopened names the parts of a draft that the view lacks.
func unopened(it ledger.Item, v *notice.View) (list []string, err error) {
	b, err := seal.Parse(it.Body)
	if err != nil {
		return nil, err
	}
	for _, p := range b.Parts() {
		there := p.Compartment == seal.Card && v.Card != nil || p.Compartment == seal.Body && (v.Body != nil || v.Tally != nil) ||
			p.Compartment == seal.Victim && v.Victim != nil
		if !there {
			list = append(list, p.Compartment.String())
		}
	}
	return list, nil
}
