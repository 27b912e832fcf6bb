package ledgertest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// Consortium is a ledger at genesis with all its keys.
type Consortium struct {
	Genesis *ledger.Genesis
	Bureaus []*Bureau // in the order of the charter: XA, XB, ...
}

// Bureau is a member with its keys.
type Bureau struct {
	Code    string
	Root    *Author
	Witness *keys.Witness // of its node
	TLS     *keys.TLS     // of its node
	Access  *keys.TLS     // of its operator
	address string        // of its node

	// Not in the charter: the ledger knows them after [Bureau.Enrolments].
	Officer    *Author // label "desk-1", an investigator
	Supervisor *Author // label "head-1", gives the second signature
	Sealing    map[seal.Compartment]*keys.Identity
}

// Node returns the name of the bureau's node, "xa.comity/n1".
func (b *Bureau) Node() string { return ledger.NodeName(b.Code) }

// NewGenesis returns a consortium of n bureaus with the addresses
// "xa.test:7000", "xb.test:7000" and so on.
func NewGenesis(t testing.TB, n int) *Consortium {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("x%c.test:7000", 'a'+i)
	}
	return NewGenesisAt(t, addresses)
}

// NewGenesisOf returns a consortium of n bureaus whose charter is of version 2 and
// has this quota.
func NewGenesisOf(t testing.TB, n int, q ledger.Quota) *Consortium {
	t.Helper()
	return NewGenesisFrom(t, n, ledger.Charter{Format: ledger.Format, Quota: q})
}

// NewGenesisFrom returns a consortium of n bureaus whose charter has these terms.
func NewGenesisFrom(t testing.TB, n int, terms ledger.Charter) *Consortium {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("x%c.test:7000", 'a'+i)
	}
	return newGenesis(t, addresses, &terms)
}

// NewGenesisAt returns a consortium with one bureau per node address.
func NewGenesisAt(t testing.TB, addresses []string) *Consortium {
	t.Helper()
	return newGenesis(t, addresses, &ledger.Charter{})
}

func newGenesis(t testing.TB, addresses []string, charter *ledger.Charter) *Consortium {
	t.Helper()
	c := &Consortium{}
	charter.Name, charter.Created = "Test consortium", 1_700_000_000
	for i, address := range addresses {
		b := newBureau(t, fmt.Sprintf("X%c", 'A'+i))
		b.address = address
		c.Bureaus = append(c.Bureaus, b)
		charter.Members = append(charter.Members, b.Member())
	}
	g, err := ledger.NewGenesis(charter)
	if err != nil {
		t.Fatalf("charter of %d bureaus: %v", len(addresses), err)
	}
	for _, b := range c.Bureaus {
		if err := g.Sign(b.Root.Signer); err != nil {
			t.Fatalf("charter signed by %s: %v", b.Code, err)
		}
		for _, a := range []*Author{b.Root, b.Officer, b.Supervisor} {
			a.ledger = g.Ledger
		}
	}
	c.Genesis = g
	return c
}

func newBureau(t testing.TB, code string) *Bureau {
	t.Helper()
	b := &Bureau{
		Code:       code,
		Root:       newAuthor(code + " root"),
		Officer:    newAuthor(code + " desk-1"),
		Supervisor: newAuthor(code + " head-1"),
		Sealing:    make(map[seal.Compartment]*keys.Identity),
	}
	var err error
	if b.Witness, err = keys.GenerateWitness(); err != nil {
		t.Fatalf("witness keys of %s: %v", code, err)
	}
	if b.TLS, err = keys.GenerateTLS(); err != nil {
		t.Fatalf("node key of %s: %v", code, err)
	}
	if b.Access, err = keys.GenerateTLS(); err != nil {
		t.Fatalf("access key of %s: %v", code, err)
	}
	for k := seal.Card; k <= seal.Victim; k++ {
		seed := sha256.Sum256(fmt.Appendf(nil, "%s sealing %d", code, k))
		if b.Sealing[k], err = keys.IdentityFromSeed(seed); err != nil {
			t.Fatalf("sealing key of %s: %v", code, err)
		}
	}
	return b
}

// NewAuthor returns an author nobody has enrolled yet, with the key that goes
// with the name.
func (c *Consortium) NewAuthor(name string) *Author {
	a := newAuthor(name)
	a.ledger = c.Genesis.Ledger
	return a
}

// NodeAuthor returns the author of the statements of a bureau's node, which signs
// with its cosigning key. Each call starts its chain anew.
func (c *Consortium) NodeAuthor(b *Bureau) *Author {
	return &Author{Signer: b.Witness.Signer(), ledger: c.Genesis.Ledger}
}

func newAuthor(name string) *Author {
	seed := sha256.Sum256([]byte(name))
	return &Author{Signer: keys.NewSigner(ed25519.NewKeyFromSeed(seed[:]))}
}
