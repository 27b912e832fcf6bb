package audit

import (
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is the right edge of a Merkle tree (RFC 6962, section 2.1): enough to
// let it grow, and for the root at its end.
type frontier struct {
	size uint64
	edge [64]tlog.Hash // by level, the last complete subtree
}

// add appends a leaf. store, if not nil, is given the hashes of the subtrees that
// this completes, in the order of package tlog.
func (f *frontier) add(h tlog.Hash, store func([]byte) error) error {
	for level := 0; ; level++ {
		if store != nil {
			if err := store(h[:]); err != nil {
				return err
			}
		}
		if f.size>>level&1 == 0 {
			f.edge[level] = h
			f.size++
			return nil
		}
		h = tlog.NodeHash(f.edge[level], h)
	}
}

// root returns the root of all entries.
func (f *frontier) root() ledger.Hash {
	var h tlog.Hash
	some := false
	for level := range f.edge {
		switch {
		case f.size>>level&1 == 0:
		case !some:
			h, some = f.edge[level], true
		default:
			h = tlog.NodeHash(f.edge[level], h)
		}
	}
	if !some {
		return ledger.EmptyRoot
	}
	return ledger.Hash(h)
}

// tree is a Merkle tree that grows in a file: the stored hashes of package tlog,
// in their order.
type tree struct {
	frontier
	hashes *list
	first  int64 // stored-hash index of the first of hashes
	base   *tree // has the hashes before that; nil where first is 0
}

// branch returns a tree with the same entries that grows on its own.
func (t *tree) branch(hashes *list) *tree {
	return &tree{frontier: t.frontier, hashes: hashes, first: tlog.StoredHashIndex(0, int64(t.size)), base: t}
}

// add appends a leaf.
func (t *tree) add(h tlog.Hash) error { return t.frontier.add(h, t.hashes.add) }

// ReadHashes implements [tlog.HashReader].
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		at := t
		for x < at.first {
			at = at.base
		}
		if err := at.hashes.get(x-at.first, out[i][:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// root returns the root of the first size entries. There are so many.
func (t *tree) root(size uint64) (ledger.Hash, error) {
	h, err := tlog.TreeHash(int64(size), t)
	return ledger.Hash(h), err
}
