package store

import (
	"errors"
	"os"
	"syscall"
)

const lockName = "lock"

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
