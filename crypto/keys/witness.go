package keys

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"

	"filippo.io/mldsa"
)

// Witness holds the keys with which a node cosigns checkpoints: Ed25519, which
// existing tools check, and ML-DSA-44 (FIPS 204), so that history stays
// unforgeable if Ed25519 falls. They are made, kept and enrolled together.
// A Witness is safe for concurrent use.
//
// It signs whatever it is given. What may be cosigned, and that the witness
// state is on disk first, is the node's business.
type Witness struct {
	ed  hidden[ed25519.PrivateKey]
	mld hidden[*mldsa.PrivateKey]
	pub WitnessPublic
}

// WitnessPublic is the public half of a [Witness]. Its fields must not be
// changed.
type WitnessPublic struct {
	Ed25519 ed25519.PublicKey
	MLDSA   *mldsa.PublicKey // of the parameter set ML-DSA-44
}

// GenerateWitness makes a new pair of cosigning keys.
func GenerateWitness() (*Witness, error) {
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("generate cosigning key: %w", err)
	}
	mld, err := mldsa.GenerateKey(mldsa.MLDSA44())
	if err != nil {
		return nil, fmt.Errorf("generate cosigning key: %w", err)
	}
	return newWitness(ed, mld), nil
}

func newWitness(ed ed25519.PrivateKey, mld *mldsa.PrivateKey) *Witness {
	pub := WitnessPublic{Ed25519: ed.Public().(ed25519.PublicKey), MLDSA: mld.PublicKey()}
	return &Witness{ed: hide(ed), mld: hide(mld), pub: pub}
}

// ParseWitness parses what [Witness.MarshalPEM] returns: two PKCS #8 keys in
// PEM, Ed25519 first, then ML-DSA-44, and nothing else.
func ParseWitness(file []byte) (*Witness, error) {
	first, rest, err := nextPEM(file, pemPrivate)
	if err != nil {
		return nil, fmt.Errorf("parse cosigning keys: %w", err)
	}
	second, err := onePEM(rest, pemPrivate)
	if err != nil {
		return nil, fmt.Errorf("parse cosigning keys: %w", err)
	}
	ed, err := parsePKCS8Ed25519(first.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse cosigning keys: Ed25519: %w", err)
	}
	mld, err := parsePKCS8MLDSA44(second.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse cosigning keys: ML-DSA-44: %w", err)
	}
	return newWitness(ed, mld), nil
}

// MarshalPEM returns both private keys as PKCS #8 in PEM. They are not
// encrypted: a node starts without anyone present.
func (w *Witness) MarshalPEM() []byte {
	ed := pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: marshalPKCS8(w.ed())})
	mld := pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: marshalPKCS8(w.mld())})
	return append(ed, mld...)
}

// Public returns the public keys.
func (w *Witness) Public() WitnessPublic { return w.pub }

// Signer returns the Ed25519 key as a Signer, for the statements that a node
// makes. A signature of it in the framing of SSHSIG, which begins with "SSHSIG",
// is never one over a checkpoint, whose message begins with "cosignature/v1".
func (w *Witness) Signer() *Signer { return NewSigner(w.ed()) }

// SignEd25519 returns the Ed25519 signature of msg, 64 bytes, verified.
func (w *Witness) SignEd25519(msg []byte) ([]byte, error) {
	sig := ed25519.Sign(w.ed(), msg)
	if !ed25519.Verify(w.pub.Ed25519, msg, sig) {
		return nil, errors.New("cosign with Ed25519: the signature does not verify")
	}
	return sig, nil
}

// SignMLDSA returns the ML-DSA-44 signature of msg with an empty context, 2,420
// bytes, verified. It is hedged: two signatures of one message differ.
func (w *Witness) SignMLDSA(msg []byte) ([]byte, error) {
	sig, err := w.mld().Sign(nil, msg, &mldsa.Options{})
	if err != nil {
		return nil, fmt.Errorf("cosign with ML-DSA-44: %w", err)
	}
	if err := mldsa.Verify(w.pub.MLDSA, msg, sig, nil); err != nil {
		return nil, fmt.Errorf("cosign with ML-DSA-44: the signature does not verify: %w", err)
	}
	return sig, nil
}
