package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// replica is a node without its sockets: the ledger, Raft, the batcher and the
// cosigner. Tests run several in one process over an in-memory transport.
type replica struct {
	served
	cfg      Config
	name     string // of this node
	started  int64  // POSIX seconds
	fsm      *fsm
	raft     *raft.Raft
	logs     raft.LogStore // of raft
	batch    *batcher
	gates    gates
	barriers barriers
	nudging  sync.Map // names of nodes that are being nudged
	collect  *collector
	agree    *agreement
	gossip   *gossip
	abstain  *abstention // nil for a node that votes
	stands   *standing
	purger   *purger
	keyring  *keyring
	peers    peers
	trans    raft.Transport
	live     *atomic.Pointer[replica] // this replica, once Raft runs

	refusals refusals

	leaving atomic.Pointer[string] // why this node stops, once its bureau left

	fileMu sync.Mutex // guards file
	file   *ledger.Genesis

	cancel context.CancelFunc
	wg     sync.WaitGroup // cosigner, gossip, snapshotter

	seenCount atomic.Int64 // statements whose authors have seen another history

	mu       sync.Mutex             // guards what follows
	accused  map[raft.ServerID]bool // of having asked to take back what was applied
	behind   time.Duration          // by how much the clock was behind a command's time
	behindAt time.Time              // when that was last
	seenTold map[string]bool

	closing sync.Once
	closed  error
}

// parts are what a replica is joined from.
type parts struct {
	roster      *roster
	store       store.Store
	logs        *GuardStore
	floor       *floor
	stable      raft.StableStore
	snaps       *Snapshots
	transport   func(*guard) raft.Transport
	peers       peers
	witness     string                   // path of the witness file
	evidence    string                   // folder of evidence files
	archive     string                   // path of the archive of FINAL notes
	abstain     string                   // path of the file that says what this node has forgotten
	purged      string                   // path of the file that says how many purges its Raft log has forgotten; "" for none
	attachments string                   // folder of sealed files
	replaced    string                   // folder of what repairs have set aside; "" for none
	live        *atomic.Pointer[replica] // set once Raft runs; transport and log store look there
}

// kept returns what tells the highest index that Raft must not take back: what
// this node has applied, ever, and what Raft is about to apply.
func kept(f *floor, live *atomic.Pointer[replica]) func() uint64 {
	return func() uint64 {
		r := live.Load()
		switch {
		case r == nil:
			return f.at()
		case r.cfg.seams.logOff():
			return 0
		}
		return max(f.at(), r.raft.CommitIndex())
	}
}

// newReplica joins the parts and starts Raft.
func newReplica(cfg Config, member *ledger.Member, p parts) (*replica, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &replica{cfg: cfg, file: cfg.Genesis, name: member.NodeName(), started: cfg.Clock().Unix(), peers: p.peers,
		served: served{genesis: cfg.Genesis, roster: p.roster, bureau: cfg.Bureau, machine: state.NewAs(cfg.Genesis, cfg.program), store: p.store, moved: newBeacon(), keyed: newBeacon(), clock: cfg.Clock, late: errNotArrived, purges: &openPurges{store: p.store, watched: purgesWatched},
			pace: newPacer(),
			log:  cfg.Logger, ctx: ctx, done: make(chan struct{})},
		live: p.live, cancel: cancel, seenTold: make(map[string]bool), accused: make(map[raft.ServerID]bool)}
	r.stopped = r.fallSilent
	r.keyring = &keyring{store: p.store, bureau: cfg.Bureau, epochs: func() []*ledger.Epoch { return r.roster.membership().Epochs() }, begun: 1000 * cfg.Genesis.Charter.Created, clock: cfg.Clock, days: cfg.KeyDays}
	ok := false
	defer func() {
		if !ok {
			cancel()
			if r.gossip != nil {
				_ = r.gossip.close()
			}
		}
	}()
	if err := r.roster.follow(r.machine, p.store); err != nil {
		return nil, err
	}
	final, err := state.ReadFinal(p.store)
	if err != nil {
		return nil, err
	}
	w, err := openWitness(p.witness, r.name, cfg.Genesis.Origin(), cfg.Witness, p.store.Applied() == 0)
	if err != nil {
		return nil, err
	}
	w.floor = p.floor
	verified := newVerifier()
	if err := r.openFSM(p, w, verified); err != nil {
		return nil, err
	}
	if r.holdings, err = r.openHoldings(p.attachments, r.others, r.peers); err != nil {
		return nil, err
	}
	if err := r.openGossip(w, p); err != nil {
		return nil, err
	}
	r.setFinal(final)

	if err := r.openRaft(p, w, verified); err != nil {
		return nil, err
	}
	p.live.Store(r)
	r.start(p, w, verified)
	ok = true
	return r, nil
}

