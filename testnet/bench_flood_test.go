package testnet

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"
)

// BenchmarkFlood measures what officers of four bureaus wait for their statements,
// at a steady pace, while nobody else writes, and while a fifth bureau sends as
// fast as it can through 64 sessions to its own node; the nodes are processes, as they are in
// the field, so that a flooded node keeps no other one from a processor. Quiet and flood take turns
// on one consortium, so that what else runs on the machine falls on both.
//
//	COMITY_LONG=1 go test ./testnet -run - -bench Flood -benchtime 1x
func BenchmarkFlood(b *testing.B) {
	if os.Getenv("COMITY_LONG") == "" {
		b.Skip("takes a minute: COMITY_LONG=1")
	}
	const (
		rounds, officers, flooders = 3, 16, 64
		phase, pause               = 5 * time.Second, 200 * time.Millisecond
	)
	ctx, cancel := context.WithTimeout(b.Context(), 3*time.Minute)
	defer cancel()
	c := upProcesses(ctx, b, Options{Bureaus: 5, Log: "error"})
	f := &floodBench{b: b, c: c}
	f.others = f.clients(ctx, c.Bureaus()[1:], officers, rounds*2*int(phase/pause)+10)
	f.flood = f.clients(ctx, c.Bureaus()[:1], flooders, rounds*1500)
	for b.Loop() {
		var quiet, flooded []time.Duration
		sent := 0
		for range rounds {
			times, _ := f.run(ctx, phase, pause, false)
			quiet = append(quiet, times...)
			times, n := f.run(ctx, phase, pause, true)
			flooded, sent = append(flooded, times...), sent+n
		}
		q50, q99 := percentiles(quiet)
		f50, f99 := percentiles(flooded)
		b.ReportMetric(q50, "quiet-p50-ms")
		b.ReportMetric(q99, "quiet-p99-ms")
		b.ReportMetric(f50, "flood-p50-ms")
		b.ReportMetric(f99, "flood-p99-ms")
		b.ReportMetric(f99/q99, "p99-ratio")
		b.ReportMetric(float64(sent)/(rounds*phase.Seconds()), "flood/s")
	}
}

type floodBench struct {
	b             *testing.B
	c             *Consortium
	others, flood []*benchClient
}

// clients makes officers of these bureaus with signed statements.
func (f *floodBench) clients(ctx context.Context, bureaus []string, n, items int) (list []*benchClient) {
	f.b.Helper()
	for i, code := range bureaus {
		root, err := newBenchRoot(ctx, f.c, code)
		if err != nil {
			f.b.Fatal(err)
		}
		for j := i; j < n; j += len(bureaus) {
			client, err := root.client(ctx, j)
			if err != nil {
				f.b.Fatal(err)
			}
			client.sign(f.c.Genesis().Ledger, 1024, items)
			f.b.Cleanup(client.api.Close)
			list = append(list, client)
		}
		if _, _, err := f.c.WaitEqual(ctx, root.at.Seq); err != nil {
			f.b.Fatal(err)
		}
	}
	return list
}

// run lets the others submit at their pace, and the flood as fast as it can, and
// returns how long the others waited and how much the flood got in.
func (f *floodBench) run(ctx context.Context, phase, pause time.Duration, flood bool) (times []time.Duration, sent int) {
	f.b.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	stop := time.Now().Add(phase)
	one := func(c *benchClient) time.Duration {
		start := time.Now()
		if _, err := c.api.Submit(ctx, c.items[0]); err != nil {
			f.b.Errorf("%s: %v", c.bureau, err)
			return -1
		}
		c.items = c.items[1:]
		return time.Since(start)
	}
	for i, c := range f.others {
		wg.Go(func() {
			next := time.Now().Add(pause * time.Duration(i) / time.Duration(len(f.others)))
			for ; next.Before(stop) && len(c.items) > 0; next = next.Add(pause) {
				time.Sleep(time.Until(next))
				took := one(c)
				if took < 0 {
					return
				}
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
			}
		})
	}
	for _, c := range f.flood {
		if !flood {
			break
		}
		wg.Go(func() {
			n := 0
			for time.Now().Before(stop) && len(c.items) > 0 && one(c) >= 0 {
				n++
			}
			mu.Lock()
			sent += n
			mu.Unlock()
		})
	}
	wg.Wait()
	return times, sent
}
