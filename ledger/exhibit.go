package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// MaxExhibit bounds the file of an exhibit.
const MaxExhibit = 2 << 20

// MaxEnrols bounds the enrolments in an exhibit: of each signer, and of who
// enrolled him.
const MaxEnrols = 2 * MaxSigners

var exhibitHeader = []byte("comity exhibit v1\n")

// IsExhibit reports whether data begins as an exhibit does.
func IsExhibit(data []byte) bool { return bytes.HasPrefix(data, exhibitHeader) }

// Exhibit is one entry with all that a third party needs to check it offline
// against the charter: its sealed body, its receipt, and for each of its
// signers the entry that enrolled the key, with that entry's receipt, and the same
// for the registrar who enrolled it in place of the root.
type Exhibit struct {
	Ledger  Hash
	Item    Item
	Receipt *Receipt
	Enrols  []Enrolment // in the order of the entry's signatures, a registrar's behind what it enrolled; none for a root key
}

// Enrolment proves that a bureau's root or registrar admitted a key.
type Enrolment struct {
	Entry   *Entry
	Receipt *Receipt
}

// Marshal returns the bytes of an exhibit file: the header line, ledger id,
// item, u24-vector receipt, u8 count, then per enrolment u24-vector entry,
// u24-vector receipt. It panics on more than [MaxEnrols] enrolments.
func (x *Exhibit) Marshal() []byte {
	if len(x.Enrols) > MaxEnrols {
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
		!in.ReadUint24LengthPrefixed(&receipt) || !in.ReadUint8(&count) || count > MaxEnrols {
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
	By         string // label of the registrar who enrolled it; "" where a root did
	Roles      Roles  // of an enrolled key
}

// ErrOtherLedger is returned for an exhibit of a ledger with another charter.
var ErrOtherLedger = errors.New("it belongs to a ledger with another charter")

// Verify checks the exhibit with nothing but the charter: receipt, every
// signature, for each signer the enrolment at a lower index by a root key of the
// charter, or by a registrar whom one enrolled before that, and the body. It cannot see whether a key was revoked in between.
// When all is right but the body, it returns with the error what it established:
// who signed another text. With a [CutError] all was right, and a recovery has cut
// the log below the checkpoint.
func (x *Exhibit) Verify(g *Genesis) (*Verdict, error) {
	if x.Ledger != g.Ledger || x.Item.Entry.Statement.Ledger != g.Ledger {
		return nil, ErrOtherLedger
	}
	var v Verdict
	var err error
	var cut *CutError
	if v.Checkpoint, v.Cosigners, err = x.Receipt.Verify(g, x.Item.Entry.LeafHash()); errors.As(err, &cut) {
		g = g.Before(cut.Epoch) // it is judged as it was then
	} else if err != nil {
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
		s, took, err := x.checkSigner(g, i, enrols)
		if err != nil {
			return nil, err
		}
		v.Signers, enrols = append(v.Signers, s), enrols[took:]
	}
	if len(enrols) > 0 {
		return nil, fmt.Errorf("the file carries an enrolment that no signature needs")
	}
	if !x.Item.Entry.CheckBody(x.Item.Body) {
		return &v, fmt.Errorf("the text was changed after signing (digest %x in the file, %x signed by %s)",
			first8(sha256.Sum256(x.Item.Body)), first8(x.Item.Entry.Statement.BodyHash), v.Signers[0].Bureau)
	}
	if cut != nil {
		return &v, cut
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

// checkSigner checks the i-th signature by the first of the enrolments, and by the
// second where a registrar made the first. It returns how many it took.
func (x *Exhibit) checkSigner(g *Genesis, i int, list []Enrolment) (Signer, int, error) {
	key, by, took := x.Item.Entry.Signatures[i].Key, list[0], 1
	s := Signer{Key: key, EnrolledAt: by.Receipt.Index}
	m := by.root(g)
	var vouches ed25519.PublicKey
	if m != nil {
		vouches = m.Root
	} else {
		var registrar *Enrol
		var err error
		if m, registrar, err = registrarOf(g, list); err != nil {
			return s, 0, err
		}
		s.By, took, vouches = registrar.Label, 2, registrar.Key
	}
	en, err := by.check(g, key, vouches, x.Receipt.Index)
	if err != nil {
		return s, 0, err
	}
	if e := g.without(m.Code, list[took-1].Receipt.Index, x.Receipt.Index); e != nil {
		return s, 0, fmt.Errorf("key %s ended with entry %d, which removed %s, before entry %d that it signs", key.Short(), e.From-1, m.Code, x.Receipt.Index)
	}
	if !x.Item.Entry.Verify(i, en.Key) {
		return s, 0, fmt.Errorf("the signature of %s (key %s) is not good", m.Code, key.Short())
	}
	s.Bureau, s.Label, s.Roles = m.Code, en.Label, en.Roles
	return s, took, nil
}

// registrarOf returns who made the first of the enrolments, by the second.
func registrarOf(g *Genesis, list []Enrolment) (*Member, *Enrol, error) {
	author := list[0].Entry.Statement.Author
	if len(list) < 2 {
		return nil, nil, g.unknownAt(list[0].Receipt.Index, fmt.Errorf("an enrolment is not signed by the root of a bureau, and nothing in the file shows that key %s is a registrar's", author.Short()))
	}
	m := list[1].root(g)
	if m == nil {
		return nil, nil, g.unknownAt(list[1].Receipt.Index, fmt.Errorf("the enrolment of key %s is not signed by the root of a bureau", author.Short()))
	}
	en, err := list[1].check(g, author, m.Root, list[0].Receipt.Index)
	if err == nil && en.Roles&RoleRegistrar == 0 {
		err = fmt.Errorf("%s of %s (key %s) enrolled a key and was no registrar", en.Label, m.Code, author.Short())
	}
	return m, en, err
}

// root returns the bureau whose root made the enrolment, nil if no root did.
func (by *Enrolment) root(g *Genesis) *Member {
	return g.At(by.Receipt.Index).Root(by.Entry.Statement.Author)
}

// check checks that the enrolment admitted this key, that the holder of author
// signed it, and that it stands at a lower index than end.
func (by *Enrolment) check(g *Genesis, key keys.ID, author ed25519.PublicKey, end uint64) (*Enrol, error) {
	st := by.Entry.Statement
	if st.Ledger != g.Ledger || len(by.Entry.Signatures) != 1 || !by.Entry.Verify(0, author) {
		return nil, fmt.Errorf("the enrolment of key %s is not signed by whom it names", key.Short())
	}
	en := st.Admits()
	if en == nil || en.Purpose != PurposeSign || en.KeyID() != key || !en.CheckProof(g.Ledger, st.Author) {
		return nil, fmt.Errorf("the enrolment in the file is not one of key %s", key.Short())
	}
	if _, _, err := by.Receipt.Verify(g, by.Entry.LeafHash()); err != nil {
		return nil, fmt.Errorf("enrolment of key %s: %w", key.Short(), err)
	}
	if by.Receipt.Index >= end {
		return nil, fmt.Errorf("key %s was enrolled at entry %d, after entry %d that it signs", key.Short(), by.Receipt.Index, end)
	}
	return en, nil
}

func first8(h Hash) []byte { return h[:8] }