// openFSM makes what applies the log, and what fetches from others where the log
// does not reach.
func (r *replica) openFSM(p parts, w *witness, verified *verifier) (err error) {
	r.fsm = &fsm{roster: r.roster, machine: r.machine, store: p.store, verified: verified, floor: p.floor, applied: r.moved.fire, keyed: r.keyed.fire, final: r.setFinal, seen: r.applied, fatal: r.fatal,
		alarm: r.alarm, snaps: p.snaps, signed: w.newest(), lastLog: p.logs.LastIndex, stopping: r.ctx.Done()}
	if r.fsm.purged, err = openPurgeMark(p.purged); err != nil {
		return err
	}
	up := &catchup{fsm: r.fsm, peers: p.peers, names: r.givers, faults: r.faults, chunk: chunkRecords, leader: r.leading, ctx: r.ctx, log: r.log}
	if testingOnlyChunk > 0 {
		up.chunk = testingOnlyChunk
	}
	r.fsm.pull, r.fsm.states = up.pull, up.states
	return nil
}

// openRaft brings log, snapshots, floor and ledger together as the last run left
// them, and starts Raft on them.
func (r *replica) openRaft(p parts, w *witness, verified *verifier) error {
	cache, err := raft.NewLogCache(logCache, p.logs)
	if err != nil {
		return err
	}
	r.logs = cache
	r.fsm.adopt = func() error { return adopt(cache, p.logs, p.floor, r.log) }
	lastTerm, err := stableUint64(p.stable, keyTerm)
	if err != nil {
		return fmt.Errorf("node: read Raft state: %w", err)
	}
	existing, err := raft.HasExistingState(p.logs, p.stable, p.snaps)
	if err != nil {
		return fmt.Errorf("node: read Raft state: %w", err)
	}
	// Before it has any Raft state: die in between, and it is as new as before.
	if r.abstain, err = openAbstention(p.abstain, !existing, len(r.otherVoters()), settleAfter*r.cfg.Profile.timing().election, p.stable); err != nil {
		return err
	}
	r.stands = newStanding(r.name, r.roster, p.peers.Status, func() suffrage { return actsBy(p.live.Load()) })
	g := r.newGuard(p, w, verified, lastTerm)
	p.snaps.check = g.checkStaged
	r.trans = p.transport(g)
	rc := r.cfg.raftConfig(r.name)
	// Where there are epochs after the founders' the ledger has begun, and its first
	// configuration comes with the log.
	if !existing && r.roster.now().Number == 0 {
		if err := raft.BootstrapCluster(rc, p.logs, p.stable, p.snaps, r.trans, serversOf(r.roster.membership().At(0))); err != nil {
			return fmt.Errorf("node: first start: %w", err)
		}
	}
	if err := r.continueSnapshot(p.logs, p.snaps); err != nil {
		return err
	}
	if err := r.fsm.adopt(); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if err := p.floor.raise(p.store.Applied()); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	if r.raft, err = raft.NewRaft(rc, r.fsm, cache, p.stable, p.snaps, r.trans); err != nil {
		return fmt.Errorf("node: start Raft: %w", err)
	}
	return nil
}

// newGuard returns what looks at Raft's requests before Raft does. lastTerm is
// Raft's until it runs.
func (r *replica) newGuard(p parts, w *witness, verified *verifier, lastTerm uint64) *guard {
	return &guard{roster: r.roster, machine: r.machine, view: p.store, verified: verified, clock: r.cfg.Clock, late: r.clockBehind,
		applied: &appliedGuard{
			logs: p.logs, floor: kept(p.floor, p.live), refuse: r.refused,
			term: func() uint64 {
				if live := p.live.Load(); live != nil {
					return live.raft.CurrentTerm()
				}
				return lastTerm
			},
		},
		manifest: &manifestCheck{r.roster, r.machine, p.store, verified}, logs: p.logs, snaps: p.snaps, done: p.store.Applied, abstain: r.abstain, standing: r.stands, outdated: r.fatal,
		reached: func() uint64 { return max(p.store.Applied(), p.snaps.newest()) }}
}

