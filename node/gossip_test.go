package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// faults returns what a node's state says of faulty nodes.
func (c *cluster) faults(name string) []*state.Fault {
	c.t.Helper()
	r := c.replica(name)
	list, err := r.machine.Faults(r.store)
	if err != nil {
		c.t.Fatal(err)
	}
	return list
}

// checkEvidence verifies what a node keeps as a stranger with the charter would,
// and returns what the files say.
func (c *cluster) checkEvidence(name string) []*ledger.Contradiction {
	c.t.Helper()
	g, err := ledger.ParseGenesis(c.c.Genesis.Marshal())
	if err != nil {
		c.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(c.dir, c.nodes[name].bureau.Code+".evidence", "*"))
	if err != nil {
		c.t.Fatal(err)
	}
	var out []*ledger.Contradiction
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			c.t.Fatal(err)
		}
		e, err := ledger.ParseEvidence(data)
		if err != nil {
			c.t.Fatalf("%s: %v", f, err)
		}
		what, err := e.Verify(g)
		if err != nil {
			c.t.Fatalf("%s: %v", f, err)
		}
		out = append(out, what)
	}
	return out
}

// A bureau's keys sign two histories. Whoever is told, every honest node comes to
// the same: the bureau is faulty, from the same position on; a proof that anybody
// can check; and the ledger goes on with the other four of five.
func TestReplicaEquivocation(t *testing.T) {
	for told := range 4 {
		bubble(t, 5, func(t *testing.T, c *cluster) {
			c.enrol()
			c.agree(c.base)
			time.Sleep(2 * time.Second) // late cosignatures
			liar := c.c.Bureaus[4]
			forked := c.sign(liar, c.base, ledger.Hash{0xaa})
			if err := c.replica(c.c.Bureaus[told].Node()).gossip.handed([]*ledger.Cosignature{forked}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second)
			f := c.goesOn("after the lie")
			if len(f.at.Cosigs) != 4 || f.at.By(liar.Node()) {
				t.Errorf("FINAL by %d, the liar among them: %v", len(f.at.Cosigs), f.at.By(liar.Node()))
			}
			first := c.faults(c.c.Bureaus[0].Node())
			if len(first) != 1 || first[0].Proof.Node != liar.Node() || first[0].At != c.base-1 || *first[0].Proof != *forked {
				t.Fatalf("faults: %+v", first)
			}
			for _, b := range c.c.Bureaus {
				if got := c.faults(b.Node()); !reflect.DeepEqual(got, first) {
					t.Errorf("%s: faults %+v, want %+v", b.Code, got, first)
				}
				if len(c.checkEvidence(b.Node())) != 1 {
					t.Errorf("%s keeps no evidence", b.Code)
				}
				if b == liar {
					if s := c.status(b.Node()); s.Muted == "" {
						t.Error("the liar's own node is not mute")
					}
					continue
				}
				list := c.checkEvidence(b.Node())
				if len(list) != 1 || !slices.Equal(list[0].OtherBy, []string{liar.Code}) || !slices.Equal(list[0].Both, []string{liar.Code}) || list[0].BothFinal {
					t.Errorf("%s: evidence %+v", b.Code, list)
				}
				s := c.status(b.Node())
				if s.Muted != "" || len(s.Alarms) != 1 || !strings.Contains(s.Alarms[0], "XE cosigned another history") || s.Evidence != 1 ||
					len(s.Faulty) != 1 || s.Faulty[0].Bureau != liar.Code || !s.Ready {
					t.Errorf("%s: %+v", b.Code, s)
				}
			}
		})
	}
}

// What the liar signed is over a size that the ledger does not have yet: it waits.
func TestReplicaEquivocationBeyondTheLog(t *testing.T) {
	bubble(t, 5, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		liar := c.c.Bureaus[4]
		r := c.replica(c.c.Bureaus[1].Node())
		var list []*ledger.Cosignature
		for i := range 9 { // more than are kept; the nearest must be among them
			list = append(list, c.sign(liar, c.base+2+uint64(9-i), ledger.Hash{0xaa}))
		}
		if err := r.gossip.handed(list); err != nil {
			t.Fatal(err)
		}
		if n := len(r.gossip.ahead[liar.Node()]); n != maxWaiting {
			t.Errorf("%d wait, want %d", n, maxWaiting)
		}
		c.goesOn("one")
		time.Sleep(3 * time.Second)
		if len(c.faults(r.name)) > 0 {
			t.Fatal("faulty before the log has the size")
		}
		for i := range 3 {
			c.goesOn(fmt.Sprint(i))
		}
		time.Sleep(5 * time.Second)
		for _, b := range c.c.Bureaus {
			if got := c.faults(b.Node()); len(got) != 1 || got[0].Proof.Node != liar.Node() {
				t.Errorf("%s: faults %+v", b.Code, got)
			}
		}
	})
}

