package wire

import (
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// ParseItems is the inverse of [MarshalItems]: one to [ledger.MaxBatch] items.
func ParseItems(data []byte) ([]ledger.Item, error) {
	if len(data) == 0 || len(data) > MaxForward {
		return nil, ledger.ErrMalformed
	}
	in := cryptobyte.String(data)
	var items []ledger.Item
	for !in.Empty() {
		if len(items) == ledger.MaxBatch {
			return nil, ledger.ErrMalformed
		}
		it, err := ledger.ReadItem(&in)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, nil
}

// MarshalItems returns the body of a forward: the items one after the other.
func MarshalItems(items []ledger.Item) []byte {
	var b []byte
	for i := range items {
		b = append(b, items[i].Marshal()...)
	}
	return b
}
