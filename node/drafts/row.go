package drafts

import (
	"comity/ledger"
)

// MaxRow is how many drafts one command makes a row of.
const MaxRow = 1000

// Rows parts drafts into rows, in the order of the first of each. A row is what one
// command of one author made to be approved together: parked at the same time, and
// each signed for the place behind the one before, so that it can only be sent in
// this order. What was rejected is in no row with what was not. A draft that was made
// by itself is a row of one: it waits behind no other, and nobody knows which is
// sent first.
//
// The order rests on signatures; when it was parked does not, and can at worst part
// a row.
func Rows(list []*Draft) (rows [][]*Draft) {
	behind := make(map[ledger.ID]*Draft, len(list)) // the id of a draft -> the one that follows it
	byID := make(map[ledger.ID]*Draft, len(list))
	for _, d := range list {
		byID[d.ID()] = d
	}
	first := make(map[*Draft]bool, len(list))
	for _, d := range list {
		before := byID[d.Item.Entry.Statement.Prev]
		if before == nil || !d.follows(before) || behind[before.ID()] != nil {
			first[d] = true
			continue
		}
		behind[before.ID()] = d
	}
	for _, d := range list {
		if !first[d] {
			continue
		}
		var row []*Draft
		for ; d != nil; d = behind[d.ID()] {
			row = append(row, d)
		}
		rows = append(rows, row)
	}
	return rows
}

// follows reports whether d is the next of a row behind another draft.
func (d *Draft) follows(before *Draft) bool {
	a, b := before.Item.Entry.Statement, d.Item.Entry.Statement
	return b.Prev == before.ID() && b.Seq == a.Seq+1 && b.Author == a.Author && d.Parked == before.Parked &&
		(d.Rejection == nil) == (before.Rejection == nil)
}
