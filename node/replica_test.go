package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// cluster is a consortium's replicas in one process, joined by net.Pipe under
// the real transport. Tests run it inside a synctest bubble, where elections
// take no wall time.
type cluster struct {
	t     *testing.T
	c     *ledgertest.Consortium
	dir   string
	nodes map[string]*member
	base  uint64          // entries after enrol
	file  *ledger.Genesis // the charter file that newcomers start with

	peersOf func(name string, p peers) peers // what a node reaches the others by, nil for p
	wrong   map[string]*atomic.Int64         // by which each node's clock is wrong, ns

	unfiltered bool // only the log stores guard what was applied
	unguarded  bool // planted: the log stores let everything through
	unadopted  bool // planted: and answer for no snapshot
	installs   atomic.Int64
	installMax int64  // installs after which a node takes none, 0 for any number
	renewed    string // a founder's node with other keys than the charter has
	trusting   bool   // planted: nothing is looked at before Raft stores it
	elect      bool   // who leads shows signed votes first
	votesBlind bool   // planted: nodes that forgot their logs vote all the same
	noFilter   bool   // nodes start without the transport's filter of snapshots

	profile Profile                     // of the nodes
	pipe    func() (net.Conn, net.Conn) // between two nodes, net.Pipe when nil

	mu    sync.Mutex // guards what follows
	cut   map[string]bool
	links map[[2]string]bool // from, to: cut in this direction
}

// member is one bureau's node with what survives its restarts.
type member struct {
	bureau *ledgertest.Bureau
	store  store.Store
	logs   *raft.InmemStore
	snaps  *Snapshots

	program state.Program // of the node; this one when zero

	mu      sync.Mutex // guards what runs
	replica *replica
	trans   *Transport
	files   *logFiles
}

// forget removes what a node has on its disk, as one that comes back empty has.
func (c *cluster) forget(name string) {
	c.t.Helper()
	m := c.nodes[name]
	m.store, m.logs, m.snaps = store.NewMem(state.New(c.c.Genesis)), raft.NewInmemStore(), c.noSnapshots(name)
	for _, file := range []string{".witness", ".floor", ".epochs"} {
		if err := os.Remove(filepath.Join(c.dir, m.bureau.Code+file)); err != nil {
			c.t.Error(err)
		}
	}
}

func (c *cluster) abstainPath(name string) string {
	return filepath.Join(c.dir, c.nodes[name].bureau.Code+".abstain")
}

// abstention returns what a node's transport asks.
func (c *cluster) abstention(g *guard) *abstention {
	if c.votesBlind {
		return nil
	}
	return g.abstain
}

func newCluster(t *testing.T, n int, newcomers ...string) *cluster {
	c := new(cluster)
	c.found(t, n, newcomers...)
	return c
}

// found makes the consortium and starts the founders' nodes.
func (c *cluster) found(t *testing.T, n int, newcomers ...string) {
	c.t, c.c, c.dir = t, ledgertest.NewGenesis(t, n), shortDir(t)
	c.nodes, c.cut, c.links, c.wrong = make(map[string]*member), make(map[string]bool), make(map[[2]string]bool), make(map[string]*atomic.Int64)
	c.file = c.c.Genesis
	c.elect = len(newcomers) > 0
	founders := c.c.Bureaus
	for _, code := range newcomers { // who do not run yet
		c.c.Bureaus = append(c.c.Bureaus, c.c.Newcomer(t, code))
	}
	for _, b := range c.c.Bureaus {
		c.wrong[b.Node()] = new(atomic.Int64)
		c.nodes[b.Node()] = &member{bureau: b, store: store.NewMem(state.New(c.c.Genesis)), logs: raft.NewInmemStore(), snaps: c.snapshots(b.Node())}
	}
	for _, b := range founders {
		c.start(b.Node())
	}
	c.c.Bureaus = founders
	t.Cleanup(func() {
		for name := range c.nodes {
			c.stop(name)
		}
	})
}

