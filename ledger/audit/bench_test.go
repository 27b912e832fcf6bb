package audit

import (
	"bufio"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"comity/crypto/sign"
	"comity/ledger"
	"comity/ledger/bundle"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

var benchSizes = flag.String("sizes", "10000", "sizes of the ledgers that are audited, with commas between")

// BenchmarkAudit audits ledgers of growing size from a file, and says how its
// rate is to that of bare signatures of the same statements, on the same cores,
// in the same run:
//
//	go test ./ledger/audit -run - -bench Audit -benchtime 3x -sizes 10000,100000,1000000
func BenchmarkAudit(b *testing.B) {
	for size := range strings.SplitSeq(*benchSizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(size, func(b *testing.B) { benchmarkAudit(b, n) })
	}
}

// cpuTime returns what the process has used of all cores.
var cpuTime = func() time.Duration { return 0 }

func benchmarkAudit(b *testing.B, n int) {
	name, trust, sample := writeLedger(b, n)
	var bare, bareCPU, audits, auditsCPU time.Duration
	var heap uint64
	for b.Loop() {
		used := cpuTime()
		bare += verifyBare(sample)
		bareCPU += cpuTime() - used
		f, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		from := time.Now()
		used = cpuTime()
		r, err := Run(context.Background(), f, trust, Options{Temp: b.TempDir(), Progress: func(done, total uint64) {
			if done%(total/8+1) < 256 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.HeapInuse+m.StackInuse)
			}
		}})
		audits += time.Since(from)
		auditsCPU += cpuTime() - used
		f.Close()
		if err != nil || r.Verdict != Authentic || r.Entries != uint64(n) {
			b.Fatalf("%v, %s", err, show(r))
		}
	}
	rate := float64(b.N*n) / audits.Seconds()
	plain := float64(b.N*len(sample)) / bare.Seconds()
	b.ReportMetric(rate, "entries/s")
	b.ReportMetric(plain, "signatures/s")
	b.ReportMetric(rate/plain, "ratio")
	// The same by the cores' time: what others on the machine do is not in it.
	if auditsCPU > 0 {
		b.ReportMetric(bareCPU.Seconds()/float64(len(sample))/(auditsCPU.Seconds()/float64(n)), "ratio-of-cpu")
	}
	b.ReportMetric(float64(heap)/(1<<20), "MB-heap")
	b.ReportMetric(peak(), "MB-peak")
	b.ReportMetric(0, "ns/op")
}

// verifyBare verifies one signature of each entry on all cores.
func verifyBare(sample []signed) time.Duration {
	var next atomic.Int64
	var wait sync.WaitGroup
	from := time.Now()
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(sample)); i = next.Add(1) - 1 {
				s := &sample[i]
				if !sign.Verify(s.by.Signer.Public(), sign.NamespaceStatement, s.entry.Signed(), s.entry.Signatures[0].Sig[:]) {
					panic("a signature is not good")
				}
			}
		})
	}
	wait.Wait()
	return time.Since(from)
}

type signed struct {
	entry *ledger.Entry
	by    *ledgertest.Author
}

// writeLedger writes a bundle of n entries, without bodies, by ten officers who
// have seen what was FINAL some hundred entries before. It returns some of them.
func writeLedger(b *testing.B, n int) (string, Trust, []signed) {
	c := ledgertest.NewGenesis(b, 5)
	f, err := os.Create(b.TempDir() + "/ledger")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w, err := bundle.NewWriter(f, c.Genesis, uint64(n))
	if err != nil {
		b.Fatal(err)
	}
	var tree frontier
	var notes [][]byte
	now := uint64(start)
	world := &world{Consortium: c, t: b}
	add := func(it ledger.Item) {
		now++
		r := &bundle.Record{Time: now, Entry: it.Entry.Raw}
		if it.Entry.Statement.BodyLen > 0 {
			r.State = bundle.LeftOut
		}
		if err := w.Add(r); err != nil {
			b.Fatal(err)
		}
		tree.add(tlog.RecordHash(r.Entry), nil)
		if tree.size >= 32 && tree.size&(tree.size-1) == 0 || tree.size == uint64(n) {
			world.now = now
			notes = append(notes, world.note(ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: tree.size, Root: tree.root()}, 0, 1, 2, 3, 4))
		}
	}
	for _, it := range c.Enrolments(b) {
		add(it)
	}
	var sample []signed
	officers := make([]*ledgertest.Author, 0, 10)
	for _, x := range c.Bureaus {
		officers = append(officers, x.Officer, x.Supervisor)
	}
	var items [300]ledger.Item
	for seen := (ledger.Statement{SeenRoot: ledger.EmptyRoot}); tree.size < uint64(n); seen.SeenSize, seen.SeenRoot = tree.size, tree.root() {
		most := min(uint64(len(items)), uint64(n)-tree.size)
		var wait sync.WaitGroup
		for k, a := range officers {
			wait.Go(func() {
				for i := uint64(k); i < most; i += uint64(len(officers)) {
					items[i] = publish(b, a, seen, tree.size+i)
				}
			})
		}
		wait.Wait()
		for i, it := range items[:most] {
			add(it)
			if len(sample) < 10_000 {
				sample = append(sample, signed{it.Entry, officers[i%len(officers)]})
			}
		}
	}
	if err := w.Close(notes, nil); err != nil {
		b.Fatal(err)
	}
	return f.Name(), Trust{Ledger: &c.Genesis.Ledger}, sample
}

// publish returns a notice whose body nobody will see.
func publish(t testing.TB, a *ledgertest.Author, s ledger.Statement, i uint64) ledger.Item {
	s.Class = ledger.ClassPublish
	p := ledger.Publish{Kind: ledger.KindBlue, ReviewBy: 30_000, SizeClass: 10}
	s.Public = p.Marshal()
	s.BodyHash, s.BodyLen = sha256.Sum256(fmt.Append(nil, i)), 1024
	return a.Sign(t, s, nil)
}

// peak returns the most memory that the process has had, in MB; 0 where the
// system does not say.
func peak() float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for in.Scan() {
		var kb float64
		if _, err := fmt.Sscanf(in.Text(), "VmHWM: %f kB", &kb); err == nil {
			return kb / 1024
		}
	}
	return 0
}
