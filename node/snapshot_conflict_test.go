package node

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"comity/ledger"

	"github.com/hashicorp/raft"
)

// diverged is a cluster of three in which a former leader, which does not run,
// holds a long tail that was never committed, while the others have gone on under
// another leader and compacted what follows the end that they share with it. The
// tail ends over entries after the leader's snapshot.
func diverged(c *cluster, over int) (away string, at entryID) {
	c.t.Helper()
	c.enrol()
	c.agree(c.base)
	old := c.leader()
	away = old.name
	time.Sleep(2 * time.Second)
	c.stop(away)
	m := c.nodes[away]
	end, err := m.logs.LastIndex()
	if err != nil {
		c.t.Fatal(err)
	}
	leader := c.leader()
	for leader.raft.LastIndex() < end+minTrailing+20 {
		if err := leader.raft.Barrier(0).Error(); err != nil { // the cheapest entry there is
			c.t.Fatal(err)
		}
	}
	c.submit(leader, c.c.Bureaus[0].Officer.Publish(c.t, ledger.KindYellow, []byte("while away")))
	c.base++
	time.Sleep(2 * time.Second)
	for name := range c.nodes {
		if r := c.replica(name); r != nil {
			if err := r.raft.Snapshot().Error(); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	list, err := c.nodes[leader.name].snaps.List()
	if err != nil || len(list) == 0 {
		c.t.Fatal(err, list)
	}
	first, err := c.nodes[leader.name].logs.FirstIndex()
	if err != nil || first <= end+1 {
		c.t.Fatalf("%v: the leader's log begins at %d, and the shared one ends at %d: no snapshot is needed", err, first, end)
	}
	at = entryID{list[0].Index, list[0].Term}

	c.offline(away, func(g *GuardStore) {
		var last raft.Log
		if err := g.GetLog(end, &last); err != nil {
			c.t.Fatal(err)
		}
		var tail []*raft.Log
		for i := end + 1; i <= at.index+uint64(over); i++ {
			tail = append(tail, &raft.Log{Index: i, Term: last.Term, Type: raft.LogNoop})
		}
		if len(tail) < minTrailing || last.Term >= at.term {
			c.t.Fatalf("a tail of %d entries of term %d, the snapshot of term %d", len(tail), last.Term, at.term)
		}
		if err := g.StoreLogs(tail); err != nil {
			c.t.Fatal(err)
		}
	})
	return away, at
}

// offline opens the log of a node that does not run.
func (c *cluster) offline(name string, f func(*GuardStore)) {
	c.t.Helper()
	files := &logFiles{}
	if err := files.open(c, c.nodes[name], new(atomic.Pointer[replica])); err != nil {
		c.t.Fatal(err)
	}
	f(files.logs)
	if err := files.close(); err != nil {
		c.t.Fatal(err)
	}
}

// TestSnapshotOverAnotherTail is hashicorp/raft #697: without the repair the
// snapshot is installed again and again, for ever.
func TestSnapshotOverAnotherTail(t *testing.T) {
	t.Parallel()
	for _, over := range []int{-1, 0, 1, 7, 2 * minTrailing} {
		for _, repaired := range []bool{true, false} {
			if testing.Short() && over != 0 && (over != 7 || !repaired) {
				continue
			}
			t.Run(fmt.Sprintf("%+d/repaired=%t", over, repaired), func(t *testing.T) {
				bubble(t, 3, func(t *testing.T, c *cluster) {
					away, at := diverged(c, over)
					c.unadopted, c.installMax = !repaired, 5
					c.start(away)
					if !repaired {
						time.Sleep(30 * time.Second)
						if loops := c.installs.Load() > c.installMax; loops != (over >= 0) {
							t.Errorf("%d installs; does this never end: %t, want %t", c.installs.Load(), loops, over >= 0)
						}
						return
					}
					c.agree(c.base)
					c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
					c.agree(c.base + 1)
					if n := c.installs.Load(); n != 1 {
						t.Errorf("%d snapshots were installed, want 1", n)
					}
					c.settled(away, at)
					c.stop(away)
					c.start(away)
					c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after a restart")))
					c.agree(c.base + 2)
				})
			})
		}
	}
}

// settled fails the test if a node's log has anything of another history, or if
// somebody was taken for a liar on the way.
func (c *cluster) settled(name string, at entryID) {
	c.t.Helper()
	leader := c.leader().name
	for i, l := range c.history(name) {
		var theirs raft.Log
		if err := c.nodes[leader].files.logs.lookup(i, &theirs); err == nil && !sameEntry(&theirs, l) {
			c.t.Errorf("entry %d (the snapshot ends at %d) is of term %d, and the leader's of term %d", i, at.index, l.Term, theirs.Term)
		}
	}
	if n, alarms := c.refusals(name); n != ([refusalKinds]uint64{}) || len(alarms) > 0 {
		c.t.Errorf("refusals %v, alarms %q", n, alarms)
	}
}

// A node that died when the snapshot was durable and its log was not repaired yet
// does that at its next start.
func TestSnapshotOverAnotherTailAfterACrash(t *testing.T) {
	t.Parallel()
	for _, over := range []int{-1, 0, 7, 2 * minTrailing} {
		if testing.Short() && over != 0 {
			continue
		}
		bubble(t, 3, func(t *testing.T, c *cluster) {
			away, at := diverged(c, over)
			from := c.nodes[c.leader().name].snaps
			list, err := from.List()
			if err != nil {
				t.Fatal(err)
			}
			meta, data, err := from.Open(list[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			sink, err := c.nodes[away].snaps.Create(meta.Version, meta.Index, meta.Term, meta.Configuration, meta.ConfigurationIndex, c.nodes[c.leader().name].trans)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(sink, data); errors.Join(err, sink.Close()) != nil {
				t.Fatal(err)
			}
			if err := c.nodes[away].snaps.promote(meta.Index); err != nil {
				t.Fatal(err)
			}
			c.start(away)
			c.agree(c.base)
			if n := c.installs.Load(); n > 1 { // the leader does not know that it has it
				t.Errorf("%+d: %d snapshots were installed", over, n)
			}
			c.settled(away, at)
		})
	}
}
