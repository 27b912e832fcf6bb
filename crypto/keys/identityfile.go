package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const (
	ageMagic         = "age-encryption.org/v1\n"
	identityPublic   = "# public key: "
	maxScryptLogN    = 20 // 1 GiB and a few seconds; age itself writes 18
	identityFileForm = "age identity file"
)

// testingOnlyScryptLogN makes tests quick. Zero leaves the choice to age.
var testingOnlyScryptLogN int

// MarshalFile returns the identity as the file that age-keygen -pq writes,
// less its date:
//
//	# public key: age1pq1...
//	AGE-SECRET-KEY-PQ-1...
//
// With a passphrase that is not empty, the file is encrypted to it with age and
// armored, as by age --passphrase --armor. Either opens with stock age -i.
func (i *Identity) MarshalFile(passphrase []byte) ([]byte, error) {
	plain := []byte(identityPublic + i.pub.String() + "\n" + i.String() + "\n")
	if len(passphrase) == 0 {
		return plain, nil
	}
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", identityFileForm, err)
	}
	if testingOnlyScryptLogN != 0 {
		to.SetWorkFactor(testingOnlyScryptLogN)
	}
	var file bytes.Buffer
	armored := armor.NewWriter(&file)
	sealed, err := age.Encrypt(armored, to)
	if err != nil {
		return nil, fmt.Errorf("marshal %s: %w", identityFileForm, err)
	}
	if _, err := sealed.Write(plain); err != nil {
		return nil, fmt.Errorf("marshal %s: %w", identityFileForm, err)
	}
	if err := errors.Join(sealed.Close(), armored.Close()); err != nil {
		return nil, fmt.Errorf("marshal %s: %w", identityFileForm, err)
	}
	return file.Bytes(), nil
}

// ParseIdentityFile parses an age identity file, plain or encrypted with a
// passphrase, armored or not. It must hold exactly one hybrid identity; blank
// lines and comments are skipped, but a "# public key:" comment must tell the
// truth. It returns [ErrPassphraseNeeded] if the file is encrypted and
// passphrase is empty, and [ErrPassphrase] if passphrase does not open it. A
// passphrase for a plain file is ignored.
func ParseIdentityFile(data, passphrase []byte) (*Identity, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("parse %s: %w: larger than %d bytes", identityFileForm, ErrMalformed, MaxFile)
	}
	if encryptedByAge(data) {
		plain, err := openPassphrase(data, passphrase)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", identityFileForm, err)
		}
		data = plain
	}
	i, err := parseIdentityLines(string(data))
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", identityFileForm, err)
	}
	return i, nil
}

func parseIdentityLines(text string) (*Identity, error) {
	var found *Identity
	var public []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch {
		case strings.HasPrefix(line, identityPublic):
			public = append(public, strings.TrimPrefix(line, identityPublic))
		case line == "" || strings.HasPrefix(line, "#"):
		case found != nil:
			return nil, fmt.Errorf("%w: more than one identity", ErrMalformed)
		default:
			i, err := ParseIdentity(line)
			if err != nil {
				return nil, err
			}
			found = i
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%w: no identity", ErrMalformed)
	}
	// People copy the comment to enrol a key. A wrong one would have others
	// seal to a key that this file does not open.
	own := found.pub.String()
	if slices.ContainsFunc(public, func(line string) bool { return line != own }) {
		return nil, fmt.Errorf("%w: the public key in its comment is another's", ErrMalformed)
	}
	return found, nil
}

func encryptedByAge(data []byte) bool {
	return bytes.HasPrefix(data, []byte(ageMagic)) || bytes.HasPrefix(data, []byte(armor.Header))
}

// openPassphrase decrypts an age file that is encrypted to a passphrase alone.
func openPassphrase(data, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, ErrPassphraseNeeded
	}
	key, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, err
	}
	key.SetMaxWorkFactor(maxScryptLogN)
	var file io.Reader = bytes.NewReader(data)
	if bytes.HasPrefix(data, []byte(armor.Header)) {
		file = armor.NewReader(file)
	}
	opened, err := age.Decrypt(file, key)
	var noMatch *age.NoIdentityMatchError
	if errors.As(err, &noMatch) && slices.Equal(noMatch.StanzaTypes, []string{"scrypt"}) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: not encrypted with a passphrase", ErrMalformed)
	}
	plain, err := io.ReadAll(opened)
	if err != nil {
		return nil, fmt.Errorf("%w: damaged", ErrMalformed)
	}
	return plain, nil
}

// SealPassphrase encrypts data to a passphrase alone, as age --passphrase does.
func SealPassphrase(data, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, ErrPassphraseNeeded
	}
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("encrypt to a passphrase: %w", err)
	}
	if testingOnlyScryptLogN != 0 {
		to.SetWorkFactor(testingOnlyScryptLogN)
	}
	var file bytes.Buffer
	sealed, err := age.Encrypt(&file, to)
	if err == nil {
		_, err = sealed.Write(data)
	}
	if err == nil {
		err = sealed.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt to a passphrase: %w", err)
	}
	return file.Bytes(), nil
}

// OpenPassphrase is the inverse of [SealPassphrase]. It returns
// [ErrPassphraseNeeded] without a passphrase and [ErrPassphrase] for a wrong one.
func OpenPassphrase(data, passphrase []byte) ([]byte, error) {
	plain, err := openPassphrase(data, passphrase)
	if err != nil {
		return nil, fmt.Errorf("decrypt with a passphrase: %w", err)
	}
	return plain, nil
}
