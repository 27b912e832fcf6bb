package node

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// cutPeers gives a bounded number of records and then no more.
type cutPeers struct {
	peers
	left *atomic.Int64
}

func (p *cutPeers) Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	return p.peers.Records(ctx, name, from, limit, func(r *wire.Record) error {
		if p.left.Add(-1) < 0 {
			return errors.New("the connection is cut")
		}
		return each(r)
	})
}

// other returns a node that is not one of these.
func (c *cluster) other(not ...string) string {
next:
	for _, b := range c.c.Bureaus {
		for _, n := range not {
			if n == b.Node() {
				continue next
			}
		}
		return b.Node()
	}
	c.t.Fatal("no other node")
	return ""
}

// behind stops a node, lets the log grow past what the leader keeps, and starts
// the node again, for which only so many records can be fetched. The log holds a
// statement that was refused for coming before the one that it follows.
func behind(c *cluster, left *atomic.Int64) (away, leader, third string, refused ledger.ID) {
	t := c.t
	c.enrol()
	c.agree(c.base)
	leader = c.leader().name
	away = c.other(leader)
	third = c.other(leader, away)
	c.stop(away)
	r := c.replica(leader)
	x := c.c.Bureaus[0].Officer
	first, second := x.Publish(t, ledger.KindYellow, []byte("first")), x.Publish(t, ledger.KindYellow, []byte("second"))
	if _, err := r.batch.submit(t.Context(), second); wire.CodeOf(err) != wire.Code(state.BadSequence) {
		t.Fatalf("the second statement before the first: %v", err)
	}
	c.submit(r, first)
	for i := range 2 * minTrailing {
		c.submit(r, c.c.Bureaus[1].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "while away %d", i)))
	}
	c.base += 1 + 2*minTrailing
	if err := r.raft.Snapshot().Error(); err != nil {
		t.Fatal(err)
	}
	left.Store(100)
	c.peersOf = func(name string, p peers) peers {
		if name == away {
			return &cutPeers{p, left}
		}
		return p
	}
	c.start(away)
	return away, leader, third, second.Entry.ID
}

// A pull that was cut leaves entries of commands that this node has not applied.
// When those commands then come by the log after all, from another leader, they
// must not be applied to a state that is past them.
func TestReviewLogAfterAPullThatWasCut(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		var left atomic.Int64
		away, leader, third, refused := behind(c, &left)
		time.Sleep(20 * time.Second)
		r := c.replica(away)
		head, err := state.ReadHead(r.store)
		if err != nil || head.Size < 100 || head.Size >= c.base {
			t.Fatalf("it holds %d entries (%v): the pull was not cut", head.Size, err)
		}
		if ok, why := r.ready(); ok || !strings.Contains(why, "fetching") {
			t.Errorf("ready = %v, %q, while entries are missing", ok, why)
		}
		if _, err := r.fsm.Snapshot(); err == nil {
			t.Error("it takes a snapshot of half a pull")
		}
		c.stop(leader)
		left.Store(1 << 30)
		if now := c.leader(); now.name != third {
			t.Fatalf("%s leads", now.name)
		}
		c.submit(c.replica(third), c.c.Bureaus[1].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		time.Sleep(5 * time.Second)
		if index, ok, err := state.ReadIndex(r.store, refused); ok || err != nil {
			t.Errorf("its entry %d is a statement that was refused (%v)", index, err)
		}
		c.agree(c.base + 1)
		if ok, why := r.ready(); !ok {
			t.Errorf("not ready: %s", why)
		}
	})
}

// What asks for a checkpoint is the log, at the ends of its batches. A pull has
// batches of its own, whose ends nobody may be led to sign.
func TestReviewPullAsksForNoCheckpoint(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		var left atomic.Int64
		away, _, _, _ := behind(c, &left)
		before := c.nodes[away].replica.final.Load().at.Size
		time.Sleep(20 * time.Second)
		pending, err := state.ReadPending(c.replica(away).store)
		if err != nil || pending != nil {
			t.Errorf("pending at %d (%v), the last FINAL one was at %d", pending.Size, err, before)
		}
	})
}

// brokenStore fails at what a test names.
type brokenStore struct {
	store.Store
	commit, flush error
}

