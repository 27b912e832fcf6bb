package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node"
	"comity/node/client"
	"comity/node/home"
	"comity/node/wire"
)

// TestNetJoin measures how a read replica joins a ledger of COMITY_JOIN entries, each
// with a body of 3,000 bytes: how fast, in how much memory, and that it goes on after
// a kill where it was. The ledger that it copies lies in the folder COMITY_OTHER_DISK,
// if that is set: a million entries take 4.6 GB, twice. BENCH.md says what came out.
//
// Real are the read replicas, their programs and TLS; each entry is signed, and the
// joining one verifies all of it. Not real: the entries came past the nodes, into the
// folder of the read replica that gives them, under a checkpoint that the nodes' keys
// have cosigned here.
func TestNetJoin(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("COMITY_JOIN"))
	if err != nil || count < 10_000 {
		t.Skip("measures; set COMITY_JOIN to how many entries, 10000 or more")
	}
	j := newJoin(t.Context(), t, 2)
	if dir := os.Getenv("COMITY_OTHER_DISK"); dir != "" {
		j.elsewhere(0, dir)
	}
	j.seed(count)
	source := j.launch(0, "XA") // which has the beginning of it
	j.await(0, func(st *wire.Status) bool { return st.Ready })
	gives := strconv.Itoa(source.Process.Pid)
	p := j.launch(1, j.name(0))
	began, last, lastSize := time.Now(), time.Now(), uint64(0)
	tell := func(size uint64) {
		t.Logf("%d entries after %.0f s, %.0f/s since the line before; memory at most %d MiB, of the source %d MiB", size, time.Since(began).Seconds(),
			float64(size-lastSize)/time.Since(last).Seconds(), mostResident(strconv.Itoa(p.Process.Pid))>>20, mostResident(gives)>>20)
		last, lastSize = time.Now(), size
	}
	reach := func(percent int) (size uint64) {
		size = j.await(1, func(st *wire.Status) bool { return st.Size >= uint64(count*percent/100) }).Size
		tell(size)
		return size
	}
	reach(10)
	half := reach(50)
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	before := sent(gives)
	p = j.launch(1, j.name(0))
	again := j.await(1, func(st *wire.Status) bool { return st.Size > 0 })
	if again.Size+2*4096 < half {
		t.Errorf("after the kill it goes on from %d, and had %d", again.Size, half)
	}
	t.Logf("killed, and started again: it goes on at entry %d", again.Size)
	last, lastSize = time.Now(), again.Size
	reach(90)
	end := j.await(1, func(st *wire.Status) bool { return st.Ready && st.FinalSize >= uint64(count) })
	tell(end.Size)
	took, after := time.Since(began), sent(gives)
	disk := weigh(filepath.Join(j.dirs[1], "replica"))
	t.Logf("%d entries, %d MB on disk, joined in %.0f s, a kill included: %.0f entries/s, %.1f MB/s; after the kill the source sent %d MB",
		count, disk/1e6, took.Seconds(), float64(count)/took.Seconds(), float64(disk)/1e6/took.Seconds(), (after-before)/1e6)
}

