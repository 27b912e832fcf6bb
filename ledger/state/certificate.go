package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Log is a state with the entries that led to it: a store.
type Log interface {
	View
	// Entry returns an entry and its ledger time.
	Entry(index uint64) (time uint64, e *ledger.Entry, err error)
}

// ErrNotCertified is returned for an epoch of which no FINAL checkpoint, nor of one
// after it, is known here.
var ErrNotCertified = errors.New("no FINAL checkpoint of this epoch is known here")

// Certificates makes those of the epochs from this number on, as far as a FINAL
// checkpoint that is known here proves them. Whoever holds those before verifies
// them with [ledger.Genesis.With], all at once: an epoch that ended before it had a
// checkpoint of its own is proved by one of the next.
func (m *Machine) Certificates(l Log, from uint32) ([]*ledger.Certificate, error) {
	by, err := m.Membership(l)
	if err != nil {
		return nil, err
	}
	var list []*ledger.Certificate
	for n := max(from, 1); int(n) < len(by.Epochs()); n++ {
		c, err := m.Certificate(l, n)
		if errors.Is(err, ErrNotCertified) {
			break
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// Certificate makes the certificate of the epoch with this number. Its receipt is
// of the first FINAL checkpoint in it, or of that of a later epoch.
func (m *Machine) Certificate(l Log, number uint32) (*ledger.Certificate, error) {
	return m.CertificateBy(l, number, nil)
}

// CertificateBy is [Machine.Certificate] with a receipt of the entry that began the
// epoch, for who has the entries from another and not what was cosigned when. Of the
// receipt it takes the cosignatures of a quorum; it is not verified here.
func (m *Machine) CertificateBy(l Log, number uint32, receipt *ledger.Receipt) (*ledger.Certificate, error) {
	c, err := m.certificate(l, number, receipt)
	if err != nil {
		return nil, fmt.Errorf("certificate of epoch %d: %w", number, err)
	}
	return c, nil
}

func (m *Machine) certificate(l Log, number uint32, receipt *ledger.Receipt) (*ledger.Certificate, error) {
	by, err := m.Membership(l)
	if err != nil {
		return nil, err
	}
	if number == 0 || int(number) >= len(by.Epochs()) {
		return nil, errors.New("there is no such epoch after the founders'")
	}
	r, err := ReadEpoch(l, number)
	if err != nil {
		return nil, err
	}
	if r.Recover != nil {
		_, e, err := l.Entry(r.From - 1)
		if err != nil {
			return nil, err
		}
		return ledger.NewRecovery(e)
	}
	p, err := ReadProposal(l, r.Proposal)
	if err != nil {
		return nil, err
	}
	c := &ledger.Certificate{}
	if _, c.Proposal, err = l.Entry(p.Index); err != nil {
		return nil, err
	}
	yes, _ := p.Count(by.Epochs()[number-1])
	for _, v := range yes {
		if v.Root == c.Proposal.Statement.Author {
			continue
		}
		_, e, err := l.Entry(v.Index)
		if err != nil {
			return nil, err
		}
		c.Votes = append(c.Votes, e)
	}
	slices.SortFunc(c.Votes, func(a, b *ledger.Entry) int { return bytes.Compare(a.Statement.Author[:], b.Statement.Author[:]) })
	if _, c.Epoch, err = l.Entry(r.From - 1); err != nil {
		return nil, err
	}
	if receipt != nil {
		c.Receipt = receipt.Least(by)
		return c, nil
	}
	c.Receipt, err = epochReceipt(l, by, number, r.From-1)
	return c, err
}

// epochReceipt returns the receipt of the entry that began an epoch, by as many
// cosigners as it takes.
func epochReceipt(l Log, by *ledger.Membership, number uint32, index uint64) (*ledger.Receipt, error) {
	var final *Collected
	var err error
	for n := int(number); n < len(by.Epochs()) && final == nil; n++ {
		if final, err = ReadEpochFinal(l, uint32(n)); err != nil {
			return nil, err
		}
	}
	if final == nil {
		if final, err = ReadFinal(l); err != nil {
			return nil, err
		}
		if final == nil || final.Size <= index {
			return nil, ErrNotCertified
		}
	}
	proof, err := tlog.ProveRecord(int64(final.Size), int64(index), l)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	policy := by.PolicyAt(final.Size)
	note := ledger.FormatNote(ledger.Checkpoint{Origin: policy.Origin, Size: final.Size, Root: final.Root}, policy.Witness, final.Cosigs[:policy.Quorum])
	return &ledger.Receipt{Index: index, Proof: proof, Note: note}, nil
}
