package query

import (
	"slices"
	"strings"
	"testing"

	"comity/ledger/state"
)

// TestEveryStatusIsAWord keeps the words of status: those of the ledger.
func TestEveryStatusIsAWord(t *testing.T) {
	for s := state.StatusActive; !strings.Contains(s.String(), "("); s++ {
		if !slices.Contains(statuses, s.String()) {
			t.Errorf("status %s cannot be asked for", s)
		}
	}
}
