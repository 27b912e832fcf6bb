package node

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/crypto/keys"

	"github.com/hashicorp/raft"
)

// testElections returns the elections of each of these nodes, and a function
// that returns the alarms that were raised.
func testElections(t testing.TB, ids ...string) (map[string]*elections, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var alarms []string
	all, voters := make(map[string]*elections), make(electorate)
	for _, id := range ids {
		key, err := keys.GenerateWitness()
		if err != nil {
			t.Fatal(err)
		}
		voters[raft.ServerID(id)] = voter{key.Public().Ed25519, raft.ServerAddress(id + ":7000")}
		all[id] = &elections{ledger: [32]byte{1}, name: raft.ServerID(id), key: key, voters: func() []electorate { return []electorate{voters} }, alarm: func(text string) {
			mu.Lock()
			defer mu.Unlock()
			alarms = append(alarms, text)
		}}
	}
	return all, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(alarms)
	}
}

// cast lets a voter sign its vote.
func cast(t testing.TB, e *elections, term uint64, candidate raft.ServerID) ballot {
	t.Helper()
	sig, err := e.sign(term, candidate)
	if err != nil {
		t.Fatal(err)
	}
	return ballot{e.name, sig}
}

func TestElected(t *testing.T) {
	all, _ := testElections(t, "xa", "xb", "xc", "xd", "xe")
	b, c := cast(t, all["xb"], 7, "xa"), cast(t, all["xc"], 7, "xa")
	all["xd"].given = vote{}
	other := cast(t, all["xd"], 7, "xe")
	older := cast(t, all["xe"], 6, "xa")
	stranger, _ := testElections(t, "xb")
	forged := cast(t, stranger["xb"], 7, "xa")
	elsewhere := cast(t, &elections{ledger: [32]byte{2}, name: "xc", key: all["xc"].key}, 7, "xa")
	for name, tt := range map[string]struct {
		peer    raft.ServerID
		ballots []ballot
		want    bool
	}{
		"a majority with its own":   {"xa", []ballot{b, c}, true},
		"one too few":               {"xa", []ballot{b}, false},
		"none":                      {"xa", nil, false},
		"one vote twice":            {"xa", []ballot{b, b}, false},
		"its own vote again":        {"xa", []ballot{b, {"xa", b.signature}}, false},
		"votes for somebody else":   {"xb", []ballot{b, c}, false},
		"one for somebody else":     {"xa", []ballot{b, other}, false},
		"one of another term":       {"xa", []ballot{b, older}, false},
		"one by another key":        {"xa", []ballot{c, forged}, false},
		"one of another ledger":     {"xa", []ballot{b, elsewhere}, false},
		"one under another's name":  {"xa", []ballot{b, {"xd", c.signature}}, false},
		"one by nobody of ours":     {"xa", []ballot{b, {"zz", c.signature}}, false},
		"good ones and a bad one":   {"xa", []ballot{b, c, other}, false},
		"a leader who is no member": {"zz", []ballot{b, c}, false},
	} {
		e := &elections{ledger: all["xe"].ledger, name: "xe", voters: all["xe"].voters, alarm: func(string) {}}
		err := e.elected(tt.peer, 7, tt.ballots)
		if got := e.leads(tt.peer, 7); (err == nil) != tt.want || got != tt.want || err != nil && !errors.Is(err, errUnelected) {
			t.Errorf("%s: believed %t, %v; want %t", name, got, err, tt.want)
		}
		if e.leads(tt.peer, 8) || e.leads(tt.peer, 6) {
			t.Errorf("%s: believed in another term", name)
		}
	}
}

