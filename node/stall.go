package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// exitStalled is the exit code after a write that did not end (EX_TEMPFAIL of sysexits.h).
const exitStalled = 75

// stall watches over the writes that Raft waits for. Raft's loops wait for the
// disk while its heartbeats go on, so that a leader with a dead disk is never
// replaced (hashicorp/raft #503). Returning an error instead would be wrong: the
// write may still land.
type stall struct {
	after time.Duration // how long one write may take
	do    func()        // called when one takes longer
}

// newStall fills in what is not given: 30 s, and the end of the process with
// exitStalled.
func newStall(file string, after time.Duration, do func()) stall {
	if after <= 0 {
		after = 30 * time.Second
	}
	if do == nil {
		do = func() {
			slog.Error("a write does not end; leaving, so that another node can lead", "file", file, "after", after)
			os.Exit(exitStalled)
		}
	}
	return stall{after, do}
}

// watch runs one write.
func (s stall) watch(write func() error) error {
	timer := time.AfterFunc(s.after, s.do)
	defer timer.Stop()
	return write()
}

// createWhole puts data at path, where it appears only when it is whole and on
// the disk: die before the link, and the next start begins again. Unlike a rename
// it never replaces a file.
func createWhole(path string, data []byte) error {
	fresh := path + ".new"
	if err := writeSynced(fresh, data); err != nil {
		return err
	}
	return placeWhole(fresh, path)
}

// placeWhole gives the finished file fresh its name.
func placeWhole(fresh, path string) error {
	if err := os.Link(fresh, path); err != nil {
		return err
	}
	if err := os.Remove(fresh); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// checkPrivate refuses what is no file, or one that others may read.
func checkPrivate(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("mode %#o lets group or others in; make it 0600", info.Mode().Perm())
	}
	return nil
}

// slotFile is a file of a fixed size whose slots are written in place.
type slotFile interface {
	io.WriterAt
	Sync() error
	Close() error
}

// openInPlace opens the file at path, which must have this size, and reads it.
func openInPlace(path string, size int) (slotFile, []byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if err := checkPrivate(info); err != nil {
		return nil, nil, err
	}
	if info.Size() != int64(size) {
		return nil, nil, fmt.Errorf("%w: %d bytes, not %d", ErrCorrupt, info.Size(), size)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	data := make([]byte, size)
	if _, err := file.ReadAt(data, 0); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, data, nil
}