// TestNetManyReplicas measures COMITY_REPLICAS read replicas, all in this process,
// that follow five nodes: memory of each, and how long after an acknowledgement each
// serves an entry under a FINAL checkpoint.
func TestNetManyReplicas(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("COMITY_REPLICAS"))
	if err != nil || count < 1 {
		t.Skip("measures; set COMITY_REPLICAS to how many")
	}
	ctx := t.Context()
	c := upProcesses(ctx, t, Options{Bureaus: 5, Log: "error"})
	j := &join{Consortium: c, t: t, ctx: ctx}
	if j.root, err = newReplicaRoot(ctx, c); err != nil {
		t.Fatal(err)
	}
	fill := j.officers(16, 250)
	submitAll(t, fill, func() bool { return true })
	before := resident("self")
	var list []*node.Mirror
	var readers []*client.Client
	for i := range count {
		k, err := keys.GenerateTLS()
		if err != nil {
			t.Fatal(err)
		}
		j.access(k, fmt.Sprint("replica-", i))
		var sources []*client.Client
		for n := range 2 {
			m := &c.Genesis().Charter.Members[(i+n)%5]
			s := client.New(client.Options{Address: m.Node.Address, Node: m.Node.TLS, TLS: k, Bureau: m.Code})
			t.Cleanup(s.Close)
			sources = append(sources, s)
		}
		r, err := node.OpenMirror(node.MirrorConfig{Genesis: c.Genesis(), Bureau: "XA", Dir: filepath.Join(t.TempDir(), "r"), TLS: k, Sources: sources, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		reader := client.New(client.Options{Address: r.Address(), Node: k.ID(), TLS: j.root.tls})
		t.Cleanup(reader.Close)
		list, readers = append(list, r), append(readers, reader)
	}
	for _, r := range list {
		for ok, _ := r.Ready(); !ok; ok, _ = r.Ready() {
			if err := rest(ctx, errors.New("a read replica is not ready")); err != nil {
				t.Fatal(err)
			}
		}
	}
	runtime.GC()
	t.Logf("%d read replicas of %d entries: %.1f MiB each", count, 16*250, float64(resident("self")-before)/float64(count)/(1<<20))
	for _, rate := range []int{1, 20, 100} {
		j.lag(readers, rate, 10*time.Second)
	}
}

// lag submits so many a second, and says how long it takes until each reader is given
// a FINAL checkpoint over the entry.
func (j *join) lag(readers []*client.Client, rate int, duration time.Duration) {
	j.t.Helper()
	b := j.officers(1, rate*int(duration.Seconds())+1)[0]
	var mu sync.Mutex // guards lags
	var lags []time.Duration
	var waiting sync.WaitGroup
	cpu, began := cpuTime(), time.Now()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	looks := 0
	for i, it := range b.items {
		if time.Since(began) > duration {
			break
		}
		<-tick.C
		s, err := b.api.Submit(j.ctx, it)
		if err != nil {
			j.t.Fatal(err)
		}
		if i%max(rate, 1) != 0 { // once a second all readers are looked at
			continue
		}
		looks++
		at := time.Now()
		for _, c := range readers {
			waiting.Go(func() {
				if _, err := c.Checkpoint(j.ctx, s.Index, 20*time.Second); err != nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				lags = append(lags, time.Since(at))
			})
		}
	}
	waiting.Wait()
	took := time.Since(began)
	if len(lags) != looks*len(readers) {
		j.t.Errorf("%d answers of %d", len(lags), looks*len(readers))
	}
	slices.Sort(lags)
	p50, p99 := percentiles(lags)
	j.t.Logf("%d notices/s: FINAL at the read replicas after %.0f ms (p50), %.0f ms (p99); all %d together %.2f cores", rate, p50, p99, len(readers), (cpuTime()-cpu).Seconds()/took.Seconds())
}

// submitAll lets officers submit what they have signed, while more says so.
func submitAll(t *testing.T, list []*benchClient, more func() bool) {
	t.Helper()
	var wg sync.WaitGroup
	for _, b := range list {
		wg.Go(func() {
			for _, it := range b.items {
				if !more() {
					return
				}
				start := time.Now()
				if _, err := b.api.Submit(t.Context(), it); err != nil {
					t.Error(err)
					return
				}
				b.times = append(b.times, time.Since(start))
			}
		})
	}
	wg.Wait()
}

// join is a consortium with homes of read replicas, which run as processes.
type join struct {
	*Consortium
	t      *testing.T
	ctx    context.Context
	root   *replicaRoot
	made   int      // officers
	dirs   []string // homes of read replicas of XB
	keys   []*keys.TLS
	listen []string
	apart  bool // read replicas have a processor of their own: see setApart
}

// replicaRoot enrols what is measured with, for XA.
type replicaRoot struct {
	*benchRoot
	tls *keys.TLS // an access key
}

func newReplicaRoot(ctx context.Context, c *Consortium) (*replicaRoot, error) {
	root, err := newBenchRoot(ctx, c, "XA")
	if err != nil {
		return nil, err
	}
	tls, err := c.homes["XA"].Operator()
	return &replicaRoot{root, tls}, err
}

func newJoin(ctx context.Context, t *testing.T, replicas int) *join {
	t.Helper()
	c := upProcesses(ctx, t, Options{Bureaus: 3, Log: "error"})
	j := &join{Consortium: c, t: t, ctx: ctx}
	var err error
	if j.root, err = newReplicaRoot(ctx, c); err != nil {
		t.Fatal(err)
	}
	if j.listen, err = addresses(replicas, 0); err != nil {
		t.Fatal(err)
	}
	for i := range replicas {
		dir := filepath.Join(t.TempDir(), fmt.Sprint("home-", i))
		keys := filepath.Join(dir, "keys")
		if err := errors.Join(os.MkdirAll(keys, 0o700), os.CopyFS(keys, os.DirFS(filepath.Join(c.homes["XB"].Dir(), "keys")))); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"comity.toml", "charter"} {
			data, err := os.ReadFile(filepath.Join(c.homes["XB"].Dir(), name))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := private(dir); err != nil {
			t.Fatal(err)
		}
		h, err := home.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		k, err := h.MakeReplicaTLS()
		if err != nil {
			t.Fatal(err)
		}
		j.access(k, fmt.Sprint("replica-", i))
		j.dirs, j.keys = append(j.dirs, dir), append(j.keys, k)
	}
	if _, _, err := c.WaitEqual(ctx, 0); err != nil {
		t.Fatal(err)
	}
	return j
}

// access enrols the key of a read replica.
func (j *join) access(k *keys.TLS, label string) {
	j.t.Helper()
	id := k.ID()
	if err := j.root.enrol(j.ctx, &ledger.Enrol{Purpose: ledger.PurposeAccess, Label: label, Roles: ledger.RoleOperator, Key: id[:]}); err != nil {
		j.t.Fatal(err)
	}
}

// officers makes officers of XA with so many signed notices each.
func (j *join) officers(n, each int) (list []*benchClient) {
	j.t.Helper()
	for range n {
		b, err := j.root.client(j.ctx, j.made)
		if err != nil {
			j.t.Fatal(err)
		}
		j.made++
		j.t.Cleanup(b.api.Close)
		list = append(list, b)
	}
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := w; i < n; i += runtime.GOMAXPROCS(0) {
				list[i].sign(j.genesis.Ledger, measuredBody, each)
			}
		})
	}
	wg.Wait()
	return list
}

