package ledger_test

import (
	"fmt"
	"testing"

	"comity/ledger"
)

// BenchmarkReceipt verifies a receipt as an auditor does, with all cosignatures of
// its note: those of a quorum, and those of every bureau.
func BenchmarkReceipt(b *testing.B) {
	for _, n := range []int{5, 15} {
		for _, by := range []int{ledger.Quorum(n), n} {
			b.Run(fmt.Sprintf("members=%d/cosigners=%d", n, by), func(b *testing.B) {
				l := enrolled(b, n)
				r := l.receipt(b, 0, l.note(b, l.Bureaus[:by]...))
				leaf, policy := l.entries[0].LeafHash(), l.Genesis.PolicyAt(0)
				for b.Loop() {
					if _, _, err := r.Verify(policy, leaf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
