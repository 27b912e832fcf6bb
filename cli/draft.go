package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/drafts"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) draftCommand() *cli.Command {
	return &cli.Command{
		Name:  "draft",
		Usage: "what waits for a second officer: list it, carry it, sign it again",
		Description: "A draft is signed by its author and sealed; it holds no plaintext. A supervisor of the same\n" +
			"bureau sends it with `comity approve`, here or on another machine.\n\n" +
			"Example: comity draft list",
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "list the drafts, those that have waited longest first", Description: "Example: comity draft list", Action: t.inSession(t.openToRead, 0, 0, "", (*session).draftList)},
			{Name: "export", Usage: "write a draft to a file, to carry it to a supervisor's machine", ArgsUsage: "ID",
				Description: "The file is sealed as the notice is.\n\nExample: comity draft export 1c27a4f0 -o red.cdraft", Flags: outputFlags(), Action: t.inSession(t.open, 1, 1, "ID", (*session).draftExport)},
			{Name: "import", Usage: "take in a draft from a file", ArgsUsage: "FILE",
				Description: "It is verified first: by an officer of this bureau, and unchanged.\n\nExample: comity draft import red.cdraft", Action: t.draftImport},
			{Name: "renew", Usage: "author: sign a draft again after you wrote something else", ArgsUsage: "ID",
				Description: "The sealed text stays the same; the draft gets another id, and waits again.\n\nExample: comity draft renew 1c27a4f0", Action: t.inSession(t.openToWrite, 1, 1, "ID", (*session).draftRenew)},
			{Name: "drop", Usage: "throw a draft away", ArgsUsage: "ID",
				Description: "Its sealed files are destroyed as well, here and at the node.\n\nExample: comity draft drop 1c27a4f0", Action: t.inSession(t.open, 1, 1, "ID", (*session).draftDrop)},
		},
	}
}

// inSession is the action of a command with so many arguments, and nothing to
// refuse before its session is open.
func (t *terminal) inSession(open func(*cli.Context) (*session, error), from, to int, names string, do func(*session, *cli.Context, []string) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		args, err := arguments(c, from, to, names)
		if err != nil {
			return err
		}
		s, err := open(c)
		if err != nil {
			return err
		}
		defer s.close()
		return do(s, c, args)
	}
}

// openToRead starts a session with the replica.
func (t *terminal) openToRead(c *cli.Context) (*session, error) {
	s, err := t.open(c)
	if err != nil {
		return nil, err
	}
	if err := s.read(c.Context); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) draftList(c *cli.Context, _ []string) error {
	list := s.allDrafts()
	if s.asJSON {
		return s.document(list)
	}
	if len(list) == 0 {
		s.note("nothing waits for a second officer of %s", s.home.Bureau())
		return nil
	}
	var rows [][]string
	for _, r := range list {
		what := r.Problem
		if r.State == "rejected" {
			what = words("by "+r.Rejected, r.Reason)
		}
		rows = append(rows, []string{r.ID.String()[:8], r.Act, r.Name, r.Author, minute(r.Due), r.State, what})
	}
	s.table([]string{"DRAFT", "ACT", "NOTICE", "AUTHOR", "DUE", "STATE", ""}, rows)
	return nil
}

func (s *session) draftExport(c *cli.Context, args []string) error {
	d, err := s.findDraft(args[0])
	if err != nil {
		return err
	}
	return s.result(c, d.Marshal())
}

func (t *terminal) draftImport(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	data, err := t.readInput(args[0], drafts.MaxFile)
	if err != nil {
		return err
	}
	d, err := drafts.Parse(data)
	if err != nil {
		return fmt.Errorf("%s is no draft: %w", inputName(args[0]), err)
	}
	s, err := t.openToRead(c)
	if err != nil {
		return err
	}
	defer s.close()
	r := s.draftRecord(d)
	if r.State == "bad" || r.State == "sent" {
		return fmt.Errorf("%s was not taken in: it is %s %s", inputName(args[0]), r.State, r.Problem)
	}
	if _, err := s.drafts().Find(d.ID().String()); err == nil {
		return hint(fmt.Errorf("draft %.8s is here already", d.ID()), "see: comity draft list")
	}
	if err := s.drafts().Put(d); err != nil {
		return err
	}
	return s.tellDraft(r)
}

// tellDraft says what is kept now.
func (s *session) tellDraft(r draftRecord) error {
	if s.asJSON {
		return s.document(r)
	}
	s.say("%s", words(r.Name, r.Act))
	s.say("  draft      %s", r.ID)
	s.say("  state      %s", r.State)
	if r.Problem != "" {
		s.say("  because    %s", r.Problem)
	}
	return nil
}

