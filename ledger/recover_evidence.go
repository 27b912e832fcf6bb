package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// MaxRecoveryEvidence bounds the file of a [RecoveryEvidence].
const MaxRecoveryEvidence = 256 << 10

var recoveryEvidenceHeader = []byte("comity recovery evidence v1\n")

// What a [RecoveryEvidence] holds against a recovery.
const (
	againstRecovery = 1 // another one to the same epoch
	againstHead     = 2 // a FINAL checkpoint that it cut
)

// RecoveryEvidence proves, to somebody who holds the charter and nothing else, what
// a recovery does not say of itself: that roots signed another one to the same epoch
// as well, so that two ledgers may go on; or that it cuts what was FINAL. To sign a
// recovery is to state that one knows of no FINAL checkpoint above the one it keeps:
// a ledger that goes on after it was signed makes some that nobody lied about.
type RecoveryEvidence struct {
	Ledger Hash
	First  *Entry // a recovery
	Second *Entry // another one, or nil
	Note   []byte // in its place, of a FINAL checkpoint
}

// RecoveryFault is what [RecoveryEvidence.Verify] established.
type RecoveryFault struct {
	Epoch uint32 // that the recoveries begin
	Plans []RecoveryPlan
	Cut   *Checkpoint // FINAL, and above what the one recovery kept
	CutBy []string    // bureau codes of its cosigners
	CutAt [2]uint64   // the first and the last of their clocks, POSIX seconds: it may be younger than the recovery
	Done  bool        // by the charter file the ledger did go on by the first recovery
	Both  []string    // bureaus that signed both: two recoveries; or, by node and by root, the checkpoint and the recovery that cut it
}

// RecoveryPlan is a recovery that roots signed.
type RecoveryPlan struct {
	ID     ID // of its statement
	Kept   Checkpoint
	Time   uint64   // POSIX ms
	By     []string // bureau codes, ascending
	Quorum bool     // enough signed it for it to be carried out
}

// ErrNoFault is returned for a recovery evidence that shows nothing wrong.
var ErrNoFault = errors.New("it proves nothing against the recovery in it")

// NewTwoRecoveries makes the evidence that roots signed two recoveries to one epoch.
// What it returns verifies, or is an error.
func NewTwoRecoveries(g *Genesis, first, second *Entry) (*RecoveryEvidence, error) {
	e := &RecoveryEvidence{Ledger: g.Ledger, First: first, Second: second}
	if _, err := e.Verify(g); err != nil {
		return nil, err
	}
	return e, nil
}

// NewCut makes the evidence that a recovery cut a FINAL checkpoint, of which note is
// the note. What it returns verifies, or is an error.
func NewCut(g *Genesis, recovery *Entry, note []byte) (*RecoveryEvidence, error) {
	e := &RecoveryEvidence{Ledger: g.Ledger, First: recovery, Note: note}
	before, _, err := e.before(g)
	if err != nil {
		return nil, err
	}
	o, err := g.policies[before.Number].open(note)
	if err != nil {
		return nil, err
	}
	e.Note = o.tidy
	if _, err := e.Verify(g); err != nil {
		return nil, err
	}
	return e, nil
}

// Marshal returns the bytes of a recovery evidence file:
//
//	"comity recovery evidence v1\n" || ledger id[32] || u24{recover entry} || u8 1 || u24{recover entry}
//	"comity recovery evidence v1\n" || ledger id[32] || u24{recover entry} || u8 2 || u24{note}
func (e *RecoveryEvidence) Marshal() []byte {
	kind, other := uint8(againstHead), e.Note
	if e.Second != nil {
		kind, other = againstRecovery, e.Second.Raw
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(recoveryEvidenceHeader)
	b.AddBytes(e.Ledger[:])
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.First.Raw) })
	b.AddUint8(kind)
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(other) })
	return b.BytesOrPanic()
}

