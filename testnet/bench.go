package testnet

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/node"
	"comity/node/client"
	"comity/node/wire"
)

// BenchOptions says what to measure.
type BenchOptions struct {
	Nodes    int
	Size     int // bytes of a sealed body
	Clients  int // closed-loop: each waits for its answer before it sends the next
	Duration time.Duration
	Baseline bool          // run bare Raft with the same bytes as well
	RTT      time.Duration // between the nodes while it is measured; an officer is beside the own node
	Profile  string        // of the nodes, as in their configuration
	Dir      string        // scratch; its disk is what is measured

	alter func(bureau string, cfg *node.Config) // of the hostile build, see BenchmarkFinal
	quiet func()                                // ends cosigning: nothing is FINAL from then on
}

// BenchResult is what a run measured.
type BenchResult struct {
	Nodes            int     `json:"nodes"`
	RTT              float64 `json:"rtt_ms,omitempty"`
	Profile          string  `json:"profile,omitempty"`
	Size             int     `json:"size_bytes"`
	Clients          int     `json:"clients"`
	Seconds          float64 `json:"seconds"`
	Acknowledged     int     `json:"acknowledged"`
	Failed           int     `json:"failed"`
	Busy             int     `json:"busy,omitempty"` // answers that too many statements wait; the client tried again
	PerSecond        float64 `json:"acknowledged_per_second"`
	FinalPerSecond   float64 `json:"final_per_second"` // until a FINAL checkpoint covered the last one
	P50              float64 `json:"p50_ms"`
	P99              float64 `json:"p99_ms"`
	AtLeader         float64 `json:"p50_at_leader_ms,omitempty"` // of the officers of the bureau whose node leads
	Elsewhere        float64 `json:"p50_elsewhere_ms,omitempty"`
	LagP50           float64 `json:"final_lag_p50_ms"` // from an acknowledgement to a FINAL checkpoint over the entry
	LagP99           float64 `json:"final_lag_p99_ms"`
	CPU              float64 `json:"cpu_cores"` // of this process: nodes and clients
	DiskPerNotice    float64 `json:"disk_bytes_per_notice"`
	EntryBytes       int     `json:"entry_bytes"`
	Baseline         float64 `json:"baseline_per_second,omitempty"`
	BaselineP50      float64 `json:"baseline_p50_ms,omitempty"`
	BaselineP99      float64 `json:"baseline_p99_ms,omitempty"`
	BaselineCPU      float64 `json:"baseline_cpu_cores,omitempty"`
	Ratio            float64 `json:"ratio,omitempty"`
	CheckedSize      uint64  `json:"checked_size"` // every node held this many entries at the end, with equal roots
	ExhaustedClients int     `json:"exhausted_clients,omitempty"`
}

// signedPerSecond bounds how many entries are signed beforehand for all clients
// together; a client that runs out stops, and the result says so.
const signedPerSecond = 25_000

// warmTrips is how many round trips the clients submit before anything is measured:
// until then the nodes open connections to the leader, three round trips each.
const warmTrips = 8

func (o *BenchOptions) warm() time.Duration { return warmTrips * o.RTT }

// signed returns how many statements of each client are signed beforehand.
func (o *BenchOptions) signed() int {
	all := o.Duration + o.warm()
	switch {
	case o.RTT > 0: // none is answered within less than a round trip
		return 2 + int(all/o.RTT)
	case o.Clients == 1:
		return int(all.Seconds() * 5000)
	}
	return max(16, int(all.Seconds()*signedPerSecond)/o.Clients)
}

