package home

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/wire"
)

// Registrar writes what a bureau says of its keys: it continues the chain of
// statements of the key that signs. It serves one goroutine.
type Registrar struct {
	home    *Home
	client  *client.Client
	genesis *ledger.Genesis
	signer  *keys.Signer
	next    wire.Author
	seen    ledger.Checkpoint
}

// Registrar returns one that signs with the bureau's root, or with whatever key
// the ledger lets do so in its place.
func (h *Home) Registrar(ctx context.Context, c *client.Client, signer *keys.Signer) (*Registrar, error) {
	g, err := h.Genesis()
	if err != nil {
		return nil, err
	}
	return h.RegistrarOf(ctx, g, c, signer)
}

// RegistrarOf is [Home.Registrar] with the charter file to go by: a newer one than
// the home has, or that of a ledger which the bureau is about to join.
func (h *Home) RegistrarOf(ctx context.Context, g *ledger.Genesis, c *client.Client, signer *keys.Signer) (*Registrar, error) {
	r := &Registrar{home: h, client: c, genesis: g, signer: signer}
	return r, r.look(ctx)
}

// FirstRegistrar is [Home.RegistrarOf] for a key that has written nothing: that of a
// bureau which joins. seen is the FINAL checkpoint that it accepts.
func (h *Home) FirstRegistrar(g *ledger.Genesis, c *client.Client, signer *keys.Signer, seen ledger.Checkpoint) *Registrar {
	return &Registrar{home: h, client: c, genesis: g, signer: signer, next: wire.Author{Key: signer.ID()}, seen: seen}
}

// ID returns the id of the key that signs.
func (r *Registrar) ID() keys.ID { return r.signer.ID() }

// Proof returns what a signing key signs, in the namespace of enrolments, to show
// that its holder has the private half and wants this registrar to enrol it.
func (r *Registrar) Proof(pub ed25519.PublicKey) []byte {
	return ledger.EnrolProof(r.genesis.Ledger, r.signer.ID(), pub)
}

// Prove returns the proof by a key that is here or in an ssh-agent.
func (r *Registrar) Prove(s *keys.Signer) ([]byte, error) {
	proof, err := sign.Sign(s, sign.NamespaceEnrol, r.Proof(s.Public()))
	return proof[:], err
}

// look learns where the chain ends, and the history that the signer has seen.
func (r *Registrar) look(ctx context.Context) error {
	a, err := r.client.FreshAuthor(ctx, r.signer.ID())
	if err != nil {
		return err
	}
	r.next = *a
	r.seen = ledger.Checkpoint{Root: ledger.EmptyRoot}
	note, err := r.client.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return nil // nothing is FINAL yet
	}
	if err != nil {
		return err
	}
	r.seen, _, err = r.genesis.Open(note)
	return err
}

// Submit signs a statement on a key and submits it, again while that may help and
// until ctx ends. It returns the statement as it was signed.
func (r *Registrar) Submit(ctx context.Context, class ledger.Class, public []byte) (*ledger.Item, *wire.Submitted, error) {
	return r.SubmitOn(ctx, class, ledger.ID{}, public)
}

// SubmitOn is [Registrar.Submit] for a statement about another one.
func (r *Registrar) SubmitOn(ctx context.Context, class ledger.Class, target ledger.ID, public []byte) (*ledger.Item, *wire.Submitted, error) {
	for range 3 {
		s := &ledger.Statement{
			Class: class, Ledger: r.genesis.Ledger, Author: r.signer.ID(), Seq: r.next.Seq, Prev: r.next.Prev,
			SeenSize: r.seen.Size, SeenRoot: r.seen.Root, Created: uint64(r.home.now().Unix()), Target: target, Public: public,
		}
		entry, err := ledger.SignStatement(s, r.signer)
		if err != nil {
			return nil, nil, err
		}
		item := &ledger.Item{Entry: entry}
		sub, err := Send(ctx, r.client, *item)
		if wire.CodeOf(err) == wire.Code(state.BadSequence) { // another hand used the key meanwhile
			if err := r.look(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		r.next.Seq, r.next.Prev = r.next.Seq+1, entry.ID
		return item, sub, nil
	}
	return nil, nil, fmt.Errorf("key %s is being used elsewhere at the same time", r.signer.ID().Short())
}
