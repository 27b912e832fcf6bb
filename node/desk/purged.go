package desk

import (
	"fmt"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
)

// Purged is a notice, or a reply, whose bodies the ledger has purged. The replica
// has destroyed them; who keeps anything that was made of them destroys that.
type Purged struct {
	ID      ledger.ID // of the publish statement, or of the reply
	Entries []uint64  // those with its bodies, the last one first
	By      uint64    // index of the purge
}

// Purges returns the purges of the replica from the k-th on, from 0, in log order.
// Who keeps on disk what was made of bodies keeps there, in the same step, how
// many purges it has carried out, and asks from there on after each Sync and when
// it starts: so none is missed, wherever it dies.
func (d *Desk) Purges(k uint64) ([]Purged, error) {
	n, err := state.ReadPurges(d.store)
	if err != nil {
		return nil, fmt.Errorf("read purges: %w", err)
	}
	var out []Purged
	for ; k < n; k++ {
		p, err := d.purgedAt(k)
		if err != nil {
			return nil, fmt.Errorf("read purge %d: %w", k, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (d *Desk) purgedAt(k uint64) (Purged, error) {
	id, err := state.ReadPurgeAt(d.store, k)
	if err != nil {
		return Purged{}, err
	}
	p, err := state.ReadPurge(d.store, id)
	if err != nil {
		return Purged{}, err
	}
	if p == nil {
		return Purged{}, fmt.Errorf("purge %s is not there: %w", id.Short(), store.ErrCorrupt)
	}
	entries, err := state.Bodies(d.store, p.Target)
	return Purged{ID: p.Target, Entries: entries, By: p.Index}, err
}

// forget forgets what was opened of bodies that are gone.
func (o *opener) forget(d *Desk, entries []uint64) error {
	if len(entries) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.epoch++ // what is being opened at this moment is not kept
	for _, i := range entries {
		id, _, err := state.BodyOf(d.store, i)
		if err != nil {
			return err
		}
		delete(o.notices, id)
		delete(o.replies, i)
	}
	return nil
}
