package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// purgeStory is a notice with all that was said of it, and its end.
type purgeStory struct {
	id     ledger.ID
	bodies map[uint64][]byte
	purge  ledger.ID
}

// tell submits a notice, its amendment and grant, and its withdrawal.
func (c *cluster) tell(name string) *purgeStory {
	c.t.Helper()
	s, o, through := &purgeStory{bodies: make(map[uint64][]byte)}, c.c.Bureaus[0].Officer, c.leader()
	body := func(what string) []byte {
		return bytes.Repeat(fmt.Appendf(nil, "%s of %s, of which nothing may be left; ", what, name), 20)
	}
	n := o.Publish(c.t, ledger.KindBlue, body("text"))
	s.id = n.Entry.ID
	for _, it := range []ledger.Item{n, o.Amend(c.t, s.id, ledger.KindBlue, body("amendment")), o.Grant(c.t, s.id, body("grant"))} {
		s.bodies[c.submit(through, it)] = it.Body
	}
	c.submit(through, o.Withdraw(c.t, s.id))
	return s
}

// purge submits the purge of a notice.
func (c *cluster) purge(s *purgeStory) {
	c.t.Helper()
	b := c.c.Bureaus[0]
	it := b.Officer.Purge(c.t, s.id, ledger.ReasonOver, b.Supervisor)
	c.submit(c.leader(), it)
	s.purge = it.Entry.ID
}

// acked waits until a node knows of so many acknowledgements of a purge.
func (c *cluster) acked(name string, s *purgeStory, want int) *state.Purge {
	c.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		u, err := state.ReadPurge(c.nodes[name].store, s.purge)
		if err == nil && u != nil && len(u.Nodes)-len(u.Missing()) >= want {
			return u
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s: %v, %+v, want %d acknowledgements", name, err, u, want)
		}
	}
}

// remains returns what a node still holds of the bodies: in its store, or in its
// Raft log with the epoch keys that it has.
func (c *cluster) remains(name string, s *purgeStory) (found []string) {
	c.t.Helper()
	m := c.nodes[name]
	for i := range s.bodies {
		if _, err := m.store.Body(i); !errors.Is(err, store.ErrPurged) {
			found = append(found, fmt.Sprintf("body %d: %v", i, err))
		}
	}
	m.mu.Lock()
	logs := m.files.logs
	m.mu.Unlock()
	first, err1 := m.logs.FirstIndex()
	last, err2 := m.logs.LastIndex()
	if err := errors.Join(err1, err2); err != nil {
		c.t.Fatal(err)
	}
	for i := first; i <= last; i++ {
		var l raft.Log
		if err := logs.GetLog(i, &l); err != nil && err != raft.ErrLogNotFound {
			c.t.Fatal(err)
		}
		for k, b := range s.bodies {
			if bytes.Contains(l.Data, b[:32]) {
				found = append(found, fmt.Sprintf("entry %d of the Raft log has body %d", i, k))
			}
		}
	}
	return found
}

func (c *cluster) clean(s *purgeStory, names ...string) {
	c.t.Helper()
	for _, name := range names {
		if found := c.remains(name, s); len(found) > 0 {
			c.t.Errorf("%s: %v", name, found)
		}
	}
}

func (c *cluster) names() (names []string) {
	for i := range c.c.Bureaus {
		names = append(names, c.c.Bureaus[i].Node())
	}
	return names
}

// TestPurge follows a purge through a consortium of which one node is cut off and
// one comes back with an empty disk.
func TestPurge(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		s := c.tell("the first")
		names := c.names()
		away, wiped := c.other(c.leader().name), ""
		wiped = c.other(c.leader().name, away)
		c.agree(c.base + 4)
		for _, name := range names {
			if len(c.remains(name, s)) < 2*len(s.bodies) {
				t.Fatalf("%s: the test does not see what is there before the purge", name)
			}
		}
		c.stop(away)
		c.purge(s)
		for _, name := range names {
			if name == away {
				continue
			}
			u := c.acked(name, s, 3)
			if got := u.Missing(); len(got) != 1 || got[0] != away {
				t.Errorf("%s misses %v, want %s", name, got, away)
			}
			c.clean(s, name)
		}
		// No client learns anything from the one that comes back before it has purged.
		c.start(away)
		if err := c.replica(away).arrived(t.Context()); err != nil {
			t.Error(err)
		}
		for i := range s.bodies {
			if _, err := c.nodes[away].store.Body(i); !errors.Is(err, store.ErrPurged) {
				t.Errorf("it has arrived, and still has body %d: %v", i, err)
			}
		}
		c.acked(away, s, 4)
		c.clean(s, names...)

		// Who lost all fetches entries whose bodies nobody has.
		c.stop(wiped)
		c.forget(wiped)
		c.start(wiped)
		c.agree(c.base + 9)
		c.clean(s, names...)
		for _, r := range names {
			list, err := c.replica(r).purges.waiting()
			if err != nil || len(list) != 0 {
				t.Errorf("%s waits for %v, %v", r, list, err)
			}
		}
		// Each has acknowledged once, and the log is not asked again.
		acks := make(map[string]int)
		for i := range c.base + 9 {
			_, e, err := c.nodes[names[0]].store.Entry(i)
			if err != nil {
				t.Fatal(err)
			}
			if e.Statement.Class == ledger.ClassPurgeAck {
				acks[e.Statement.Author.String()]++
			}
		}
		if len(acks) != 4 {
			t.Errorf("acknowledgements: %v", acks)
		}
	})
}