// Bench founds a consortium in a scratch folder, runs its nodes in this process
// on loopback TLS ports with every write synced, and lets clients submit
// statements through the real API as fast as answers come back. Each client is
// an officer of its own, with own signing key and own TLS session; statements
// are signed before the clock starts. Bodies are random bytes of the given
// size, which to a node is what a sealed body is.
func Bench(ctx context.Context, o BenchOptions, progress func(string)) (*BenchResult, error) {
	if o.Nodes < 1 || o.Nodes > ledger.MaxVoters || o.Size < 1 || o.Size > ledger.MaxBody || o.Clients < 1 || o.Duration <= 0 {
		return nil, errors.New("bench: nodes 1 to 15, size 1 to 262144, at least one client and some seconds are needed")
	}
	dir, err := os.MkdirTemp(o.Dir, "comity-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	progress("founding the consortium")
	c, err := Found(filepath.Join(dir, "bench"), Options{Bureaus: o.Nodes, Profile: o.Profile, Far: o.RTT > 0})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.alter = o.alter
	long, err := layLines(c)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer long.close()
	if err := c.StartAll(); err != nil {
		return nil, err
	}
	if err := c.WaitReady(ctx); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("enrolling %d officers and signing their statements", o.Clients))
	load, err := newLoad(ctx, c, o)
	if err != nil {
		return nil, err
	}
	defer load.close()
	long.setRTT(o.RTT)
	progress(fmt.Sprintf("submitting for %s", o.Duration))
	res, err := load.run(ctx)
	if err != nil {
		return nil, err
	}
	long.setRTT(0)
	if err := c.Close(); err != nil {
		return nil, err
	}
	if o.Baseline {
		progress(fmt.Sprintf("bare Raft, for %s", o.Duration))
		if err := benchRaft(ctx, filepath.Join(dir, "raft"), o, load.items(), res); err != nil {
			return nil, err
		}
		res.Ratio = res.PerSecond / res.Baseline
	}
	return res, nil
}

// load is the clients with their signed statements.
type load struct {
	c       *Consortium
	o       BenchOptions
	clients []*benchClient
	acked   chan taken // some of the acknowledgements; full: passed over
}

// taken is an acknowledgement.
type taken struct {
	index uint64
	at    time.Time
}

type benchClient struct {
	bureau string
	api    *client.Client
	key    *keys.Signer
	items  []ledger.Item
	seq    uint64 // of the next statement that is signed
	prev   ledger.ID

	times     []time.Duration // of what was acknowledged while it was measured
	all       int             // acknowledged, ever
	failed    int
	busy      int
	last      uint64 // highest index acknowledged
	exhausted bool
}

// newLoad enrols the clients, spread over the bureaus, and signs.
func newLoad(ctx context.Context, c *Consortium, o BenchOptions) (*load, error) {
	l := &load{c: c, o: o, clients: make([]*benchClient, o.Clients)}
	each := o.signed()
	codes := c.Bureaus()
	errs := make([]error, len(codes))
	var wg sync.WaitGroup
	for b, code := range codes {
		wg.Go(func() {
			var root *benchRoot
			if root, errs[b] = newBenchRoot(ctx, c, code); errs[b] != nil {
				return
			}
			for i := b; i < o.Clients && errs[b] == nil; i += len(codes) {
				l.clients[i], errs[b] = root.client(ctx, i)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("bench: enrol: %w", err)
	}
	// A client's own node must know its TLS key before it connects.
	if _, _, err := c.WaitEqual(ctx, uint64(2*o.Clients)); err != nil {
		return nil, err
	}
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < len(l.clients); i += 2 {
				l.clients[i].sign(c.Genesis().Ledger, o.Size, each)
			}
		})
	}
	wg.Wait()
	return l, nil
}

// benchRoot is the root key of a bureau, which enrols clients one after the
// other.
type benchRoot struct {
	address  string // of the node, past any line
	c        *Consortium
	member   *ledger.Member
	operator *client.Client
	key      *keys.Signer
	at       *wire.Author // where the root's chain of statements goes on
}

func newBenchRoot(ctx context.Context, c *Consortium, code string) (*benchRoot, error) {
	h, err := c.Home(code)
	if err != nil {
		return nil, err
	}
	r := &benchRoot{c: c}
	r.member, _ = c.Genesis().Charter.Member(code)
	if r.operator, err = c.Operator(code); err != nil {
		return nil, err
	}
	if r.address = r.member.Node.Address; h.Config().Listen != "" {
		r.address = h.Config().Listen
	}
	if r.key, err = h.Root(nil); err != nil {
		return nil, err
	}
	r.at, err = r.operator.Author(ctx, r.key.ID())
	return r, err
}