// snapshots opens a node's folder of snapshots; it has one even when its snapshots
// are lost.
func (c *cluster) snapshots(name string) *Snapshots {
	c.t.Helper()
	s, err := OpenSnapshots(filepath.Join(c.dir, name+".snapshots"))
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// noSnapshots removes a node's snapshots.
func (c *cluster) noSnapshots(name string) *Snapshots {
	c.t.Helper()
	if err := os.RemoveAll(filepath.Join(c.dir, name+".snapshots")); err != nil {
		c.t.Fatal(err)
	}
	return c.snapshots(name)
}

// shortDir returns a folder in memory where there is one: in a bubble, syncing
// to a disk is waiting for nothing.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "comity-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func (c *cluster) start(name string) {
	c.t.Helper()
	if err := c.tryStart(name); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) tryStart(name string) error {
	m := c.nodes[name]
	file := c.file
	if _, founder := c.c.Genesis.Charter.Member(m.bureau.Code); founder && name != c.renewed {
		file = c.c.Genesis // what it has learned since is in its own ledger
	}
	cfg := Config{Genesis: file, Bureau: m.bureau.Code, Dir: c.dir, TLS: m.bureau.TLS, Witness: m.bureau.Witness, Logger: testLogger(name), program: m.program, Profile: c.profile,
		Clock: func() time.Time { return time.Now().Add(time.Duration(c.wrong[name].Load())) }}
	self, err := cfg.check()
	if err != nil {
		return err
	}
	var live atomic.Pointer[replica]
	var trans *Transport
	files := &logFiles{}
	if err := files.open(c, m, &live); err != nil {
		return err
	}
	var reach peers = &directPeers{c, name}
	if c.peersOf != nil {
		reach = c.peersOf(name, reach)
	}
	r, err := newReplica(cfg, self, parts{
		roster: newRoster(file), store: m.store, logs: files.logs, floor: files.floor, stable: m.logs, snaps: m.snaps, peers: reach, live: &live,
		witness: filepath.Join(c.dir, m.bureau.Code+".witness"), evidence: filepath.Join(c.dir, m.bureau.Code+".evidence"),
		archive: filepath.Join(c.dir, m.bureau.Code+".finals"), abstain: c.abstainPath(name),
		attachments: filepath.Join(c.dir, m.bureau.Code+".attachments"),
		transport: func(g *guard) raft.Transport {
			if c.unfiltered {
				g.applied = nil
			}
			check := func(from raft.ServerID, req *raft.InstallSnapshotRequest, data []byte) error {
				if n := c.installs.Add(1); c.installMax > 0 && n > c.installMax {
					return errors.New("enough")
				}
				if c.noFilter {
					return nil
				}
				return g.checkSnapshot(from, req, data)
			}
			var e *elections
			if c.elect {
				e = newElections(file.Ledger, name, cfg.Witness, func() []electorate { return electorates(g.roster, live.Load()) }, func(text string) { c.t.Error(text) })
				e.asking = g.standing.doubt
			}
			filter := g.check
			if c.trusting {
				filter = nil
			}
			trans = NewTransport(raft.ServerID(name), raft.ServerAddress(name), c.dialer(name), c.peerOf,
				TransportOptions{Pipeline: c.profile == ProfileWAN, Elections: e, Filter: filter, FilterSnapshot: check, Abstention: c.abstention(g), Logger: cfg.Logger, Term: func() uint64 {
					if r := live.Load(); r != nil {
						return r.raft.CurrentTerm()
					}
					return 0
				}})
			return trans
		},
	})
	if err != nil {
		return errors.Join(err, files.close())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.replica, m.trans, m.files = r, trans, files
	return nil
}

// logFiles are what guards one node's Raft log while it runs.
type logFiles struct {
	floor *floor
	logs  *GuardStore
}

// open lays the guards over the log in memory. Its floor and epoch keys are files,
// as they are for a node.
func (f *logFiles) open(c *cluster, m *member, live *atomic.Pointer[replica]) error {
	path := filepath.Join(c.dir, m.bureau.Code)
	first, err := m.logs.FirstIndex()
	if err != nil {
		return err
	}
	if f.floor, err = openFloor(path+".floor", first > 0, newStall("floor", 0, nil)); err != nil {
		return err
	}
	e, err := openEpochs(path+".epochs", first > 0, newStall("epochs", 0, nil))
	if err != nil {
		return errors.Join(err, f.floor.close())
	}
	opts := GuardOptions{Floor: kept(f.floor, live), Snapshot: newestOf(m.snaps), OnRefusal: func(what Refusal) { live.Load().refusedByStore(what) }}
	if c.unguarded || c.unadopted {
		opts.Floor = nil
	}
	if c.unadopted {
		opts.Snapshot = nil
	}
	f.logs = newGuardStore(closable{m.logs}, path, e, opts)
	last, err := m.logs.LastIndex()
	for i := first; i > 0 && i <= last && err == nil; i++ {
		var number uint32
		if number, err = f.logs.load(i, new(raft.Log)); err == raft.ErrLogNotFound {
			err = nil // after a snapshot there may be a gap
		} else if err == nil {
			e.found(number, i)
		}
	}
	if err == nil {
		err = e.settle(first)
	}
	if err == nil && last < f.floor.at() {
		err = compareDisks(f.logs, m.snaps, m.store.Applied(), f.floor.at())
	}
	if err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

func (f *logFiles) close() error { return errors.Join(f.logs.Close(), f.floor.close()) }

// stop stops a node without the orderly hand-over of close: as a crash would,
// but that its memory stays.
func (c *cluster) stop(name string) {
	m := c.nodes[name]
	m.mu.Lock()
	r, trans, files := m.replica, m.trans, m.files
	m.replica, m.trans, m.files = nil, nil, nil
	m.mu.Unlock()
	if r == nil {
		return
	}
	_ = trans.Close()
	r.cancel()
	r.batch.close()
	r.collect.close()
	r.wg.Wait()
	if err := errors.Join(r.raft.Shutdown().Error(), r.gossip.close(), files.close()); err != nil {
		c.t.Error(err)
	}
}

func (c *cluster) peerOf(addr raft.ServerAddress) (raft.ServerID, bool) {
	_, ok := c.nodes[string(addr)]
	return raft.ServerID(addr), ok
}

func (c *cluster) reachable(a, b string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.cut[a] && !c.cut[b] && !c.links[[2]string{a, b}]
}

func (c *cluster) dialer(from string) Dialer {
	return func(_ context.Context, addr raft.ServerAddress) (net.Conn, error) {
		m := c.nodes[string(addr)]
		m.mu.Lock()
		trans := m.trans
		m.mu.Unlock()
		if trans == nil || !c.reachable(from, string(addr)) {
			return nil, errors.New("unreachable")
		}
		pipe := c.pipe
		if pipe == nil {
			pipe = net.Pipe
		}
		a, b := pipe()
		go trans.ServeConn(b, raft.ServerID(from))
		return a, nil
	}
}

// isolate cuts a node off from all others, or joins it again.
func (c *cluster) isolate(name string, cut bool) {
	c.mu.Lock()
	c.cut[name] = cut
	c.mu.Unlock()
	for other, m := range c.nodes {
		m.mu.Lock()
		if m.trans != nil && cut {
			m.trans.Disconnect(raft.ServerID(name))
			if other == name {
				for id := range c.nodes {
					m.trans.Disconnect(raft.ServerID(id))
				}
			}
		}
		m.mu.Unlock()
	}
}

// mute keeps what one node asks from reaching another, or lets it through again;
// the other direction stays as it is.
func (c *cluster) mute(from, to string, cut bool) {
	c.mu.Lock()
	c.links[[2]string{from, to}] = cut
	c.mu.Unlock()
	m := c.nodes[from]
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trans != nil && cut {
		m.trans.Disconnect(raft.ServerID(to))
	}
}

func (c *cluster) replica(name string) *replica {
	m := c.nodes[name]
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.replica
}

// leader waits for a leader that can commit.
func (c *cluster) leader() *replica {
	c.t.Helper()
	for range 600 {
		for name := range c.nodes {
			if r := c.replica(name); r != nil && c.reachable(name, name) && r.raft.State() == raft.Leader && r.raft.VerifyLeader().Error() == nil {
				return r
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatal("no leader after a minute")
	return nil
}

// submit submits through a node and fails the test if it is not accepted.
func (c *cluster) submit(r *replica, it ledger.Item) uint64 {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	s, err := r.submit(ctx, it)
	if err != nil {
		c.t.Fatalf("submit %s through %s: %v", it.Entry.Statement.Class, r.name, err)
	}
	return s.Index
}

// enrol submits the enrolments of all officers.
func (c *cluster) enrol() {
	c.t.Helper()
	for _, it := range c.c.Enrolments(c.t) {
		c.submit(c.leader(), it)
		c.base++
	}
}

// agree waits until the running nodes have applied the same and a FINAL
// checkpoint covers it, and compares them.
func (c *cluster) agree(size uint64) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	var first *state.Head
	for name := range c.nodes {
		r := c.replica(name)
		if r == nil {
			continue
		}
		if _, err := r.waitFinal(ctx, size-1); err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		head, err := state.ReadHead(r.store)
		if err != nil {
			c.t.Fatal(err)
		}
		if first == nil {
			first = &head
		} else if head != *first {
			c.t.Fatalf("%s is at %d %x, another node at %d %x", name, head.Size, head.Digest[:4], first.Size, first.Digest[:4])
		}
		if head.Size != size {
			c.t.Fatalf("%s holds %d entries, want %d", name, head.Size, size)
		}
	}
}

// directPeers calls the other replicas without a network.
type directPeers struct {
	c    *cluster
	from string
}

var _ peers = (*directPeers)(nil)

func (p *directPeers) to(name string) (*replica, error) {
	r := p.c.replica(name)
	if r == nil || !p.c.reachable(p.from, name) {
		return nil, errors.New("unreachable")
	}
	return r, nil
}

func (p *directPeers) Forward(ctx context.Context, name string, items []ledger.Item) ([]wire.Outcome, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.forwarded(ctx, p.from, items)
}

func (p *directPeers) Cosign(_ context.Context, name string, list []*ledger.Cosignature) error {
	r, err := p.to(name)
	if err != nil {
		return err
	}
	return r.cosigned(list)
}

func (p *directPeers) Records(_ context.Context, name string, from uint64, limit int, each func(*wire.Record) error) (uint64, error) {
	r, err := p.to(name)
	if err != nil {
		return from, err
	}
	a := &api{served: &r.served}
	head, err := state.ReadHead(r.store)
	for i := 0; i < limit && from < head.Size && err == nil; i++ {
		var rec *wire.Record
		if rec, err = a.record(from); err == nil {
			err = each(rec)
			from++
		}
	}
	return from, err
}

func (p *directPeers) ReadIndex(_ context.Context, name string) (*wire.ReadIndex, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.readIndex()
}

func (p *directPeers) Attachment(_ context.Context, name string, address ledger.Hash, _, from int64) ([]byte, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.holdings.piece(address, from)
}

func (p *directPeers) Hand(_ context.Context, name string, list []*ledger.Cosignature) error {
	r, err := p.to(name)
	if err != nil {
		return err
	}
	return r.gossip.handed(list)
}

func (p *directPeers) Head(_ context.Context, name, of string) (*ledger.Cosignature, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.gossip.head(of), nil
}

func (p *directPeers) Receipt(_ context.Context, name string, index uint64) (*ledger.Receipt, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // what is not FINAL now is not waited for
	return r.receipt(ctx, index)
}

func (p *directPeers) Span(_ context.Context, name string, from, to uint64) (*wire.Span, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.span(from, to)
}

func (p *directPeers) Manifest(_ context.Context, name string) ([]byte, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.manifest()
}

func (p *directPeers) Status(_ context.Context, name string) (*wire.Status, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	return r.describe()
}

func (p *directPeers) Charter(_ context.Context, name string) (*ledger.Genesis, error) {
	r, err := p.to(name)
	if err != nil {
		return nil, err
	}
	g, err := r.charterFile()
	if err != nil {
		return nil, err
	}
	return ledger.ParseGenesis(g.Marshal())
}

func (p *directPeers) Root(_ context.Context, name string, size uint64, root ledger.Hash) (ledger.Hash, bool, error) {
	r, err := p.to(name)
	if err != nil {
		return ledger.Hash{}, false, err
	}
	return r.agree.asked(p.from, head{size, root})
}

// bubble runs a test on a cluster of n nodes in a synctest bubble.
func bubble(t *testing.T, n int, test func(t *testing.T, c *cluster)) {
	synctest.Test(t, func(t *testing.T) { test(t, newCluster(t, n)) })
}

func TestReplicaSubmitFromEveryNodeBecomesFinal(t *testing.T) {
	bubble(t, 5, func(t *testing.T, c *cluster) {
		c.enrol()
		base := c.base
		n := uint64(0)
		for range 3 {
			for _, b := range c.c.Bureaus {
				got := c.submit(c.replica(b.Node()), b.Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "body %d", n)))
				if got != base+n {
					t.Fatalf("statement %d through %s is entry %d, want %d", n, b.Code, got, base+n)
				}
				n++
			}
		}
		c.agree(base + n)
	})
}

func TestReplicaReceiptVerifiesOffline(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		b := c.c.Bureaus[1]
		it := b.Officer.Publish(t, ledger.KindBlue, []byte("a sealed body"))
		r := c.replica(b.Node())
		index := c.submit(r, it)
		receipt, err := r.receipt(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ledger.ParseReceipt(receipt.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		policy := c.c.Genesis.PolicyAt(0)
		if _, by, err := parsed.Verify(policy, it.Entry.LeafHash()); err != nil || len(by) < policy.Quorum {
			t.Fatalf("Verify = cosigned by %v, %v", by, err)
		}
		other := b.Officer.Publish(t, ledger.KindBlue, []byte("another body"))
		if _, _, err := parsed.Verify(policy, other.Entry.LeafHash()); !errors.Is(err, ledger.ErrNotIncluded) {
			t.Errorf("receipt of another entry: %v, want %v", err, ledger.ErrNotIncluded)
		}
	})
}

func TestReplicaSameStatementTwiceHasOneEntry(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("once"))
		first := c.submit(c.leader(), it)
		for _, b := range c.c.Bureaus {
			if got := c.submit(c.replica(b.Node()), it); got != first {
				t.Errorf("again through %s: entry %d, want %d", b.Code, got, first)
			}
		}
	})
}

