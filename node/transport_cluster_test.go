package node

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// listFSM is a state machine that keeps what it was given. Its snapshot is a
// manifest: the number of commands. Restoring "fetches" them from the node that has them.
type listFSM struct {
	source   *[]string
	mu       sync.Mutex // guards what follows
	list     []string
	restored int
}

func (f *listFSM) Apply(l *raft.Log) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, string(l.Data))
	return nil
}

func (f *listFSM) Snapshot() (raft.FSMSnapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return listManifest(len(f.list)), nil
}

func (f *listFSM) Restore(r io.ReadCloser) error {
	defer r.Close()
	var n int
	if _, err := fmt.Fscan(r, &n); err != nil {
		return err
	}
	time.Sleep(5 * time.Minute) // it has much to fetch
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.Clone((*f.source)[:n])
	f.restored++
	return nil
}

func (f *listFSM) have() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

type listManifest int

func (m listManifest) Persist(sink raft.SnapshotSink) error {
	if _, err := fmt.Fprint(sink, int(m)); err != nil {
		return err
	}
	return sink.Close()
}

func (m listManifest) Release() {}

// TestCluster runs three rafts over the transport: they elect, replicate, go on
// with a node cut off, and bring it back with a snapshot that takes minutes.
func TestCluster(t *testing.T) {
	t.Run("short lines", func(t *testing.T) { testCluster(t, false) })
	t.Run("long lines", func(t *testing.T) { testCluster(t, true) })
}

func testCluster(t *testing.T, ahead bool) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipeNet()
		ids := []string{"xa", "xb", "xc"}
		rafts, fsms := make(map[string]*raft.Raft), make(map[string]*listFSM)
		var all []string
		for _, id := range ids {
			conf := raft.DefaultConfig()
			conf.LocalID = raft.ServerID(id)
			conf.MaxAppendEntries = MaxAppendEntries
			conf.TrailingLogs = 10
			conf.SnapshotThreshold = 1 << 40 // when the test says so
			conf.LogOutput = io.Discard
			var self atomic.Pointer[raft.Raft]
			tr := p.add(id, TransportOptions{Pipeline: ahead, Term: func() uint64 {
				if r := self.Load(); r != nil {
					return r.CurrentTerm()
				}
				return 0
			}})
			store, snaps := raft.NewInmemStore(), raft.NewInmemSnapshotStore()
			if err := raft.BootstrapCluster(conf, store, store, snaps, tr, testConfiguration(ids...)); err != nil {
				t.Fatal(err)
			}
			fsms[id] = &listFSM{source: &all}
			r, err := raft.NewRaft(conf, fsms[id], store, store, snaps, tr)
			if err != nil {
				t.Fatal(err)
			}
			self.Store(r)
			rafts[id] = r
		}
		defer func() {
			for _, r := range rafts {
				if err := r.Shutdown().Error(); err != nil {
					t.Error(err)
				}
			}
		}()
		leader := func() string {
			t.Helper()
			for range 600 {
				for id, r := range rafts {
					if r.VerifyLeader().Error() == nil {
						return id
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			t.Fatal("no leader within a minute")
			return ""
		}
		apply := func(n int) {
			t.Helper()
			first := leader()
			for range n {
				command := fmt.Sprintf("command %d", len(all))
				if err := rafts[first].Apply([]byte(command), time.Minute).Error(); err != nil {
					t.Fatalf("apply %q: %v", command, err)
				}
				all = append(all, command)
			}
		}
		settle := func(ids ...string) {
			t.Helper()
			for _, id := range ids {
				for range 6000 {
					if len(fsms[id].have()) == len(all) {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
				if got := fsms[id].have(); !slices.Equal(got, all) {
					t.Fatalf("%s has %d commands, want %d, in order", id, len(got), len(all))
				}
			}
		}

		apply(100)
		settle(ids...)

		// The leader loses one follower: no election, no gap.
		first := leader()
		i := slices.Index(ids, first)
		near, far := ids[(i+1)%3], ids[(i+2)%3]
		term := rafts[first].CurrentTerm()
		p.cut(first, far, true)
		apply(100)
		settle(first, near)
		if got := rafts[first].CurrentTerm(); got != term {
			t.Errorf("term went from %d to %d for one lost follower", term, got)
		}

		// The leader is cut off from both: another one follows, and the old steps down.
		p.cut(first, near, true)
		time.Sleep(10 * time.Second)
		second := leader()
		if second == first {
			t.Fatalf("%s leads without a majority", first)
		}
		apply(100)
		settle(near, far)

		// The log moves on without the first: it comes back with a snapshot.
		if err := rafts[second].Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		p.cut(first, near, false)
		p.cut(first, far, false)
		apply(50)
		settle(ids...)
		if n := fsms[first].restored; n != 1 {
			t.Errorf("%s restored %d snapshots, want 1", first, n)
		}
		term = rafts[second].CurrentTerm()
		time.Sleep(5 * time.Minute)
		if got := rafts[leader()].CurrentTerm(); got != term {
			t.Errorf("term went from %d to %d in five quiet minutes", term, got)
		}
	})
}
