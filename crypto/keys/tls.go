package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// pemPrivate is the PEM type of a PKCS #8 private key (RFC 7468, section 10).
const pemPrivate = "PRIVATE KEY"

// tlsName is the one DNS name in every certificate. It names no host: a client
// sets it as the server name, and recognises its peer by [TLSID] alone.
const tlsName = "comity"

// TLS is the key with which a node, a desk or a client proves itself on a
// connection. There is no authority: the ledger pins the hash of the key, and
// the certificate is made from the key, always the same. Nothing in it but the
// key has a meaning; its dates are as wide as X.509 allows.
type TLS struct {
	id   ID
	priv hidden[ed25519.PrivateKey]
	cert hidden[tls.Certificate]
}

// GenerateTLS makes a new TLS key.
func GenerateTLS() (*TLS, error) {
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("generate TLS key: %w", err)
	}
	return newTLS(priv)
}

// ParseTLS parses what [TLS.MarshalPEM] returns: one PKCS #8 Ed25519 key.
func ParseTLS(file []byte) (*TLS, error) {
	block, err := onePEM(file, pemPrivate)
	if err != nil {
		return nil, fmt.Errorf("parse TLS key: %w", err)
	}
	priv, err := parsePKCS8Ed25519(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse TLS key: %w", err)
	}
	return newTLS(priv)
}

func newTLS(priv ed25519.PrivateKey) (*TLS, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: tlsName},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		// RFC 5280, section 4.1.2.5: no well-defined expiration.
		NotAfter:              time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, // and IsCA false: it vouches for nobody
		DNSNames:              []string{tlsName},
	}
	// Ed25519 and a fixed serial number need no randomness.
	der, err := x509.CreateCertificate(nil, template, template, priv.Public(), priv)
	if err != nil {
		return nil, fmt.Errorf("make TLS certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make TLS certificate: %w", err)
	}
	cert := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: priv, Leaf: leaf}
	return &TLS{id: TLSID(leaf), priv: hide(priv), cert: hide(cert)}, nil
}

// MarshalPEM returns the private key as PKCS #8 in PEM. It is not encrypted: a
// node starts without anyone present.
func (t *TLS) MarshalPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: marshalPKCS8(t.priv())})
}

// Certificate returns the key with its certificate, for a tls.Config. A server
// and a client use the same.
func (t *TLS) Certificate() tls.Certificate { return t.cert() }

// ID returns the identifier by which the ledger knows the key.
func (t *TLS) ID() ID { return t.id }

// TLSID returns the identifier of a peer from the certificate that it proved to
// own: SHA-256 of the DER SubjectPublicKeyInfo. Whom it belongs to, and whether
// it still does, the ledger says.
func TLSID(cert *x509.Certificate) ID { return sha256.Sum256(cert.RawSubjectPublicKeyInfo) }
