package home

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"comity/crypto/keys"
)

// fileRecord is the bureau's own record of why keys were revoked.
const fileRecord = "revoked"

// Ended says why a key was revoked. The ledger has no place for that: it is for
// the bureau alone.
type Ended struct {
	Time   int64   `json:"time"` // POSIX s, of this machine
	Key    keys.ID `json:"key"`
	Label  string  `json:"label"`
	Entry  uint64  `json:"entry"` // that revokes it
	Reason string  `json:"reason"`
}

// MaxReason is how many bytes a reason may have.
const MaxReason = 500

// maxRecord bounds what is read of the record, the newest part.
const maxRecord = 1 << 20

// Remember adds to the record of this home why a key was revoked.
func (h *Home) Remember(e Ended) error {
	if e.Time == 0 {
		e.Time = h.now().Unix()
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(h.dir, fileRecord), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("remember why: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("remember why: %w", err)
	}
	return nil
}

// Remembered returns the record of this home, the oldest first. Lines that were cut
// or changed are passed over: it is a help for people and proves nothing.
func (h *Home) Remembered() ([]Ended, error) {
	f, err := os.Open(filepath.Join(h.dir, fileRecord))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read why keys were revoked: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read why keys were revoked: %w", err)
	}
	data := make([]byte, min(fi.Size(), maxRecord))
	n, err := f.ReadAt(data, fi.Size()-int64(len(data)))
	if n < len(data) {
		return nil, fmt.Errorf("read why keys were revoked: %w", err)
	}
	var list []Ended
	for line := range bytes.Lines(data) {
		var e Ended
		if json.Unmarshal(line, &e) == nil && len(e.Reason) <= MaxReason {
			list = append(list, e)
		}
	}
	return list, nil
}
