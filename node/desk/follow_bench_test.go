//go:build unix

package desk

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/notice"
	"comity/node/client"
	"comity/node/follow"
)

var followNotices = flag.Int("notices", 4000, "how many sealed notices BenchmarkFollow follows")

// BenchmarkFollow follows sealed notices, each with a card and a body and one
// grant for each, and says how the time divides; then it checks persons, of whom
// one in twenty is known, by scanned zones.
func BenchmarkFollow(b *testing.B) {
	ctx := context.Background()
	c := ledgertest.NewGenesis(b, 5)
	n := newFakeNode(b, c)
	xa := c.Bureaus[0]
	n.accept(b, c.Enrolments(b)...)
	o := notice.Origin{Ledger: keys.ID(c.Genesis.Ledger), Author: xa.Officer.Signer.ID(), Bureau: "XA"}
	g := notice.NewGenerator(1, today)
	var zones []*notice.MRZ
	var items []ledger.Item
	for len(items) < *followNotices {
		made := g.Next()
		if made.Card == nil {
			continue
		}
		made.Origin, made.Victim = "XA", nil
		if made.Kind != ledger.KindDiffusion { // else reviewers would have to let them pass
			made.Kind, made.Colour = ledger.KindDiffusion, made.Kind
		}
		parts, err := made.Parts(o)
		if err != nil {
			b.Fatal(err)
		}
		var sealed []seal.Part
		for _, p := range parts {
			sealed = append(sealed, seal.Part{Compartment: p.Compartment, Plaintext: p.Plaintext, Readers: []*keys.Recipient{xa.Sealing[p.Compartment].Recipient()}})
		}
		body, err := seal.Seal(seal.Context{Ledger: o.Ledger, Author: o.Author}, sealed)
		if err != nil {
			b.Fatal(err)
		}
		items = append(items, xa.Officer.Publish(b, ledger.KindUndisclosed, body))
		if m, err := made.Card.PassportMRZ(); err == nil {
			zones = append(zones, m)
		}
	}
	n.accept(b, items...)
	n.finalise(b)
	items = nil
	ids := make(identities)
	for k, id := range xa.Sealing {
		ids[k] = []*keys.Identity{id}
	}
	cl := client.New(client.Options{Address: n.server.Listener.Addr().String(), Node: n.tls.ID(), TLS: xa.Access, Bureau: "XA", Timeout: time.Minute})
	defer cl.Close()
	var d *Desk
	var syncing, indexing, syncCPU, indexCPU time.Duration
	for b.Loop() {
		d = newTestDesk(b, c.Genesis)
		d.Unlock(ids)
		start, cpu := time.Now(), cpuTime(b)
		if err := d.Sync(ctx, cl, nil); err != nil {
			b.Fatal(err)
		}
		syncing, syncCPU = syncing+time.Since(start), syncCPU+cpuTime(b)-cpu
		start, cpu = time.Now(), cpuTime(b)
		if err := d.Index(ctx, nil); err != nil {
			b.Fatal(err)
		}
		indexing, indexCPU = indexing+time.Since(start), indexCPU+cpuTime(b)-cpu
	}
	total := float64(*followNotices * b.N)
	b.ReportMetric(total/(syncing+indexing).Seconds(), "notices/s")
	b.ReportMetric(total/syncing.Seconds(), "verified/s")
	b.ReportMetric(total/indexing.Seconds(), "opened+indexed/s")

	// What a busy machine does not change: processor time, of which two cores have
	// two seconds in each.
	b.ReportMetric(float64(syncCPU.Microseconds())/total, "sync-cpu-us/notice") // the fake node's part included
	b.ReportMetric(float64(indexCPU.Microseconds())/total, "index-cpu-us/notice")

	dockets, _, err := d.catalog.read()
	if err != nil {
		b.Fatal(err)
	}
	cpu := cpuTime(b)
	if err := follow.Parallel(ctx, len(dockets), func(i int) { d.openNotice(&dockets[i], ids) }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/float64(len(dockets)), "open-cpu-us/notice")
	d.catalog = newCatalog(d.store)
	dockets = nil
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.HeapInuse>>20), "MiB-heap")

	strangers := notice.NewGenerator(2, today)
	var times []time.Duration
	hits := 0
	cpu = cpuTime(b)
	for i := range 4000 {
		var m *notice.MRZ
		for m == nil {
			if i%20 == 0 && len(zones) > 0 {
				m = zones[i%len(zones)]
			} else if s := strangers.Next(); s.Card != nil {
				m, _ = s.Card.PassportMRZ()
			}
		}
		start := time.Now()
		a, err := d.Check(ctx, &Subject{MRZ: m}, today)
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
		hits += len(a.Hits)
	}
	if hits < 4000/20 {
		b.Errorf("%d hits in %d checks", hits, len(times))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "check-p50-us")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "check-p99-us")
	b.ReportMetric(float64(len(times))/(cpuTime(b)-cpu).Seconds(), "checks/cpu-s")
}

// cpuTime returns the processor time of this process.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
