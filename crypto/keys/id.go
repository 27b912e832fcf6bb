package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ID names a public key by its hash. It is comparable and fit for a map key.
// The zero ID names no key.
type ID [sha256.Size]byte

// idDomain separates key identifiers from every other hash in comity.
const idDomain = "comity/v1/key\x00"

// The algorithm byte of an identifier, as in crypto/CRYPTO.md. Numbers are
// never reused.
const (
	algEd25519 = 1 // signing: Ed25519, 32 bytes
	algXWing   = 2 // sealing: MLKEM768-X25519, 1,216 bytes
)

// SigningID returns the identifier of an officer's or a root's signing key:
//
//	SHA-256("comity/v1/key\x00" || 0x01 || pub[32])
//
// It does not admit the key; see [AdmitEd25519].
func SigningID(pub ed25519.PublicKey) ID { return keyID(algEd25519, pub) }

// SealingID returns the identifier of a sealing key:
//
//	SHA-256("comity/v1/key\x00" || 0x02 || public key[1216])
func SealingID(r *Recipient) ID { return r.ID() }

func keyID(alg byte, pub []byte) ID {
	h := sha256.New()
	h.Write([]byte(idDomain))
	h.Write([]byte{alg})
	h.Write(pub)
	return ID(h.Sum(nil))
}

// String returns the identifier as 64 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first eight bytes in groups of four digits, such as
// "7f2c 91aa 05de 40b8". It is for people to recognise a key they know; 64 bits
// can be searched for, so it never identifies one.
func (id ID) Short() string {
	return fmt.Sprintf("%x %x %x %x", id[0:2], id[2:4], id[4:6], id[6:8])
}

// MarshalText returns the form of [ID.String].
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText sets id from the form of [ID.String] and accepts no other.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ParseID parses 64 lower-case hexadecimal digits. It accepts no other
// spelling, so that identifiers compare as text too.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("parse key id: %w", ErrMalformed)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil || id.String() != s {
		return ID{}, fmt.Errorf("parse key id: %w", ErrMalformed)
	}
	return id, nil
}
