package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// textFile is a text that is being edited: alone in a folder of its own in the
// bureau's home, which nobody else may enter. An editor keeps its copies beside
// the file or in TMPDIR, which is that folder: so none lands in /tmp.
type textFile struct {
	path string
	kept bool
}

// keptTexts returns what earlier commands left in the home at dir to edit: kept
// for their officers, or cut off.
func keptTexts(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "editing", "*", "*.jsonc"))
	return found
}

// keptText returns the text that an earlier edit left in the home at dir under a path,
// nil where it is any other file.
func keptText(dir, path string) *textFile {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil
	}
	for _, kept := range keptTexts(dir) {
		if kept, err = filepath.Abs(kept); err == nil && kept == path {
			return &textFile{path: path}
		}
	}
	return nil
}

// newText begins a text to edit in the home at dir.
func newText(dir, name string, text []byte) (*textFile, error) {
	top := filepath.Join(dir, "editing")
	if err := os.MkdirAll(top, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder to edit in: %w", cause(err))
	}
	folder := filepath.Join(top, strings.ToLower(rand.Text()[:12]))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder to edit in: %w", cause(err))
	}
	d := &textFile{path: filepath.Join(folder, name)}
	if err := d.write(text); err != nil {
		d.remove()
		return nil, err
	}
	return d, nil
}

// write replaces the text. The file is whole or not there: a half-written text
// would be an officer's lost work.
func (d *textFile) write(text []byte) error { return writeOutput(d.path, text, true) }

func (d *textFile) read(limit int64) ([]byte, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return nil, fmt.Errorf("read the text: %w", cause(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the text: %w", cause(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the text is larger than %s", size(limit))
	}
	return data, nil
}

// remove overwrites and removes the text and whatever an editor left beside
// it. On disks that write elsewhere than they are told, flash and journals
// among them, the old bytes may stay: encrypt the disk.
func (d *textFile) remove() {
	folder := filepath.Dir(d.path)
	_ = filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			overwrite(path)
		}
		return nil
	})
	_ = os.RemoveAll(folder)
	_ = os.Remove(filepath.Dir(folder)) // if it was the last
}

// overwrite writes zeros over a file. It is best effort: the file is removed in
// any case.
func overwrite(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil {
		_, _ = io.CopyN(f, zeros{}, fi.Size())
		_ = f.Sync()
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// edit runs the person's editor on the text: $VISUAL, $EDITOR or vi, which may
// have arguments.
func (t *terminal) edit(d *textFile) error {
	words := strings.Fields(os.Getenv("VISUAL"))
	if len(words) == 0 {
		words = strings.Fields(os.Getenv("EDITOR"))
	}
	if len(words) == 0 {
		words = []string{"vi"}
	}
	cmd := exec.Command(words[0], append(words[1:], d.path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.stdin, t.stderr, t.stderr
	if f, ok := t.stdout.(*results); ok && isTerminal(t.stdin) {
		cmd.Stdout = f.file // a screen editor draws there
	}
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(d.path))
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return hint(fmt.Errorf("there is no editor %s", words[0]), "name yours: EDITOR=nano; or write a file and send it: comity notice submit FILE")
	case err != nil:
		return fmt.Errorf("the editor %s ended with: %w", words[0], err)
	}
	return nil
}
