package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// MaxExhibit bounds the file of an exhibit.
const MaxExhibit = 2 << 20

var exhibitHeader = []byte("comity exhibit v1\n")

// IsExhibit reports whether data begins as an exhibit does.
func IsExhibit(data []byte) bool { return bytes.HasPrefix(data, exhibitHeader) }

// Exhibit is one entry with all that a third party needs to check it offline
// against the charter: its sealed body, its receipt, and for each of its
// signers the entry that enrolled the key, with that entry's receipt.
type Exhibit struct {
	Ledger  Hash
	Item    Item
	Receipt *Receipt
	Enrols  []Enrolment // in the order of the entry's signatures; none for a root key
}

// Enrolment proves that a bureau's root admitted a key.
type Enrolment struct {
	Entry   *Entry
	Receipt *Receipt
}

// Marshal returns the bytes of an exhibit file: the header line, ledger id,
// item, u24-vector receipt, u8 count, then per enrolment u24-vector entry,
// u24-vector receipt. It panics on more than [MaxSigners] enrolments.
func (x *Exhibit) Marshal() []byte {
	if len(x.Enrols) > MaxSigners {
		panic("ledger: exhibit of too many enrolments")
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(exhibitHeader)
	b.AddBytes(x.Ledger[:])
	b.AddBytes(x.Item.Marshal())
	add := func(data []byte) { b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) }) }
	add(x.Receipt.Marshal())
	b.AddUint8(uint8(len(x.Enrols)))
	for _, e := range x.Enrols {
		add(e.Entry.Raw)
		add(e.Receipt.Marshal())
	}
	return b.BytesOrPanic()
}

