package ledger

import (
	"crypto/ed25519"
	"slices"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/crypto/sign"

	"golang.org/x/crypto/cryptobyte"
)

// Publish holds the clear fields of a notice: all that a node, and whoever may
// read the log, learns about it. No person, no place, no list of readers.
type Publish struct {
	Kind           Kind   // KindUndisclosed for a diffusion
	ReviewBy       uint32 // day since 1970-01-01, 0 when none is set
	Classification Classification
	Urgency        Urgency
	SizeClass      uint8 // ceil(log2(sealed size)), so that lists can show a size
	Attachments    []Attachment
}

// MaxDay is the last day of the year 9999, counted from 1970-01-01.
const MaxDay = MaxTime / 86_400

// Marshal returns the encoding of p: u8 kind, u32 review day since 1970-01-01,
// u8 classification, u8 urgency, u8 size class; then, if there are any, the
// attachments.
func (p *Publish) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(uint8(p.Kind))
	b.AddUint32(p.ReviewBy)
	b.AddUint8(uint8(p.Classification))
	b.AddUint8(uint8(p.Urgency))
	b.AddUint8(p.SizeClass)
	addAttachments(b, p.Attachments)
	return b.BytesOrPanic()
}

// ParsePublish is the inverse of [Publish.Marshal].
func ParsePublish(data []byte) (*Publish, error) {
	var p Publish
	in := cryptobyte.String(data)
	ok := in.ReadUint8((*uint8)(&p.Kind)) && in.ReadUint32(&p.ReviewBy) &&
		in.ReadUint8((*uint8)(&p.Classification)) && in.ReadUint8((*uint8)(&p.Urgency)) &&
		in.ReadUint8(&p.SizeClass) && readAttachments(&in, &p.Attachments) && in.Empty()
	if !ok || int(p.Kind) >= len(kindNames) || p.Kind == KindDiffusion ||
		p.Classification > Secret || p.Urgency > U3 || p.ReviewBy > MaxDay || p.SizeClass > 18 {
		return nil, ErrMalformed
	}
	return &p, nil
}

// Purpose says what an enrolled key is for. One key has one purpose.
type Purpose uint8

// The purposes of enrolled keys.
const (
	PurposeSign   Purpose = 1 + iota // signs statements
	PurposeSeal                      // opens one compartment of what is sealed to the bureau
	PurposeAccess                    // TLS client key: may talk to nodes
)

var purposeNames = [...]string{"", "sign", "seal", "access"}

// String returns the name of p.
func (p Purpose) String() string { return nameOf(purposeNames[:], uint8(p), "purpose") }

// Roles is a set of roles of an officer or of a client.
type Roles uint16

// The roles. An officer may hold several.
const (
	RoleInvestigator Roles = 1 << iota
	RoleDesk
	RoleProtection
	RoleSupervisor
	RoleOperator
	RoleAuditor
	RoleRegistrar // enrols, replaces and revokes its bureau's keys, in place of the root
	rolesEnd
)

// Enrol holds the clear fields of an enrolment: the root key of a bureau, or a
// registrar, admits a key for one purpose.
type Enrol struct {
	Purpose     Purpose
	Label       string           // a badge, not a name: "desk-1"
	Roles       Roles            // PurposeSign, PurposeAccess
	Compartment seal.Compartment // PurposeSeal
	Key         []byte           // 32-byte Ed25519 key, 1,216-byte sealing key, or 32-byte TLS key id
	Proof       []byte           // PurposeSign: signature by the new key over [EnrolProof]; else empty
}

// MaxLabel is the length of the longest label, in lower-case letters, digits
// and "-".
const MaxLabel = 32

// Marshal returns the encoding of e.
func (e *Enrol) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(uint8(e.Purpose))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(e.Label)) })
	b.AddUint16(uint16(e.Roles))
	b.AddUint8(uint8(e.Compartment))
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Key) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Proof) })
	return b.BytesOrPanic()
}