func (b *brokenStore) Commit(applied uint64, c *state.Changes) error {
	if b.commit != nil {
		return b.commit
	}
	return b.Store.Commit(applied, c)
}

func (b *brokenStore) Flush(m store.Mark) error {
	if b.flush != nil {
		return b.flush
	}
	return b.Store.Flush(m)
}

func TestReviewOwnDiskFailsDuringAPull(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		var left atomic.Int64
		away, _, _, _ := behind(c, &left)
		c.stop(away)
		disk := errors.New("no space left on device")
		c.forget(away)
		m := c.nodes[away]
		m.store = &brokenStore{Store: m.store, commit: disk}
		left.Store(1 << 30)
		c.start(away)
		time.Sleep(20 * time.Second)
		r := c.replica(away)
		select {
		case <-r.done:
		default:
			t.Fatal("it goes on")
		}
		if !errors.Is(r.err, disk) {
			t.Errorf("it stops because of %v", r.err)
		}
	})
}

func TestReviewFailedFlushStopsTheNode(t *testing.T) {
	disk := errors.New("no space left on device")
	c := ledgertest.NewGenesis(t, 1)
	m := state.New(c.Genesis)
	f := newTestFSM(m, &brokenStore{Store: store.NewMem(m), flush: disk})
	var stopped error
	f.fatal = func(err error) { stopped = err }
	s, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Persist(&raft.DiscardSnapshotSink{}); !errors.Is(err, disk) || !errors.Is(stopped, disk) {
		t.Errorf("Persist = %v; the node stops because of %v", err, stopped)
	}
}

// racing hides a statement from the first look.
type racing struct {
	store.Store
	looks int
}

func (s *racing) Get(t state.Table, key []byte) ([]byte, error) {
	if t == state.TableIDs {
		if s.looks++; s.looks == 1 {
			return nil, nil
		}
	}
	return s.Store.Get(t, key)
}

// A statement that is applied between two looks of submit must not be refused
// for its own effect.
func TestReviewAcceptedMeanwhileIsNotRefused(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		b := c.c.Bureaus[0]
		n := b.Officer.Publish(t, ledger.KindYellow, []byte("a notice"))
		r := c.leader()
		c.submit(r, n)
		w := b.Officer.Withdraw(t, n.Entry.ID)
		at := c.submit(r, w)
		once := &replica{served: served{machine: r.machine, store: &racing{Store: r.store}}, fsm: r.fsm}
		s, err := once.submit(t.Context(), w)
		if err != nil || s.Index != at || !s.Known {
			t.Errorf("submit = %+v, %v; want entry %d", s, err, at)
		}
	})
}

// All clocks were an hour ahead, and were put right: the ledger's time stands
// still for an hour, and the ledger goes on.
func TestReviewClocksThatWereAllAhead(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		for _, w := range c.wrong {
			w.Store(int64(time.Hour))
		}
		c.enrol()
		c.agree(c.base)
		for _, w := range c.wrong {
			w.Store(0)
		}
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		c.agree(c.base + 1)
		s := c.leader().store
		before, _, err1 := s.Entry(c.base - 1)
		after, _, err2 := s.Entry(c.base)
		if after < before || err1 != nil || err2 != nil {
			t.Errorf("ledger times %d, %d: falling", before, after)
		}
	})
}

// A leader whose clock jumps ahead proposes what the others refuse, and they
// hear its heartbeats still. It must give way, and say why.
func TestReviewLeaderWhoseClockIsAheadGivesWay(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		old := c.leader()
		c.wrong[old.name].Store(int64(365 * 24 * time.Hour))
		c.submit(old, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a year ahead")))
		if now := c.leader(); now == old {
			t.Error("it leads still")
		}
		c.agree(c.base + 1)
		s, err := old.describe()
		if err != nil || len(s.Alarms) != 1 || !strings.Contains(s.Alarms[0], "clock") {
			t.Errorf("alarms %q, %v", s.Alarms, err)
		}
	})
}

