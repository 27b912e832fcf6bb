package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"comity/ledger"
)

// Span is what a node says that it holds as the entries from one index up to
// another, in 64 bytes:
//
//	root[32] at the end of the span || SHA-256( u64 ledger time of each entry )
//
// The root covers the entries and nothing covers their ledger times, which nobody
// signs: of those a node can learn only what others say too.
type Span struct {
	Root  ledger.Hash
	Times ledger.Hash
}

// SpanLen is the length of a marshalled Span.
const SpanLen = 64

// Marshal returns the encoding of s.
func (s *Span) Marshal() []byte { return append(s.Root[:], s.Times[:]...) }

// ParseSpan is the inverse of [Span.Marshal].
func ParseSpan(data []byte) (*Span, error) {
	if len(data) != SpanLen {
		return nil, ledger.ErrMalformed
	}
	return &Span{ledger.Hash(data[:32]), ledger.Hash(data[32:])}, nil
}

// Times hashes ledger times for a Span.
type Times struct{ h hash.Hash }

// NewTimes returns the hash of no times.
func NewTimes() *Times { return &Times{sha256.New()} }

// Add adds the ledger time of the next entry.
func (t *Times) Add(time uint64) { t.h.Write(binary.BigEndian.AppendUint64(nil, time)) }

// Sum returns the hash of what was added.
func (t *Times) Sum() ledger.Hash { return ledger.Hash(t.h.Sum(nil)) }
