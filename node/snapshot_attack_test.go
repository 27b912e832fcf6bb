package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// install sends a snapshot from one member to another, over the sender's own
// connections: a member that lies.
func (c *cluster) install(from, to string, term, index, lastTerm uint64, data []byte) (*raft.InstallSnapshotResponse, error) {
	req := &raft.InstallSnapshotRequest{
		RPCHeader:       raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(from), Addr: []byte(from)},
		SnapshotVersion: raft.SnapshotVersionMax, Term: term, LastLogIndex: index, LastLogTerm: lastTerm, Size: int64(len(data)),
		Configuration: raft.EncodeConfiguration(serversOf(c.c.Genesis.Latest())), ConfigurationIndex: 1,
	}
	resp := new(raft.InstallSnapshotResponse)
	err := c.nodes[from].trans.InstallSnapshot(raft.ServerID(to), raft.ServerAddress(to), req, resp, bytes.NewReader(data))
	return resp, err
}

// files returns the names of a node's snapshot files with their bytes.
func (c *cluster) files(name string) string {
	c.t.Helper()
	var b strings.Builder
	dir := filepath.Join(c.dir, name+".snapshots")
	entries, err := os.ReadDir(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			c.t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %x\n", e.Name(), data)
	}
	return b.String()
}

// The attack that Raft falls for: one InstallSnapshot at an old index, by a
// member that nobody elected, takes the place of the newest snapshot, though the
// state machine refuses it. With the transport's filter off, the sink holds.
func TestSnapshotReplayedIsRefused(t *testing.T) {
	for _, filter := range []bool{true, false} {
		t.Run(fmt.Sprintf("filter %t", filter), func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, c *cluster) {
				c.noFilter = !filter
				c.restartAll()
				c.enrol()
				c.agree(c.base)
				leader := c.leader()
				victim, liar := c.other(leader.name), c.other(leader.name, c.other(leader.name))
				v := c.replica(victim)
				if err := v.raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
				list, err := c.nodes[victim].snaps.List()
				if err != nil || len(list) != 1 {
					t.Fatal(list, err)
				}
				_, r, err := c.nodes[victim].snaps.Open(list[0].ID)
				if err != nil {
					t.Fatal(err)
				}
				old, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				for i := range 3 {
					c.submit(leader, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "more %d", i)))
				}
				c.agree(c.base + 3)
				time.Sleep(5 * time.Second)
				if err := v.raft.Snapshot().Error(); err != nil {
					t.Fatal(err)
				}
				before, applied := c.files(victim), v.raft.AppliedIndex()
				for range 3 {
					_, err := c.install(liar, victim, v.raft.CurrentTerm()+1, list[0].Index, list[0].Term, old)
					if !filter && err == nil {
						t.Error("accepted")
					}
				}
				// The same old state under a new index.
				if m, err := parseManifest(old); err == nil {
					m.Applied = applied + 100
					if _, err := c.install(liar, victim, v.raft.CurrentTerm()+1, m.Applied, list[0].Term, m.marshal()); err == nil {
						t.Error("an old state under a new index was accepted")
					}
				}
				if got := c.files(victim); got != before {
					t.Errorf("the snapshots changed:\n%s\nfrom\n%s", got, before)
				}
				if got := v.raft.AppliedIndex(); got < applied {
					t.Errorf("Raft's applied index fell from %d to %d", applied, got)
				}
				c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
				c.agree(c.base + 4)
				c.stop(victim)
				c.start(victim)
				c.agree(c.base + 4)
			})
		})
	}
}

// restartAll starts all nodes anew, as when a test has changed what they run with.
func (c *cluster) restartAll() {
	for _, b := range c.c.Bureaus {
		c.stop(b.Node())
	}
	for _, b := range c.c.Bureaus {
		c.start(b.Node())
	}
}

// An answer that was lost makes a leader send a snapshot again that is here by
// now. It must be able to go on from there.
func TestSnapshotSentTwiceIsNoLivelock(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader()
		if err := leader.raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
		victim := c.other(leader.name)
		v := c.replica(victim)
		list, _ := c.nodes[leader.name].snaps.List()
		_, r, err := c.nodes[leader.name].snaps.Open(list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(r)
		c.submit(leader, c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("more")))
		c.agree(c.base + 1)
		applied := v.raft.AppliedIndex()
		resp, err := c.install(leader.name, victim, leader.raft.CurrentTerm(), list[0].Index, list[0].Term, data)
		if err != nil || !resp.Success {
			t.Errorf("the leader hears %+v, %v", resp, err)
		}
		if got := v.raft.AppliedIndex(); got < applied {
			t.Errorf("Raft's applied index fell from %d to %d", applied, got)
		}
		// One who led in an older term must hear of the newer one.
		if resp, err := c.install(leader.name, victim, leader.raft.CurrentTerm()-1, list[0].Index, list[0].Term, data); err == nil && (resp.Success || resp.Term != leader.raft.CurrentTerm()) {
			t.Errorf("an old leader hears %+v", resp)
		}
	})
}

