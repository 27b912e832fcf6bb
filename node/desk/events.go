package desk

import (
	"context"
	"fmt"
	"strconv"

	"comity/ledger"
	"comity/ledger/notice"
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

// eventStep bounds how many entries one call looks at.
const eventStep = 4096

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
		return nil, at, fmt.Errorf("the cursor is at entry %d, and the replica has %d: it is of another ledger, or the replica was made anew", at.Next, size)
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
	cases, err := d.casesOf(ctx, entries, until == size)
	if err != nil {
		return nil, at, err
	}
	return eventsOf(entries, cases, at, end), end, nil
}

// logged is an entry where it stands.
type logged struct {
	index, time uint64
	*ledger.Entry
}

// casesOf returns the cases that entries are about, and, for deadlines, those
// that have any reply.
func (d *Desk) casesOf(ctx context.Context, entries []logged, answered bool) ([]*Case, error) {
	dockets, replies, err := d.catalog.read()
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	wanted := make(map[string]bool)
	var asked []uint64
	for _, e := range entries {
		switch e.Statement.Class {
		case ledger.ClassPublish:
			wanted[e.ID.String()] = true
		case ledger.ClassReply:
			asked = append(asked, e.index)
		default:
			wanted[e.Statement.Target.String()] = true
		}
	}
	if answered {
		asked = replies
	}
	opened, err := d.openReplies(ctx, asked)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	for _, r := range opened {
		if r != nil {
			wanted[r.Notice] = true
		}
	}
	var about []docket
	for _, k := range dockets {
		if wanted[k.id.String()] {
			about = append(about, k)
		}
	}
	return d.cases(ctx, about, replies, Filter{})
}

// Answered returns the cases that have any reply which these keys open.
func (d *Desk) Answered(ctx context.Context) ([]*Case, error) { return d.casesOf(ctx, nil, true) }

// eventsOf is the events of entries, and the deadlines that passed between two
// cursors. It is a pure function: the same log gives the same events.
func eventsOf(entries []logged, cases []*Case, from, to Cursor) []Event {
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
			if c == nil || c.Reference() == "" {
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
	if to.Checked == to.Next {
		list = append(list, passed(cases, from, to)...)
	}
	return list
}

// passed returns the deadlines that nobody kept, each once: those that passed
// since the last look, and those of entries that came since.
func passed(cases []*Case, from, to Cursor) []Event {
	var list []Event
	for _, c := range cases {
		if len(c.Replies) == 0 {
			continue
		}
		add := func(f *notice.Filed, d *notice.Deadline, open bool) {
			if !open || d.Escalated == 0 || d.Escalated > to.AsOf || d.Escalated < from.AsOf && f.Index < from.Checked {
				return
			}
			ev := Event{ID: fmt.Sprintf("%.16s@%d", f.ID, d.Escalated), Kind: "escalated", Index: f.Index, Time: d.Escalated,
				Bureau: f.Bureau, Case: c, Reply: f.Reply, After: to}
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
	}
	return list
}
