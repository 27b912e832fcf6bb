package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// farPeers are peers of whom the leader names, at first, a position that no log
// reaches.
type farPeers struct {
	peers
	lies int
}

func (p *farPeers) ReadIndex(ctx context.Context, name string) (*wire.ReadIndex, error) {
	if p.lies--; p.lies >= 0 {
		return &wire.ReadIndex{Applied: 1 << 62}, nil
	}
	return p.peers.ReadIndex(ctx, name)
}

// A position that never comes must not keep a node from ever serving, nor a purge
// from being acknowledged: another leader, or the same one, names a better one.
func TestFreshOutlivesAnAbsurdPosition(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		r := c.replica(c.other(c.leader().name))
		lied := &replica{served: served{store: r.store, moved: r.moved, roster: r.roster}, raft: r.raft, name: r.name, peers: &farPeers{r.peers, 3}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		lied.arrive(ctx)
		if !lied.current.Load() {
			t.Error("one that was told of a position that never comes waits for it for ever")
		}
	})
}

// boasting are peers of whom some say that they hold more than they do.
type boasting struct {
	peers
	liars []string
}

func (p *boasting) Status(ctx context.Context, name string) (*wire.Status, error) {
	s, err := p.peers.Status(ctx, name)
	if err == nil && slices.Contains(p.liars, name) {
		s.Size += 5
	}
	return s, err
}

// A leader that calls a node up to date which is not has it serve nothing while the
// others hold more; nor does one of them alone keep it from serving.
func TestArriveIsNotTheLeadersWord(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		r := c.replica(c.other(c.leader().name))
		for liars, want := range []bool{true, true, false, false} {
			told := &replica{served: served{store: r.store, moved: r.moved, roster: r.roster}, raft: r.raft, name: r.name,
				peers: &boasting{r.peers, r.otherVoters()[:liars]}}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if told.arrive(ctx); told.current.Load() != want {
				t.Errorf("%d others hold more: it serves %t", liars, !want)
			}
			cancel()
		}
	})
}

// A node that is cut off and keeps running serves what it knew for a while, and
// no longer: it cannot know what was purged.
func TestCutOffServesNotForEver(t *testing.T) {
	testingOnlyCutOff = 15 * time.Second
	t.Cleanup(func() { testingOnlyCutOff = 0 })
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		name := c.other(c.leader().name)
		r := c.replica(name)
		serves := func() error { return r.arrived(t.Context()) }
		time.Sleep(20 * time.Second) // longer than the limit, with a leader
		if err := serves(); err != nil {
			t.Fatalf("with a leader: %v", err)
		}
		c.isolate(name, true)
		time.Sleep(8 * time.Second)
		if err := serves(); err != nil {
			t.Errorf("cut off for a while: %v", err)
		}
		time.Sleep(20 * time.Second) // the limit, and as long as it takes to miss the leader, and to look
		if err := serves(); wire.CodeOf(err) != wire.NoLeader {
			t.Errorf("cut off for long: %v", err)
		}
		c.isolate(name, false)
		for range 60 {
			if err := serves(); err == nil {
				return
			}
		}
		t.Error("it does not serve again")
	})
}

// Both clocks count: one stands still while a machine sleeps, one may be set back.
func TestPassed(t *testing.T) {
	since := time.Now()
	for _, now := range []time.Time{since.Add(time.Hour), since.Round(0).Add(time.Hour)} {
		if got := passed(since, now); got != time.Hour {
			t.Errorf("got %s", got)
		}
	}
	if got := passed(since, since.Round(0).Add(-time.Hour)); got > 0 {
		t.Errorf("set back: got %s", got)
	}
}

// slowLiar gives entries without bodies, each with a purge of its own that is not
// under a FINAL checkpoint, and takes its time to say so.
type slowLiar struct {
	peers
	name  string
	purge func(target ledger.ID) *ledger.Entry
	of    map[uint64]ledger.ID // purge that it makes up -> its target
}

const madeUp = 1 << 20