// ParseEnrol is the inverse of [Enrol.Marshal]. It does not check Proof, which
// needs the ledger id: see [Enrol.CheckProof].
func ParseEnrol(data []byte) (*Enrol, error) {
	var (
		e                 Enrol
		label, key, proof cryptobyte.String
	)
	in := cryptobyte.String(data)
	ok := in.ReadUint8((*uint8)(&e.Purpose)) && in.ReadUint8LengthPrefixed(&label) &&
		in.ReadUint16((*uint16)(&e.Roles)) && in.ReadUint8((*uint8)(&e.Compartment)) &&
		in.ReadUint16LengthPrefixed(&key) && in.ReadUint8LengthPrefixed(&proof) && in.Empty()
	if !ok || !isLabel(string(label)) || e.Roles >= rolesEnd {
		return nil, ErrMalformed
	}
	e.Label, e.Key, e.Proof = string(label), key, proof
	switch e.Purpose {
	case PurposeSign:
		_, err := keys.AdmitEd25519(key)
		ok = err == nil && e.Compartment == 0 && e.Roles != 0 && len(proof) == ed25519.SignatureSize
	case PurposeSeal:
		_, err := keys.RecipientFromBytes(key)
		ok = err == nil && e.Compartment >= seal.Card && e.Compartment <= seal.Victim && e.Roles == 0 && len(proof) == 0
	case PurposeAccess:
		ok = len(key) == len(keys.ID{}) && e.Compartment == 0 && e.Roles != 0 && len(proof) == 0
	default:
		ok = false
	}
	if !ok {
		return nil, ErrMalformed
	}
	return &e, nil
}

// KeyID returns the id under which the ledger knows the enrolled key.
func (e *Enrol) KeyID() keys.ID {
	switch e.Purpose {
	case PurposeSign:
		return keys.SigningID(e.Key)
	case PurposeSeal:
		if r, err := keys.RecipientFromBytes(e.Key); err == nil {
			return keys.SealingID(r)
		}
	case PurposeAccess:
		var id keys.ID
		copy(id[:], e.Key)
		return id
	}
	return keys.ID{}
}

// Revoke holds the clear fields of a revocation: the root key of a bureau, or a
// registrar, ends one of the bureau's keys from this log position on.
type Revoke struct {
	Key keys.ID
	// SuspectFrom marks what the key signed from this index on for human eyes;
	// it invalidates nothing. [NotSuspect] when there is no suspicion.
	SuspectFrom uint64
}

// NotSuspect in Revoke.SuspectFrom says that no earlier entry is in doubt.
const NotSuspect = ^uint64(0)

// Marshal returns the encoding of r: key id, u64.
func (r *Revoke) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes(r.Key[:])
	b.AddUint64(r.SuspectFrom)
	return b.BytesOrPanic()
}

// ParseRevoke is the inverse of [Revoke.Marshal].
func ParseRevoke(data []byte) (*Revoke, error) {
	var r Revoke
	in := cryptobyte.String(data)
	if !in.CopyBytes(r.Key[:]) || !in.ReadUint64(&r.SuspectFrom) || !in.Empty() {
		return nil, ErrMalformed
	}
	return &r, nil
}

// isLabel accepts 1 to MaxLabel bytes of lower-case letters, digits and "-".
func isLabel(s string) bool {
	if len(s) == 0 || len(s) > MaxLabel {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// EnrolProof returns the bytes over which a signing key proves, at its
// enrolment, that its holder has the private half: ledger id || id of the author
// who enrols it || the key. The signature is SSHSIG, namespace "enrol@comity".
func EnrolProof(ledger Hash, author keys.ID, key ed25519.PublicKey) []byte {
	return slices.Concat(ledger[:], author[:], key)
}

// CheckProof reports whether the proof of possession of a signing key is good;
// keys for other purposes carry none.
func (e *Enrol) CheckProof(ledger Hash, author keys.ID) bool {
	return e.Purpose != PurposeSign ||
		sign.Verify(e.Key, sign.NamespaceEnrol, EnrolProof(ledger, author, e.Key), e.Proof)
}
