package desk

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"

	"comity/ledger"
	"comity/node/client"

	"golang.org/x/mod/sumdb/tlog"
)

// vouch makes sure that the staged entries are the beginning of a FINAL
// history before the rest of that history is here. The receipt of the last
// staged entry does it: its path runs from that leaf to a cosigned root, and on
// the left it is made of the roots of all that comes before.
func (d *Desk) vouch(ctx context.Context, c *client.Client, target sealedNote, s *staged) error {
	size := s.size()
	last := s.changes.Records[len(s.changes.Records)-1].Item.Entry
	r, err := c.Receipt(ctx, size-1, 0)
	if err != nil {
		return err
	}
	lie := func(reason string) error {
		return &Dishonest{Node: c.String(), Reason: fmt.Sprintf("receipt of entry %d: %s", size-1, reason), Note: r.Note}
	}
	note := target // what a node whose log has not grown meanwhile sends again
	if !bytes.Equal(r.Note, target.note) {
		if note, err = d.openNote(r.Note); err != nil {
			return lie(err.Error())
		}
	}
	if size > note.Size || tlog.CheckRecord(r.Proof, int64(note.Size), tlog.Hash(note.Root), int64(size-1), last.LeafHash()) != nil {
		return lie(ledger.ErrNotIncluded.Error())
	}
	same, err := samePast(r.Proof, size, note.Size, s)
	if err != nil {
		return err
	}
	if !same {
		return &Dishonest{Node: c.String(), Reason: "its entries are not the ones under its checkpoint", Note: r.Note, Cosigned: &note.Checkpoint,
			Computed: &ledger.Checkpoint{Origin: d.policy.Origin, Size: size, Root: s.changes.Head.Root}}
	}
	return d.keepAhead(note)
}

// samePast reports whether all hashes to the left in the inclusion path (RFC
// 6962, 2.1.1) of leaf size-1 in a tree of total leaves are those of our tree.
// With a path that leads to the root of that tree, this makes our first size
// leaves its first size leaves.
func samePast(path tlog.RecordProof, size, total uint64, ours tlog.HashReader) (bool, error) {
	// The path is given from the leaf up; we go from the root down. Every left
	// subtree is complete: 2^level leaves from a multiple of 2^level on.
	leaf, lo, hi := size-1, uint64(0), total
	for i := len(path) - 1; i >= 0 && hi-lo > 1; i-- {
		level := bits.Len64(hi-lo-1) - 1
		middle := lo + 1<<level
		if leaf < middle {
			hi = middle
			continue
		}
		h, err := ours.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(lo>>level))})
		if err != nil {
			return false, fmt.Errorf("compare with our tree: %w", err)
		}
		if h[0] != path[i] {
			return false, nil
		}
		lo = middle
	}
	return hi-lo == 1, nil
}
