package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// copied is what a backup has of a ledger.
type copied struct {
	group bundle.Group
	note  []byte
}

// backup copies what a node holds.
func (c *cluster) backup(r *replica) *copied {
	c.t.Helper()
	f := r.final.Load()
	b := &copied{note: f.note}
	for i := range f.at.Size {
		at, e, err := r.store.Entry(i)
		if err != nil {
			c.t.Fatal(err)
		}
		body, err := r.store.Body(i)
		rec := bundle.Record{Time: at, Entry: e.Raw, Body: body}
		switch {
		case errors.Is(err, store.ErrPurged):
			rec.State = bundle.Purged
		case err != nil:
			c.t.Fatal(err)
		case len(body) > 0:
			rec.State = bundle.Included
		}
		b.group.Records = append(b.group.Records, rec)
	}
	return b
}

// restore gives a node that does not run what a Seed makes of a copy.
func (c *cluster) restore(name string, b *copied) {
	c.t.Helper()
	m := c.nodes[name]
	dir := filepath.Join(shortDir(c.t), "node")
	s, err := NewSeed(dir, c.c.Genesis, m.bureau.Code)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := errors.Join(s.Add(&b.group), s.Finish(b.note, 1_700_000_000_000), s.Close()); err != nil {
		c.t.Fatal(err)
	}
	if s.Missing > 0 {
		c.t.Errorf("%d bodies are missing", s.Missing)
	}
	own := filepath.Join(c.dir, m.bureau.Code)
	for _, file := range []string{".witness", ".witness.muted", ".floor", ".epochs", ".abstain"} {
		if err := os.Remove(own + file); err != nil && !errors.Is(err, os.ErrNotExist) {
			c.t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"witness": own + ".witness", "witness.restored": own + ".witness.restored", "abstain": own + ".abstain"} {
		if err := os.Rename(filepath.Join(dir, from), to); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(c.dir, name+".snapshots")), os.MkdirAll(filepath.Join(c.dir, name+".snapshots"), 0o700),
		os.Rename(filepath.Join(dir, "snapshots", tornName), filepath.Join(c.dir, name+".snapshots", tornName))); err != nil {
		c.t.Fatal(err)
	}
	disk, err := store.Open(filepath.Join(dir, "ledger"), state.New(c.c.Genesis))
	if err != nil {
		c.t.Fatal(err)
	}
	m.store, m.logs, m.snaps = disk, raft.NewInmemStore(), c.snapshots(name)
	c.t.Cleanup(func() { disk.Close() })
}

// A node that is put back from a backup signs nothing before its log is past what
// it signed before, gives no vote before it holds what the others hold, and then
// is what it was.
func TestReplicaRestoredFromABackup(t *testing.T) {
	for _, how := range []string{"from the log", "from a snapshot", "with nothing new"} {
		t.Run(how, func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, c *cluster) {
				c.enrol()
				c.agree(c.base)
				victim := c.other(c.leader().name)
				old := c.backup(c.replica(victim))
				if how != "with nothing new" {
					c.goesOn("after the backup")
					time.Sleep(3 * time.Second)
				}
				before := c.replica(victim).gossip.witness.newest()
				c.stop(victim)
				if how == "from a snapshot" {
					for i := range minTrailing + 50 {
						c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "%d", i)))
					}
					c.base += minTrailing + 50
					for name := range c.nodes {
						if name == victim {
							continue
						}
						if err := c.replica(name).raft.Snapshot().Error(); err != nil {
							t.Fatal(err)
						}
					}
				}
				c.restore(victim, old)
				c.start(victim)
				r := c.replica(victim)
				if s := c.status(victim); s.Ready || !s.Abstains || !strings.Contains(s.Restored, "a backup of 2023-11-14 22:13:20Z with ") {
					t.Errorf("right after the start: %+v", s)
				}
				c.votesAgain(victim)
				if r.gossip.witness.returning() != "" {
					if signed := r.gossip.witness.newest(); signed.Size > uint64(len(old.group.Records)) {
						t.Errorf("it signed %d before it was back", signed.Size)
					}
				}
				c.goesOn("when it is back")
				time.Sleep(3 * time.Second)
				if s := c.status(victim); s.Restored != "" || s.Muted != "" || len(s.Alarms) > 0 || !s.Ready {
					t.Errorf("when it is back: %+v", s)
				}
				if now := r.gossip.witness.newest(); now.Size < before.Size {
					t.Errorf("its witness state went back from %d to %d", before.Size, now.Size)
				}
				c.stop(c.other(victim, c.leader().name)) // now nothing is FINAL without it
				c.goesOn("with its help")
				if exists(restoredPath(filepath.Join(c.dir, c.nodes[victim].bureau.Code+".witness"))) {
					t.Error("the file that says it was restored is still there")
				}
			})
		})
	}
}

// Alone with a copy a node signs nothing, however long it waits, and elects nobody.
func TestReplicaRestoredAlone(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		victim := c.other(c.leader().name)
		old := c.backup(c.replica(victim))
		c.goesOn("after the backup")
		for name := range c.nodes {
			c.stop(name)
		}
		c.restore(victim, old)
		c.start(victim)
		one := c.other(victim)
		c.start(one) // two of four: a majority with a third vote only
		time.Sleep(time.Minute)
		s := c.status(victim)
		if s.Restored == "" || !s.Abstains || s.State == "leader" || c.status(one).State == "leader" {
			t.Errorf("after a minute: %+v", s)
		}
		if signed := c.replica(victim).gossip.witness.newest(); signed.Size != uint64(len(old.group.Records)) {
			t.Errorf("it signed %d", signed.Size)
		}
	})
}

