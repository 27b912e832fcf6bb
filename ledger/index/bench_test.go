package index

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"comity/ledger/notice"
)

var benchNotices = flag.Int("notices", 20_000, "how many synthetic notices BenchmarkCheck indexes")

// BenchmarkCheck builds an index of -notices synthetic notices in a file, and
// then looks for persons in it, of whom one in a hundred is there, as a
// checkpoint does before it opens any card. With -notices 1000000 it takes some
// minutes; see BENCH.md.
func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	ix := openTest(b, dir, testOptions())
	asOf := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	g := notice.NewGenerator(1, asOf)
	type person struct {
		mrz, number string
		born        notice.Date
	}
	var known []person
	var building time.Duration
	for from := 0; from < *benchNotices; {
		u := &Update{From: uint64(from), To: uint64(min(from+1024, *benchNotices))}
		for n := u.From; n < u.To; n++ {
			made := g.Next()
			v := &notice.View{Kind: made.Kind, Colour: made.Colour, Reference: made.Reference, Card: made.Card, Body: made.Body}
			p := Put{Notice: Notice{N: n, Bureau: made.Origin, Opened: true, Events: []uint64{n}}, Terms: Terms(fmt.Sprintf("%064x", n*0x9e3779b97f4a7c15), v)}
			if made.Card != nil && !made.Card.Person.Born.IsZero() {
				first, last := made.Card.Person.Born.Range()
				p.First, p.Last = int64(first), int64(last)
				if n%97 == 0 && len(made.Card.Person.Names) > 0 && len(made.Card.Person.Documents) > 0 {
					known = append(known, person{made.Card.Person.Names[0].MRZForm(), made.Card.Person.Documents[0].Number, made.Card.Person.Born})
				}
			}
			u.Put = append(u.Put, p)
		}
		start := time.Now()
		apply(b, ix, u)
		building += time.Since(start)
		from = int(u.To)
	}
	var bytes int64
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if fi, err := os.Stat(f); err == nil {
			bytes += fi.Size()
		}
	}
	var mem runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&mem)
	b.Logf("%d notices: %.0f notices/s indexed, %d MiB on disk, %d MiB of heap in use", *benchNotices, float64(*benchNotices)/building.Seconds(), bytes>>20, mem.HeapInuse>>20)

	strangers := notice.NewGenerator(2, asOf)
	ask := func(i int) person {
		if i%100 == 0 && len(known) > 0 {
			return known[i/100%len(known)]
		}
		for {
			n := strangers.Next()
			if n.Card == nil || len(n.Card.Person.Names) == 0 || n.Card.Person.Born.IsZero() {
				continue
			}
			return person{n.Card.Person.Names[0].MRZForm(), fmt.Sprintf("Z%08d", i), n.Card.Person.Born}
		}
	}
	byDocument := func(p person) int {
		list, err := ix.Find(Term(DocumentTerm(p.number)), 0, 64)
		if err != nil {
			b.Fatal(err)
		}
		return len(list)
	}
	byName := func(p person) int {
		var any Any
		for _, t := range PersonTerms(p.mrz, p.born) {
			any = append(any, Term(t))
		}
		first, last := p.born.Range()
		list, err := ix.FindBorn(any, int64(first), int64(last), 64)
		if err != nil {
			b.Fatal(err)
		}
		return len(list)
	}
	for _, kind := range []struct {
		name string
		look func(p person) int
	}{{"document", byDocument}, {"name", byName}, {"zone", func(p person) int { return byDocument(p) + byName(p) }}} {
		b.Run(kind.name, func(b *testing.B) {
			asked := make([]person, 5000)
			for i := range asked {
				asked[i] = ask(i)
			}
			times, found := make([]time.Duration, 0, b.N), 0
			for i := 0; b.Loop(); i++ {
				start := time.Now()
				found += kind.look(asked[i%len(asked)])
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-us")
			b.ReportMetric(float64(len(times))/b.Elapsed().Seconds(), "checks/s")
			b.ReportMetric(float64(found)/float64(len(times)), "candidates/check")
		})
	}
}
