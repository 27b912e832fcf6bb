package ledger

import (
	"bytes"
	"errors"
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/seal"

	"golang.org/x/crypto/cryptobyte"
)

// Disclosure is an exhibit with the content keys of some parts of its body:
// whoever has it and the charter reads those parts, and sees that they are what
// the author sealed and signed. The other parts stay sealed.
type Disclosure struct {
	*Exhibit
	Keys []DisclosedKey // ascending by compartment
}

// DisclosedKey is the content key of one part.
type DisclosedKey struct {
	Compartment seal.Compartment
	Key         seal.ContentKey
}

// Bounds of a file of disclosures.
const (
	MaxDisclosures    = 3 // the notice, the announcement of its export, the consent
	MaxDisclosureFile = MaxDisclosures * (MaxExhibit + 256)
)

var disclosureHeader = []byte("comity disclosure v1\n")

// MarshalDisclosures returns the bytes of disclosures: the header line, u8 count,
// then for each u24-vector exhibit, u8 number of keys, and per key u8 compartment
// and key[32]. It panics on more than [MaxDisclosures].
func MarshalDisclosures(list []Disclosure) []byte {
	if len(list) > MaxDisclosures {
		panic("ledger: too many disclosures")
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(disclosureHeader)
	b.AddUint8(uint8(len(list)))
	for _, d := range list {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(d.Exhibit.Marshal()) })
		b.AddUint8(uint8(len(d.Keys)))
		for _, k := range d.Keys {
			b.AddUint8(uint8(k.Compartment))
			b.AddBytes(k.Key[:])
		}
	}
	return b.BytesOrPanic()
}

// ParseDisclosures is the inverse of [MarshalDisclosures]. It verifies nothing.
func ParseDisclosures(data []byte) ([]Disclosure, error) {
	rest, ok := bytes.CutPrefix(data, disclosureHeader)
	if !ok || len(data) > MaxDisclosureFile {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(rest)
	var count uint8
	if !in.ReadUint8(&count) || count == 0 || count > MaxDisclosures {
		return nil, ErrMalformed
	}
	list := make([]Disclosure, count)
	for i := range list {
		d := &list[i]
		var raw cryptobyte.String
		var keys, compartment uint8
		if !in.ReadUint24LengthPrefixed(&raw) || !in.ReadUint8(&keys) || keys > uint8(seal.Victim) {
			return nil, ErrMalformed
		}
		var err error
		if d.Exhibit, err = ParseExhibit(raw); err != nil {
			return nil, err
		}
		for last := uint8(0); keys > 0; keys-- {
			var k DisclosedKey
			if !in.ReadUint8(&compartment) || compartment <= last || compartment > uint8(seal.Victim) || !in.CopyBytes(k.Key[:]) {
				return nil, ErrMalformed
			}
			k.Compartment, last = seal.Compartment(compartment), compartment
			d.Keys = append(d.Keys, k)
		}
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return list, nil
}

// ErrNotDisclosed is returned for a content key that opens nothing of the body.
var ErrNotDisclosed = errors.New("a key in the file does not open the part it is for")

// Open opens the disclosed parts. Call [Exhibit.Verify] first: it is what shows
// that the body is the signed one.
func (d *Disclosure) Open() ([]seal.Opened, error) {
	body, err := seal.Parse(d.Item.Body)
	if err != nil {
		return nil, err
	}
	ctx := seal.Context{Ledger: keys.ID(d.Ledger), Author: d.Item.Entry.Statement.Author}
	list := make([]seal.Opened, len(d.Keys))
	for i, k := range d.Keys {
		if list[i], err = body.OpenDisclosed(ctx, k.Compartment, k.Key); err != nil {
			return nil, fmt.Errorf("%s: %w", k.Compartment, ErrNotDisclosed)
		}
	}
	return list, nil
}
