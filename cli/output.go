package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// output is a file that is being written: a new one beside the place where it
// will be, which has its name only once it is whole and durable. Only the owner
// may read it, because most results hold what was opened.
type output struct {
	*os.File
	path string
}

// createOutput begins a file. It replaces nothing unless force is set. Call keep
// or discard.
func createOutput(path string, force bool) (*output, error) {
	fi, err := os.Lstat(path)
	switch {
	case err == nil && fi.IsDir():
		return nil, fmt.Errorf("write %s: it is a folder", path)
	case err == nil && !fi.Mode().IsRegular() && fi.Mode()&fs.ModeSymlink == 0:
		return nil, fmt.Errorf("write %s: it is no file", path) // a device would be replaced by one
	case err == nil && !force:
		return nil, hint(fmt.Errorf("write %s: it is there already", path), "choose another name, or say --force")
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, cause(err))
	}
	return &output{f, path}, nil
}

// keep makes the file durable and gives it its name.
func (o *output) keep() error {
	err := o.Sync()
	if err = errors.Join(err, o.Close()); err == nil {
		err = os.Rename(o.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.Name())
		return fmt.Errorf("write %s: %w", o.path, cause(err))
	}
	// The name is durable too, where a folder can be synced.
	if folder, err := os.Open(filepath.Dir(o.path)); err == nil {
		_ = folder.Sync()
		folder.Close()
	}
	return nil
}

// discard leaves nothing behind.
func (o *output) discard() {
	o.Close()
	os.Remove(o.Name())
}

// writeOutput writes a result to a file, whole or not at all.
func writeOutput(path string, data []byte, force bool) error {
	o, err := createOutput(path, force)
	if err != nil {
		return err
	}
	if _, err := o.Write(data); err != nil {
		o.discard()
		return fmt.Errorf("write %s: %w", path, cause(err))
	}
	return o.keep()
}

// inputName returns what people call the input that a path names.
func inputName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// readInput reads a file, or standard input for "-", of at most limit bytes. It does
// not wait for a pipe in which nothing comes when the command is told to stop.
func (t *terminal) readInput(path string, limit int64) ([]byte, error) {
	type input struct {
		data []byte
		err  error
	}
	read := make(chan input, 1)
	go func() { // ends with the process, if nothing ever comes
		data, err := t.readBounded(path, limit)
		read <- input{data, err}
	}()
	select {
	case in := <-read:
		return in.data, in.err
	case <-t.interrupt:
		return nil, context.Canceled
	}
}

func (t *terminal) readBounded(path string, limit int64) ([]byte, error) {
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