// TestPurgesCoalesce wants few snapshots for many purges.
func TestPurgesCoalesce(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		var all []*purgeStory
		for i := range 20 {
			all = append(all, c.tell(fmt.Sprint("notice ", i)))
		}
		for _, s := range all {
			c.purge(s)
		}
		few := &openPurges{store: c.nodes[c.names()[0]].store, watched: 5}
		if list, err := few.waiting(); err != nil || len(list) != 5 || few.seen != 5 {
			t.Errorf("5 are watched: waits for %d of the first %d, %v", len(list), few.seen, err)
		}
		for _, s := range all {
			for _, name := range c.names() {
				c.acked(name, s, 3)
			}
			c.clean(s, c.names()...)
		}
		for _, name := range c.names() {
			if n := c.replica(name).purger.rounds.Load(); n == 0 || n > 3 {
				t.Errorf("%s: %d rounds for 20 purges", name, n)
			}
		}
		if list, err := few.waiting(); err != nil || len(list) != 0 || few.seen != 20 {
			t.Errorf("all are acknowledged: waits for %d of the first %d, %v", len(list), few.seen, err)
		}
	})
}

// TestPurgesThatKeepComing wants acknowledgements of the first of them meanwhile.
func TestPurgesThatKeepComing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		var first *purgeStory
		for i := range 15 {
			s := c.tell(fmt.Sprint("notice ", i))
			c.purge(s)
			if first == nil {
				first = s
			}
			time.Sleep(900 * time.Millisecond)
		}
		u, err := state.ReadPurge(c.nodes[c.names()[0]].store, first.purge)
		if err != nil || len(u.Missing()) > 0 {
			t.Errorf("after 15 purges the first one lacks %v, %v", u.Missing(), err)
		}
	})
}

// keeping is a store that does not carry out purges.
type keeping struct{ store.Store }

func (k keeping) Commit(applied uint64, c *state.Changes) error {
	kept := *c
	kept.Purged = nil
	return k.Store.Commit(applied, &kept)
}

// TestPurgeSwitchedOff leaves out one step at a time; the tests above must notice
// each.
func TestPurgeSwitchedOff(t *testing.T) {
	for _, off := range []string{"store", "log"} {
		t.Run(off, func(t *testing.T) {
			bubble(t, 3, func(t *testing.T, c *cluster) {
				c.enrol()
				s := c.tell("the notice")
				c.agree(c.base + 4)
				for _, name := range c.names() {
					if off == "store" {
						c.stop(name)
						c.nodes[name].store = keeping{c.nodes[name].store}
						c.start(name)
						continue
					}
					m := c.replica(name).fsm.purged
					if err := m.raise(1<<40, 0); err != nil { // as if all had been forgotten before
						t.Fatal(err)
					}
					m.mu.Lock()
					m.testingOnlyDeaf = true // and no purge were noted
					m.mu.Unlock()
				}
				c.purge(s)
				c.acked(c.names()[0], s, 3)
				for _, name := range c.names() {
					if found := c.remains(name, s); len(found) < len(s.bodies) || !strings.Contains(fmt.Sprint(found), map[string]string{"store": "body ", "log": "Raft log"}[off]) {
						t.Errorf("%s: without a purge of the %s there is only %q", name, off, found)
					}
				}
			})
		})
	}
}

// TestPurgeOfWhatComesAgain puts a statement into the Raft log a second time, after
// it was purged, as a leader may that does not care what the ledger holds.
func TestPurgeOfWhatComesAgain(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		s, o := &purgeStory{bodies: make(map[uint64][]byte)}, c.c.Bureaus[0].Officer
		it := o.Publish(t, ledger.KindBlue, bytes.Repeat([]byte("what is to be purged "), 20))
		s.id = it.Entry.ID
		s.bodies[c.submit(c.leader(), it)] = it.Body
		c.submit(c.leader(), o.Withdraw(t, s.id))
		c.purge(s)
		c.acked(c.names()[0], s, 3)
		c.agree(c.base + 3 + 3)
		c.clean(s, c.names()...)
		again := (&ledger.Command{Batch: &ledger.Batch{Time: uint64(time.Now().UnixMilli()), Items: []ledger.Item{it}}}).Marshal()
		if err := c.leader().raft.Apply(again, time.Second).Error(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		for _, name := range c.names() {
			if len(c.remains(name, s)) != 1 {
				t.Errorf("%s: %q, want it once more in the Raft log", name, c.remains(name, s))
			}
		}
		time.Sleep(10 * time.Second)
		c.clean(s, c.names()...)
	})
}

