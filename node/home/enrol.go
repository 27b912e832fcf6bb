package home

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
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
// sends the same statement again, until ctx ends. Officers whose private keys are
// not here, see [Home.Away], are passed over, and keys that the caller says are
// known: theirs need not be unlocked.
func (h *Home) Enrol(ctx context.Context, c *client.Client, pass Passphrase, known ...keys.ID) (n int, err error) {
	root, err := h.Root(pass)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	r, err := h.Registrar(ctx, c, root)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	acts, err := h.enrolments(r, pass, known)
	if err != nil {
		return 0, fmt.Errorf("enrol: %w", err)
	}
	for i := range acts {
		_, sub, err := r.Submit(ctx, ledger.ClassEnrol, acts[i].Marshal())
		if wire.CodeOf(err) == wire.Code(state.KeyInUse) {
			continue
		}
		if err != nil {
			return n, fmt.Errorf("enrol the %s key of %s: %w", acts[i].Purpose, acts[i].Label, err)
		}
		if !sub.Known {
			n++
		}
	}
	return n, nil
}

// enrolments returns what is to be said of every key of the home.
func (h *Home) enrolments(r *Registrar, pass Passphrase, known []keys.ID) ([]ledger.Enrol, error) {
	var acts []ledger.Enrol
	away := h.Away()
	for _, label := range h.Officers() {
		if slices.Contains(away, label) {
			continue
		}
		if knows, err := h.knows(known, label); err != nil || knows {
			if err != nil {
				return nil, err
			}
			continue
		}
		o, err := h.Officer(label, pass)
		if err != nil {
			return nil, err
		}
		proof, err := r.Prove(o.Signer)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dirOfficers, label), err)
		}
		list, err := h.Enrolments(label, proof)
		if err != nil {
			return nil, err
		}
		acts = append(acts, list...)
	}
	switch desk, err := h.DeskTLS(); {
	case err == nil:
		access := desk.ID()
		acts = append(acts, ledger.Enrol{Purpose: ledger.PurposeAccess, Label: deskLabel, Roles: ledger.RoleAuditor, Key: access[:]})
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	replica, err := h.enrolReplica()
	if err != nil {
		return nil, err
	}
	acts = append(acts, replica...)
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

// knows reports whether both keys of an officer are known.
func (h *Home) knows(known []keys.ID, label string) (bool, error) {
	pub, err := h.SigningKey(label)
	if err != nil {
		return false, err
	}
	t, err := h.Access(label)
	if err != nil {
		return false, err
	}
	return slices.Contains(known, keys.SigningID(pub)) && slices.Contains(known, t.ID()), nil
}

// Enrolments returns what is to be said to admit the keys of an officer whose
// signing key is proven, see [Registrar.Prove]: that key and the one for TLS.
func (h *Home) Enrolments(label string, proof []byte) ([]ledger.Enrol, error) {
	roles, err := h.Roles(label)
	if err != nil {
		return nil, err
	}
	pub, err := h.SigningKey(label)
	if err != nil {
		return nil, err
	}
	t, err := h.Access(label)
	if err != nil {
		return nil, err
	}
	access := t.ID()
	return []ledger.Enrol{
		{Purpose: ledger.PurposeSign, Label: label, Roles: roles, Key: pub, Proof: proof},
		{Purpose: ledger.PurposeAccess, Label: label, Roles: roles, Key: access[:]}}, nil
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
