package node

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
)

// What the log costs with its guards: one write of a command of the size of one
// notice and of a full group, and one read. node/DESIGN.md has the figures.
func BenchmarkGuardStore(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		open := func(b *testing.B) (*GuardStore, []byte) {
			g, err := OpenGuardStore(filepath.Join(b.TempDir(), "raft.db"), GuardOptions{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { g.Close() })
			data := make([]byte, size)
			rand.Read(data)
			b.SetBytes(int64(size))
			return g, data
		}
		b.Run(fmt.Sprintf("store/%dKiB", size>>10), func(b *testing.B) {
			g, data := open(b)
			for i := uint64(1); b.Loop(); i++ {
				if err := g.StoreLog(&raft.Log{Index: i, Term: 1, Data: data}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("get/%dKiB", size>>10), func(b *testing.B) {
			g, data := open(b)
			if err := g.StoreLog(&raft.Log{Index: 1, Term: 1, Data: data}); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := g.GetLog(1, new(raft.Log)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