// measuredBody is what three sealed parts for a few bureaus take.
const measuredBody = 3000

// name is how others name a read replica as their source.
func (j *join) name(i int) string { return j.listen[i] + "#" + j.keys[i].ID().String() }

// elsewhere has the ledger of a read replica lie in a folder of another disk.
func (j *join) elsewhere(i int, dir string) {
	j.t.Helper()
	dir, err := os.MkdirTemp(dir, "comity-join-")
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Symlink(dir, filepath.Join(j.dirs[i], "replica")); err != nil {
		j.t.Fatal(err)
	}
}

// setApart leaves the nodes and who submits one of two processors, and read replicas
// the other one, as if they had a machine of their own.
func (j *join) setApart() {
	j.t.Helper()
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		j.t.Skip("wants two processors, and taskset")
	}
	pids := []int{os.Getpid()}
	for _, code := range j.Bureaus() {
		p, _ := j.pid(code)
		pids = append(pids, p.pid)
	}
	for _, pid := range pids {
		if out, err := exec.Command("taskset", "-a", "-c", "-p", "0", fmt.Sprint(pid)).CombinedOutput(); err != nil {
			j.t.Fatalf("%v: %s", err, out)
		}
	}
	j.apart = true
}

// launch starts a read replica as a process, of low priority where it shares the processors.
func (j *join) launch(i int, from string) *exec.Cmd {
	j.t.Helper()
	low := []string{"nice", "-n", "10"}
	if j.apart {
		low = []string{"taskset", "-c", "1"}
	}
	cmd := exec.Command(low[0], append(low[1:], j.Exe, "--dir", j.dirs[i], "node", "run", "--replica", "--from", from, "--listen", j.listen[i], "--log", "warn")...)
	cmd.Env = environment()
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if j.t.Failed() {
			j.t.Logf("read replica %d: %s", i, log.Bytes()[max(0, log.Len()-2000):])
		}
	})
	return cmd
}