// A leader of which nobody stores anything is stopped. What it proposed ends with
// its leadership, and that must not wait for what it proposed.
func TestReviewLeaderThatCannotCommitIsStopped(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		old := c.leader()
		c.wrong[old.name].Store(int64(365 * 24 * time.Hour))
		submitted := make(chan error, 1)
		go func() {
			_, err := old.submit(t.Context(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a year ahead")))
			submitted <- err
		}()
		time.Sleep(time.Second)
		m := c.nodes[old.name]
		m.mu.Lock()
		trans, files := m.trans, m.files
		m.replica, m.trans, m.files = nil, nil, nil
		m.mu.Unlock()
		began := time.Now()
		if err := old.close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("stopped after %s", took)
		}
		if err := <-submitted; err == nil {
			t.Error("it was accepted")
		}
		if err := errors.Join(trans.Close(), files.close()); err != nil {
			t.Error(err)
		}
		if now := c.leader(); now == old {
			t.Error("it leads still")
		}
	})
}

// A follower whose clock is behind takes nothing. Its status must say so.
func TestReviewFollowerWhoseClockIsBehindSaysSo(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader()
		slow := c.replica(c.other(leader.name))
		c.wrong[slow.name].Store(-int64(time.Hour))
		c.submit(leader, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("now")))
		time.Sleep(40 * time.Second)
		if ok, why := slow.ready(); ok || !strings.Contains(why, "clock") {
			t.Errorf("ready = %v, %q", ok, why)
		}
		c.wrong[slow.name].Store(0)
		time.Sleep(time.Minute)
		if ok, why := slow.ready(); !ok {
			t.Errorf("its clock is right again: not ready: %s", why)
		}
		c.agree(c.base + 1)
	})
}

// What a node brings to the leader a second time, or what can only be refused,
// must cost no place in the log of all.
func TestReviewReplaysByANodeCostNothing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body"))
		r := c.leader()
		at := c.submit(r, it)
		c.agree(c.base + 1)
		time.Sleep(5 * time.Second) // late cosignatures
		cosigs := r.final.Load().at.Cosigs
		before := r.raft.LastIndex()
		out, err := r.forwarded(t.Context(), c.other(r.name), []ledger.Item{it, c.c.NewAuthor("stranger").Publish(t, ledger.KindYellow, []byte("x")), it})
		if err != nil || len(out) != 3 || out[0].Submitted == nil || out[0].Submitted.Index != at || out[2].Submitted == nil ||
			out[1].Error == nil || out[1].Error.Code != wire.Code(state.UnknownKey) {
			t.Errorf("forwarded = %+v, %v", out, err)
		}
		if err := r.cosigned(cosigs); err != nil {
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		for i := before + 1; i <= r.raft.LastIndex(); i++ {
			var l raft.Log
			if err := c.nodes[r.name].logs.GetLog(i, &l); err != nil || l.Type == raft.LogCommand {
				t.Errorf("index %d is of type %s (%v)", i, l.Type, err)
			}
		}
		next := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("another"))
		if out, err := r.forwarded(t.Context(), c.other(r.name), []ledger.Item{it, next}); err != nil || out[0].Submitted == nil || out[1].Submitted == nil || out[1].Submitted.Index != at+1 {
			t.Errorf("forwarded with a new one = %+v, %v", out, err)
		}
	})
}

// hanging is a way to the others on which a forward hangs until its context ends.
type hanging struct {
	peers
	began chan string
	ended chan error
}

func (h *hanging) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	h.began <- name
	<-ctx.Done()
	h.ended <- ctx.Err()
	return nil, ctx.Err()
}

// An officer who hangs up must not end the forward of all others' statements.
func TestReviewForwardOutlivesItsFirstOfficer(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		r := c.replica(c.other(c.leader().name))
		h := &hanging{began: make(chan string, 1), ended: make(chan error, 1)}
		b := &batcher{raft: r.raft, self: r.name, peers: h, queue: newFairQueue(4, 0), stop: make(chan struct{})}
		first, hangUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			b.forward([]*waiting{{ctx: first, item: c.c.Enrolments(t)[0], done: make(chan outcome, 1)}, {ctx: t.Context(), item: c.c.Enrolments(t)[1], done: make(chan outcome, 1)}})
			close(done)
		}()
		<-h.began
		hangUp()
		time.Sleep(2 * time.Second)
		select {
		case err := <-h.ended:
			t.Errorf("the forward ended: %v", err)
		default:
			<-h.ended
		}
		<-done
	})
}