// ParseExhibit is the inverse of [Exhibit.Marshal]. It does not check that the
// body is the one the statement names: that is a finding of [Exhibit.Verify],
// which can name it, not a fault of the file.
func ParseExhibit(data []byte) (*Exhibit, error) {
	rest, ok := bytes.CutPrefix(data, exhibitHeader)
	if !ok || len(data) > MaxExhibit {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(rest)
	var (
		x                  Exhibit
		raw, body, receipt cryptobyte.String
		count              uint8
		err                error
	)
	if !in.CopyBytes(x.Ledger[:]) || !in.ReadUint24LengthPrefixed(&raw) || !in.ReadUint24LengthPrefixed(&body) ||
		!in.ReadUint24LengthPrefixed(&receipt) || !in.ReadUint8(&count) || count > MaxSigners {
		return nil, ErrMalformed
	}
	if x.Item.Entry, err = ParseEntry(raw); err != nil {
		return nil, err
	}
	x.Item.Body = body
	if x.Receipt, err = ParseReceipt(receipt); err != nil {
		return nil, err
	}
	for range count {
		var e Enrolment
		if !in.ReadUint24LengthPrefixed(&raw) || !in.ReadUint24LengthPrefixed(&receipt) {
			return nil, ErrMalformed
		}
		if e.Entry, err = ParseEntry(raw); err != nil {
			return nil, err
		}
		if e.Receipt, err = ParseReceipt(receipt); err != nil {
			return nil, err
		}
		x.Enrols = append(x.Enrols, e)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return &x, nil
}

// Verdict is what [Exhibit.Verify] established.
type Verdict struct {
	Checkpoint Checkpoint
	Cosigners  []string // bureau codes
	Signers    []Signer
}

// Signer is a key that signed, and who vouches for it.
type Signer struct {
	Bureau     string
	Key        keys.ID
	Root       bool   // a bureau's root key, vouched for by the charter
	Label      string // of an enrolled key; "node" of a cosigning key, for which the charter vouches
	EnrolledAt uint64
	Roles      Roles // of an enrolled key
}

// ErrOtherLedger is returned for an exhibit of a ledger with another charter.
var ErrOtherLedger = errors.New("it belongs to a ledger with another charter")

// Verify checks the exhibit with nothing but the charter: receipt, every
// signature, for each signer the enrolment by a root key of the charter at a
// lower index, and the body. It cannot see whether a key was revoked in between.
// When all is right but the body, it returns with the error what it established:
// who signed another text.
func (x *Exhibit) Verify(g *Genesis) (*Verdict, error) {
	if x.Ledger != g.Ledger || x.Item.Entry.Statement.Ledger != g.Ledger {
		return nil, ErrOtherLedger
	}
	var v Verdict
	var err error
	if v.Checkpoint, v.Cosigners, err = x.Receipt.Verify(g, x.Item.Entry.LeafHash()); err != nil {
		return nil, err
	}
	enrols := x.Enrols
	epoch := x.epoch(g)
	for i, sig := range x.Item.Entry.Signatures {
		if m := epoch.Root(sig.Key); m != nil {
			if !x.Item.Entry.Verify(i, m.Root) {
				return nil, fmt.Errorf("the signature of %s's root key is not good", m.Code)
			}
			v.Signers = append(v.Signers, Signer{Bureau: m.Code, Key: sig.Key, Root: true})
			continue
		}
		if m := epoch.Cosigner(sig.Key); m != nil {
			if !x.Item.Entry.Verify(i, m.Node.Witness.Ed25519) {
				return nil, fmt.Errorf("the signature of %s's node is not good", m.Code)
			}
			v.Signers = append(v.Signers, Signer{Bureau: m.Code, Key: sig.Key, Label: "node"})
			continue
		}
		if len(enrols) == 0 {
			return nil, g.unknownAt(x.Receipt.Index, fmt.Errorf("nothing in the file shows whose key %s is", sig.Key.Short()))
		}
		s, err := x.checkSigner(g, i, enrols[0])
		if err != nil {
			return nil, err
		}
		v.Signers, enrols = append(v.Signers, s), enrols[1:]
	}
	if len(enrols) > 0 {
		return nil, fmt.Errorf("the file carries an enrolment that no signature needs")
	}
	if !x.Item.Entry.CheckBody(x.Item.Body) {
		return &v, fmt.Errorf("the text was changed after signing (digest %x in the file, %x signed by %s)",
			first8(sha256.Sum256(x.Item.Body)), first8(x.Item.Entry.Statement.BodyHash), v.Signers[0].Bureau)
	}
	return &v, nil
}

// epoch returns the epoch in which the entry was judged. One that makes an epoch
// is signed by whom it lets in.
func (x *Exhibit) epoch(g *Genesis) *Epoch {
	if x.Item.Entry.Statement.Class == ClassEpoch {
		return g.At(x.Receipt.Index + 1)
	}
	return g.At(x.Receipt.Index)
}

func (x *Exhibit) checkSigner(g *Genesis, i int, by Enrolment) (Signer, error) {
	key := x.Item.Entry.Signatures[i].Key
	st := by.Entry.Statement
	m := g.At(by.Receipt.Index).Root(st.Author)
	if m == nil || st.Class != ClassEnrol || st.Ledger != g.Ledger || len(by.Entry.Signatures) != 1 || !by.Entry.Verify(0, m.Root) {
		err := fmt.Errorf("the enrolment of key %s is not signed by the root of a bureau", key.Short())
		if m == nil {
			return Signer{}, g.unknownAt(by.Receipt.Index, err)
		}
		return Signer{}, err
	}
	en, err := ParseEnrol(st.Public)
	if err != nil || en.Purpose != PurposeSign || en.KeyID() != key || !en.CheckProof(g.Ledger, st.Author) {
		return Signer{}, fmt.Errorf("the enrolment in the file is not one of key %s", key.Short())
	}
	if _, _, err := by.Receipt.Verify(g, by.Entry.LeafHash()); err != nil {
		return Signer{}, fmt.Errorf("enrolment of key %s: %w", key.Short(), err)
	}
	if by.Receipt.Index >= x.Receipt.Index {
		return Signer{}, fmt.Errorf("key %s was enrolled at entry %d, after entry %d that it signs", key.Short(), by.Receipt.Index, x.Receipt.Index)
	}
	if e := g.without(m.Code, by.Receipt.Index, x.Receipt.Index); e != nil {
		return Signer{}, fmt.Errorf("key %s ended with entry %d, which removed %s, before entry %d that it signs", key.Short(), e.From-1, m.Code, x.Receipt.Index)
	}
	if !x.Item.Entry.Verify(i, en.Key) {
		return Signer{}, fmt.Errorf("the signature of %s (key %s) is not good", m.Code, key.Short())
	}
	return Signer{Bureau: m.Code, Key: key, Label: en.Label, EnrolledAt: by.Receipt.Index, Roles: en.Roles}, nil
}

func first8(h Hash) []byte { return h[:8] }
