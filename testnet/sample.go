package testnet

import (
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
)

// Sample returns the n-th of a series of notices of a bureau: a missing person
// who does not exist, small and valid on the day of asOf.
func Sample(bureau string, n int, readers notice.Readers, asOf time.Time) *notice.Notice {
	born, err := notice.NewDate(1960+n%50, 1+n%12, 1+n%28)
	if err != nil {
		panic("testnet: " + err.Error())
	}
	return &notice.Notice{
		Kind: ledger.KindYellow, Reference: fmt.Sprintf("EX-%s-%06d", bureau, n), Origin: bureau,
		Urgency: ledger.U1, Classification: ledger.Restricted,
		ReviewBy: notice.DateOf(asOf.AddDate(1, 0, 0)), Readers: readers,
		Card: &notice.Card{
			Caveat: "May be afraid of uniforms; speak alone and calmly.", Action: notice.Protect,
			Person: notice.Identity{
				Names:         []notice.Name{{Family: given(n / 7), Given: given(n)}},
				Born:          born,
				Nationalities: []string{bureau},
			},
			Desk: notice.Desk{Name: bureau + " desk", Phone: "+99955500001"},
		},
		Body: &notice.Body{
			Facts:  fmt.Sprintf("Exercise. Person %d of %s was last seen on the way to work.", n, bureau),
			Status: notice.Missing,
		},
	}
}

// given returns a made-up name.
func given(n int) string {
	first := [...]string{"Ar", "Bel", "Cor", "Dan", "El", "Fen", "Gal", "Hol", "Is", "Jor"}
	last := [...]string{"amin", "da", "essa", "ik", "los", "mar", "neth", "ora", "quin", "wen"}
	return first[n%10] + last[n/10%10]
}
