package ledger

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// Bounds of certificates. A charter file has at most [MaxEpochs] of them, so that
// whoever reads one, or a log, has a bounded number of epochs in memory, and a
// bundle has room for the file. A certificate has room for what it takes, 15 votes and
// the lines of 10 cosigners, and not for as much again: however it was filled up, that
// of the next epoch still fits into the file.
const (
	MaxEpochs      = 300 // after the founders'
	MaxCertificate = 48 << 10
	MaxGenesis     = 1<<24 - 1 // of a charter file
)

const _ = uint(MaxGenesis - (3 + MaxCharter + MaxVoters*ed25519.SignatureSize + MaxEpochs*(3+MaxCertificate)))

// Certificate proves an epoch to whoever knows the one before: the proposal, the
// votes of enough voters for it, and the entry that makes the epoch, with its
// receipt. The receipt is by a quorum of the new epoch, so that it proves that
// this epoch has begun, and where.
type Certificate struct {
	Proposal *Entry
	Votes    []*Entry // for it, ascending by author; the proposer counts without one
	Epoch    *Entry
	Receipt  *Receipt // of Epoch

	Recover *Entry // in the place of all that: a recovery, which needs no receipt
}

// Marshal returns u24-vector proposal || n u8 || n * u24-vector vote ||
// u24-vector epoch || u24-vector receipt, or u24 0 || u24-vector recovery. It
// panics on more votes than voters.
func (c *Certificate) Marshal() []byte {
	if len(c.Votes) > MaxVoters {
		panic("ledger: certificate of too many votes")
	}
	b := cryptobyte.NewBuilder(nil)
	if c.Recover != nil {
		b.AddUint24(0)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(c.Recover.Raw) })
		return b.BytesOrPanic()
	}
	add := func(data []byte) { b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) }) }
	add(c.Proposal.Raw)
	b.AddUint8(uint8(len(c.Votes)))
	for _, v := range c.Votes {
		add(v.Raw)
	}
	add(c.Epoch.Raw)
	add(c.Receipt.Marshal())
	return b.BytesOrPanic()
}

// ParseCertificate is the inverse of [Certificate.Marshal]. It verifies nothing:
// see [Genesis.With].
func ParseCertificate(data []byte) (*Certificate, error) {
	var (
		c            Certificate
		raw, receipt cryptobyte.String
		count        uint8
		err          error
	)
	in := cryptobyte.String(data)
	entry := func(class Class) *Entry {
		if err != nil {
			return nil
		}
		var e *Entry
		if !in.ReadUint24LengthPrefixed(&raw) {
			err = ErrMalformed
		} else if e, err = ParseEntry(raw); err == nil && e.Statement.Class != class {
			err = ErrMalformed
		}
		return e
	}
	if len(data) > MaxCertificate {
		return nil, ErrMalformed
	}
	if len(data) > 3 && data[0] == 0 && data[1] == 0 && data[2] == 0 {
		in.Skip(3)
		if c.Recover = entry(ClassRecover); err != nil || !in.Empty() {
			return nil, ErrMalformed
		}
		return &c, nil
	}
	c.Proposal = entry(ClassPropose)
	if err != nil || !in.ReadUint8(&count) || count > MaxVoters {
		return nil, ErrMalformed
	}
	for range count {
		v := entry(ClassVote)
		if err != nil || len(c.Votes) > 0 && bytes.Compare(c.Votes[len(c.Votes)-1].Statement.Author[:], v.Statement.Author[:]) >= 0 {
			return nil, ErrMalformed
		}
		c.Votes = append(c.Votes, v)
	}
	c.Epoch = entry(ClassEpoch)
	if err != nil || !in.ReadUint24LengthPrefixed(&receipt) || !in.Empty() {
		return nil, ErrMalformed
	}
	if c.Receipt, err = ParseReceipt(receipt); err != nil {
		return nil, ErrMalformed
	}
	return &c, nil
}

