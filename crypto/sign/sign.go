package sign

import (
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"

	"comity/crypto/keys"
)

// The namespaces of comity. PROTOCOL.sshsig asks for the form name@domain.
const (
	NamespaceStatement = "statement@comity" // a statement of the ledger
	NamespaceCharter   = "charter@comity"   // the charter, by each founder's root
	NamespaceEnrol     = "enrol@comity"     // proof of possession at enrolment
	NamespaceMember    = "member@comity"    // how a bureau describes itself to the others, by its root
)

// maxNamespace bounds a namespace: longer than any of ours, and short enough
// for the signed bytes to stay on the stack.
const maxNamespace = 64

const (
	magic   = "SSHSIG"
	hashAlg = "sha512"
)

// errNamespace is returned for a namespace that could not be told apart in an
// allowed_signers file or on a terminal.
var errNamespace = errors.New("bad namespace")

// Sign signs message for a namespace and returns the Ed25519 signature over the
// SSHSIG framing. The namespace must be 1 to 64 printable ASCII characters
// without spaces.
func Sign(s *keys.Signer, namespace string, message []byte) ([64]byte, error) {
	if !validNamespace(namespace) {
		return [64]byte{}, fmt.Errorf("sign: %w: %q", errNamespace, namespace)
	}
	sig, err := s.Sign(appendSigned(nil, namespace, message))
	if err != nil {
		return [64]byte{}, fmt.Errorf("sign for %s: %w", namespace, err)
	}
	return sig, nil
}

// Verify reports whether sig is pub's signature of message for a namespace. It
// is true or false on every input, the same on every node: crypto/ed25519
// decides alone, without batching. The caller must have admitted pub.
func Verify(pub ed25519.PublicKey, namespace string, message, sig []byte) bool {
	if len(pub) != ed25519.PublicKeySize || len(sig) != ed25519.SignatureSize || !validNamespace(namespace) {
		return false
	}
	var buf [maxSigned]byte
	return ed25519.Verify(pub, appendSigned(buf[:0], namespace, message), sig)
}

// maxSigned is the length of the signed bytes for the longest namespace: the
// magic, four length prefixes, the namespace, nothing, the algorithm, the hash.
const maxSigned = len(magic) + 4*4 + maxNamespace + len(hashAlg) + sha512.Size

// appendSigned appends what the Ed25519 key signs. Its length depends on the
// namespace alone; the message enters as a hash.
func appendSigned(b []byte, namespace string, message []byte) []byte {
	digest := sha512.Sum512(message)
	b = append(b, magic...)
	b = appendString(b, namespace)
	b = appendString(b, "") // reserved
	b = appendString(b, hashAlg)
	return appendString(b, digest[:])
}

// appendString appends an SSH string (RFC 4251, section 5).
func appendString[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func validNamespace(namespace string) bool {
	if len(namespace) == 0 || len(namespace) > maxNamespace {
		return false
	}
	for i := range len(namespace) {
		if namespace[i] <= ' ' || namespace[i] > '~' {
			return false
		}
	}
	return true
}
