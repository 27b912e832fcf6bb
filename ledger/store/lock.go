package store

import (
	"errors"
	"os"
	"syscall"
)

const lockName = "lock"

// Lock keeps every process from opening the store of a folder, [OpenRead] aside, until
// unlock is called. It is [ErrLocked] while one has it open.
func Lock(dir string) (unlock func() error, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f, err := takeLock(root)
	if err := errors.Join(err, root.Close()); err != nil {
		return nil, err
	}
	return func() error { return dropLock(f) }, nil
}

// takeLock keeps every other process, and every other Disk of this one, out of
// the folder until the file is closed. It goes with the process, however that
// ends.
func takeLock(root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return f, nil
}

// dropLock gives the folder back. Closing the file would not do: a child that
// this process is starting at that moment holds it too, until it runs its own
// program.
func dropLock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
