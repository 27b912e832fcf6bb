package server

import (
	"net/http"
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
