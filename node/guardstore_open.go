package node

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockWait is how long OpenGuardStore waits for another process to let go of the file.
const lockWait = 2 * time.Second

// prepare leaves a file at g.path that has been found whole, and the keys for it.
func (g *GuardStore) prepare() error {
	info, err := os.Lstat(g.path)
	fresh := errors.Is(err, fs.ErrNotExist)
	switch {
	case fresh && g.opts.MustExist:
		return fmt.Errorf("%w: the file is missing, and this node has voted", ErrCorrupt)
	case fresh:
	case err != nil:
		return err
	case info.Mode().IsRegular() && info.Size() == 0: // which bbolt would take for a new file
		return fmt.Errorf("%w: the file is empty", ErrCorrupt)
	default:
		if err := checkPrivate(info); err != nil {
			return err
		}
	}
	// The keys before the log: where there is a log, they must be there.
	if g.epochs, err = openEpochs(g.opts.Epochs, !fresh, g.stall); err != nil {
		return err
	}
	first := uint64(math.MaxUint64)
	if fresh {
		err = createBolt(g.path)
	} else {
		err = contain(func() error {
			// Read-only, bbolt takes the lock and looks at nothing but the meta pages.
			db, err := openBolt(g.path, true)
			if err != nil {
				return err
			}
			defer db.Close()
			first, err = verifyBolt(g.path, db, g.epochs)
			return err
		})
	}
	if err != nil {
		return err
	}
	return g.epochs.settle(first)
}

// verifyBolt checks the structure of the file at path, and through db every
// record, and tells the epochs what they are needed for. It returns the first
// index of the log, the highest number there is for none.
func verifyBolt(path string, db logDB, e *epochs) (first uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	keys, err := checkBoltFile(f, info.Size())
	if err != nil {
		return 0, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	checked := newGuardStore(db, path, e, GuardOptions{})
	for _, index := range keys.logs {
		number, err := checked.load(index, new(raft.Log))
		if errors.Is(err, errNoKey) {
			return 0, fmt.Errorf("entry %d: %w in %s: one of the two files is damaged or an old copy, and so %s", index, err, e.path, errEpochKeys)
		}
		if err != nil {
			return 0, fmt.Errorf("entry %d in %s: %w", index, path, err)
		}
		e.found(number, index)
	}
	for _, key := range keys.conf {
		if _, err := checked.Get(key); err != nil {
			return 0, err
		}
	}
	if len(keys.logs) == 0 {
		return math.MaxUint64, nil
	}
	return keys.logs[0], nil
}

// createBolt makes an empty store at path, which appears there only when it is
// whole: die before the link, and the next start begins again.
func createBolt(path string) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := openBolt(fresh, false)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return placeWhole(fresh, path)
}

// openBolt opens path with raft-boltdb. bbolt's free list is not written with
// every commit (it grows with the file) but rebuilt at open.
func openBolt(path string, readOnly bool) (logDB, error) {
	db, err := raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: &bbolt.Options{
		ReadOnly: readOnly, Timeout: lockWait, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType,
	}})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("another process holds %s", filepath.Base(path))
	case err == nil:
		return db, nil
	case errors.As(err, new(*fs.PathError)):
		return nil, err
	}
	return nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
