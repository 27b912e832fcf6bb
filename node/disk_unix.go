//go:build unix

package node

import (
	"io/fs"
	"path/filepath"
	"syscall"
)

// diskUse returns the bytes that the files of dir take and the bytes that are
// free on its disk; -1 for what cannot be told.
func diskUse(dir string) (used, free int64) {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			used += info.Size()
		}
		return err
	})
	if err != nil {
		used = -1
	}
	return used, diskFree(dir)
}

// diskFree returns the bytes that are free on the disk of dir, -1 if that cannot
// be told.
func diskFree(dir string) int64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return -1
	}
	return int64(st.Bavail) * int64(st.Bsize)
}
