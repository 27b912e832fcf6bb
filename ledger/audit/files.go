package audit

import (
	"fmt"
	"os"
	"path/filepath"
)

// files are the temporary files of one audit: what would not fit in memory.
type files struct {
	dir  string
	open []*os.File
}

func newFiles(dir string) (*files, error) {
	dir, err := os.MkdirTemp(dir, "comity-audit-")
	if err != nil {
		return nil, fmt.Errorf("temporary files: %w", err)
	}
	return &files{dir: dir}, nil
}

// create returns a new file. Where the system lets one, its name is gone at once,
// so that a killed audit leaves no data behind.
func (f *files) create(name string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(f.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("temporary files: %w", err)
	}
	os.Remove(file.Name())
	f.open = append(f.open, file)
	return file, nil
}

// discard gives up a file before the end.
func (f *files) discard(file *os.File) {
	file.Close()
	os.Remove(file.Name())
}

func (f *files) close() {
	for _, file := range f.open {
		file.Close()
	}
	os.RemoveAll(f.dir)
}
