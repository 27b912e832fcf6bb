package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"comity/ledger/state"
	"comity/node/blobs"
)

// forget carries out all purges that were applied by now as far as the Raft log
// goes, with one snapshot.
func (p *purger) forget(ctx context.Context) error {
	start, again := time.Now(), p.mark.comings()
	n, err := state.ReadPurges(p.store)
	if err != nil {
		return err
	}
	p.rounds.Add(1)
	last, err := p.logs.Forget()
	if errors.Is(err, errEpochsFull) {
		err = p.compact(ctx, func() (uint64, bool) {
			at := p.logs.Sealed(p.logs.oldest())
			return at, p.logs.hasRoom()
		})
		if err == nil {
			last, err = p.logs.Forget()
		}
	}
	if err != nil {
		return err
	}
	if err := p.compact(ctx, func() (uint64, bool) { return p.logs.Sealed(last), p.logs.Forgotten(last) }); err != nil {
		return err
	}
	if err := wipeReplaced(p.dir); err != nil {
		return fmt.Errorf("overwrite what a repair has set aside: %w", err)
	}
	if err := p.holdings.sweep(nil); err != nil {
		return fmt.Errorf("destroy attachments: %w", err)
	}
	if err := p.mark.raise(n, again); err != nil {
		return err
	}
	p.log.Info("the Raft log has forgotten what was purged", "purges", n, "took", time.Since(start).Round(time.Millisecond))
	return nil
}

// compact takes snapshots until a compaction has passed an index, which until
// tells along with whether that is so. When nothing is written, a barrier is the
// entry at which the log goes on.
func (p *purger) compact(ctx context.Context, until func() (index uint64, done bool)) error {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, purgeRetry) {
		if err := p.logs.Settle(); err != nil {
			return err
		}
		index, done := until()
		if done {
			return nil
		}
		err := p.snaps.compact(index)
		if _, done := until(); done {
			return nil
		}
		if errors.Is(err, errTail) {
			if err := p.fresh(ctx); err != nil {
				return err
			}
		} else if err != nil {
			p.log.Debug("snapshot for a purge", "error", err)
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// purgeMark is the file that says how many purges the Raft log has forgotten:
//
//	u8 version=1 || u64 count || u32 CRC32C of the bytes before
//
// Missing or damaged it says 0.
type purgeMark struct {
	path string // "" keeps it in memory

	mu    sync.Mutex // guards what follows; held over writes
	n     uint64
	again uint64 // bodies that came once more after their purge

	testingOnlyDeaf bool // no purge is noted
}

const (
	purgedName  = "purged"
	markVersion = 1
	markLen     = 1 + 8 + 4
)

func openPurgeMark(path string) (*purgeMark, error) {
	m := &purgeMark{path: path}
	if path == "" {
		return m, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	if len(data) == markLen && data[0] == markVersion && crc32.Checksum(data[:markLen-4], castagnoli) == binary.BigEndian.Uint32(data[markLen-4:]) {
		m.n = binary.BigEndian.Uint64(data[1:])
	}
	return m, nil
}

func (m *purgeMark) count() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}

// raise notes that the first n purges are forgotten, unless a body came once more
// since comings said again.
func (m *purgeMark) raise(n, again uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if again != m.again {
		return nil // and there is another round
	}
	return m.write(n)
}

func (m *purgeMark) comings() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.again
}

// comesAgain notes, durably, that a body came once more after its purge, one of n.
func (m *purgeMark) comesAgain(n uint64) error {
	m.mu.Lock()
	m.again++
	m.mu.Unlock()
	return m.lower(n - 1)
}

// lower notes, durably, that the purges from the n-th on are being applied: what
// they purge may be in the Raft log, whatever the file said of a log before.
func (m *purgeMark) lower(n uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n >= m.n || m.testingOnlyDeaf {
		return nil
	}
	return m.write(n)
}

func (m *purgeMark) write(n uint64) error {
	if m.path != "" {
		b := binary.BigEndian.AppendUint64([]byte{markVersion}, n)
		if err := replaceSynced(m.path, binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))); err != nil {
			return fmt.Errorf("write %s: %w", m.path, err)
		}
	}
	m.n = n
	return nil
}

// wipeReplaced overwrites and removes what may hold a body in the folders that
// repairs and recoveries have set aside: bodies, the files of a desk's replica, the
// Raft log and its keys. The rest, which may say why a repair was needed, stays.
func wipeReplaced(dir string) error {
	if dir == "" {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !e.Type().IsRegular():
			return nil
		case strings.HasPrefix(name, "epochs"), strings.HasPrefix(name, "raft.db"), strings.HasPrefix(name, "bodies-"), filepath.Base(filepath.Dir(path)) == "attachments":
			return blobs.Wipe(path)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
