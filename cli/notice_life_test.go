package cli

import (
	"testing"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
)

// What a bureau takes back counts at once, and waits for no other bureau.
func TestTakesBack(t *testing.T) {
	suspend := func(a ledger.Authority) *ledger.Statement {
		return &ledger.Statement{Class: ledger.ClassSuspend, Public: (&ledger.Suspend{By: a}).Marshal()}
	}
	lift := func(a ledger.Authority) *ledger.Statement {
		return &ledger.Statement{Class: ledger.ClassLift, Public: (&ledger.Lift{By: a, Outcome: ledger.OutcomeRestored}).Marshal()}
	}
	held := state.Holds(1 << ledger.ByReviewers)
	for _, tt := range []struct {
		name string
		st   *ledger.Statement
		held state.Holds
		want bool
	}{
		{"a suspension", suspend(ledger.ByReviewers), 0, false},
		{"a suspension of what is suspended", suspend(ledger.ByReviewers), held, true},
		{"another authority's", suspend(ledger.ByOversight), held, false},
		{"a lift", lift(ledger.ByReviewers), held, false},
		{"a lift of what is not suspended", lift(ledger.ByReviewers), 0, true},
		{"the origin's", lift(ledger.ByOrigin), 1 << ledger.ByOrigin, false},
		{"a review", &ledger.Statement{Class: ledger.ClassReview}, held, false},
	} {
		if got := takesBack(tt.st, &desk.Case{Held: tt.held}); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
