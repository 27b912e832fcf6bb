package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/drafts"

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
			{Name: "list", Usage: "list the drafts, those that have waited longest first", ArgsUsage: "[ID]",
				Description: "Drafts that were signed together have one line, by the first of them; with the ID of one, each has its own.\n\nExample: comity draft list",
				Action:      t.inSession(t.openToRead, 0, 1, "ID", (*session).draftList)},
			{Name: "export", Usage: "write a draft to a file, to carry it to a supervisor's machine", ArgsUsage: "ID",
				Description: "The file is sealed as the notice is. Drafts that were signed together are all in it.\n\nExample: comity draft export 1c27a4f0 -o red.cdraft", Flags: outputFlags(), Action: t.inSession(t.open, 1, 1, "ID", (*session).draftExport)},
			{Name: "import", Usage: "take in a draft from a file", ArgsUsage: "FILE",
				Description: "It is verified first: by an officer of this bureau, and unchanged.\n\nExample: comity draft import red.cdraft", Action: t.draftImport},
			{Name: "renew", Usage: "author: sign a draft again after you wrote something else", ArgsUsage: "ID [ID...]",
				Description: "The sealed text stays the same; the draft gets another id, and waits again. So do all that were\n" +
					"signed together with it. Several IDs: all are signed one behind the other, to be approved together.\n\nExample: comity draft renew 1c27a4f0",
				Action: t.inSession(t.openToWrite, 1, drafts.MaxRow, "ID", (*session).draftRenew)},
			{Name: "drop", Usage: "throw a draft away", ArgsUsage: "ID [ID...]",
				Description: "Its sealed files are destroyed as well, here and at the node. What was signed behind it has to be\n" +
					"signed again: comity draft renew.\n\nExample: comity draft drop 1c27a4f0",
				Flags: []cli.Flag{rowFlag()}, Action: t.inSession(t.open, 1, drafts.MaxRow, "ID", (*session).draftDrop)},
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

func (s *session) draftList(c *cli.Context, args []string) error {
	list, whole := s.rows(), len(args) > 0
	if whole {
		found, _, err := s.findDrafts(args)
		if err != nil {
			return err
		}
		list = nil
		for _, r := range s.row(found[0]) {
			list = append(list, draftRow{r})
		}
	}
	if s.asJSON {
		all := []draftRecord{}
		for _, row := range list {
			all = append(all, row...)
		}
		return s.document(all)
	}
	if len(list) == 0 {
		s.note("nothing waits for a second officer of %s", s.home.Bureau())
		return nil
	}
	var rows [][]string
	together := ""
	for _, row := range list {
		r := row.worst()
		what := r.Problem
		if r.State == "rejected" {
			what = words("by "+r.Rejected, r.Reason)
		}
		if len(row) > 1 {
			together = fmt.Sprintf("%.8s", row[0].ID)
			if what != "" && r.ID != row[0].ID {
				what = fmt.Sprintf("draft %.8s (%s): %s", r.ID, r.Name, what)
			}
		}
		rows = append(rows, []string{row[0].ID.String()[:8], row.act(), row.name(), r.Author, minute(row.due()), r.State, what})
	}
	s.table([]string{"DRAFT", "ACT", "NOTICE", "AUTHOR", "DUE", "STATE", ""}, rows)
	if together != "" {
		s.note("several in one line are sent together; to see each: comity draft list %s", together)
	}
	return nil
}

func (s *session) draftExport(c *cli.Context, args []string) error {
	rows, _, err := s.findDrafts(args)
	if err != nil {
		return err
	}
	data := drafts.MarshalRow(rows[0])
	if len(data) > drafts.MaxRowFile {
		return fmt.Errorf("%s are too large for one file: it may have %s", plural(len(rows[0]), "draft", "drafts"), size(drafts.MaxRowFile))
	}
	if len(rows[0]) > 1 {
		s.note("%s were signed together, and are all in the file", plural(len(rows[0]), "draft", "drafts"))
	}
	return s.result(c, data)
}

func (t *terminal) draftImport(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "FILE")
	if err != nil {
		return err
	}
	data, err := t.readInput(args[0], drafts.MaxRowFile)
	if err != nil {
		return err
	}
	list, err := drafts.ParseRow(data)
	if err != nil {
		return fmt.Errorf("%s is no draft: %w", inputName(args[0]), err)
	}
	s, err := t.openToRead(c)
	if err != nil {
		return err
	}
	defer s.close()
	here, _ := s.drafts().List() // what is damaged is told by draft list
	var row draftRow
	var found draftRow
	for _, group := range drafts.Rows(list) {
		found = append(found, s.row(group)...)
	}
	for _, r := range found {
		_, err := drafts.Find(here, r.ID.String())
		switch {
		case r.State == "bad" || r.State == "sent" && len(list) == 1:
			return fmt.Errorf("%s was not taken in: it is %s %s", inputName(args[0]), r.State, r.Problem)
		case r.State == "sent": // by a supervisor who was cut off
		case err == nil && len(list) == 1:
			return hint(fmt.Errorf("draft %.8s is here already", r.ID), "see: comity draft list")
		case err != nil:
			row = append(row, r)
		}
	}
	if len(row) == 0 {
		return hint(fmt.Errorf("%s: all of its %d drafts are here already, or sent", inputName(args[0]), len(list)), "see: comity draft list")
	}
	if err := s.drafts().Put(row.drafts()...); err != nil {
		return err
	}
	return s.tellDrafts(row)
}

// tellDrafts says what is kept now.
func (s *session) tellDrafts(row draftRow) error {
	if s.asJSON {
		return s.documentOf(row)
	}
	r := row.worst()
	if len(row) == 1 {
		s.say("%s", words(r.Name, r.Act))
		s.say("  draft      %s", r.ID)
	} else {
		s.say("%s", words(row.name(), row.act()))
		s.say("  first      %s", row[0].ID)
	}
	s.say("  state      %s", r.State)
	if r.Problem != "" {
		s.say("  because    %s", r.Problem)
	}
	return nil
}

func (s *session) draftDrop(c *cli.Context, args []string) error {
	rows, picked, err := s.findDrafts(args)
	if err != nil {
		return err
	}
	if c.Bool("row") {
		picked = slices.Concat(rows...)
	}
	var behind []ledger.ID
	for _, row := range rows {
		gone := false
		for _, d := range row {
			if slices.Contains(picked, d) {
				gone = true
			} else if gone {
				behind = append(behind, d.ID())
			}
		}
	}
	type dropped struct {
		ID    ledger.ID `json:"id"`
		State string    `json:"state"`
	}
	var list []dropped
	for _, d := range picked {
		if err := s.drafts().Drop(d.ID()); err != nil {
			return err
		}
		list = append(list, dropped{d.ID(), "dropped"})
	}
	s.dropFiles(c.Context, picked)
	switch {
	case s.asJSON && len(list) == 1:
		return s.document(list[0])
	case s.asJSON:
		return s.document(list)
	case len(list) == 1:
		s.note("draft %.8s is thrown away; nothing was sent", list[0].ID)
	default:
		s.note("%d drafts are thrown away; nothing was sent", len(list))
	}
	s.tellBehind(behind, "their author")
	return nil
}

// draftState names why a draft cannot be sent as it is.
func draftState(err error) string {
	switch {
	case errors.Is(err, desk.ErrOvertaken):
		return "overtaken"
	case errors.Is(err, desk.ErrBehind):
		return "behind"
	case errors.Is(err, desk.ErrStale):
		return "stale"
	}
	return "bad"
}

// context is that of a step which asks nobody but the replica.
func (s *session) context() context.Context { return context.Background() }
