package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeSubmitCommand() *cli.Command {
	return &cli.Command{
		Name:      "submit",
		Usage:     "check, seal, sign and send a notice",
		ArgsUsage: "FILE [FILE...]",
		Description: "FILE is a notice, - is standard input. A notice that asks for an arrest, or has a victim's\n" +
			"part, needs a second officer: --second, or else it waits for one to `approve` it.\n" +
			"Returns when the notice is FINAL: enough bureaus hold it that nobody can take it back.\n\n" +
			"Several files are all checked before the first is sent, are sent in their order, and wait together if\n" +
			"one of them has to wait. After an interruption run it again: what was sent is not sent twice.\n\n" +
			"Example: comity notice submit lt-0301.json\n" +
			"Example: comity notice submit pv-0001.json pv-0002.json --second sup-1",
		Flags: []cli.Flag{attachFlag(), secondFlag(), approvalFlag(), noWaitFlag(),
			&cli.BoolFlag{Name: "again", Usage: "send it although a notice of your bureau has this reference already"}},
		Action: t.noticeSubmit,
	}
}

func (t *terminal) noticeAmendCommand() *cli.Command {
	return &cli.Command{
		Name:      "amend",
		Usage:     "replace a notice of your bureau by a new version",
		ArgsUsage: "ID FILE",
		Description: "A new version that asks for an arrest, or has a victim's part, needs a second officer: --second, or\n" +
			"else it waits for one to `approve` it. The files of the version before stay, where your keys open\n" +
			"them: --detach takes one off.\n\n" +
			"Example: comity notice amend LT-0301 lt-0301.json",
		Flags: []cli.Flag{attachFlag(), &cli.StringSliceFlag{Name: "detach", Usage: "take the file `NAME` off; may be repeated"},
			secondFlag(), approvalFlag(), noWaitFlag()},
		Action: t.noticeAmend,
	}
}

func (t *terminal) noticeWithdrawCommand() *cli.Command {
	return &cli.Command{
		Name:        "withdraw",
		Usage:       "end a notice of your bureau",
		ArgsUsage:   "ID",
		Description: "The notice stays in the ledger, marked as ended.\n\nExample: comity notice withdraw LT-0301",
		Flags:       []cli.Flag{secondFlag(), approvalFlag(), noWaitFlag()},
		Action:      t.inSession(t.openToWrite, 1, 1, "ID", (*session).noticeWithdraw),
	}
}

func secondFlag() cli.Flag {
	return &cli.StringFlag{Name: "second", Usage: "second officer, by `LABEL`, who signs as well"}
}

func (t *terminal) noticeSubmit(c *cli.Context) error {
	args, err := arguments(c, 1, drafts.MaxRow, "FILE")
	if err != nil {
		return err
	}
	if len(args) > 1 {
		return t.submitAll(c, args)
	}
	if err := checkFiles(c.StringSlice("attach")); err != nil {
		return err
	}
	n, err := t.readNotice(args[0])
	if err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	reference := n.Reference
	if n, err = s.resolve(n); err != nil {
		return s.composing(reference, err)
	}
	if err := s.tellCircles(notice.CirclesOf(n.Readers, n.Victim)); err != nil {
		return err
	}
	s.tellUnreviewable(n)
	if !c.Bool("again") { // before files are sealed for nothing
		if err := s.unused(c.Context, n.Reference); err != nil {
			return err
		}
	}
	if err := s.attach(by, n, c.StringSlice("attach")); err != nil {
		return err
	}
	if err := s.publish(c, by, n); err != nil {
		return err
	}
	s.removeKept(args[0])
	return nil
}

// removeKept removes a text that an earlier edit left, once it is sent.
func (s *session) removeKept(path string) {
	if kept := keptText(s.home.Dir(), path); kept != nil {
		kept.remove()
		s.note("the text that an earlier edit left in %s is overwritten and removed", kept.path)
	}
}

// publish sends a new notice, or keeps it for a second officer.
func (s *session) publish(c *cli.Context, by desk.Officers, n *notice.Notice) error {
	if !c.Bool("again") {
		if err := s.unused(c.Context, n.Reference); err != nil {
			return err
		}
	}
	it, waits, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) { return s.desk.Publish(c.Context, s.client, by, n) })
	if err != nil {
		return s.composing(n.Reference, err)
	}
	if err := s.submitOrPark(c, n.Reference, it, waits || c.Bool("for-approval")); err != nil {
		return err
	}
	return s.warnSuperseded(c, it, notice.CirclesOf(n.Readers, n.Victim))
}

func (t *terminal) noticeAmend(c *cli.Context) error {
	args, err := arguments(c, 2, 2, "ID and FILE")
	if err != nil {
		return err
	}
	if err := checkFiles(c.StringSlice("attach")); err != nil {
		return err
	}
	n, err := t.readNotice(args[1])
	if err != nil {
		return err
	}
	s, err := t.openToWrite(c)
	if err != nil {
		return err
	}
	defer s.close()
	k, err := s.own(c.Context, "amend", args[0])
	if err != nil {
		return err
	}
	return s.amend(c, k, n, c.StringSlice("attach"), c.StringSlice("detach"))
}

