//go:build hostile

package testnet

import (
	"strings"
	"testing"

	"comity/node"
)

// TestAttackSucceedsWithoutGuard takes guards away: what the attack tests check
// must then be broken, or they do not see.
func TestAttackSucceedsWithoutGuard(t *testing.T) {
	for _, tt := range []struct {
		name, attack string
		off          node.Guards
		want         string // in what did not hold
	}{
		{"forged statements in the log", "forge", node.Guards{Elections: true, Filter: true, Signatures: true}, "has the forged statement"},
		{"overwritten without an election", "overwrite", node.Guards{Elections: true, Log: true}, "committed records of its durable Raft log were replaced"},
		{"overwritten by an elected leader", "overwrite", node.Guards{Log: true}, "committed records of its durable Raft log were replaced"},
		{"exchanged after the commit", "reorder-after", node.Guards{Log: true}, "committed records of its durable Raft log were replaced"},
		{"other members", "reconfigure", node.Guards{Elections: true, Filter: true}, "the members are"},
		{"committed without an election", "early-commit", node.Guards{Elections: true, Log: true, Witness: true}, "has another history than the others, and nobody says so"},
		{"a fork that nobody sees", "fork", node.Guards{Witness: true}, "has another history than the others, and nobody says so"},
		{"two cosignatures that nobody compares", "equivocate", node.Guards{Witness: true}, "no honest node has written evidence"},
		{"an old snapshot", "old-snapshot", node.Guards{Elections: true, Filter: true, Snapshots: true}, ""},
		{"lies to a newcomer", "lying-catchup", node.Guards{Snapshots: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := attack(t, tt.attack, AttackOptions{Off: tt.off, Shared: true})
			if r.Held {
				t.Fatalf("the attack %s fails although %+v are off: the test does not see", tt.attack, tt.off)
			}
			if all := strings.Join(r.Broken, "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("did not hold:\n%s\nwant %q", all, tt.want)
			}
		})
	}
}
