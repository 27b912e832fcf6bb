package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"sync"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// errEquivocation is returned when this node would have to contradict a
// checkpoint that it signed before. It must not; people must look.
var errEquivocation = errors.New("it contradicts a checkpoint that this node cosigned")

// errMuted is returned by a node that must not cosign with these keys any more.
var errMuted = errors.New("this node does not cosign before its keys are changed")

// errUnheard is returned until a quorum has said what it holds of this node's key.
var errUnheard = errors.New("too few bureaus have said what they hold of this node's key")

// witness signs checkpoints, each consistent with all it signed before. What it
// signed last survives a crash, in a file apart from the ledger. Once it is mute
// it signs nothing more with these keys, whatever happens to its files or its
// process: see mute.go.
type witness struct {
	name   string // of the node
	origin string
	keys   *keys.Witness
	path   string
	floor  *floor

	testingOnlyPersisted func() // called between making it durable and signing

	order sync.Mutex        // orders signatures; held, over writes, while one is made
	mu    sync.Mutex        // guards what follows
	last  ledger.Checkpoint // the latest one signed, as durable
	heard bool              // a quorum has said what it holds of our key; see gossip.ask
	muted string            // why this node must not sign; "" while it may

	restored *restored // nil for a node that was not put back from a backup, or has caught up
	past     uint64    // it may have signed checkpoints of up to this size
	home     bool      // past covers all that it signed; see comeBack
}

// openWitness reads what the node signed last, and whether it is mute. A fresh
// node has a file from its first start on, which says that it signed nothing; for
// any other node a missing file means that nobody knows, and a damaged one too:
// the node runs, serves, and is mute. One that was mute and has other keys now begins
// anew.
func openWitness(path, name, origin string, k *keys.Witness, fresh bool) (*witness, error) {
	w := &witness{name: name, origin: origin, keys: k, path: path,
		last: ledger.Checkpoint{Origin: origin, Root: ledger.EmptyRoot}}
	muted, former, err := readMute(w.mutePath(), w.keyID())
	if err != nil {
		return nil, err
	}
	w.muted = muted
	if w.restored, err = readRestored(path); err != nil {
		return nil, err
	}
	if former {
		return w, w.renew()
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && fresh && w.muted == "":
		if err := w.persist(w.last); err != nil {
			return nil, fmt.Errorf("witness state: %w", err)
		}
		return w, nil
	case errors.Is(err, os.ErrNotExist):
		return w, w.mute(fmt.Sprintf("its witness state %s is missing, and nobody knows what it cosigned", path))
	case err != nil:
		return nil, fmt.Errorf("witness state: %w", err)
	case len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data):
		return w, w.mute(fmt.Sprintf("its witness state %s is damaged, and nobody knows what it cosigned", path))
	}
	if w.last, err = ledger.ParseCheckpoint(string(data[4:])); err != nil || w.last.Origin != origin {
		return nil, fmt.Errorf("witness state %s is of another ledger", path)
	}
	return w, nil
}

// cosign checks that this node may sign, that the log that it holds gives root at
// size and extends what it signed last; makes the new checkpoint durable; then
// signs it, in this order. now is POSIX seconds.
func (w *witness) cosign(log tlog.HashReader, pending *state.Collected, now uint64) (*ledger.Cosignature, error) {
	w.order.Lock()
	defer w.order.Unlock()
	// Check.
	next, last := ledger.Checkpoint{Origin: w.origin, Size: pending.Size, Root: pending.Root}, w.newest()
	switch {
	case w.silence() != "", w.returning() != "":
		return nil, fmt.Errorf("cosign %d: %w", next.Size, errMuted)
	case !w.hasHeard():
		return nil, fmt.Errorf("cosign %d: %w", next.Size, errUnheard)
	case next.Size < last.Size:
		return nil, fmt.Errorf("cosign %d after %d: %w", next.Size, last.Size, errEquivocation)
	}
	for _, c := range []ledger.Checkpoint{last, next} {
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
	if next != last {
		if err := w.persist(next); err != nil {
			return nil, fmt.Errorf("cosign %d: %w", next.Size, err)
		}
		w.remember(next)
	}
	if w.testingOnlyPersisted != nil {
		w.testingOnlyPersisted()
	}
	// Sign.
	return ledger.Cosign(w.keys, w.name, next, now)
}

// newest returns the checkpoint signed last. It never grows behind what anybody
// holds of us, since it is durable before there is a signature.
func (w *witness) newest() ledger.Checkpoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// within reports whether a log of a size holds what this node signed last.
func (w *witness) within(log tlog.HashReader, size uint64) bool {
	last := w.newest()
	if last.Size == 0 || last.Size > size {
		return last.Size == 0
	}
	root, err := tlog.TreeHash(int64(last.Size), log)
	return err == nil && ledger.Hash(root) == last.Root
}

func (w *witness) remember(c ledger.Checkpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = c
}

func (w *witness) hasHeard() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heard
}

// ready reports whether this node may sign what its log asks for.
func (w *witness) ready() bool {
	return w.hasHeard() && w.silence() == "" && w.returning() == ""
}

// listened says that a quorum has said what it holds of our key.
func (w *witness) listened() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = true
}

// denies returns why a good cosignature under this node's name is not one that
// it remembers: its state was put back from a copy or lost, or somebody else
// signs with its keys. It returns "" when there is nothing to say against it.
func (w *witness) denies(size uint64, root ledger.Hash) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.last
	switch {
	case size > last.Size && w.restored != nil: // as it is with a backup
		w.past = max(w.past, size)
	case size > last.Size:
		return fmt.Sprintf("there is a cosignature of its own at %d, and it remembers none after %d: its witness state is an old copy or was lost, or others have its keys", size, last.Size)
	case size == last.Size && root != last.Root:
		return fmt.Sprintf("there is a cosignature of its own at %d that it did not make: others have its keys", size)
	}
	return ""
}

// signs reports whether this node's keys are the ones that it has under a policy:
// a vote or a recovery may have given it new ones since.
func (w *witness) signs(p *ledger.Policy) bool {
	has, ok := p.Witness[w.name]
	return ok && has.Ed25519.Equal(w.keys.Public().Ed25519)
}

// persist replaces the witness file.
func (w *witness) persist(c ledger.Checkpoint) error {
	return replaceSynced(w.path, withSumBefore([]byte(c.String())))
}

// withSumBefore returns u32 CRC32C || data.
func withSumBefore(data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)), data...)
}
