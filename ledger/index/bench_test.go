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
	"comity/ledger/query"
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
	var building, terms time.Duration
	var most uint64
	for from := 0; from < *benchNotices; {
		u := &Update{From: uint64(from), To: uint64(min(from+1024, *benchNotices))}
		before := time.Now()
		for n := u.From; n < u.To; n++ {
			made := g.Next()
			v := &notice.View{Kind: made.Kind, Colour: made.Colour, Reference: made.Reference, Card: made.Card, Body: made.Body, Readers: made.Readers}
			id := fmt.Sprintf("%064x", n*0x9e3779b97f4a7c15)
			p := Put{Notice: Notice{N: n, Bureau: made.Origin, Opened: true, Current: true, Unread: true, Version: n, Term: 30_000, Events: []uint64{n}}, Terms: Terms(id, v)}
			p.Terms = append(p.Terms, RecordTerms(query.RecordOf(v, query.Header{ID: id, Bureau: made.Origin, Index: n, Status: "active"}))...)
			if made.Card != nil && !made.Card.Person.Born.IsZero() {
				first, last := made.Card.Person.Born.Range()
				p.First, p.Last = int64(first), int64(last)
				if n%97 == 0 && len(made.Card.Person.Names) > 0 && len(made.Card.Person.Documents) > 0 {
					known = append(known, person{made.Card.Person.Names[0].MRZForm(), made.Card.Person.Documents[0].Number, made.Card.Person.Born})
				}
			}
			u.Put = append(u.Put, p)
		}
		terms += time.Since(before)
		start := time.Now()
		apply(b, ix, u)
		building += time.Since(start)
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		most = max(most, mem.HeapInuse)
		for _, at := range []int{10_000, 100_000, 300_000, *benchNotices} {
			if from < at && int(u.To) >= at {
				runtime.GC()
				runtime.ReadMemStats(&mem)
				b.Logf("%d notices: terms %.0f s, written %.0f s; %d MiB on disk; heap %d MiB, at most %d MiB; memory of the process %d MiB",
					u.To, terms.Seconds(), building.Seconds(), weight(dir)>>20, mem.HeapInuse>>20, most>>20, resident()>>20)
			}
		}
		from = int(u.To)
	}

	tidy(b, ix)
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
		list, _, err := ix.FindBorn(any, int64(first), int64(last), 64, nil)
		if err != nil {
			b.Fatal(err)
		}
		return len(list)
	}
	byMisread := func(p person) int {
		var any Any
		var days []int64
		for _, m := range p.born.Misreadings() {
			day, _ := m.Date.Range()
			days = append(days, int64(day))
		}
		for _, t := range NearTerms(p.mrz, p.born) {
			any = append(any, Term(t))
		}
		if len(days) == 0 {
			return 0
		}
		list, _, err := ix.FindDays(any, days, 64, nil)
		if err != nil {
			b.Fatal(err)
		}
		return len(list)
	}
	for _, kind := range []struct {
		name string
		look func(p person) int
	}{{"document", byDocument}, {"name", byName}, {"misread", byMisread}, {"zone", func(p person) int { return byDocument(p) + byName(p) }}} {
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

// weight returns the bytes of the files in a folder.
func weight(dir string) (n int64) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if fi, err := os.Stat(f); err == nil {
			n += fi.Size()
		}
	}
	return n
}

// tidy takes all steps of Tidy, and logs how long they took.
func tidy(b *testing.B, ix *Index) {
	b.Helper()
	start, longest, steps := time.Now(), time.Duration(0), 0
	for more := true; more; steps++ {
		before := time.Now()
		var err error
		if more, err = ix.Tidy(); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(before))
	}
	b.Logf("tidied in %.1f s, %d steps of at most %s", time.Since(start).Seconds(), steps, longest.Round(time.Millisecond))
}

// resident returns the memory of this process, 0 where no /proc tells.
func resident() (n int) {
	data, _ := os.ReadFile("/proc/self/statm")
	var size int
	fmt.Sscan(string(data), &size, &n)
	return n * os.Getpagesize()
}
