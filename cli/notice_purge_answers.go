package cli

import (
	"fmt"

	"comity/ledger"
	"comity/node/desk"

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
	list, waits, err := s.composePurges(c, k, own, reason)
	if err != nil {
		return s.composing(name, err)
	}
	if len(list) == 1 {
		list[0].name = name
	}
	if waits || c.Bool("for-approval") {
		err = s.park(c, name, list)
	} else {
		err = s.sendAll(c, list, nothingKept)
	}
	if err == nil && more > 0 {
		s.note("%s are left: run it again for them", plural(more, "answer", "answers"))
	}
	return err
}

// nothingKept is for statements of which no draft is kept.
func nothingKept(int) error { return nil }

// composePurges composes the purge of each answer, one behind the other in the
// author's chain.
func (s *session) composePurges(c *cli.Context, k *desk.Case, own []*desk.Reply, reason ledger.Reason) (list []outgoing, waits bool, err error) {
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
		list, waits = append(list, outgoing{fmt.Sprintf("the purge of answer %.8s to %s", r.ID, k.Name()), it}), waits || wait
	}
	return list, waits, nil
}
