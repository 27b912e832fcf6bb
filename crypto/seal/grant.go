package seal

import (
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	mathrand "math/rand/v2"

	"golang.org/x/crypto/cryptobyte"

	"comity/crypto/keys"
)

// grantInfo is the HPKE info of the grants that granter gives for a part. It
// names the part by id and by hash, so that a grant opens for these bytes only.
func grantInfo(ctx Context, granter keys.ID, p *part) []byte {
	digest := sha256.Sum256(p.sealed)
	return tuple([]byte("comity/v1/grant"), []byte{suite}, ctx.Ledger[:], ctx.Author[:],
		granter[:], p.id[:], digest[:])
}

// sealGrants returns one grant for each reader, filled up to a power of two and
// in random order, so that neither count nor place says who reads.
func sealGrants(info []byte, contentKey [contentKeySize]byte, readers []*keys.Recipient) ([]box, error) {
	if len(readers) == 0 {
		return nil, errors.New("no readers")
	}
	if len(readers) > MaxReaders {
		return nil, fmt.Errorf("%d readers: %w", len(readers), ErrTooLarge)
	}
	named := make(map[keys.ID]bool)
	var grants []box
	for _, r := range readers {
		if named[r.ID()] {
			return nil, fmt.Errorf("reader %s is named twice", r.ID())
		}
		named[r.ID()] = true
		g, err := sealGrant(r.HPKE(), info, contentKey)
		if err != nil {
			return nil, fmt.Errorf("grant to reader %s: %w", r.ID(), err)
		}
		grants = append(grants, g)
	}
	fill, err := decoys(info, ceilPowerOfTwo(len(readers))-len(readers))
	if err != nil {
		return nil, err
	}
	grants = append(grants, fill...)
	mathrand.New(systemRandom{}).Shuffle(len(grants), func(i, j int) {
		grants[i], grants[j] = grants[j], grants[i]
	})
	return grants, nil
}

func sealGrant(reader hpke.PublicKey, info []byte, contentKey [contentKeySize]byte) (box, error) {
	return hpke.Seal(reader, hpke.HKDFSHA256(), hpke.AES256GCM(), info, contentKey[:])
}

// openGrant returns the content key in a grant, and false for the grants of
// other readers.
func openGrant(reader *keys.Identity, info []byte, g box) (contentKey [contentKeySize]byte, ok bool) {
	plaintext, err := hpke.Open(reader.HPKE(), hpke.HKDFSHA256(), hpke.AES256GCM(), info, g)
	if err != nil || len(plaintext) != contentKeySize {
		return contentKey, false
	}
	return [contentKeySize]byte(plaintext), true
}

// decoys returns n grants of a key of no use to a reader who does not exist.
// They are made like all others because random bytes would stand out: neither
// ML-KEM ciphertexts nor X25519 shares are uniform.
func decoys(info []byte, n int) ([]box, error) {
	grants := make([]box, 0, n)
	for range n {
		nobody, err := hpke.MLKEM768X25519().GenerateKey()
		if err != nil {
			return nil, fmt.Errorf("throw-away key: %w", err)
		}
		var nothing [contentKeySize]byte
		rand.Read(nothing[:])
		g, err := sealGrant(nobody.PublicKey(), info, nothing)
		if err != nil {
			return nil, fmt.Errorf("throw-away grant: %w", err)
		}
		grants = append(grants, g)
	}
	return grants, nil
}

func ceilPowerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// systemRandom lets math/rand/v2 shuffle with the system's randomness.
type systemRandom struct{}

func (systemRandom) Uint64() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.NativeEndian.Uint64(b[:])
}

// marshalGrants returns a re-share:
//
//	u8 suite = 1 || u16 number of grants || grants, all of one compartment
func marshalGrants(c Compartment, grants []box) []byte {
	var out cryptobyte.Builder
	out.AddUint8(suite)
	out.AddUint16(uint16(len(grants)))
	addGrants(&out, c, grants)
	return out.BytesOrPanic()
}

func parseGrants(data []byte) (Compartment, []box, error) {
	in := cryptobyte.String(data)
	var version uint8
	var count uint16
	if !in.ReadUint8(&version) || version != suite || !in.ReadUint16(&count) ||
		count == 0 || int(count)*(1+boxSize) != len(in) {
		return 0, nil, ErrMalformed
	}
	c := Compartment(in[0])
	grants, ok := readGrants(&in, c)
	if !ok || !in.Empty() || !c.valid() {
		return 0, nil, ErrMalformed
	}
	return c, grants, nil
}

// ParseGrants checks the shape of a re-share, as every node does before it
// stores one, and returns what everyone can see of it: the compartment and the
// number of grants. Whether it fits the body it is meant for, only a reader
// learns. All errors are [ErrMalformed].
func ParseGrants(grants []byte) (Compartment, int, error) {
	c, boxes, err := parseGrants(grants)
	return c, len(boxes), err
}
