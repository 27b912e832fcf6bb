package cli

import (
	"time"

	"comity/ledger"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

func (t *terminal) rejectCommand() *cli.Command {
	return &cli.Command{
		Name:      "reject",
		Usage:     "supervisor: send a draft back to its author",
		ArgsUsage: "ID [ID...]",
		Description: "The reason is sealed for your bureau; nothing goes to the ledger. Of drafts that were signed\n" +
			"together the others wait on; those behind a rejected one have to be signed again by their author.\n\n" +
			"Example: comity reject 1c27a4f0 --reason - < reason.txt",
		Flags:  []cli.Flag{rowFlag(), &cli.StringFlag{Name: "reason", Usage: "`TEXT`, or - for standard input"}},
		Action: t.reject,
	}
}

// rowFlag is of commands that are about one draft of a row, and can be about all.
func rowFlag() cli.Flag {
	return &cli.BoolFlag{Name: "row", Usage: "and all drafts that were signed together with it"}
}

func (t *terminal) reject(c *cli.Context) error {
	if err := required(c, "reason"); err != nil {
		return err
	}
	reason, err := t.given(c, "reason")
	if err != nil {
		return err
	}
	s, rows, picked, err := t.openDrafts(c)
	if err != nil {
		return err
	}
	defer s.close()
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	var list draftRow
	var behind []ledger.ID
	for _, row := range rows {
		rejects := false
		for _, r := range row {
			if c.Bool("row") || picked[r.ID] {
				rejects, list = true, append(list, r)
			} else if rejects {
				behind = append(behind, r.ID)
			}
		}
	}
	for _, r := range list {
		if err := s.mayDecide(r); err != nil {
			return err
		}
		sealed, err := s.desk.SealNote(by, r.ID, reason)
		if err != nil {
			return err
		}
		r.draft.Rejection = &drafts.Rejection{By: by.Author.ID(), At: uint64(time.Now().UnixMilli()), Reason: sealed}
	}
	if err := s.drafts().Put(list.drafts()...); err != nil {
		return err
	}
	if t.asJSON {
		return s.documentOf(s.row(list.drafts()))
	}
	if len(list) == 1 {
		t.note("%s is rejected; %s sees why: comity draft list", words(list[0].Name, list[0].Act), list[0].Author)
	} else {
		t.note("%d drafts are rejected (%s); %s sees why: comity draft list", len(list), words(list.name(), list.act()), list[0].Author)
	}
	s.tellBehind(behind, list[0].Author)
	return nil
}

// tellBehind tells of drafts that cannot be sent as they are, since one before them
// in their row will not be.
func (s *session) tellBehind(list []ledger.ID, author string) {
	if len(list) > 0 {
		s.note("%s behind that, and cannot be sent before %s signs again: comity draft renew %.8s",
			plural(len(list), "draft was signed", "drafts were signed"), author, list[0])
	}
}
