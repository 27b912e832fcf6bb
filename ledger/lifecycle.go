package ledger

import "golang.org/x/crypto/cryptobyte"

// Reason says, in the clear, why something is purged. It says nothing about a
// person: that somebody asked for it is one with an order here.
type Reason uint8

// The reasons of a purge.
const (
	ReasonOver      Reason = 1 + iota // the case is over
	ReasonRetention                   // the time for which it may be kept has passed
	ReasonOrder                       // a court, an oversight body or a data protection rule wants it
	reasonsEnd
)

var reasonNames = [...]string{"", "over", "retention", "order"}

// String returns the name of r.
func (r Reason) String() string { return nameOf(reasonNames[:], uint8(r), "reason") }

// Purge holds the clear fields of a purge: the sealed bodies of a notice, or of
// one reply, are to be destroyed wherever the ledger is kept. The entries stay.
type Purge struct {
	Reason Reason
}

// Marshal returns the encoding of p: u8 reason.
func (p *Purge) Marshal() []byte { return []byte{byte(p.Reason)} }

// ParsePurge is the inverse of [Purge.Marshal].
func ParsePurge(data []byte) (*Purge, error) {
	var p Purge
	in := cryptobyte.String(data)
	if !in.ReadUint8((*uint8)(&p.Reason)) || p.Reason == 0 || p.Reason >= reasonsEnd || !in.Empty() {
		return nil, ErrMalformed
	}
	return &p, nil
}
