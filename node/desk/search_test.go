package desk

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/links"
	"comity/ledger/notice"
	"comity/ledger/query"
)

// TestSearchIsMatch compares what the index lets pass with the evaluator on
// every record.
func TestSearchIsMatch(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long, and one goroutine")
	}
	ctx := context.Background()
	_, offices := newOffices(t, 1)
	xa := offices[0]
	g := notice.NewGenerator(5, today)
	by := xa.both()
	end, err := xa.QueueEnd(by.Author.ID())
	if err != nil {
		t.Fatal(err)
	}
	by.Chain = end
	var items []ledger.Item
	for len(items) < 25 {
		n := g.Next()
		n.Origin = "XA"
		if n.FourEyes() || n.Validate(today) != nil {
			continue
		}
		if it, err := xa.Publish(ctx, nil, by, n); err == nil {
			items = append(items, it)
		}
	}
	child := notice.ChildCase(today)
	items = append(items, must(xa.Publish(ctx, nil, by, child)))
	xa.node.accept(t, items...)
	xa.node.finalise(t)
	xa.follow()
	cases, err := xa.Cases(ctx, Filter{Opened: true})
	if err != nil || len(cases) != 26 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	records := make([]*query.Record, len(cases))
	for i, c := range cases {
		records[i] = c.Record()
	}
	queries := []string{
		"music school", `"music school"`, "recruit*", "mus*", "LT-0301", "ref:LT-0301", "id:" + cases[3].ID.String()[:8], "doc:A30117745", "doc~A30117746",
		"phone:+99955508842", "country:XA", "country:XA NOT kind:yellow", "kind:yellow,blue dob:1980..1999", "dob:1990..", "dob~1990", "age:10..15",
		"name:sorrendahl", "name:Ilva OR doc:X99", "has:photo", "NOT has:dob", "text:school place:brack", "status:active name:ilva", "nothing-at-all",
		`"school music"`, "-name:ilva wynn", "(name:ilva OR name:wynn) phone:+99955508842", "bureau:XA school", "from:XC", "time:today", "urgency:U3", "school AND NOT music",
		"-kind:yellow", "country!=XA", "-has:photo -has:dob", "status:live -bureau:XB", "status:withdrawn", "-status:withdrawn kind:yellow", "status:expired OR kind:blue",
		"link:LT-0301", "-link:LT-0301 depth:2", "-(kind:yellow OR country:XC)", "phone~+99955508843", "has:minor", "text:school -(name:ilva country:XB)",
	}
	for _, r := range records {
		for _, n := range r.Names {
			queries = append(queries, fmt.Sprintf("name:%q", n.Text), fmt.Sprintf("%q", n.Text), fmt.Sprintf("name~%q -country:XA", n.Text))
		}
		for _, x := range r.Identifiers {
			queries = append(queries, fmt.Sprintf("%s:%q", x.Type, x.Text), fmt.Sprintf("%s~%q", x.Type, x.Text[:len(x.Text)-1]))
		}
		for _, b := range r.Births {
			queries = append(queries, "dob:"+b.Date.String()[:4])
		}
		if len(r.Texts) > 0 && len(r.Texts[len(r.Texts)/2].Tokens) > 1 {
			queries = append(queries, r.Texts[len(r.Texts)/2].Tokens[1])
		}
	}
	hits := 0
	truth := links.NewMemory(records)
	for _, text := range queries {
		q, err := query.Parse(text, today)
		if err != nil {
			continue // a text that is no query
		}
		err = q.Resolve(func(name string, depth int) (map[string]string, error) {
			at := slices.IndexFunc(records, func(r *query.Record) bool { return r.IsNamed(name) })
			g, err := links.Grow(truth, records[at].ID, links.Limits{Depth: depth, Namesakes: -1})
			return g.Linked(), err
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, r := range records {
			if ok, _, _ := q.Match(r); ok {
				want = append(want, cases[i].ID.String())
			}
		}
		f, err := xa.Search(ctx, q, true, 0)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if f.Total != len(f.Found) || f.Ended != 0 || f.More {
			t.Errorf("%s: %d of %d, %d ended", text, len(f.Found), f.Total, f.Ended)
		}
		var got []string
		for _, f := range f.Found {
			got = append(got, f.ID.String())
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %d, want %d", text, len(got), len(want))
		}
		hits += len(got)
	}
	if hits < len(queries) {
		t.Errorf("%d queries found %d: they test nothing", len(queries), hits)
	}
}

// TestFindingsAreTold: whatever a number tells of more than cards is among what is
// recorded, and what is not is not counted.
func TestFindingsAreTold(t *testing.T) {
	score := 1.0
	of := func(n int, beyond bool) (list []Found) {
		for range n {
			score++
			list = append(list, Found{Case: new(Case), Score: 1 / score, Beyond: beyond})
		}
		return list
	}
	for name, tt := range map[string]struct {
		found, ended                       []Found
		limit                              int
		shown, total, hidden, beyond, more int
	}{
		"nothing":             {nil, nil, 0, 0, 0, 0, 0, 0},
		"all are shown":       {of(3, true), of(2, true), 0, 3, 3, 2, 5, 0},
		"a limit":             {of(3, true), of(2, true), 1, 1, 3, 2, 5, 0},
		"cards":               {of(3, false), of(2, false), 1, 1, 3, 2, 0, 0},
		"a card, then bodies": {append(of(1, false), of(maxTold, true)...), nil, 1, 1, maxTold + 1, 0, maxTold, 0},
		"too many":            {append(of(5, true), of(maxTold, true)...), append(of(2, true), of(3, false)...), 5, 5, 5, 3, 5, 1},
		"too many have ended": {of(2, false), of(maxTold+1, true), 1, 1, 2, 0, 0, 1},
	} {
		hits := newTally(tt.limit)
		for _, f := range tt.found {
			hits.add(f, false)
		}
		for _, f := range tt.ended {
			hits.add(f, true)
		}
		f := hits.findings()
		if len(f.Found) != tt.shown || f.Total != tt.total || f.Ended != tt.hidden || len(f.Beyond) != tt.beyond || f.More != (tt.more == 1) {
			t.Errorf("%s: %d found, total %d, ended %d, beyond %d, more %t", name, len(f.Found), f.Total, f.Ended, len(f.Beyond), f.More)
		}
	}
}

// TestCardTells: what a hit on a card alone may be told by without a record.
func TestCardTells(t *testing.T) {
	for text, want := range map[string]bool{
		"doc:A30117745": true, "wynn kind:blue": true, "wynn OR doc:A30117745": true, "wynn NOT kind:blue -status:expired": true,
		"doc:A30117745 NOT wynn": false, "country:XA OR (wynn -phone:+99955508842)": false, "link:LT-0301": false,
		"kind:blue link:LT-0301 depth:2": false, "bureau!=XA": true, "country!=XA": false,
	} {
		q, err := query.Parse(text, today)
		if err != nil {
			t.Fatal(err)
		}
		if got := cardTells(q.Root); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// TestSearchReviewDue finds what comes up for review, as soon as it does.
func TestSearchReviewDue(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	q, err := query.Parse("status:review_due", today)
	if err != nil {
		t.Fatal(err)
	}
	found := func() int {
		t.Helper()
		syncDesk(t, xa.Desk, xa.node)
		f, err := xa.Search(ctx, q, true, 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(f.Found)
	}
	if n := found(); n != 0 {
		t.Errorf("of a notice of today: %d", n)
	}
	xa.node.now = xa.look(id.String()).dueFrom()
	for _, x := range offices {
		x.Desk.UseClock(func() time.Time { return time.UnixMilli(int64(xa.node.now)) })
	}
	xb.reply(notice.Reply{Type: notice.Ack, Notice: id.String()}) // ledger time goes by with entries
	if n := found(); n != 1 {
		t.Errorf("once it is due: %d", n)
	}
}