// far stops a node and lets the ledger grow past the log that the others keep.
// Then lie, if not nil, is between the node and its peers when it starts again.
func far(t *testing.T, c *cluster, lie func(p peers) peers) (away string) {
	c.enrol()
	c.agree(c.base)
	away = c.other(c.leader().name)
	c.stop(away)
	var writers []*ledgertest.Bureau
	for _, b := range c.c.Bureaus {
		if b.Node() != away {
			writers = append(writers, b)
		}
	}
	for i := range 2 * minTrailing {
		writer := writers[i%len(writers)]
		c.submit(c.replica(writer.Node()), writer.Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "while away %d", i)))
	}
	c.base += 2 * minTrailing
	time.Sleep(5 * time.Second)
	for name := range c.nodes {
		if name == away {
			continue
		}
		if err := c.replica(name).raft.Snapshot().Error(); err != nil {
			t.Fatal(err)
		}
	}
	c.peersOf = func(name string, p peers) peers {
		if name == away && lie != nil {
			return lie(p)
		}
		return p
	}
	return away
}

// lyingPeers is a way to the others on which one node lies.
type lyingPeers struct {
	peers
	name   string
	record func(i uint64, r *wire.Record) *wire.Record // nil: as it is
	span   func(s *wire.Span)
	note   func(r *ledger.Receipt)
	asked  *atomic.Int64
}

func (l *lyingPeers) Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	next := from
	return l.peers.Records(ctx, name, from, limit, func(r *wire.Record) error {
		if name == l.name && l.record != nil {
			l.asked.Add(1)
			if r = l.record(next, r); r == nil {
				return errors.New("no more")
			}
		}
		next++
		return each(r)
	})
}

func (l *lyingPeers) Span(ctx context.Context, name string, from, to uint64) (*wire.Span, error) {
	s, err := l.peers.Span(ctx, name, from, to)
	if err == nil && name == l.name && l.span != nil {
		l.asked.Add(1)
		l.span(s)
	}
	return s, err
}

func (l *lyingPeers) Receipt(ctx context.Context, name string, index uint64) (*ledger.Receipt, error) {
	r, err := l.peers.Receipt(ctx, name, index)
	if err == nil && name == l.name && l.note != nil {
		l.asked.Add(1)
		l.note(r)
	}
	return r, err
}

// What a peer makes up costs that peer's answer and nothing else: the node takes
// the entries from others, and names the one that lied.
func TestCatchupPassesOverALiar(t *testing.T) {
	var before *wire.Record
	for _, tt := range []struct {
		name  string
		quiet bool // it is not known for certain who lies
		lie   lyingPeers
	}{
		{name: "no bodies", lie: lyingPeers{record: func(_ uint64, r *wire.Record) *wire.Record {
			return &wire.Record{Time: r.Time, Entry: r.Entry, Purged: r.Entry.Statement.BodyLen > 0}
		}}},
		{name: "another body", lie: lyingPeers{record: func(_ uint64, r *wire.Record) *wire.Record {
			return &wire.Record{Time: r.Time, Entry: r.Entry, Body: append([]byte("x"), r.Body...)}
		}}},
		{name: "a signature that is not good", lie: lyingPeers{record: func(_ uint64, r *wire.Record) *wire.Record {
			raw := bytes.Clone(r.Entry.Raw)
			raw[len(raw)-1] ^= 1
			e, err := ledger.ParseEntry(raw)
			if err != nil {
				return nil
			}
			return &wire.Record{Time: r.Time, Entry: e, Body: r.Body}
		}}},
		{name: "one entry twice", lie: lyingPeers{record: func(i uint64, r *wire.Record) *wire.Record {
			if i%7 == 3 && before != nil {
				return before
			}
			before = r
			return r
		}}},
		{name: "other times", lie: lyingPeers{record: func(_ uint64, r *wire.Record) *wire.Record {
			return &wire.Record{Time: r.Time + 1, Entry: r.Entry, Body: r.Body}
		}}},
		{name: "times that fall", lie: lyingPeers{record: func(i uint64, r *wire.Record) *wire.Record {
			return &wire.Record{Time: r.Time - min(i, r.Time), Entry: r.Entry, Body: r.Body}
		}}},
		{name: "no time", lie: lyingPeers{record: func(_ uint64, r *wire.Record) *wire.Record {
			return &wire.Record{Time: 1 << 63, Entry: r.Entry, Body: r.Body}
		}}},
		{name: "spans of something else", quiet: true, lie: lyingPeers{span: func(s *wire.Span) { s.Times[0] ^= 1 }}},
		{name: "receipts of something else", quiet: true, lie: lyingPeers{note: func(r *ledger.Receipt) { r.Proof[0][0] ^= 1 }}},
	} {
		chunks := []uint64{50} // in the middle of a pull
		if tt.name == "no bodies" || tt.name == "other times" {
			chunks = append(chunks, 0) // all of it at once
		}
		for _, chunk := range chunks {
			t.Run(fmt.Sprintf("%s, chunk %d", tt.name, chunk), func(t *testing.T) {
				testingOnlyChunk = chunk
				defer func() { testingOnlyChunk = 0 }()
				bubble(t, 4, func(t *testing.T, c *cluster) {
					l := &lyingPeers{record: tt.lie.record, span: tt.lie.span, note: tt.lie.note, asked: new(atomic.Int64)}
					away := far(t, c, func(p peers) peers { l.peers = p; return l })
					l.name = c.other(away, c.leader().name) // the first that it asks: who leads is the last
					c.start(away)
					c.agree(c.base)
					r := c.replica(away)
					if l.asked.Load() == 0 && !tt.quiet {
						t.Error("the liar was not asked")
					}
					r.mu.Lock()
					defer r.mu.Unlock()
					if named := len(r.alarms) == 1 && strings.Contains(r.alarms[0], l.name); !named && !tt.quiet {
						t.Errorf("alarms %q, want one that names %s", r.alarms, l.name)
					}
					for _, a := range r.alarms {
						if !strings.Contains(a, l.name) {
							t.Errorf("alarm %q is of an honest node", a)
						}
					}
				})
			})
		}
	}
}

