package desk

import (
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger/state"
)

// Author returns the end of an author's chain as far as the desk is.
func (d *Desk) Author(id keys.ID) (state.Author, error) { return state.ReadAuthor(d.store, id) }

// Key returns what the ledger knows about a key, nil when it knows none.
func (d *Desk) Key(id keys.ID) (*state.Key, error) { return state.ReadKey(d.store, id) }

// Sealing returns the current sealing key of a bureau, nil when it has none.
func (d *Desk) Sealing(bureau string, c seal.Compartment) (*keys.Recipient, error) {
	return state.ReadSealing(d.store, bureau, c)
}

// KnownKey is a key with its id and, for a sealing key, its compartment.
type KnownKey struct {
	ID keys.ID
	state.Key
	Compartment seal.Compartment // UseSeal
}

// Keys returns the keys of a bureau, or of all for "": those of members
// first, then those enrolled, in log order, revoked ones included.
func (d *Desk) Keys(bureau string) ([]KnownKey, error) {
	enrols, err := d.enrols.read(d.store)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	var list []KnownKey
	add := func(id keys.ID, c seal.Compartment) error {
		k, err := d.Key(id)
		if err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		if k != nil && (bureau == "" || k.Bureau == bureau) {
			list = append(list, KnownKey{id, *k, c})
		}
		return nil
	}
	for _, m := range d.everMembers() {
		for _, id := range []keys.ID{keys.SigningID(m.Root), m.Node.TLS, m.Access} {
			if err := add(id, 0); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range enrols {
		if err := add(k.id, k.compartment); err != nil {
			return nil, err
		}
	}
	return list, nil
}
