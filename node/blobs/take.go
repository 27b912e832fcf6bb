package blobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"comity/ledger"
)

const lockSuffix = ".lock"

// Take keeps a file for one user among all processes, from before it grows until it
// is read and dropped, or release is called, or the process ends: two that append to
// one part would mix them up. While another has it, waits is called once, and Take
// waits until ctx ends.
func (f *Folder) Take(ctx context.Context, address ledger.Hash, waits func()) (release func() error, err error) {
	path := f.whole(address) + lockSuffix
	for told := false; ; {
		lock, err := takeLock(path)
		if err != nil {
			return nil, fmt.Errorf("sealed files: %w", err)
		}
		if lock != nil {
			return func() error { // removed while it is held: whoever waits for it looks again
				return errors.Join(os.Remove(path), syscall.Flock(int(lock.Fd()), syscall.LOCK_UN), lock.Close())
			}, nil
		}
		if !told {
			waits()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// takeLock returns nil when another has the lock.
func takeLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		mine, statErr := f.Stat()
		there, pathErr := os.Stat(path)
		if statErr == nil && pathErr == nil && os.SameFile(mine, there) {
			return f, nil
		}
	} else if !errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(err, f.Close())
	}
	return nil, f.Close() // another has it, or has just removed it
}
