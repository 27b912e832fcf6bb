package node

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
)

// sized returns a statement of a bureau that is as large as that, as the queue sees it.
func sized(ctx context.Context, bureau string, size int) *waiting {
	return &waiting{ctx: ctx, bureau: bureau, item: ledger.Item{Entry: &ledger.Entry{Raw: make([]byte, size)}}, done: make(chan outcome, 1)}
}

func countOf(group []*waiting, bureau string) (n int) {
	for _, w := range group {
		if w.bureau == bureau {
			n++
		}
	}
	return n
}

// A bureau that sends more than its share waits for itself.
func TestFairQueueTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(4, 0)
		flood := 0
		for q.push(sized(t.Context(), "XA", 500)) {
			flood++
		}
		if flood != laneLength {
			t.Fatalf("%d statements of a bureau wait, want %d", flood, laneLength)
		}
		group := append(q.batch(), q.batch()...)
		if len(group) != aloneTimes*q.share || q.batch() != nil {
			t.Errorf("while one bureau writes alone, two batches have %d statements, and there are more", len(group))
		}
		var mine []*waiting
		for range 3 {
			w := sized(t.Context(), "XB", 500)
			if mine = append(mine, w); !q.push(w) {
				t.Fatal("a flood of another bureau leaves no room")
			}
		}
		first := q.batch()
		if countOf(first, "XB") != 3 || len(first) != 3 {
			t.Errorf("while a batch of the flood is in flight, %d of it and %d of the other go", countOf(first, "XA"), countOf(first, "XB"))
		}
		q.done(group)
		q.done(first)
		var order []*waiting
		for _, w := range first {
			if w.bureau == "XB" {
				order = append(order, w)
			}
		}
		if order[0] != mine[0] || order[1] != mine[1] || order[2] != mine[2] {
			t.Error("what a bureau sends does not keep its order")
		}
		if group = q.batch(); len(group) != q.share || countOf(group, "XA") != q.share {
			t.Errorf("while the other still writes, the flood has %d in flight", countOf(group, "XA"))
		}
		if more := q.batch(); more != nil {
			t.Errorf("and %d more", len(more))
		}
		<-q.ready
		select {
		case <-q.ready:
			t.Error("it signals again and again that nothing may go")
		default:
		}
		q.done(group)
		<-q.ready
		time.Sleep(shareTime)
		if got := q.batch(); len(got) != aloneTimes*q.share/2 {
			t.Errorf("once it does no more, %d", len(got))
		}
	})
}

// Turns are of bytes as well: large statements are no way to more.
func TestFairQueueCountsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(4, 0)
		for q.push(sized(t.Context(), "XA", 100_000)) {
		}
		for range 30 {
			q.push(sized(t.Context(), "XB", 500))
		}
		group := q.batch()
		if big := countOf(group, "XA") * 100_000; big > 30*shareBytes+100_000 || big < 100_000 || countOf(group, "XB") < 10 {
			t.Fatalf("a batch has %d bytes of large statements, and %d of the other bureau's", big, countOf(group, "XB"))
		}
		q.done(group)
		// Nobody saves up turns: who comes late shares with the others from there on.
		for range 3 {
			q.push(sized(t.Context(), "XC", 100_000))
		}
		if group := q.batch(); countOf(group, "XC") < 1 || countOf(group, "XA") > countOf(group, "XC")+1 {
			t.Errorf("who comes late has %d of a batch, and the other %d", countOf(group, "XC"), countOf(group, "XA"))
		}
	})
}

// A node that does not lead sends each bureau's statements in groups of their own:
// one that floods it has its few groups on their way, and keeps nobody from the
// leader.
func TestFairQueueForwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(4, 0)
		for q.push(sized(t.Context(), "XA", 500)) {
		}
		q.push(sized(t.Context(), "XB", 500))
		seen := make(map[string]int)
		for {
			may, _ := q.flying(2)
			bureau, group := q.group(2)
			if may != (group != nil) {
				t.Errorf("may a group leave: %v, and %d left", may, len(group))
			}
			if group == nil {
				break
			}
			if seen[bureau]++; countOf(group, bureau) != len(group) {
				t.Error("a group is of several bureaus")
			}
		}
		if seen["XA"] != 2 || seen["XB"] != 1 {
			t.Errorf("groups on their way: %v", seen)
		}
		<-q.ready
		select {
		case <-q.ready:
			t.Error("it signals again and again that nothing may leave")
		default:
		}
		q.landed("XA")
		<-q.ready
		if bureau, group := q.group(2); bureau != "XA" || len(group) == 0 {
			t.Errorf("after one is back: %q", bureau)
		}
	})
}

// Over a long line many come back at once and send again: they go apart, in groups
// that a cold connection takes at once, as long as there is room for more groups.
func TestFairQueueSpreadsGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, window, limit = 1_500, 6_000, 4
		q := newFairQueue(4, window)
		push := func(n int) {
			for range n {
				q.push(sized(t.Context(), "XA", size))
			}
		}
		push(10)
		for _, want := range []int{4, 4, 2} {
			_, small := q.flying(limit)
			if small != (want == 2) {
				t.Errorf("before a group of %d it waits for more: %v", want, small)
			}
			if _, group := q.group(limit); len(group) != want {
				t.Errorf("a group of %d, want %d", len(group), want)
			}
		}
		push(100) // and room for one group
		if _, group := q.group(limit); len(group) != 100 {
			t.Errorf("the last group has %d", len(group))
		}
	})
}

// Where most bureaus have much to say nobody is held back: what is in flight counts
// as theirs.
func TestFairQueueIsFullWhereAllWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(4, 0)
		for range 100 {
			for _, bureau := range []string{"XA", "XB", "XC"} {
				q.push(sized(t.Context(), bureau, 500))
			}
		}
		first := q.batch()
		if len(first) != ledger.MaxBatch {
			t.Errorf("a batch has %d statements", len(first))
		}
		if second := q.batch(); len(first)+len(second) != 300 {
			t.Errorf("%d are in flight", len(first)+len(second))
		}
	})
}

// What nobody waits for any more takes nobody's turn, and is answered.
func TestFairQueueDropsTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(4, 0)
		ctx, cancel := context.WithCancel(t.Context())
		w := sized(ctx, "XA", 500)
		q.push(w)
		q.push(sized(t.Context(), "XA", 500))
		cancel()
		if group := q.batch(); len(group) != 1 || group[0] == w {
			t.Errorf("got %d", len(group))
		}
		if out := <-w.done; out.err == nil {
			t.Error("no answer")
		}
		q.push(sized(t.Context(), "XA", 500))
		if list := q.drain(); len(list) != 1 || len(q.drain()) != 0 {
			t.Errorf("drained %d", len(list))
		}
	})
}

func TestGates(t *testing.T) {
	g := gates{most: 2}
	one, ok1 := g.enter("xa")
	_, ok2 := g.enter("xa")
	if _, ok := g.enter("xa"); !ok1 || !ok2 || ok {
		t.Error("a node has as many groups here as it likes")
	}
	if _, ok := g.enter("xb"); !ok {
		t.Error("one node keeps another out")
	}
	g.leave(one)
	if _, ok := g.enter("xa"); !ok {
		t.Error("a place that was given back is not there")
	}
}