// Who shows bad votes all the time has few of them verified, and is heard again later;
// one that is believed costs nothing more.
func TestElectedOften(t *testing.T) {
	all, _ := testElections(t, "xa", "xb", "xc")
	b := cast(t, all["xb"], 7, "xa")
	forged := ballot{b.voter, slices.Clone(b.signature)}
	forged.signature[0] ^= 1
	synctest.Test(t, func(t *testing.T) {
		e, verified := all["xc"], 0
		e.alarm = func(string) { verified++ }
		for range 10 * showBurst {
			if err := e.elected("xa", 7, []ballot{forged}); err == nil {
				t.Fatal("forged votes are believed")
			}
		}
		if verified > showBurst || e.elected("xa", 7, []ballot{b}) == nil {
			t.Errorf("%d votes were verified, and more would be", verified)
		}
		time.Sleep(time.Second)
		for range 10 * showBurst {
			if err := e.elected("xa", 7, []ballot{b}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestElectedTwice lets one voter give two votes: both leaders have proof, the
// second is not believed, and the voter is named.
func TestElectedTwice(t *testing.T) {
	all, alarms := testElections(t, "xa", "xb", "xc", "xd", "xe")
	if err := all["xe"].elected("xa", 7, []ballot{cast(t, all["xb"], 7, "xa"), cast(t, all["xc"], 7, "xa")}); err != nil {
		t.Fatal(err)
	}
	if _, err := all["xc"].sign(7, "xd"); err == nil {
		t.Error("an honest node signed two votes in a term")
	}
	all["xc"].given = vote{} // and now it is not honest
	second := []ballot{cast(t, all["xc"], 7, "xd"), cast(t, all["xe"], 7, "xd")}
	if err := all["xe"].elected("xd", 7, second); !errors.Is(err, errUnelected) || !all["xe"].leads("xa", 7) {
		t.Errorf("a second leader of the term: %v", err)
	}
	if got := alarms(); len(got) != 1 || !strings.HasPrefix(got[0], "xc voted twice") {
		t.Errorf("alarms %q, want one that names xc", got)
	}
	// Other votes by the same one for others make no other text.
	all["xc"].given, all["xe"].given = vote{}, vote{}
	if err := all["xe"].elected("xb", 7, []ballot{cast(t, all["xc"], 7, "xb"), cast(t, all["xe"], 7, "xb")}); err == nil {
		t.Error("a third leader of the term was believed")
	}
	for _, text := range alarms() {
		if text != alarms()[0] && !strings.HasPrefix(text, "xb voted") {
			t.Errorf("another alarm %q beside %q", text, alarms()[0])
		}
	}
	if err := all["xe"].elected("xd", 6, nil); err == nil {
		t.Error("a leader of a term that is over was believed")
	}
}

// TestElectedBesideMe shows a node that leads the votes for another one in the
// same term: it neither believes them nor keeps it to itself.
func TestElectedBesideMe(t *testing.T) {
	all, alarms := testElections(t, "xa", "xb", "xc")
	b := cast(t, all["xb"], 7, "xa")
	if err := all["xa"].collect(7, b.voter, b.signature); err != nil || !all["xa"].leads("xa", 7) {
		t.Fatalf("elected by two of three: %v, leads %t", err, all["xa"].leads("xa", 7))
	}
	all["xb"].given = vote{} // it is not honest
	if err := all["xa"].elected("xc", 7, []ballot{cast(t, all["xb"], 7, "xc")}); !errors.Is(err, errUnelected) || !all["xa"].leads("xa", 7) {
		t.Errorf("a second leader of the term: %v", err)
	}
	// And the other way round: xc has won before xa shows its votes.
	if err := all["xc"].elected("xa", 7, []ballot{b}); err != nil {
		t.Fatal(err)
	}
	second := cast(t, all["xb"], 7, "xc")
	if err := all["xc"].collect(7, second.voter, second.signature); !errors.Is(err, errUnelected) || all["xc"].leads("xc", 7) {
		t.Errorf("votes for this node after another one was elected with them: %v", err)
	}
	for _, text := range alarms() {
		if !strings.Contains(text, "xb voted twice") {
			t.Errorf("alarm %q does not name xb", text)
		}
	}
	if n := len(alarms()); n != 2 {
		t.Errorf("%d alarms, want 2", n)
	}
}

// electedCluster is three rafts over the transport that believe only whom they elected.
type electedCluster struct {
	*pipeNet
	t     *testing.T
	all   map[string]*elections
	rafts map[string]*raft.Raft
	calls map[string]*Transport
}

func newElectedCluster(t *testing.T, believe bool, ids ...string) *electedCluster {
	t.Helper()
	c := &electedCluster{pipeNet: newPipeNet(), t: t, rafts: make(map[string]*raft.Raft), calls: make(map[string]*Transport)}
	c.all, _ = testElections(t, ids...)
	for _, id := range ids {
		conf := raft.DefaultConfig()
		conf.LocalID, conf.MaxAppendEntries, conf.LogOutput = raft.ServerID(id), MaxAppendEntries, io.Discard
		var self atomic.Pointer[raft.Raft]
		opts := TransportOptions{Term: func() uint64 {
			if r := self.Load(); r != nil {
				return r.CurrentTerm()
			}
			return 0
		}}
		if believe {
			opts.Elections = c.all[id]
		}
		tr := c.add(id, opts)
		store := raft.NewInmemStore()
		snaps := raft.NewInmemSnapshotStore()
		if err := raft.BootstrapCluster(conf, store, store, snaps, tr, testConfiguration(ids...)); err != nil {
			t.Fatal(err)
		}
		all := new([]string)
		r, err := raft.NewRaft(conf, &listFSM{source: all}, store, store, snaps, tr)
		if err != nil {
			t.Fatal(err)
		}
		self.Store(r)
		c.rafts[id], c.calls[id] = r, tr
	}
	return c
}

func (c *electedCluster) shutdown() {
	for _, r := range c.rafts {
		if err := r.Shutdown().Error(); err != nil {
			c.t.Error(err)
		}
	}
}

// leader waits until one node leads and the others know it.
func (c *electedCluster) leader() string {
	c.t.Helper()
	for range 600 {
		for id, r := range c.rafts {
			if r.State() == raft.Leader && r.VerifyLeader().Error() == nil {
				return id
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatal("no leader within a minute")
	return ""
}

func (c *electedCluster) others(id string) []string {
	var names []string
	for other := range c.rafts {
		if other != id {
			names = append(names, other)
		}
	}
	slices.Sort(names)
	return names
}

// TestUnelectedLeader sends what hashicorp/raft would believe: one AppendEntries
// of a higher term, by a member that nobody elected, with an entry and the claim
// that it is committed. With elections it reaches no raft; without, it is applied.
func TestUnelectedLeader(t *testing.T) {
	for _, believe := range []bool{true, false} {
		t.Run(fmt.Sprintf("elections=%t", believe), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newElectedCluster(t, believe, "xa", "xb", "xc")
				defer c.shutdown()
				leader := c.leader()
				if err := c.rafts[leader].Apply([]byte("agreed"), time.Minute).Error(); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				liar, victim := c.others(leader)[0], c.others(leader)[1]
				term, last := c.rafts[victim].CurrentTerm(), c.rafts[victim].LastIndex()
				lie := &raft.AppendEntriesRequest{RPCHeader: testHeader(liar), Term: term + 1, PrevLogEntry: last, PrevLogTerm: term, LeaderCommitIndex: last + 1,
					Entries: []*raft.Log{{Index: last + 1, Term: term + 1, Type: raft.LogCommand, Data: []byte("a fork")}}}
				err := c.calls[liar].AppendEntries(raft.ServerID(victim), raft.ServerAddress(victim+":7000"), lie, new(raft.AppendEntriesResponse))
				synctest.Wait()
				took := c.rafts[victim].LastIndex() > last
				if believe && (!errors.Is(err, refusedElection) || took || c.rafts[victim].CurrentTerm() != term) {
					t.Errorf("an unelected leader: %v, taken %t, term %d, want refused and term %d", err, took, c.rafts[victim].CurrentTerm(), term)
				}
				if !believe && (err != nil || !took) {
					t.Errorf("without elections: %v, taken %t; the test does not see", err, took)
				}
				if c.calls[victim].Counters().Unelected == 0 && believe {
					t.Error("not counted")
				}
			})
		})
	}
}

// TestHandOver hands leadership over at once, and lets nobody else take it.
func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newElectedCluster(t, true, "xa", "xb", "xc")
		defer c.shutdown()
		leader := c.leader()
		next, third := c.others(leader)[0], c.others(leader)[1]

		// A member that nobody told to stand for election.
		vote := &raft.RequestVoteRequest{RPCHeader: testHeader(next), Term: c.rafts[third].CurrentTerm() + 1, LastLogIndex: 1 << 40, LastLogTerm: c.rafts[third].CurrentTerm(), LeadershipTransfer: true}
		var resp raft.RequestVoteResponse
		if err := c.calls[next].RequestVote(raft.ServerID(third), raft.ServerAddress(third+":7000"), vote, &resp); err != nil || resp.Granted {
			t.Errorf("a vote over the leader's head: granted %t, %v", resp.Granted, err)
		}
		req := &raft.TimeoutNowRequest{RPCHeader: testHeader(next)}
		if err := c.calls[next].TimeoutNow(raft.ServerID(third), raft.ServerAddress(third+":7000"), req, new(raft.TimeoutNowResponse)); !errors.Is(err, refusedElection) {
			t.Errorf("a call to stand by a node that does not lead: %v, want %v", err, refusedElection)
		}
		if got := c.leader(); got != leader {
			t.Fatalf("%s leads, want %s still", got, leader)
		}

		began := time.Now()
		if err := c.rafts[leader].LeadershipTransferToServer(raft.ServerID(next), raft.ServerAddress(next+":7000")).Error(); err != nil {
			t.Fatal(err)
		}
		for c.rafts[next].State() != raft.Leader && time.Since(began) < time.Minute {
			time.Sleep(time.Millisecond)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("the transfer took %v, longer than an election would", took)
		}
		if err := c.rafts[c.leader()].Apply([]byte("after"), time.Minute).Error(); err != nil {
			t.Error(err)
		}
	})
}

// TestHandOverByTwo hands leadership over where the vote of the one who hands it
// over is needed: one of two nodes, and one of three when the third is down.
func TestHandOverByTwo(t *testing.T) {
	for _, ids := range [][]string{{"xa", "xb"}, {"xa", "xb", "xc"}} {
		t.Run(fmt.Sprint(len(ids)), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newElectedCluster(t, true, ids...)
				defer c.shutdown()
				leader := c.leader()
				next := c.others(leader)[0]
				for _, down := range c.others(leader)[1:] {
					for _, id := range ids {
						if id != down {
							c.cut(id, down, true)
							c.cut(down, id, true)
						}
					}
				}
				term := c.rafts[leader].CurrentTerm()
				if err := c.rafts[leader].LeadershipTransferToServer(raft.ServerID(next), raft.ServerAddress(next+":7000")).Error(); err != nil {
					t.Fatal(err)
				}
				for range 300 {
					if c.rafts[next].State() == raft.Leader {
						break
					}
					time.Sleep(time.Millisecond)
				}
				if got := c.rafts[next].CurrentTerm(); c.rafts[next].State() != raft.Leader || got != term+1 {
					t.Errorf("after the hand-over %s is %s in term %d, want the leader of term %d", next, c.rafts[next].State(), got, term+1)
				}
			})
		})
	}
}

