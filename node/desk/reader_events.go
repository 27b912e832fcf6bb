package desk

import (
	"context"
	"reflect"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk/readlog"
)

// Never is the deadline where there is none.
const Never = 1<<63 - 1

// maxEvents bounds the events that a reader is given at once.
const maxEvents = 256

// News is what happened after a cursor, as one reader is told it.
type News struct {
	Events []Event
	After  Cursor // behind all of it
	Size   uint64 // of the replica: while After.Next is short of it, or there are Events, there may be more
	Due    uint64 // the next deadline that is still to come, POSIX ms; [Never] for none
}

// Events returns what comes after a cursor, some hundred events of it at most, see
// [Desk.Events]. What replies say is recorded; who may not read bodies is told who
// answered, when and of which type, and of no deadlines. quiet is the Due of the
// answer before, 0 at first: until then an unchanged replica has nothing to tell.
func (r *Reader) Events(ctx context.Context, at Cursor, asOf, quiet uint64, purpose string) (*News, error) {
	size, err := r.Desk.Size()
	if err != nil {
		return nil, err
	}
	if at.Next == size && at.Checked == size && quiet != 0 && asOf < quiet {
		return &News{After: at, Size: size, Due: quiet}, nil
	}
	list, end, err := r.Desk.Events(ctx, at, asOf)
	if err != nil {
		return nil, err
	}
	n := &News{After: end, Size: size}
	list = r.told(list)
	if some := firstOf(list, at, maxEvents); len(some) < len(list) {
		list, n.After = some, some[len(some)-1].After
	}
	n.Events = list
	var reads []readlog.Read
	for i := range list {
		if e := &list[i]; e.Reply != nil && !saysNothing(e.Reply) {
			reads = append(reads, r.read(e.Case, readlog.Told, purpose, readlog.PartsOf(seal.Body), e.Index))
		}
	}
	if err := r.record(purpose, reads); err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Case = list[i].Case.Brief()
	}
	if n.Due = Never; r.parts().Has(seal.Body) {
		n.Due, err = r.Desk.nextDue(ctx, n.After.AsOf)
	}
	return n, err
}

// firstOf returns the first of the events that come after a cursor: as many as most,
// and beyond that only until the cursor stands behind the last of them.
func firstOf(list []Event, at Cursor, most int) []Event {
	for i := range list {
		if i >= most && at != list[i-1].After && (i < 2 || list[i-2].After != list[i-1].After) {
			return list[:i]
		}
	}
	return list
}

// told returns the events with no more in them than the reader may be given.
func (r *Reader) told(list []Event) (out []Event) {
	for _, e := range list {
		whole := e.Case
		e.Case = whole.Only(r.parts())
		if e.Case.Reference() == "" && whole.Reference() != "" {
			continue // a purge took the name of others: they were known before
		}
		if !r.parts().Has(seal.Body) {
			if e.Kind == "escalated" || e.Kind == ledger.ClassReview.String() {
				continue
			}
			if e.Alarm = ""; e.Reply != nil {
				e.Reply = Reply{Reply: e.Reply}.Bare().Reply
			}
		}
		out = append(out, e)
	}
	return out
}

// saysNothing reports whether a reply holds no more than who answers what, and when.
// A field that is not named here says something.
func saysNothing(r *notice.Reply) bool {
	return reflect.DeepEqual(r, &notice.Reply{Type: r.Type, Notice: r.Notice, Hit: r.Hit, Request: r.Request, At: r.At, Readers: r.Readers})
}

// nextDue returns the next deadline that has not passed at a time.
func (d *Desk) nextDue(ctx context.Context, asOf uint64) (uint64, error) {
	cases, err := d.Pending(ctx)
	if err != nil {
		return 0, err
	}
	due := uint64(Never)
	add := func(l *notice.Deadline, open bool) {
		if open && l.Escalated == 0 && l.Due > 0 && l.Due < due {
			due = l.Due
		}
	}
	for _, k := range cases {
		th := k.Thread(asOf)
		for _, h := range th.Hits {
			add(&h.Deadline, h.Open())
		}
		for _, a := range th.Consents {
			add(&a.Deadline, a.Open())
		}
		for _, q := range th.Requests {
			add(&q.Deadline, q.Decision == nil)
		}
	}
	return due, nil
}
