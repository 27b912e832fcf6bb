package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/drafts"

	"github.com/urfave/cli/v2"
)

// maxPurges is how many answers one command has purged: what a supervisor reads at
// once.
const maxPurges = 64

// purgeAnswers has all answers of this bureau to a notice purged, each by a
// statement of its own.
func (t *terminal) purgeAnswers(c *cli.Context, reason ledger.Reason) error {
	args, err := arguments(c, 1, 1, "ID")
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
	own := k.OwnAnswers(s.home.Bureau())
	if len(own) == 0 {
		return fmt.Errorf("%s has no answer to %s that is not purged", s.home.Bureau(), k.Name())
	}
	more := len(own) - min(len(own), maxPurges)
	own = own[:len(own)-more]
	name := fmt.Sprintf("the purge of %s to %s", plural(len(own), "answer", "answers"), k.Name())
	list, waits, err := s.composePurges(c, own, reason)
	if err != nil {
		return s.composing(name, err)
	}
	if waits || c.Bool("for-approval") {
		err = s.parkAll(name, k, list)
	} else {
		_, err = s.sendAll(c, name, list)
	}
	if err == nil && more > 0 {
		s.note("%s are left: run it again for them", plural(more, "answer", "answers"))
	}
	return err
}

// composePurges composes the purge of each answer, one behind the other in the
// author's chain.
func (s *session) composePurges(c *cli.Context, own []*desk.Reply, reason ledger.Reason) (list []ledger.Item, waits bool, err error) {
	by, err := s.signers(c)
	if err != nil {
		return nil, false, err
	}
	end, err := s.desk.Chain(c.Context, s.client, by.Author.ID())
	if err != nil {
		return nil, false, err
	}
	by.Chain = &end
	for _, r := range own {
		it, wait, err := composeFor(by, func(by desk.Officers) (ledger.Item, error) {
			return s.desk.Purge(c.Context, s.client, by, r.ID, reason)
		})
		if err != nil {
			return nil, false, err
		}
		list, waits = append(list, it), waits || wait
	}
	return list, waits, nil
}

// parkAll keeps statements of one author for a second officer.
func (s *session) parkAll(name string, k *desk.Case, list []ledger.Item) error {
	var records []draftRecord
	parked := uint64(time.Now().UnixMilli())
	for i, it := range list {
		d := &drafts.Draft{Item: it, Parked: parked}
		if err := s.drafts().Put(d); err != nil {
			for _, before := range list[:i] {
				err = errors.Join(err, s.drafts().Drop(before.Entry.ID))
			}
			return fmt.Errorf("%s was not sent: %w", name, err)
		}
		records = append(records, s.draftRecord(d))
	}
	if s.asJSON {
		return s.document(records)
	}
	s.say("%s", name)
	s.say("  WAITS      for a second officer of %s, until %s; nothing is sent", s.home.Bureau(), clock(records[0].Due))
	s.note("a supervisor of %s sends it: comity approve %s", s.home.Bureau(), k.Name())
	s.note("what this officer sends from here meanwhile has them signed again; from elsewhere: comity draft renew ID")
	return nil
}

// purgesOn returns the drafts that purge answers to the notice with a name, in the
// order in which they were signed, if those are all that wait about it and are of
// one author: only then can they be approved at once.
func (s *session) purgesOn(name string) []*drafts.Draft {
	list := s.draftsOn(name)
	for _, d := range list {
		st := d.Item.Entry.Statement
		if st.Class != ledger.ClassPurge || st.Author != list[0].Item.Entry.Statement.Author || d.Rejection != nil {
			return nil
		}
	}
	slices.SortFunc(list, func(a, b *drafts.Draft) int {
		return cmp.Compare(a.Item.Entry.Statement.Seq, b.Item.Entry.Statement.Seq)
	})
	return list
}
