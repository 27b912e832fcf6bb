package seal

import (
	"errors"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
)

const (
	// MaxBody bounds a sealed body, and the bytes of a re-share, since both
	// travel in Raft commands.
	MaxBody = 256 << 10

	// MaxReaders bounds the grants of one part, and so what a reader must try.
	// Seal to the key of a circle to reach more.
	MaxReaders = 128

	// suite is the one version of everything here: Cobblestone-256, HPKE with
	// MLKEM768-X25519, HKDF-SHA256 and AES-256-GCM, and Padmé from 1 KiB.
	suite = 1

	partIDSize = 16
	encSize    = 1088 + 32 // ML-KEM-768 ciphertext, X25519 share
	boxSize    = encSize + contentKeySize + tagSize
)

// ErrMalformed is the answer to all bytes that are not a sealed body or a
// re-share. It deliberately says no more.
var ErrMalformed = errors.New("malformed sealed body")

// Sealed is a sealed body whose shape has been checked. It is immutable and
// safe for concurrent use.
//
//	u8 suite = 1
//	u8 number of parts, 1 to 3, then the parts, strictly ascending by compartment:
//	    u8 compartment || part id[16] || u32 length || sealed[length]
//	u16 number of grants, then the grants, in the order of the parts:
//	    u8 compartment || enc[1120] || ct[48]
//
// Each part has 1, 2, 4, ... or 128 grants. The length of a sealed part must be
// one that padding produces.
type Sealed struct {
	parts []part
}

// A part is the content of one compartment and the grants that came with it.
type part struct {
	compartment Compartment
	id          [partIDSize]byte
	sealed      []byte
	grants      []box
}

// A box is a content key sealed to one reader: enc || ct.
type box []byte

// PartInfo is what everyone can see of a part.
type PartInfo struct {
	Compartment Compartment
	ID          [partIDSize]byte
	Size        int // of the sealed part, in bytes
	Grants      int // fill included: the readers are as many or fewer
}

// Parts lists the parts in the order of their compartments.
func (b *Sealed) Parts() []PartInfo {
	infos := make([]PartInfo, len(b.parts))
	for i, p := range b.parts {
		infos[i] = PartInfo{Compartment: p.compartment, ID: p.id, Size: len(p.sealed), Grants: len(p.grants)}
	}
	return infos
}

// Marshal returns the bytes that [Parse] was given. There is one encoding.
func (b *Sealed) Marshal() []byte {
	var out cryptobyte.Builder
	out.AddUint8(suite)
	out.AddUint8(uint8(len(b.parts)))
	grants := 0
	for _, p := range b.parts {
		out.AddUint8(uint8(p.compartment))
		out.AddBytes(p.id[:])
		out.AddUint32(uint32(len(p.sealed)))
		out.AddBytes(p.sealed)
		grants += len(p.grants)
	}
	out.AddUint16(uint16(grants))
	for _, p := range b.parts {
		addGrants(&out, p.compartment, p.grants)
	}
	return out.BytesOrPanic()
}

// Parse checks the shape of a sealed body, as every node does before it stores
// one; it needs no key and proves nothing about the content. The result refers
// to body, which must not change afterwards. All errors are [ErrMalformed].
func Parse(body []byte) (*Sealed, error) {
	if len(body) > MaxBody {
		return nil, ErrMalformed
	}
	in := cryptobyte.String(body)
	var version, count uint8
	if !in.ReadUint8(&version) || version != suite || !in.ReadUint8(&count) {
		return nil, ErrMalformed
	}
	// Compartments ascend, so the loop ends by itself after the third part.
	b := &Sealed{}
	seen := make(map[[partIDSize]byte]bool)
	for last := Compartment(0); count > 0; count-- {
		var p part
		if !p.read(&in) || p.compartment <= last || seen[p.id] {
			return nil, ErrMalformed
		}
		b.parts = append(b.parts, p)
		seen[p.id] = true
		last = p.compartment
	}
	var grants uint16
	if len(b.parts) == 0 || !in.ReadUint16(&grants) || int(grants)*(1+boxSize) != len(in) {
		return nil, ErrMalformed
	}
	for i := range b.parts {
		p := &b.parts[i]
		var ok bool
		if p.grants, ok = readGrants(&in, p.compartment); !ok {
			return nil, ErrMalformed
		}
	}
	if !in.Empty() {
		return nil, ErrMalformed
	}
	return b, nil
}

func (p *part) read(in *cryptobyte.String) bool {
	var compartment uint8
	var size uint32
	if !in.ReadUint8(&compartment) || !in.CopyBytes(p.id[:]) ||
		!in.ReadUint32(&size) || !in.ReadBytes(&p.sealed, int(size)) {
		return false
	}
	p.compartment = Compartment(compartment)
	padded, ok := messageSize(len(p.sealed))
	return ok && padded == padme(padded) && p.compartment.valid()
}

// addGrants writes grants, all of one compartment.
func addGrants(out *cryptobyte.Builder, c Compartment, grants []box) {
	for _, g := range grants {
		out.AddUint8(uint8(c))
		out.AddBytes(g)
	}
}

// readGrants reads all grants of a compartment that come next, and reports
// whether there are as many as there may be.
func readGrants(in *cryptobyte.String, c Compartment) ([]box, bool) {
	var grants []box
	for !in.Empty() && Compartment((*in)[0]) == c {
		var g []byte
		if !in.Skip(1) || !in.ReadBytes(&g, boxSize) {
			return nil, false
		}
		grants = append(grants, g)
	}
	return grants, len(grants) <= MaxReaders && bits.OnesCount(uint(len(grants))) == 1
}

// tuple joins fields so that no two lists of fields share an encoding:
// u32 length || bytes, for each.
func tuple(fields ...[]byte) []byte {
	var out cryptobyte.Builder
	for _, f := range fields {
		out.AddUint32(uint32(len(f)))
		out.AddBytes(f)
	}
	return out.BytesOrPanic()
}