// TestRestartedFollower is shown the votes again by a leader that had been
// believed, and a leader that was cut off for a time learns that its term is over.
func TestRestartedFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newElectedCluster(t, true, "xa", "xb", "xc")
		defer c.shutdown()
		leader := c.leader()
		follower := c.others(leader)[0]
		e := c.all[follower]
		e.mu.Lock()
		e.leader, e.proof = vote{}, nil // as after a restart
		e.mu.Unlock()
		if err := c.rafts[leader].Apply([]byte("one"), time.Minute).Error(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !e.leads(raft.ServerID(leader), c.rafts[leader].CurrentTerm()) {
			t.Error("the leader did not show its votes again")
		}
		for _, other := range c.others(leader) {
			c.cut(leader, other, true)
		}
		time.Sleep(10 * time.Second)
		for _, other := range c.others(leader) {
			c.cut(leader, other, false)
		}
		time.Sleep(10 * time.Second)
		now := c.leader()
		if err := c.rafts[now].Apply([]byte("two"), time.Minute).Error(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if c.rafts[leader].LastIndex() != c.rafts[now].LastIndex() {
			t.Errorf("%s ends at %d, %s at %d", leader, c.rafts[leader].LastIndex(), now, c.rafts[now].LastIndex())
		}
	})
}

// A request makes a follower count as committed what it has shown to agree, and
// not the rest of the follower's log.
func TestCommitIndexEndsWithTheRequest(t *testing.T) {
	for _, tt := range []struct{ prev, entries, commit, want uint64 }{
		{0, 0, 0, 0},     // a heartbeat
		{0, 0, 90, 0},    // it shows nothing
		{66, 0, 90, 66},  // nothing after 66
		{66, 4, 90, 70},  // what it brings
		{66, 4, 68, 68},  // as the leader says
		{90, 0, 90, 90},  // Raft's own, when idle
		{90, 16, 50, 50}, // entries ahead of what is committed
	} {
		req := &raft.AppendEntriesRequest{PrevLogEntry: tt.prev, LeaderCommitIndex: tt.commit}
		for i := range tt.entries {
			req.Entries = append(req.Entries, &raft.Log{Index: tt.prev + 1 + i, Type: raft.LogNoop})
		}
		if err := new(guard).check("xa", req); err != nil || req.LeaderCommitIndex != tt.want {
			t.Errorf("%+v: committed to %d, %v", tt, req.LeaderCommitIndex, err)
		}
	}
}
