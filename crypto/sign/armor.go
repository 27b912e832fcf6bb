package sign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// ErrMalformed means that an armored signature is not one that [Armor] could
// have written. It deliberately says no more.
var ErrMalformed = errors.New("malformed signature")

const (
	armorBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd   = "-----END SSH SIGNATURE-----\n"
	armorWidth = 70 // as ssh-keygen breaks its lines
	maxArmor   = 1024

	sigVersion = 1
	keyAlg     = "ssh-ed25519"
)

// Armor returns a signature as the file that ssh-keygen -Y sign writes and
// ssh-keygen -Y verify reads, such as
//
//	-----BEGIN SSH SIGNATURE-----
//	U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgA6EHv/POEL4dcN0Y50vAmWfkOC
//	...
//	-----END SSH SIGNATURE-----
//
// Between the lines is, in base64,
//
//	"SSHSIG" || uint32 1 || string (string "ssh-ed25519" || string pub)
//	|| string namespace || string "" || string "sha512"
//	|| string (string "ssh-ed25519" || string sig)
//
// It does not verify the signature. It panics on a key, namespace or signature
// that [Sign] could not have been concerned with.
func Armor(pub ed25519.PublicKey, namespace string, sig []byte) []byte {
	if len(pub) != ed25519.PublicKeySize || len(sig) != ed25519.SignatureSize || !validNamespace(namespace) {
		panic("sign: armor of what is not a signature")
	}
	b := []byte(magic)
	b = binary.BigEndian.AppendUint32(b, sigVersion)
	b = appendString(b, appendString(appendString(nil, keyAlg), pub))
	b = appendString(b, namespace)
	b = appendString(b, "") // reserved
	b = appendString(b, hashAlg)
	b = appendString(b, appendString(appendString(nil, keyAlg), sig))

	text := base64.StdEncoding.EncodeToString(b)
	out := []byte(armorBegin)
	for len(text) > 0 {
		n := min(armorWidth, len(text))
		out = append(append(out, text[:n]...), '\n')
		text = text[n:]
	}
	return append(out, armorEnd...)
}

// ParseArmor parses what [Armor] returns and nothing else: one signature, byte
// for byte as ssh-keygen writes it, with SHA-512, an admitted Ed25519 key and
// nothing before or after. It does not verify the signature, and that a key is
// named in it does not make the key trusted.
func ParseArmor(data []byte) (pub ed25519.PublicKey, namespace string, sig []byte, err error) {
	pub, namespace, sig, ok := parseArmor(data)
	if !ok {
		return nil, "", nil, ErrMalformed
	}
	if pub, err = keys.AdmitEd25519(pub); err != nil {
		return nil, "", nil, fmt.Errorf("parse signature: %w", err)
	}
	return pub, namespace, sig, nil
}

func parseArmor(data []byte) (pub ed25519.PublicKey, namespace string, sig []byte, ok bool) {
	if len(data) > maxArmor {
		return nil, "", nil, false
	}
	text, begins := bytes.CutPrefix(data, []byte(armorBegin))
	text, ends := bytes.CutSuffix(text, []byte(armorEnd))
	if !begins || !ends {
		return nil, "", nil, false
	}
	// The decoder skips line ends wherever they are; the last step below
	// holds the text to the one way to break it.
	blob, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, "", nil, false
	}

	s := cryptobyte.String(blob)
	var m, key, ns, reserved, hash, sigBlob []byte
	var version uint32
	if !s.ReadBytes(&m, len(magic)) || string(m) != magic ||
		!s.ReadUint32(&version) || version != sigVersion ||
		!readString(&s, &key) || !readString(&s, &ns) ||
		!readString(&s, &reserved) || len(reserved) != 0 ||
		!readString(&s, &hash) || string(hash) != hashAlg ||
		!readString(&s, &sigBlob) || !s.Empty() {
		return nil, "", nil, false
	}
	pub, ok = readTagged(key, ed25519.PublicKeySize)
	if !ok {
		return nil, "", nil, false
	}
	sig, ok = readTagged(sigBlob, ed25519.SignatureSize)
	if !ok || !validNamespace(string(ns)) || !bytes.Equal(Armor(pub, string(ns), sig), data) {
		return nil, "", nil, false
	}
	return pub, string(ns), sig, true
}

// readTagged reads string "ssh-ed25519" || string value, value of size bytes.
func readTagged(blob []byte, size int) ([]byte, bool) {
	s := cryptobyte.String(blob)
	var alg, value []byte
	ok := readString(&s, &alg) && string(alg) == keyAlg &&
		readString(&s, &value) && len(value) == size && s.Empty()
	return value, ok
}

// readString reads an SSH string (RFC 4251, section 5).
func readString(s *cryptobyte.String, out *[]byte) bool {
	var n uint32
	return s.ReadUint32(&n) && uint64(n) <= uint64(len(*s)) && s.ReadBytes(out, int(n))
}
