package drafts

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
)

// MaxDrafts is how many a folder holds: two of the longest rows.
const MaxDrafts = 2 * MaxRow

// ext is that of a draft's file; its name is the id of the statement.
const ext = ".cdraft"

// Folder is where a bureau's drafts are. The folder need not be there yet. It
// may be used by several processes: each file is written whole or not at all.
type Folder string

// ErrNone is returned for a draft that is not there.
var ErrNone = errors.New("there is no such draft")

// ErrFull is returned by [Folder.Put] for one draft too many.
var ErrFull = fmt.Errorf("no more than %d drafts are kept", MaxDrafts)

// List returns the drafts, those that have waited longest first, and of those that were
// parked together in the order in which they were signed. A file that is
// no draft, or that others may use, does not hide the others: it is in the
// error, by its name, with as many as there are.
func (f Folder) List() ([]*Draft, error) {
	dir, err := os.Open(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(4 * MaxDrafts) // never more, whoever filled it
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read drafts: %w", err)
	}
	var (
		list     []*Draft
		problems []error
	)
	for _, e := range entries {
		if !isDraft(e.Name()) {
			continue
		}
		if len(list) == MaxDrafts {
			problems = append(problems, fmt.Errorf("read drafts: there are more than %d; the rest is not shown", MaxDrafts))
			break
		}
		d, err := f.read(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // another command has just sent or dropped it
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *Draft) int {
		return cmp.Or(cmp.Compare(a.Parked, b.Parked), cmp.Compare(a.Item.Entry.Statement.Seq, b.Item.Entry.Statement.Seq), cmp.Compare(a.ID().String(), b.ID().String()))
	})
	return list, errors.Join(problems...)
}

// Find returns the one draft whose id begins with prefix, of 8 digits or more.
// The error of a damaged file does not keep it from another one.
func (f Folder) Find(prefix string) (*Draft, error) {
	list, problem := f.List()
	d, err := Find(list, prefix)
	if errors.Is(err, ErrNone) {
		err = errors.Join(err, problem)
	}
	return d, err
}

// Find returns the one draft of a list whose id begins with prefix, of 8 digits or
// more.
func Find(list []*Draft, prefix string) (*Draft, error) {
	if len(prefix) < 8 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("%.80q: want 8 or more digits of a draft's id: %w", prefix, ErrNone)
	}
	var found []*Draft
	for _, d := range list {
		if strings.HasPrefix(d.ID().String(), prefix) {
			found = append(found, d)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("%s: %d drafts begin with it", prefix, len(found))
	}
	return nil, fmt.Errorf("%.64s: %w", prefix, ErrNone)
}

// Put keeps drafts, each in place of the one of the same id, if there is one: all of
// them or none, but that a machine which stops in the middle may keep the first.
func (f Folder) Put(list ...*Draft) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	var written []string // by their names for now, one for each of list
	defer func() {
		for _, name := range written {
			os.Remove(name)
		}
	}()
	var added []ledger.ID
	for _, d := range list {
		data := d.Marshal()
		if again, err := Parse(data); err != nil || again.ID() != d.ID() {
			return fmt.Errorf("keep draft %s: it is larger than a draft may be", d.ID().Short())
		}
		if _, err := os.Lstat(f.path(d.ID())); errors.Is(err, fs.ErrNotExist) {
			added = append(added, d.ID())
		}
		name, err := f.write(data)
		if err != nil {
			return fmt.Errorf("keep draft %s: %w", d.ID().Short(), err)
		}
		written = append(written, name)
	}
	if err := f.room(len(added)); err != nil {
		return err
	}
	for i, d := range list {
		if err := os.Rename(written[i], f.path(d.ID())); err != nil {
			for _, id := range added {
				err = errors.Join(err, f.Drop(id))
			}
			return fmt.Errorf("keep draft %s: %w", d.ID().Short(), err)
		}
	}
	return f.sync()
}

// room refuses more drafts than the folder may hold.
func (f Folder) room(more int) error {
	dir, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(4 * MaxDrafts)
	if err != nil && err != io.EOF {
		return fmt.Errorf("keep draft: %w", err)
	}
	n := 0
	for _, name := range names {
		if isDraft(name) {
			n++
		}
	}
	if more > 0 && n+more > MaxDrafts {
		return fmt.Errorf("keep %d more: %w", more, ErrFull)
	}
	return nil
}

func isDraft(name string) bool { return strings.HasSuffix(name, ext) && !strings.HasPrefix(name, ".") }

// Changed returns the first of some drafts that is not kept any more as it is here: it
// was rejected, or dropped, since somebody read it. It returns nil if there is none.
func (f Folder) Changed(list ...*Draft) *Draft {
	for _, d := range list {
		now, err := f.read(d.ID().String() + ext)
		if err != nil || !bytes.Equal(now.Marshal(), d.Marshal()) {
			return d
		}
	}
	return nil
}

// Drop removes a draft. One that is not there is no error.
func (f Folder) Drop(id ledger.ID) error {
	if err := os.Remove(f.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop draft %s: %w", id.Short(), err)
	}
	return nil
}

func (f Folder) path(id ledger.ID) string { return filepath.Join(string(f), id.String()+ext) }

// read reads one file, of the name that its content has.
func (f Folder) read(name string) (*Draft, error) {
	path := filepath.Join(string(f), name)
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	if err := keys.CheckPrivate(fi); err != nil {
		return nil, fmt.Errorf("read draft %s: %w", path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read draft %s: %w", path, err)
	}
	d, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read draft %s: %w; move it away", path, err)
	}
	if d.ID().String()+ext != name {
		return nil, fmt.Errorf("read draft %s: it holds the draft %s; move it away", path, d.ID().Short())
	}
	return d, nil
}

// write makes a durable file of a name that no draft has, and returns that.
func (f Folder) write(data []byte) (name string, err error) {
	tmp, err := os.CreateTemp(string(f), ".draft-") // 0600
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		os.Remove(tmp.Name())
		return "", err
	}
	return tmp.Name(), nil
}

// sync makes the names of files durable.
func (f Folder) sync() error {
	dir, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("keep draft: %w", err)
	}
	return nil
}
