package state

import (
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
)

// Doubt is why an entry deserves a look: a bureau has said that a key may have been
// in other hands when it signed the entry, or when it enrolled who did. The entry
// stays valid, for it was signed with a key that was good at its position.
type Doubt struct {
	Bureau string
	Label  string
	Key    keys.ID
	From   uint64 // index from which on the bureau is in doubt
}

// String says it in words.
func (d *Doubt) String() string {
	return fmt.Sprintf("%s says that key %s (%s) may have been in other hands from entry %d on: ask %s before you rely on it",
		d.Bureau, d.Key.Short(), d.Label, d.From, d.Bureau)
}

// ReadDoubt returns why the entry at this index deserves a look, nil where nobody
// has said so of a key that signed it, nor of a registrar who enrolled one then.
func ReadDoubt(v View, e *ledger.Entry, index uint64) (*Doubt, error) {
	for i := range e.Signatures {
		id := e.Signatures[i].Key
		k, err := ReadKey(v, id)
		if k == nil || err != nil {
			return nil, err
		}
		if d := k.doubt(id, index); d != nil {
			return d, nil
		}
		if k.By == (keys.ID{}) {
			continue
		}
		by, err := ReadKey(v, k.By)
		if by == nil || err != nil {
			return nil, err
		}
		if d := by.doubt(k.By, k.EnrolledAt); d != nil {
			return d, nil
		}
	}
	return nil, nil
}

func (k *Key) doubt(id keys.ID, index uint64) *Doubt {
	if k.DoubtedFrom == 0 || index < k.DoubtedFrom-1 {
		return nil
	}
	return &Doubt{k.Bureau, k.Label, id, k.DoubtedFrom - 1}
}
