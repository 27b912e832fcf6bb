//go:build hostile

package testnet

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"comity/node"
)

// BenchmarkFinal measures what FINAL costs: pairs of runs, one of nodes that cosign
// and one of nodes that do not, and the median of the ratios of their rates.
//
//	go test -tags hostile ./testnet -run - -bench Final -benchtime 5x
func BenchmarkFinal(b *testing.B) {
	run := func(cosign bool) *BenchResult {
		o := BenchOptions{Nodes: 3, Size: 1024, Clients: 256, Duration: 4 * time.Second, Dir: b.TempDir()}
		if !cosign {
			silent := new(atomic.Bool)
			o.alter = func(_ string, cfg *node.Config) { cfg.Quiet(silent) }
			o.quiet = func() { silent.Store(true) }
		}
		r, err := Bench(b.Context(), o, func(string) {})
		if err != nil {
			b.Fatal(err)
		}
		return r
	}
	var ratios, with, lag []float64
	for b.Loop() {
		without, r := run(false), run(true)
		ratios, with, lag = append(ratios, r.PerSecond/without.PerSecond), append(with, r.PerSecond), append(lag, r.LagP50)
	}
	median := func(list []float64) float64 {
		slices.Sort(list)
		return list[len(list)/2]
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(with), "acknowledged/s")
	b.ReportMetric(median(lag), "final-lag-ms")
}
