package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// pemOpenSSH is the only PEM type of a signing key file.
const pemOpenSSH = "OPENSSH PRIVATE KEY"

// MarshalOpenSSH returns the key as an OpenSSH private key file, encrypted if
// passphrase is not empty. The comment is stored in clear only if the key is.
// It fails for a key that an ssh-agent holds, since that never leaves it.
func (s *Signer) MarshalOpenSSH(passphrase []byte, comment string) ([]byte, error) {
	if s.priv == nil {
		return nil, errors.New("marshal signing key: the ssh-agent does not hand it out")
	}
	comment = printable(comment)
	var block *pem.Block
	var err error
	if len(passphrase) == 0 {
		block, err = ssh.MarshalPrivateKey(s.priv(), comment)
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(s.priv(), comment, passphrase)
	}
	if err != nil {
		return nil, fmt.Errorf("marshal signing key: %w", err)
	}
	return pem.EncodeToMemory(block), nil
}

// ParseSigner parses an OpenSSH private key file that holds one Ed25519 key. It
// returns [ErrPassphraseNeeded] if the file is encrypted and passphrase is
// empty, and [ErrPassphrase] if passphrase does not open it. A passphrase for a
// file that is not encrypted is ignored.
func ParseSigner(file, passphrase []byte) (*Signer, error) {
	block, err := onePEM(file, pemOpenSSH)
	if err != nil {
		return nil, fmt.Errorf("parse signing key: %w", err)
	}
	plain := pem.EncodeToMemory(block)
	raw, err := ssh.ParseRawPrivateKey(plain)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		if len(passphrase) == 0 {
			return nil, fmt.Errorf("parse signing key: %w", ErrPassphraseNeeded)
		}
		raw, err = ssh.ParseRawPrivateKeyWithPassphrase(plain, passphrase)
		if errors.Is(err, x509.IncorrectPasswordError) {
			return nil, fmt.Errorf("parse signing key: %w", ErrPassphrase)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("parse signing key: %w", ErrMalformed)
	}
	priv, ok := raw.(*ed25519.PrivateKey)
	if !ok || len(*priv) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("parse signing key: %w: not Ed25519", ErrMalformed)
	}
	// The format stores the public half beside the seed and x/crypto/ssh does
	// not compare them. A swapped half would sign, and disclose the key.
	s := NewSigner(*priv)
	if !bytes.Equal(s.priv(), *priv) {
		return nil, fmt.Errorf("parse signing key: %w: public half is not its own", ErrMalformed)
	}
	return s, nil
}

// AuthorizedKey returns the public key as one line of an OpenSSH .pub file,
// without a newline: "ssh-ed25519 AAAA... comment". Characters of comment that
// do not print are left out.
func (s *Signer) AuthorizedKey(comment string) string { return AuthorizedKey(s.pub, comment) }

// AuthorizedKey returns the same line for a key whose private half is elsewhere.
func AuthorizedKey(pub ed25519.PublicKey, comment string) string {
	line := ssh.KeyAlgoED25519 + " " + base64.StdEncoding.EncodeToString(sshPublicKey(pub).Marshal())
	if comment = strings.TrimSpace(printable(comment)); comment != "" {
		line += " " + comment
	}
	return line
}

// ParseAuthorizedKey parses one line of the form that [Signer.AuthorizedKey]
// returns, with or without its newline, and admits the key. Options before the
// key, further lines and other algorithms are refused.
func ParseAuthorizedKey(line string) (ed25519.PublicKey, error) {
	line = strings.TrimSuffix(line, "\n")
	if strings.ContainsAny(line, "\r\n") {
		return nil, fmt.Errorf("parse public key: %w", ErrMalformed)
	}
	alg, rest, _ := strings.Cut(line, " ")
	text, _, _ := strings.Cut(rest, " ")
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if alg != ssh.KeyAlgoED25519 || err != nil {
		return nil, fmt.Errorf("parse public key: %w", ErrMalformed)
	}
	return parseSSHKey(blob)
}

// parseSSHKey admits a public key in SSH's wire form.
func parseSSHKey(blob []byte) (ed25519.PublicKey, error) {
	// The blob is string "ssh-ed25519" || string key[32]: a fixed prefix.
	key, ok := bytes.CutPrefix(blob, sshEd25519Prefix)
	if !ok || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("parse public key: %w", ErrMalformed)
	}
	pub, err := AdmitEd25519(key)
	if err != nil {
		return nil, fmt.Errorf("parse public key: %w", err)
	}
	return pub, nil
}

// sshEd25519Prefix begins every Ed25519 public key in SSH's wire form
// (RFC 8709, section 4); the 32 bytes of the key end it.
var sshEd25519Prefix = []byte("\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20")

// sshPublicKey wraps a key of the right length for x/crypto/ssh.
func sshPublicKey(pub ed25519.PublicKey) ssh.PublicKey {
	k, err := ssh.NewPublicKey(pub)
	if err != nil {
		panic("keys: Ed25519 key refused by ssh: " + err.Error())
	}
	return k
}

// printable drops what could break a line or drive a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}
