package index

import (
	"fmt"
	"slices"
	"testing"
)

// TestWaiting follows what the lists hold while answers come and go.
func TestWaiting(t *testing.T) {
	ix := openTest(t, t.TempDir(), testOptions())
	row := func(n uint64, urgency uint8, change func(*Notice)) Put {
		p := Put{Notice: Notice{N: n, Bureau: "XB", Opened: true, Current: true, Version: n, Urgency: urgency, Term: 100, Unread: true, Events: []uint64{n}}}
		if change != nil {
			change(&p.Notice)
		}
		return p
	}
	apply(t, ix, &Update{To: 20, Put: []Put{
		row(1, 0, nil), row(2, 3, nil), row(3, 0, nil), row(4, 3, nil),
		row(5, 3, func(n *Notice) { n.Term = 9 }), // over
		row(6, 1, func(n *Notice) { n.Judge = true }),
		row(7, 0, func(n *Notice) { n.Bureau, n.Unread, n.Term = "XA", false, 50 }),
		row(8, 0, func(n *Notice) { n.Bureau, n.Unread, n.Term = "XA", false, 60 }),
		row(9, 0, func(n *Notice) { n.Bureau, n.Unread, n.Term = "XA", false, 40 }),
	}})
	list := func(what string, want []uint64, next func(last *Notice) ([]*Notice, error)) {
		t.Helper()
		var got []uint64
		for last := (*Notice)(nil); ; {
			page, err := next(last) // of one row each
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			last = page[0]
			got = append(got, last.N)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	behind := func(last *Notice) uint64 {
		if last == nil {
			return 0
		}
		return last.N
	}
	check := func(when string, unread, pending, judge, ending []uint64) {
		t.Helper()
		list(when+", unread", unread, func(last *Notice) ([]*Notice, error) { return ix.Unread(10, last, 1) })
		list(when+", pending", pending, func(last *Notice) ([]*Notice, error) { return ix.Pending(behind(last), 1) })
		list(when+", judge", judge, func(last *Notice) ([]*Notice, error) { return ix.Judge(10, last, 1) })
		list(when+", ending", ending, func(last *Notice) ([]*Notice, error) { return ix.Ending("XA", 10, 50, last, 1) })
		if u, j, err := ix.CountWaiting(10); err != nil || u != len(unread) || j != len(judge) {
			t.Errorf("%s: %d unread, %d to judge, %v", when, u, j, err)
		}
	}
	check("at first", []uint64{2, 4, 6, 1, 3}, nil, []uint64{6}, []uint64{9, 7})
	apply(t, ix, &Update{From: 20, To: 23, Replies: []Reply{{20, 2, false}, {21, 1, true}, {22, 6, true}},
		Answered: []Answered{{Notice: 2, Acked: 20}, {Notice: 1, Pending: true}, {Notice: 6, Pending: true}}})
	check("answered", []uint64{4, 3}, []uint64{6, 1}, nil, []uint64{9, 7})
	if got, err := ix.Asking(1, 10); err != nil || fmt.Sprint(got) != "[21]" {
		t.Errorf("asking: %v, %v", got, err)
	}
	if got, err := ix.Asking(2, 10); err != nil || got != nil {
		t.Errorf("an ack asks: %v, %v", got, err)
	}
	again := row(2, 0, func(n *Notice) { n.Events = []uint64{2, 23} }) // suspended and lifted: nothing new to read
	apply(t, ix, &Update{From: 23, To: 24, Put: []Put{again}, Answered: []Answered{{Notice: 1}, {Notice: 6}}})
	check("settled", []uint64{4, 6, 1, 3}, nil, []uint64{6}, []uint64{9, 7})
	again.Version, again.Events = 24, []uint64{2, 23, 24} // amended
	apply(t, ix, &Update{From: 24, To: 25, Put: []Put{again}})
	check("amended", []uint64{4, 6, 1, 3, 2}, nil, []uint64{6}, []uint64{9, 7})
	apply(t, ix, &Update{From: 25, To: 26, Forget: []uint64{21}, Delete: []uint64{7}})
	check("an answer is purged", []uint64{4, 6, 3, 2}, []uint64{1}, []uint64{6}, []uint64{9})
}

// TestWaitingPurged keeps a purged notice among those that wait while an answer to
// it is left.
func TestWaitingPurged(t *testing.T) {
	ix := openTest(t, t.TempDir(), testOptions())
	n := Notice{N: 1, Bureau: "XA", Opened: true, Current: true, Version: 1, Term: 100, Events: []uint64{1}}
	bare := Notice{N: 2, Bureau: "XA", Events: []uint64{2}}
	apply(t, ix, &Update{To: 5, Put: []Put{{Notice: n}, {Notice: bare}}, Replies: []Reply{{Entry: 3, Notice: 1}, {Entry: 4, Notice: 1}}, Answered: []Answered{{Notice: 1}}})
	pending := func(want int) {
		t.Helper()
		if list, err := ix.Pending(0, 9); err != nil || len(list) != want {
			t.Errorf("%d wait, %v; want %d", len(list), err, want)
		}
	}
	pending(0)
	n.Ended, bare.Ended = true, true
	apply(t, ix, &Update{From: 5, To: 6, Put: []Put{{Notice: n, Purged: true}, {Notice: bare, Purged: true}}, Scrub: true})
	pending(1)
	apply(t, ix, &Update{From: 6, To: 7, Forget: []uint64{3}})
	pending(1)
	apply(t, ix, &Update{From: 7, To: 8, Forget: []uint64{4}})
	pending(0)
}
