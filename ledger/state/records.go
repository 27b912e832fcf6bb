package state

import (
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Use says what a known key is for.
type Use uint8

// The uses of keys: those of the charter, and those that enrolments give.
const (
	UseRoot   Use = 1 + iota // a bureau's root key
	UseNode                  // TLS key of a node
	UseSign                  // an officer's signing key
	UseSeal                  // a sealing key
	UseAccess                // TLS key of a client
	UseCosign                // Ed25519 cosigning key of a node, with which it acknowledges purges
)

// Key is what the ledger knows about a key.
type Key struct {
	Bureau     string
	Use        Use
	Roles      ledger.Roles
	Label      string
	Public     []byte // Ed25519 key of UseRoot, UseSign and UseCosign, empty otherwise
	EnrolledAt uint64 // index of the enrolment, or of the rotation that brought it; 0 for keys of the charter
	RevokedAt  uint64 // index of the revocation, of the rotation that replaced it, or of the epoch without the bureau, + 1; 0 while valid

	DoubtedFrom uint64  // index from which on what it signed deserves a look, + 1; 0 when it does not. See [ReadDoubt]
	Next        keys.ID // that a rotation put in its place; zero if none did
	By          keys.ID // of the registrar who enrolled it; zero where a root did
}

// Registrar reports whether the key may enrol, replace and revoke keys of its
// bureau in place of the root.
func (k *Key) Registrar() bool { return k.Use == UseSign && k.Roles&ledger.RoleRegistrar != 0 }

// Distrusted reports whether the bureau ended the key and put none in its place, or
// doubts what it signed: whoever holds it may not be who should.
func (k *Key) Distrusted() bool {
	return k.RevokedAt != 0 && k.Next == (keys.ID{}) || k.DoubtedFrom != 0
}

func (k *Key) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes([]byte(k.Bureau))
	b.AddUint8(uint8(k.Use))
	b.AddUint16(uint16(k.Roles))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(k.Label)) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(k.Public) })
	b.AddUint64(k.EnrolledAt)
	b.AddUint64(k.RevokedAt)
	if k.DoubtedFrom != 0 || k.Next != (keys.ID{}) || k.By != (keys.ID{}) {
		b.AddUint64(k.DoubtedFrom)
		b.AddBytes(k.Next[:])
		b.AddBytes(k.By[:])
	}
	return b.BytesOrPanic()
}

func parseKey(data []byte) *Key {
	var (
		k                  Key
		code, label, publc cryptobyte.String
	)
	in := cryptobyte.String(data)
	if !in.ReadBytes((*[]byte)(&code), 2) || !in.ReadUint8((*uint8)(&k.Use)) || !in.ReadUint16((*uint16)(&k.Roles)) ||
		!in.ReadUint8LengthPrefixed(&label) || !in.ReadUint8LengthPrefixed(&publc) ||
		!in.ReadUint64(&k.EnrolledAt) || !in.ReadUint64(&k.RevokedAt) ||
		!in.Empty() && (!in.ReadUint64(&k.DoubtedFrom) || !in.CopyBytes(k.Next[:]) || !in.CopyBytes(k.By[:]) || !in.Empty()) {
		return nil
	}
	k.Bureau, k.Label, k.Public = string(code), string(label), publc
	return &k
}

// Author is the end of an author's chain of statements.
type Author struct {
	Seq  uint64    // of the next statement
	Prev ledger.ID // id of the last one
}

// Head is the end of the log as applied.
type Head struct {
	Size   uint64
	Root   ledger.Hash
	Time   uint64      // ledger time of the last entry, POSIX ms
	Digest ledger.Hash // chain over the changes of every entry, to compare two replays
}

func (h *Head) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(h.Size)
	b.AddBytes(h.Root[:])
	b.AddUint64(h.Time)
	b.AddBytes(h.Digest[:])
	return b.BytesOrPanic()
}

// Collected is a checkpoint with the cosignatures that the log holds for it.
type Collected struct {
	Size   uint64
	Root   ledger.Hash
	Cosigs []*ledger.Cosignature // in log order, one per node
}

// By reports whether the node has cosigned.
func (c *Collected) By(node string) bool {
	for _, s := range c.Cosigs {
		if s.Node == node {
			return true
		}
	}
	return false
}

// Marshal returns the encoding of c, as the state and manifests hold it.
func (c *Collected) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint64(c.Size)
	b.AddBytes(c.Root[:])
	b.AddUint8(uint8(len(c.Cosigs)))
	for _, s := range c.Cosigs {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(s.Marshal()) })
	}
	return b.BytesOrPanic()
}

