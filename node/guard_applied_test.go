package node

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// liar speaks to the others in the name of a node, as one whose owner writes its
// own software could.
type liar struct {
	c     *cluster
	name  string
	trans *Transport
}

func (c *cluster) liar(name string) *liar {
	t := NewTransport(raft.ServerID(name), raft.ServerAddress(name), c.dialer(name), c.peerOf, TransportOptions{})
	c.t.Cleanup(func() { t.Close() })
	return &liar{c, name, t}
}

// append asks victim, as leader of term, to have these entries after prev.
func (l *liar) append(victim string, term uint64, prev entryID, entries ...*raft.Log) (*raft.AppendEntriesResponse, error) {
	req := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(l.name), Addr: []byte(l.name)},
		Term: term, PrevLogEntry: prev.index, PrevLogTerm: prev.term, Entries: entries}
	for i, e := range entries {
		e.Index = prev.index + 1 + uint64(i)
		if e.Term == 0 {
			e.Term = term
		}
	}
	resp := new(raft.AppendEntriesResponse)
	err := l.trans.AppendEntries(raft.ServerID(victim), raft.ServerAddress(victim), req, resp)
	return resp, err
}

// history returns what a node's log holds, up to its floor.
func (c *cluster) history(name string) map[uint64]*raft.Log {
	c.t.Helper()
	files := c.nodes[name].files
	held := make(map[uint64]*raft.Log)
	for i := uint64(1); i <= files.floor.at(); i++ {
		l := new(raft.Log)
		if err := files.logs.lookup(i, l); err == nil {
			held[i] = l
		} else if err != raft.ErrLogNotFound {
			c.t.Fatal(err)
		}
	}
	return held
}

// refusals tells what a node refused, and its alarms.
func (c *cluster) refusals(name string) (n [refusalKinds]uint64, alarms []string) {
	r := c.replica(name)
	for i := range n {
		n[i] = r.refusals[i].Load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return n, append(alarms, r.alarms...)
}

// attacked is a cluster of three whose leader has become a liar.
func attacked(c *cluster) (victim string, l *liar) {
	c.enrol()
	c.agree(c.base)
	old := c.leader().name
	for name := range c.nodes {
		if name != old {
			victim = name
		}
	}
	time.Sleep(2 * time.Second) // the cosignatures too are applied by all
	c.stop(old)
	return victim, c.liar(old)
}

// TestLiarOverwritesWhatIsApplied has a member ask, under a higher term that
// nobody elected it for, for other entries in place of applied ones. Each of the
// two guards alone keeps them; with neither, the attack succeeds.
func TestLiarOverwritesWhatIsApplied(t *testing.T) {
	for _, test := range []struct {
		name                  string
		unfiltered, unguarded bool
		restart               bool
		kind                  RefusalKind
	}{
		{"filter", false, true, false, RefusedConflict},
		{"filter after a restart", false, true, true, RefusedConflict},
		{"store", true, false, false, RefusedDeletion},
		{"store after a restart", true, false, true, RefusedDeletion},
		{"neither", true, true, false, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, 3, func(t *testing.T, c *cluster) {
				victim, l := attacked(c)
				if test.restart || test.unfiltered || test.unguarded {
					c.unfiltered, c.unguarded = test.unfiltered, test.unguarded
					if test.restart { // alone: Raft knows of nothing that is committed
						for name := range c.nodes {
							c.stop(name)
						}
						c.nodes[victim].store = store.NewMem(state.New(c.c.Genesis))
					}
					c.stop(victim)
					c.start(victim)
				}
				r := c.replica(victim)
				if test.restart && (r.raft.CommitIndex() != 0 || r.store.Applied() != 0) {
					t.Fatalf("commit %d, applied %d: the test has no restart", r.raft.CommitIndex(), r.store.Applied())
				}
				before := c.history(victim)
				at := r.fsm.floor.at() / 2
				for _, from := range []uint64{at, 1} {
					prev := entryID{}
					if from > 1 {
						prev = entryID{from - 1, before[from-1].Term}
					}
					resp, err := l.append(victim, r.raft.CurrentTerm()+10, prev, &raft.Log{Type: raft.LogNoop})
					if err == nil && resp.Success != (test.kind < 0) {
						t.Errorf("from entry %d: %+v", from, resp)
					}
					if test.kind < 0 {
						break
					}
				}
				after := c.history(victim)
				if test.kind < 0 {
					if reflect.DeepEqual(before[at], after[at]) {
						t.Error("without guards the attack fails: the test tests nothing")
					}
					return
				}
				if !reflect.DeepEqual(before, after) {
					t.Error("the log is another one")
				}
				n, alarms := c.refusals(victim)
				want := "node " + l.name + ", as leader of term "
				if len(alarms) != 1 || !strings.HasPrefix(alarms[0], want) || !strings.Contains(alarms[0], "asked to overwrite entry") {
					t.Errorf("alarms %q, want one with %q", alarms, want)
				}
				if n[test.kind] != 2 || n[RefusedConflict]+n[RefusedDeletion]+n[RefusedOverwrite] != 2 {
					t.Errorf("refusals %v", n)
				}
				families, err := newMetrics(r).registry.Gather()
				if err != nil {
					t.Fatal(err)
				}
				shown := ""
				for _, f := range families {
					if f.GetName() == "comity_guard_refusals_total" {
						shown = f.String()
					}
				}
				if want := `value:"` + test.kind.String() + `"} counter:{value:2`; !strings.Contains(strings.ReplaceAll(shown, "  ", " "), want) {
					t.Errorf("metric %q, want %q in it", shown, want)
				}
				// The node goes on, with the liar as an honest one again.
				for name := range c.nodes {
					if c.replica(name) == nil {
						c.start(name)
					}
				}
				c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
				c.agree(c.base + 1)
			})
		})
	}
}

