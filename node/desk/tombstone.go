package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/client"
)

// Tombstone is what is left of an entry whose text the ledger has purged.
type Tombstone struct {
	*ledger.Exhibit                 // without the body
	Verdict         *ledger.Verdict // of the entry: all but the body
	PurgedBy        string          // bureau whose officer signed the purge
	PurgeIndex      uint64
	PurgedAt        uint64 // ledger time, POSIX ms
	Reason          ledger.Reason
}

// Tombstone verifies what is left of a purged entry, as [Desk.Exhibit] does for
// others, and the purge that took its text.
func (d *Desk) Tombstone(ctx context.Context, c *client.Client, index uint64) (*Tombstone, error) {
	t, err := d.tombstone(ctx, c, index)
	if err != nil {
		return nil, fmt.Errorf("what is left of entry %d: %w", index, err)
	}
	return t, nil
}

func (d *Desk) tombstone(ctx context.Context, c *client.Client, index uint64) (*Tombstone, error) {
	purges, err := d.PurgedSince(0)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(purges, func(p Purged) bool { return slices.Contains(p.Entries, index) })
	if at < 0 {
		return nil, errors.New("no purge is of it")
	}
	p := purges[at]
	t := &Tombstone{PurgeIndex: p.By}
	if _, err := d.Body(index); !errors.Is(err, store.ErrPurged) {
		return nil, errors.Join(errors.New("its text is not purged"), err)
	}
	if t.Exhibit, err = d.bodiless(ctx, c, index); err != nil {
		return nil, err
	}
	// The one thing that may be wrong with it is that the body is not there.
	if t.Verdict, err = t.Exhibit.Verify(d.Genesis()); t.Verdict == nil {
		return nil, err
	}
	x, err := d.Exhibit(ctx, c, p.By)
	if err != nil {
		return nil, err
	}
	v, err := x.Verify(d.Genesis())
	if err != nil {
		return nil, err
	}
	said, err := ledger.ParsePurge(x.Item.Entry.Statement.Public)
	if err != nil || x.Item.Entry.Statement.Class != ledger.ClassPurge || x.Item.Entry.Statement.Target != p.ID {
		return nil, errors.Join(fmt.Errorf("entry %d does not purge it", p.By), err)
	}
	if t.PurgedAt, _, err = d.store.Entry(p.By); err != nil {
		return nil, err
	}
	t.PurgedBy, t.Reason = v.Signers[0].Bureau, said.Reason
	return t, nil
}
