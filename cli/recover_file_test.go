package cli

import (
	"testing"
	"time"

	"comity/ledger"
)

// Who plans does not move the ledger's time: nobody signs a plan from the future.
func TestPlanIsTimely(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for ahead, ok := range map[time.Duration]bool{-time.Hour: true, time.Minute: true, time.Hour: false, 50 * 365 * 24 * time.Hour: false} {
		p := &recoveryPlan{recover: &ledger.Recover{Time: uint64(now.Add(ahead).UnixMilli())}}
		if err := p.timely(now); (err == nil) != ok {
			t.Errorf("%s ahead: %v", ahead, err)
		}
	}
}
