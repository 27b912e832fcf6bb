package ledgertest

import (
	"strings"
	"testing"

	"comity/ledger"
)

// Newcomer returns a bureau with keys that is no member yet. Its node is at
// "xf.test:7000", as those of founders.
func (c *Consortium) Newcomer(t testing.TB, code string) *Bureau {
	t.Helper()
	b := newBureau(t, code)
	b.address = strings.ToLower(code) + ".test:7000"
	for _, a := range []*Author{b.Root, b.Officer, b.Supervisor} {
		a.ledger = c.Genesis.Ledger
	}
	return b
}

// Member returns what the charter, or a proposal to admit it, has of the bureau.
func (b *Bureau) Member() ledger.Member {
	return ledger.Member{
		Code:   b.Code,
		Name:   "Bureau " + b.Code,
		Root:   b.Root.Signer.Public(),
		Access: b.Access.ID(),
		Node:   ledger.Node{Address: b.address, TLS: b.TLS.ID(), Witness: b.Witness.Public()},
	}
}

// Admission returns the proposal to admit the bureau, with its proof.
func (b *Bureau) Admission(t testing.TB) ledger.Propose {
	t.Helper()
	m := b.Member()
	p := ledger.Propose{Change: ledger.ChangeAdmit, Code: b.Code, Member: &m}
	b.prove(t, &p)
	return p
}

// NewRoot returns the proposal to give the bureau the root key that next has. Once
// it is carried out, the bureau's Root is to be next's.
func (b *Bureau) NewRoot(t testing.TB, next *Author) ledger.Propose {
	t.Helper()
	p := ledger.Propose{Change: ledger.ChangeRoot, Code: b.Code, Root: next.Signer.Public()}
	if err := p.Sign(b.Root.ledger, next.Signer); err != nil {
		t.Fatalf("new root of %s: %v", b.Code, err)
	}
	return p
}

// NewNode returns the proposal to give the bureau the node keys that next has, at
// the address where its node is.
func (b *Bureau) NewNode(t testing.TB, next *Bureau) ledger.Propose {
	t.Helper()
	p := ledger.Propose{Change: ledger.ChangeNode, Code: b.Code, Node: &ledger.Node{Address: b.address, TLS: next.TLS.ID(), Witness: next.Witness.Public()}}
	b.prove(t, &p)
	return p
}

func (b *Bureau) prove(t testing.TB, p *ledger.Propose) {
	t.Helper()
	if err := p.Sign(b.Root.ledger, b.Root.Signer); err != nil {
		t.Fatalf("proposal of %s: %v", b.Code, err)
	}
}

// Propose makes a proposal.
func (b *Bureau) Propose(t testing.TB, p ledger.Propose) ledger.Item {
	t.Helper()
	return b.Root.Sign(t, ledger.Statement{Class: ledger.ClassPropose, Public: p.Marshal()}, nil)
}

// Vote is for a proposal, or against it.
func (b *Bureau) Vote(t testing.TB, proposal ledger.ID, yes bool) ledger.Item {
	t.Helper()
	return b.Root.Sign(t, ledger.Statement{Class: ledger.ClassVote, Target: proposal, Public: (&ledger.Vote{For: yes}).Marshal()}, nil)
}

// Enact carries a proposal out as the epoch with this number. Its author has seen
// these first entries.
func (b *Bureau) Enact(t testing.TB, proposal ledger.ID, number uint32, seenSize uint64, seenRoot ledger.Hash) ledger.Item {
	t.Helper()
	return b.Root.Sign(t, ledger.Statement{Class: ledger.ClassEpoch, Target: proposal, Public: (&ledger.Enact{Number: number}).Marshal(),
		SeenSize: seenSize, SeenRoot: seenRoot}, nil)
}

// Recover goes on from the first entries that this head is of. The bureau's root is
// the author, and those of others sign with it.
func (b *Bureau) Recover(t testing.TB, r ledger.Recover, seenSize uint64, seenRoot ledger.Hash, others ...*Author) ledger.Item {
	t.Helper()
	return b.Root.Sign(t, ledger.Statement{Class: ledger.ClassRecover, Public: r.Marshal(), SeenSize: seenSize, SeenRoot: seenRoot}, nil, others...)
}
