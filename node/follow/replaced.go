package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"comity/ledger"
)

// replacedFolder is in the folder of a copy, and holds those that a recovery has cut.
const replacedFolder = "replaced"

// CutNote returns the note of a FINAL checkpoint in the folder of a copy that a
// recovery in g has cut; nil if there is none.
func CutNote(dir string, g *ledger.Genesis) []byte {
	for _, name := range []string{noteFinal, noteAhead} {
		data, err := readNote(dir, name)
		if err != nil {
			continue
		}
		if _, _, err := g.Open(data); errors.As(err, new(*ledger.CutError)) {
			return data
		}
	}
	return nil
}

// SetAside makes the folder of a copy empty, but for the copy itself, which goes to a
// folder in it: it holds what a recovery has cut, and perhaps nobody else does. The
// first purge of the history that goes on removes it there. It returns the folder.
// Nothing may have the copy open. It may be called again after it was cut.
func SetAside(dir string) (string, error) {
	old := dir + ".cut"
	if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(dir, old); err != nil {
			return "", fmt.Errorf("set the replica aside: %w", err)
		}
	} else if err != nil {
		return "", fmt.Errorf("set the replica aside: %w", err)
	}
	to := filepath.Join(dir, replacedFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("set the replica aside: %w", err)
	}
	if err := os.Rename(filepath.Join(old, replacedFolder), to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("set the replica aside: %w", err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return "", fmt.Errorf("set the replica aside: %w", err)
	}
	for n := 1; ; n++ {
		path := filepath.Join(to, strconv.Itoa(n))
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := os.Rename(old, path); err != nil {
			return "", fmt.Errorf("set the replica aside: %w", err)
		}
		return path, nil
	}
}

// forget removes what was set aside if a chunk has a purge from after the recovery:
// what was purged may be in it, and nothing looks there body by body.
func (cp *Copy) forget(c *chunk) error {
	var from uint64
	for _, e := range cp.Members().Epochs() {
		if e.Recovered {
			from = e.From
		}
	}
	for i, r := range c.records {
		if r.Entry.Statement.Class == ledger.ClassPurge && c.from+uint64(i) >= from {
			if err := os.RemoveAll(filepath.Join(cp.dir, replacedFolder)); err != nil {
				return fmt.Errorf("remove what a recovery has cut: %w", err)
			}
			return nil
		}
	}
	return nil
}
