package keys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// MaxFile is the largest key file that is read, in bytes.
const MaxFile = 64 << 10

// ReadFile reads a file that holds a private key. It refuses a path whose last
// element is a symbolic link, what is not a regular file, a file that anyone
// but its owner may use, and one larger than [MaxFile]. The checks are made on
// the open file, so that nothing can be put in its place between them and the
// reading.
func ReadFile(path string) ([]byte, error) {
	// Without O_NONBLOCK, opening a pipe that someone left there would hang.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, fmt.Errorf("read key file %s: it is a symbolic link; name the file itself", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer f.Close()

	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if err := CheckPrivate(fi); err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("read key file %s: it is larger than %d bytes", path, MaxFile)
	}
	return data, nil
}

// CheckPrivate returns an error, one sentence for the person at the terminal,
// unless fi describes a regular file that only its owner may use. Use it on the
// result of an open file's Stat or of Lstat, not of Stat on a path.
func CheckPrivate(fi fs.FileInfo) error {
	if !fi.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if perm := fi.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("its permissions %04o let others use it; run chmod 600 on it", perm)
	}
	return nil
}

// WriteFile writes a private key to a new file that only its owner may use. It
// never replaces anything: if path exists, also as a symbolic link, the error
// matches [fs.ErrExist]. When it returns nil, the file is on stable storage
// under its name; when it returns an error, it has left no file behind. A crash
// midway can leave an incomplete file, which no parser of this package accepts.
func WriteFile(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key file: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(path)
			err = fmt.Errorf("write key file: %w", err)
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return testingOnlySyncDir(filepath.Dir(path))
}

// testingOnlySyncDir is syncDir, except in the test that makes it fail.
var testingOnlySyncDir = syncDir

// syncDir makes a new name in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