// stalling is a way to the others of whom one drips records, and answers nothing else.
type stalling struct {
	peers
	name string
}

func (h *stalling) Records(ctx context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	if name != h.name {
		return h.peers.Records(ctx, name, from, limit, each)
	}
	next, err := h.peers.Records(ctx, name, from, 1, each)
	if err == nil {
		<-ctx.Done()
		err = ctx.Err()
	}
	return next, err
}

func (h *stalling) Span(ctx context.Context, name string, from, to uint64) (*wire.Span, error) {
	if name != h.name {
		return h.peers.Span(ctx, name, from, to)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (h *stalling) Receipt(ctx context.Context, name string, index uint64) (*ledger.Receipt, error) {
	if name != h.name {
		return h.peers.Receipt(ctx, name, index)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A node that answers nothing, or a record in two minutes, is asked once or twice and
// not for each chunk.
func TestCatchupPassesOverWhoHangs(t *testing.T) {
	testingOnlyChunk = 50
	defer func() { testingOnlyChunk = 0 }()
	bubble(t, 4, func(t *testing.T, c *cluster) {
		h := new(stalling)
		away := far(t, c, func(p peers) peers { h.peers = p; return h })
		h.name = c.other(away, c.leader().name) // the first that it asks
		c.start(away)
		begun := time.Now()
		for {
			head, err := state.ReadHead(c.replica(away).store)
			if err != nil {
				t.Fatal(err)
			}
			if head.Size == c.base {
				break
			}
			if time.Since(begun) > chunkTime+2*vouchTime+time.Minute {
				t.Fatalf("%d of %d entries after %s", head.Size, c.base, time.Since(begun))
			}
			time.Sleep(time.Second)
		}
	})
}

// Of three bureaus none may be dishonest, and nobody else is asked what he holds.
// Still nothing is kept that a quorum has not cosigned: here a peer gives good
// entries in another order, in the middle of a long pull.
func TestCatchupKeepsNothingUncosigned(t *testing.T) {
	testingOnlyChunk = 50
	defer func() { testingOnlyChunk = 0 }()
	bubble(t, 3, func(t *testing.T, c *cluster) {
		l := &lyingPeers{asked: new(atomic.Int64)}
		away := far(t, c, func(p peers) peers { l.peers = p; return l })
		l.name = c.other(away, c.leader().name)
		base := c.base - 2*minTrailing
		other := c.replica(l.name)
		l.record = func(i uint64, r *wire.Record) *wire.Record {
			if i < base+4 || i+1 >= c.base {
				return r
			}
			swapped, err := (&api{served: &other.served}).record(base + ((i - base) ^ 1))
			if err != nil {
				return r
			}
			return &wire.Record{Time: r.Time, Entry: swapped.Entry, Body: swapped.Body}
		}
		c.start(away)
		c.agree(c.base)
		r := c.replica(away)
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.alarms) != 1 || !strings.Contains(r.alarms[0], l.name) {
			t.Errorf("alarms %q, want one that names %s", r.alarms, l.name)
		}
	})
}

// A leader whose manifest leads nowhere: nothing of it is kept, Raft's newest
// snapshot is what it was, and the node comes back by an honest one.
func TestRestoreThatFailsLeavesNothing(t *testing.T) {
	for name, change := range map[string]func(m *manifest){
		"another root":   func(m *manifest) { m.Head.Root[0] ^= 1 },
		"another digest": func(m *manifest) { m.Head.Digest[0] ^= 1 },
		"another time":   func(m *manifest) { m.Head.Time++ },
		"more entries":   func(m *manifest) { m.Head.Size += 1 << 20 },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, 4, func(t *testing.T, c *cluster) {
				away := far(t, c, nil)
				leader := c.leader()
				for other := range c.nodes {
					c.mute(other, away, true) // or the true one comes first
				}
				c.start(away)
				list, err := c.nodes[leader.name].snaps.List()
				if err != nil {
					t.Fatal(err)
				}
				_, rc, err := c.nodes[leader.name].snaps.Open(list[0].ID)
				if err != nil {
					t.Fatal(err)
				}
				data, _ := io.ReadAll(rc)
				m, err := parseManifest(data)
				if err != nil {
					t.Fatal(err)
				}
				m.Pending = nil
				change(m)
				before := c.files(away)
				held, _ := state.ReadHead(c.nodes[away].store)
				c.mute(leader.name, away, false)
				// In the place of the leader's own.
				if _, err := c.install(leader.name, away, leader.raft.CurrentTerm(), list[0].Index, list[0].Term, m.marshal()); err == nil {
					t.Error("accepted")
				}
				r := c.replica(away)
				select {
				case <-r.done:
					t.Fatalf("it stops: %v", r.err)
				default:
				}
				if name != "more entries" { // of which what bureaus cosigned is kept
					if now, _ := state.ReadHead(r.store); now != held && now.Size < m.Head.Size {
						t.Errorf("it kept entries up to %d", now.Size)
					}
				}
				if got := c.files(away); name != "more entries" && got != before {
					t.Errorf("the snapshots changed to\n%s", got)
				}
				for other := range c.nodes {
					c.mute(other, away, false)
				}
				c.agree(c.base)
				c.stop(away)
				c.start(away)
				c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
				c.agree(c.base + 1)
			})
		})
	}
}

