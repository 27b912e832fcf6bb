package node

import (
	"errors"
	"fmt"
	"io/fs"
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

// prepare leaves a file at g.path that has been found whole.
func (g *GuardStore) prepare() error {
	info, err := os.Lstat(g.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !g.opts.MustExist:
		return createBolt(g.path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: the file is missing, and this node has voted", ErrCorrupt)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("not a regular file")
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("mode %#o lets group or others in; make it 0600", info.Mode().Perm())
	case info.Size() == 0: // which bbolt would take for a new file
		return fmt.Errorf("%w: the file is empty", ErrCorrupt)
	}
	return contain(func() error {
		// Read-only, bbolt takes the lock and looks at nothing but the meta pages.
		db, err := openBolt(g.path, true)
		if err != nil {
			return err
		}
		defer db.Close()
		return verifyBolt(g.path, db)
	})
}

// verifyBolt checks the structure of the file at path, and through db every record.
func verifyBolt(path string, db logDB) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	keys, err := checkBoltFile(f, info.Size())
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	checked := &GuardStore{db: db, path: path}
	for _, index := range keys.logs {
		if err := checked.GetLog(index, new(raft.Log)); err != nil {
			return err
		}
	}
	for _, key := range keys.conf {
		if _, err := checked.Get(key); err != nil {
			return err
		}
	}
	return nil
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
	if err := os.Link(fresh, path); err != nil { // unlike a rename it never replaces
		return err
	}
	if err := os.Remove(fresh); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
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
