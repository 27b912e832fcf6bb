package wire

import (
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Archived is a FINAL note that a node kept.
type Archived struct {
	Time uint64 // ledger time of the last entry under it, ms: the node's word, nothing signs it
	Note []byte
}

// MarshalArchived returns u64 time || u24-vector note, one after the other.
func MarshalArchived(list []Archived) []byte {
	b := cryptobyte.NewBuilder(nil)
	for _, a := range list {
		b.AddUint64(a.Time)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(a.Note) })
	}
	return b.BytesOrPanic()
}

// ParseArchived is the inverse of [MarshalArchived]. It does not look into the
// notes.
func ParseArchived(data []byte) ([]Archived, error) {
	in := cryptobyte.String(data)
	var list []Archived
	for !in.Empty() {
		var a Archived
		var note cryptobyte.String
		if len(list) == MaxArchived || !in.ReadUint64(&a.Time) || !in.ReadUint24LengthPrefixed(&note) || len(note) > ledger.MaxNote {
			return nil, ledger.ErrMalformed
		}
		a.Note = note
		list = append(list, a)
	}
	return list, nil
}
