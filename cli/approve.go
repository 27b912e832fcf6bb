package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/drafts"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) approveCommand() *cli.Command {
	return &cli.Command{
		Name:      "approve",
		Usage:     "supervisor: read what another officer signed, sign it too, and send it",
		ArgsUsage: "ID [ID...]",
		Description: "Shows exactly what will be sent, opened with the bureau's keys, and asks. Your signature is over\n" +
			"the same bytes as the author's. What waits: comity inbox. ID is that of the draft, or the name of its notice.\n\n" +
			"Drafts that were signed together are sent together, in their order: any of their IDs means all of them, and\n" +
			"each is shown. One that is not to be sent is rejected first. After an interruption run it again for the rest.\n\n" +
			"Example: comity approve 1c27a4f0",
		Flags: []cli.Flag{noWaitFlag(),
			yesFlag(),
			&cli.BoolFlag{Name: "unseen", Usage: "although the keys here do not open all parts of it"}},
		Action: t.approve,
	}
}

func (t *terminal) approve(c *cli.Context) error {
	s, rows, _, err := t.openDrafts(c)
	if err != nil {
		return err
	}
	defer s.close()
	var all draftRow
	first := make(map[keys.ID]*draftRecord) // of each author
	for _, row := range rows {
		if row, err = s.sendable(c.Context, row); err != nil {
			return err
		}
		for i := range row {
			author := row[i].draft.Item.Entry.Statement.Author
			if i == 0 && first[author] != nil {
				return s.samePlace(first[author], &row[0])
			}
			first[author] = &row[0]
		}
		all = append(all, row...)
	}
	if len(all) == 0 {
		return fmt.Errorf("%s: all of it is in the ledger already; nothing to do", c.Args().First())
	}
	for i, r := range all {
		if len(all) > 1 && !s.asJSON {
			s.say("---- %d of %d: draft %.8s", i+1, len(all), r.ID)
		}
		unseen, err := s.showDraft(c, r.draft, r)
		if err != nil {
			return err
		}
		if len(unseen) > 0 && !c.Bool("unseen") {
			return hint(fmt.Errorf("%s was not approved: the keys here do not open its %s", words(r.Name, r.Act), strings.Join(unseen, " and ")),
				"approve it where that key is (comity draft export), or say --unseen")
		}
	}
	question := "Sign this as " + s.label + " and send it? Type yes: "
	if len(all) > 1 {
		question = fmt.Sprintf("Sign all %d as %s and send them? Type yes: ", len(all), s.label)
	}
	if !c.Bool("yes") {
		if err := t.askYes(question); err != nil {
			return err
		}
	}
	return s.approveAll(c, all)
}

// sendable returns a row that a supervisor may send as it is, without what of it is in
// the ledger already: a command that was cut off left that.
func (s *session) sendable(ctx context.Context, row draftRow) (draftRow, error) {
	name := words(row.name(), row.act())
	sent := 0
	for ; sent < len(row); sent++ { // it is sent in order
		if row[sent].State == "sent" {
			continue
		}
		if err := s.mayDecide(row[sent]); err != nil {
			return nil, err
		}
		err := s.desk.Place(ctx, s.client, row[sent].draft.Item)
		if err == nil {
			break
		}
		if there, _ := s.inLedger(ctx, row[sent].ID); !there {
			return nil, s.notCurrent(name, &row[sent], err)
		}
	}
	for _, r := range row[:sent] {
		if err := s.drafts().Drop(r.ID); err != nil {
			return nil, err
		}
	}
	row = row[sent:]
	for i := range row {
		if err := s.mayDecide(row[i]); err != nil {
			return nil, err
		}
		if err := s.desk.Fresh(row[i].draft.Item); err != nil {
			return nil, s.notCurrent(words(row[i].Name, row[i].Act), &row[i], err)
		}
	}
	return row, nil
}

// samePlace is the error of two drafts of one author that are in no one row.
func (s *session) samePlace(a, b *draftRecord) error {
	return hint(fmt.Errorf("nothing was sent: %s and %s are each signed for the same place behind what %s sent: as they are only one can be sent",
		words(a.Name, a.Act), words(b.Name, b.Act), a.Author),
		"approve one, or %s signs them one behind the other: comity draft renew %.8s %.8s --officer %s", a.Author, a.ID, b.ID, a.Author)
}