// client makes an officer with a signing and a TLS key, and enrols both.
func (r *benchRoot) client(ctx context.Context, i int) (*benchClient, error) {
	key, err := keys.GenerateSigner()
	if err != nil {
		return nil, err
	}
	tls, err := keys.GenerateTLS()
	if err != nil {
		return nil, err
	}
	proof, err := sign.Sign(key, sign.NamespaceEnrol, ledger.EnrolProof(r.c.Genesis().Ledger, r.key.ID(), key.Public()))
	if err != nil {
		return nil, err
	}
	id := tls.ID()
	label := fmt.Sprintf("bench-%d", i)
	for _, act := range []ledger.Enrol{
		{Purpose: ledger.PurposeSign, Label: label, Roles: ledger.RoleInvestigator, Key: key.Public(), Proof: proof[:]},
		{Purpose: ledger.PurposeAccess, Label: label, Roles: ledger.RoleInvestigator, Key: id[:]},
	} {
		if err := r.enrol(ctx, &act); err != nil {
			return nil, err
		}
	}
	api := client.New(client.Options{Address: r.address, Node: r.member.Node.TLS, TLS: tls, Bureau: r.member.Code, Timeout: 30 * time.Second})
	return &benchClient{bureau: r.member.Code, api: api, key: key}, nil
}

func (r *benchRoot) enrol(ctx context.Context, act *ledger.Enrol) error {
	e, err := ledger.SignStatement(&ledger.Statement{Class: ledger.ClassEnrol, Ledger: r.c.Genesis().Ledger, Author: r.key.ID(),
		Seq: r.at.Seq, Prev: r.at.Prev, SeenRoot: ledger.EmptyRoot, Public: act.Marshal()}, r.key)
	if err != nil {
		return err
	}
	if _, err := r.operator.Submit(ctx, ledger.Item{Entry: e}); err != nil {
		return err
	}
	r.at.Seq, r.at.Prev = r.at.Seq+1, e.ID
	return nil
}

// sign prepares n statements, each following the one before.
func (b *benchClient) sign(id ledger.Hash, size, n int) {
	b.seq, b.prev = 0, ledger.ID{}
	b.signOn(id, size, n)
}

// signOn is sign after those that were signed.
func (b *benchClient) signOn(id ledger.Hash, size, n int) {
	body := make([]byte, size)
	_, _ = rand.Read(body)
	public := (&ledger.Publish{Kind: ledger.KindYellow, ReviewBy: 30_000, SizeClass: uint8(bits.Len(uint(size - 1)))}).Marshal()
	for range n {
		body = slices.Clone(body)
		copy(body, fmt.Sprintf("%d", b.seq))
		s := &ledger.Statement{Class: ledger.ClassPublish, Ledger: id, Author: b.key.ID(), Seq: b.seq, Prev: b.prev,
			SeenRoot: ledger.EmptyRoot, BodyHash: sha256.Sum256(body), BodyLen: uint32(size), Public: public}
		e, err := ledger.SignStatement(s, b.key)
		if err != nil {
			panic("testnet: " + err.Error()) // a fresh key signs a well-formed statement
		}
		b.seq, b.prev = b.seq+1, e.ID
		b.items = append(b.items, ledger.Item{Entry: e, Body: body})
	}
}

func (l *load) close() {
	for _, b := range l.clients {
		b.api.Close()
	}
}

func (l *load) items() []ledger.Item {
	var all []ledger.Item
	for _, b := range l.clients {
		all = append(all, b.items...)
	}
	return all
}

