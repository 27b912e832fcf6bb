package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"comity/ledger"
)

// testingOnlyStep is called before each step that changes what is on disk, with
// its name ("write hashes", "sync hashes", "rename commit"). A crash test
// returns an error, and the step does not happen.
var testingOnlyStep func(step string) error

func step(verb, name string) error {
	if testingOnlyStep == nil {
		return nil
	}
	return testingOnlyStep(verb + " " + name)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// corrupt makes the error for a damaged record of a file.
func corrupt(file, format string, args ...any) error {
	return fmt.Errorf("%s: %s: %w", file, fmt.Sprintf(format, args...), ErrCorrupt)
}

// folder is the directory of a store. All that changes it goes through its
// methods and those of file, so that a test can stop each of them.
type folder struct {
	root    *os.Root
	ledger  ledger.Hash
	reading bool // see [OpenRead]: nothing is changed
}

func (d *folder) create(name string) (*file, error) {
	if err := step("create", name); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &file{File: f, name: name}, err
}

// open opens a file that must be there.
func (d *folder) open(name string) (*file, error) {
	mode := os.O_RDWR
	if d.reading {
		mode = os.O_RDONLY
	}
	f, err := d.root.OpenFile(name, mode, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, corrupt(name, "the file is missing")
	}
	return &file{f, name, d.reading}, err
}

func (d *folder) remove(name string) error {
	if err := step("remove", name); err != nil {
		return err
	}
	return d.root.Remove(name)
}

func (d *folder) rename(from, to string) error {
	if err := step("rename", to); err != nil {
		return err
	}
	return d.root.Rename(from, to)
}

// sync makes the names in the folder durable.
func (d *folder) sync() error {
	if err := step("sync", "."); err != nil {
		return err
	}
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// file is an open file of a store.
type file struct {
	*os.File
	name    string
	reading bool // what follows the last Flush is another process's
}

func (f *file) write(buf []byte, offset int64) error {
	if err := step("write", f.name); err != nil {
		return err
	}
	_, err := f.WriteAt(buf, offset)
	return err
}

func (f *file) sync() error {
	if err := step("sync", f.name); err != nil {
		return err
	}
	return f.Sync()
}

// cut drops what follows size. A file that is shorter has lost something.
func (f *file) cut(size int64) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() < size:
		return corrupt(f.name, "%d bytes, want at least %d: the file was truncated", info.Size(), size)
	case info.Size() == size, f.reading:
		return nil
	}
	if err := step("truncate", f.name); err != nil {
		return err
	}
	return f.Truncate(size)
}

// read fills buf from offset. What was committed is there: a short read is a
// damaged file.
func (f *file) read(buf []byte, offset int64) error {
	_, err := f.ReadAt(buf, offset)
	if errors.Is(err, io.EOF) {
		return corrupt(f.name, "nothing at byte %d: the file was truncated", offset)
	}
	return err
}

// Every file but commit and lock begins with a header:
//
//	"comity/1" | kind[8] | ledger id[32] | u32 number | u32 size of the file before | u32 0 | u32 crc32c
//
// Kind is "hashes", "index", "entries", "bodies" or "tables", filled with zeros.
// Segments are numbered, and state the final size of the segment before.
const (
	headerLen   = 64
	headerMagic = "comity/1"
)

func (d *folder) header(kind string, number, before uint32) []byte {
	b := make([]byte, headerLen)
	copy(b, headerMagic)
	copy(b[8:16], kind)
	copy(b[16:48], d.ledger[:])
	binary.BigEndian.PutUint32(b[48:], number)
	binary.BigEndian.PutUint32(b[52:], before)
	binary.BigEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// checkHeader reads the header of f and returns the size of the file before.
func (d *folder) checkHeader(f *file, kind string, number uint32) (before uint32, err error) {
	b := make([]byte, headerLen)
	if err := f.read(b, 0); err != nil {
		return 0, err
	}
	before = binary.BigEndian.Uint32(b[52:])
	switch {
	case binary.BigEndian.Uint32(b[60:]) != crc32.Checksum(b[:60], castagnoli):
		return 0, corrupt(f.name, "the header is damaged")
	case string(b[16:48]) != string(d.ledger[:]):
		return 0, fmt.Errorf("%s: %w", f.name, ErrOtherLedger)
	case !bytes.Equal(b, d.header(kind, number, before)):
		return 0, corrupt(f.name, "this is another file under its name")
	}
	return before, nil
}