// deceive puts another command into a stopped node's ledger than the log of the
// others will have at the next index: what a leader that forks one member does.
func (c *cluster) deceive(name string, it ledger.Item) {
	c.t.Helper()
	m := c.nodes[name]
	cmd := &ledger.Command{Batch: &ledger.Batch{Time: uint64(time.Now().UnixMilli()), Items: []ledger.Item{it}}}
	changes, results, err := state.New(c.c.Genesis).Apply(m.store, cmd, state.Plain{})
	if err != nil || results[0].Refusal != nil {
		c.t.Fatalf("apply: %v, %+v", err, results)
	}
	if err := m.store.Commit(m.store.Applied()+1, changes); err != nil {
		c.t.Fatal(err)
	}
}

// A node that was given another entry than all others signs nothing of it, finds
// out, and stops. The others go on, and hold nothing against it.
func TestReplicaThatWasDeceivedStops(t *testing.T) {
	bubble(t, 5, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader().name
		victim := c.other(leader)
		c.stop(victim)
		c.deceive(victim, c.c.Bureaus[2].Supervisor.Publish(t, ledger.KindYellow, []byte("shown to one only")))
		c.start(victim)
		deceived := c.replica(victim)
		time.Sleep(time.Second)
		for i := range 4 {
			c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "%d", i)))
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Second)
		deceived.mu.Lock()
		err := deceived.err
		deceived.mu.Unlock()
		if !errors.Is(err, errDeceived) {
			t.Errorf("the victim goes on, or stopped for %v", err)
		}
		if got := deceived.gossip.witness.newest(); got.Size > c.base {
			t.Errorf("the victim cosigned %d entries, of which all hold %d", got.Size, c.base)
		}
		for _, b := range c.c.Bureaus {
			if b.Node() == victim {
				continue
			}
			if s := c.status(b.Node()); s.Muted != "" || s.FinalSize != c.base+4 || len(s.Alarms) > 0 {
				t.Errorf("%s: FINAL at %d of %d, mute because %q, alarms %q", b.Code, s.FinalSize, c.base+4, s.Muted, s.Alarms)
			}
			if got := c.faults(b.Node()); len(got) != 0 {
				t.Errorf("%s: faults %+v", b.Code, got)
			}
		}
	})
}

// Who is stopped by cosignatures over another history, and who is not.
func TestGossipJudge(t *testing.T) {
	for _, tt := range []struct {
		name    string
		n       int
		against int
		stops   bool
	}{
		{"one of five", 5, 1, false},
		{"three of five", 5, 3, false},
		{"four of five: a quorum", 5, 4, true},
		{"one of three", 3, 1, false},
		{"two of three: a quorum", 3, 2, true},
	} {
		h := newHistory(t, tt.n)
		var stopped error
		g := &gossip{heads: newHeads(h.Bureaus[0].Node(), newRoster(h.Genesis), h.machine, h, newVerifier()), deceived: func(err error) { stopped = err }}
		var list []*ledger.Cosignature
		for _, b := range h.Bureaus[1 : 1+tt.against] {
			list = append(list, &ledger.Cosignature{Node: b.Node(), Size: 2}, &ledger.Cosignature{Node: b.Node(), Size: 3})
		}
		list = append(list, &ledger.Cosignature{Node: g.name, Size: 2}) // one's own does not count
		g.judge(list)
		if errors.Is(stopped, errDeceived) != tt.stops {
			t.Errorf("%s: stopped by %v, want %t", tt.name, stopped, tt.stops)
		}
	}
}

