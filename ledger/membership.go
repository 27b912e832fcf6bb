package ledger

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"

	"comity/crypto/keys"
)

// Epoch is who belongs to the consortium from a position of the log on, and in which
// format they write.
type Epoch struct {
	Number  uint32
	From    uint64   // entries before it takes effect: the index of its entry + 1; 0 for the charter's
	Members []Member // ascending by code
	Format  uint8    // of the entries from there on, see [Format]

	Recovered bool // it began with a recovery: what had been above From - 1 was cut
}

// Member returns the member with this code.
func (e *Epoch) Member(code string) (*Member, bool) {
	for i := range e.Members {
		if e.Members[i].Code == code {
			return &e.Members[i], true
		}
	}
	return nil, false
}

// Root returns the member whose root key has this id, nil for none.
func (e *Epoch) Root(id keys.ID) *Member {
	for i := range e.Members {
		if keys.SigningID(e.Members[i].Root) == id {
			return &e.Members[i]
		}
	}
	return nil
}

// Cosigner returns the member whose node cosigns with the key of this id, nil
// for none.
func (e *Epoch) Cosigner(id keys.ID) *Member {
	for i := range e.Members {
		if e.Members[i].Node.Cosigner() == id {
			return &e.Members[i]
		}
	}
	return nil
}

// Voters returns how many members vote and cosign.
func (e *Epoch) Voters() int {
	n := 0
	for i := range e.Members {
		if e.Members[i].Voter {
			n++
		}
	}
	return n
}

// Quorum returns how many voters must cosign a checkpoint, or vote for a change.
func (e *Epoch) Quorum() int { return Quorum(e.Voters()) }

// Membership is who belongs to the consortium, epoch after epoch, as far as
// somebody knows: from a charter file, or from a log. It never changes; a longer
// one is another. The zero Membership is of no use.
type Membership struct {
	origin   string
	epochs   []*Epoch  // never empty; From ascends strictly
	policies []*Policy // one for each
}

// ErrOldCharter is returned, with [ErrQuorum] or what else was not there, for what
// may well be right: bureaus may have joined or changed keys that the charter file
// at hand does not know of. Who sees it cannot tell, and needs a newer file.
var ErrOldCharter = errors.New("it may be of a later epoch than the charter file knows: get the newer file")

// NewMembership returns that of a charter's founders.
func NewMembership(ledger Hash, c *Charter) *Membership {
	m := &Membership{origin: Origin(ledger)}
	return m.Next(&Epoch{Members: c.Members, Format: c.FirstFormat()})
}

// Next returns m with one more epoch, which the caller has verified, or derived
// from a log that he applies.
func (m *Membership) Next(e *Epoch) *Membership {
	return &Membership{m.origin, append(slices.Clip(m.epochs), e), append(slices.Clip(m.policies), e.policy(m.origin))}
}

// Agrees reports whether m and other name the same epochs, as far as both go.
func (m *Membership) Agrees(other *Membership) bool {
	for i := range min(len(m.epochs), len(other.epochs)) {
		if !m.epochs[i].Equal(other.epochs[i]) {
			return false
		}
	}
	return m.origin == other.origin
}

// Equal reports whether the two are of the same members and the same format from the
// same position on.
func (e *Epoch) Equal(other *Epoch) bool {
	same := e.Number == other.Number && e.From == other.From && e.Format == other.Format && len(e.Members) == len(other.Members)
	for i := 0; same && i < len(e.Members); i++ {
		a, b := &e.Members[i], &other.Members[i]
		same = a.Voter == b.Voter && a.OldNode == b.OldNode && bytes.Equal(a.marshal(), b.marshal())
	}
	return same
}

// Longer returns that of the two which knows more epochs, m where they know as
// many.
func (m *Membership) Longer(other *Membership) *Membership {
	if len(other.epochs) > len(m.epochs) {
		return other
	}
	return m
}

// Origin returns the first line of every checkpoint of this ledger.
func (m *Membership) Origin() string { return m.origin }

// Epochs returns all epochs, from the founders' on. The caller must not change
// the list.
func (m *Membership) Epochs() []*Epoch { return m.epochs }

// Latest returns the last epoch that is known.
func (m *Membership) Latest() *Epoch { return m.epochs[len(m.epochs)-1] }

// Members returns the members of the last epoch that is known, ascending by code.
func (m *Membership) Members() []Member { return m.Latest().Members }

// Member returns the member with this code in the last epoch that is known.
func (m *Membership) Member(code string) (*Member, bool) { return m.Latest().Member(code) }

// at returns the number of the epoch in force for the first size entries.
func (m *Membership) at(size uint64) int {
	i := len(m.epochs) - 1
	for i > 0 && m.epochs[i].From > size {
		i--
	}
	return i
}

