package audit

import (
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is a Merkle tree that grows in a file: the stored hashes of package tlog,
// in their order.
type tree struct {
	hashes *list
	first  int64 // stored-hash index of the first of hashes
	base   *tree // has the hashes before that; nil where first is 0
	size   uint64
	edge   [64]tlog.Hash // by level, the last complete subtree
}

// branch returns a tree with the same entries that grows on its own.
func (t *tree) branch(hashes *list) *tree {
	return &tree{hashes: hashes, first: tlog.StoredHashIndex(0, int64(t.size)), base: t, size: t.size, edge: t.edge}
}

// add appends a leaf (RFC 6962, section 2.1).
func (t *tree) add(h tlog.Hash) error {
	if err := t.hashes.add(h[:]); err != nil {
		return err
	}
	level := 0
	for ; t.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.edge[level], h)
		if err := t.hashes.add(h[:]); err != nil {
			return err
		}
	}
	t.edge[level] = h
	t.size++
	return nil
}

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