// TestPurgeMark goes through a file of a mark, damaged in all ways.
func TestPurgeMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), purgedName)
	count := func() uint64 {
		t.Helper()
		m, err := openPurgeMark(path)
		if err != nil {
			t.Fatal(err)
		}
		return m.count()
	}
	m, err := openPurgeMark(path)
	if err != nil || m.count() != 0 {
		t.Fatal(m, err)
	}
	if err := errors.Join(m.raise(7, 0), m.lower(9)); err != nil || count() != 7 {
		t.Errorf("%d, %v, want 7", count(), err)
	}
	again := m.comings()
	if err := errors.Join(m.comesAgain(7), m.raise(7, again)); err != nil || count() != 6 {
		t.Errorf("%d, %v, want 6: what came again was not forgotten", count(), err)
	}
	if err := m.lower(3); err != nil || count() != 3 {
		t.Errorf("%d, %v, want 3", count(), err)
	}
	good := mustRead(t, path)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if n := count(); n != 0 {
			t.Errorf("byte %d damaged: %d", i, n)
		}
	}
}

// TestWipeReplaced wants what a repair has set aside to lose its bodies, and to
// keep the rest.
func TestWipeReplaced(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"1/ledger/bodies-00000000.seg", "1/ledger/entries-00000000.seg", "1/raft.db", "1/epochs", "1/desk/attachments/aa", "2/floor"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("something"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(wipeReplaced(dir), wipeReplaced(dir), wipeReplaced(filepath.Join(dir, "none"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"1/ledger/bodies-00000000.seg": false, "1/ledger/entries-00000000.seg": true, "1/raft.db": false, "1/epochs": false, "1/desk/attachments/aa": false, "2/floor": true} {
		if got := exists(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: there %t, want %t", name, got, want)
		}
	}
}

// TestPurgeClaims lets a peer keep bodies back, under all pretences.
func TestPurgeClaims(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		s, other := c.tell("one notice"), c.tell("another")
		away := c.other(c.leader().name)
		c.purge(s)
		c.acked(away, s, 4)
		c.agree(c.base + 8 + 1 + 4)
		at, _, err := state.ReadIndex(c.nodes[away].store, s.purge)
		if err != nil {
			t.Fatal(err)
		}
		var kept uint64 // the publish entry of other
		for i := range other.bodies {
			if kept == 0 || i < kept {
				kept = i
			}
		}
		giver := c.leader().name
		k := &purgeClaims{c: c.catchup(away), ctx: t.Context(), giver: giver, shown: make(map[uint64]*ledger.Entry)}
		// The view of a node that holds none of it yet.
		k.c.fsm = &fsm{roster: newRoster(c.c.Genesis), store: store.NewMem(state.New(c.c.Genesis)), machine: k.c.fsm.machine, verified: k.c.fsm.verified}
		record := func(i uint64) *wire.Record {
			r, err := (&api{served: &c.replica(giver).served}).record(i)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		for i := range s.bodies {
			r := record(i)
			if !r.Purged || r.PurgedBy != at {
				t.Errorf("record %d: %+v, want it purged by entry %d", i, r, at)
			}
			if err := k.complete(i, r); err != nil {
				t.Errorf("body %d, which is purged: %v", i, err)
			}
		}
		for _, by := range []uint64{0, kept, at, at - 1, at + 1} {
			r := record(kept)
			r.Body, r.Purged, r.PurgedBy = nil, true, by
			if err := k.complete(kept, r); !errors.Is(err, errLie) {
				t.Errorf("body %d is said to be purged by entry %d: %v", kept, by, err)
			}
		}
		r := record(kept)
		r.Body, r.Purged, r.PurgedBy = nil, true, 1<<40
		if err := k.complete(kept, r); err == nil {
			t.Error("a body is said to be purged by an entry that is not there")
		}
	})
}

// catchup returns what a node would fetch with.
func (c *cluster) catchup(name string) *catchup {
	r := c.replica(name)
	return &catchup{fsm: r.fsm, peers: r.peers, names: r.others, faults: func() int { return 1 }, chunk: chunkRecords, leader: r.leading, ctx: r.ctx, log: r.log}
}
