package home

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"comity/crypto/keys"
	"comity/ledger"
)

// OfficerSpec says which officer to make keys for.
type OfficerSpec struct {
	Label string // a badge, not a name: "desk-1"
	Roles ledger.Roles
	// Public is the officer's own signing key, of which the private half is in an
	// ssh-agent or on another machine; nil to make one here.
	Public ed25519.PublicKey
}

// CreateOptions says what [Create] makes.
type CreateOptions struct {
	Bureau   string
	Name     string
	Address  string // host:port of the node, for the charter
	Listen   string // what the node binds, where that is not the address
	Admin    string
	Profile  string
	Log      string
	Officers []OfficerSpec
	// RootFile is where the root key goes, for one that is never to be on this
	// disk; empty is keys/root in the home.
	RootFile string
	// Finish is called with the home when all is made and it has no name yet; an
	// error undoes all.
	Finish func(*Home) error
	// Passphrase encrypts the root key, the officers' signing keys and the
	// sealing keys; empty leaves them plain.
	Passphrase []byte
}

// OptionError is the error of [Create] for an option that means nothing.
type OptionError struct{ error }

func (e *OptionError) Unwrap() error { return e.error }

// Create makes a home with all its keys in dir, which must not exist or be
// empty. On an error it leaves nothing behind.
func Create(dir string, o CreateOptions) (*Home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("create home: %w", err)
	}
	c := Config{Bureau: o.Bureau, Name: o.Name, Address: o.Address, Listen: o.Listen, Admin: o.Admin, Profile: o.Profile, Log: o.Log}
	if err := c.check(); err != nil {
		return nil, &OptionError{err}
	}
	if _, err := c.adminIn(dir); err != nil {
		return nil, &OptionError{err}
	}
	if o.RootFile != "" {
		if o.RootFile, err = filepath.Abs(o.RootFile); err != nil {
			return nil, fmt.Errorf("create home: %w", err)
		}
	}
	var wrote bool // a root key outside
	err = Whole(dir, func(tmp string) error {
		if err := build(tmp, c, o, &wrote); err != nil || o.Finish == nil {
			return err
		}
		return o.Finish(&Home{dir: tmp, config: c})
	})
	if err != nil {
		if _, missing := os.Stat(filepath.Join(dir, fileConfig)); wrote && missing != nil {
			os.Remove(o.RootFile) // a root of nothing
		}
		return nil, fmt.Errorf("create home: %w", err)
	}
	return Open(dir)
}

// PrefixNew begins the names of folders in which homes are made, beside them.
const PrefixNew = ".comity-new-"

// Whole makes the folder dir, which must not exist or be empty, with what fill
// puts into it, or leaves nothing behind: fill works in a folder beside it,
// which gets its name when it is complete. Where an empty dir has to stay what it
// is, the folder is in it.
func Whole(dir string, fill func(tmp string) error) (err error) {
	if err := vacant(dir); err != nil {
		return err
	}
	if stays(dir) {
		return wholeInside(dir, fill)
	}
	parent := filepath.Dir(dir)
	made, err := mkdirAll(parent)
	defer func() {
		if err != nil {
			for i := len(made) - 1; i >= 0; i-- {
				os.Remove(made[i]) // fails where another has put something: good
			}
		}
	}()
	if err != nil {
		return err
	}
	tmp, done, err := Scratch(parent, PrefixNew)
	if err != nil {
		return err
	}
	defer done() // removes nothing that has its name by then
	if err := fill(tmp); err != nil {
		return err
	}
	// Go's Rename refuses a directory that exists; this one is empty or absent.
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(tmp, dir); err != nil {
		return err
	}
	return syncDir(parent)
}

// vacant returns why dir is no place for something new.
func vacant(dir string) error {
	switch list, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(list) > len(Stale(dir, PrefixNew)):
		if h, err := Open(dir); err == nil {
			return fmt.Errorf("%s already holds the home of %s, and is left as it is", dir, h.Bureau())
		}
		return fmt.Errorf("%s is not empty; choose another folder", dir)
	}
	return nil
}

// Vacant returns why [Create] would make no home in dir, with its root key in
// rootFile: before anybody is asked anything. rootFile may be "".
func Vacant(dir, rootFile string) error {
	if err := vacant(dir); err != nil {
		return err
	}
	if _, err := os.Lstat(rootFile); rootFile != "" && err == nil {
		return fmt.Errorf("%s is there already; a root key is never written over", rootFile)
	}
	return nil
}

// mkdirAll makes dir and the folders above it, and returns those it made.
func mkdirAll(dir string) (made []string, err error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if made, err = mkdirAll(filepath.Dir(dir)); err != nil {
		return made, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return made, err
	}
	return append(made, dir), nil
}

