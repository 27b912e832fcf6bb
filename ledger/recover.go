package ledger

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// MaxRecover bounds the clear fields of a recovery: a new node for each voter.
const MaxRecover = 32 << 10

// Recover holds the clear fields of the statement with which voters go on after a
// majority of the nodes, and with them the quorum, is lost for good. Its author has
// seen the last FINAL checkpoint that is left, and its entry is the one after that:
// the entries above, which may have been acknowledged, are cut. It is signed by the
// roots of a quorum of the epoch in force there, and verifies by itself, before
// there is a log to put it in.
//
// Every voter that stays gets a new node: so nothing that a node has signed above
// the cut, no vote in an election and no disk that turns up later has a place in
// the new epoch.
type Recover struct {
	Number  uint32     // of the epoch that it begins
	Time    uint64     // ledger time of its entry, POSIX ms
	Changes []*Propose // ascending by code, one for a bureau: remove, demote or node
}

// Marshal returns the encoding of r: u32 number || u64 time || n u8 || n *
// u16-vector change, as in a proposal.
func (r *Recover) Marshal() []byte {
	if len(r.Changes) > MaxMembers {
		panic("ledger: recovery of too many changes")
	}
	b := cryptobyte.NewBuilder(nil)
	b.AddUint32(r.Number)
	b.AddUint64(r.Time)
	b.AddUint8(uint8(len(r.Changes)))
	for _, p := range r.Changes {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(p.Marshal()) })
	}
	return b.BytesOrPanic()
}

