package readlog

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Record is one line of the log: a read, or the note that a crash was mended.
// Exactly one of Read and Mended is set.
type Record struct {
	Number uint64
	Time   uint64 // POSIX ms, by the desk's clock
	Read   *Read
	Mended *Mended
}

// Read says that somebody was given what was opened of a notice.
type Read struct {
	Officer keys.ID // access key of whoever asked
	Label   string  // of that key; "" where the ledger did not know it yet
	How     How
	Parts   Parts // what was handed out
	Notice  ledger.ID
	Entry   uint64 // of the version that was read; of the answer, where that was told
	Purpose string // why, in the officer's words
}

// Mended says that a record which was begun and never whole was cut off.
type Mended struct {
	Bytes  uint32
	Digest [sha256.Size]byte // of the bytes that were cut off
}

// Unlogged is the entry of what is read before it is in the ledger: a draft.
const Unlogged = 1<<64 - 1

// How is in which way a notice was read.
type How uint8

// The ways to read a notice.
const (
	Shown    How = 1 + iota // it was shown whole
	Found                   // a search answered with words of it
	Exported                // it was written to a file
	Linked                  // what links it to others was shown
	Told                    // words of an answer to it were told as they came
	Listed                  // words of an answer to it were shown in an inbox
	howEnd
)

var howNames = [...]string{"", "show", "search", "export", "links", "watch", "inbox"}

// String returns the word for h.
func (h How) String() string {
	if h == 0 || h >= howEnd {
		return fmt.Sprintf("how(%d)", uint8(h))
	}
	return howNames[h]
}

// Parts is a set of compartments.
type Parts uint8

// PartsOf returns the set with these compartments.
func PartsOf(list ...seal.Compartment) Parts {
	var p Parts
	for _, c := range list {
		p |= 1 << (c - seal.Card)
	}
	return p
}

// AllParts is the set of all compartments.
const AllParts = Parts(1<<(seal.Victim-seal.Card+1) - 1)

// Has reports whether the set holds c.
func (p Parts) Has(c seal.Compartment) bool { return p&PartsOf(c) != 0 }

// String returns the words for the set, "card body".
func (p Parts) String() string {
	var words []string
	for _, c := range p.Compartments() {
		words = append(words, c.String())
	}
	return strings.Join(words, " ")
}

// ParseParts returns the set with the compartments of these names.
func ParseParts(names []string) (p Parts, err error) {
next:
	for _, name := range names {
		for c := seal.Card; c <= seal.Victim; c++ {
			if c.String() == name {
				p |= PartsOf(c)
				continue next
			}
		}
		return 0, fmt.Errorf("%.20q is not card, body or victim", name)
	}
	return p, nil
}

// Compartments returns the members of the set, ascending.
func (p Parts) Compartments() (list []seal.Compartment) {
	for c := seal.Card; c <= seal.Victim; c++ {
		if p.Has(c) {
			list = append(list, c)
		}
	}
	return list
}

const (
	kindRead   = 1
	kindMended = 2

	// MaxPurpose is the length of the longest purpose, in bytes of one line of
	// UTF-8.
	MaxPurpose = 400

	// MaxReads is how many reads one Append takes.
	MaxReads = 64

	maxBody  = 1024
	frameLen = 8
	hashLen  = sha256.Size
)

// ErrMalformed is returned for bytes that are not the one encoding of a record,
// a header or a head.
var ErrMalformed = errors.New("not a record of a read log")

// CheckPurpose refuses a purpose that the log does not take: it is one line.
func CheckPurpose(s string) error {
	switch {
	case s == "" || strings.TrimSpace(s) != s:
		return errors.New("a purpose is a line of words, without space around it")
	case len(s) > MaxPurpose:
		return fmt.Errorf("the purpose has %d bytes; at most %d are kept", len(s), MaxPurpose)
	case !isLine(s):
		return errors.New("a purpose is one line of UTF-8 without control characters")
	}
	return nil
}

func isLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029' })
}

// check refuses a read that has no encoding.
func (r *Read) check() error {
	if r.How == 0 || r.How >= howEnd || r.Parts == 0 || r.Parts&^AllParts != 0 || len(r.Label) > ledger.MaxLabel || !isLine(r.Label) {
		return ErrMalformed
	}
	return CheckPurpose(r.Purpose)
}

// marshal returns the body of a record.
func (r *Record) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	if m := r.Mended; m != nil {
		b.AddUint8(kindMended)
		b.AddUint64(r.Number)
		b.AddUint64(r.Time)
		b.AddUint32(m.Bytes)
		b.AddBytes(m.Digest[:])
		return b.BytesOrPanic()
	}
	b.AddUint8(kindRead)
	b.AddUint64(r.Number)
	b.AddUint64(r.Time)
	b.AddUint8(uint8(r.Read.How))
	b.AddUint8(uint8(r.Read.Parts))
	b.AddBytes(r.Read.Officer[:])
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(r.Read.Label)) })
	b.AddBytes(r.Read.Notice[:])
	b.AddUint64(r.Read.Entry)
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(r.Read.Purpose)) })
	return b.BytesOrPanic()
}

// parseRecord is the inverse of [Record.marshal].
func parseRecord(body []byte) (*Record, error) {
	var (
		r    Record
		kind uint8
	)
	in := cryptobyte.String(body)
	if !in.ReadUint8(&kind) || !in.ReadUint64(&r.Number) || !in.ReadUint64(&r.Time) {
		return nil, ErrMalformed
	}
	switch kind {
	case kindMended:
		r.Mended = new(Mended)
		if !in.ReadUint32(&r.Mended.Bytes) || !in.CopyBytes(r.Mended.Digest[:]) || !in.Empty() {
			return nil, ErrMalformed
		}
	case kindRead:
		var label, purpose cryptobyte.String
		r.Read = new(Read)
		ok := in.ReadUint8((*uint8)(&r.Read.How)) && in.ReadUint8((*uint8)(&r.Read.Parts)) && in.CopyBytes(r.Read.Officer[:]) &&
			in.ReadUint8LengthPrefixed(&label) && in.CopyBytes(r.Read.Notice[:]) && in.ReadUint64(&r.Read.Entry) &&
			in.ReadUint16LengthPrefixed(&purpose) && in.Empty()
		if r.Read.Label, r.Read.Purpose = string(label), string(purpose); !ok || r.Read.check() != nil {
			return nil, ErrMalformed
		}
	default:
		return nil, ErrMalformed
	}
	return &r, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameSum is the checksum of a record's length: a length that is wrong would
// make of damage in the middle what looks like a crash at the end.
func frameSum(number uint64, n uint32) uint32 {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(number)
	b.AddUint32(n)
	return crc32.Checksum(b.BytesOrPanic(), castagnoli)
}

// next returns the hash of a record that follows prev.
func next(prev [hashLen]byte, body []byte) [hashLen]byte {
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(prev[:])
	h.Write(body)
	return [hashLen]byte(h.Sum(nil))
}

// frame appends a whole record to b and returns its hash.
func frame(b []byte, prev [hashLen]byte, r *Record) ([]byte, [hashLen]byte) {
	body := r.marshal()
	if len(body) > maxBody {
		panic("readlog: a record of more than 1 KiB")
	}
	f := cryptobyte.NewBuilder(b)
	f.AddUint32(uint32(len(body)))
	f.AddUint32(frameSum(r.Number, uint32(len(body))))
	f.AddBytes(body)
	hash := next(prev, body)
	f.AddBytes(hash[:])
	return f.BytesOrPanic(), hash
}
