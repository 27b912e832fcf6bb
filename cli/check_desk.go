package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
	"comity/node/desk/remote"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

// openAtDesk makes ready to check at the bureau's desk. A report is sealed, signed
// and kept here all the same, by a replica that opens nothing.
func (k *border) openAtDesk(c *cli.Context) error {
	if c.Bool("fresh") {
		return hint(usagef("--fresh is for a check on this machine: the desk follows its node all the time"), "how fresh it is: comity desk status")
	}
	if err := k.readCases(c.Context); err != nil || k.officer == nil {
		return err
	}
	if err := k.openDesk(c.Context); err != nil {
		return err
	}
	size, err := k.desk.Size()
	if err == nil && size == 0 {
		k.sync(c.Context)
	}
	return err
}

// readings is in how many ways the zone can be read, 0 where there is no doubt.
func (a *asked) readings() int {
	if len(a.others) == 0 {
		return 0
	}
	return 1 + len(a.others)
}

// askAll answers checks, each in its place, and asks for every reading of a zone. A
// subject becomes the reading of which somebody is known.
func (k *border) askAll(ctx context.Context, subjects []*asked) (out []remote.Checked, fresh time.Time, err error) {
	var all []*asked
	for _, s := range subjects {
		all = append(append(all, s), s.others...)
	}
	answers := make([]remote.Checked, 0, len(all))
	for part := range slices.Chunk(all, wire.MaxChecks) {
		list, at, err := k.ask(ctx, part)
		if err != nil {
			return nil, fresh, err
		}
		answers, fresh = append(answers, list...), at
	}
	for _, s := range subjects {
		mine := answers[:1+len(s.others)]
		answers = answers[len(mine):]
		out = append(out, s.merge(mine))
	}
	return out, fresh, nil
}

// merge makes one answer of those to each reading.
func (a *asked) merge(answers []remote.Checked) remote.Checked {
	if len(answers) == 1 {
		return answers[0]
	}
	hit := slices.IndexFunc(answers, func(c remote.Checked) bool { return c.Err == nil && len(c.Answer.Hits) > 0 })
	if hit < 0 {
		return remote.Checked{Err: a.unsure}
	}
	if hit > 0 {
		a.repaired = a.others[hit-1].repaired
	}
	first := answers[hit].Answer
	for _, c := range answers[hit+1:] {
		if c.Err != nil {
			continue
		}
		first.Full = first.Full || c.Answer.Full
		for _, h := range c.Answer.Hits {
			if !slices.ContainsFunc(first.Hits, func(x desk.Sighting) bool { return x.ID == h.ID }) {
				first.Hits = append(first.Hits, h)
			}
		}
	}
	rank := func(h desk.Sighting) int { // those to be protected stay first
		if h.Action == notice.Protect {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(first.Hits, func(x, y desk.Sighting) int { return cmp.Compare(rank(x), rank(y)) })
	return answers[hit]
}

// ask answers checks, each in its place. fresh is when the desk last heard that there
// is nothing newer; a check on this machine leaves that to who follows the node.
func (k *border) ask(ctx context.Context, subjects []*asked) (out []remote.Checked, fresh time.Time, err error) {
	if k.remote == nil {
		r := k.ownReader()
		for _, s := range subjects {
			a, err := r.Check(ctx, &s.Subject, time.Now())
			out = append(out, remote.Checked{Answer: a, Err: err})
		}
		return out, fresh, nil
	}
	list := make([]wire.CheckSubject, len(subjects))
	for i, s := range subjects {
		q := s.question
		list[i] = wire.CheckSubject{MRZ: q.MRZ, Doc: q.Doc, Country: q.Country, Name: q.Name, Born: q.DOB}
	}
	limited, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	return k.remote.Check(limited, list)
}

// checkLimit bounds how long an officer waits for the desk.
const checkLimit = 5 * time.Second

// knows gets the notice that a report is about into the replica here, which may be
// behind the desk.
func (k *border) knows(ctx context.Context, id ledger.ID) error {
	n, err := k.desk.Notice(id)
	if err != nil || n != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, deliverLimit)
	defer cancel()
	if err := k.desk.Sync(limited, k.client, nil); err != nil {
		return fmt.Errorf("the replica here does not have the notice yet: %w", err)
	}
	return nil
}