// toDead hangs on what goes to a node that is gone.
type toDead struct {
	peers
	c *cluster
}

func (p *toDead) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	if !p.c.reachable(name, name) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.peers.Forward(ctx, name, items)
}

// What is on its way to a leader that is cut off goes to the next one as soon
// as there is one, and not when the time of the forward is up.
func TestReviewForwardFollowsTheLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 3)
		c.peersOf = func(_ string, p peers) peers { return &toDead{p, c} }
		for _, b := range c.c.Bureaus {
			c.stop(b.Node())
			c.start(b.Node())
		}
		c.enrol()
		c.agree(c.base)
		old := c.leader()
		r := c.replica(c.other(old.name))
		c.isolate(old.name, true)
		start := time.Now()
		c.submit(r, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestReviewCloseTwice(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		name := c.other(c.leader().name)
		r := c.replica(name)
		c.nodes[name].replica = nil
		first := r.close()
		if second := r.close(); first != nil || second != nil {
			t.Errorf("close = %v, again = %v", first, second)
		}
		c.nodes[name].store = store.NewMem(state.New(c.c.Genesis))
	})
}

// A request that comes while the node closes is told so, and not that it has a
// fault: another node can answer.
func TestReviewRequestWhileClosing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		r := c.leader()
		a := apiOf(r)
		w := httptest.NewRecorder()
		a.fail(w, httptest.NewRequest(http.MethodGet, wire.PathStatus, nil), caller{}, fmt.Errorf("entry 3: %w", store.ErrClosed))
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), string(wire.Stopping)) {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
}

// A node that fetched a body's entry after the body was purged hands the entry
// on as one with a purged body.
func TestReviewPurgedBodyThatWasNeverHere(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	m := state.New(c.Genesis)
	s := store.NewMem(m)
	b := c.Bureaus[0]
	it := b.Officer.Publish(t, ledger.KindYellow, []byte("a body"))
	at := uint64(0)
	for i, it := range append(c.Enrolments(t), ledger.Item{Entry: it.Entry}, b.Officer.Withdraw(t, it.Entry.ID), b.Officer.Purge(t, it.Entry.ID, ledger.ReasonOver, b.Supervisor)) {
		changes, results, err := m.Apply(s, &ledger.Command{Batch: &ledger.Batch{Time: uint64(1000 + i), Items: []ledger.Item{it}}}, state.Plain{})
		if err != nil || results[0].Refusal != nil {
			t.Fatalf("apply: %v, %+v", err, results[0].Refusal)
		}
		if err := s.Commit(uint64(1+i), changes); err != nil {
			t.Fatal(err)
		}
		at = uint64(i)
	}
	rec, err := (&api{served: &served{store: s, moved: newBeacon(), ctx: t.Context()}}).record(at - 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.ReadRecord(bufio.NewReader(bytes.NewReader(rec.Append(nil))))
	if err != nil || !got.Purged || got.PurgedBy != at {
		t.Errorf("ReadRecord = %+v, %v, want it purged by entry %d", got, err, at)
	}
}

// The statements that wait are bounded in bytes too.
func TestReviewQueueIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ledgertest.NewGenesis(t, 1)
		it := c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, make([]byte, ledger.MaxBody))
		b := &batcher{queue: newFairQueue(4, 0), stop: make(chan struct{})}
		n := 0
		for ; b.enqueue(&waiting{ctx: t.Context(), item: it, done: make(chan outcome, 1)}) == nil; n++ {
		}
		if held := n * it.Size(); held > laneBytes || held < laneBytes/2 {
			t.Errorf("%d bytes wait", held)
		}
		b.queue.batch()
		if err := b.enqueue(&waiting{ctx: t.Context(), item: it, done: make(chan outcome, 1)}); err != nil {
			t.Errorf("after some have left: %v", err)
		}
	})
}

func TestReviewAlarmsDoNotPileUp(t *testing.T) {
	r := &replica{}
	for range 100 {
		r.alarm("the same")
	}
	if len(r.alarms) != 1 {
		t.Errorf("%d alarms", len(r.alarms))
	}
}
