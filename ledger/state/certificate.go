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

// ErrNotCertified is returned for an epoch of which no FINAL checkpoint is known
// here: there is none yet, or this log came from another and did not bring it.
var ErrNotCertified = errors.New("no FINAL checkpoint of this epoch is known here")

// Certificate makes the certificate of the epoch with this number. Whoever holds
// those of the epochs before verifies it with [ledger.Genesis.With].
func (m *Machine) Certificate(l Log, number uint32) (*ledger.Certificate, error) {
	return m.CertificateBy(l, number, nil)
}

// CertificateBy is [Machine.Certificate] with a receipt of the entry that began the
// epoch, for who has the entries from another and not what was cosigned when. The
// receipt is not verified here.
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
	if c.Receipt = receipt; receipt == nil {
		c.Receipt, err = epochReceipt(l, by, number, r.From-1)
	}
	return c, err
}

// epochReceipt returns the receipt of the entry that began an epoch, by as many
// cosigners of that epoch as it takes.
func epochReceipt(l Log, by *ledger.Membership, number uint32, index uint64) (*ledger.Receipt, error) {
	final, err := ReadEpochFinal(l, number)
	if err != nil {
		return nil, err
	}
	if final == nil {
		if final, err = ReadFinal(l); err != nil {
			return nil, err
		}
		if final == nil || by.At(final.Size).Number != number {
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
