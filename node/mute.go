package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"comity/crypto/keys"
)

// A node that is mute has a file beside its witness state that says so:
//
//	u32 CRC32C of the rest || "comity muted v1\n" || id of the Ed25519 cosigning key, hex || "\n" || why
//
// It holds for these keys and no others; nothing but new keys ends it. It says so
// also when the witness state has been put back, or the others have forgotten.
const muteHeader = "comity muted v1\n"

func (w *witness) mutePath() string { return w.path + ".muted" }

func (w *witness) keyID() string { return keys.SigningID(w.keys.Public().Ed25519).String() }

// mute ends this node's cosigning. The first reason stays. When it returns no
// signature is being made any more; with an error the reason is not durable.
func (w *witness) mute(why string) error {
	w.order.Lock()
	defer w.order.Unlock()
	if w.silence() != "" {
		return nil
	}
	w.mu.Lock()
	w.muted = why
	w.mu.Unlock()
	if err := replaceSynced(w.mutePath(), withSumBefore([]byte(muteHeader+w.keyID()+"\n"+why))); err != nil {
		return fmt.Errorf("make it durable that this node does not cosign: %w", err)
	}
	return nil
}

// silence returns why this node does not cosign, "" while it does.
func (w *witness) silence() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.muted
}

// renew begins the witness state of a node that was mute and has other keys now:
// with them it has cosigned nothing, whatever became of the state under the old
// ones. The file that says that it is mute goes last, and durably, before anything is
// signed, so that this happens once. If the keys were used before after all, the
// others say so: see errUnheard.
func (w *witness) renew() error {
	err := w.persist(w.last)
	if err == nil {
		err = os.Remove(w.mutePath())
	}
	if err == nil {
		err = syncDir(filepath.Dir(w.mutePath()))
	}
	if err != nil {
		return fmt.Errorf("witness state of new keys: %w", err)
	}
	return nil
}

// readMute returns why the node with this key is mute, "" when it is not; former
// says that it was, with other keys. A file that is damaged still says that it is.
func readMute(path, key string) (why string, former bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read whether this node may cosign: %w", err)
	}
	damaged := fmt.Sprintf("the file %s, which says why, is damaged", path)
	if len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data) {
		return damaged, false, nil
	}
	rest, ok := bytes.CutPrefix(data[4:], []byte(muteHeader))
	of, reason, ok2 := bytes.Cut(rest, []byte("\n"))
	switch {
	case !ok || !ok2 || len(reason) == 0:
		return damaged, false, nil
	case string(of) != key:
		return "", true, nil
	}
	return string(reason), false, nil
}

// replaceSynced replaces a file: a new one, synced, renamed over the old one, the
// folder synced. Whenever we die, one of the two is there, whole.
func replaceSynced(path string, data []byte) error {
	tmp := path + ".tmp"
	if err := writeSynced(tmp, data); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
