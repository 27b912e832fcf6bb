package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// Node is a running node with its sockets.
type Node struct {
	*replica
	transport *Transport
	lock      *os.File // of the folder
	floor     *floor
	guarded   *GuardStore
	live      atomic.Pointer[replica] // the replica, once Raft runs
	peers     *httpPeers
	front
}

// Open starts a node: it opens what it has on disk, listens, and joins the
// others. Nothing is left running if it fails.
func Open(cfg Config) (*Node, error) {
	member, err := cfg.check()
	if err != nil {
		return nil, err
	}
	n := &Node{}
	var undo []func() error
	ok := false
	defer func() {
		for i := len(undo) - 1; i >= 0 && !ok; i-- {
			if err := undo[i](); err != nil {
				cfg.Logger.Error("undo the start", "error", err)
			}
		}
	}()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if n.listener, err = listenOn("tcp", cfg.Listen); err != nil {
		return nil, err
	}
	undo = append(undo, n.listener.Close)
	if n.lock, err = lockFolder(cfg.Dir); err != nil {
		return nil, err
	}
	undo = append(undo, func() error { return unlockFolder(n.lock) })
	if err := claim(filepath.Join(cfg.Dir, "node"), member.NodeName()); err != nil {
		return nil, err
	}
	if err := finishRepair(cfg.Dir); err != nil {
		return nil, err
	}
	ledgerStore, err := store.Open(filepath.Join(cfg.Dir, "ledger"), state.NewAs(cfg.Genesis, cfg.program))
	if err != nil {
		return nil, fmt.Errorf("node: open the ledger: %w", advise(err))
	}
	undo = append(undo, ledgerStore.Close)
	snaps, err := OpenSnapshots(filepath.Join(cfg.Dir, "snapshots"))
	if err != nil {
		return nil, fmt.Errorf("node: open the snapshots: %w", err)
	}
	if err := n.openLog(cfg.Dir, snaps, ledgerStore.Applied()); err != nil {
		return nil, err
	}
	undo = append(undo, n.floor.close, n.guarded.Close)
	if err := compareDisks(n.guarded, snaps, ledgerStore.Applied(), n.floor.at()); err != nil {
		return nil, err
	}
	roster := newRoster(cfg.Genesis)
	n.peers = newHTTPPeers(roster, cfg.TLS)
	n.replica, err = newReplica(cfg, member, parts{
		roster: roster, store: ledgerStore, logs: n.guarded, floor: n.floor, stable: n.guarded, snaps: snaps, peers: n.peers,
		witness: filepath.Join(cfg.Dir, "witness"), evidence: filepath.Join(cfg.Dir, "evidence"), archive: filepath.Join(cfg.Dir, "finals"),
		abstain: filepath.Join(cfg.Dir, abstainName), purged: filepath.Join(cfg.Dir, purgedName), replaced: filepath.Join(cfg.Dir, replacedFolder),
		attachments: filepath.Join(cfg.Dir, "attachments"), live: &n.live,
		transport: func(g *guard) raft.Transport {
			n.transport = n.newTransport(cfg, member.NodeName(), g)
			return n.transport
		},
	})
	if err != nil {
		return nil, err
	}
	ok = true
	if err := n.guarded.refusal(); err != nil {
		n.storageFailed(err) // while Raft started, there was nobody to tell
	}
	return n, n.serve(member.NodeName())
}