// Bureaus that lied one after the other, and left for it, are no quorum of those who
// stay, however few these are.
func TestGossipJudgesByEpoch(t *testing.T) {
	h := newHistory(t, 5)
	epoch := func(number uint32, from uint64, voters int) *ledger.Epoch {
		return &ledger.Epoch{Number: number, From: from, Members: h.Genesis.Members()[:voters]}
	}
	r := newRoster(h.Genesis)
	r.learn(h.Genesis.Next(epoch(1, 10, 4)).Next(epoch(2, 20, 3)))
	var stopped error
	g := &gossip{heads: newHeads(h.Bureaus[0].Node(), r, h.machine, h, newVerifier()), deceived: func(err error) { stopped = err }}
	by := func(i int, size uint64) *ledger.Cosignature {
		return &ledger.Cosignature{Node: h.Bureaus[i].Node(), Size: size}
	}
	list := []*ledger.Cosignature{by(4, 5), by(3, 15)}
	if g.judge(list); stopped != nil {
		t.Errorf("two that left stop who stays: %v", stopped)
	}
	if g.judge(append(list, by(2, 15))); stopped != nil {
		t.Errorf("with one of three that stay: %v", stopped)
	}
	if g.judge(append(list, by(2, 15), by(1, 25))); !errors.Is(stopped, errDeceived) {
		t.Error("two of the three that stay, in whatever epoch, stop nobody")
	}
}

