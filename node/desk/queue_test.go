package desk

import (
	"context"
	"errors"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/wire"
)

// errCut is a connection that breaks.
var errCut = errors.New("cut")

// post is the submission to a fake node, which a test cuts.
type post struct {
	office *office
	lose   int // this many requests are lost
	mute   int // then this many answers: the statement is written
	lie    int // this many are said to be committed, and are not
	calls  int
}

func (p *post) Submit(_ context.Context, it ledger.Item) (*wire.Submitted, error) {
	n := p.office.node
	p.calls++
	if p.lose > 0 {
		p.lose--
		return nil, errCut
	}
	if p.lie > 0 {
		p.lie--
		return &wire.Submitted{ID: it.Entry.ID, Index: 1}, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	changes, results, err := n.machine.Apply(n.store, &ledger.Command{Batch: &ledger.Batch{Time: n.now, Items: []ledger.Item{it}}}, state.Plain{})
	if err != nil {
		return nil, err
	}
	if r := results[0].Refusal; r != nil {
		return nil, &wire.Error{Code: wire.Code(r.Code), Message: r.Reason}
	}
	n.applied++
	if err := n.store.Commit(n.applied, changes); err != nil {
		return nil, err
	}
	if p.mute > 0 {
		p.mute--
		return nil, errCut
	}
	return &wire.Submitted{ID: it.Entry.ID, Index: results[0].Index, Known: results[0].Known}, nil
}

// hit composes a hit offline and puts it into the queue.
func (o *office) hit(id ledger.ID, match string) {
	o.t.Helper()
	by := o.officers()
	var err error
	if by.Chain, err = o.QueueEnd(by.Author.ID()); err != nil {
		o.t.Fatal(err)
	}
	it, err := o.Reply(context.Background(), nil, by, &notice.Reply{Type: notice.Hit, Notice: id.String(), Match: match})
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.Enqueue(it); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) signer(id keys.ID) *keys.Signer {
	if id == o.Officer.Signer.ID() {
		return o.Officer.Signer
	}
	return nil
}

// crash opens the folder as the next process does.
func (o *office) crash() {
	o.t.Helper()
	ids := o.opener.keys()
	o.Close()
	o.Desk = openDesk(o.t, o.dir, o.node.Genesis)
	o.Unlock(ids)
}

// A node that says a hit is committed, and keeps it to itself, does not make a
// process that runs for weeks forget it.
func TestDeliverToALiar(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	xb.follow()
	xb.hit(id, "swallowed")
	p := &post{office: xb, lie: 1}
	for i, calls := range []int{1, 1, 2} {
		if i == 2 {
			for id := range xb.queue.sent {
				xb.queue.sent[id] = xb.queue.sent[id].Add(-sendAgain)
			}
		}
		if d, err := xb.Deliver(ctx, p, nil); err != nil || d.Sent != 1 || p.calls != calls {
			t.Fatalf("look %d: %+v, %v, sent %d times, want %d", i, d, err, p.calls, calls)
		}
	}
	wantHits(t, xa, id.String(), "swallowed")
}

// wantHits checks which hits the origin sees, each once.
func wantHits(t *testing.T, xa *office, name string, want ...string) {
	t.Helper()
	xa.node.finalise(t)
	count := make(map[string]int)
	for _, r := range xa.look(name).Replies {
		count[r.Match]++
	}
	for _, w := range want {
		if count[w] != 1 {
			t.Errorf("hit %q is there %d times", w, count[w])
		}
		delete(count, w)
	}
	if len(count) > 0 {
		t.Errorf("more hits: %v", count)
	}
}

// TestDeliverOnce cuts the delivery at each place and begins a new process: every
// hit arrives once.
func TestDeliverOnce(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	xb.follow()
	var want []string
	for _, p := range []post{{}, {lose: 1}, {mute: 1}, {lose: 1, mute: 2}} {
		for _, match := range []string{"a", "b", "c"} {
			match += string(rune('0' + len(want)))
			want = append(want, match)
			xb.hit(id, match)
			xb.crash()
		}
		p.office = xb
		for round := 0; ; round++ {
			if round > 10 {
				t.Fatal("the queue does not get empty")
			}
			if _, err := xb.Deliver(ctx, &p, nil); err != nil && !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			xb.crash()
			xa.node.finalise(t)
			syncDesk(t, xb.Desk, xb.node)
			if list, err := xb.Queued(); err != nil || len(list) == 0 {
				break
			}
		}
		wantHits(t, xa, "LT-0301", want...)
	}
}

// TestDeliverAnew: the officer writes from another machine while hits wait. They
// are signed anew, only once a FINAL checkpoint shows that they must be.
func TestDeliverAnew(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	xb.follow()
	xb.hit(id, "one")
	xb.hit(id, "two")
	old, _ := xb.Queued()
	xb.node.accept(t, must(xb.Reply(ctx, xb.c, xb.officers(), &notice.Reply{Type: notice.Hit, Notice: id.String(), Match: "elsewhere"})))

	p := &post{office: xb}
	deliver := func(signers func(keys.ID) *keys.Signer, final, sent, waiting int) {
		t.Helper()
		got, err := xb.Deliver(ctx, p, signers)
		if err != nil || got.Final != final || got.Sent != sent || got.Waiting != waiting || len(got.Refused) > 0 {
			t.Fatalf("delivered %+v, %v, want %d final, %d sent, %d waiting", got, err, final, sent, waiting)
		}
	}
	deliver(xb.signer, 0, 0, 2) // the replica does not show yet that they are dead
	if list, _ := xb.Queued(); list[0].Entry.ID != old[0].Entry.ID {
		t.Error("signed anew before the place was taken under a FINAL checkpoint")
	}
	xa.node.finalise(t)
	syncDesk(t, xb.Desk, xb.node)
	deliver(nil, 0, 0, 2) // nobody is there to sign
	deliver(xb.signer, 0, 2, 0)
	xb.crash()
	xa.node.finalise(t)
	syncDesk(t, xb.Desk, xb.node)
	deliver(nil, 2, 0, 0)
	wantHits(t, xa, "LT-0301", "one", "two", "elsewhere")
	if _, err := p.Submit(ctx, old[0]); wire.CodeOf(err) != wire.Code(state.BadSequence) {
		t.Errorf("the former statement: %v, want a refusal", err)
	}
}

// TestDeliverRefused: one that the ledger refuses is kept aside and told; what
// was written after it is not lost.
func TestDeliverRefused(t *testing.T) {
	ctx := context.Background()
	_, offices := newOffices(t, 2)
	xa, xb := offices[0], offices[1]
	id := xa.send(xa.Publish(ctx, xa.c, xa.both(), notice.ChildCase(today)))
	xb.follow()
	end, err := xb.QueueEnd(xb.Officer.Signer.ID())
	if err != nil {
		t.Fatal(err)
	}
	s := ledger.Statement{Ledger: xb.genesis.Ledger, Author: xb.Officer.Signer.ID(), Class: ledger.ClassWithdraw, Target: id, Seq: end.Seq, Prev: end.Prev, Created: uint64(today.Unix())}
	s.SeenSize, s.SeenRoot = xb.Seen()
	e, err := ledger.SignStatement(&s, xb.Officer.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := xb.Enqueue(ledger.Item{Entry: e}); err != nil {
		t.Fatal(err)
	}
	if err := xb.Enqueue(ledger.Item{Entry: e}); err == nil {
		t.Error("a statement that does not follow what waits was taken")
	}
	xb.hit(id, "after it")
	p := &post{office: xb}
	got, err := xb.Deliver(ctx, p, xb.signer)
	if err != nil || len(got.Refused) != 1 || got.Refused[0].ID != e.ID || got.Waiting != 1 {
		t.Fatalf("delivered %+v, %v", got, err)
	}
	xb.crash()
	if got, err = xb.Deliver(ctx, p, xb.signer); err != nil || got.Sent != 1 {
		t.Fatalf("delivered %+v, %v", got, err)
	}
	wantHits(t, xa, "LT-0301", "after it")
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