func (s *session) draftRenew(c *cli.Context, args []string) error {
	old, err := s.findDraft(args[0])
	if err != nil {
		return err
	}
	r := s.draftRecord(old)
	if r.State == "bad" || r.State == "sent" {
		return fmt.Errorf("draft %.8s was not renewed: it is %s %s", r.ID, r.State, r.Problem)
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	d, err := s.renew(c.Context, by, r, uint64(time.Now().UnixMilli()))
	if errors.Is(err, desk.ErrStale) {
		return hint(err, "seal it to the keys they have now: send the notice again, and drop this draft")
	}
	if err != nil {
		return err
	}
	return s.tellDraft(s.draftRecord(d))
}

// errSent is the error of a draft that is in the ledger: signed again it would be there
// twice.
var errSent = errors.New("it is in the ledger already")

// renew signs a draft again, and keeps that in its place. The node is asked whether it
// was sent meanwhile, from here or from another machine: the replica may not know yet.
func (s *session) renew(ctx context.Context, by desk.Officers, r draftRecord, parked uint64) (*drafts.Draft, error) {
	if by.Chain == nil {
		end, err := s.desk.Chain(ctx, s.client, by.Author.ID())
		if err != nil {
			return nil, err
		}
		by.Chain = &end // after which the node knows what its author has sent
	}
	switch _, err := s.client.Index(ctx, r.ID); {
	case err == nil || r.State == "sent":
		return nil, errSent
	case wire.CodeOf(err) != wire.NotFound:
		return nil, fmt.Errorf("ask whether it was sent: %w", err)
	}
	it, err := s.desk.Renew(ctx, s.client, by, r.draft.Item)
	if err != nil {
		return nil, err
	}
	d := &drafts.Draft{Item: it, Parked: parked}
	if r.About != "" {
		if d.About, err = s.desk.SealNote(by, d.ID(), r.About); err != nil {
			return nil, err
		}
	}
	if err := s.drafts().Put(d); err != nil {
		return nil, err
	}
	return d, s.drafts().Drop(r.ID)
}

// renewLimit is how long it may take to sign drafts again.
const renewLimit = 20 * time.Second

// renewDrafts signs the drafts of the officer who acts again, behind a statement that
// was just sent: else each thing that an officer sends would take those away that wait
// for a second one, and nobody but their author would see it.
func (s *session) renewDrafts(ctx context.Context, sent ledger.Item) {
	author := sent.Entry.Statement.Author
	if s.acting == nil || s.acting.Signer.ID() != author || ctx.Err() != nil {
		return
	}
	list, _ := s.drafts().List() // what is damaged is told by draft list
	list = slices.DeleteFunc(list, func(d *drafts.Draft) bool {
		return d.Item.Entry.Statement.Author != author || d.Rejection != nil || d.ID() == sent.Entry.ID
	})
	if len(list) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, renewLimit)
	defer cancel()
	if s.desk == nil {
		if err := s.read(ctx); err != nil {
			s.note("%s: see comity draft list: %s", plural(len(list), "draft is overtaken", "drafts are overtaken"), err)
			return
		}
	}
	for _, group := range inRows(list) {
		overtaken := slices.ContainsFunc(group, func(d *drafts.Draft) bool {
			return errors.Is(s.desk.Current(ctx, s.client, d.Item), desk.ErrOvertaken)
		})
		if !overtaken {
			continue // it waits on, or its author has to send it anew
		}
		end, err := s.desk.Chain(ctx, s.client, author)
		if err != nil {
			s.note("%s overtaken: %s", plural(len(group), "draft is", "drafts are"), err)
			return
		}
		by := desk.Officers{Author: s.acting.Signer, Chain: &end}
		for _, d := range group {
			r := s.draftRecord(d)
			again, err := s.renew(ctx, by, r, d.Parked)
			switch what := fmt.Sprintf("draft %.8s (%s)", r.ID, words(r.Name, r.Act)); {
			case errors.Is(err, errSent):
				continue // which is found out, and tidied up, by who next looks at the drafts
			case errors.Is(err, desk.ErrStale):
				s.note("%s cannot be sent any more, since a key or a circle changed: send it anew, and comity draft drop %.8s", what, r.ID)
			case err != nil:
				s.note("%s is overtaken: %s", what, err)
			default:
				s.note("%s is signed again behind this, as %.8s", what, again.ID())
			}
			if err != nil {
				break
			}
		}
	}
}

// inRows parts drafts of one author into those that were signed one behind the other,
// in that order: the purges of all answers to a notice. Any other stands alone, since
// nobody knows which is sent first.
func inRows(list []*drafts.Draft) (rows [][]*drafts.Draft) {
	at := make(map[uint64]int) // a row, by when it was parked
	for _, d := range list {
		i, ok := at[d.Parked]
		if d.Item.Entry.Statement.Class != ledger.ClassPurge || !ok {
			rows = append(rows, []*drafts.Draft{d})
			if i = len(rows) - 1; d.Item.Entry.Statement.Class == ledger.ClassPurge {
				at[d.Parked] = i
			}
			continue
		}
		rows[i] = append(rows[i], d)
	}
	for _, row := range rows {
		slices.SortFunc(row, func(a, b *drafts.Draft) int {
			return cmp.Compare(a.Item.Entry.Statement.Seq, b.Item.Entry.Statement.Seq)
		})
	}
	return rows
}

func (s *session) draftDrop(c *cli.Context, args []string) error {
	d, err := s.findDraft(args[0])
	if err != nil {
		return err
	}
	if err := s.drafts().Drop(d.ID()); err != nil {
		return err
	}
	s.dropFiles(c.Context, d.Item)
	if s.asJSON {
		return s.document(map[string]any{"id": d.ID(), "state": "dropped"})
	}
	s.note("draft %.8s is thrown away; nothing was sent", d.ID())
	return nil
}

// draftState names why a draft cannot be sent as it is.
func draftState(err error) string {
	switch {
	case errors.Is(err, desk.ErrOvertaken):
		return "overtaken"
	case errors.Is(err, desk.ErrStale):
		return "stale"
	}
	return "bad"
}

// context is that of a step which asks nobody but the replica.
func (s *session) context() context.Context { return context.Background() }
