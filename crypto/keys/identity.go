package keys

import (
	"crypto/hpke"
	"fmt"
	"strings"
)

// hrpIdentity is the human-readable part of a hybrid age identity, which is
// written in upper case.
const hrpIdentity = "AGE-SECRET-KEY-PQ-"

// Identity is a sealing key: an age hybrid identity. Its secret is a seed of 32
// bytes. An Identity is immutable and safe for concurrent use.
type Identity struct {
	seed hidden[[32]byte]
	priv hidden[hpke.PrivateKey]
	pub  *Recipient
}

// GenerateIdentity makes a new sealing key.
func GenerateIdentity() (*Identity, error) {
	priv, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("generate sealing key: %w", err)
	}
	seed, err := priv.Bytes()
	if err != nil {
		return nil, fmt.Errorf("generate sealing key: %w", err)
	}
	return IdentityFromSeed([32]byte(seed))
}

// IdentityFromSeed returns the sealing key of a seed, which must be uniformly
// random. The circle keys of the ledger travel in this form.
func IdentityFromSeed(seed [32]byte) (*Identity, error) {
	priv, err := hpke.MLKEM768X25519().NewPrivateKey(seed[:])
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	return &Identity{seed: hide(seed), priv: hide(priv), pub: newRecipient(priv.PublicKey())}, nil
}

// ParseIdentity parses the text form of [Identity.String].
func ParseIdentity(text string) (*Identity, error) {
	if text != strings.ToUpper(text) {
		return nil, fmt.Errorf("parse identity: %w", ErrMalformed)
	}
	seed, err := decodeBech32(strings.ToLower(hrpIdentity), strings.ToLower(text))
	if err != nil || len(seed) != 32 {
		return nil, fmt.Errorf("parse identity: %w", ErrMalformed)
	}
	i, err := IdentityFromSeed([32]byte(seed))
	if err != nil {
		return nil, fmt.Errorf("parse identity: %w", err)
	}
	return i, nil
}

// String returns the secret in age's text form, "AGE-SECRET-KEY-PQ-1" and 58
// more characters. As with age, it must be called by name: fmt and slog print
// the identifier of the key instead.
func (i *Identity) String() string {
	seed := i.seed()
	return strings.ToUpper(encodeBech32(strings.ToLower(hrpIdentity), seed[:]))
}

// Seed returns the secret itself.
func (i *Identity) Seed() [32]byte { return i.seed() }

// Recipient returns the public half.
func (i *Identity) Recipient() *Recipient { return i.pub }

// HPKE returns the key for crypto/hpke.
func (i *Identity) HPKE() hpke.PrivateKey { return i.priv() }