// inLedger asks the node whether a statement was sent: the replica may not know yet.
func (s *session) inLedger(ctx context.Context, id ledger.ID) (bool, error) {
	_, err := s.client.Index(ctx, id)
	if wire.CodeOf(err) == wire.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask whether it was sent: %w", err)
	}
	return true, nil
}

// approveAll signs drafts, which were read, and sends them in order.
func (s *session) approveAll(c *cli.Context, all draftRow) error {
	officer, err := s.officer()
	if err != nil {
		return err
	}
	list := make([]outgoing, len(all))
	for i, r := range all {
		list[i].name = words(r.Name, r.Act)
		if list[i].item, err = desk.Approve(r.draft.Item, officer.Signer); err != nil {
			return fmt.Errorf("%s was not sent: %w", list[i].name, err)
		}
	}
	folder := s.drafts()
	if d := folder.Changed(all.drafts()...); d != nil {
		return fmt.Errorf("nothing was sent: draft %.8s was rejected, signed again or thrown away while you looked; look again", d.ID())
	}
	// What was not sent stays: the ledger knows it by its id, should it be there already.
	err = s.sendAll(c, list, func(i int) error { return folder.Drop(all[i].ID) })
	for _, r := range all {
		if err == nil && r.Act == notice.Exported.Words() {
			s.note("%s writes the file: comity notice export %s --announced %.8s", r.Author, r.Name, r.ID)
		}
	}
	return err
}

// openDrafts opens the drafts that a supervisor names, in whole rows, and tells which
// of them were named.
func (t *terminal) openDrafts(c *cli.Context) (s *session, rows []draftRow, picked map[ledger.ID]bool, err error) {
	args, err := arguments(c, 1, drafts.MaxRow, "ID")
	if err != nil {
		return nil, nil, nil, err
	}
	if s, err = t.openToWrite(c); err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	found, named, err := s.findDrafts(args)
	if err != nil {
		return s, nil, nil, err
	}
	picked = make(map[ledger.ID]bool)
	for _, d := range named {
		picked[d.ID()] = true
	}
	for _, row := range found {
		rows = append(rows, s.row(row))
	}
	return s, rows, picked, nil
}

// mayDecide refuses a draft that the officer who acts may not approve or reject.
func (s *session) mayDecide(r draftRecord) error {
	name := words(r.Name, r.Act)
	officer, err := s.officer()
	switch {
	case err != nil:
		return err
	case r.State == "bad":
		return hint(fmt.Errorf("draft %.8s is not to be believed: %s", r.ID, r.Problem), "do not act on it; ask who put it here")
	case r.State == "sent":
		return errors.Join(s.drafts().Drop(r.ID), fmt.Errorf("%s is in the ledger already: somebody approved it; nothing to do", name))
	case r.State == "rejected":
		return fmt.Errorf("%s was rejected by %s", name, r.Rejected)
	case officer.Roles&ledger.RoleSupervisor == 0:
		return fmt.Errorf("%s may not decide on drafts: only a supervisor of %s may", officer.Label, s.home.Bureau())
	case officer.Signer.ID() == r.draft.Item.Entry.Statement.Author:
		return fmt.Errorf("%s wrote %s: another officer must decide", officer.Label, name)
	}
	return nil
}

func (s *session) notCurrent(name string, r *draftRecord, err error) error {
	switch draftState(err) {
	case "overtaken", "behind":
		return hint(fmt.Errorf("%s was not sent: %w", name, err), "%s signs the same text again: comity draft renew %.8s --officer %s", r.Author, r.ID, r.Author)
	case "stale":
		return hint(fmt.Errorf("%s was not sent: %w", name, err), "%s sends it anew, sealed to the keys of today", r.Author)
	}
	return err
}

// askYes asks a question on the terminal that only "yes" answers.
func (t *terminal) askYes(question string) error {
	if !isTerminal(t.stdin) {
		return hint(errors.New("there is no terminal to type yes on"), "read it, then say --yes")
	}
	if line, err := t.askLine(question); err != nil || line != "yes" {
		return errors.New("not approved; nothing was sent")
	}
	return nil
}
