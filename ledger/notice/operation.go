package notice

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"comity/ledger"
)

// OpEvent is one notice of an operation: when, counted from its start, which
// bureau sends what.
type OpEvent struct {
	At     time.Duration
	Bureau string
	Notice *Notice
}

// OperationLength is how long the synthetic operation takes.
const OperationLength = 96 * time.Hour

// The synthetic operation LANTERN TIDE: each of five bureaus staffs ten sectors
// of nine hotspots, and each sector reports twenty times.
const (
	operationName        = "LANTERN TIDE"
	operationSectors     = 10
	operationHotspots    = 9
	operationReports     = 20
	operationCases       = 200
	operationInspections = 270_000
	operationIntercepted = 800
	operationLocated     = 240
)

// Operation returns the timetable of LANTERN TIDE in the order of time: 1,000
// tallies of 270,000 inspections at 450 hotspots, and 200 cases, which are
// numbered LT-0001 to LT-0200 as they come. It is the same for the same seed
// and start. [ChildCase] is not among them.
func Operation(seed uint64, start time.Time) []OpEvent {
	g := NewGenerator(seed, start)
	events := g.tallies(start)
	for range operationCases {
		n := g.Next()
		events = append(events, OpEvent{time.Duration(g.rng.Int64N(int64(OperationLength))).Truncate(time.Second), n.Origin, n})
	}
	// A stable order: equal times stay as they were made.
	slices.SortStableFunc(events, func(a, b OpEvent) int { return cmp.Compare(a.At, b.At) })
	tallies, cases := 0, 0
	for _, e := range events {
		if e.Notice.Kind == ledger.KindTally {
			tallies++
			e.Notice.Reference = fmt.Sprintf("LT-T%04d", tallies)
		} else {
			cases++
			e.Notice.Reference = fmt.Sprintf("LT-%04d", cases)
		}
	}
	return events
}

// tallies returns the reports of all sectors. The counts of one kind add up to
// the operation's total exactly.
func (g *Generator) tallies(start time.Time) []OpEvent {
	count := len(Bureaus()) * operationSectors * operationReports
	inspections := split(g.rng, operationInspections, count)
	intercepted := split(g.rng, operationIntercepted, count)
	located := split(g.rng, operationLocated, count)
	var events []OpEvent
	for _, b := range Bureaus() {
		for sector := range operationSectors {
			for report := range operationReports {
				i := len(events)
				at := OperationLength*time.Duration(report+1)/operationReports - time.Duration(g.rng.IntN(4*3600))*time.Second
				events = append(events, OpEvent{at, b.Code, &Notice{
					Kind: ledger.KindTally, Origin: b.Code, ReviewBy: DateOf(start.AddDate(1, 0, 0)), Readers: Readers{All},
					Tally: &Tally{
						Operation: operationName, Sector: fmt.Sprintf("%s-%02d", b.Code, sector+1), Hour: int(at / time.Hour),
						Hotspots: operationHotspots, Inspections: inspections[i], Intercepted: intercepted[i], Located: located[i],
					},
				}})
			}
		}
	}
	return events
}

// split divides total into parts of different size that add up to it.
func split(rng *rand.Rand, total, parts int) []int {
	weights := make([]int, parts)
	sum := 0
	for i := range weights {
		weights[i] = 50 + rng.IntN(100)
		sum += weights[i]
	}
	out := make([]int, parts)
	before, upTo := 0, 0
	for i, w := range weights {
		upTo += w
		now := total * upTo / sum
		out[i], before = now-before, now
	}
	return out
}
