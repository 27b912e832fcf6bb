package keys

import (
	"bytes"
	"crypto/ed25519"
	"slices"

	"filippo.io/edwards25519"
)

// AdmitEd25519 returns pub as a key that comity may rely on, or [ErrKey]. It
// admits exactly the canonical encodings of the points of prime order:
//
//   - 32 bytes that decode to a point of the curve;
//   - y below 2^255-19, and no sign bit on a zero x: one key, one spelling;
//   - not a small-order point, under which anyone can sign anything;
//   - no small-order component, on which implementations disagree whether a
//     signature is valid (RFC 8032, section 5.1.7, allows two ways to check).
//
// Every key that an honest implementation generates passes. The result does not
// alias pub.
func AdmitEd25519(pub []byte) (ed25519.PublicKey, error) {
	if len(pub) != ed25519.PublicKeySize {
		return nil, ErrKey
	}
	p, err := new(edwards25519.Point).SetBytes(pub)
	if err != nil || !bytes.Equal(p.Bytes(), pub) {
		return nil, ErrKey
	}
	if p.Equal(edwards25519.NewIdentityPoint()) == 1 || !inPrimeSubgroup(p) {
		return nil, ErrKey
	}
	return slices.Clone(ed25519.PublicKey(pub)), nil
}

// inPrimeSubgroup reports whether [l]p is the identity, for the prime order l.
// Scalars live modulo l, so l itself cannot be written as one. Instead, with
// k = 1/8 mod l, [8]([k]p) restores the prime-order part of p and clears the
// rest: the result is p only if there was no rest.
func inPrimeSubgroup(p *edwards25519.Point) bool {
	q := new(edwards25519.Point).ScalarMult(inverseOfEight, p)
	return q.MultByCofactor(q).Equal(p) == 1
}

var inverseOfEight = func() *edwards25519.Scalar {
	eight := [32]byte{8}
	s, err := edwards25519.NewScalar().SetCanonicalBytes(eight[:])
	if err != nil {
		panic("keys: eight is a canonical scalar: " + err.Error())
	}
	return s.Invert(s)
}()