// start runs what works beside Raft; all of it ends with close.
func (r *replica) start(p parts, w *witness, verified *verifier) {
	ctx, cfg := r.ctx, &r.cfg
	t := cfg.Profile.timing()
	r.batch = newBatcher(r.raft, r.name, p.peers, cfg.Clock, &ownLedger{r.machine, p.store, verified, r.moved, r.alarm, r.log}, t)
	r.gates.most = 4 * t.forwards
	r.collect = newCollector(r.raft, t.collects, r.log)
	c := &cosigner{witness: w, store: p.store, raft: r.raft, peers: p.peers, collect: r.collect, agree: r.agree, roster: r.roster, seams: cfg.seams, clock: cfg.Clock,
		least: t.cosign, moved: r.moved, signed: r.gossip.signed, mute: r.gossip.mute, alarm: r.alarm, damaged: r.damaged, log: r.log}
	r.wg.Go(func() { c.run(ctx) })
	r.gossip.raft = r.raft
	r.wg.Go(func() { r.gossip.run(ctx) })
	r.wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-r.done:
			r.batch.close() // or statements would wait here for what does not come
		}
	})
	r.wg.Go(func() { r.giveWay(ctx) })
	r.wg.Go(func() { r.reconcile(ctx) })
	r.wg.Go(func() { r.stands.run(ctx) })
	r.wg.Go(func() { r.inquire(ctx) })
	r.wg.Go(func() { r.belong(ctx) })
	if r.abstain != nil {
		r.wg.Go(func() { r.rejoin(ctx, r.abstain) })
	}
	if why := w.returning(); why != "" {
		r.log.Warn("this node neither votes nor cosigns before it has caught up", "why", why)
		r.wg.Go(func() { r.comeBack(ctx, w) })
	}
	snaps := &snapshotter{raft: r.raft, fsm: r.fsm, logs: p.logs, log: r.log}
	r.wg.Go(func() { snaps.run(ctx) })
	r.purger = &purger{store: p.store, bureau: cfg.Bureau, genesis: cfg.Genesis, signer: cfg.Witness.Signer(), clock: cfg.Clock, logs: p.logs, snaps: snaps,
		dir: p.replaced, holdings: r.holdings, moved: r.moved, fresh: r.fresh, submit: r.submit, final: r.final.Load, damaged: r.damaged, log: r.log, mark: r.fsm.purged, forgot: newBeacon(), linger: purgeLinger, every: purgeEvery}
	r.wg.Go(func() { r.purger.run(ctx) })
	r.wg.Go(func() { r.stayCurrent(ctx) })
	r.wg.Go(func() { r.tidy(ctx, r.holdings) })
}

// openGossip opens what this node keeps of what others cosigned. It runs once
// Raft does.
func (r *replica) openGossip(w *witness, p parts) error {
	evidence, bad, err := openEvidence(p.evidence, r.roster)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	for _, name := range bad {
		r.alarm(fmt.Sprintf("the file %s is not evidence, or was damaged", filepath.Join(p.evidence, name)))
	}
	archive, err := openArchive(p.archive)
	if errors.Is(err, ErrCorrupt) {
		r.alarm(fmt.Sprintf("no FINAL checkpoint is archived any more: %s", err))
	} else if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	r.proofs, r.archive = evidence, archive
	h := newHeads(r.name, r.roster, r.machine, p.store, r.fsm.verified)
	h.fetching = func() bool { return r.fsm.fetching.Load() > 0 }
	r.gossip = &gossip{heads: h, witness: w, peers: p.peers, evidence: evidence, archive: archive, final: r.final.Load,
		moved: r.moved, news: newBeacon(), alarm: r.alarm, damaged: r.damaged, deceived: r.fatal, log: r.log, answered: make(map[string]bool)}
	h.denied = r.gossip.deny
	r.agree = &agreement{roster: r.roster, peers: p.peers, heads: h, moved: r.moved,
		said: make(map[string][]head), told: make(map[string]head)}
	if why := w.silence(); why != "" {
		r.log.Error("this node does not cosign", "why", why)
		r.alarm(muteAlarm(why))
	}
	if err := h.recall(evidence.cosignatures()); err != nil {
		return errors.Join(fmt.Errorf("node: %w", err), r.gossip.close())
	}
	return nil
}

// applied looks at a command that was applied for what people must know of.
func (r *replica) applied(c *ledger.Command, results []state.Result) {
	if err := r.gossip.applied(c, results); err != nil {
		r.log.Error("compare cosignatures of the log", "error", err)
		r.damaged(err)
	}
	if c.Batch == nil {
		return
	}
	r.pace.writes()
	for i := range results {
		if no := results[i].Refusal; no != nil && no.Code == state.BadSeen {
			r.seenElsewhere(c.Batch.Items[i].Entry)
		}
	}
}

