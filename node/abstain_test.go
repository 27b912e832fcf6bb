package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// repair does to a stopped node in memory what a Repair does to a folder.
func (c *cluster) repair(name string) {
	c.t.Helper()
	m := c.nodes[name]
	kept := raft.NewInmemStore()
	for _, key := range [][]byte{keyTerm, keyVoteTerm, keyVoteFor} {
		value, err := m.logs.Get(key)
		if string(key) != string(keyVoteFor) {
			var n uint64
			if n, err = m.logs.GetUint64(key); err == nil {
				err = kept.SetUint64(key, n)
			}
		} else if err == nil {
			err = kept.Set(key, value)
		}
		if err != nil && err.Error() != "not found" {
			c.t.Fatal(err)
		}
	}
	m.store, m.logs, m.snaps = store.NewMem(state.New(c.c.Genesis)), kept, c.noSnapshots(name)
	for _, file := range []string{".floor", ".epochs"} {
		if err := os.Remove(filepath.Join(c.dir, m.bureau.Code+file)); err != nil && !errors.Is(err, os.ErrNotExist) {
			c.t.Fatal(err)
		}
	}
	if err := writeAbstain(c.abstainPath(name), lostLog); err != nil {
		c.t.Fatal(err)
	}
}

// votesAgain waits until a node does not abstain any more.
func (c *cluster) votesAgain(name string) {
	c.t.Helper()
	for range 600 {
		if !c.replica(name).abstain.active() {
			if exists(c.abstainPath(name)) {
				c.t.Errorf("%s votes, and its file says that it does not", name)
			}
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, why := c.replica(name).ready()
	c.t.Fatalf("%s abstains after a minute: %s", name, why)
}

// A node that was given another entry than all others comes back with a repair,
// holds what they hold, and cosigns again: it has signed nothing wrong.
func TestReplicaThatWasDeceivedIsRepaired(t *testing.T) {
	for _, compacted := range []bool{false, true} {
		t.Run(fmt.Sprintf("compacted=%t", compacted), func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, c *cluster) {
				c.enrol()
				c.agree(c.base)
				victim := c.other(c.leader().name)
				c.stop(victim)
				c.deceive(victim, c.c.Bureaus[2].Supervisor.Publish(t, ledger.KindYellow, []byte("shown to one only")))
				c.start(victim)
				deceived := c.replica(victim)
				n := 4
				if compacted {
					n = minTrailing + 50
				}
				for i := range n {
					c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "%d", i)))
					if i < 4 {
						time.Sleep(time.Second)
					}
				}
				c.base += uint64(n)
				<-deceived.done
				c.stop(victim)
				if !errors.Is(deceived.err, errDeceived) {
					t.Fatalf("it stopped for %v", deceived.err)
				}
				if compacted {
					for name := range c.nodes {
						if name == victim {
							continue
						}
						if err := c.replica(name).raft.Snapshot().Error(); err != nil {
							t.Fatal(err)
						}
						if first, err := c.nodes[name].logs.FirstIndex(); err != nil || first == 1 {
							t.Fatalf("the log of %s begins at %d (%v)", name, first, err)
						}
					}
				}
				c.repair(victim)
				c.start(victim)
				if s := c.status(victim); s.Ready || !s.Abstains || !strings.HasPrefix(s.NotReady, "repairing: ") {
					t.Errorf("right after the start: %+v", s)
				}
				c.votesAgain(victim)
				c.agree(c.base)
				c.stop(c.other(victim, c.leader().name)) // now nothing is FINAL without it
				c.submit(c.leader(), c.c.Bureaus[1].Officer.Publish(t, ledger.KindYellow, []byte("with its help")))
				c.agree(c.base + 1)
				if s := c.status(victim); s.Muted != "" || len(s.Alarms) > 0 || !s.Ready {
					t.Errorf("after it: %+v", s)
				}
			})
		})
	}
}

// The newest snapshot is mostly older than what was cosigned last, and it is the
// first thing that a repaired node gets when the others' logs do not reach back.
func TestReplicaRepairedByASnapshotOlderThanItCosigned(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		victim := c.other(c.leader().name)
		publish := func(n int) {
			for i := range n {
				c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "%d", i)))
			}
			c.base += uint64(n)
			c.agree(c.base)
		}
		publish(minTrailing + 50)
		for name := range c.nodes {
			if err := c.replica(name).raft.Snapshot().Error(); err != nil {
				t.Fatal(err)
			}
		}
		snapshot := c.base
		publish(3)
		c.stop(victim)
		c.repair(victim)
		c.start(victim)
		if signed := c.replica(victim).fsm.signed.Size; signed <= snapshot {
			t.Fatalf("it cosigned %d only, and the snapshot is of %d", signed, snapshot)
		}
		c.votesAgain(victim)
		c.agree(c.base)
		time.Sleep(10 * time.Second) // it is ready once a majority told it where they are
		if s := c.status(victim); s.Muted != "" || len(s.Alarms) > 0 || !s.Ready {
			t.Errorf("after it: %+v", s)
		}
	})
}