// At returns the epoch in force for a checkpoint of this size, and for an entry
// with this index: the last one from no later position.
func (m *Membership) At(size uint64) *Epoch { return m.epochs[m.at(size)] }

// PolicyAt returns whose cosignatures make a checkpoint of this size FINAL.
func (m *Membership) PolicyAt(size uint64) *Policy { return m.policies[m.at(size)] }

// policyOf returns the policy that judges a note. Of what names no size any does:
// it is no note of a checkpoint.
func (m *Membership) policyOf(note []byte) *Policy {
	_, rest, _ := bytes.Cut(note, []byte("\n"))
	line, _, _ := bytes.Cut(rest[:min(len(rest), 24)], []byte("\n"))
	size, err := strconv.ParseUint(string(line), 10, 64)
	if err != nil {
		size = 0
	}
	return m.PolicyAt(size)
}

// open opens a note under the policy in force for it.
func (m *Membership) open(note []byte) (opened, error) {
	o, err := m.policyOf(note).open(note)
	if err != nil {
		if past, cut := m.cut(note); cut != nil {
			return past, cut
		}
	}
	if o.strangers && o.at.Size >= m.Latest().From && errors.Is(err, ErrQuorum) {
		err = &oldCharterError{err}
	}
	return o, err
}

// oldCharterError is a failure that a newer charter file may do away with.
type oldCharterError struct{ err error }

func (e *oldCharterError) Error() string        { return e.err.Error() + "; " + ErrOldCharter.Error() }
func (e *oldCharterError) Unwrap() error        { return e.err }
func (e *oldCharterError) Is(target error) bool { return target == ErrOldCharter }

// Open is [Policy.Open] under the policy in force for the checkpoint. It returns
// [ErrOldCharter] beside [ErrQuorum] where bureaus that m does not know cosigned.
func (m *Membership) Open(note []byte) (Checkpoint, []string, error) {
	o, err := m.open(note)
	return o.at, o.bureaus(), err
}

// Cosigners is [Membership.Open] with the clocks of those who cosigned.
func (m *Membership) Cosigners(note []byte) (Checkpoint, []Cosigner, error) {
	o, err := m.open(note)
	return o.at, o.cosigners, err
}

// Cosignatures is [Policy.Cosignatures] under the policy in force for the
// checkpoint.
func (m *Membership) Cosignatures(note []byte) ([]*Cosignature, error) {
	return m.policyOf(note).Cosignatures(note)
}

// unknownAt returns err, with [ErrOldCharter] if what was not known may be of an
// epoch after the last that is.
func (m *Membership) unknownAt(index uint64, err error) error {
	if index >= m.Latest().From {
		return &oldCharterError{err}
	}
	return err
}

// without returns the first epoch in which the entries from one index to another
// stand and in which no member has this code, nil when there is none.
func (m *Membership) without(code string, from, to uint64) *Epoch {
	for _, e := range m.epochs[m.at(from) : m.at(to)+1] {
		if _, ok := e.Member(code); !ok {
			return e
		}
	}
	return nil
}

// Left returns the position from which on a bureau, which something at index counts
// as a member, was one no more; ok is false while it has stayed. Who came back left.
func (m *Membership) Left(code string, index uint64) (from uint64, ok bool) {
	if e := m.without(code, index, math.MaxUint64); e != nil {
		return e.From, true
	}
	return 0, false
}

// LeftSince returns a bureau that has left the consortium with an epoch after the one
// in force for an index, "" if none has.
func (m *Membership) LeftSince(index uint64) string {
	for i := m.at(index) + 1; i < len(m.epochs); i++ {
		for _, was := range m.epochs[i-1].Members {
			if _, is := m.epochs[i].Member(was.Code); !is {
				return was.Code
			}
		}
	}
	return ""
}

// Since returns the position from which on the ledger has a format, or a later one; ok
// is false while it has an earlier one.
func (m *Membership) Since(format uint8) (from uint64, ok bool) {
	for _, e := range m.epochs {
		if e.Format >= format {
			return e.From, true
		}
	}
	return 0, false
}

// policy returns the policy of an epoch.
func (e *Epoch) policy(origin string) *Policy {
	p := &Policy{Origin: origin, Quorum: e.Quorum(), Witness: make(map[string]keys.WitnessPublic),
		Bureau: make(map[string]string), nodes: make(map[string]keys.WitnessPublic)}
	for i := range e.Members {
		m := &e.Members[i]
		name := m.NodeName()
		p.nodes[name], p.Bureau[name] = m.Node.Witness, m.Code
		if m.Voter {
			p.Witness[name] = m.Node.Witness
		}
	}
	return p
}