// continueSnapshot makes sure that the ledger has what the Raft log continues.
// Raft goes on after the newest snapshot; a ledger that ends before it, because
// it was lost or put back from a copy, would miss what is between without a word.
// It fetches that from the peers.
func (r *replica) continueSnapshot(logs raft.LogStore, snaps *Snapshots) error {
	first, err := logs.FirstIndex()
	if err != nil {
		return fmt.Errorf("node: read the Raft log: %w", err)
	}
	list, err := snaps.List()
	if err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	at := uint64(0)
	if len(list) > 0 {
		at = list[0].Index
	}
	if first > at+1 {
		return fmt.Errorf("node: the Raft log begins at index %d, and the newest snapshot is at %d: snapshots were removed; %s", first, at, adviceRepair)
	}
	r.fsm.at = at
	if at <= r.store.Applied() {
		return r.continueStaged(snaps)
	}
	_, data, err := snaps.Open(list[0].ID)
	if err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	if err := r.fsm.Restore(data); err != nil {
		return fmt.Errorf("node: the ledger ends at index %d, before the newest snapshot at %d; fetch the rest from the other nodes: %w", r.store.Applied(), at, err)
	}
	return nil
}

// continueStaged takes up a restore that was under way when the node stopped.
// Raft goes on where it was before. If nothing was fetched for the snapshot yet,
// it is dropped, and whoever leads sends one again. Otherwise the ledger is ahead
// of Raft, and the restore comes to its end before a command is applied.
func (r *replica) continueStaged(snaps *Snapshots) error {
	if !snaps.torn() {
		if err := snaps.drop(); err != nil {
			return fmt.Errorf("node: drop a snapshot that was not restored: %w", err)
		}
		return nil
	}
	_, data, err := snaps.staged()
	if err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	if data == nil && r.store.Applied() == 0 { // a Seed: there is no Raft index yet
		if r.fsm.torn, err = readManifest(r.machine, r.store, 0); err == nil {
			r.fsm.fetching.Store(max(r.fsm.torn.Head.Size, 1))
		}
		return err
	}
	if data == nil {
		return snaps.mend() // it was restored, and that is the newest
	}
	if r.fsm.torn, err = parseManifest(data); err != nil {
		return fmt.Errorf("node: read the snapshots: %w", err)
	}
	r.fsm.fetching.Store(r.fsm.torn.Head.Size)
	return nil
}

// leading returns the name of the node that leads, as far as this one knows.
func (r *replica) leading() string {
	if r.live.Load() == nil {
		return "" // it starts
	}
	_, id := r.raft.LeaderWithID()
	return string(id)
}

// logCache is how many recent log entries Raft finds in memory.
const logCache = 128

// close stops what newReplica started: no new statements, those in flight
// answered, leadership handed over, Raft stopped, the ledger made durable. It
// may be called more than once.
func (r *replica) close() error {
	r.closing.Do(func() { r.closed = r.shut() })
	return r.closed
}

func (r *replica) shut() error {
	r.cancel() // first: a pull that is under way keeps Raft from all else
	r.holdings.close()
	drained := make(chan struct{})
	go func() { // ends at the latest when Raft has
		r.batch.close()
		r.collect.close()
		close(drained)
	}()
	select {
	case <-drained:
	case <-time.After(drainTimeout): // it leads, and nobody stores what it proposes
	}
	if r.raft.State() == raft.Leader {
		if err := r.raft.LeadershipTransfer().Error(); err != nil {
			r.log.Info("hand over leadership", "error", err)
		}
	}
	r.wg.Wait()
	err := r.raft.Shutdown().Error()
	<-drained
	if r.failed() == nil {
		err = errors.Join(err, r.store.Flush(r.store.Mark()))
	}
	return errors.Join(err, r.gossip.close(), r.store.Close())
}

// fallSilent closes the transport of a node that stops: as a leader that cannot
// apply it would be in the others' way, and Raft panics when it hears a higher term
// and cannot store it.
func (r *replica) fallSilent() {
	if t, ok := r.trans.(raft.WithClose); ok {
		_ = t.Close()
	}
}

// clockBehind records that this node refused a command whose ledger time is too
// far ahead of its clock.
func (r *replica) clockBehind(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behind, r.behindAt = by, time.Now()
}

// clockIsBehind tells whether that happened a short time ago: the leader tries
// again every ten seconds or oftener.
func (r *replica) clockIsBehind() (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.behind, !r.behindAt.IsZero() && time.Since(r.behindAt) < 30*time.Second
}

// givers returns the names of the other members' nodes, who leads last: it has the
// most to do, and what others give is as good.
func (r *replica) givers() []string {
	names := r.others()
	leader := r.leading()
	if i := slices.Index(names, leader); i >= 0 {
		names = append(slices.Delete(names, i, i+1), leader)
	}
	return names
}

// others returns the names of the other members' nodes.
func (r *replica) others() []string { return r.roster.now().others(r.name) }

// otherVoters returns the names of the other nodes that elect and cosign.
func (r *replica) otherVoters() []string {
	now := r.roster.now()
	return slices.DeleteFunc(now.others(r.name), func(name string) bool { return !now.votes(name) })
}

// faults is f: how many of the bureaus that vote may be dishonest.
func (r *replica) faults() int { return r.roster.now().faults() }
