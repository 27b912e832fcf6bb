package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

func TestReplicaLostLedgerIsFetchedAgain(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		name := c.c.Bureaus[1].Node()
		if err := c.replica(name).raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		c.stop(name)
		m := c.nodes[name]
		m.store = store.NewMem(state.New(c.c.Genesis))
		c.start(name) // Raft goes on after the snapshot, which the ledger does not reach
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		c.agree(c.base + 1)

		c.stop(name)
		m.store = store.NewMem(state.New(c.c.Genesis))
		for other := range c.nodes {
			c.stop(other)
		}
		if err := c.tryStart(name); err == nil || !strings.Contains(err.Error(), "fetch the rest from the other nodes") {
			t.Errorf("with nobody to fetch from: %v", err)
		}
	})
}

func TestReplicaRefusesALogWithoutItsSnapshot(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		name := c.c.Bureaus[1].Node()
		c.stop(name)
		m := c.nodes[name]
		if err := m.logs.DeleteRange(1, 5); err != nil {
			t.Fatal(err)
		}
		m.snaps = c.noSnapshots(name)
		if err := c.tryStart(name); err == nil || !strings.Contains(err.Error(), "snapshots were removed") {
			t.Errorf("got %v", err)
		}
	})
}

// unsynced is a file on a disk that takes writes and cannot sync.
type unsynced struct{ slotFile }

func (unsynced) Sync() error { return errDisk }

// A node that cannot make its floor durable must not cosign what is above it, and
// stops when it has to raise it again.
func TestReplicaFloorIsDurableBeforeTheCosignature(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		time.Sleep(2 * time.Second)
		var name string
		for n := range c.nodes {
			if n != c.leader().name {
				name = n
			}
		}
		m := c.nodes[name]
		f := m.files.floor
		if f.synced == 0 {
			t.Error("cosigned without a floor on the disk")
		}
		r := c.replica(name)
		before, err := os.ReadFile(filepath.Join(c.dir, m.bureau.Code+".witness"))
		if err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		f.file = unsynced{f.file}
		f.mu.Unlock()
		for i := range byte(3) {
			c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte{i}))
			time.Sleep(2 * time.Second)
		}
		if after, err := os.ReadFile(filepath.Join(c.dir, m.bureau.Code+".witness")); err != nil || string(after) != string(before) {
			t.Errorf("it has signed something: %q, %v", after, err)
		}
		<-r.done
		if !errors.Is(r.err, errDisk) {
			t.Errorf("it stops because of %v", r.err)
		}
	})
}

// A node that is behind must not say that a key is unknown for ever.
func TestReplicaBehindDoesNotRefuseWhatItMayNotKnow(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader()
		var behind string
		for name := range c.nodes {
			if name != leader.name {
				behind = name
			}
		}
		c.mute(leader.name, behind, true)
		a := c.c.NewAuthor("late")
		b := c.c.Bureaus[0]
		c.submit(leader, b.EnrolSigner(t, a, "late-1", ledger.RoleInvestigator))
		time.AfterFunc(300*time.Millisecond, func() { c.mute(leader.name, behind, false) })
		c.submit(c.replica(behind), a.Publish(t, ledger.KindYellow, []byte("through a node that is behind")))

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		stranger := c.c.NewAuthor("stranger").Publish(t, ledger.KindYellow, []byte("x"))
		if _, err := c.replica(behind).submit(ctx, stranger); wire.CodeOf(err) != wire.Code(state.UnknownKey) {
			t.Errorf("a stranger: %v", err)
		}
	})
}

// failing is a store whose disk fails at a Commit.
type failing struct {
	store.Store
	on atomic.Bool
}

var errDisk = errors.New("no space left on device")

func (f *failing) Commit(applied uint64, c *state.Changes) error {
	if len(c.Records) > 0 && f.on.Load() {
		return errDisk
	}
	return f.Store.Commit(applied, c)
}

// A leader that cannot apply must not stay in the way: it falls silent, the
// others elect, and its officer is told that sending again is safe.
func TestReplicaLeaderThatCannotApplyGivesWay(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		for name, m := range c.nodes {
			c.stop(name)
			m.store = &failing{Store: m.store}
			c.start(name)
		}
		c.enrol()
		c.agree(c.base)
		old := c.leader()
		disk := c.nodes[old.name].store.(*failing)
		disk.on.Store(true)
		it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body"))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := old.submit(ctx, it); wire.CodeOf(err) != wire.Unknown {
			t.Errorf("submit: %v, want %s", err, wire.Unknown)
		}
		<-old.done
		if !errors.Is(old.err, errDisk) {
			t.Errorf("it stops because of %v", old.err)
		}
		time.Sleep(10 * time.Second)
		now := c.leader()
		if now == old {
			t.Fatal("it leads still")
		}
		index := c.submit(now, it)
		if index != c.base {
			t.Errorf("entry %d, want %d", index, c.base)
		}
		disk.on.Store(false)
		c.stop(old.name)
		c.start(old.name)
		c.agree(c.base + 1)
	})
}

// What was proposed once may be in the log: nobody may be told that nothing was
// written.
func TestBatcherOutcomeAfterAnEarlierTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, sent := range []bool{false, true} {
			b := &batcher{queue: newFairQueue(4, 0), stop: make(chan struct{})}
			ctx, cancel := context.WithCancel(t.Context())
			w := &waiting{ctx: ctx, item: ledger.Item{Entry: new(ledger.Entry)}, done: make(chan outcome, 1), sent: sent}
			b.again([]*waiting{w})
			cancel()
			if got := b.queue.batch(); len(got) > 0 {
				t.Fatal("alive, with nobody waiting")
			}
			want := wire.NoLeader
			if sent {
				want = wire.Unknown
			}
			if out := <-w.done; wire.CodeOf(out.err) != want {
				t.Errorf("sent before: %t: %v, want %s", sent, out.err, want)
			}
		}
	})
}
