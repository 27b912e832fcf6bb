package home

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
)

// OperatorLabel is that of the key by which a home talks where no officer acts.
const OperatorLabel = "operator"

// Slot is a place for one key in a home, in which another can take its place: it
// is made beside it, and put there once the ledger has the change.
type Slot struct {
	Purpose     ledger.Purpose
	Label       string
	Compartment seal.Compartment // PurposeSeal

	home    *Home
	dir     string
	private string // name of the file with the private half
	public  string // name of the file with the public half, "" where the private one has it
}

// Slots returns the places of the keys that a label stands for: an officer's two,
// one of the sealing keys card, body and victim, or the access key of the operator
// or of the desk.
func (h *Home) Slots(label string) ([]*Slot, error) {
	slot := func(p ledger.Purpose, dir, private, public string) *Slot {
		return &Slot{Purpose: p, Label: label, home: h, dir: dir, private: private, public: public}
	}
	if dir, err := h.officerDir(label); err == nil {
		return []*Slot{slot(ledger.PurposeSign, dir, fileSign, fileSign+extPublic), slot(ledger.PurposeAccess, dir, fileTLS, "")}, nil
	}
	dir := filepath.Join(h.dir, dirKeys)
	var s *Slot
	switch label {
	case OperatorLabel:
		s = slot(ledger.PurposeAccess, dir, fileOperator, "")
	case deskLabel:
		s = slot(ledger.PurposeAccess, dir, fileDesk, "")
	default:
		for _, c := range compartments {
			if c.String() == label {
				s = slot(ledger.PurposeSeal, dir, label+extIdentity, label+extPublic)
				s.Compartment = c
			}
		}
	}
	if s == nil {
		return nil, fmt.Errorf("there is no officer %s in the home of %s", label, h.Bureau())
	}
	if _, err := s.ID(); err != nil {
		return nil, err
	}
	return []*Slot{s}, nil
}

// ID returns the id of the key that is in the slot.
func (s *Slot) ID() (keys.ID, error) {
	_, id, err := s.read(s.dir)
	return id, err
}

// NextID returns the id of the key that was made to take its place; the error
// matches [fs.ErrNotExist] when there is none.
func (s *Slot) NextID() (keys.ID, error) {
	_, id, err := s.read(s.next())
	return id, err
}

func (s *Slot) next() string {
	return filepath.Join(s.dir, "next-"+strings.TrimSuffix(s.private, filepath.Ext(s.private)))
}

// Begun reports whether putting a next key in its place was begun and not ended.
func (s *Slot) Begun() bool {
	_, err := os.Lstat(filepath.Join(s.next(), s.private))
	if err != nil || s.public == "" {
		return false
	}
	_, err = os.Lstat(filepath.Join(s.next(), s.public))
	return errors.Is(err, fs.ErrNotExist) // which was there when it was made
}

// read returns a key as an enrolment holds it, and its id.
func (s *Slot) read(dir string) (key []byte, id keys.ID, err error) {
	switch s.Purpose {
	case ledger.PurposeSign:
		pub, err := readSigningPublic(filepath.Join(dir, s.private))
		if err != nil {
			return nil, id, err
		}
		return pub, keys.SigningID(pub), nil
	case ledger.PurposeSeal:
		r, err := readRecipient(filepath.Join(dir, strings.TrimSuffix(s.private, extIdentity)))
		if err != nil {
			return nil, id, err
		}
		return r.Bytes(), keys.SealingID(r), nil
	}
	t, err := readTLS(filepath.Join(dir, s.private))
	if err != nil {
		return nil, id, err
	}
	id = t.ID()
	return id[:], id, nil
}