// ParseRecoveryEvidence is the inverse of [RecoveryEvidence.Marshal]. It does not
// look into the note.
func ParseRecoveryEvidence(data []byte) (*RecoveryEvidence, error) {
	rest, ok := bytes.CutPrefix(data, recoveryEvidenceHeader)
	if !ok || len(data) > MaxRecoveryEvidence {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(rest)
	var (
		e            RecoveryEvidence
		first, other cryptobyte.String
		kind         uint8
		err          error
	)
	if !in.CopyBytes(e.Ledger[:]) || !in.ReadUint24LengthPrefixed(&first) || !in.ReadUint8(&kind) || !in.ReadUint24LengthPrefixed(&other) || !in.Empty() {
		return nil, ErrMalformed
	}
	if e.First, err = parseRecovery(first); err != nil {
		return nil, err
	}
	switch kind {
	case againstRecovery:
		if e.Second, err = parseRecovery(other); err != nil {
			return nil, err
		}
	case againstHead:
		e.Note = other
	default:
		return nil, ErrMalformed
	}
	return &e, nil
}

func parseRecovery(data []byte) (*Entry, error) {
	e, err := ParseEntry(data)
	if err != nil || e.Statement.Class != ClassRecover {
		return nil, ErrMalformed
	}
	if _, err := ParseRecover(e.Statement.Public); err != nil {
		return nil, ErrMalformed
	}
	return e, nil
}

// IsRecoveryEvidence reports whether data begins as a recovery evidence file does.
func IsRecoveryEvidence(data []byte) bool { return bytes.HasPrefix(data, recoveryEvidenceHeader) }

// Verify checks the evidence with nothing but the charter: each signature under
// either recovery, that each could be carried out but for the number of those who
// signed, and that one root signed both; or that a quorum signed the recovery and
// another one, of nodes, the checkpoint that it cut.
func (e *RecoveryEvidence) Verify(g *Genesis) (*RecoveryFault, error) {
	if e.Ledger != g.Ledger {
		return nil, ErrOtherLedger
	}
	before, r, err := e.before(g)
	if err != nil {
		return nil, err
	}
	f := &RecoveryFault{Epoch: r.Number, Done: g.recoveredBy(e.First)}
	for _, entry := range []*Entry{e.First, e.Second} {
		if entry == nil {
			continue
		}
		p, err := before.plan(g, entry)
		if err != nil {
			return nil, err
		}
		f.Plans = append(f.Plans, *p)
	}
	first := &f.Plans[0]
	if e.Second != nil {
		second := &f.Plans[1]
		if f.Both = shared(first.By, second.By); first.ID == second.ID || len(f.Both) == 0 {
			return nil, ErrNoFault
		}
		return f, nil
	}
	if !first.Quorum {
		return nil, fmt.Errorf("%d of %d voters signed the recovery, and nothing was cut: %w", len(first.By), before.Quorum(), ErrQuorum)
	}
	o, err := g.policies[before.Number].open(e.Note)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint: %w", err)
	}
	if !bytes.Equal(o.tidy, e.Note) {
		return nil, errors.New("a line of the note is not a cosignature by a bureau of this ledger")
	}
	if o.at.Size <= first.Kept.Size {
		return nil, ErrNoFault
	}
	f.Cut, f.CutBy = &o.at, slices.Sorted(slices.Values(o.bureaus()))
	f.CutAt = [2]uint64{o.cosigners[0].Time, o.cosigners[0].Time} // a quorum of them: not none
	for _, c := range o.cosigners {
		f.CutAt = [2]uint64{min(f.CutAt[0], c.Time), max(f.CutAt[1], c.Time)}
	}
	f.Both = shared(f.CutBy, first.By)
	return f, nil
}

// before returns the epoch that the recoveries are to follow, and the first of them.
func (e *RecoveryEvidence) before(g *Genesis) (*Epoch, *Recover, error) {
	r, err := ParseRecover(e.First.Statement.Public)
	if err != nil {
		return nil, nil, err
	}
	if int(r.Number) > len(g.epochs) {
		return nil, nil, &oldCharterError{fmt.Errorf("it is about a recovery that began epoch %d", r.Number)}
	}
	return g.epochs[r.Number-1], r, nil
}

// plan verifies a recovery that is to follow e but for the number of its signatures.
func (e *Epoch) plan(g *Genesis, entry *Entry) (*RecoveryPlan, error) {
	s := entry.Statement
	if s.Ledger != g.Ledger {
		return nil, ErrOtherLedger
	}
	r, err := ParseRecover(s.Public)
	if err != nil {
		return nil, err
	}
	if _, err := r.After(g.Ledger, e, s.SeenSize); err != nil {
		return nil, err
	}
	by, err := e.recoverers(entry)
	if err != nil {
		return nil, err
	}
	slices.Sort(by)
	return &RecoveryPlan{ID: entry.ID, Kept: Checkpoint{Origin: g.Origin(), Size: s.SeenSize, Root: s.SeenRoot}, Time: r.Time, By: by, Quorum: len(by) >= e.Quorum()}, nil
}

// shared returns what is in both lists, in the order of the first.
func shared(a, b []string) (both []string) {
	for _, code := range a {
		if slices.Contains(b, code) {
			both = append(both, code)
		}
	}
	return both
}
