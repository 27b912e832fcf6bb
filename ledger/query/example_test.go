package query_test

import (
	"fmt"
	"time"

	"comity/ledger/notice"
	"comity/ledger/query"
)

func ExampleQuery_Match() {
	today := time.Date(2026, 11, 4, 9, 0, 0, 0, time.UTC)
	n := notice.ChildCase(today)
	r := query.RecordOf(&notice.View{Kind: n.Kind, Colour: n.Colour, Reference: n.Reference, Card: n.Card}, query.Header{})
	for _, text := range []string{"name:ilva dob~2012", "name:ilva dbo:2013"} {
		q, err := query.Parse(text, today)
		if err != nil {
			fmt.Println(err)
			fmt.Println(err.(*query.Error).Hint)
			continue
		}
		fmt.Println(q.Match(r))
	}
	// Output:
	// true 0.8 [name Ilva Sorrendahl (card) born 2013-07-30 (card), a year more or less]
	// query, line 1 column 11: there is no field "dbo"
	// did you mean dob?
}
