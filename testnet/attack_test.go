//go:build hostile

package testnet

import (
	"strings"
	"testing"
)

// attack runs one attack and shows what came of it.
func attack(t *testing.T, name string, o AttackOptions) *AttackResult {
	t.Helper()
	r, err := RunAttack(t.Context(), name, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s by %s, %.1f s\n  %s", name, r.Foe, r.Seconds, strings.Join(r.Tried, "\n  "))
	for _, n := range r.Nodes {
		t.Logf("%s: %d entries, %d FINAL, alarms %q\n  %s", n.Bureau, n.Size, n.Final, n.Alarms, strings.Join(n.Did, "\n  "))
	}
	t.Logf("measured: %s; evidence: %q", strings.Join(r.Measured, "; "), r.Evidence)
	return r
}

func TestAttacks(t *testing.T) {
	for _, a := range Attacks() {
		t.Run(a.Name, func(t *testing.T) {
			if !a.alone {
				t.Parallel()
			}
			r := attack(t, a.Name, AttackOptions{Shared: !a.alone})
			broken := strings.Join(r.Broken, "\n")
			switch {
			case a.Gap != "" && r.Held:
				t.Errorf("it holds; is this closed? %s", a.Gap)
			case a.Gap != "":
				t.Logf("known: %s\n%s", a.Gap, broken)
			case !r.Held:
				t.Errorf("did not hold:\n%s", broken)
			}
		})
	}
}