// A witness that was put back takes no checkpoint that is behind what it may have
// signed, and keeps what it takes over a restart.
func TestRestoredWitness(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		b := c.c.Bureaus[0]
		path := filepath.Join(shortDir(t), "witness")
		last := ledger.Checkpoint{Origin: c.c.Genesis.Origin(), Size: 2, Root: ledger.Hash{2}}
		if err := errors.Join((&restored{1_700_000_000_000, 2}).write(path), replaceSynced(path, withSumBefore([]byte(last.String())))); err != nil {
			t.Fatal(err)
		}
		open := func() *witness {
			w, err := openWitness(path, b.Node(), c.c.Genesis.Origin(), b.Witness, true)
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := open()
		try := func(size uint64, want bool) {
			t.Helper()
			if ok, err := w.resume(&state.Collected{Size: size, Root: ledger.Hash{9}}); ok != want || err != nil {
				t.Errorf("resume with %d: %v, %v", size, ok, err)
			}
		}
		w.listened()
		try(9, false) // it has not arrived
		if why := w.denies(5, ledger.Hash{5}); why != "" {
			t.Errorf("one that it cannot remember: %s", why)
		}
		if why := w.denies(2, ledger.Hash{5}); why == "" {
			t.Error("another history than that of the backup: nothing said")
		}
		w.arrived(4)
		try(4, false) // the others have one at 5
		if w.ready() || w.returning() == "" {
			t.Error("it may sign")
		}
		if _, err := w.cosign(nil, &state.Collected{Size: 9}, 1); !errors.Is(err, errMuted) {
			t.Errorf("cosign: %v", err)
		}
		w = open() // a restart forgets nothing
		w.listened()
		w.arrived(7)
		try(6, false)
		try(7, true)
		try(8, false) // it is over
		if w = open(); w.returning() != "" || w.newest().Size != 7 {
			t.Errorf("after it: %q, signed %d", w.returning(), w.newest().Size)
		}
		if err := os.WriteFile(restoredPath(path), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if w = open(); w.returning() == "" {
			t.Error("a damaged file says nothing")
		}
	})
}

// A Seed takes no copy that the ledger would not hold.
func TestSeedRefuses(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		c.goesOn("with a body")
		good := c.backup(c.leader())
		n := len(good.group.Records)
		for name, bend := range map[string]func(b *copied){
			"another body":       func(b *copied) { b.group.Records[n-1].Body = []byte("another") },
			"no body":            func(b *copied) { b.group.Records[n-1].Body, b.group.Records[n-1].State = nil, bundle.None },
			"a body left out":    func(b *copied) { b.group.Records[n-1].Body, b.group.Records[n-1].State = nil, bundle.LeftOut },
			"an entry twice":     func(b *copied) { b.group.Records = append(b.group.Records, b.group.Records[n-1]) },
			"an entry too few":   func(b *copied) { b.group.Records = b.group.Records[:n-1] },
			"two in other order": func(b *copied) { r := b.group.Records; r[0], r[1] = r[1], r[0] },
			"a time that falls":  func(b *copied) { b.group.Records[n-1].Time = 1 },
			"another entry":      func(b *copied) { b.group.Records[0].Entry = append(b.group.Records[0].Entry, 0) },
			"no quorum":          func(b *copied) { b.note = b.note[:len(b.note)/3] },
		} {
			bad := &copied{bundle.Group{Records: append([]bundle.Record(nil), good.group.Records...)}, good.note}
			bend(bad)
			s, err := NewSeed(filepath.Join(shortDir(t), "node"), c.c.Genesis, "XA")
			if err != nil {
				t.Fatal(err)
			}
			if err = s.Add(&bad.group); err == nil {
				err = s.Finish(bad.note, 1)
			}
			if err == nil {
				t.Errorf("%s: taken", name)
			}
			s.Close()
		}
	})
}

// Who alone votes has nobody to ask what it did since the copy. That others have
// joined since the ledger was founded counts, and that they have no vote.
func TestSeedOfWhoAloneVotes(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	founder, other := c.Bureaus[0].Member(), c.Newcomer(t, "XF").Member()
	founder.Voter = true
	for _, tt := range []struct {
		bureau      string
		vote        bool
		alone, good bool
	}{
		{bureau: "XA", alone: true},
		{bureau: "XA"},
		{bureau: "XF", good: true},
		{bureau: "XA", vote: true, good: true},
		{bureau: "XF", vote: true, good: true},
	} {
		g := *c.Genesis
		if other.Voter = tt.vote; !tt.alone {
			g.Membership = g.Next(&ledger.Epoch{Number: 1, From: 1, Members: []ledger.Member{founder, other}})
		}
		s, err := NewSeed(filepath.Join(t.TempDir(), "node"), &g, tt.bureau)
		if (err == nil) != tt.good {
			t.Errorf("%+v: %v", tt, err)
		}
		if err == nil {
			s.Close()
		}
	}
}
