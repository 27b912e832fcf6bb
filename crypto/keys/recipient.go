package keys

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"
	"strings"

	"filippo.io/edwards25519/field"
	"github.com/btcsuite/btcd/btcutil/bech32"
)

// RecipientSize is the length of a sealing key's public half:
// an ML-KEM-768 key (1,184 bytes) and an X25519 key (32 bytes).
const RecipientSize = 1184 + 32

// hrpRecipient is the human-readable part of a hybrid age recipient.
const hrpRecipient = "age1pq"

// Recipient is the public half of a sealing key: an age hybrid recipient, that
// is an HPKE public key of the KEM MLKEM768-X25519 (0x647a, "X-Wing").
// A Recipient is immutable and safe for concurrent use.
type Recipient struct {
	raw [RecipientSize]byte
	pub hpke.PublicKey
	id  ID
}

// RecipientFromBytes admits the 1,216 bytes of [Recipient.Bytes], or returns
// [ErrKey]. It refuses what would make a later Seal fail or weak, and every
// second spelling of one key: ML-KEM coefficients out of range (FIPS 203,
// section 7.2), a non-canonical X25519 key, and one of small order, with which
// the shared secret does not depend on the sender (RFC 7748, section 6.1).
func RecipientFromBytes(public []byte) (*Recipient, error) {
	if len(public) != RecipientSize {
		return nil, ErrKey
	}
	pub, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil || !admitX25519(public[RecipientSize-32:]) {
		return nil, ErrKey
	}
	return newRecipient(pub), nil
}

func newRecipient(pub hpke.PublicKey) *Recipient {
	r := &Recipient{raw: [RecipientSize]byte(pub.Bytes()), pub: pub}
	r.id = keyID(algXWing, r.raw[:])
	return r
}

// admitX25519 reports whether pub is the canonical form of a u-coordinate that
// contributes to a shared secret. Any scalar shows the latter: X25519 clamps
// it to a multiple of eight, and that maps small-order points, and only
// those, to zero, which crypto/ecdh reports.
func admitX25519(pub []byte) bool {
	u, err := new(field.Element).SetBytes(pub)
	if err != nil || !bytes.Equal(u.Bytes(), pub) {
		return false
	}
	point, err := ecdh.X25519().NewPublicKey(pub)
	if err != nil {
		return false
	}
	scalar, err := ecdh.X25519().NewPrivateKey(make([]byte, 32))
	if err != nil {
		return false
	}
	_, err = scalar.ECDH(point)
	return err == nil
}

// ParseRecipient parses the text form of [Recipient.String], in lower case as
// age prints it, and admits the key.
func ParseRecipient(text string) (*Recipient, error) {
	public, err := decodeBech32(hrpRecipient, text)
	if err != nil {
		return nil, fmt.Errorf("parse recipient: %w", err)
	}
	r, err := RecipientFromBytes(public)
	if err != nil {
		return nil, fmt.Errorf("parse recipient: %w", err)
	}
	return r, nil
}

// String returns the age text form, "age1pq1" and 1,952 more characters.
func (r *Recipient) String() string { return encodeBech32(hrpRecipient, r.raw[:]) }

// Bytes returns a copy of the public key.
func (r *Recipient) Bytes() []byte { return bytes.Clone(r.raw[:]) }

// HPKE returns the key for crypto/hpke.
func (r *Recipient) HPKE() hpke.PublicKey { return r.pub }

// ID returns the identifier of the key, as [SealingID] defines it.
func (r *Recipient) ID() ID { return r.id }

// Equal reports whether both are the same key.
func (r *Recipient) Equal(other *Recipient) bool { return r.raw == other.raw }

// encodeBech32 returns data as Bech32 (BIP 173) in lower case. Like age, it
// knows no limit of length.
func encodeBech32(hrp string, data []byte) string {
	text, err := bech32.EncodeFromBase256(hrp, data)
	if err != nil {
		panic("keys: bech32 refused bytes: " + err.Error())
	}
	return text
}

// decodeBech32 accepts exactly what encodeBech32 returns for hrp: lower case,
// and the checksum of BIP 173, not that of BIP 350. Errors of the bech32
// package are not passed on, since they quote parts of what may be a secret.
func decodeBech32(hrp, text string) ([]byte, error) {
	if len(text) > 4096 || text != strings.ToLower(text) {
		return nil, ErrMalformed
	}
	got, words, version, err := bech32.DecodeNoLimitWithVersion(text)
	if err != nil || got != hrp || version != bech32.Version0 {
		return nil, ErrMalformed
	}
	data, err := bech32.ConvertBits(words, 5, 8, false)
	if err != nil || encodeBech32(hrp, data) != text {
		return nil, ErrMalformed
	}
	return data, nil
}
