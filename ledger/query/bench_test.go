package query

import (
	"testing"

	"comity/ledger/notice"
)

// BenchmarkRecordOf is the cost of making a notice searchable.
func BenchmarkRecordOf(b *testing.B) {
	g := notice.NewGenerator(1, asOf)
	views := make([]*notice.View, 1000)
	for i := range views {
		views[i] = viewOf(g.Next())
	}
	for i := 0; b.Loop(); i++ {
		RecordOf(views[i%len(views)], Header{})
	}
}

// BenchmarkMatch is the cost of looking at one record.
func BenchmarkMatch(b *testing.B) {
	g := notice.NewGenerator(1, asOf)
	records := make([]*Record, 1000)
	for i := range records {
		records[i] = RecordOf(viewOf(g.Next()), Header{})
	}
	for _, text := range []string{"doc:A30117745", "name:ilva dob:2013", "smuggling recruit*", "name~sorrendahl"} {
		q, err := Parse(text, asOf)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				q.Match(records[i%len(records)])
			}
		})
	}
}