// What a node signed ahead of the log says nothing any more once its bureau has left,
// or has got other keys for it; nor does it keep from us what others signed.
func TestHeadsOfWhoLeft(t *testing.T) {
	h := newHistory(t, 4)
	r := newRoster(h.Genesis)
	hs := newHeads(h.Bureaus[0].Node(), r, h.machine, h, newVerifier())
	hs.fetching, hs.denied = func() bool { return false }, func(*ledger.Cosignature) {}
	sign := func(i int, w *keys.Witness, size uint64) *ledger.Cosignature {
		s, err := ledger.Cosign(w, h.Bureaus[i].Node(), ledger.Checkpoint{Origin: h.Genesis.Origin(), Size: size, Root: ledger.Hash{1}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	see := func(s *ledger.Cosignature) {
		if err := hs.see(s); err != nil {
			t.Fatal(err)
		}
	}
	see(sign(3, h.Bureaus[3].Witness, 2))
	see(sign(3, h.Bureaus[3].Witness, 1<<40))
	see(sign(1, h.Bureaus[1].Witness, 1<<40))
	liar := sign(2, h.Bureaus[2].Witness, 1)
	see(liar)
	if n := hs.longer(9); n != 2 {
		t.Fatalf("%d others cosigned more than 9 entries, want 2", n)
	}
	next, err := keys.GenerateWitness()
	if err != nil {
		t.Fatal(err)
	}
	now := slices.Clone(h.Genesis.Members()[:3])
	now[1].Node.Witness = next.Public()
	r.learn(h.Genesis.Next(&ledger.Epoch{Number: 1, From: 1, Members: now}))
	if n := hs.longer(9); n != 0 {
		t.Errorf("%d who left, or have other keys, cosigned more", n)
	}
	if s := hs.head(h.Bureaus[1].Node()); s != nil {
		t.Errorf("a node with new keys is told of what the old ones signed: %d", s.Size)
	}
	see(sign(1, next, 7))
	if s := hs.head(h.Bureaus[1].Node()); s == nil || s.Size != 7 {
		t.Errorf("its newest is of another size than 7: %t", s != nil)
	}
	// The log gets to what they signed ahead.
	x := h.accept(h.Bureaus[0].Enrolments(t)[:3]...)
	if err := hs.reach(); err != nil || x.Size != 3 {
		t.Errorf("at %d entries: %v", x.Size, err)
	}
	if list := hs.contradictions(); len(list) != 1 || *list[0] != *liar {
		t.Errorf("%d contradictions, want that of XC", len(list))
	}
}

// What is not well signed is nobody's, and is refused.
func TestGossipRefusesForgeries(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		r := c.replica(c.c.Bureaus[0].Node())
		good := c.sign(c.c.Bureaus[2], 3, ledger.Hash{9})
		for name, change := range map[string]func(s *ledger.Cosignature){
			"Ed25519":         func(s *ledger.Cosignature) { s.Ed25519[5] ^= 1 },
			"ML-DSA":          func(s *ledger.Cosignature) { s.MLDSA[5] ^= 1 },
			"another's name":  func(s *ledger.Cosignature) { s.Node = c.c.Bureaus[1].Node() },
			"a stranger":      func(s *ledger.Cosignature) { s.Node = "xz.comity/n1" },
			"another root":    func(s *ledger.Cosignature) { s.Root[0] ^= 1 },
			"another size":    func(s *ledger.Cosignature) { s.Size++ },
			"its own, forged": func(s *ledger.Cosignature) { s.Node, s.Size = r.name, 1<<40 },
		} {
			s := *good
			change(&s)
			if err := r.gossip.handed([]*ledger.Cosignature{&s}); !wire.IsRefusal(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.Sleep(3 * time.Second)
		if s := c.status(r.name); len(s.Alarms) > 0 || s.Muted != "" || len(s.Faulty) > 0 {
			t.Errorf("forgeries led to %+v", s)
		}
	})
}

// A node that was away past the trailing log learns of the faulty node by the
// manifest, and comes to the same state as those that applied the evidence.
func TestReplicaLearnsOfFaultsByManifest(t *testing.T) {
	bubble(t, 5, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader().name
		away := c.other(leader)
		liar := c.nodes[c.other(leader, away)].bureau
		var others []string
		for name := range c.nodes {
			if name != away && name != liar.Node() {
				others = append(others, name)
			}
		}
		c.stop(away)
		if err := c.replica(leader).gossip.handed([]*ledger.Cosignature{c.sign(liar, 7, ledger.Hash{0xaa})}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		for i := range 2 * minTrailing {
			b := c.c.Bureaus[i%5]
			c.submit(c.replica(leader), b.Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "while away %d", i)))
			c.base++
		}
		for name := range c.nodes {
			if name != away {
				if err := c.replica(name).raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.start(away)
		c.agree(c.base) // FINAL by the four, the one that was away among them
		want := c.faults(leader)
		if len(want) != 1 {
			t.Fatalf("faults %+v", want)
		}
		for _, name := range append(others, away) {
			if got := c.faults(name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: faults %+v, want %+v", name, got, want)
			}
		}
		time.Sleep(3 * time.Second)
		if len(c.checkEvidence(away)) != 1 {
			t.Error("the one that was away keeps no evidence")
		}
		a, err1 := readManifest(c.replica(away).machine, c.replica(away).store, 0)
		b, err2 := readManifest(c.replica(leader).machine, c.replica(leader).store, 0)
		if err := errors.Join(err1, err2); err != nil || string(a.marshal()) != string(b.marshal()) {
			t.Errorf("the states differ: %v", err)
		}
	})
}

// An officer who was shown another history says so with the next statement.
func TestReplicaAuthorWhoHasSeenAnotherHistory(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		r := c.replica(c.c.Bureaus[1].Node())
		b := c.c.Bureaus[1]
		root, err := tlog.TreeHash(5, r.store)
		if err != nil {
			t.Fatal(err)
		}
		notice := func(a ledgertest.Author, size uint64, root ledger.Hash, body string) ledger.Item {
			return a.Sign(t, ledger.Statement{Class: ledger.ClassReply, SeenSize: size, SeenRoot: root}, []byte(body))
		}
		send := func(it ledger.Item) wire.Code {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := r.submit(ctx, it)
			return wire.CodeOf(err)
		}
		for i := range 3 { // the same again is not told again
			if code := send(notice(*b.Officer, 5, ledger.Hash{3}, fmt.Sprint(i))); code != wire.Code(state.BadSeen) {
				t.Errorf("another root: %q", code)
			}
		}
		if code := send(notice(*b.Officer, c.base+50, ledger.Hash{3}, "x")); code != wire.Code(state.BadSeen) {
			t.Errorf("beyond the log: %q", code)
		}
		if s := c.status(r.name); len(s.Alarms) != 1 || !strings.Contains(s.Alarms[0], "of XB has seen another history of the first 5 entries") || r.seenCount.Load() != 3 {
			t.Errorf("alarms %q, counted %d", s.Alarms, r.seenCount.Load())
		}
		for size := range uint64(maxSeenAlarms + 5) {
			send(notice(*b.Officer, 1+size, ledger.Hash{4}, "y"))
		}
		if n := len(c.status(r.name).Alarms); n != maxSeenAlarms {
			t.Errorf("%d alarms, want no more than %d", n, maxSeenAlarms)
		}
		if code := send(b.Officer.Sign(t, ledger.Statement{Class: ledger.ClassReply, SeenSize: 5, SeenRoot: ledger.Hash(root)}, []byte("z"))); code != "" {
			t.Errorf("the true root: %q", code)
		}
	})
}

// A node stores no command with evidence that is not well signed, whatever leader
// sends it.
func TestGuardVerifiesEvidenceBeforeItIsStored(t *testing.T) {
	h, _, lie := evidenceWorld(t)
	g := &guard{roster: newRoster(h.Genesis), machine: h.machine, view: h, verified: newVerifier(), clock: time.Now, done: func() uint64 { return 0 }}
	check := func(change func(s *ledger.Cosignature)) error {
		s := *lie(2, 7, 9)
		change(&s)
		return g.checkLog(new(raft.AppendEntriesRequest), &raft.Log{Type: raft.LogCommand, Data: (&ledger.Command{Evidence: &s}).Marshal()})
	}
	if err := check(func(*ledger.Cosignature) {}); err != nil {
		t.Errorf("good evidence: %v", err)
	}
	for name, change := range map[string]func(s *ledger.Cosignature){
		"Ed25519 forged": func(s *ledger.Cosignature) { s.Ed25519[0] ^= 1 },
		"ML-DSA forged":  func(s *ledger.Cosignature) { s.MLDSA[0] ^= 1 },
		"a stranger's":   func(s *ledger.Cosignature) { s.Node = "xz.comity/n1" },
	} {
		if err := check(change); err == nil {
			t.Errorf("%s: it would be stored", name)
		}
	}
}

// While entries are pulled that nobody has verified yet, nobody is accused by them.
func TestHeadsWaitWhileEntriesAreFetched(t *testing.T) {
	h, _, lie := evidenceWorld(t)
	fetching := true
	heads := newHeads(h.Bureaus[0].Node(), newRoster(h.Genesis), h.machine, h, newVerifier())
	heads.fetching = func() bool { return fetching }
	if err := heads.see(lie(2, 7, 9)); err != nil || len(heads.contradictions()) != 0 {
		t.Errorf("it accuses: %v, %v", heads.contradictions(), err)
	}
	if err := heads.reach(); err != nil || len(heads.contradictions()) != 0 {
		t.Errorf("it accuses: %v, %v", heads.contradictions(), err)
	}
	fetching = false
	if err := heads.reach(); err != nil || len(heads.contradictions()) != 1 {
		t.Errorf("when they are verified: %v, %v", heads.contradictions(), err)
	}
}

// One cosignature that is refused keeps no other from being compared, whether the log
// brings them or a node does.
func TestHeadsCompareAll(t *testing.T) {
	h, _, lie := evidenceWorld(t)
	forged := *lie(1, 7, 9)
	forged.Ed25519[0] ^= 1
	list := []*ledger.Cosignature{&forged, lie(2, 7, 9)}
	fork := state.Result{Refusal: &state.Refusal{Code: state.Fork}}
	for name, bring := range map[string]func(*heads) error{
		"the log": func(hs *heads) error {
			return hs.applied(&ledger.Command{Cosignatures: list}, []state.Result{fork, fork})
		},
		"a node": func(hs *heads) error { return (&gossip{heads: hs}).handed(list) },
	} {
		hs := newHeads(h.Bureaus[0].Node(), newRoster(h.Genesis), h.machine, h, newVerifier())
		hs.fetching = func() bool { return false }
		if err := bring(hs); err == nil || len(hs.contradictions()) != 1 {
			t.Errorf("%s: %d contradictions, %v", name, len(hs.contradictions()), err)
		}
	}
}

// A node that stands still while the others go on says so, and does not when it is
// the only one that says how far they are.
func TestGossipStandsStill(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		r := c.replica(c.other(c.leader().name))
		stands := func() bool {
			ready, why := r.ready()
			return !ready && strings.Contains(why, "stands still")
		}
		var list []*ledger.Cosignature
		for _, b := range c.c.Bureaus {
			if b.Node() != r.name && len(list) < 2 {
				list = append(list, c.sign(b, c.base+1000, ledger.Hash{1}))
			}
		}
		if err := r.gossip.handed(list[:1]); err != nil { // one of four may lie
			t.Fatal(err)
		}
		time.Sleep(2 * behindAfter)
		if stands() {
			t.Error("one liar makes it say that it stands still")
		}
		if err := r.gossip.handed(list); err != nil {
			t.Fatal(err)
		}
		time.Sleep(behindAfter / 2)
		c.goesOn("one")
		time.Sleep(behindAfter / 2)
		if stands() {
			t.Error("it grew, and says that it stands still")
		}
		time.Sleep(behindAfter)
		if !stands() {
			t.Error("it stands still, and does not say so")
		}
		c.goesOn("two")
		time.Sleep(2 * time.Second)
		if stands() {
			t.Error("it grows again, and says that it stands still")
		}
	})
}
