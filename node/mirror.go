package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/wire"
)

// MirrorConfig is all that a read replica needs to know. OpenMirror checks it once.
type MirrorConfig struct {
	Genesis *ledger.Genesis
	Bureau  string    // code of the bureau whose read replica this is
	Dir     string    // its data
	TLS     *keys.TLS // its own key, which the bureau's root has enrolled as an access key

	// Sources are nodes and read replicas to copy from, the first of which is asked
	// first. The caller closes them.
	Sources []*client.Client

	Listen, Admin, Tiles string // as in [Config], but that Listen has no default
	TilesPublic          bool

	Clock  func() time.Time // time.Now when nil
	Logger *slog.Logger     // discards when nil
}

func (c *MirrorConfig) check() error {
	switch {
	case c.Genesis == nil:
		return errors.New("read replica: no charter")
	case c.TLS == nil:
		return errors.New("read replica: no TLS key")
	case len(c.Sources) == 0:
		return errors.New("read replica: no source to copy from")
	case c.Listen == "":
		return errors.New("read replica: no address to listen on")
	}
	if err := CheckTiles(c.Tiles, c.TilesPublic); err != nil {
		return fmt.Errorf("read replica: %w", err)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Mirror is a running read replica. It copies the ledger from nodes or from other
// read replicas, believes none of them, and answers what a node answers. It has no
// vote and cosigns nothing; a statement goes to a node that votes.
type Mirror struct {
	front
	m    *mirror
	lock *os.File // of the folder
}

// mirror is a read replica without its sockets. (A replica, in this package, is the
// part of a node that Raft moves.)
type mirror struct {
	served
	cfg      MirrorConfig
	started  int64 // POSIX seconds
	copy     *follow.Copy
	follower *follow.Follower
	peers    *httpPeers // those that vote
	own      *ownLedger
	cancel   context.CancelFunc
	wg       sync.WaitGroup // the follower
}

var _ backend = (*mirror)(nil)

// OpenMirror starts a read replica: it opens what it has on disk, follows its first
// source, and serves. Nothing is left running if it fails.
func OpenMirror(cfg MirrorConfig) (_ *Mirror, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	var undo []func() error
	defer func() {
		for i := len(undo) - 1; i >= 0 && err != nil; i-- {
			err = errors.Join(err, undo[i]())
		}
	}()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("read replica: %w", err)
	}
	r := new(Mirror)
	if r.listener, err = listenOn("tcp", cfg.Listen); err != nil {
		return nil, err
	}
	undo = append(undo, r.listener.Close)
	if r.lock, err = lockFolder(cfg.Dir); err != nil {
		return nil, err
	}
	undo = append(undo, func() error { return unlockFolder(r.lock) })
	if r.m, err = newMirror(cfg); err != nil {
		return nil, err
	}
	a := &api{served: &r.m.served, back: r.m, limits: newLimiter(), metrics: servedMetrics(&r.m.served, r.m, cfg.Dir)}
	err = r.open(a, frontConfig{TLS: cfg.TLS, Admin: cfg.Admin, Tiles: cfg.Tiles, TilesPublic: cfg.TilesPublic})
	if err != nil {
		err = errors.Join(err, r.Close())
		undo = nil
		return nil, err
	}
	r.m.wg.Go(func() { r.m.follower.Run(r.m.ctx) }) // until Close
	r.m.tellUnknown()
	cfg.Logger.Info("the read replica runs", "bureau", cfg.Bureau, "address", r.Address(), "key", cfg.TLS.ID().String(), "from", r.m.sourceNames())
	return r, nil
}

// newMirror opens what is on disk.
func newMirror(cfg MirrorConfig) (*mirror, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r := newRoster(cfg.Genesis)
	m := &mirror{cfg: cfg, started: cfg.Clock().Unix(), cancel: cancel, peers: newHTTPPeers(r, cfg.TLS),
		served: served{genesis: cfg.Genesis, roster: r, bureau: cfg.Bureau, moved: newBeacon(), keyed: newBeacon(), clock: cfg.Clock, late: errNotCurrent, log: cfg.Logger, ctx: ctx, done: make(chan struct{})}}
	err := m.load()
	if err == nil {
		return m, nil
	}
	cancel()
	if m.archive != nil {
		err = errors.Join(err, m.archive.close())
	}
	if m.copy != nil {
		err = errors.Join(err, m.copy.Close())
	}
	return nil, fmt.Errorf("read replica: %w", err)
}

func (m *mirror) load() (err error) {
	dir := m.cfg.Dir
	if m.copy, err = follow.Open(dir, m.genesis, m.destroy); err != nil {
		return err
	}
	m.copy.UseClock(m.cfg.Clock)
	m.machine, m.store = m.copy.Machine(), m.copy.Store()
	m.purges = &openPurges{store: m.store, watched: purgesWatched}
	m.own = &ownLedger{machine: m.machine, store: m.store, verified: newVerifier(), moved: m.moved, alarm: m.alarm, log: m.log}
	if m.holdings, err = m.openHoldings(filepath.Join(dir, "attachments"), m.givers, m); err != nil {
		return err
	}
	var bad []string
	if m.proofs, bad, err = openEvidence(filepath.Join(dir, "evidence"), m.roster); err != nil {
		return err
	}
	for _, name := range bad {
		m.alarm(fmt.Sprintf("the file %s is not evidence, or was damaged", filepath.Join(dir, "evidence", name)))
	}
	m.archive, err = openArchive(filepath.Join(dir, "finals"))
	if errors.Is(err, ErrCorrupt) {
		m.alarm(fmt.Sprintf("no FINAL checkpoint is archived any more: %s", err))
	} else if err != nil {
		return err
	}
	m.follower = follow.NewFollower(follow.Options{Copy: m.copy, Sources: m.cfg.Sources, Origin: true, Clock: m.cfg.Clock,
		Logger: m.log.With("part", "follower"), Changed: m.grown, Failed: m.faulted, Current: m.current.Store})
	return m.setFinal()
}

// Close stops the read replica and leaves everything durable.
func (r *Mirror) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	r.m.cancel()
	r.m.holdings.close()
	r.m.wg.Wait()
	err := r.front.close(ctx)
	r.m.peers.close()
	if r.m.archive != nil {
		err = errors.Join(err, r.m.archive.close())
	}
	return errors.Join(err, r.m.copy.Close(), unlockFolder(r.lock))
}