func TestReplicaLeaderFailureLosesNothing(t *testing.T) {
	bubble(t, 5, func(t *testing.T, c *cluster) {
		c.enrol()
		acked := make(map[ledger.ID]uint64)
		for round := range 6 {
			old := c.leader()
			for _, b := range c.c.Bureaus {
				it := b.Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "round %d of %s", round, b.Code))
				acked[it.Entry.ID] = c.submit(old, it)
			}
			c.stop(old.name)
			it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "after %d", round))
			acked[it.Entry.ID] = c.submit(c.leader(), it)
			c.start(old.name)
		}
		c.agree(c.base + uint64(len(acked)))
		for name := range c.nodes {
			for id, want := range acked {
				got, ok, err := state.ReadIndex(c.replica(name).store, id)
				if err != nil || !ok || got != want {
					t.Errorf("%s: statement %s at %d (%v, %v), acknowledged at %d", name, id.Short(), got, ok, err, want)
				}
			}
		}
	})
}

func TestReplicaMinorityAcceptsNothing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		old := c.leader()
		c.isolate(old.name, true)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		it := c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("cut off"))
		if s, err := old.submit(ctx, it); err == nil {
			t.Errorf("the cut-off leader committed entry %d", s.Index)
		}
		if err := old.fresh(ctx); err == nil {
			t.Error("the cut-off leader served a fresh read")
		}
		index := c.submit(c.leader(), it)
		c.isolate(old.name, false)
		if got := c.submit(old, it); got != index {
			t.Errorf("again after the cut: entry %d, want %d", got, index)
		}
	})
}