// openLog opens the floor and the Raft log. They are made in this order, with the
// witness file after them, so that each file that is there proves those before it.
func (n *Node) openLog(dir string, snaps *Snapshots, applied uint64) error {
	path := filepath.Join(dir, "raft.db")
	list, err := snaps.List()
	if err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	ran := applied > 0 || len(list) > 0 || exists(filepath.Join(dir, "witness"))
	if n.floor, err = openFloor(filepath.Join(dir, "floor"), ran || exists(path), newStall("floor", 0, nil)); err != nil {
		return err
	}
	n.guarded, err = OpenGuardStore(path, GuardOptions{
		MustExist: ran || n.floor.at() > 0, OnFail: n.storageFailed,
		Epochs: filepath.Join(dir, "epochs"), Floor: kept(n.floor, &n.live), Snapshot: newestOf(snaps),
		OnRefusal: func(what Refusal) {
			if r := n.live.Load(); r != nil {
				r.refusedByStore(what)
			}
		},
	})
	if err != nil {
		return errors.Join(fmt.Errorf("node: open the Raft log: %w", advise(err)), n.floor.close())
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// newestOf returns what tells the newest snapshot of a store.
func newestOf(snaps raft.SnapshotStore) func() (index, term uint64, err error) {
	return func() (uint64, uint64, error) {
		list, err := snaps.List()
		if err != nil || len(list) == 0 {
			return 0, 0, err
		}
		return list[0].Index, list[0].Term, nil
	}
}

// claim binds a data folder to one node: its votes and what it cosigned are
// that node's, and another that took them over would speak twice.
func claim(path, name string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return keys.WriteFile(path, []byte(name+"\n"))
	}
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if owner := strings.TrimSpace(string(data)); owner != name {
		return fmt.Errorf("node: %s is the data of %s, not of %s", filepath.Dir(path), owner, name)
	}
	return nil
}

// compareDisks refuses a Raft log that ends before what the ledger has applied, or
// what this node has ever applied: it was damaged or put back from a copy, and a
// vote may be forgotten with it.
func compareDisks(logs raft.LogStore, snaps raft.SnapshotStore, applied, floor uint64) error {
	last, err := logs.LastIndex()
	if err != nil {
		return fmt.Errorf("node: read the Raft log: %w", err)
	}
	list, err := snaps.List()
	if err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	for _, s := range list {
		last = max(last, s.Index)
	}
	if last < applied {
		return fmt.Errorf("node: the Raft log ends at index %d and the ledger is at %d: the log was damaged or restored from a copy; %s", last, applied, adviceRepair)
	}
	if last < floor {
		return fmt.Errorf("node: the Raft log ends at index %d and this node has applied entry %d: the log was cut or restored from a copy; "+
			"put back the log as it was, or: %s", last, floor, adviceRepair)
	}
	return nil
}

// newTransport makes the transport that dials peers under their pinned keys.
func (n *Node) newTransport(cfg Config, name string, g *guard) *Transport {
	dial := func(ctx context.Context, addr raft.ServerAddress) (net.Conn, error) {
		m := g.roster.node(string(addr))
		if m == nil {
			return nil, fmt.Errorf("dial: no member has a node %q", addr)
		}
		return dialPinned(ctx, m.Node.Address, m.Node.TLS, cfg.TLS)
	}
	peerOf := func(addr raft.ServerAddress) (raft.ServerID, bool) {
		return raft.ServerID(addr), g.roster.node(string(addr)) != nil
	}
	opts := TransportOptions{Filter: g.check, FilterSnapshot: g.checkSnapshot, Abstention: g.abstain, Logger: cfg.Logger, Term: n.term, Pipeline: cfg.Profile == ProfileWAN}
	if cfg.seams.filterOff() {
		opts.Filter, opts.FilterSnapshot = nil, nil
	}
	g.verified.seams = cfg.seams
	if !cfg.seams.electionsOff() {
		opts.Elections = newElections(cfg.Genesis.Ledger, name, cfg.Witness, func() []electorate { return electorates(g.roster, n.live.Load()) }, n.alarmed)
		opts.Elections.asking = g.standing.doubt
	}
	return NewTransport(raft.ServerID(name), raft.ServerAddress(name), dial, peerOf, opts)
}

// alarmed records something that people must look at, once Raft runs.
func (n *Node) alarmed(text string) {
	if r := n.live.Load(); r != nil {
		r.alarm(text)
	}
}

// term is Raft's current term, 0 while Raft is starting.
func (n *Node) term() uint64 {
	if r := n.live.Load(); r != nil {
		return r.raft.CurrentTerm()
	}
	return 0
}

// storageFailed stops the node after the first failed write of its Raft log.
func (n *Node) storageFailed(err error) {
	if r := n.live.Load(); r != nil {
		r.fatal(fmt.Errorf("storage: %w", err))
	}
}

// serve starts the one TLS port, on which HTTP and Raft are told apart by ALPN,
// and the other listeners.
func (n *Node) serve(name string) error {
	var err error
	if n.invites, err = openInvites(filepath.Join(n.cfg.Dir, "invites"), n.cfg.Clock); err != nil {
		n.alarm(err.Error())
	}
	err = n.open(apiOf(n.replica), frontConfig{
		TLS: n.cfg.TLS, Admin: n.cfg.Admin, Tiles: n.cfg.Tiles, TilesPublic: n.cfg.TilesPublic, handler: n.cfg.seams.serve, raft: n.serveRaft,
	})
	if err != nil {
		return errors.Join(err, n.Close())
	}
	n.serving.Go(func() { n.redial(n.ctx) }) // until Close
	n.log.Info("the node runs", "node", name, "address", n.Address(), "admin", n.cfg.Admin)
	return nil
}

// redial ends Raft's sessions with nodes that have other keys or another address
// than they had, or whose bureau left, until ctx ends. Those that may come back do.
func (n *Node) redial(ctx context.Context) {
	was := n.roster.now()
	for {
		changed := n.roster.changed.wait() // before the look, so that no change is missed
		now := n.roster.now()
		for name, old := range was.nodes {
			if m := now.nodes[name]; m == nil || m.Node.TLS != old.Node.TLS || m.Node.Address != old.Node.Address {
				n.transport.Disconnect(raft.ServerID(name))
			}
		}
		was = now
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// serveRaft hands a session that speaks Raft to the transport, under the name of
// the node whose key it proved.
func (n *Node) serveRaft(_ *http.Server, conn *tlsConn, _ http.Handler) {
	cs := conn.ConnectionState()
	who, err := n.identify(&cs, conn.RemoteAddr().String())
	if err != nil || who.use != state.UseNode {
		n.log.Warn("Raft session refused", "remote", conn.RemoteAddr().String(), "bureau", who.bureau)
		_ = conn.Close()
		return
	}
	n.transport.ServeConn(conn, raft.ServerID(ledger.NodeName(who.bureau)))
}

// Close stops the node: it takes no new statements, answers those in flight,
// hands leadership over, and leaves everything durable.
func (n *Node) Close() error {
	// The door first: statements in flight still get their answers.
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	n.batch.refuse()
	err := n.replica.close()
	shutdown := n.front.close(ctx)
	n.peers.close()
	return errors.Join(err, shutdown, n.transport.Close(), n.guarded.Close(), n.floor.close(), unlockFolder(n.lock))
}

// drainTimeout bounds how long Close waits for clients.
const drainTimeout = 3 * time.Second

// Done is closed when the node can no longer go on; Err says why.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err returns why the node cannot go on, nil while it can.
func (n *Node) Err() error { return n.failed() }

// Leading reports whether this node leads.
func (n *Node) Leading() bool { return n.raft.State() == raft.Leader }

// Ready reports whether the node can serve, and if not, why.
func (n *Node) Ready() (bool, string) { return n.ready() }

// Status describes the node.
func (n *Node) Status() (*wire.Status, error) { return n.describe() }