// Done is closed when the read replica can no longer go on; Err says why.
func (r *Mirror) Done() <-chan struct{} { return r.m.done }

// Err returns why the read replica cannot go on, nil while it can.
func (r *Mirror) Err() error { return r.m.failed() }

// Ready reports whether the read replica can serve, and if not, why.
func (r *Mirror) Ready() (bool, string) { return r.m.ready() }

// Status describes the read replica.
func (r *Mirror) Status() (*wire.Status, error) { return r.m.describe() }

// grown tells whoever waits that the copy is longer.
func (m *mirror) grown() {
	if err := m.setFinal(); err != nil {
		m.log.Error("read the last checkpoint", "error", err)
		m.damaged(err)
	}
	m.moved.fire()
	m.keyed.fire() // who was revoked is out at once
}

// setFinal keeps the last FINAL checkpoint of the copy for all who ask for it. The
// origin line is that of the node from which it came: a read replica signs nothing.
func (m *mirror) setFinal() error {
	if err := m.roster.follow(m.machine, m.store); err != nil {
		return err
	}
	at, raw := m.copy.Note()
	if at.Size == 0 {
		return nil
	}
	if f := m.final.Load(); f != nil && f.at.Size == at.Size {
		return nil
	}
	p := m.genesis.PolicyAt(at.Size)
	cosigs, err := p.Cosignatures(raw)
	if err != nil {
		return err
	}
	f := &finality{at: &state.Collected{Size: at.Size, Root: at.Root, Cosigs: cosigs}, note: ledger.FormatNote(at, p.Witness, cosigs)}
	f.signed = func() ([]byte, error) {
		if by, err := p.OriginSigners(raw); err != nil || len(by) == 0 {
			return nil, &wire.Error{Code: wire.NotFound, Message: "the source of this read replica gave no origin line with its checkpoint"}
		}
		return raw, nil
	}
	m.final.Store(f)
	if m.archive == nil {
		return nil
	}
	time, _, err := m.store.Entry(at.Size - 1)
	if err == nil && m.archive.due(at.Size, time) {
		if err := m.archive.keep(f.note, time); err != nil {
			m.log.Error("archive", "error", err)
			m.alarm(err.Error())
		}
	}
	return err
}

// destroy destroys the attachments of what was purged. Their bodies are gone, and
// nobody has seen the purge yet who does not find that it is.
func (m *mirror) destroy([]uint64) error { return m.holdings.sweep(nil) }