// A node that starts empty gives no vote to a candidate that lacks what it once
// held, and does not stand itself; when it has caught up it votes.
func TestReplicaThatForgotItsLogAbstains(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader().name
		behind := c.other(leader)
		wiped := c.other(leader, behind)
		c.stop(behind)
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("on two disks")))
		c.stop(wiped)
		c.stop(leader)
		c.forget(wiped)
		c.start(wiped)
		c.start(behind)
		term := c.replica(behind).raft.CurrentTerm()
		time.Sleep(time.Minute)
		for _, name := range []string{wiped, behind} {
			r := c.replica(name)
			if r.raft.State() == raft.Leader || r.raft.CurrentTerm() > term {
				t.Errorf("%s is %s in term %d, after %d", name, r.raft.State(), r.raft.CurrentTerm(), term)
			}
		}
		if s := c.status(wiped); s.Ready || !s.Abstains || s.Size != 0 {
			t.Errorf("the wiped one: %+v", s)
		}
		c.start(leader)
		c.votesAgain(wiped)
		if got := c.leader().name; got != leader {
			t.Errorf("%s leads, and %s has the longest log", got, leader)
		}
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		for _, name := range []string{leader, behind} { // what the wiped one is mute about is FINAL without it
			if err := waitFor(t, c.replica(name), c.base+1); err != nil {
				t.Fatal(err)
			}
		}
		c.stop(behind) // now its vote counts
		c.stop(leader)
		c.start(leader)
		if got := c.leader(); got.raft.State() != raft.Leader {
			t.Error("nobody leads")
		}
	})
}

func waitFor(t *testing.T, r *replica, index uint64) error {
	_, err := r.waitFinal(t.Context(), index)
	return err
}

// Two of three have lost their disks: nobody is elected, whatever they say to one
// another, and nothing that the third holds is undone.
func TestReplicaMajorityThatForgotElectsNobody(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		whole := c.leader().name
		for name := range c.nodes {
			c.stop(name)
			if name != whole {
				c.forget(name)
			}
		}
		for name := range c.nodes {
			c.start(name)
		}
		time.Sleep(2 * time.Minute)
		for name := range c.nodes {
			r := c.replica(name)
			if r.raft.State() == raft.Leader {
				t.Errorf("%s leads", name)
			}
			if ok, why := r.ready(); ok {
				t.Errorf("%s is ready", name)
			} else {
				t.Logf("%s: %s", name, why)
			}
		}
		if head, err := state.ReadHead(c.nodes[whole].store); err != nil || head.Size != c.base {
			t.Errorf("%s holds %d entries of %d (%v)", whole, head.Size, c.base, err)
		}
	})
}

// With two bureaus neither elects without the other: the repaired one votes for
// the one that has the log.
func TestReplicaRepairedOfTwo(t *testing.T) {
	bubble(t, 2, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		whole := c.leader().name
		victim := c.other(whole)
		c.stop(victim)
		c.stop(whole)
		c.repair(victim)
		c.start(victim)
		c.start(whole)
		if got := c.leader().name; got != whole {
			t.Errorf("%s leads", got)
		}
		c.votesAgain(victim)
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		c.agree(c.base + 1)
	})
}

