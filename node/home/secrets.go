package home

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// Officer is an officer with the keys to act.
type Officer struct {
	Label  string
	Roles  ledger.Roles
	Signer *keys.Signer
	TLS    *keys.TLS
}

// Root returns the bureau's root key, and refuses one that is not that of the
// home's keys/root.pub.
func (h *Home) Root(pass Passphrase) (*keys.Signer, error) {
	path := cmp.Or(h.RootFile, h.key(fileRoot))
	s, err := readSecret(path, pass, keys.ParseSigner)
	if h.RootFile == "" && errors.Is(err, fs.ErrNotExist) {
		err = ErrNoRoot
	}
	if err != nil {
		return nil, fmt.Errorf("root key of %s: %w", h.Bureau(), err)
	}
	pub, err := readSigningPublic(h.key(fileRoot))
	if err != nil {
		return nil, fmt.Errorf("root key of %s: %w", h.Bureau(), err)
	}
	switch {
	case pub.Equal(s.Public()):
		return s, nil
	case h.RootFile != "":
		return nil, fmt.Errorf("%s is not the root key of %s", path, h.Bureau())
	}
	return nil, fmt.Errorf("root key of %s: %s and %s are not of one key", h.Bureau(), path, h.key(fileRoot)+extPublic)
}

// Operator returns the operator's TLS key.
func (h *Home) Operator() (*keys.TLS, error) {
	t, err := readTLS(h.key(fileOperator))
	if err != nil {
		return nil, fmt.Errorf("operator's key of %s: %w", h.Bureau(), err)
	}
	return t, nil
}

// Officers returns the labels of the officers whose keys are here, ascending.
func (h *Home) Officers() []string {
	list, err := os.ReadDir(filepath.Join(h.dir, dirOfficers))
	if err != nil {
		return nil
	}
	var labels []string
	for _, e := range list {
		if e.IsDir() && isLabel(e.Name()) {
			labels = append(labels, e.Name())
		}
	}
	return labels
}

// Officer returns the officer with this label. The signing key is in the home,
// or, where only its public file is, in the ssh-agent that SSH_AUTH_SOCK names.
func (h *Home) Officer(label string, pass Passphrase) (*Officer, error) {
	dir, err := h.officerDir(label)
	if err != nil {
		return nil, err
	}
	o := &Officer{Label: label}
	if o.Roles, err = h.Roles(label); err != nil {
		return nil, err
	}
	if o.TLS, err = h.Access(label); err != nil {
		return nil, err
	}
	o.Signer, err = readSigner(filepath.Join(dir, fileSign), pass)
	if errors.Is(err, fs.ErrNotExist) {
		o.Signer, err = agentSigner(filepath.Join(dir, fileSign))
	}
	if err != nil {
		return nil, fmt.Errorf("officer %s of %s: %w", label, h.Bureau(), err)
	}
	return o, nil
}

// SigningKey returns the public half of an officer's signing key.
func (h *Home) SigningKey(label string) (ed25519.PublicKey, error) {
	dir, err := h.officerDir(label)
	if err != nil {
		return nil, err
	}
	pub, err := readSigningPublic(filepath.Join(dir, fileSign))
	if err != nil {
		return nil, fmt.Errorf("officer %s of %s: %w", label, h.Bureau(), err)
	}
	return pub, nil
}

