package desk

import (
	"fmt"
	"slices"
	"testing"
)

// later returns those of some deadlines that a watcher with a cursor is told of at a
// time, as passed does it.
func later(all []Event, from, to Cursor) []Event {
	var list []Event
	for _, e := range all {
		if e.Time < to.AsOf && (e.Time >= from.AsOf || e.Index >= from.Checked) {
			list = append(list, e)
		}
	}
	return inTurn(list, from, to)
}

// A watcher that is stopped between deadlines, and one who is given some at a time,
// miss none; only deadlines of one time are told again.
func TestDeadlinesInTurn(t *testing.T) {
	var all []Event
	for i := range uint64(20) {
		all = append(all, Event{ID: fmt.Sprint(i), Kind: "escalated", Index: 10 + i*7%20, Time: 100 + i/3*10})
	}
	to := Cursor{Next: 40, Checked: 40, AsOf: 155}
	for _, from := range []Cursor{{}, {20, 20, 120}, {40, 40, 100}, {40, 22, 0}} {
		list := later(all, from, to)
		for stop := range list {
			if list[stop].After.Checked > list[stop].After.Next {
				t.Errorf("%+v is no cursor", list[stop].After)
			}
			told := make(map[string]int)
			for _, e := range slices.Concat(list[:stop+1], later(all, list[stop].After, to)) {
				told[e.ID]++
			}
			moved := stop == 0 && list[0].After != (Cursor{to.Next, from.Checked, from.AsOf}) || stop > 0 && list[stop].After != list[stop-1].After
			for _, e := range list {
				if n := told[e.ID]; n == 0 || n > 1 && moved {
					t.Errorf("from %+v, stopped behind %d of %d: deadline %s is told %d times", from, stop+1, len(list), e.ID, n)
				}
			}
		}
		if n := len(list); n == 0 || list[n-1].After != to {
			t.Errorf("from %+v: %d deadlines, and not behind all of them", from, n)
		}
		for most := 1; most < 5; most++ {
			told, rounds := make(map[string]int), 0
			for at := from; at != to; rounds++ {
				rest := later(all, at, to)
				some := firstOf(rest, at, most)
				if at = to; len(some) < len(rest) {
					at = some[len(some)-1].After
				}
				for _, e := range some {
					told[e.ID]++
				}
				if rounds > len(list) {
					t.Fatalf("from %+v, %d at a time: no end", from, most)
				}
			}
			for _, e := range list {
				if told[e.ID] < 1 || told[e.ID] > 2 {
					t.Errorf("from %+v, %d at a time: deadline %s is told %d times", from, most, e.ID, told[e.ID])
				}
			}
		}
	}
}