// faulted looks at what stopped the follower for what people must know of, and for
// what no other source mends.
func (m *mirror) faulted(err error) {
	if errors.Is(err, follow.ErrDishonest) || errors.Is(err, follow.ErrFork) || errors.Is(err, follow.ErrCut) {
		m.alarm(err.Error())
	}
	m.damaged(err)
}

// tellUnknown warns of a key that the ledger does not know as far as it is here: no
// source will talk to this read replica.
func (m *mirror) tellUnknown() {
	k, err := state.ReadKey(m.store, m.cfg.TLS.ID())
	if err == nil && k != nil && k.RevokedAt == 0 {
		return
	}
	m.log.Warn("as far as is known here the key of this read replica is not enrolled; until it is, sources refuse it: an operator runs comity enrol", "key", m.cfg.TLS.ID().String())
}

func (m *mirror) sourceNames() (names []string) {
	for _, c := range m.cfg.Sources {
		names = append(names, c.String())
	}
	return names
}

// givers returns whom to ask for sealed files: the sources, then those that vote.
func (m *mirror) givers() []string { return append(m.sourceNames(), m.voters()...) }

// Attachment asks a source, or a node that votes, for a piece of a sealed file.
func (m *mirror) Attachment(ctx context.Context, name string, address ledger.Hash, size, from int64) ([]byte, error) {
	if i := slices.IndexFunc(m.cfg.Sources, func(c *client.Client) bool { return c.String() == name }); i >= 0 {
		return m.cfg.Sources[i].Attachment(ctx, address, size, from)
	}
	return m.peers.Attachment(ctx, name, address, size, from)
}

// errNotCurrent is the answer to a client that asks a read replica for bodies which
// were purged, for all it knows.
var errNotCurrent = &wire.Error{Code: wire.NoLeader, Message: "this read replica has not yet copied what its sources hold since it started, or has heard none of them for a day, and cannot know what was purged meanwhile"}

// ready says whether the read replica can serve, and if not, why.
func (m *mirror) ready() (bool, string) {
	if err := m.failed(); err != nil {
		return false, err.Error()
	}
	heard, source, problem, _ := m.follower.Report()
	switch {
	case m.current.Load() && heard > 0 && (problem == "" || m.cfg.Clock().Unix()-heard < silentSource):
		return true, ""
	case problem != "":
		return false, "it has no news: " + problem
	case source == "":
		return false, "it has not heard a source yet"
	}
	return false, "it copies what its sources hold; so far " + m.progress()
}

// charterFile returns the charter with the certificates that a source has given.
func (m *mirror) charterFile() (*ledger.Genesis, error) { return m.copy.Genesis(), nil }

// silentSource is for how many seconds a ready read replica may hear nothing.
const silentSource = 120

func (m *mirror) progress() string {
	head, err := state.ReadHead(m.store)
	if err != nil {
		return err.Error()
	}
	if _, total := m.follower.Progress(); total > head.Size {
		return fmt.Sprintf("%d of %d entries", head.Size, total)
	}
	return fmt.Sprintf("%d entries", head.Size)
}

// describe returns the status of the read replica.
func (m *mirror) describe() (*wire.Status, error) {
	head, err := state.ReadHead(m.store)
	if err != nil {
		return nil, err
	}
	s := &wire.Status{Version: Version, Format: Format, Has: m.roster.now().Format, Bureau: m.bureau, Node: "read replica of " + m.bureau, Ledger: hex.EncodeToString(m.genesis.Ledger[:]),
		State: "copy", Size: head.Size, Root: hex.EncodeToString(head.Root[:]), Time: head.Time, Quorum: m.genesis.PolicyAt(head.Size).Quorum,
		StartedAt: m.started, Clock: m.cfg.Clock().UnixMilli(), Evidence: m.proofs.count(), Alarms: m.raised()}
	s.Copies = &wire.Copies{Sources: m.sourceNames(), Current: m.current.Load()}
	s.Copies.Heard, s.Copies.Source, s.Copies.Problem, _ = m.follower.Report()
	s.Ready, s.NotReady = m.ready()
	if err := m.describeFinal(s); err != nil {
		return nil, err
	}
	if err := m.describeOpenPurges(s); err != nil {
		return nil, err
	}
	s.DiskBytes, s.DiskFree = diskUse(m.cfg.Dir)
	s.DiskDays, err = m.diskDays(s.DiskBytes, s.DiskFree)
	return s, err
}
