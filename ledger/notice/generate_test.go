package notice

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"testing"
	"time"
	"unicode/utf8"

	"comity/ledger"
)

// TestGeneratorRates measures what the corpus is made for.
func TestGeneratorRates(t *testing.T) {
	const size = 20_000
	g := NewGenerator(1, testDay)
	type both struct{ surname, born string }
	var (
		yearOnly, nationalities, notASCII, long int
		records                                 []both
		surnames, births                        = map[string]int{}, map[string]int{}
		boths                                   = map[both]int{}
		references                              = map[string]bool{}
	)
	for range size {
		n := g.Next()
		if err := n.Validate(testDay); err != nil {
			t.Fatalf("%s: %v", n.Reference, err)
		}
		if references[n.Reference] {
			t.Fatalf("%s: twice", n.Reference)
		}
		references[n.Reference] = true
		person := &n.Card.Person
		name := person.Names[0]
		if person.Born.month == 0 {
			yearOnly++
		}
		if len(person.Nationalities) > 1 {
			nationalities++
		}
		if len(name.Full) != utf8.RuneCountInString(name.Full) {
			notASCII++
		}
		if utf8.RuneCountInString(name.Full) > maxMRZName {
			long++
		}
		r := both{name.Family, person.Born.String()}
		records = append(records, r)
		surnames[r.surname]++
		births[r.born]++
		boths[r]++
	}
	var sharedSurname, sharedBirth, sharedBoth int
	for _, r := range records {
		if surnames[r.surname] > 1 {
			sharedSurname++
		}
		if births[r.born] > 1 {
			sharedBirth++
		}
		if boths[r] > 1 {
			sharedBoth++
		}
	}
	for _, test := range []struct {
		what            string
		got             int
		want, tolerance float64
	}{
		{"year-only birth dates", yearOnly, rateYearOnly, 0.004},
		{"more than one nationality", nationalities, rateNationalities, 0.005},
		{"names that are not ASCII", notASCII, rateNotASCII, 0.006},
		{"names over 39 characters", long, rateLongName, 0.001},
		{"shared surnames", sharedSurname, rateSharedSurname, 0.015},
		{"shared birth dates", sharedBirth, rateSharedBirth, 0.015},
		{"both shared", sharedBoth, rateSharedBoth, 0.001},
	} {
		got := float64(test.got) / size
		t.Logf("%-26s %5.2f %%, want %5.2f %%", test.what, 100*got, 100*test.want)
		if math.Abs(got-test.want) > test.tolerance {
			t.Errorf("%s: %.4f, want %.4f +- %.4f", test.what, got, test.want, test.tolerance)
		}
	}
}

// TestGeneratorSame: the golden hash shows that neither a change here nor
// another version of Go changes what a seed means.
func TestGeneratorSame(t *testing.T) {
	corpus := func(seed uint64) []byte {
		g, h := NewGenerator(seed, testDay), sha256.New()
		for range 1000 {
			data, err := g.Next().Marshal()
			if err != nil {
				t.Fatal(err)
			}
			h.Write(data)
		}
		return h.Sum(nil)
	}
	if bytes.Equal(corpus(1), corpus(2)) {
		t.Error("two seeds, one corpus")
	}
	golden(t, "corpus.txt", fmt.Appendf(nil, "%x\n", corpus(1)))
	first, err := NewGenerator(1, testDay).Next().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "corpus_first.json", first)
}

func TestOperation(t *testing.T) {
	events := Operation(7, testDay)
	var inspections, intercepted, located, cases int
	sectors, references := map[string]int{}, map[string]bool{}
	last := time.Duration(0)
	for _, e := range events {
		if err := e.Notice.Validate(testDay); err != nil {
			t.Fatalf("%s: %v", e.Notice.Reference, err)
		}
		if e.At < last || e.At > OperationLength || e.Bureau != e.Notice.Origin || references[e.Notice.Reference] || e.Notice.Reference == "LT-0301" {
			t.Errorf("%v %s %s after %v", e.At, e.Bureau, e.Notice.Reference, last)
		}
		last, references[e.Notice.Reference] = e.At, true
		if e.Notice.Kind != ledger.KindTally {
			cases++
			continue
		}
		tally := e.Notice.Tally
		inspections += tally.Inspections
		intercepted += tally.Intercepted
		located += tally.Located
		sectors[tally.Sector] = tally.Hotspots
	}
	hotspots := 0
	for _, n := range sectors {
		hotspots += n
	}
	if got, want := fmt.Sprint(len(events), cases, inspections, hotspots, intercepted, located), "1200 200 270000 450 800 240"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	again := Operation(7, testDay)
	for i, e := range events {
		a, err := e.Notice.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		b, err := again[i].Notice.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if e.At != again[i].At || !bytes.Equal(a, b) {
			t.Fatalf("event %d differs in the second run", i)
		}
	}
}

func BenchmarkGenerator(b *testing.B) {
	g := NewGenerator(1, testDay)
	for b.Loop() {
		g.Next()
	}
}
