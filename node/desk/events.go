package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/index"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// Event is something that happened on the ledger and that the keys of this desk
// open, or a deadline that passed.
type Event struct {
	ID     string // the entry's index, or for a deadline the hit's id and the time: the same wherever and whenever it is told
	Kind   string // class of the entry, type of the reply, or "escalated"
	Index  uint64 // of the entry; of a deadline that of the hit or request
	Time   uint64 // ledger time of the entry, or the deadline; POSIX ms
	Bureau string // who wrote it; whose hit or request it is
	What   string // of an act on the notice's life: "approve", "suspend, as reviewers"
	Case   *Case
	Entry  ledger.ID     // of the reply; of the hit or request of a deadline
	Reply  *notice.Reply // nil for what is no reply
	Void   string        // why the reply does not count
	Alarm  string        // rules that an export breaks

	After Cursor // where to go on once this event was handed on
}

// Cursor is how far a watcher is: it is kept between runs, so that no event is
// lost and none told twice. The zero Cursor is the beginning of the ledger.
type Cursor struct {
	Next    uint64 `json:"next"`    // entries before it were told
	Checked uint64 `json:"checked"` // deadlines of entries before it were looked at ...
	AsOf    uint64 `json:"as_of"`   // ... for this time, POSIX ms
}

// ErrCursor is returned for a cursor that is ahead of the replica.
var ErrCursor = errors.New("the cursor is of another ledger, or the replica was made anew")

// eventStep bounds how many entries one call looks at.
const eventStep = 1024

// Events returns what comes after a cursor, in log order, then the deadlines
// that passed until asOf, and the cursor behind all of it. It looks at some
// thousand entries; while the returned cursor's Next is short of [Desk.Size],
// there is more, and deadlines wait until the end is reached.
func (d *Desk) Events(ctx context.Context, at Cursor, asOf uint64) ([]Event, Cursor, error) {
	size, err := d.Size()
	if err != nil {
		return nil, at, err
	}
	if at.Next > size {
		return nil, at, fmt.Errorf("%w: it is at entry %d, and the replica has %d", ErrCursor, at.Next, size)
	}
	until := min(size, at.Next+eventStep)
	entries := make([]logged, 0, until-at.Next)
	for i := at.Next; i < until; i++ {
		ms, e, err := d.store.Entry(i)
		if err != nil {
			return nil, at, fmt.Errorf("read entry %d: %w", i, err)
		}
		entries = append(entries, logged{i, ms, e})
	}
	end := Cursor{until, at.Checked, at.AsOf}
	if until == size {
		end.Checked, end.AsOf = size, max(at.AsOf, asOf)
	}
	var list []Event
	err = d.mended(func() error {
		if err := d.Index(ctx, nil); err != nil {
			return err
		}
		cases, err := d.casesOf(ctx, entries)
		if err != nil {
			return err
		}
		list = eventsOf(entries, cases, at)
		if end.Checked != end.Next {
			return nil
		}
		var late []Event
		if err := d.eachPending(ctx, func(c *Case) { late = append(late, passed(c, at, end)...) }); err != nil {
			return err
		}
		list = append(list, inTurn(late, at, end)...)
		return nil
	})
	if err != nil {
		return nil, at, fmt.Errorf("read cases: %w", err)
	}
	return list, end, nil
}

// logged is an entry where it stands.
type logged struct {
	index, time uint64
	*ledger.Entry
}

