package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/client"
	"comity/node/wire"
)

// complete returns an error for a record without the body that it names, unless
// the ledger purges that body. The entry comes long before its purge, so that the
// state does not tell; the node names the purge, and its receipt shows that it is
// in the ledger. Nothing of the chunk is kept otherwise: a Sync with another node
// goes on where this one ended.
func (cp *Copy) complete(ctx context.Context, c *client.Client, chunk *chunk) error {
	shown := make(map[uint64]*ledger.Entry) // purges
	for i, r := range chunk.records {
		if !r.Purged {
			continue // its form was checked with the body's hash
		}
		index := chunk.from + uint64(i)
		withheld := &Dishonest{Node: c.String(), Reason: fmt.Sprintf("entry %d: %s, and was not purged", index, ErrWithheld)}
		if r.PurgedBy <= index {
			return withheld
		}
		p := shown[r.PurgedBy]
		if p == nil {
			var err error
			if p, err = cp.shownPurge(ctx, c, r.PurgedBy); err != nil {
				return fmt.Errorf("the purge of entry %d: %w", index, err)
			}
			shown[r.PurgedBy] = p
		}
		if !r.PurgedIn(p.Statement) {
			return withheld
		}
	}
	return nil
}

// finalWait is how long a node may wait for the FINAL checkpoint of a purge.
const finalWait = 10 * time.Second

// shownPurge returns the entry at index, which may be beyond what is synced, with a
// receipt that shows that it is in the ledger.
func (cp *Copy) shownPurge(ctx context.Context, c *client.Client, index uint64) (*ledger.Entry, error) {
	var e *ledger.Entry
	if _, err := c.Records(ctx, index, 1, func(r *wire.Record) error {
		e = r.Entry
		return nil
	}); err != nil {
		return nil, err
	}
	if e == nil {
		return nil, &Dishonest{Node: c.String(), Reason: fmt.Sprintf("it says that entry %d purges a body, and has no such entry", index)}
	}
	r, err := c.Receipt(ctx, index, finalWait)
	if err != nil { // it may not be FINAL yet
		return nil, err
	}
	if _, _, err := r.Verify(cp.Members(), e.LeafHash()); err != nil || r.Index != index {
		return nil, &Dishonest{Node: c.String(), Reason: fmt.Sprintf("receipt of entry %d: %v", index, errors.Join(err, errOtherIndex(r.Index, index))), Note: r.Note}
	}
	return e, nil
}

func errOtherIndex(got, want uint64) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("it is the one of entry %d", got)
}
