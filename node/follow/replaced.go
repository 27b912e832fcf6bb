package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/blobs"
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
// It is [store.ErrLocked] while something has the copy open. It may be called again
// after it was cut.
func SetAside(dir string) (string, error) {
	old, to := dir+".cut", filepath.Join(dir, replacedFolder)
	_, err := os.Lstat(old)
	if errors.Is(err, fs.ErrNotExist) {
		err = renameLocked(dir, old)
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = MoveKept(old, dir, replacedFolder)
	}
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	for n := 1; err == nil; n++ {
		path := filepath.Join(to, strconv.Itoa(n))
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err = os.Rename(old, path); err == nil {
			err = errors.Join(syncDir(to), syncDir(dir), syncDir(filepath.Dir(dir)))
		}
		if err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("set the replica aside: %w", err)
}

// renameLocked renames the folder of a copy that nothing has open.
func renameLocked(dir, to string) error {
	unlock, err := store.Lock(filepath.Join(dir, "ledger")) // which moves with the folder
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(dir, to), unlock())
}

// MoveKept moves from one folder of a copy to another what is beside the entries and
// outlives them: statements that wait to be sent, sealed files, how far a watch is, and
// what others signed; and what else is named. What is there already stays.
func MoveKept(from, to string, more ...string) error {
	names := append([]string{"queue", "attachments", "evidence", "finals"}, more...)
	files, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "watch-") {
			names = append(names, f.Name())
		}
	}
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(to, name)); err == nil {
			continue
		}
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
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
			if err := wipeAll(filepath.Join(cp.dir, replacedFolder)); err != nil {
				return fmt.Errorf("remove what a recovery has cut: %w", err)
			}
			return nil
		}
	}
	return nil
}

// wipeAll overwrites all files of a folder, and removes it.
func wipeAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		return blobs.Wipe(path)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, os.RemoveAll(dir))
}