// await asks a read replica how it is until that will do.
func (j *join) await(i int, done func(*wire.Status) bool) *wire.Status {
	j.t.Helper()
	c := client.New(client.Options{Address: j.listen[i], Node: j.keys[i].ID(), TLS: j.root.tls})
	defer c.Close()
	for {
		st, err := c.Status(j.ctx)
		if err == nil && done(st) {
			return st
		}
		if err := rest(j.ctx, errors.New("a read replica does not get there")); err != nil {
			j.t.Error(err)
			return st
		}
	}
}

// seed puts entries into the folder of the first read replica, under a checkpoint of
// all nodes.
func (j *join) seed(count int) {
	j.t.Helper()
	b := j.officers(1, 0)[0]
	p := j.launch(0, "XA")
	head := j.await(0, func(st *wire.Status) bool {
		st2, err := j.root.operator.Status(j.ctx)
		return err == nil && st.Ready && st.FinalSize == st2.Size
	})
	p.Process.Kill()
	p.Wait()
	began := time.Now()
	dir := filepath.Join(j.dirs[0], "replica")
	to := openBulk(j.t, filepath.Join(dir, "ledger"), j.genesis)
	if to.head.Size != head.Size {
		j.t.Fatalf("the read replica has %d entries, and had %d", to.head.Size, head.Size)
	}
	batches := make(chan []ledger.Item, 4)
	go func() { // ends with the last batch
		defer close(batches)
		for made := 0; made < count; made += ledger.MaxBatch {
			b.items = nil
			b.signOn(j.genesis.Ledger, measuredBody, min(ledger.MaxBatch, count-made))
			batches <- b.items
		}
	}()
	for items := range batches {
		to.add(items)
	}
	to.close()
	at := ledger.Checkpoint{Origin: j.genesis.Origin(), Size: to.head.Size, Root: to.head.Root}
	var cosigs []*ledger.Cosignature
	for _, code := range j.codes {
		cfg, err := j.homes[code].NodeConfig()
		if err != nil {
			j.t.Fatal(err)
		}
		s, err := ledger.Cosign(cfg.Witness, ledger.NodeName(code), at, uint64(time.Now().Unix()))
		if err != nil {
			j.t.Fatal(err)
		}
		cosigs = append(cosigs, s)
	}
	note := ledger.FormatNote(at, j.genesis.PolicyAt(at.Size).Witness, cosigs)
	if err := os.WriteFile(filepath.Join(dir, "checkpoint"), note, 0o600); err != nil {
		j.t.Fatal(err)
	}
	j.t.Logf("%d entries signed and written in %.0f s", count, time.Since(began).Seconds())
}

// mostResident returns the most memory that a process has had, 0 where no /proc tells.
func mostResident(pid string) (n int) {
	data, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), " kB"))
		}
	}
	return n << 10
}

// sent returns what a process has written so far, to its files too, 0 where no /proc
// tells.
func sent(pid string) (n int64) {
	data, err := os.ReadFile("/proc/" + pid + "/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(line, "wchar: "); ok {
			n, _ = strconv.ParseInt(strings.TrimSpace(v), 10, 64)
		}
	}
	return n
}