// A pull that was cut and a node that stops in it: after the start no command is
// applied before the pull is done.
func TestRestoreGoesOnAfterAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 3)
		var left atomic.Int64
		away, leader, third, refused := behind(c, &left)
		time.Sleep(20 * time.Second)
		c.stop(away)
		if !c.nodes[away].snaps.torn() {
			t.Fatal("nothing says that the ledger is ahead of Raft")
		}
		if list, err := c.nodes[away].snaps.List(); err != nil || len(list) != 0 {
			t.Errorf("raft would believe %v (%v)", list, err)
		}
		c.stop(leader)
		left.Store(1 << 30)
		c.nodes[away].snaps = c.snapshots(away) // as after a crash
		c.start(away)
		if ok, why := c.replica(away).ready(); ok {
			t.Errorf("ready (%q), while entries are missing", why)
		}
		c.submit(c.replica(third), c.c.Bureaus[1].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		time.Sleep(5 * time.Second)
		if index, ok, err := state.ReadIndex(c.replica(away).store, refused); ok || err != nil {
			t.Errorf("its entry %d is a statement that was refused (%v)", index, err)
		}
		c.agree(c.base + 1)
		if c.nodes[away].snaps.torn() {
			t.Error("the note is still there")
		}
	})
}

// The manifest of a restore that was cut was a liar's: the node comes to its end
// with what an honest peer has applied.
func TestRestoreEndsWithoutItsManifest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 3)
		var left atomic.Int64
		away, leader, third, _ := behind(c, &left)
		time.Sleep(20 * time.Second)
		r := c.replica(away)
		for other := range c.nodes {
			c.mute(other, away, true)
		}
		time.Sleep(time.Second)
		torn := *r.fsm.torn // Raft rests
		torn.Head.Digest[0] ^= 1
		r.fsm.torn = &torn
		c.stop(leader)
		for other := range c.nodes {
			c.mute(other, away, false)
		}
		left.Store(1 << 30)
		c.submit(c.replica(third), c.c.Bureaus[1].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		c.agree(c.base + 1)
	})
}
