package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxEvidence bounds the file of an evidence: two notes and at most 63 hashes.
const MaxEvidence = 2*MaxNote + 4<<10

// maxConsistency bounds a consistency proof between trees of up to 2^62-1 entries.
const maxConsistency = 63

var evidenceHeader = []byte("comity evidence v1\n")

// Evidence proves, to somebody who holds the charter and nothing else, that the
// cosigners of one checkpoint signed a history which is not the FINAL one: at
// its size the FINAL history has another root, as a consistency proof shows.
type Evidence struct {
	Ledger Hash
	Note   []byte         // of the checkpoint that contradicts, by one bureau or more
	Final  []byte         // of a FINAL checkpoint, not before the other
	Root   Hash           // of the FINAL history at the size of the other
	Proof  tlog.TreeProof // from that size to the FINAL one's; empty when they are equal
}

// Contradiction is what [Evidence.Verify] established.
type Contradiction struct {
	Other   Checkpoint // what contradicts
	Final   Checkpoint
	OtherBy []string // bureau codes of its cosigners
	FinalBy []string
	Both    []string // bureaus that signed both: these lied, whoever reads this
	// BothFinal says that a quorum signed either. Then Both are more bureaus than
	// the ledger can bear, and which history is the true one nothing here tells.
	BothFinal bool
}

// ErrNoContradiction is returned for an evidence whose two checkpoints may well
// be of one history, or that does not prove that they are not.
var ErrNoContradiction = errors.New("it does not prove that the two checkpoints contradict each other")

// NewEvidence makes the evidence that the cosigners of other contradict a FINAL
// checkpoint. Both are notes; log holds the FINAL history. What it returns
// verifies, or is an error.
func NewEvidence(g *Genesis, other, final []byte, log tlog.HashReader) (*Evidence, error) {
	a, err := g.openAny(other)
	if err != nil {
		return nil, err
	}
	b, err := g.open(final)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Ledger: g.Ledger, Note: a.tidy, Final: b.tidy}
	if a.at.Size > b.at.Size {
		return nil, fmt.Errorf("checkpoint %d is beyond the FINAL one at %d: %w", a.at.Size, b.at.Size, ErrNoContradiction)
	}
	root, err := tlog.TreeHash(int64(a.at.Size), log)
	if err != nil {
		return nil, fmt.Errorf("root at %d: %w", a.at.Size, err)
	}
	e.Root = Hash(root)
	if 0 < a.at.Size && a.at.Size < b.at.Size {
		if e.Proof, err = tlog.ProveTree(int64(b.at.Size), int64(a.at.Size), log); err != nil {
			return nil, fmt.Errorf("prove %d from %d: %w", a.at.Size, b.at.Size, err)
		}
	}
	if _, err := e.Verify(g); err != nil {
		return nil, err
	}
	return e, nil
}

// Marshal returns the bytes of an evidence file:
//
//	"comity evidence v1\n" || ledger id[32] || u24{note} || u24{FINAL note} || root[32] || n u8 || hash[32] * n
//
// It panics on more hashes than any proof has.
func (e *Evidence) Marshal() []byte {
	if len(e.Proof) > maxConsistency {
		panic("ledger: evidence with too long a proof")
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(evidenceHeader)
	b.AddBytes(e.Ledger[:])
	for _, note := range [][]byte{e.Note, e.Final} {
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(note) })
	}
	b.AddBytes(e.Root[:])
	b.AddUint8(uint8(len(e.Proof)))
	for _, h := range e.Proof {
		b.AddBytes(h[:])
	}
	return b.BytesOrPanic()
}

// ParseEvidence is the inverse of [Evidence.Marshal]. It does not look into the
// notes.
func ParseEvidence(data []byte) (*Evidence, error) {
	rest, ok := bytes.CutPrefix(data, evidenceHeader)
	if !ok || len(data) > MaxEvidence {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(rest)
	var (
		e           Evidence
		note, final cryptobyte.String
		count       uint8
	)
	if !in.CopyBytes(e.Ledger[:]) || !in.ReadUint24LengthPrefixed(&note) || !in.ReadUint24LengthPrefixed(&final) ||
		!in.CopyBytes(e.Root[:]) || !in.ReadUint8(&count) || count > maxConsistency {
		return nil, ErrMalformed
	}
	e.Note, e.Final = note, final
	for range count {
		var h tlog.Hash
		if !in.CopyBytes(h[:]) {
			return nil, ErrMalformed
		}
		e.Proof = append(e.Proof, h)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return &e, nil
}

// IsEvidence reports whether data begins as an evidence file does.
func IsEvidence(data []byte) bool { return bytes.HasPrefix(data, evidenceHeader) }

// Verify checks the evidence with nothing but the charter: each cosignature of
// both notes, which hold nothing else, the quorum of the FINAL one, and that its
// history has another root at the size of the other. With a [CutError] it proves what
// it returns, about a history that a recovery has cut.
func (e *Evidence) Verify(g *Genesis) (*Contradiction, error) {
	cut := new(CutError)
	if _, err := g.open(e.Final); errors.As(err, &cut) { // it is judged as it was then
		c, err := e.Verify(g.Before(cut.Epoch))
		if err != nil && !errors.As(err, new(*CutError)) {
			return nil, err
		}
		return c, cut
	}
	c, err := e.verify(g)
	if errors.As(err, &cut) { // the FINAL one is of the history that went on
		return nil, fmt.Errorf("%s: %w", cut, ErrNoContradiction)
	}
	return c, err
}

func (e *Evidence) verify(g *Genesis) (*Contradiction, error) {
	if e.Ledger != g.Ledger {
		return nil, ErrOtherLedger
	}
	other, err := g.openAny(e.Note)
	if err != nil {
		return nil, fmt.Errorf("the contradicting one: %w", err)
	}
	final, err := g.open(e.Final)
	if err != nil {
		return nil, fmt.Errorf("the FINAL one: %w", err)
	}
	if !bytes.Equal(other.tidy, e.Note) || !bytes.Equal(final.tidy, e.Final) {
		return nil, fmt.Errorf("a line of a note is not a cosignature by a bureau of this ledger")
	}
	if !e.proves(other.at, final.at) {
		return nil, ErrNoContradiction
	}
	c := &Contradiction{Other: other.at, Final: final.at, OtherBy: other.bureaus(), FinalBy: final.bureaus(),
		BothFinal: len(other.bureaus()) >= g.PolicyAt(other.at.Size).Quorum}
	for _, code := range c.OtherBy {
		if slices.Contains(c.FinalBy, code) {
			c.Both = append(c.Both, code)
		}
	}
	return c, nil
}

// proves reports whether the FINAL history has e.Root at the size of the other,
// and the other says something else.
func (e *Evidence) proves(other, final Checkpoint) bool {
	if other.Size > final.Size || other.Root == e.Root {
		return false
	}
	switch other.Size {
	case 0: // every history begins empty
		return e.Root == EmptyRoot && len(e.Proof) == 0
	case final.Size:
		return e.Root == final.Root && len(e.Proof) == 0
	}
	return tlog.CheckTree(e.Proof, int64(final.Size), tlog.Hash(final.Root), int64(other.Size), tlog.Hash(e.Root)) == nil
}

// openAny opens a note that one bureau or more cosigned.
func (m *Membership) openAny(data []byte) (opened, error) {
	o, err := m.open(data)
	if errors.Is(err, ErrQuorum) && len(o.bureaus()) > 0 {
		err = nil
	}
	return o, err
}
