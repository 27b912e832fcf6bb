package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// inbox returns what waits for the office, "TASK NOTICE due in minutes".
func (o *office) inbox(minutes int) string {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	cases, err := o.Cases(context.Background(), Filter{})
	if err != nil {
		o.t.Fatal(err)
	}
	asOf := o.node.now + uint64(minutes)*60_000
	all := Inbox(cases, o.Code, asOf)
	for _, limit := range []int{0, 1} { // what the index leads to is the same
		list, total, err := o.Inbox(context.Background(), o.Code, asOf, limit)
		if err != nil || total != len(all) || tasksText(list) != tasksText(all[:len(list)]) || len(list) < min(limit, total) || limit == 0 && len(list) != total {
			o.t.Errorf("inbox of %s, limit %d: %s (%d), %v; of all cases %s", o.Code, limit, tasksText(list), total, err, tasksText(all))
		}
	}
	var out []string
	for _, w := range all {
		text := string(w.Task) + " " + w.Case.Name()
		if w.Escalated {
			text = "ESCALATED " + text
		}
		if w.Due > 0 && w.Task != TaskReview {
			text += fmt.Sprintf(" %d", (int64(w.Due)-int64(asOf))/60_000)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func tasksText(list []Waiting) string {
	var out []string
	for _, w := range list {
		out = append(out, fmt.Sprint(w.Task, w.Case.ID.Short(), w.ID, w.Bureau, w.Urgency, w.Since, w.Due, w.Escalated))
	}
	return strings.Join(out, "; ")
}

func (o *office) reply(r notice.Reply) ledger.ID {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	return o.send(o.Reply(context.Background(), o.c, o.officers(), &r))
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// The answers to a child's notice, from the first reading to the outcome, as
// each bureau's inbox shows them.
func TestInbox(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today))).String()
	want(t, "the origin", xa.inbox(0), "")
	want(t, "a reader", xb.inbox(0), "read notice LT-0301")
	want(t, "a stranger", xc.inbox(0), "")

	xb.reply(notice.Reply{Type: notice.Ack, Notice: id})
	want(t, "after the ack", xb.inbox(0), "")
	hit := xb.reply(notice.Reply{Type: notice.Hit, Notice: id, Match: "passport"}).String()
	want(t, "the origin has 10 minutes", xa.inbox(10), "decide hit LT-0301 0")
	want(t, "and then is told so", xa.inbox(11), "ESCALATED decide hit LT-0301 -1")
	want(t, "the finder waits", xb.inbox(10), "")
	want(t, "and then calls", xb.inbox(11), "ESCALATED call the origin LT-0301 -1")
	want(t, "a stranger learns nothing", xc.inbox(11), "")

	xa.reply(notice.Reply{Type: notice.NeedsTime, Notice: id, Hit: hit, Readers: notice.Readers{"XB"}})
	want(t, "time again", xa.inbox(10), "decide hit LT-0301 0")
	xa.reply(notice.Reply{Type: notice.Confirm, Notice: id, Hit: hit, Readers: notice.Readers{"XB"}})
	want(t, "decided", xa.inbox(99), "")
	want(t, "the finder reports", xb.inbox(99), "report outcome LT-0301")
	xb.reply(notice.Reply{Type: notice.Outcome, Notice: id, Hit: hit, Text: "located, safe"})
	want(t, "done", xb.inbox(99), "")

	ask := xb.reply(notice.Reply{Type: notice.ConsentAsk, Notice: id, Text: "hearing on Friday",
		Scope: &notice.Scope{Uses: []notice.Use{notice.UseEvidence}, For: "court of XB"}}).String()
	want(t, "asked for consent", xa.inbox(11), "ESCALATED answer consent LT-0301 -1")
	want(t, "no consent by silence", xb.inbox(11), "ESCALATED chase consent LT-0301 -1")
	xa.reply(notice.Reply{Type: notice.ConsentRefuse, Notice: id, Request: ask, Text: "the child's name", Readers: notice.Readers{"XB"}})
	want(t, "refused", xb.inbox(99)+xa.inbox(99), "")

	person := xb.reply(notice.Reply{Type: notice.RequestReceive, Notice: id, Right: notice.RightCorrection, Text: "wrong birth date"}).String()
	want(t, "a person came", xb.inbox(0), "ask the origin LT-0301")
	want(t, "not the origin's yet", xa.inbox(0), "")
	xb.reply(notice.Reply{Type: notice.RequestAsk, Notice: id, Request: person})
	want(t, "the origin decides", xa.inbox(31*24*60), "ESCALATED decide request LT-0301 -1440")
	xa.reply(notice.Reply{Type: notice.RequestDecide, Notice: id, Request: person, Decision: notice.DecideGrant, Text: "it is", Readers: notice.Readers{"XB"}})
	want(t, "and does it", xa.inbox(0), "execute request LT-0301")
	xa.reply(notice.Reply{Type: notice.RequestExecute, Notice: id, Request: person, Text: "amended", Readers: notice.Readers{"XB"}})
	want(t, "all done", xa.inbox(0)+xb.inbox(0)+xc.inbox(0), "")

	c := xa.look("LT-0301")
	review := c.View.ReviewBy()
	day, err := time.Parse(time.DateOnly, review.String())
	if err != nil {
		t.Fatal(err)
	}
	spoke := time.UnixMilli(int64(c.Time)).UTC()
	before := spoke.Add(day.AddDate(0, 0, 1).Sub(spoke) / 2).Add(time.Millisecond) // it is for less than a year
	for _, tt := range []struct {
		at   time.Time
		want string
	}{{before.Add(-time.Second), ""}, {before, "review notice false"}, {day.Add(-time.Second), "review notice false"}, {day, "review notice true"}} {
		var got string
		for _, w := range Inbox([]*Case{c}, "XA", uint64(tt.at.UnixMilli())) {
			got = fmt.Sprint(w.Task, " ", w.Escalated)
		}
		want(t, tt.at.String(), got, tt.want)
	}
	xa.send(xa.Amend(ctx, xa.c, xa.both(), c.ID, notice.ChildCase(today)))
	want(t, "a new version is unread", xb.inbox(0), "read notice LT-0301")
}

// What is escalated comes first, then what is urgent, then what is due.
func TestInboxOrder(t *testing.T) {
	sorted := []Waiting{
		{ID: "a", Escalated: true, Urgency: ledger.U1, Due: 9}, {ID: "b", Urgency: ledger.U3, Due: 5}, {ID: "c", Urgency: ledger.U3, Due: 7},
		{ID: "d", Urgency: ledger.U3}, {ID: "e", Urgency: ledger.U0, Due: 1, Since: 1}, {ID: "f", Urgency: ledger.U0, Due: 1, Since: 2},
	}
	list := slices.Clone(sorted)
	slices.Reverse(list)
	SortWaiting(list)
	for i, w := range list {
		if w.ID != sorted[i].ID {
			t.Fatalf("got %v", list)
		}
	}
}

// told returns the kinds of what comes after a cursor, and moves it on as a
// watcher does: behind each event that it has handed on.
func (o *office) told(at *Cursor, asOf uint64) string {
	o.t.Helper()
	syncDesk(o.t, o.Desk, o.node)
	var out []string
	list, end, err := o.Events(context.Background(), *at, asOf)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range list {
		kind := e.Kind
		if e.Void != "" {
			kind += " void"
		}
		if e.Case == nil || e.ID == "" || e.Entry == (ledger.ID{}) {
			o.t.Errorf("event %+v", e)
		}
		out = append(out, kind)
	}
	*at = end
	return strings.Join(out, ", ")
}

func TestEvents(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	var a, b, c Cursor
	want(t, "keys are no events", xa.told(&a, 0), "")
	pub := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	id := pub.String()
	hit := xb.reply(notice.Reply{Type: notice.Hit, Notice: id, Match: "passport"}).String()
	want(t, "the origin", xa.told(&a, n.now), "publish, hit")
	want(t, "told once", xa.told(&a, n.now), "")
	due := n.now + 10*60_000
	want(t, "in time", xa.told(&a, due), "")
	want(t, "a deadline", xa.told(&a, due+1), "escalated")
	want(t, "told once", xa.told(&a, due+2), "")
	want(t, "a clock that goes back", xa.told(&a, due-5), "")
	want(t, "all at once", xb.told(&b, due+1), "publish, hit, escalated")
	want(t, "a stranger", xc.told(&c, due+1), "")

	// A hit that reaches the desk when its time is over already.
	second := xb.reply(notice.Reply{Type: notice.Hit, Notice: id, Match: "photograph"}).String()
	late := n.now + 11*60_000
	want(t, "late news", xa.told(&a, late), "hit, escalated")
	xa.reply(notice.Reply{Type: notice.Negative, Notice: id, Hit: second, Readers: notice.Readers{"XB"}})
	xb.reply(notice.Reply{Type: notice.Confirm, Notice: id, Hit: hit})
	want(t, "decided", xa.told(&a, late+1), "negative, confirm void")
	xa.send(xa.Withdraw(ctx, xa.c, xa.officers(), pub))
	want(t, "the end", xa.told(&a, late+1), "withdraw")

	// A watcher that is stopped behind any event goes on with the next one.
	for stop := 0; ; stop++ {
		var at Cursor
		first, end, err := xa.Events(ctx, at, late)
		if err != nil {
			t.Fatal(err)
		}
		if stop == len(first) {
			if end.Next != size(t, xa) || len(first) != 6+1 {
				t.Errorf("%d events, and the cursor at %d", len(first), end.Next)
			}
			break
		}
		rest, _, err := xa.Events(ctx, first[stop].After, late)
		if err != nil {
			t.Fatal(err)
		}
		var got, wanted []string
		for _, e := range rest {
			got = append(got, e.ID)
		}
		for _, e := range first[stop+1:] {
			wanted = append(wanted, e.ID)
		}
		if !slices.Equal(got, wanted) {
			t.Errorf("stopped behind event %d: got %q, want %q", stop, got, wanted)
		}
	}
	if _, _, err := xa.Events(ctx, Cursor{Next: 1 << 40}, late); err == nil {
		t.Error("a cursor beyond the end is taken")
	}
}

func size(t *testing.T, o *office) uint64 {
	t.Helper()
	n, err := o.Size()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A ledger at rest does not stop the time, nor does a clock that is slow.
func TestAsOf(t *testing.T) {
	n, offices := newOffices(t, 1)
	last := time.UnixMilli(int64(n.now))
	for _, tt := range []struct{ clock, want time.Time }{{last.Add(-time.Hour), last}, {last.Add(time.Hour), last.Add(time.Hour)}, {time.Time{}, last}} {
		if got := offices[0].AsOf(tt.clock); got != uint64(tt.want.UnixMilli()) {
			t.Errorf("by a clock that says %s: %d, want %d", tt.clock, got, tt.want.UnixMilli())
		}
	}
	empty := newTestDesk(t, n.Genesis)
	if got := empty.AsOf(time.Time{}); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

func BenchmarkInbox(b *testing.B) {
	list := make([]*Case, 100_000)
	p := &ledger.Publish{Urgency: ledger.U1, ReviewBy: 30_000}
	for i := range list {
		c := &Case{Term: 30_000, Index: uint64(10 * i), Bureau: "XA", Status: state.StatusActive, Public: p, View: new(notice.View), Versions: []Version{{Index: uint64(10 * i), Public: p}}}
		for r := range i % 4 { // a hit in half of them
			c.Replies = append(c.Replies, Reply{ID: ledger.ID{byte(i), byte(i >> 8), byte(r)}, Index: c.Index + 1 + uint64(r), Bureau: "XB", Reply: &notice.Reply{
				Type: []notice.ReplyType{notice.Ack, notice.Hit, notice.Ack}[r], Notice: c.ID.String(), Match: []string{"", "passport", ""}[r], At: today, Readers: notice.Readers{"XA", "XB"}}})
		}
		list[i] = c
	}
	for b.Loop() {
		if got := Inbox(list, "XA", 1<<41); len(got) == 0 {
			b.Fatal("nothing waits")
		}
	}
}
