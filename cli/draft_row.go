package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/drafts"
)

// draftRow is what the drafts of one row say, in the order in which they are sent:
// see [drafts.Rows]. There is at least one.
type draftRow []draftRecord

// name is what people call the row.
func (w draftRow) name() string {
	first := w[0].Name
	for _, r := range w[1:] {
		if r.Name != first {
			return fmt.Sprintf("%s and %d more", first, len(w)-1)
		}
	}
	return first
}

// act is the word for what the row does, with how often.
func (w draftRow) act() string {
	if len(w) == 1 {
		return w[0].Act
	}
	act := w[0].Act
	for _, r := range w {
		if r.Act != act {
			act = "statements"
		}
	}
	return fmt.Sprintf("%d x %s", len(w), act)
}

// due is by when the first of the row should have been approved.
func (w draftRow) due() uint64 {
	due := w[0].Due
	for _, r := range w {
		due = min(due, r.Due)
	}
	return due
}

// urgency is the highest of the row.
func (w draftRow) urgency() (u ledger.Urgency) {
	for _, r := range w {
		u = max(u, r.draft.Urgency())
	}
	return u
}

// worst is the first record of the row that does not wait as it should, else its
// first: the row is sent in order, so one stands in the way of those behind it.
func (w draftRow) worst() *draftRecord {
	for i := range w {
		if w[i].State != "waiting" {
			return &w[i]
		}
	}
	return &w[0]
}

func (w draftRow) drafts() []*drafts.Draft {
	out := make([]*drafts.Draft, len(w))
	for i, r := range w {
		out[i] = r.draft
	}
	return out
}

// row describes the drafts of a row. What is in the ledger already, since a command was
// cut off before it could tidy up, is what the row begins with. The desk must be open.
func (s *session) row(list []*drafts.Draft) draftRow {
	var row draftRow
	for _, d := range list {
		row = append(row, s.draftRecord(d))
	}
	for i := range row {
		if row[i].State == "sent" {
			continue
		}
		if row[i].State != "waiting" {
			break
		}
		sent, err := s.placed(row[i].draft.Item)
		if sent {
			row[i].State = "sent"
			continue
		}
		for j := i; err != nil && j < len(row) && row[j].State == "waiting"; j++ {
			row[j].State, row[j].Problem = draftState(err), err.Error()
		}
		break
	}
	return row
}

// placed asks whether what is first of a row is signed for the next place of its
// author's chain, or was sent: the node is asked only where the replica may not have
// come so far.
func (s *session) placed(it ledger.Item) (sent bool, err error) {
	err = s.desk.Place(s.context(), nil, it)
	if !errors.Is(err, desk.ErrBehind) {
		return false, err
	}
	ctx, cancel := context.WithTimeout(s.context(), deliverLimit)
	defer cancel()
	err = s.desk.Place(ctx, s.client, it)
	if errors.Is(err, desk.ErrOvertaken) {
		sent, _ = s.inLedger(ctx, it.Entry.ID)
	}
	if errors.Is(err, desk.ErrBehind) || errors.Is(err, desk.ErrOvertaken) {
		return sent, err
	}
	return false, nil // the node cannot be asked: whoever sends it will find out
}

// rows returns what is kept here, in rows, and notes what is damaged.
func (s *session) rows() (out []draftRow) {
	list, err := s.drafts().List()
	if err != nil {
		s.note("%s", err)
	}
	for _, group := range drafts.Rows(list) {
		var row draftRow
		for _, r := range s.row(group) {
			if r.State != "sent" && !s.ofPurged(r.draft) {
				row = append(row, r)
				continue
			}
			if err := s.drafts().Drop(r.ID); err != nil {
				s.note("%s", err)
			}
			if r.State != "sent" {
				s.note("draft %.8s (%s) was about a notice that is purged: it is thrown away", r.ID, r.Act)
			}
		}
		if len(row) > 0 {
			out = append(out, row)
		}
	}
	return out
}

// findDrafts returns the drafts that a person names, by the digits of an id, or, where
// the replica is open, by the notice that each is, or is about; and the rows that they
// are in, in the order in which they were named. A name may mean several drafts of one
// row.
func (s *session) findDrafts(names []string) (rows [][]*drafts.Draft, picked []*drafts.Draft, err error) {
	list, problem := s.drafts().List()
	all := drafts.Rows(list)
	rowOf := make(map[*drafts.Draft]int, len(list))
	for i, row := range all {
		for _, d := range row {
			rowOf[d] = i
		}
	}
	var called map[string][]*drafts.Draft
	seen, taken := make(map[*drafts.Draft]bool), make(map[int]bool)
	for _, name := range names {
		d, err := drafts.Find(list, name)
		found := []*drafts.Draft{d}
		if errors.Is(err, drafts.ErrNone) {
			if called == nil {
				called = s.draftNames(list)
			}
			found, err = called[strings.ToLower(name)], nil
			if len(found) == 0 {
				err = hint(errors.Join(fmt.Errorf("%.64s: %w", name, drafts.ErrNone), problem), "what waits, by its id: comity draft list")
			}
		}
		for _, d := range found {
			if err == nil && rowOf[d] != rowOf[found[0]] {
				err = s.severalDrafts(name, found)
			}
		}
		if err != nil {
			return nil, nil, err
		}
		for _, d := range found {
			if !seen[d] {
				picked = append(picked, d)
			}
			seen[d] = true
		}
		if i := rowOf[found[0]]; !taken[i] {
			rows, taken[i] = append(rows, all[i]), true
		}
	}
	return rows, picked, nil
}

// severalDrafts is the error of a name of drafts that are in no one row.
func (s *session) severalDrafts(name string, found []*drafts.Draft) error {
	const most = 8
	var ids []string
	for _, d := range found[:min(len(found), most)] {
		ids = append(ids, fmt.Sprintf("%.8s (%s)", d.ID(), s.draftAct(d)))
	}
	if len(found) > most {
		ids = append(ids, "and others: comity draft list")
	}
	return hint(usagef("%s: %d drafts are about it", name, len(found)), "name one: %s", strings.Join(ids, ", "))
}

// draftNames returns the drafts of this bureau by the names, in small letters, of the
// notices that they are, or are about, those that have waited longest first.
func (s *session) draftNames(list []*drafts.Draft) map[string][]*drafts.Draft {
	called := make(map[string][]*drafts.Draft)
	if s.desk == nil {
		return called
	}
	for _, d := range list {
		if _, err := s.desk.CheckDraft(s.home.Bureau(), d.Item); err != nil {
			continue
		}
		if name := strings.ToLower(s.draftName(d)); name != "" {
			called[name] = append(called[name], d)
		}
	}
	return called
}