// ParseRecover is the inverse of [Recover.Marshal].
func ParseRecover(data []byte) (*Recover, error) {
	var (
		r Recover
		n uint8
	)
	in := cryptobyte.String(data)
	if len(data) > MaxRecover || !in.ReadUint32(&r.Number) || r.Number == 0 || r.Number > MaxEpochs ||
		!in.ReadUint64(&r.Time) || r.Time > MaxTime*1000+999 || !in.ReadUint8(&n) || n == 0 || n > MaxMembers {
		return nil, ErrMalformed
	}
	for range n {
		var raw cryptobyte.String
		if !in.ReadUint16LengthPrefixed(&raw) {
			return nil, ErrMalformed
		}
		p, err := ParsePropose(raw)
		if err != nil || p.Change != ChangeRemove && p.Change != ChangeDemote && p.Change != ChangeNode ||
			len(r.Changes) > 0 && r.Changes[len(r.Changes)-1].Code >= p.Code {
			return nil, ErrMalformed
		}
		r.Changes = append(r.Changes, p)
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return &r, nil
}

// After returns the epoch that follows e when r cuts the log to size entries.
func (r *Recover) After(ledger Hash, e *Epoch, size uint64) (*Epoch, error) {
	if r.Number != e.Number+1 {
		return nil, fmt.Errorf("it begins epoch %d, after epoch %d", r.Number, e.Number)
	}
	if size < max(e.From, 1) {
		return nil, fmt.Errorf("it cuts the ledger to %d entries, before epoch %d began", size, e.Number)
	}
	fresh := make(map[string]bool)
	next := e
	for _, p := range r.Changes {
		if !p.CheckProof(ledger, e) {
			return nil, fmt.Errorf("the proof of the new node of %s is not good", p.Code)
		}
		after, err := next.After(p, size+1)
		if err != nil {
			return nil, err
		}
		after.Number, next = e.Number, after
		fresh[p.Code] = p.Change == ChangeNode
	}
	for i := range next.Members {
		if m := &next.Members[i]; m.Voter && !fresh[m.Code] {
			return nil, fmt.Errorf("it leaves %s a voter with the node that it had", m.Code)
		}
	}
	for i := range next.Members {
		next.Members[i].OldNode = !fresh[next.Members[i].Code]
	}
	next.Number, next.Recovered = r.Number, true
	return next, nil
}

// CheckRecover checks that the roots of a quorum of e signed a recovery.
func (e *Epoch) CheckRecover(entry *Entry) error {
	by, err := e.recoverers(entry)
	if err == nil && len(by) < e.Quorum() {
		err = fmt.Errorf("%d of %d voters signed the recovery: %w", len(by), e.Quorum(), ErrQuorum)
	}
	return err
}

// recoverers returns the codes of the voters of e whose roots signed a recovery, in
// the order of the signatures, which are all of such and good.
func (e *Epoch) recoverers(entry *Entry) (by []string, err error) {
	for i := range entry.Signatures {
		m := e.Root(entry.Signatures[i].Key)
		switch {
		case m == nil || !m.Voter:
			return nil, fmt.Errorf("key %s, which signed the recovery, is no voter's root", entry.Signatures[i].Key.Short())
		case !entry.Verify(i, m.Root):
			return nil, fmt.Errorf("the signature of %s under the recovery is not good", m.Code)
		}
		by = append(by, m.Code)
	}
	return by, nil
}

// Recoverers returns the codes of the bureaus whose roots signed the recovery that
// began an epoch; none where nothing of the kind is known.
func (g *Genesis) Recoverers(epoch uint32) []string {
	if epoch == 0 || int(epoch) > len(g.certs) || g.certs[epoch-1].Recover == nil {
		return nil
	}
	by, _ := g.epochs[epoch-1].recoverers(g.certs[epoch-1].Recover) // verified long since
	slices.Sort(by)
	return by
}

// recoveredBy reports whether a recovery is among the certificates of g.
func (g *Genesis) recoveredBy(e *Entry) bool {
	return slices.ContainsFunc(g.certs, func(c *Certificate) bool { return c.Recover != nil && c.Recover.ID == e.ID })
}

// CutError is the failure of a note that is good, and of a history that a recovery
// has cut: what it was FINAL for is not in the ledger any more.
type CutError struct {
	Size  uint64 // of the checkpoint
	Cut   uint64 // entries that remained
	Epoch uint32 // that the recovery began
}

// Error says what was cut.
func (e *CutError) Error() string {
	return fmt.Sprintf("checkpoint %d was FINAL, and was cut: after a majority of the nodes was lost the ledger went on from entry %d, by the recovery that began epoch %d", e.Size, e.Cut, e.Epoch)
}

// cut returns the error of a note that was FINAL in an epoch that a recovery ended,
// with more entries than that left; nil for any other.
func (m *Membership) cut(note []byte) (opened, *CutError) {
	for i := len(m.epochs) - 1; i > 0; i-- {
		e := m.epochs[i]
		if !e.Recovered {
			continue
		}
		if o, err := m.policies[i-1].open(note); err == nil && o.at.Size >= e.From {
			return o, &CutError{o.at.Size, e.From - 1, e.Number}
		}
	}
	return opened{}, nil
}

// Before returns g as it was before an epoch began: who may be judged by it is what
// the recovery that began it has cut.
func (g *Genesis) Before(epoch uint32) *Genesis {
	out := *g
	n := 0
	for n < len(g.epochs) && g.epochs[n].Number < epoch {
		n++
	}
	out.Membership = &Membership{g.origin, g.epochs[:n:n], g.policies[:n:n]}
	out.certs = g.certs[:min(n-1, len(g.certs)):min(n-1, len(g.certs))]
	return &out
}

// recovery returns the epoch that a certificate of a recovery makes.
func (c *Certificate) recovery(ledger Hash, before *Epoch) (*Epoch, error) {
	s := c.Recover.Statement
	if s.Ledger != ledger {
		return nil, ErrOtherLedger
	}
	r, err := ParseRecover(s.Public)
	if err != nil {
		return nil, err
	}
	if err := before.CheckRecover(c.Recover); err != nil {
		return nil, err
	}
	return r.After(ledger, before, s.SeenSize)
}

// errNoRecovery is returned for an entry of another class.
var errNoRecovery = errors.New("it is no recovery")

// NewRecovery returns the certificate of a recovery.
func NewRecovery(e *Entry) (*Certificate, error) {
	if e.Statement.Class != ClassRecover {
		return nil, errNoRecovery
	}
	return &Certificate{Recover: e}, nil
}

// Without returns g without its last n epochs: what it was before them.
func (g *Genesis) Without(n int) (*Genesis, error) {
	out := *g
	out.Membership, out.certs = NewMembership(g.Ledger, g.Charter), nil
	return out.With(g.certs[:len(g.certs)-n]...)
}