// run lets the clients submit, then waits until everything is FINAL, and
// compares the nodes.
func (l *load) run(ctx context.Context) (*BenchResult, error) {
	for _, b := range l.clients { // sessions are open before the clock starts
		if _, err := b.api.Author(ctx, b.key.ID()); err != nil {
			return nil, fmt.Errorf("bench: %w", err)
		}
	}
	if l.o.quiet != nil {
		l.o.quiet()
	}
	disk := l.disk()
	leader, err := l.c.WaitLeader(ctx)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	from := start.Add(l.o.warm())
	stop := from.Add(l.o.Duration)
	var wg, sample sync.WaitGroup
	var lags []time.Duration
	var lagErr error
	l.acked = make(chan taken, 1)
	sample.Go(func() { lags, lagErr = l.lag(ctx, from) })
	for _, b := range l.clients {
		wg.Go(func() { b.run(ctx, from, stop, l.acked) })
	}
	time.Sleep(time.Until(from))
	cpu := cpuTime()
	wg.Wait()
	close(l.acked)
	took := time.Since(from)
	cpu = cpuTime() - cpu
	window := min(took, l.o.Duration)

	res := &BenchResult{Nodes: l.o.Nodes, RTT: float64(l.o.RTT.Milliseconds()), Profile: l.o.Profile, Size: l.o.Size, Clients: l.o.Clients, Seconds: window.Seconds(),
		CPU: cpu.Seconds() / took.Seconds(), EntryBytes: len(l.clients[0].items[0].Entry.Raw)}
	var times, near, far []time.Duration
	var last uint64
	all := 0
	for _, b := range l.clients {
		times = append(times, b.times...)
		all += b.all
		res.Busy += b.busy
		if b.bureau == leader {
			near = append(near, b.times...)
		} else {
			far = append(far, b.times...)
		}
		res.Failed += b.failed
		last = max(last, b.last)
		if b.exhausted {
			res.ExhaustedClients++
		}
	}
	res.Acknowledged = len(times)
	res.PerSecond = float64(len(times)) / window.Seconds()
	res.P50, res.P99 = percentiles(times)
	if l.o.RTT > 0 {
		res.AtLeader, _ = percentiles(near)
		res.Elsewhere, _ = percentiles(far)
	}
	if len(times) == 0 {
		return res, errors.New("bench: no statement was acknowledged")
	}
	if err := l.final(ctx, last); err != nil {
		return nil, err
	}
	sample.Wait()
	if lagErr != nil {
		return nil, lagErr
	}
	res.LagP50, res.LagP99 = percentiles(lags)
	res.FinalPerSecond = float64(all) / time.Since(start).Seconds()
	res.DiskPerNotice = float64(l.disk()-disk) / float64(l.o.Nodes) / float64(all)
	if l.o.quiet != nil {
		return res, nil // nothing is FINAL, for which WaitEqual would wait
	}
	res.CheckedSize, _, err = l.c.WaitEqual(ctx, last+1)
	return res, err
}

// lag samples, one acknowledgement after the other, how long it takes until the
// entry is FINAL.
func (l *load) lag(ctx context.Context, from time.Time) (lags []time.Duration, err error) {
	for a := range l.acked {
		if err == nil && a.at.After(from) {
			err = l.final(ctx, a.index)
			lags = append(lags, time.Since(a.at))
		}
	}
	return lags, err
}

// final waits until a FINAL checkpoint covers the entry at index, unless none will.
func (l *load) final(ctx context.Context, index uint64) error {
	if l.o.quiet != nil {
		return nil
	}
	for {
		_, err := l.clients[0].api.Checkpoint(ctx, index, wire.MaxWait*time.Second)
		if wire.CodeOf(err) != wire.NotFinal {
			return err
		}
	}
}

// run submits until stop; what is acknowledged between from and stop is measured.
func (b *benchClient) run(ctx context.Context, from, stop time.Time, sample chan<- taken) {
	for _, it := range b.items {
		start := time.Now()
		if start.After(stop) || ctx.Err() != nil {
			return
		}
		s, err := b.api.Submit(ctx, it)
		for ; wire.CodeOf(err) == wire.Busy && time.Now().Before(stop); s, err = b.api.Submit(ctx, it) {
			b.busy++
			time.Sleep(busyPause)
		}
		if wire.CodeOf(err) == wire.Busy {
			return
		}
		if err != nil {
			b.failed++ // the ones after it follow it, and cannot be accepted either
			return
		}
		b.all, b.last = b.all+1, s.Index
		if now := time.Now(); now.After(from) && now.Before(stop) {
			b.times = append(b.times, now.Sub(start))
		}
		select {
		case sample <- taken{s.Index, time.Now()}:
		default:
		}
	}
	b.exhausted = true
}

// busyPause is how long a client waits after the answer that too many statements wait.
const busyPause = 50 * time.Millisecond

// disk returns the bytes that the nodes' files take.
func (l *load) disk() (total int64) {
	for _, code := range l.c.Bureaus() {
		if h, err := l.c.Home(code); err == nil {
			total += folderSize(h.NodeDir())
		}
	}
	return total
}

func folderSize(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}

// percentiles returns the median and the 99th percentile in milliseconds.
func percentiles(times []time.Duration) (p50, p99 float64) {
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	at := func(p int) float64 { return float64(times[min(len(times)-1, len(times)*p/100)].Microseconds()) / 1000 }
	return at(50), at(99)
}