func TestReplicaFarBehindPullsWhatItLacks(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.leader()
		away := c.c.Bureaus[2].Node()
		c.stop(away)
		const statements = 2 * minTrailing
		size := c.base + statements
		for i := range statements {
			b := c.c.Bureaus[i%2]
			c.submit(c.replica(b.Node()), b.Officer.Publish(t, ledger.KindYellow, fmt.Appendf(nil, "while away %d", i)))
		}
		for _, b := range c.c.Bureaus[:2] {
			if err := c.replica(b.Node()).raft.Snapshot().Error(); err != nil {
				t.Fatal(err)
			}
		}
		first, err := c.nodes[c.c.Bureaus[0].Node()].logs.FirstIndex()
		if err != nil || first <= c.nodes[away].store.Applied()+1 {
			t.Fatalf("the log starts at %d (%v): the test does not reach past it", first, err)
		}
		c.start(away)
		c.agree(size)
	})
}

// A node that lost what it had not flushed replays the log, and in it meets
// checkpoints that it cosigned long ago. It must neither sign them again nor
// take them for a fork.
func TestReplicaReplayedLogIsNoFork(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		name := c.c.Bureaus[1].Node()
		c.stop(name)
		c.nodes[name].store = store.NewMem(state.New(c.c.Genesis))
		c.start(name)
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("after")))
		c.agree(c.base + 1)
		r := c.replica(name)
		r.mu.Lock()
		if len(r.alarms) > 0 {
			t.Errorf("alarms: %q", r.alarms)
		}
		r.mu.Unlock()
		// It may have been too late for that checkpoint. Without the third node no
		// checkpoint is FINAL without it.
		c.stop(c.c.Bureaus[2].Node())
		c.submit(c.leader(), c.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("with its help")))
		c.agree(c.base + 2)
	})
}