// Other lies below the floor, which the filter sees, and what it must let pass.
func TestAppliedGuardTellsLiesFromOldNews(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		victim, l := attacked(c)
		r := c.replica(victim)
		held := c.history(victim)
		at := r.fsm.floor.at()
		same := func(i uint64) *raft.Log {
			l := *held[i]
			return &l
		}
		other := same(at - 2)
		other.Data = append([]byte(nil), other.Data...)
		noop := func(term uint64) *raft.Log { return &raft.Log{Type: raft.LogNoop, Term: term} }
		for _, test := range []struct {
			name    string
			term    uint64 // above the present one
			prev    entryID
			entries []*raft.Log
			lie     bool
		}{
			{"a heartbeat", 0, entryID{}, nil, false},
			{"what is there already", 0, entryID{at - 4, held[at-4].Term}, []*raft.Log{same(at - 3), same(at - 2)}, false},
			{"an older leader's entries", ^uint64(0), entryID{at - 3, held[at-3].Term - 1}, []*raft.Log{noop(held[at-3].Term - 1)}, false},
			{"another entry before", 0, entryID{at - 3, held[at-3].Term - 1}, nil, true},
			{"another term", 1, entryID{at - 3, held[at-3].Term}, []*raft.Log{noop(0)}, true},
			{"the same term, another type", 0, entryID{at - 3, held[at-3].Term}, []*raft.Log{noop(held[at-2].Term)}, true},
			{"the first entry", 1, entryID{}, []*raft.Log{noop(0)}, true},
		} {
			n, _ := c.refusals(victim)
			_, err := l.append(victim, r.raft.CurrentTerm()+test.term, test.prev, test.entries...)
			now, _ := c.refusals(victim)
			if lie := now[RefusedConflict] > n[RefusedConflict]; lie != test.lie || (err != nil) != test.lie {
				t.Errorf("%s: taken for a lie: %t, %v; want %t", test.name, lie, err, test.lie)
			}
			if !reflect.DeepEqual(c.history(victim), held) {
				t.Fatalf("%s: the log is another one", test.name)
			}
		}
		if _, alarms := c.refusals(victim); len(alarms) != 1 {
			t.Errorf("alarms %q, want one for the node", alarms)
		}
	})
}

// waiting is a store that does not get to commit.
type waitingStore struct {
	store.Store
	wait chan struct{}
}

func (w *waitingStore) Commit(applied uint64, c *state.Changes) error {
	<-w.wait
	return w.Store.Commit(applied, c)
}