// What the others say, and what follows.
func TestAbstention(t *testing.T) {
	said := func(term, index, last uint64) *wire.Status {
		return &wire.Status{RaftTerm: term, RaftLast: index, RaftLastTerm: last, Applied: index, Size: 9}
	}
	empty := &wire.Status{RaftTerm: 1, RaftLast: 1, RaftLastTerm: 1, Abstains: true}
	forgot := &wire.Status{RaftTerm: 7, RaftLast: 3, RaftLastTerm: 7, Abstains: true}
	newer := func(s wire.Status) *wire.Status { s.RaftTerm = 2; return &s }
	for _, tt := range []struct {
		name     string
		lost     loss
		said     []*wire.Status // of 4 others
		own      report
		founding bool
		caughtUp bool
		votes    bool // for a candidate that ends at 100 in term 5, in term 6
		follows  bool // a leader of term 5
	}{
		{"nobody has spoken", lostLog, nil, report{}, false, false, false, true},
		{"nobody has spoken, votes lost", lostVotes, nil, report{}, false, false, false, false},
		{"two of four", lostLog, []*wire.Status{said(5, 100, 5), said(5, 100, 5)}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, false, false, true},
		{"three", lostLog, []*wire.Status{said(5, 100, 5), said(5, 100, 5), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, true, true, true},
		{"three, votes lost", lostVotes, []*wire.Status{said(5, 100, 5), said(5, 100, 5), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, true, true, true},
		{"three, one in a later term", lostVotes, []*wire.Status{said(5, 100, 5), said(6, 100, 5), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, false, false, false},
		{"three, one with a longer log", lostLog, []*wire.Status{said(5, 100, 5), said(5, 101, 5), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 101}, false, false, false, true},
		{"three, one with a longer log of an old term", lostLog, []*wire.Status{said(5, 100, 5), said(5, 300, 4), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 300}, false, true, true, true},
		{"not applied yet", lostLog, []*wire.Status{said(5, 100, 5), said(5, 100, 5), said(5, 90, 5)}, report{term: 5, end: entryID{100, 5}, applied: 99}, false, false, true, true},
		{"four, one of which claims the moon", lostVotes, []*wire.Status{said(5, 100, 5), said(1<<40, 1<<50, 1<<40), said(5, 90, 5), said(5, 100, 5)}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, true, true, true},
		{"who forgot as well does not count", lostLog, []*wire.Status{said(5, 100, 5), said(5, 100, 5), forgot, empty}, report{term: 5, end: entryID{100, 5}, applied: 100}, false, false, false, true},
		{"the ledger begins", lostVotes, []*wire.Status{empty, empty, empty}, report{term: 1, end: entryID{1, 1}, empty: true}, true, false, false, false},
		{"too few say so", lostVotes, []*wire.Status{empty, empty}, report{term: 1, end: entryID{1, 1}, empty: true}, false, false, false, false},
		{"one has entries", lostVotes, []*wire.Status{empty, empty, empty, said(5, 100, 5)}, report{term: 1, end: entryID{1, 1}, empty: true}, false, false, false, false},
		{"one knows of an election", lostVotes, []*wire.Status{empty, empty, newer(*empty)}, report{term: 1, end: entryID{1, 1}, empty: true}, false, false, false, false},
		{"this one is not empty", lostVotes, []*wire.Status{empty, empty, empty}, report{term: 1, end: entryID{2, 1}}, false, false, false, false},
	} {
		a := &abstention{lost: tt.lost, others: 4, dropped: 1, heard: make(map[string]report)}
		for i, s := range tt.said {
			a.hear(fmt.Sprint(i), s)
		}
		votes := a.check(&request{command: &raft.RequestVoteRequest{Term: 6, LastLogIndex: 100, LastLogTerm: 5}}) == nil
		asked := a.check(&request{command: &raft.RequestPreVoteRequest{Term: 6, LastLogIndex: 100, LastLogTerm: 5}}) == nil
		follows := a.check(&request{command: &raft.AppendEntriesRequest{}, term: 5}) == nil
		if got := a.founding(tt.own); got != tt.founding {
			t.Errorf("%s: founding %t", tt.name, got)
		}
		if got := a.caughtUp(tt.own); got != tt.caughtUp {
			t.Errorf("%s: caught up %t", tt.name, got)
		}
		if votes != tt.votes || asked != votes || follows != tt.follows {
			t.Errorf("%s: votes %t, says that it would %t, follows %t", tt.name, votes, asked, follows)
		}
		if a.check(&request{command: &raft.TimeoutNowRequest{}}) == nil || a.stands() == nil {
			t.Errorf("%s: it stands for election", tt.name)
		}
	}
}

// A node that has forgotten its votes gives none while an election may be under
// way that it has voted in, and none in a term that others knew of.
func TestAbstentionOfForgottenVotes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(shortDir(t), abstainName)
		stable := raft.NewInmemStore()
		a, err := openAbstention(path, true, 2, 4*time.Second, stable)
		if err != nil || a == nil || a.lost != lostVotes {
			t.Fatalf("open: %+v, %v", a, err)
		}
		for _, name := range []string{"a", "b"} {
			a.hear(name, &wire.Status{RaftTerm: 5, RaftLast: 100, RaftLastTerm: 5, Applied: 100, Size: 9})
		}
		vote := &request{command: &raft.RequestVoteRequest{Term: 6, LastLogIndex: 100, LastLogTerm: 5}}
		own := report{term: 5, end: entryID{100, 5}, applied: 100}
		if a.check(vote) == nil || a.caughtUp(own) {
			t.Error("it votes at once")
		}
		time.Sleep(4 * time.Second)
		if err := a.check(vote); err != nil || !a.caughtUp(own) {
			t.Errorf("it does not vote: %v", err)
		}
		if again, err := openAbstention(path, false, 2, 0, stable); err != nil || again == nil || again.lost != lostVotes {
			t.Errorf("a restart forgets it: %+v, %v", again, err)
		}
		if err := a.end(); err != nil || a.active() {
			t.Errorf("end: %v", err)
		}
		if term, err := stable.GetUint64(keyVoteTerm); err != nil || term != 5 {
			t.Errorf("the last vote is in term %d, %v", term, err)
		}
		if err := countVote(stable, 4); err != nil {
			t.Error(err)
		}
		if term, _ := stable.GetUint64(keyVoteTerm); term != 5 {
			t.Errorf("the last vote is in term %d", term)
		}
		if again, err := openAbstention(path, false, 2, 0, stable); err != nil || again != nil {
			t.Errorf("after the end: %+v, %v", again, err)
		}
		if one, err := openAbstention(path, true, 0, 0, stable); err != nil || one != nil {
			t.Errorf("alone: %+v, %v", one, err)
		}
		if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := openAbstention(path, false, 2, 0, stable); err != nil || again == nil || again.lost != lostVotes {
			t.Errorf("damaged: %+v, %v", again, err)
		}
	})
}
