package keys

import (
	"bytes"
	"crypto/ed25519"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"
)

// marshalPKCS8 returns the DER of an Ed25519 (RFC 8410) or ML-DSA (RFC 9881,
// the seed) private key.
func marshalPKCS8(key any) []byte {
	der, err := mldsax509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic("keys: PKCS #8 of a key of ours: " + err.Error())
	}
	return der
}

func parsePKCS8Ed25519(der []byte) (ed25519.PrivateKey, error) {
	return parsePKCS8[ed25519.PrivateKey](der)
}

func parsePKCS8MLDSA44(der []byte) (*mldsa.PrivateKey, error) {
	priv, err := parsePKCS8[*mldsa.PrivateKey](der)
	if err != nil || priv.PublicKey().Parameters() != mldsa.MLDSA44() {
		return nil, ErrMalformed
	}
	return priv, nil
}

// parsePKCS8 accepts only the DER that marshalPKCS8 returns, so a key has one
// spelling, without attributes, certificates or another form of the key.
func parsePKCS8[K any](der []byte) (K, error) {
	key, err := mldsax509.ParsePKCS8PrivateKey(der)
	priv, ok := key.(K)
	if err != nil || !ok || !bytes.Equal(marshalPKCS8(key), der) {
		var none K
		return none, ErrMalformed
	}
	return priv, nil
}