// Raft applies behind its own back: an entry that it has handed over and that is
// not applied yet must be as safe as one that is.
func TestLiarOverwritesWhatIsAboutToBeApplied(t *testing.T) {
	for _, unfiltered := range []bool{false, true} {
		bubble(t, 3, func(t *testing.T, c *cluster) {
			c.enrol()
			c.agree(c.base)
			leader := c.leader()
			var victim string
			for name := range c.nodes {
				if name != leader.name {
					victim = name
				}
			}
			c.unfiltered = unfiltered
			c.stop(victim)
			slow := &waitingStore{c.nodes[victim].store, make(chan struct{})}
			c.nodes[victim].store = slow
			c.start(victim)
			time.Sleep(2 * time.Second)
			leader = c.leader()
			for i := range byte(3) {
				c.submit(leader, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte{i}))
			}
			time.Sleep(2 * time.Second)
			r := c.replica(victim)
			at := r.raft.CommitIndex()
			if at <= r.fsm.floor.at()+1 {
				t.Fatalf("commit %d, floor %d: nothing is about to be applied", at, r.fsm.floor.at())
			}
			var prev, before, after raft.Log
			logs := c.nodes[victim].files.logs
			if err := errors.Join(logs.lookup(at-1, &prev), logs.lookup(at, &before)); err != nil {
				t.Fatal(err)
			}
			l := c.liar(leader.name)
			resp, err := l.append(victim, r.raft.CurrentTerm()+10, entryID{prev.Index, prev.Term}, &raft.Log{Type: raft.LogNoop})
			if err == nil && resp.Success {
				t.Error("done as asked")
			}
			if err := logs.lookup(at, &after); err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("unfiltered %t: entry %d of term %d is now %+v, %v", unfiltered, at, before.Term, after, err)
			}
			close(slow.wait)
			c.agree(c.base + 3)
		})
	}
}

// TestGuardStoreKeepsTheFloor calls the store as Raft does, and as nobody should.
func TestGuardStoreKeepsTheFloor(t *testing.T) {
	const floor, first, last = 50, 11, 60
	type call func(*GuardStore) error
	remove := func(min, max uint64) call { return func(g *GuardStore) error { return g.DeleteRange(min, max) } }
	put := func(index, term uint64) call {
		return func(g *GuardStore) error {
			l := testLog(index)
			l.Term = term
			return g.StoreLog(l)
		}
	}
	term := func(i uint64) uint64 { return testLog(i).Term }
	for _, test := range []struct {
		name     string
		snapshot entryID
		call     call
		refused  int // the index, 0 if it is not
	}{
		{"tail above the floor", entryID{}, remove(51, last), 0},
		{"tail at the floor", entryID{}, remove(50, last), 50},
		{"tail below the snapshot", entryID{40, term(40)}, remove(30, last), 30},
		{"one in the middle", entryID{40, term(40)}, remove(30, 30), 30},
		{"all, with no snapshot", entryID{}, remove(first, last), first},
		{"all, with a snapshot before its end", entryID{40, term(40)}, remove(first, last), first},
		{"all, with a snapshot at its end", entryID{last, term(last)}, remove(first, last), first},
		{"all, of another history than the snapshot", entryID{last, term(last) + 1}, remove(first, last), 0},
		{"compaction", entryID{40, term(40)}, remove(first, 30), 0},
		{"compaction to the snapshot", entryID{40, term(40)}, remove(first, 40), 0},
		{"compaction from before the log", entryID{40, term(40)}, remove(1, 40), 0},
		{"compaction beyond the snapshot", entryID{40, term(40)}, remove(first, 41), first},
		{"an entry after the log", entryID{}, put(61, 9), 0},
		{"another entry above the floor", entryID{}, put(51, 9), 0},
		{"another entry at the floor", entryID{}, put(50, 9), 50},
		{"the same entry at the floor", entryID{}, put(50, term(50)), 0},
		{"an entry before the log", entryID{}, put(10, 9), 10},
	} {
		var refused []Refusal
		g := guardOver(t, closable{raft.NewInmemStore()}, GuardOptions{
			Snapshot:  func() (uint64, uint64, error) { return test.snapshot.index, test.snapshot.term, nil },
			OnRefusal: func(r Refusal) { refused = append(refused, r) },
			OnFail:    func(err error) { t.Errorf("%s: it is the last word: %v", test.name, err) },
		})
		for i := uint64(first); i <= last; i++ {
			if err := g.StoreLog(testLog(i)); err != nil {
				t.Fatal(err)
			}
		}
		g.opts.Floor = func() uint64 { return floor }
		err := test.call(g)
		if errors.Is(err, errRefused) != (test.refused > 0) || (err != nil) != (test.refused > 0) {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.refused == 0 {
			continue
		}
		if len(refused) != 1 || refused[0].Index != uint64(test.refused) {
			t.Errorf("%s: told of %+v, want entry %d", test.name, refused, test.refused)
		}
		for i := uint64(first); i <= last; i++ { // nothing has changed, and it goes on
			var l raft.Log
			if err := g.GetLog(i, &l); err != nil || !reflect.DeepEqual(&l, testLog(i)) {
				t.Fatalf("%s: entry %d: %+v, %v", test.name, i, l, err)
			}
		}
		if err := g.StoreLog(testLog(last + 1)); err != nil {
			t.Errorf("%s: the store does not go on: %v", test.name, err)
		}
	}
}