// ParseCollected is the inverse of [Collected.Marshal].
func ParseCollected(data []byte) (*Collected, error) {
	var (
		c     Collected
		count uint8
	)
	in := cryptobyte.String(data)
	if !in.ReadUint64(&c.Size) || !in.CopyBytes(c.Root[:]) || !in.ReadUint8(&count) {
		return nil, ledger.ErrMalformed
	}
	for range count {
		var raw cryptobyte.String
		if !in.ReadUint16LengthPrefixed(&raw) {
			return nil, ledger.ErrMalformed
		}
		s, err := ledger.ParseCosignature(raw)
		if err != nil {
			return nil, err
		}
		c.Cosigs = append(c.Cosigs, s)
	}
	if !in.Empty() {
		return nil, ledger.ErrMalformed
	}
	return &c, nil
}

// ReadKey returns what the state knows about a key, nil when it knows none. The
// keys that a bureau had when it left are revoked from that position on.
func ReadKey(v View, id keys.ID) (*Key, error) {
	k, err := read(v, TableKeys, id[:], func(data []byte) (*Key, bool) {
		k := parseKey(data)
		return k, k != nil
	})
	if err != nil || k == nil || k.RevokedAt != 0 {
		return k, err
	}
	left, err := readLeft(v, k.Bureau)
	if err != nil {
		return nil, err
	}
	for _, from := range left {
		if k.EnrolledAt < from {
			k.RevokedAt = from
			break
		}
	}
	return k, nil
}

// ReadAuthor returns the end of the chain of an author; the zero Author when
// there is no statement yet.
func ReadAuthor(v View, id keys.ID) (Author, error) {
	a, err := read(v, TableAuthors, id[:], func(data []byte) (*Author, bool) {
		var a Author
		in := cryptobyte.String(data)
		return &a, in.ReadUint64(&a.Seq) && in.CopyBytes(a.Prev[:]) && in.Empty()
	})
	if a == nil || err != nil {
		return Author{}, err
	}
	return *a, nil
}

// ReadIndex returns the index of the entry with this statement id.
func ReadIndex(v View, id ledger.ID) (index uint64, ok bool, err error) {
	p, err := read(v, TableIDs, id[:], func(data []byte) (*uint64, bool) {
		in := cryptobyte.String(data)
		return &index, in.ReadUint64(&index) && in.Empty()
	})
	return index, p != nil, err
}

// ReadSealing returns the current sealing key of a bureau for a compartment,
// nil when it has enrolled none.
func ReadSealing(v View, bureau string, c seal.Compartment) (*keys.Recipient, error) {
	return read(v, TableSealing, sealingKey(bureau, c), func(data []byte) (*keys.Recipient, bool) {
		r, err := keys.RecipientFromBytes(data)
		return r, err == nil
	})
}

// ReadHead returns the head; the zero Head before genesis.
func ReadHead(v View) (Head, error) {
	h, err := read(v, TableMeta, []byte("head"), func(data []byte) (*Head, bool) {
		var h Head
		in := cryptobyte.String(data)
		return &h, in.ReadUint64(&h.Size) && in.CopyBytes(h.Root[:]) && in.ReadUint64(&h.Time) &&
			in.CopyBytes(h.Digest[:]) && in.Empty()
	})
	if h == nil || err != nil {
		return Head{}, err
	}
	return *h, nil
}

// ReadPending returns the checkpoint that nodes are asked to cosign, nil when
// every entry is under a FINAL one.
func ReadPending(v View) (*Collected, error) { return readCollected(v, metaPending) }

// ReadFinal returns the last FINAL checkpoint, nil when there is none yet.
func ReadFinal(v View) (*Collected, error) { return readCollected(v, metaFinal) }

func readCollected(v View, key string) (*Collected, error) {
	return read(v, TableMeta, []byte(key), func(data []byte) (*Collected, bool) {
		c, err := ParseCollected(data)
		return c, err == nil
	})
}

const (
	metaHead      = "head"
	metaPending   = "pending"
	metaFinal     = "final"
	metaPurges    = "purges"    // how many there are
	metaCircles   = "circles"   // how many statements on circles there are
	metaEpoch     = "epoch"     // the last one; absent in the founders'
	metaProposals = "proposals" // ids of those that were open when the last was made or carried out
)

func sealingKey(bureau string, c seal.Compartment) []byte { return append([]byte(bureau), byte(c)) }

// read gets and parses a value of the state. What we wrote must parse: if it
// does not, the store is corrupt and the caller stops.
func read[T any](v View, t Table, key []byte, parse func([]byte) (*T, bool)) (*T, error) {
	data, err := v.Get(t, key)
	if err != nil || data == nil {
		return nil, err
	}
	value, ok := parse(data)
	if !ok {
		return nil, fmt.Errorf("state: table %d, key %x: %w", t, key, ledger.ErrMalformed)
	}
	return value, nil
}
