package names

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// matchers are compared in one run.
var matchers = []struct {
	name  string
	score func(a, b string) float64
}{
	{"Levenshtein", levenshtein},
	{"Jaro-Winkler", jaroWinkler},
	{"names", func(a, b string) float64 { return Score(Parse(a), Parse(b)) }},
}

// BenchmarkPairs prints precision, recall, F1 and average precision on labelled
// pairs. Threshold is fixed; the baselines get the best of the same pairs, which
// flatters them.
func BenchmarkPairs(b *testing.B) {
	set := tuneSet(b)
	b.Logf("%d pairs of persons", len(set))
	b.Logf("%-14s %6s %6s %6s %6s %6s", "matcher", "at", "P", "R", "F1", "AP")
	for _, m := range matchers {
		pairs := scoreAll(set, m.score)
		at, _ := bestThreshold(pairs)
		if m.name == "names" {
			at = Threshold
		}
		p, r, f := f1At(pairs, at)
		b.Logf("%-14s %6.3f %6.3f %6.3f %6.3f %6.3f", m.name, at, p, r, f, averagePrecision(pairs))
		if m.name == "names" {
			b.ReportMetric(f, "F1")
			b.ReportMetric(averagePrecision(pairs), "AP")
			printParts(b, pairs)
			mean, spread := crossValidate(set, m.score)
			b.Logf("threshold chosen on 4/5, F1 on the other 1/5, 20 times: %.3f +- %.3f", mean, spread)
		}
	}
	for b.Loop() {
		Score(Parse(set[0].a), Parse(set[0].b))
	}
}

// printParts prints F1 for each quality tier, script and group of pairs.
func printParts(b *testing.B, pairs []scored) {
	parts := map[string][]scored{}
	for _, s := range pairs {
		parts["tier "+s.tier] = append(parts["tier "+s.tier], s)
		parts["group "+s.group] = append(parts["group "+s.group], s)
		from := "script Latin"
		for _, n := range []Name{Parse(s.a), Parse(s.b)} {
			for _, t := range n.tokens {
				if t.from != latin && t.from != scriptNone {
					from = "script " + scriptNames[t.from]
				}
			}
		}
		parts[from] = append(parts[from], s)
	}
	var names []string
	for n := range parts {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		p, r, f := f1At(parts[n], Threshold)
		b.Logf("  %-22s %4d pairs: P %.3f R %.3f F1 %.3f", n, len(parts[n]), p, r, f)
	}
}

// crossValidate chooses the threshold on four fifths of the pairs and measures
// on the others.
func crossValidate(set []labelled, score func(a, b string) float64) (mean, spread float64) {
	r := rand.New(rand.NewPCG(1, 1))
	var all []float64
	for range 20 {
		shuffled := slices.Clone(set)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		cut := len(shuffled) / 5
		at, _ := bestThreshold(scoreAll(shuffled[cut:], score))
		_, _, f := f1At(scoreAll(shuffled[:cut], score), at)
		all = append(all, f)
	}
	for _, f := range all {
		mean += f / float64(len(all))
	}
	for _, f := range all {
		spread += (f - mean) * (f - mean) / float64(len(all)-1)
	}
	return mean, math.Sqrt(spread)
}

// BenchmarkRetrieval files 100,000 made-up names and looks for them under wrong
// letters, other spellings and the writing of their country.
func BenchmarkRetrieval(b *testing.B) {
	const filed, asked = 100_000, 300
	people := population(rand.New(rand.NewPCG(1, 2)), filed)
	s := retrieval(b, people, asked)
	q := Parse(people[0].variant)
	for b.Loop() {
		s.search(q)
	}
}

// retrieval files the names, asks for them and prints what was found.
func retrieval(b *testing.B, people []person, asked int) *shelf {
	s := newShelf(3000)
	for _, p := range people {
		s.add(Parse(p.latin))
	}
	posts := 0
	for _, l := range s.posts {
		posts += len(l)
	}
	b.Logf("%d names, %.1f keys a name", len(people), float64(posts)/float64(len(people)))
	b.Logf("%-16s %9s %6s %6s %9s %8s %9s %9s", "asked by", "candidate", "R@1", "R@10", "threshold", "looked", "p50", "p99")
	for _, t := range treatments(rand.New(rand.NewPCG(3, 4)), people, asked) {
		o := s.run(t.queries)
		n := float64(o.n)
		slices.Sort(o.times)
		b.Logf("%-16s %9.3f %6.3f %6.3f %9.3f %8d %9s %9s", t.name, float64(o.candidates)/n, float64(o.first)/n, float64(o.ten)/n,
			float64(o.over)/n, o.looked/o.n, o.times[o.n/2].Round(time.Microsecond), o.times[o.n*99/100].Round(time.Microsecond))
		b.ReportMetric(float64(o.ten)/n, strings.ReplaceAll(t.name, " ", "-")+"-R@10")
	}
	return s
}

// BenchmarkAlarms counts innocent names that match one of 733 listed names. In
// the first line family names are drawn from the same tables, so that many are
// the same name in another spelling; in the second no family name of the list
// is borne by an innocent.
func BenchmarkAlarms(b *testing.B) {
	const listed, innocent = 733, 10_000
	people := population(rand.New(rand.NewPCG(11, 12)), listed+innocent)
	alarms(b, "same families", people[:listed], people[listed:])
	r := rand.New(rand.NewPCG(21, 22))
	list := halfOf(0, func() []person { return population(r, listed) })
	others := halfOf(1, func() []person { return population(r, innocent) })
	b.ReportMetric(alarms(b, "other families", list, others), "alarms/10000")
	for b.Loop() {
	}
}

// alarms prints and returns how many of 10,000 innocents match the list.
func alarms(b *testing.B, name string, list, innocent []person) float64 {
	s := newShelf(math.MaxInt)
	for _, p := range list {
		s.add(Parse(p.latin))
	}
	counts := make(map[float64]int)
	levels := []float64{0.75, 0.80, Threshold, 0.84, 0.88, 0.95}
	for _, p := range innocent {
		found := s.search(Parse(p.latin))
		for _, at := range levels {
			if len(found) > 0 && found[0].score >= at {
				counts[at]++
			}
		}
	}
	for _, at := range levels {
		b.Logf("%-30s at %.2f: %5.1f of 10,000", name, at, float64(counts[at])*10_000/float64(len(innocent)))
	}
	return float64(counts[Threshold]) * 10_000 / float64(len(innocent))
}

func BenchmarkCompare(b *testing.B) {
	x, y := Parse("Sergey Viktorovich Sidorov"), Parse("Sergejs Sidorovs Ivanovich")
	for b.Loop() {
		Compare(x, y)
	}
}

func BenchmarkScore(b *testing.B) {
	x, y := Parse("Khalid Mahmud al-Dulaimi"), Parse("خالد محمود الدليمي")
	for b.Loop() {
		Score(x, y)
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse("Khalid Mahmud al-Dulaimi")
	}
}

func BenchmarkProbes(b *testing.B) {
	n := Parse("Robert Miller")
	for b.Loop() {
		Probes(n)
	}
}
