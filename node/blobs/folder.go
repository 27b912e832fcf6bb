package blobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"comity/ledger"
)

// ErrHash means that a file has become whole and is not the one of its address.
// It was removed.
var ErrHash = errors.New("the bytes are not those of the address")

// ErrNotHeld means that the folder has not the whole file.
var ErrNotHeld = errors.New("the sealed file is not here")

// ErrDisk means that the disk does not read or write what it should. It does not
// unwrap to the error of the disk: a bad place in one of these files says nothing
// about the rest of what its user has there.
var ErrDisk = errors.New("the disk fails")

func fault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EIO):
		return fmt.Errorf("sealed files: %w: %v", ErrDisk, err)
	}
	return fmt.Errorf("sealed files: %w", err)
}

// Folder is a folder of sealed files. It may be used by several goroutines of one
// process; several processes that let a file grow need [Folder.Take].
type Folder struct {
	dir string
	mu  sync.RWMutex // held for writing while a file changes, for reading while it is read
}

const partSuffix = ".part"

// Open makes the folder, if it is not there, and opens it.
func Open(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault(err)
	}
	return &Folder{dir: dir}, nil
}

func (f *Folder) whole(address ledger.Hash) string {
	return filepath.Join(f.dir, hex.EncodeToString(address[:]))
}

func (f *Folder) part(address ledger.Hash) string { return f.whole(address) + partSuffix }

// Size returns how long the whole file is; ok is false if it is not held.
func (f *Folder) Size(address ledger.Hash) (size int64, ok bool) {
	info, err := os.Stat(f.whole(address))
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// Begun returns how many bytes of a file that is not whole are here.
func (f *Folder) Begun(address ledger.Hash) int64 {
	info, err := os.Stat(f.part(address))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Read returns up to n bytes of a whole file from an offset on, fewer only at
// its end.
func (f *Folder) Read(address ledger.Hash, from int64, n int) ([]byte, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	file, err := os.Open(f.whole(address))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotHeld
	}
	if err != nil {
		return nil, fault(err)
	}
	defer file.Close()
	data := make([]byte, n)
	got, err := file.ReadAt(data, from)
	if err != nil && err != io.EOF {
		return nil, fault(err)
	}
	return data[:got], nil
}

// Check reads a whole file again. One that is not that of its address any more is
// removed, with [ErrHash].
func (f *Folder) Check(address ledger.Hash) error {
	r, err := f.Reader(address)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(h, r)
	if err = errors.Join(err, r.Close()); err != nil {
		return fault(err)
	}
	if ledger.Hash(h.Sum(nil)) == address {
		return nil
	}
	return errors.Join(ErrHash, f.Discard(address))
}

// Reader returns the whole file, to be read from its beginning.
func (f *Folder) Reader(address ledger.Hash) (io.ReadCloser, error) {
	file, err := os.Open(f.whole(address))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotHeld
	}
	if err != nil {
		return nil, fault(err)
	}
	return file, nil
}

// Append adds a piece that begins at from to what is here of a file, and returns
// how many bytes there are now. A piece that does not begin where the file ends
// is passed over: the caller goes on from there. A file that comes to its size
// is checked and becomes whole, or is removed with [ErrHash]. Beside a whole file of
// another size nothing is begun.
func (f *Folder) Append(address ledger.Hash, size, from int64, piece []byte) (have int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if held, ok := f.Size(address); ok && held != size {
		return 0, fmt.Errorf("sealed files: the file has %d bytes, not %d", held, size)
	} else if ok {
		return held, nil
	}
	if have = f.Begun(address); from != have || from+int64(len(piece)) > size {
		return have, nil
	}
	file, err := os.OpenFile(f.part(address), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return have, fault(err)
	}
	_, err = file.Write(piece)
	if err = errors.Join(err, file.Close()); err != nil {
		return have, fault(err)
	}
	if have += int64(len(piece)); have < size {
		return have, nil
	}
	return have, f.finish(address)
}

// finish checks a file that is all here, and makes it whole.
func (f *Folder) finish(address ledger.Hash) error {
	path := f.part(address)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fault(err)
	}
	h := sha256.New()
	_, err = io.Copy(h, file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fault(err)
	}
	if ledger.Hash(h.Sum(nil)) != address {
		if err := Wipe(path); err != nil {
			return fault(err)
		}
		return ErrHash
	}
	if err := os.Rename(path, f.whole(address)); err != nil {
		return fault(err)
	}
	return fault(syncDir(f.dir))
}

// Put takes over a whole file that its maker writes, and returns its address. One
// that is cut before write returns leaves a file that Sweep tells as old.
func (f *Folder) Put(write func(io.Writer) error) (ledger.Hash, error) {
	file, err := os.CreateTemp(f.dir, "new-*")
	if err != nil {
		return ledger.Hash{}, fault(err)
	}
	h := sha256.New()
	err = write(io.MultiWriter(file, h))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return ledger.Hash{}, errors.Join(err, os.Remove(file.Name()))
	}
	address := ledger.Hash(h.Sum(nil))
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Rename(file.Name(), f.whole(address)); err != nil {
		return address, fault(err)
	}
	return address, fault(syncDir(f.dir))
}

// Drop overwrites and removes what is here of a file, whole or in part.
func (f *Folder) Drop(address ledger.Hash) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fault(errors.Join(wipeIfThere(f.whole(address)), wipeIfThere(f.part(address))))
}

// Discard removes a whole file that cannot be read, overwritten if the disk still
// does that.
func (f *Folder) Discard(address ledger.Hash) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if wipeIfThere(f.whole(address)) == nil {
		return nil
	}
	return fault(errors.Join(os.Remove(f.whole(address)), syncDir(f.dir)))
}

// DropPart overwrites and removes a file that is here in part.
func (f *Folder) DropPart(address ledger.Hash) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fault(wipeIfThere(f.part(address)))
}

// A File is one that is in the folder.
type File struct {
	Address ledger.Hash
	Size    int64 // what is here of it
	Part    bool  // it is not whole
	Changed time.Time
}

// List returns what is in the folder.
func (f *Folder) List() ([]File, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fault(err)
	}
	var out []File
	for _, e := range entries {
		name, part := strings.CutSuffix(e.Name(), partSuffix)
		raw, err := hex.DecodeString(name)
		info, statErr := e.Info()
		if err != nil || statErr != nil || len(raw) != len(ledger.Hash{}) || !e.Type().IsRegular() {
			continue
		}
		out = append(out, File{ledger.Hash(raw), info.Size(), part, info.ModTime()})
	}
	return out, nil
}

// Sweep overwrites and removes the files that gone tells, and what was begun
// before a time by [Folder.Put] and never came to its end.
func (f *Folder) Sweep(before time.Time, gone func(File) (bool, error)) error {
	list, err := f.List()
	if err != nil {
		return err
	}
	for _, x := range list {
		drop, goneErr := gone(x)
		if goneErr != nil {
			return goneErr
		}
		if drop {
			err = errors.Join(err, f.Drop(x.Address)) // one that stays does not save the others
		}
	}
	cut, globErr := filepath.Glob(filepath.Join(f.dir, "new-*"))
	err = errors.Join(err, globErr)
	for _, path := range cut {
		if info, statErr := os.Stat(path); statErr == nil && info.ModTime().Before(before) {
			err = errors.Join(err, fault(wipeIfThere(path)))
		}
	}
	return err
}
