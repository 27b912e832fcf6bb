package desk

import (
	"context"
	"fmt"

	"comity/ledger/index"
	"comity/ledger/state"
	"comity/node/desk/readlog"
)

// Inbox returns the first limit tasks (0: all) of the bureau whose keys this desk
// has, as [Inbox] does of all cases, and how many there are in all.
func (d *Desk) Inbox(ctx context.Context, bureau string, asOf uint64, limit int) ([]Waiting, int, error) {
	return d.InboxAs(ctx, readlog.AllParts, nil, bureau, asOf, limit)
}

// InboxAs is Inbox for somebody who may read these parts only, with the tasks that
// does takes; nil takes all. It opens the cases
// in which an answer is still to come, which wait for reviewers, or of which the
// bureau's own review comes up; of what it has yet to read, the most urgent and
// oldest, until there is enough. Those that are beyond are counted as the index
// has them.
func (d *Desk) InboxAs(ctx context.Context, p readlog.Parts, does func(Task) bool, bureau string, asOf uint64, limit int) (list []Waiting, total int, err error) {
	err = d.mended(func() (err error) { list, total, err = d.inbox(ctx, p, does, bureau, asOf, limit); return err })
	if err != nil {
		return nil, 0, fmt.Errorf("read inbox: %w", err)
	}
	return list, total, nil
}

func (d *Desk) inbox(ctx context.Context, p readlog.Parts, does func(Task) bool, bureau string, asOf uint64, limit int) ([]Waiting, int, error) {
	if err := d.Index(ctx, nil); err != nil {
		return nil, 0, err
	}
	own, err := d.ownBureau(d.opener.keys())
	if err != nil {
		return nil, 0, err
	}
	out := newBest(limit, compareWaiting)
	take := func(c *Case) bool {
		if p != readlog.AllParts {
			c = c.Only(p)
		}
		for _, w := range c.waiting(bureau, asOf) {
			if does == nil || does(w.Task) {
				out.add(w)
			}
		}
		return true
	}
	if own != bureau || own == "" { // what the index knows is of another bureau, or there is none
		list, err := d.walk(ctx, Filter{})
		for _, c := range list {
			take(c)
		}
		return out.sorted(), out.total, err
	}
	head, err := state.ReadHead(d.store)
	if err != nil {
		return nil, 0, fmt.Errorf("read replica: %w", err)
	}
	today := uint32(head.Time / dayMS)
	soon := uint32(min(asOf/dayMS, 1<<31)) + state.DueDays + 1
	for _, next := range []func(ix *index.Index, last *index.Notice) ([]*index.Notice, error){
		func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
			return ix.Pending(before(last), walkStep)
		},
		func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
			return ix.Submitted(today, before(last), walkStep)
		},
		func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
			return ix.Ending(bureau, today, soon, last, walkStep)
		},
	} {
		if err := d.pages(ctx, walkStep, next, take); err != nil {
			return nil, 0, err
		}
	}
	opened, unread := 0, 0
	step := stepOf(limit)
	err = d.pages(ctx, step, func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
		return ix.Unread(today, last, step)
	}, func(c *Case) bool {
		opened++
		before := out.total
		take(c)
		unread += out.total - before
		return limit == 0 || unread < limit // those that follow come later in the inbox, too
	})
	if err != nil {
		return nil, 0, err
	}
	var beyond int
	err = d.withIndex(func(ix *index.Index) (err error) { beyond, err = ix.CountUnread(today); return err })
	return out.sorted(), out.total + max(0, beyond-opened), err
}

const dayMS = 24 * 60 * 60 * 1000
