package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"time"

	"comity/ledger"
	"comity/ledger/state"
)

// A node that was put back from a backup does not know what it cosigned since. It
// has a file beside its witness state that says so:
//
//	u32 CRC32C of the rest || "comity restored v1\n" || u64 when the backup was made, POSIX ms || u64 entries in it
//
// While it is there the node signs nothing. It goes with the first checkpoint past
// all that the node can have signed before: all that it signed was in a log that a
// majority had committed. So when
//
//   - a quorum has said what it holds of the node's key,
//   - the node holds what a majority of the others hold (its abstention is over), and
//   - it has applied what was committed at some moment since it started,
//
// whatever it signed is of a size that its log has now, or that it has heard of. The
// next checkpoint of that size or more that is FINAL, or on whose root a quorum
// agrees, takes the place of its witness state, which so never goes back.
type restored struct {
	made uint64
	size uint64
}

const restoredHeader = "comity restored v1\n"

func restoredPath(witness string) string { return witness + ".restored" }

func (r *restored) write(witness string) error {
	b := binary.BigEndian.AppendUint64([]byte(restoredHeader), r.made)
	return replaceSynced(restoredPath(witness), withSumBefore(binary.BigEndian.AppendUint64(b, r.size)))
}

// readRestored returns nil for a node that was not put back, or has caught up. A
// file that is damaged still says that it was.
func readRestored(witness string) (*restored, error) {
	data, err := os.ReadFile(restoredPath(witness))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read whether this node was restored: %w", err)
	}
	if len(data) < 4 || crc32.Checksum(data[4:], castagnoli) != binary.BigEndian.Uint32(data) {
		return &restored{}, nil
	}
	rest, ok := bytes.CutPrefix(data[4:], []byte(restoredHeader))
	if !ok || len(rest) != 16 {
		return &restored{}, nil
	}
	return &restored{binary.BigEndian.Uint64(rest), binary.BigEndian.Uint64(rest[8:])}, nil
}

// says tells people how it is with this node.
func (r *restored) says() string {
	if r.made == 0 {
		return "it was put back from a backup"
	}
	return fmt.Sprintf("it was put back from a backup of %s with %d entries", time.UnixMilli(int64(r.made)).UTC().Format(time.DateTime+"Z"), r.size)
}

// returning says why this node does not cosign yet, "" for a node that was not put
// back or is past what it may have signed.
func (w *witness) returning() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.restored == nil {
		return ""
	}
	return w.restored.says()
}

// arrived says that what this node may have signed is of no more than size entries.
func (w *witness) arrived(size uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.past, w.home = max(w.past, size), true
}

// resume ends it with a checkpoint of this node's log that is FINAL, or on which a
// quorum agrees. It reports whether it did.
func (w *witness) resume(at *state.Collected) (bool, error) {
	w.order.Lock()
	defer w.order.Unlock()
	w.mu.Lock()
	ok := w.restored != nil && w.home && w.heard && w.muted == "" && at.Size >= max(w.past, w.last.Size)
	w.mu.Unlock()
	if !ok {
		return false, nil
	}
	c := ledger.Checkpoint{Origin: w.origin, Size: at.Size, Root: at.Root}
	// The new state first: else a crash would leave an old one that nothing watches.
	if err := w.persist(c); err != nil {
		return false, err
	}
	if err := os.Remove(restoredPath(w.path)); err != nil {
		return false, err
	}
	if err := syncDir(filepath.Dir(w.path)); err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.restored = c, nil
	return true, nil
}

// resume looks whether a node that was put back may sign again.
func (c *cosigner) resume(ask *state.Collected) error {
	final, err := state.ReadFinal(c.store)
	if err != nil {
		return err
	}
	for _, at := range []*state.Collected{final, ask} {
		if at == nil || at != final && !c.agree.reached(at) {
			continue
		}
		switch ok, err := c.witness.resume(at); {
		case err != nil:
			return fmt.Errorf("storage: %w", err)
		case ok:
			c.log.Info("this node is past what it may have signed before it was restored, and cosigns again", "size", at.Size)
			return nil
		}
	}
	return nil
}

// comeBack waits until the log of a node that was put back has all that the node
// may have signed.
func (r *replica) comeBack(ctx context.Context, w *witness) {
	for w.returning() != "" && sleep(ctx, askAgain) {
		if r.abstain.active() || !w.hasHeard() || !r.current.Load() || r.fsm.fetching.Load() > 0 {
			continue
		}
		head, err := state.ReadHead(r.store)
		if err != nil {
			r.damaged(err)
			return
		}
		w.arrived(head.Size)
		r.moved.fire()
		return
	}
}