// Make makes the next key, unless there is one that was made before. A signing key
// may be given: then its private half is elsewhere.
func (s *Slot) Make(public ed25519.PublicKey, passphrase []byte) error {
	_, id, err := s.read(s.next())
	if err == nil && (public == nil || id == keys.SigningID(public)) {
		return nil
	}
	if err == nil {
		return fmt.Errorf("another key was made before to take the place of that of %s: remove %s to use this one", s.Label, s.next())
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	comment := s.home.Bureau() + " " + s.Label
	err = Whole(s.next(), func(tmp string) error {
		path := filepath.Join(tmp, s.private)
		switch {
		case s.Purpose == ledger.PurposeAccess:
			return writeTLS(path)
		case s.Purpose == ledger.PurposeSeal:
			return writeIdentity(strings.TrimSuffix(path, extIdentity), passphrase)
		case public != nil:
			return keys.WriteFile(path+extPublic, []byte(keys.AuthorizedKey(public, comment)+"\n"))
		}
		return writeSigner(path, comment, passphrase)
	})
	if err != nil {
		return fmt.Errorf("make the next key of %s: %w", s.Label, err)
	}
	return nil
}

// Signer returns the next key of an officer, to prove that it is here or in an
// ssh-agent.
func (s *Slot) Signer(pass Passphrase) (*keys.Signer, error) {
	path := filepath.Join(s.next(), s.private)
	signer, err := readSigner(path, pass)
	if errors.Is(err, fs.ErrNotExist) {
		return agentSigner(path)
	}
	return signer, err
}

// Rotate returns what is to be said to replace a key of these roles.
func (s *Slot) Rotate(roles ledger.Roles, proof []byte) (*ledger.Rotate, error) {
	old, err := s.ID()
	if err != nil {
		return nil, err
	}
	key, _, err := s.read(s.next())
	if err != nil {
		return nil, err
	}
	return &ledger.Rotate{Old: old, New: ledger.Enrol{Purpose: s.Purpose, Label: s.Label, Roles: roles, Compartment: s.Compartment, Key: key, Proof: proof}}, nil
}

// Install puts the next key in its place. Interrupted, it is called again and goes
// on: the half by which the next run knows where it is moves last. A sealing key that
// was replaced stays beside it, since it opens what was sealed to it. Others are
// removed: they are good for nothing any more.
func (s *Slot) Install() (err error) {
	switch s.Purpose {
	case ledger.PurposeSign:
		err = s.installSigner()
	case ledger.PurposeSeal:
		err = s.installIdentity()
	default:
		err = s.put(s.private)
	}
	if err == nil {
		err = syncDir(s.dir)
	}
	if err != nil {
		return fmt.Errorf("put the new key of %s in its place: %w", s.Label, err)
	}
	return os.Remove(s.next())
}

// put moves one file, if it was not moved before.
func (s *Slot) put(name string) error {
	err := move(filepath.Join(s.next(), name), filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// installSigner moves the private half last, see [Slot.Begun]. Where there is none,
// because it is in an ssh-agent, the old one goes first.
func (s *Slot) installSigner() error {
	if _, err := os.Lstat(filepath.Join(s.next(), s.private)); errors.Is(err, fs.ErrNotExist) {
		if err := remove(filepath.Join(s.dir, s.private)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return s.put(s.public)
	}
	if err := s.put(s.public); err != nil {
		return err
	}
	return s.put(s.private)
}

// installIdentity moves the public half last: it names the old key.
func (s *Slot) installIdentity() error {
	aside := "" // both halves of the old key were moved aside before
	switch id, err := s.ID(); {
	case err == nil:
		aside = asidePrefix(s.Compartment) + fmt.Sprintf("%x", id[:4])
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, name := range []string{s.private, s.public} {
		if _, err := os.Lstat(filepath.Join(s.next(), name)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := move(filepath.Join(s.dir, name), filepath.Join(s.dir, aside+filepath.Ext(name)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.put(name); err != nil {
			return err
		}
	}
	return nil
}

// asidePrefix begins the names of the files of sealing keys that were replaced.
func asidePrefix(c seal.Compartment) string { return c.String() + "-" }

// move and remove change files; tests make them fail.
var move, remove = os.Rename, os.Remove
