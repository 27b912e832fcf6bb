package follow

import (
	"bytes"
	"context"
	"fmt"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/client"

	"golang.org/x/mod/sumdb/tlog"
)

// vouch makes sure that the staged entries are the beginning of a FINAL
// history before the rest of that history is here. The receipt of the last
// staged entry does it: its path runs from that leaf to a cosigned root, and on
// the left it is made of the roots of all that comes before.
func (cp *Copy) vouch(ctx context.Context, c *client.Client, target sealedNote, s *store.Staged) error {
	size := s.Size()
	last := s.Changes.Records[len(s.Changes.Records)-1].Item.Entry
	r, err := c.Receipt(ctx, size-1, 0)
	if err != nil {
		return err
	}
	lie := func(reason string) error {
		return &Dishonest{Node: c.String(), Reason: fmt.Sprintf("receipt of entry %d: %s", size-1, reason), Note: r.Note}
	}
	note := target // what a node whose log has not grown meanwhile sends again
	if !bytes.Equal(r.Note, target.note) {
		if note, err = cp.openNote(r.Note); err != nil {
			return lie(err.Error())
		}
	}
	if size > note.Size || tlog.CheckRecord(r.Proof, int64(note.Size), tlog.Hash(note.Root), int64(size-1), last.LeafHash()) != nil {
		return lie(ledger.ErrNotIncluded.Error())
	}
	same, err := ledger.SamePast(r.Proof, size, note.Size, s)
	if err != nil {
		return err
	}
	if !same {
		return &Dishonest{Node: c.String(), Reason: "its entries are not the ones under its checkpoint", Note: r.Note, Cosigned: &note.Checkpoint,
			Computed: &ledger.Checkpoint{Origin: cp.genesis.Origin(), Size: size, Root: s.Changes.Head.Root}}
	}
	return cp.keepAhead(note)
}