// casesOf returns the cases that entries are about and of which a version is open.
func (d *Desk) casesOf(ctx context.Context, entries []logged) ([]*Case, error) {
	if len(compartmentsOf(d.opener.keys())) == 0 {
		return nil, nil
	}
	wanted := make(map[uint64]bool)
	want := func(id ledger.ID) error {
		n, err := d.Notice(id)
		if n != nil {
			wanted[n.Index] = true
		}
		return err
	}
	var replies []uint64
	for _, e := range entries {
		var err error
		switch e.Statement.Class {
		case ledger.ClassPublish:
			wanted[e.index] = true
		case ledger.ClassReply:
			replies = append(replies, e.index)
		default:
			err = want(e.Statement.Target)
		}
		if err != nil {
			return nil, err
		}
	}
	opened, err := d.openReplies(ctx, replies)
	if err != nil {
		return nil, err
	}
	for _, r := range opened {
		if r == nil {
			continue
		}
		if id, err := keys.ParseID(r.Notice); err == nil {
			if err := want(ledger.ID(id)); err != nil {
				return nil, err
			}
		}
	}
	var page []*index.Notice
	err = d.withIndex(func(ix *index.Index) (err error) {
		page, err = notices(ix, slices.Sorted(maps.Keys(wanted)))
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.pageCases(ctx, page, Filter{})
}

// eachPending visits the cases to which an answer is still to come, and perhaps
// others, newest first. It holds a page of them at a time.
func (d *Desk) eachPending(ctx context.Context, visit func(*Case)) error {
	return d.pages(ctx, walkStep, func(ix *index.Index, last *index.Notice) ([]*index.Notice, error) {
		return ix.Pending(before(last), walkStep)
	}, func(c *Case) bool {
		visit(c)
		return true
	})
}

// Pending returns the cases to which an answer is still to come, and perhaps
// others, in log order.
func (d *Desk) Pending(ctx context.Context) (list []*Case, err error) {
	err = d.mended(func() error {
		if err := d.Index(ctx, nil); err != nil {
			return err
		}
		list = nil
		return d.eachPending(ctx, func(c *Case) { list = append(list, c) })
	})
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}

// Answer returns the reply with an id and the case that it is on, [ErrNoCase] if
// the keys open no such reply.
func (d *Desk) Answer(ctx context.Context, id ledger.ID) (*Case, *Reply, error) {
	at, ok, err := state.ReadIndex(d.store, id)
	if err != nil {
		return nil, nil, fmt.Errorf("read reply %s: %w", id.Short(), err)
	}
	var cases []*Case
	if ok {
		err = d.mended(func() error {
			if err := d.Index(ctx, nil); err != nil {
				return err
			}
			ms, e, err := d.store.Entry(at)
			if err == nil {
				cases, err = d.casesOf(ctx, []logged{{at, ms, e}})
			}
			return err
		})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read reply %s: %w", id.Short(), err)
	}
	for _, c := range cases {
		for i := range c.Replies {
			if c.Replies[i].ID == id {
				return c, &c.Replies[i], nil
			}
		}
	}
	return nil, nil, ErrNoCase
}

// eventsOf is the events of entries. It is a pure function: the same log gives
// the same events.
func eventsOf(entries []logged, cases []*Case, from Cursor) []Event {
	byID := make(map[ledger.ID]*Case, len(cases))
	type answer struct {
		c *Case
		r *Reply
	}
	answers := make(map[uint64]answer)
	for _, c := range cases {
		byID[c.ID] = c
		for i := range c.Replies {
			answers[c.Replies[i].Index] = answer{c, &c.Replies[i]}
		}
	}
	var list []Event
	for _, e := range entries {
		ev := Event{ID: strconv.FormatUint(e.index, 10), Kind: e.Statement.Class.String(), Index: e.index, Time: e.time, Entry: e.ID,
			After: Cursor{e.index + 1, from.Checked, from.AsOf}}
		if e.Statement.Class == ledger.ClassReply {
			a := answers[e.index]
			if a.r == nil {
				continue // not for us
			}
			ev.Kind, ev.Bureau, ev.Case, ev.Reply, ev.Void = string(a.r.Type), a.r.Bureau, a.c, a.r.Reply, a.r.Void
			ev.Alarm = a.r.Alarm
		} else {
			id := e.Statement.Target
			if e.Statement.Class == ledger.ClassPublish {
				id = e.ID
			}
			c := byID[id]
			// Its purge takes the name of a notice, and leaves answers to it.
			left := c != nil && e.Statement.Class == ledger.ClassPurge && len(c.Replies) > 0
			if c == nil || c.Reference() == "" && !left {
				continue // sealed to others, or about a key
			}
			ev.Bureau, ev.Case = c.Bureau, c
			for i := range c.Acts { // reviewers and oversight are of other bureaus
				if c.Acts[i].Index == e.index {
					ev.Bureau, ev.What = c.Acts[i].Bureau, c.Acts[i].What
				}
			}
		}
		list = append(list, ev)
	}
	return list
}

// passed returns the deadlines of a case that nobody kept, each once: those that
// passed since the last look, and those of entries that came since.
func passed(c *Case, from, to Cursor) []Event {
	var list []Event
	if len(c.Replies) == 0 {
		return nil
	}
	add := func(f *notice.Filed, d *notice.Deadline, open bool) {
		if !open || d.Escalated == 0 || d.Escalated > to.AsOf || d.Escalated < from.AsOf && f.Index < from.Checked {
			return
		}
		ev := Event{ID: fmt.Sprintf("%.16s@%d", f.ID, d.Escalated), Kind: "escalated", Index: f.Index, Time: d.Escalated,
			Bureau: f.Bureau, Case: c, Reply: f.Reply}
		for _, r := range c.Replies {
			if r.Index == f.Index {
				ev.Entry = r.ID
			}
		}
		list = append(list, ev)
	}
	t := c.Thread(to.AsOf)
	for _, h := range t.Hits {
		add(&h.Filed, &h.Deadline, h.Open())
	}
	for _, k := range t.Consents {
		add(&k.Filed, &k.Deadline, k.Open())
	}
	for _, r := range t.Requests {
		add(&r.Filed, &r.Deadline, r.Decision == nil)
	}
	return list
}

// inTurn puts deadlines in an order in which a cursor can stand between them: those
// of entries that were looked at before, by their time, then those of later entries.
// The cursor stays before deadlines of one time until the last of them is told: who
// is stopped among them is told the first again, and never loses one.
func inTurn(list []Event, from, to Cursor) []Event {
	rank := func(e *Event) (late bool, at uint64) {
		if e.Index < from.Checked {
			return false, e.Time
		}
		return true, e.Index
	}
	slices.SortFunc(list, func(a, b Event) int {
		lateA, atA := rank(&a)
		lateB, atB := rank(&b)
		if lateA != lateB {
			if lateB {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(atA, atB), cmp.Compare(a.Index, b.Index))
	})
	at := Cursor{to.Next, from.Checked, from.AsOf}
	for i := range list {
		late, place := rank(&list[i])
		switch last := i == len(list)-1; {
		case last:
			at = to
		case late:
			at.AsOf = to.AsOf
			if list[i+1].Index != place {
				at.Checked = place + 1
			}
		case list[i+1].Index >= from.Checked || list[i+1].Time != place:
			at.AsOf = place + 1
		}
		list[i].After = at
	}
	return list
}
