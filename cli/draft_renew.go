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

	"github.com/urfave/cli/v2"
)

// errSent is the error of a draft that is in the ledger: signed again it would be there
// twice.
var errSent = errors.New("it is in the ledger already")

func (s *session) draftRenew(c *cli.Context, args []string) error {
	found, _, err := s.findDrafts(args)
	if err != nil {
		return err
	}
	var rows []draftRow
	for _, f := range s.withRest(found) {
		row := s.row(f)
		for _, r := range row {
			if r.State == "bad" || r.State == "sent" && len(row) == 1 {
				return fmt.Errorf("draft %.8s was not renewed: it is %s %s", r.ID, r.State, r.Problem)
			}
		}
		rows = append(rows, row)
	}
	by, err := s.signers(c)
	if err != nil {
		return err
	}
	again, stale, err := s.renew(c.Context, by, rows, uint64(time.Now().UnixMilli()))
	if err != nil {
		return err
	}
	s.tellStale(stale)
	if len(again) == 0 {
		return hint(fmt.Errorf("nothing was renewed: %w", desk.ErrStale), "seal it to the keys they have now: send the notice again, and drop this draft")
	}
	return s.tellDrafts(s.row(again))
}

// renew signs rows of one author again, as one row, and keeps that in their place: all
// of it or nothing. What is in the ledger already is left out: the node is asked, since
// it may have been sent from another machine. So is what was sealed to keys that are no
// longer their readers', which nobody can sign again; it is returned.
func (s *session) renew(ctx context.Context, by desk.Officers, rows []draftRow, parked uint64) (again []*drafts.Draft, stale draftRow, err error) {
	if by.Chain == nil {
		end, err := s.desk.Chain(ctx, s.client, by.Author.ID())
		if err != nil {
			return nil, nil, err
		}
		by.Chain = &end // after which the node knows what its author has sent
	}
	var old draftRow
	for _, row := range rows {
		if row, err = s.notInLedger(ctx, row); err != nil {
			return nil, nil, err
		}
		old = append(old, row...)
	}
	if len(old) == 0 {
		return nil, nil, errSent
	}
	if len(old) > drafts.MaxRow {
		return nil, nil, fmt.Errorf("%d drafts: at most %d are signed one behind the other", len(old), drafts.MaxRow)
	}
	for _, r := range old {
		it, err := s.desk.Renew(ctx, s.client, by, r.draft.Item)
		if errors.Is(err, desk.ErrStale) {
			stale = append(stale, r)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		d := &drafts.Draft{Item: it, Parked: parked}
		if r.About != "" {
			if d.About, err = s.desk.SealNote(by, d.ID(), r.About); err != nil {
				return nil, nil, err
			}
		}
		again = append(again, d)
	}
	if err := s.drafts().Put(again...); err != nil {
		return nil, nil, err
	}
	kept := make(map[ledger.ID]bool)
	for _, d := range again {
		kept[d.ID()] = true // signed again in the same second for the same place, it is the same
	}
	for _, r := range stale {
		kept[r.ID] = true
	}
	for _, r := range old {
		if !kept[r.ID] {
			err = errors.Join(err, s.drafts().Drop(r.ID))
		}
	}
	return again, stale, err
}

// notInLedger returns what of a row the ledger does not have: it is sent in order.
func (s *session) notInLedger(ctx context.Context, row draftRow) (draftRow, error) {
	for i, r := range row {
		if r.State == "sent" {
			continue
		}
		there, err := s.inLedger(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		if !there {
			return row[i:], nil
		}
	}
	return nil, nil
}

// tellStale tells of drafts that nobody can sign again.
func (s *session) tellStale(list draftRow) {
	for _, r := range list {
		s.note("draft %.8s (%s) cannot be sent any more, since a key or a circle changed: send it anew, and comity draft drop %.8s", r.ID, words(r.Name, r.Act), r.ID)
	}
}

// renewLimit is how long it may take to ask what to sign again.
const renewLimit = 20 * time.Second

// renewDrafts signs the drafts of the officer who acts again, behind a statement that
// was just sent: else each thing that an officer sends would take those away that wait
// for a second one, and nobody but their author would see it. What was one row stays
// one, without what was rejected of it; rows stay apart.
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
	for _, group := range togetherAgain(drafts.Rows(list)) {
		if err := s.desk.Place(ctx, s.client, group[0].Item); !errors.Is(err, desk.ErrOvertaken) && !errors.Is(err, desk.ErrBehind) {
			continue // it waits on
		}
		row := s.row(group)
		again, stale, err := s.renew(ctx, desk.Officers{Author: s.acting.Signer}, []draftRow{row}, group[0].Parked)
		s.tellStale(stale)
		switch {
		case errors.Is(err, errSent): // which is found out, and tidied up, by who next looks at the drafts
		case err != nil && len(row) == 1:
			s.note("draft %.8s (%s) is overtaken: %s", row[0].ID, words(row.name(), row.act()), err)
		case err != nil:
			s.note("%d drafts are overtaken (%s): %s", len(row), words(row.name(), row.act()), err)
		case len(again) == 1:
			s.note("draft %.8s (%s) is signed again behind this, as %.8s", row[0].ID, words(row.name(), row.act()), again[0].ID())
		case len(again) > 1:
			s.note("%d drafts (%s) are signed again behind this, from %.8s on", len(again), words(row.name(), row.act()), again[0].ID())
		}
	}
}

// togetherAgain joins rows of one author that one command made as one, and that are not
// one any more, since some of it was rejected or thrown away.
func togetherAgain(rows [][]*drafts.Draft) (out [][]*drafts.Draft) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b []*drafts.Draft) int {
		return cmp.Or(cmp.Compare(a[0].Parked, b[0].Parked), cmp.Compare(a[0].Item.Entry.Statement.Seq, b[0].Item.Entry.Statement.Seq))
	})
	for i, row := range rows {
		if i > 0 && row[0].Parked == rows[i-1][0].Parked {
			out[len(out)-1] = slices.Concat(out[len(out)-1], row)
			continue
		}
		out = append(out, row)
	}
	return out
}

// withRest adds to rows what their author's commands made together with them and was not
// rejected: signed again by itself, either would be in the way of the other.
func (s *session) withRest(rows [][]*drafts.Draft) (out [][]*drafts.Draft) {
	list, _ := s.drafts().List() // what is damaged is told by draft list
	all := drafts.Rows(list)
	taken := make(map[ledger.ID]bool)
	for _, d := range slices.Concat(rows...) {
		taken[d.ID()] = true
	}
	for _, row := range rows {
		together := [][]*drafts.Draft{row}
		for _, other := range all {
			a, b := other[0], row[0]
			if !taken[a.ID()] && a.Rejection == nil && a.Parked == b.Parked && a.Item.Entry.Statement.Author == b.Item.Entry.Statement.Author {
				together = append(together, other)
				taken[a.ID()] = true
			}
		}
		out = append(out, togetherAgain(together)...)
	}
	return out
}
