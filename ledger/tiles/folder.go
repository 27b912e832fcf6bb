package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/mod/sumdb/tlog"
)

// folder is the folder of an export. Files are whole or not there, and whoever
// may enter the folder may read them: they are for other people's tools.
type folder struct {
	dir  string
	lock *os.File // the folder itself, locked

	mu    sync.Mutex // guards dirty
	dirty map[string]bool
}

// openFolder takes a folder that is absent, empty, or an export already.
func openFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	known := len(list) == 0
	for _, e := range list {
		known = known || e.Name() == CheckpointPath || e.Name() == "tile"
	}
	if !known {
		return nil, fmt.Errorf("%s holds other things and no tiles; choose another folder", dir)
	}
	lock, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("lock %s: another export may be writing to it: %w", dir, err)
	}
	return &folder{dir: dir, lock: lock, dirty: map[string]bool{dir: true}}, nil
}

// close lets others have the folder.
func (f *folder) close() { f.lock.Close() }

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// read returns a file of at most limit bytes, nil if it is not there.
func (f *folder) read(name string, limit int) ([]byte, error) {
	fi, err := os.Stat(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > int64(limit) {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", f.path(name), limit)
	}
	return os.ReadFile(f.path(name))
}

// holds reports whether there is a file that can be the tile. It is not read.
func (f *folder) holds(t tlog.Tile) bool {
	fi, err := os.Stat(f.path(Path(t)))
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	if t.L == EntryLevel {
		return fi.Size() >= int64(2*t.W)
	}
	return fi.Size() == int64(MaxSize(t))
}

// write gives name these bytes: in a new file beside it, made durable, renamed.
func (f *folder) write(name string, data []byte) (err error) {
	path := f.path(name)
	if old, err := f.read(name, len(data)); err == nil && old != nil && bytes.Equal(old, data) {
		return nil
	}
	if err := f.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	// What a cut export left goes; what somebody else put there, a link above all,
	// is not written through.
	if err := os.Remove(path + ".tmp"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	tmp, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// mkdir makes a folder in dir, and remembers which folders have new names.
func (f *folder) mkdir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.dirty[path] && len(path) > len(f.dir) {
		f.dirty[path] = true
		path = filepath.Dir(path)
	}
	return nil
}

// sync makes the new names durable.
func (f *folder) sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for path := range f.dirty {
		d, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return err
		}
	}
	return nil
}

// dropPartial removes the partial forms of a tile that is full by now.
func (f *folder) dropPartial(t tlog.Tile) error {
	t.W = Width
	return os.RemoveAll(f.path(Path(t)) + ".p")
}

// tile returns what the folder has of a tile.
func (f *folder) tile(_ context.Context, t tlog.Tile) ([]byte, error) {
	for _, w := range []int{t.W, Width} { // the full one when the partial one is gone
		t := tlog.Tile{H: t.H, L: t.L, N: t.N, W: w}
		data, err := f.read(Path(t), MaxSize(t))
		if err != nil || data != nil {
			return data, err
		}
	}
	return nil, fs.ErrNotExist
}