// Away returns the labels of the officers whose private signing keys are not
// here: they are in an ssh-agent, or on another machine.
func (h *Home) Away() []string {
	return slices.DeleteFunc(h.Officers(), func(label string) bool {
		_, err := os.Lstat(filepath.Join(h.dir, dirOfficers, label, fileSign))
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// Access returns the TLS key of an officer, for reading alone: it needs no
// passphrase.
func (h *Home) Access(label string) (*keys.TLS, error) {
	dir, err := h.officerDir(label)
	if err != nil {
		return nil, err
	}
	t, err := readTLS(filepath.Join(dir, fileTLS))
	if err != nil {
		return nil, fmt.Errorf("officer %s of %s: %w", label, h.Bureau(), err)
	}
	return t, nil
}

// Roles returns the roles that the officer is or will be enrolled with.
func (h *Home) Roles(label string) (ledger.Roles, error) {
	dir, err := h.officerDir(label)
	if err != nil {
		return 0, err
	}
	text, err := readPublic(filepath.Join(dir, fileRoles))
	if err != nil {
		return 0, fmt.Errorf("officer %s of %s: %w", label, h.Bureau(), err)
	}
	roles, err := ParseRoles(string(text))
	if err != nil {
		return 0, fmt.Errorf("officer %s of %s: %w", label, h.Bureau(), err)
	}
	return roles, nil
}

func (h *Home) officerDir(label string) (string, error) {
	if !isLabel(label) {
		return "", errLabel(label)
	}
	dir := filepath.Join(h.dir, dirOfficers, label)
	if fi, err := os.Lstat(dir); err != nil || !fi.IsDir() {
		return "", fmt.Errorf("there is no officer %s in the home of %s", label, h.Bureau())
	}
	return dir, nil
}

// Recipients returns the public halves of the bureau's sealing keys that are
// here. It needs no passphrase.
func (h *Home) Recipients() (map[seal.Compartment]*keys.Recipient, error) {
	out := make(map[seal.Compartment]*keys.Recipient)
	for _, c := range compartments {
		r, err := readRecipient(h.key(c.String()))
		switch {
		case err == nil:
			out[c] = r
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("sealing key of %s: %w", h.Bureau(), err)
		}
	}
	return out, nil
}

// Identities returns the sealing keys that are here; the files of some or all
// compartments may have been moved to where they are used.
func (h *Home) Identities(pass Passphrase) (map[seal.Compartment][]*keys.Identity, error) {
	return h.IdentitiesOf(pass, compartments[:]...)
}

// IdentitiesOf returns those of some compartments.
func (h *Home) IdentitiesOf(pass Passphrase, list ...seal.Compartment) (map[seal.Compartment][]*keys.Identity, error) {
	out := make(map[seal.Compartment][]*keys.Identity)
	for _, c := range list {
		for _, name := range append([]string{c.String()}, h.replaced(c)...) {
			id, err := readIdentity(h.key(name), pass)
			switch {
			case err == nil:
				out[c] = append(out[c], id)
			case !errors.Is(err, fs.ErrNotExist):
				return nil, fmt.Errorf("sealing key of %s: %w", h.Bureau(), err)
			}
		}
	}
	return out, nil
}

// replaced returns the names of the sealing keys of a compartment that others took
// the place of, without extension.
func (h *Home) replaced(c seal.Compartment) (names []string) {
	list, err := os.ReadDir(filepath.Join(h.dir, dirKeys))
	if err != nil {
		return nil
	}
	for _, e := range list {
		if name, ok := strings.CutSuffix(e.Name(), extIdentity); ok && strings.HasPrefix(name, asidePrefix(c)) {
			names = append(names, name)
		}
	}
	return names
}

// readSigner reads a signing key, and refuses one that its public file does not
// belong to: the public file is what was enrolled or stands in the charter.
func readSigner(path string, pass Passphrase) (*keys.Signer, error) {
	s, err := readSecret(path, pass, keys.ParseSigner)
	if err != nil {
		return nil, err
	}
	pub, err := readSigningPublic(path)
	if err != nil {
		return nil, err
	}
	if !pub.Equal(s.Public()) {
		return nil, fmt.Errorf("%s and %s are not of one key", path, path+extPublic)
	}
	return s, nil
}

// readIdentity does the same for a sealing key; path is without extension.
func readIdentity(path string, pass Passphrase) (*keys.Identity, error) {
	id, err := readSecret(path+extIdentity, pass, keys.ParseIdentityFile)
	if err != nil {
		return nil, err
	}
	r, err := readRecipient(path)
	if err != nil {
		return nil, err
	}
	if !r.Equal(id.Recipient()) {
		return nil, fmt.Errorf("%s and %s are not of one key", path+extIdentity, path+extPublic)
	}
	return id, nil
}

// readSecret reads and parses a key file, and asks for its passphrase if there
// is need of one.
func readSecret[K any](path string, pass Passphrase, parse func(data, passphrase []byte) (K, error)) (K, error) {
	var none K
	data, err := keys.ReadFile(path)
	if err != nil {
		return none, err
	}
	defer clear(data)
	k, err := parse(data, nil)
	for wrong := false; pass != nil && (wrong || errors.Is(err, keys.ErrPassphraseNeeded)); wrong = true {
		phrase, no := pass(path, wrong)
		if wrong && errors.Is(no, keys.ErrPassphrase) {
			break // err says so
		}
		if no != nil {
			return none, fmt.Errorf("passphrase of %s: %w", path, no)
		}
		if k, err = parse(data, phrase); !errors.Is(err, keys.ErrPassphrase) {
			break
		}
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

func readTLS(path string) (*keys.TLS, error) {
	data, err := keys.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	t, err := keys.ParseTLS(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func readWitness(path string) (*keys.Witness, error) {
	data, err := keys.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	w, err := keys.ParseWitness(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

// isLabel accepts what [ledger.ParseEnrol] accepts, so that a label is also
// safe as the name of a folder.
func isLabel(s string) bool {
	if len(s) == 0 || len(s) > ledger.MaxLabel {
		return false
	}
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// CheckLabel says what is wrong with a label of an officer.
func CheckLabel(label string) error {
	if !isLabel(label) {
		return errLabel(label)
	}
	return nil
}

func errLabel(label string) error {
	return fmt.Errorf("%q is not a label: 1 to %d of a-z, 0-9 and -, such as desk-1", label, ledger.MaxLabel)
}
