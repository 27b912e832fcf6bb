package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// errEquivocation is returned when this node would have to contradict a
// checkpoint that it signed before. It must not; people must look.
var errEquivocation = errors.New("it contradicts a checkpoint that this node cosigned")

// witness signs checkpoints, each consistent with all it signed before. What it
// signed last survives a crash, in a file apart from the ledger.
type witness struct {
	name   string // of the node
	origin string
	keys   *keys.Witness
	path   string
	floor  *floor
	last   ledger.Checkpoint // the latest one signed, as durable
}

// openWitness reads what the node signed last. A fresh node has a file from its
// first start on, which says that it signed nothing; for any other node a missing
// file means that nobody knows.
func openWitness(path, name, origin string, k *keys.Witness, fresh bool) (*witness, error) {
	w := &witness{name: name, origin: origin, keys: k, path: path,
		last: ledger.Checkpoint{Origin: origin, Root: ledger.EmptyRoot}}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if !fresh {
			return nil, fmt.Errorf("witness state %s is missing: this node must not cosign before its keys are changed", path)
		}
		if err := w.persist(w.last); err != nil {
			return nil, fmt.Errorf("witness state: %w", err)
		}
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("witness state: %w", err)
	}
	if len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data) {
		return nil, fmt.Errorf("witness state %s is damaged: this node must not cosign before its keys are changed", path)
	}
	if w.last, err = ledger.ParseCheckpoint(string(data[4:])); err != nil || w.last.Origin != origin {
		return nil, fmt.Errorf("witness state %s is of another ledger", path)
	}
	return w, nil
}

// cosign checks that the log that this node holds gives root at size and
// extends what it signed last, makes the new checkpoint durable, then signs it,
// in this order. now is POSIX seconds.
func (w *witness) cosign(log tlog.HashReader, pending *state.Collected, now uint64) (*ledger.Cosignature, error) {
	next := ledger.Checkpoint{Origin: w.origin, Size: pending.Size, Root: pending.Root}
	if next.Size < w.last.Size {
		return nil, fmt.Errorf("cosign %d after %d: %w", next.Size, w.last.Size, errEquivocation)
	}
	for _, c := range []ledger.Checkpoint{w.last, next} {
		if c.Size == 0 {
			continue // every log extends the empty one
		}
		root, err := tlog.TreeHash(int64(c.Size), log)
		if err != nil {
			return nil, fmt.Errorf("cosign %d: %w", next.Size, err)
		}
		if ledger.Hash(root) != c.Root {
			return nil, fmt.Errorf("cosign %d: our log has another root at %d: %w", next.Size, c.Size, errEquivocation)
		}
	}
	// Persist before signing: else a crash lets us sign a fork, or lets the log take
	// back what we signed.
	if err := w.floor.sync(); err != nil {
		return nil, fmt.Errorf("cosign %d: %w", next.Size, err)
	}
	if next != w.last {
		if err := w.persist(next); err != nil {
			return nil, fmt.Errorf("cosign %d: %w", next.Size, err)
		}
		w.last = next
	}
	return ledger.Cosign(w.keys, w.name, next, now)
}

// knows returns an error when a checkpoint of the log carries a cosignature of
// this node that it does not remember: its state was put back from a copy. What
// it remembers is always as new as what the log holds, since it is durable first.
func (w *witness) knows(c *state.Collected) error {
	if c != nil && c.By(w.name) && c.Size > w.last.Size {
		return fmt.Errorf("the log holds its cosignature at %d, and it remembers none after %d: its witness state is an old copy: %w", c.Size, w.last.Size, errEquivocation)
	}
	return nil
}

// persist replaces the witness file: a new file, synced, renamed over the old
// one, the folder synced. Whenever we die, one of the two is there, whole.
func (w *witness) persist(c ledger.Checkpoint) error {
	text := []byte(c.String())
	data := append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(text, castagnoli)), text...)
	tmp := w.path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, w.path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(w.path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
