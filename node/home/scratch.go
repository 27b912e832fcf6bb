package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Scratch makes a folder for what is to be complete or gone: its name is prefix and
// something random. done removes it. It is locked for as long as its process lives:
// what a process left that was killed is removed here by the next one.
func Scratch(parent, prefix string) (dir string, done func() error, err error) {
	for _, stale := range Stale(parent, prefix) {
		if lock, ok := lockStale(stale); ok {
			_ = os.RemoveAll(stale) // what cannot be removed stops no restore; doctor shows it
			lock.Close()
		}
	}
	for range 8 { // somebody else may take a folder that is not locked yet for stale
		if dir, err = os.MkdirTemp(parent, prefix); err != nil { // 0700
			return "", nil, err
		}
		f, err := os.Open(dir)
		if err != nil {
			continue
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if _, there := os.Lstat(dir); there != nil || errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			_ = os.Remove(dir)
			continue
		} // a file system without locks has no stale folders either
		return dir, func() error { return errors.Join(os.RemoveAll(dir), f.Close()) }, nil
	}
	return "", nil, fmt.Errorf("make a folder in %s: others remove it", parent)
}

// Stale returns the folders of this user that a killed process left in parent.
func Stale(parent, prefix string) (list []string) {
	in, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	for _, e := range in {
		path := filepath.Join(parent, e.Name())
		if !strings.HasPrefix(e.Name(), prefix) || !e.IsDir() {
			continue
		}
		if lock, ok := lockStale(path); ok {
			lock.Close()
			list = append(list, path)
		}
	}
	return list
}

// lockStale locks a folder of this user whose maker lives no more.
func lockStale(path string) (*os.File, bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, false
	}
	fi, err := f.Stat()
	if err == nil {
		if st, ok := fi.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
			err = os.ErrPermission
		}
	}
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		f.Close()
		return nil, false
	}
	return f, true
}