func (p *slowLiar) Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	if name != p.name {
		return from, errors.New("unreachable")
	}
	if target, ok := p.of[from]; ok {
		return from + 1, each(&wire.Record{Entry: p.purge(target)})
	}
	return p.peers.Records(ctx, name, from, limit, func(r *wire.Record) error {
		if len(r.Body) > 0 {
			index := madeUp + uint64(len(p.of))
			p.of[index] = r.Entry.ID
			r = &wire.Record{Time: r.Time, Entry: r.Entry, Purged: true, PurgedBy: index}
		}
		return each(r)
	})
}

func (p *slowLiar) Receipt(ctx context.Context, name string, index uint64) (*ledger.Receipt, error) {
	select {
	case <-time.After(vouchTime - time.Second):
		return nil, &wire.Error{Code: wire.NotFinal}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A peer that keeps bodies back costs its own time, not that of every body; and
// nothing is taken on its word where a quorum has cosigned.
func TestPurgeClaimsAreBounded(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		const notices = 20
		o := c.c.Bureaus[0].Officer
		for i := range notices {
			c.submit(c.leader(), o.Publish(t, ledger.KindBlue, fmt.Appendf(nil, "body %d", i)))
		}
		away := c.other(c.leader().name)
		up := c.catchup(away)
		up.fsm = &fsm{roster: newRoster(c.c.Genesis), store: store.NewMem(state.New(c.c.Genesis)), machine: up.fsm.machine, verified: up.fsm.verified}
		if err := up.fsm.store.Commit(0, up.fsm.machine.Begin()); err != nil {
			t.Log(err)
		}
		liar := &slowLiar{peers: up.peers, name: c.leader().name, of: make(map[uint64]ledger.ID), purge: func(target ledger.ID) *ledger.Entry {
			return o.Purge(t, target, ledger.ReasonOver, c.c.Bureaus[0].Supervisor).Entry
		}}
		up.peers = liar
		start := time.Now()
		chunk, err := up.fetch(liar.name, 0, c.base+notices, 0)
		if took := time.Since(start); took > chunkTime+time.Second {
			t.Errorf("it took %s (%v)", took, err)
		}
		if err != nil || chunk.Size() <= c.base || chunk.Size() >= c.base+notices {
			t.Errorf("%v: want the entries that came in its time", err)
		}
		if _, err := up.fetch(liar.name, 0, c.base+notices, 2*madeUp); err == nil {
			t.Error("bodies are missing by a purge without a receipt, where a quorum has cosigned")
		}
	})
}

// However many ask for a barrier at once, it is one or two, and each of them begins
// after the call that waits for it.
func TestBarriersAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b barriers
		var begun atomic.Int64
		do := func() error {
			begun.Add(1)
			time.Sleep(time.Second)
			return nil
		}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				before := begun.Load()
				if err := b.pass(do); err != nil || begun.Load() == before {
					t.Errorf("asked after %d began, and passed after %d (%v)", before, begun.Load(), err)
				}
			})
		}
		wg.Wait()
		if n := begun.Load(); n != 2 {
			t.Errorf("%d barriers for a hundred calls", n)
		}
		if err := b.pass(func() error { return errNotLeader }); err != errNotLeader {
			t.Errorf("one that fails: %v", err)
		}
	})
}

// A leader that restored a snapshot stands at an index where there is no command:
// whoever has the log up to there has applied all that there is.
func TestQuietLog(t *testing.T) {
	logs := raft.NewInmemStore()
	for i, kind := range []raft.LogType{raft.LogCommand, raft.LogNoop, raft.LogBarrier, raft.LogConfiguration, raft.LogCommand, raft.LogBarrier} {
		if err := logs.StoreLog(&raft.Log{Index: 26 + uint64(i), Type: kind}); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		from, to uint64
		quiet    bool
	}{{26, 27, true}, {26, 29, true}, {26, 30, false}, {30, 31, true}, {30, 32, false}, {24, 29, false}, {26, 26 + maxQuiet + 1, false}, {26, 1 << 62, false}} {
		if got := quiet(logs, x.from, x.to); got != x.quiet {
			t.Errorf("after %d up to %d: %t", x.from, x.to, got)
		}
	}
	if quiet(nil, 1, 2) {
		t.Error("without a log")
	}
}
