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
// in which an answer is still to come, or of which the bureau's own review comes up;
// of what it has yet to read, or to judge, the most urgent and oldest, until there is
// enough. Those that are beyond are counted as the index has them.
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
	take := func(c *Case, only Task) (tasks int) {
		if p != readlog.AllParts {
			c = c.Only(p)
		}
		for _, w := range c.waiting(bureau, asOf) {
			if (does == nil || does(w.Task)) && (only == "" || w.Task == only) {
				out.add(w)
				tasks++
			}
		}
		return tasks
	}
	all := func(c *Case) bool {
		take(c, "")
		return true
	}
	if own != bureau || own == "" { // what the index knows is of another bureau, or there is none
		list, err := d.walk(ctx, Filter{})
		for _, c := range list {
			all(c)
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
			return ix.Ending(bureau, today, soon, last, walkStep)
		},
	} {
		if err := d.pages(ctx, walkStep, next, all); err != nil {
			return nil, 0, err
		}
	}
	var unread, judge int
	err = d.withIndex(func(ix *index.Index) (err error) { unread, judge, err = ix.CountWaiting(today); return err })
	if err != nil {
		return nil, 0, err
	}
	total := out.total
	for _, list := range []struct {
		task  Task
		count int
		next  func(ix *index.Index, day uint32, behind *index.Notice, limit int) ([]*index.Notice, error)
	}{{TaskRead, unread, (*index.Index).Unread}, {TaskJudge, judge, (*index.Index).Judge}} {
		if does != nil && !does(list.task) {
			continue
		}
		step, opened, tasks := stepOf(limit), 0, 0
		err := d.pages(ctx, step, func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
			return list.next(ix, today, last, step)
		}, func(c *Case) bool {
			opened++
			tasks += take(c, list.task)
			return limit == 0 || tasks < limit // those that follow come later in the inbox, too
		})
		if err != nil {
			return nil, 0, err
		}
		total += tasks + max(0, list.count-opened)
	}
	return out.sorted(), total, nil
}

const dayMS = 24 * 60 * 60 * 1000
