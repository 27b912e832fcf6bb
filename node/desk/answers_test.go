package desk

import (
	"bytes"
	"context"
	"testing"

	"comity/ledger"
	"comity/ledger/notice"
)

// A bureau that is not asked holds every answer and learns from none what it is,
// what it answers, or for whom: of the two bureaus it sees who wrote, as of
// everything in the log, and that the answers look alike.
func TestAnswersTellNothing(t *testing.T) {
	ctx := context.Background()
	n, offices := newOffices(t, 3)
	xa, xb, xc := offices[0], offices[1], offices[2]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today))).String()
	other := notice.ChildCase(today)
	other.Reference, other.Readers = "LT-0302", notice.Readers{"XA", "XC"}
	xa.send(xa.Publish(ctx, xa.c, xa.both(), other))

	scope := &notice.Scope{Uses: []notice.Use{notice.UseEvidence}, For: "court of XB"}
	both := notice.Readers{"XA", "XB"}
	var ids []ledger.ID
	say := func(o *office, r notice.Reply) string {
		r.Notice, r.Readers = id, both
		ids = append(ids, o.reply(r))
		return ids[len(ids)-1].String()
	}
	say(xb, notice.Reply{Type: notice.Ack})
	hit := say(xb, notice.Reply{Type: notice.Hit, Match: "passport", Text: "lane 4"})
	say(xa, notice.Reply{Type: notice.NeedsTime, Hit: hit})
	say(xa, notice.Reply{Type: notice.Confirm, Hit: hit})
	say(xb, notice.Reply{Type: notice.Outcome, Hit: hit, Text: "located, safe"})
	ask := say(xb, notice.Reply{Type: notice.ConsentAsk, Scope: scope, Text: "hearing"})
	say(xa, notice.Reply{Type: notice.ConsentRefuse, Request: ask, Text: "no"})
	person := say(xb, notice.Reply{Type: notice.RequestReceive, Right: notice.RightAccess, Text: "what is held"})
	say(xb, notice.Reply{Type: notice.RequestAsk, Request: person})
	say(xa, notice.Reply{Type: notice.RequestDecide, Request: person, Decision: notice.DecideRefuse, Text: "a reason"})

	syncDesk(t, xc.Desk, n)
	cases, err := xc.Cases(ctx, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if len(c.Replies) > 0 {
			t.Errorf("XC opens replies to %s: %+v", c.Name(), c.Replies)
		}
	}
	if got := xa.look("LT-0301"); len(got.Replies) != len(ids) {
		t.Fatalf("XA opens %d replies, want %d", len(got.Replies), len(ids))
	}
	sizes := make(map[int]bool)
	total := size(t, xc)
	for i := range total {
		_, e, err := xc.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		if e.Statement.Class != ledger.ClassReply {
			continue
		}
		body, err := xc.Body(i)
		if err != nil {
			t.Fatal(err)
		}
		sizes[len(body)] = true
		if e.Statement.Target != (ledger.ID{}) || len(e.Statement.Public) != 0 {
			t.Errorf("entry %d shows what it answers", i)
		}
		for _, known := range append(ids, cases[0].ID, cases[1].ID) {
			if e.ID != known && bytes.Contains(append(e.Statement.Marshal()[200:], body...), known[:]) {
				t.Errorf("entry %d holds the id of an entry in the clear", i)
			}
		}
		if r := xc.openReply(i, xc.opener.keys()); r != nil {
			t.Errorf("XC opens entry %d: %+v", i, r)
		}
	}
	if len(sizes) != 1 {
		t.Errorf("short answers have sizes %v: they tell what they are", sizes)
	}
	if list, _, err := xc.Events(ctx, Cursor{Next: cases[0].Index}, n.now+1<<40); err != nil || len(list) != 1 || list[0].Kind != "publish" {
		t.Errorf("XC is told %d events, %v; want the one notice that is for it", len(list), err)
	}
}
