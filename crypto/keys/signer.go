package keys

import (
	"crypto/ed25519"
	"fmt"
)

// Signer signs with the Ed25519 key of an officer or of a bureau's root. The
// private key is in memory or in an ssh-agent; a caller need not know which.
// A Signer is safe for concurrent use if its agent is.
type Signer struct {
	pub  ed25519.PublicKey
	id   ID
	sign func(data []byte) ([]byte, error)
	priv hidden[ed25519.PrivateKey] // nil when an agent holds it
}

// GenerateSigner makes a new signing key in memory.
func GenerateSigner() (*Signer, error) {
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("generate signing key: %w", err)
	}
	return NewSigner(priv), nil
}

// NewSigner returns a Signer for a key in memory. It uses the seed of priv and
// derives the public half anew: signing with a public half that is not the
// seed's own discloses the key. It panics if priv has not the length of a
// private key.
func NewSigner(priv ed25519.PrivateKey) *Signer {
	if len(priv) != ed25519.PrivateKeySize {
		panic("keys: bad private key length")
	}
	priv = ed25519.NewKeyFromSeed(priv.Seed())
	pub := priv.Public().(ed25519.PublicKey)
	sign := func(data []byte) ([]byte, error) { return ed25519.Sign(priv, data), nil }
	return &Signer{pub: pub, id: SigningID(pub), sign: sign, priv: hide(priv)}
}

// Public returns the public key. The caller must not change it.
func (s *Signer) Public() ed25519.PublicKey { return s.pub }

// ID returns the identifier of the public key.
func (s *Signer) ID() ID { return s.id }

// Sign returns the Ed25519 signature (RFC 8032, not prehashed) of data itself.
// It adds no framing: anything but package sign that calls it risks that one
// signature means two things.
//
// The signature is verified before it is returned. A signature computed over a
// fault can disclose the key, and an agent is another program.
func (s *Signer) Sign(data []byte) ([64]byte, error) {
	sig, err := s.sign(data)
	if err != nil {
		return [64]byte{}, fmt.Errorf("sign with key %s: %w", s.id.Short(), err)
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(s.pub, data, sig) {
		return [64]byte{}, fmt.Errorf("sign with key %s: the signature does not verify", s.id.Short())
	}
	return [64]byte(sig), nil
}