// build fills the folder of a new home. It sets wrote when the root key is in
// o.RootFile.
func build(dir string, c Config, o CreateOptions, wrote *bool) error {
	for _, sub := range []string{dirKeys, dirOfficers, dirNode, dirDesk} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	k := filepath.Join(dir, dirKeys)
	for _, name := range []string{fileNodeTLS, fileOperator} {
		if err := writeTLS(filepath.Join(k, name)); err != nil {
			return err
		}
	}
	w, err := keys.GenerateWitness()
	if err != nil {
		return err
	}
	if err := keys.WriteFile(filepath.Join(k, fileWitness), w.MarshalPEM()); err != nil {
		return err
	}
	for _, comp := range compartments {
		if err := writeIdentity(filepath.Join(k, comp.String()), o.Passphrase); err != nil {
			return err
		}
	}
	for _, spec := range o.Officers {
		if err := buildOfficer(filepath.Join(dir, dirOfficers), c.Bureau, spec, o.Passphrase); err != nil {
			return err
		}
	}
	if err := keys.WriteFile(filepath.Join(dir, fileConfig), c.Marshal()); err != nil {
		return err
	}
	return buildRoot(&Home{dir: dir, config: c}, o, wrote)
}

// buildRoot makes the root key and has it sign what describes the bureau.
func buildRoot(h *Home, o CreateOptions, wrote *bool) error {
	root, err := keys.GenerateSigner()
	if err != nil {
		return err
	}
	path := cmp.Or(o.RootFile, h.key(fileRoot))
	if err := writeKey(root, path, h.key(fileRoot)+extPublic, h.Bureau()+" root", o.Passphrase); err != nil {
		return err
	}
	*wrote = o.RootFile != ""
	// On a stick that keeps no permissions it could never be used again.
	data, err := keys.ReadFile(path)
	if err != nil && *wrote {
		err = fmt.Errorf("%w (FAT keeps no permissions: mount it with umask=077, or use another file system)", err)
	}
	if err != nil {
		return err
	}
	clear(data)
	m, err := h.Member()
	if err != nil {
		return err
	}
	if !fit(&m) {
		return &OptionError{fmt.Errorf("address %q is nothing that a charter can have", m.Node.Address)}
	}
	file, err := marshalMember(&m, root)
	if err != nil {
		return err
	}
	return keys.WriteFile(h.MemberFile(), file)
}

// AddOfficer makes the keys of one more officer. The officer can act once they
// are enrolled.
func (h *Home) AddOfficer(spec OfficerSpec, passphrase []byte) error {
	if err := buildOfficer(filepath.Join(h.dir, dirOfficers), h.Bureau(), spec, passphrase); err != nil {
		return fmt.Errorf("add officer: %w", err)
	}
	return nil
}

func buildOfficer(officers, bureau string, spec OfficerSpec, passphrase []byte) error {
	if !isLabel(spec.Label) {
		return errLabel(spec.Label)
	}
	roles := FormatRoles(spec.Roles)
	if known, err := ParseRoles(roles); err != nil || known != spec.Roles {
		return fmt.Errorf("officer %s: no role that the ledger knows", spec.Label)
	}
	dir := filepath.Join(officers, spec.Label)
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("there is an officer %s already", spec.Label)
	}
	return Whole(dir, func(tmp string) error {
		var err error
		sign, comment := filepath.Join(tmp, fileSign), bureau+" "+spec.Label
		if spec.Public == nil {
			err = writeSigner(sign, comment, passphrase)
		} else {
			err = keys.WriteFile(sign+extPublic, []byte(keys.AuthorizedKey(spec.Public, comment)+"\n"))
		}
		if err != nil {
			return err
		}
		if err := writeTLS(filepath.Join(tmp, fileTLS)); err != nil {
			return err
		}
		return keys.WriteFile(filepath.Join(tmp, fileRoles), []byte(roles+"\n"))
	})
}

func writeSigner(path, comment string, passphrase []byte) error {
	s, err := keys.GenerateSigner()
	if err != nil {
		return err
	}
	return writeKey(s, path, path+extPublic, comment, passphrase)
}

// writeKey writes the two halves of a signing key, the public one first: on an
// error the private one is not there.
func writeKey(s *keys.Signer, path, public, comment string, passphrase []byte) error {
	file, err := s.MarshalOpenSSH(passphrase, comment)
	if err != nil {
		return err
	}
	if err := keys.WriteFile(public, []byte(s.AuthorizedKey(comment)+"\n")); err != nil {
		return err
	}
	return keys.WriteFile(path, file)
}

func writeIdentity(path string, passphrase []byte) error {
	id, err := keys.GenerateIdentity()
	if err != nil {
		return err
	}
	file, err := id.MarshalFile(passphrase)
	if err != nil {
		return err
	}
	return errors.Join(keys.WriteFile(path+extIdentity, file), keys.WriteFile(path+extPublic, []byte(id.Recipient().String()+"\n")))
}

func writeTLS(path string) error {
	t, err := keys.GenerateTLS()
	if err != nil {
		return err
	}
	return keys.WriteFile(path, t.MarshalPEM())
}

// syncDir makes a new name in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
