package blobs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func wipeIfThere(path string) error {
	if err := Wipe(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Wipe overwrites a file with zeros, synced, and removes it.
func Wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	zeros := make([]byte, min(info.Size(), 1<<20))
	for at := int64(0); at < info.Size() && err == nil; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
