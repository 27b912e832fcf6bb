package home

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/wire"
)

// resendAfter is how long Enrol waits before it sends the same bytes again.
const resendAfter = 200 * time.Millisecond

// Enrol has the root admit the keys of this home that the ledger does not know
// yet: of each officer the signing and the TLS key, and the bureau's sealing
// keys. It returns how many it admitted, and can be called again at any time:
// the ledger refuses what it knows. While the node has no leader or is busy, it
// sends the same statement again, until ctx ends.
func (h *Home) Enrol(ctx context.Context, c *client.Client, pass Passphrase) (n int, err error) {
	g, err := h.Genesis()
	if err != nil {
		return 0, err
	}
	root, err := h.Root(pass)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	e := &enroller{home: h, client: c, genesis: g, root: root}
	if err := e.look(ctx); err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	acts, err := h.enrolments(g.Ledger, root.ID(), pass)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	for i := range acts {
		fresh, err := e.enrol(ctx, &acts[i])
		if err != nil {
			return n, fmt.Errorf("enrol the %s key of %s: %w", acts[i].Purpose, acts[i].Label, err)
		}
		if fresh {
			n++
		}
	}
	return n, nil
}

// enrolments returns what the root has to say about every key of the home.
func (h *Home) enrolments(id ledger.Hash, root keys.ID, pass Passphrase) ([]ledger.Enrol, error) {
	var acts []ledger.Enrol
	for _, label := range h.Officers() {
		o, err := h.Officer(label, pass)
		if err != nil {
			return nil, err
		}
		pub := o.Signer.Public()
		proof, err := sign.Sign(o.Signer, sign.NamespaceEnrol, ledger.EnrolProof(id, root, pub))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dirOfficers, label), err)
		}
		access := o.TLS.ID()
		acts = append(acts,
			ledger.Enrol{Purpose: ledger.PurposeSign, Label: label, Roles: o.Roles, Key: pub, Proof: proof[:]},
			ledger.Enrol{Purpose: ledger.PurposeAccess, Label: label, Roles: o.Roles, Key: access[:]})
	}
	switch desk, err := h.DeskTLS(); {
	case err == nil:
		access := desk.ID()
		acts = append(acts, ledger.Enrol{Purpose: ledger.PurposeAccess, Label: deskLabel, Roles: ledger.RoleAuditor, Key: access[:]})
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	recipients, err := h.Recipients()
	if err != nil {
		return nil, err
	}
	for c := seal.Card; c <= seal.Victim; c++ {
		if r, ok := recipients[c]; ok {
			acts = append(acts, ledger.Enrol{Purpose: ledger.PurposeSeal, Label: c.String(), Compartment: c, Key: r.Bytes()})
		}
	}
	return acts, nil
}

// enroller continues the root's chain of statements.
type enroller struct {
	home    *Home
	client  *client.Client
	genesis *ledger.Genesis
	root    *keys.Signer
	next    wire.Author
	seen    ledger.Checkpoint
}

// look learns where the chain ends, and the history that the root has seen.
func (e *enroller) look(ctx context.Context) error {
	a, err := e.client.FreshAuthor(ctx, e.root.ID())
	if err != nil {
		return err
	}
	e.next = *a
	e.seen = ledger.Checkpoint{Root: ledger.EmptyRoot}
	note, err := e.client.Checkpoint(ctx, 0, 0)
	switch wire.CodeOf(err) {
	case wire.NotFinal, wire.NotFound:
		return nil // nothing is FINAL yet
	}
	if err != nil {
		return err
	}
	e.seen, _, err = e.genesis.Open(note)
	return err
}

// enrol submits one enrolment, and reports whether the key was new.
func (e *enroller) enrol(ctx context.Context, act *ledger.Enrol) (fresh bool, err error) {
	for range 3 {
		item, err := e.statement(act)
		if err != nil {
			return false, err
		}
		_, err = Send(ctx, e.client, *item)
		switch state.Code(wire.CodeOf(err)) {
		case state.KeyInUse:
			return false, nil
		case state.BadSequence: // another hand used the root meanwhile
			if err := e.look(ctx); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, err
		}
		e.next.Seq, e.next.Prev = e.next.Seq+1, item.Entry.ID
		return true, nil
	}
	return false, errors.New("the root key is being used elsewhere at the same time")
}

func (e *enroller) statement(act *ledger.Enrol) (*ledger.Item, error) {
	s := &ledger.Statement{
		Class: ledger.ClassEnrol, Ledger: e.genesis.Ledger, Author: e.root.ID(), Seq: e.next.Seq, Prev: e.next.Prev,
		SeenSize: e.seen.Size, SeenRoot: e.seen.Root, Created: uint64(e.home.now().Unix()), Public: act.Marshal(),
	}
	entry, err := ledger.SignStatement(s, e.root)
	if err != nil {
		return nil, err
	}
	return &ledger.Item{Entry: entry}, nil
}

// Send submits an item, and submits the same bytes again while that may help:
// the node says so, or the connection broke after they were sent. It stops when
// ctx ends. The id makes sending twice safe.
func Send(ctx context.Context, c *client.Client, item ledger.Item) (*wire.Submitted, error) {
	for {
		s, err := c.Submit(ctx, item)
		var broken *client.Unreachable
		if err == nil || !wire.Retryable(err) && !(errors.As(err, &broken) && broken.Sent) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(resendAfter):
		}
	}
}
