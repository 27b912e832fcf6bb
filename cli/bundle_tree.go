package cli

import (
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// growing is the Merkle tree of a log of which only the roots of its complete
// subtrees are kept, largest first: as many hashes as size has bits (RFC 6962,
// 2.1).
type growing struct {
	size  uint64
	whole []tlog.Hash
}

// add appends an entry.
func (g *growing) add(entry []byte) {
	h := tlog.RecordHash(entry)
	for n := g.size; n&1 == 1; n >>= 1 {
		last := len(g.whole) - 1
		h = tlog.NodeHash(g.whole[last], h)
		g.whole = g.whole[:last]
	}
	g.whole = append(g.whole, h)
	g.size++
}

// root returns the root of what was added.
func (g *growing) root() ledger.Hash {
	if g.size == 0 {
		return ledger.EmptyRoot
	}
	last := len(g.whole) - 1
	h := g.whole[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(g.whole[i], h)
	}
	return ledger.Hash(h)
}
