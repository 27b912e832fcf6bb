package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeOutput writes a result to a file, whole or not at all: into a new file
// beside it, made durable, and then given its name. Only the owner may read
// it, because most results hold what was opened. It replaces nothing unless
// force is set.
func writeOutput(path string, data []byte, force bool) (err error) {
	if _, statErr := os.Lstat(path); statErr == nil && !force {
		return hint(fmt.Errorf("write %s: it is there already", path), "choose another name, or say --force")
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// inputName returns what people call the input that a path names.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readInput reads a file, or standard input for "-", of at most limit bytes.
func (t *terminal) readInput(path string, limit int64) ([]byte, error) {
	var in io.Reader = t.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, cause(err))
		}
		defer f.Close()
		if fi, err := f.Stat(); err == nil && fi.IsDir() {
			return nil, fmt.Errorf("read %s: it is a folder", path)
		}
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	path = inputName(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: it is larger than %s, which nothing of this kind is", path, size(limit))
	}
	return data, nil
}
