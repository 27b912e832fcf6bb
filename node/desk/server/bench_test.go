package server

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"comity/node/desk/readlog"
	"comity/node/wire"

	"golang.org/x/time/rate"
)

// BenchmarkNetCase asks for one case over one session: a card, which nothing is
// recorded of, and a body, which is on disk in the read log before it leaves.
func BenchmarkNetCase(b *testing.B) {
	w := newWorld(b)
	w.server.limits.rate = rate.Inf // the first request of the key makes its bucket
	c := w.as(w.officer["investigator"])
	for name, card := range map[string]bool{"card": true, "body": false} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _, e := w.ask(c, http.MethodPost, wire.PathDeskCase, wire.CaseRequest{Name: "LT-0301", Card: card})
				if e != nil {
					b.Fatal(e)
				}
			}
		})
	}
	b.Run("record", func(b *testing.B) {
		r := readlog.Read{How: readlog.Shown, Parts: 3, Purpose: "for the test"}
		for b.Loop() {
			if _, err := w.cfg.Reads.Append(time.Now(), r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNetCheck asks for one check after the other over one session, as an
// officer's machine does whose input waits for each answer, and reports the slowest
// of a hundred; and for 64 at once, as from a queue.
func BenchmarkNetCheck(b *testing.B) {
	w := newWorld(b)
	d := w.reach(b, w.officer["desk"], w.cfg.TLS)
	for name, n := range map[string]int{"one": 1, "many": wire.MaxChecks} {
		b.Run(name, func(b *testing.B) {
			list := slices.Repeat([]wire.CheckSubject{{Doc: "A30117745"}}, n)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				out, _, err := d.Check(b.Context(), list)
				if wire.CodeOf(err) == wire.Busy { // faster than one key may ask
					continue
				}
				if err != nil || len(out[0].Hits) != 1 {
					b.Fatal(out, err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "us-p99")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/float64(n), "us-p50/check")
		})
	}
}
