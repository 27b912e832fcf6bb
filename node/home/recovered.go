package home

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"comity/ledger"
)

// OtherRecoveryError says that this home's root has signed another recovery to the
// same epoch.
type OtherRecoveryError struct {
	Epoch uint32
	First string // id of the statement that was signed
	File  string // of the home, that remembers it
}

// Error implements error.
func (e *OtherRecoveryError) Error() string {
	return fmt.Sprintf("the root here signed another plan to epoch %d before, %.16s: with both, the bureaus could go on in two ledgers", e.Epoch, e.First)
}

// KeepRecovery makes durable which recovery to an epoch the root of this home signs,
// before the signature is given out. The same may be kept again; another one is an
// [OtherRecoveryError].
func (h *Home) KeepRecovery(epoch uint32, id ledger.ID) error {
	path := filepath.Join(h.dir, fmt.Sprintf("recovered-%d", epoch))
	if err := addSynced(path, []byte(hex.EncodeToString(id[:])+"\n")); !errors.Is(err, fs.ErrExist) {
		return err
	}
	data, err := readPublic(path)
	if err != nil {
		return err
	}
	first, ok := bytes.CutSuffix(data, []byte("\n"))
	if raw, err := hex.DecodeString(string(first)); !ok || err != nil || len(raw) != len(id) {
		return fmt.Errorf("%s does not say which recovery was signed: it is damaged", path)
	}
	if string(first) != hex.EncodeToString(id[:]) {
		return &OtherRecoveryError{epoch, string(first), path}
	}
	return nil
}

// addSynced makes a file that is whole or not there, and takes the place of none.
func addSynced(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), path)
	}
	return errors.Join(err, os.Remove(f.Name()), syncDir(filepath.Dir(path)))
}