// With returns g with the epochs that the certificates prove, in their order: the
// first that g does not know, and those after it. g stays as it is.
//
// One of a format that is not known here ends in a [FormatError]: it verifies, but for
// its receipt, and what follows it cannot be told.
//
// A certificate has its receipt from the time of its own epoch, or, with those of
// the epochs between, from a later one. That may be one that a later recovery cut.
func (g *Genesis) With(certs ...*Certificate) (*Genesis, error) {
	m := g.Membership
	if len(m.epochs)-1 > len(g.certs) {
		return nil, errors.New("certificate: there is none of an epoch before it")
	}
	for _, c := range certs {
		e, err := c.epoch(g.Ledger, m.Latest())
		if err != nil {
			return nil, fmt.Errorf("certificate of epoch %d: %w", m.Latest().Number+1, err)
		}
		if err := e.CheckFormat(Format); err != nil {
			return nil, err
		}
		m = m.Next(e)
	}
	for i, c := range certs {
		if c.Recover != nil {
			continue // it stands by itself
		}
		_, _, err := c.Receipt.Verify(m, c.Epoch.LeafHash())
		if cut := new(CutError); errors.As(err, &cut) && c.Receipt.Index < cut.Cut {
			err = nil // the checkpoint is gone, and the entry is among those that remained
		}
		if err != nil {
			return nil, fmt.Errorf("certificate of epoch %d: %w", m.epochs[len(g.epochs)+i].Number, err)
		}
	}
	out := *g
	out.Membership, out.certs = m, append(slices.Clip(g.certs), certs...)
	return &out, nil
}

// Certificates returns those of the epochs after the founders', in their order.
// The caller must not change the list.
func (g *Genesis) Certificates() []*Certificate { return g.certs }

// epoch returns the epoch that the certificate makes of the one before. Its
// receipt is still to be verified.
func (c *Certificate) epoch(ledger Hash, before *Epoch) (*Epoch, error) {
	if c.Recover != nil {
		return c.recovery(ledger, before)
	}
	proposal, enact := c.Proposal.Statement, c.Epoch.Statement
	for _, e := range append([]*Entry{c.Proposal, c.Epoch}, c.Votes...) {
		if e.Statement.Ledger != ledger {
			return nil, ErrOtherLedger
		}
		if len(e.Signatures) != 1 {
			return nil, errors.New("an entry in it has more than one signature")
		}
	}
	p, err := ParsePropose(proposal.Public)
	if err != nil {
		return nil, err
	}
	n, err := ParseEnact(enact.Public)
	if err != nil {
		return nil, err
	}
	index := c.Receipt.Index
	switch {
	case n.Number != before.Number+1:
		return nil, fmt.Errorf("it is of epoch %d", n.Number)
	case enact.Target != c.Proposal.ID:
		return nil, errors.New("its epoch is that of another proposal")
	case index < before.From:
		return nil, fmt.Errorf("its epoch begins with entry %d, which does not follow the epoch before", index)
	}
	if err := c.votes(p, before); err != nil {
		return nil, err
	}
	author := p.Author()
	if author == nil {
		m := before.Root(enact.Author)
		if m == nil || !m.Voter {
			return nil, errors.New("its epoch was made by nobody who may")
		}
		author = m.Root
	}
	if !c.Epoch.Verify(0, author) {
		return nil, errors.New("its epoch was made by nobody who may, or the signature is not good")
	}
	if !p.CheckProof(ledger, before) {
		return nil, errors.New("the proof in its proposal is not good")
	}
	return before.After(p, index+1)
}

// raises returns the format that the certificate says it is about, 0 if none.
func (c *Certificate) raises() uint8 {
	if c.Proposal == nil {
		return 0
	}
	if p := c.Proposal.Statement.Proposes(); p != nil {
		return p.Format
	}
	return 0
}

// votes checks that enough voters of the epoch before are for the proposal.
func (c *Certificate) votes(p *Propose, before *Epoch) error {
	count := 0
	if m := before.Root(c.Proposal.Statement.Author); m != nil && m.Voter {
		if !c.Proposal.Verify(0, m.Root) {
			return fmt.Errorf("the signature of %s under its proposal is not good", m.Code)
		}
		count++
	}
	for _, v := range c.Votes {
		s := v.Statement
		vote, err := ParseVote(s.Public)
		if err != nil {
			return err
		}
		m := before.Root(s.Author)
		switch {
		case s.Target != c.Proposal.ID || !vote.For:
			return errors.New("a vote in it is not for its proposal")
		case m == nil || !m.Voter:
			return fmt.Errorf("key %s, which votes in it, is no voter's root", s.Author.Short())
		case s.Author == c.Proposal.Statement.Author:
			return fmt.Errorf("the vote of %s, whose proposal it is, would count twice", m.Code)
		case !v.Verify(0, m.Root):
			return fmt.Errorf("the signature of %s under its vote is not good", m.Code)
		}
		count++
	}
	if need := p.Needed(before); count < need {
		return fmt.Errorf("%d of %d voters are for it: %w", count, need, ErrQuorum)
	}
	return nil
}