func (s *session) noticeWithdraw(c *cli.Context, args []string) error {
	k, err := s.own(c.Context, "withdraw", args[0])
	if err != nil {
		return err
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	name := "the withdrawal of " + k.Name()
	it, err := s.desk.Withdraw(c.Context, s.client, by, k.ID)
	if err != nil {
		return s.composing(name, err)
	}
	return s.submitOrPark(c, name, it, c.Bool("for-approval"))
}

// openToWrite starts a session with an up-to-date replica: what is sealed must
// be sealed to the keys that bureaus have now.
func (t *terminal) openToWrite(c *cli.Context) (*session, error) {
	s, err := t.open(c)
	if err != nil {
		return nil, err
	}
	if _, err := s.officer(); err != nil {
		s.close()
		return nil, err
	}
	err = s.read(c.Context)
	if err == nil {
		err = s.renewCircles(c.Context)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// unused refuses a reference that a notice of this bureau has already, or a draft:
// most often that notice was sent by a command that was cut off before it could say so.
func (s *session) unused(ctx context.Context, reference string) error {
	if d := s.publishDrafts()[strings.ToLower(reference)]; d != nil {
		return s.inUse(reference, nil, d)
	}
	sent, err := s.referred(ctx, reference)
	if k := sent[reference]; k != nil {
		return s.inUse(reference, k, nil)
	}
	return err
}

// inUse is the error of a reference that a notice of this bureau has, or a draft.
func (s *session) inUse(name string, k *desk.Case, d *drafts.Draft) error {
	if d != nil {
		return hint(fmt.Errorf("%s was not sent: a draft of this reference waits for a second officer already (%.8s)", name, d.ID()),
			"have it approved, throw it away (comity draft drop %.8s), give this one another reference, or say --again", d.ID())
	}
	return hint(fmt.Errorf("%s was not sent: %s has sent a notice of this reference already (%s, %s)", name, s.home.Bureau(), k.ID.String()[:12], k.Status),
		"give it another reference, replace that one (comity notice amend %s FILE), or say --again", k.Name())
}

// publishDrafts returns the new notices that wait here, by their references in small
// letters.
func (s *session) publishDrafts() map[string]*drafts.Draft {
	list, _ := s.drafts().List() // what is damaged is told by draft list
	list = slices.DeleteFunc(list, func(d *drafts.Draft) bool { return d.Item.Entry.Statement.Class != ledger.ClassPublish })
	out := make(map[string]*drafts.Draft, len(list))
	for name, found := range s.draftNames(list) {
		out[name] = found[0]
	}
	return out
}

// referred returns a notice of this bureau for each of some references, where there is
// one.
func (s *session) referred(ctx context.Context, references ...string) (map[string]*desk.Case, error) {
	asked, found := make(map[string]bool), make(map[string]*desk.Case)
	for _, r := range references {
		asked[r] = true
	}
	ours := func(k *desk.Case) bool { return k.Bureau == s.home.Bureau() && asked[k.Reference()] }
	if s.remote != nil {
		f := desk.Filter{Bureau: s.home.Bureau(), Opened: true, Keep: ours}
		if len(references) == 1 {
			f.Limit = 1
		}
		list, err := s.remote.Cases(ctx, f)
		for _, k := range list {
			found[k.Reference()] = k
		}
		return found, err
	}
	for _, r := range references {
		k, err := s.reader().Case(ctx, r) // looked up: the list of all would be opened
		list := []*desk.Case{k}
		var several *desk.Ambiguous
		switch {
		case errors.As(err, &several):
			list = several.Cases
		case errors.Is(err, desk.ErrNoCase):
			continue
		case err != nil:
			return nil, err
		}
		for _, k := range list {
			if ours(k) {
				found[k.Reference()] = k
			}
		}
	}
	return found, nil
}

// own returns a case of this bureau, on which it wants to act. The ledger would
// refuse to let it act on another's, and says so here in the same words.
func (s *session) own(ctx context.Context, act, name string) (*desk.Case, error) {
	k, err := s.find(ctx, name)
	if err == nil && k.Bureau != s.home.Bureau() {
		err = hint(fmt.Errorf("%s was not accepted: %s may not %s a notice of %s (nothing written)", k.Name(), s.home.Bureau(), act, k.Bureau),
			"ask %s, or send a reply: comity notice reply %s", k.Bureau, k.Name())
	}
	return k, err
}

// needsSecond is the error of a statement that a second officer must sign, for
// what cause says.
func (s *session) needsSecond(name string, cause error) error {
	var second *desk.SecondNeeded
	why := desk.ErrFourEyes
	if errors.As(cause, &second) {
		why = second
	}
	return hint(fmt.Errorf("%s was not sent: %w", name, why), "say who: --second LABEL; officers here: %s", strings.Join(s.home.Officers(), ", "))
}

// composing turns an error before anything was sent into a sentence.
func (s *session) composing(name string, err error) error {
	var problems notice.Problems
	switch {
	case errors.As(err, &problems):
		return s.checkNotice(name, problems)
	case errors.Is(err, desk.ErrFourEyes):
		return s.needsSecond(name, err)
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner // the desk says as well what was being composed
	}
	size, _ := s.desk.Seen()
	if size == 0 {
		return hint(fmt.Errorf("%s was not sent: %w", name, err), "the replica here is empty; is the node running, and are your keys enrolled? see: comity status")
	}
	return fmt.Errorf("%s was not sent: %w", name, err)
}
