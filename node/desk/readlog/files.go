package readlog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"comity/crypto/keys"

	"golang.org/x/crypto/cryptobyte"
)

// maxFile is from how many bytes on a file is followed by a further one. What one
// Append writes goes into one file, so that it has some 70 KiB more at most.
const maxFile = 8 << 20

const (
	magicNext = "comity/reads/1+\x00"
	nextLen   = 16 + 32 + 2 + 16 + 8 + 8 + 8 + hashLen + 4
)

// nextHeader is the beginning of a further file: the head of all files before it,
// and where in the log it goes on.
type nextHeader struct {
	Origin
	time   uint64 // POSIX ms
	head   Head
	offset int64 // of its first record, counted as if all were one file
}

func (h *nextHeader) marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes([]byte(magicNext))
	b.AddBytes(h.Ledger[:])
	b.AddBytes([]byte(h.Bureau))
	b.AddBytes(h.head.Log[:])
	b.AddUint64(h.time)
	b.AddUint64(uint64(h.offset))
	b.AddUint64(h.head.Size)
	b.AddBytes(h.head.Hash[:])
	data := b.BytesOrPanic()
	b = cryptobyte.NewBuilder(data)
	b.AddUint32(crc32.Checksum(data, castagnoli))
	return b.BytesOrPanic()
}

func parseNextHeader(data []byte) (*nextHeader, error) {
	var (
		h            nextHeader
		word, bureau []byte
		offset       uint64
		sum          uint32
	)
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&word, len(magicNext)) && in.CopyBytes(h.Ledger[:]) && in.ReadBytes(&bureau, 2) && in.CopyBytes(h.head.Log[:]) &&
		in.ReadUint64(&h.time) && in.ReadUint64(&offset) && in.ReadUint64(&h.head.Size) && in.CopyBytes(h.head.Hash[:]) && in.ReadUint32(&sum) && in.Empty()
	if !ok || string(word) != magicNext || sum != crc32.Checksum(data[:nextLen-4], castagnoli) || !isCode(string(bureau)) || offset < headerLen || offset > 1<<60 {
		return nil, ErrMalformed
	}
	h.Bureau, h.head.Bureau, h.offset = string(bureau), string(bureau), int64(offset)
	return &h, nil
}

// part is one file of a log.
type part struct {
	file   *os.File
	number int   // 1 for the first
	start  int64 // of its contents in the log
	skip   int64 // bytes before its contents
	next   *nextHeader
}

// partPath is the name of a file of the log at path.
func partPath(path string, number int) string {
	if number == 1 {
		return path
	}
	return path + "." + strconv.Itoa(number)
}

// lastPart returns the number of the last file. None before it may be missing.
func lastPart(path string) (int, error) {
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return 0, err
	}
	last, there := 1, 1
	for _, e := range list {
		rest, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if n, err := strconv.Atoi(rest); ok && err == nil && n > 1 && strconv.Itoa(n) == rest {
			last, there = max(last, n), there+1
		}
	}
	if there != last {
		return 0, &Broken{Reason: fmt.Sprintf("the log has %d files, and the last is %s: %d are missing", there, filepath.Base(partPath(path, last)), last-there)}
	}
	return last, nil
}

// openPart opens a file of a log, and reads its header if it is a further one.
func openPart(path string, number, flags int) (*part, error) {
	f, err := os.OpenFile(partPath(path, number), flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	p := &part{file: f, number: number}
	fi, err := f.Stat()
	if err == nil {
		err = keys.CheckPrivate(fi)
	}
	if err == nil && number > 1 {
		buf := make([]byte, nextLen)
		if _, err = f.ReadAt(buf, 0); err == nil {
			p.next, err = parseNextHeader(buf)
		}
		if err != nil {
			err = &Broken{Reason: fmt.Sprintf("%s does not begin as a further file of a read log does", filepath.Base(f.Name()))}
		} else {
			p.start, p.skip = p.next.offset, nextLen
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return p, nil
}

// place writes a file whole, or not at all. Where two place one at the same time, one
// of them wins. Link, unlike rename, replaces nothing.
func place(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := step("create"); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".reads-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err = step("write header"); err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = step("sync header")
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := step("link"); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := step("sync folder"); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// follow goes on in a further file, once this one is long enough. A crash on the way
// leaves this one as it is, or a further one without records.
func (l *Log) follow(now time.Time) error {
	if l.place() < l.limit {
		return nil
	}
	h := &nextHeader{Origin: l.origin, time: uint64(now.UnixMilli()), head: l.head, offset: l.end}
	if err := place(partPath(l.path, l.last.number+1), h.marshal()); err != nil {
		return err
	}
	return l.turn()
}

// turn goes on in the next file, which must go on where this one ends.
func (l *Log) turn() error {
	p, err := openPart(l.path, l.last.number+1, os.O_RDWR)
	if err != nil {
		return err
	}
	if p.next.Origin != l.origin || p.next.head != l.head || p.next.offset != l.end {
		return errors.Join(&Broken{Record: l.head.Size, Offset: l.end, Reason: filepath.Base(p.file.Name()) + " does not go on where the file before it ends"}, p.file.Close())
	}
	old := l.last
	if l.last = p; old.file != l.file {
		return old.file.Close()
	}
	return nil
}

// source is a log as one run of bytes, whatever files it is in, as it was at one
// moment.
type source struct {
	io.Reader
	parts []*part
	size  int64
}

// Close closes all files.
func (s *source) Close() (err error) {
	for _, p := range s.parts {
		err = errors.Join(err, p.file.Close())
	}
	return err
}

// openSource opens the log at path from an offset on. Nobody writes meanwhile: the
// lock of the log is that of its first file.
func openSource(path string, from int64) (s *source, err error) {
	s = new(source)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	first, err := os.Open(path)
	if err != nil {
		return s, err
	}
	s.parts = append(s.parts, &part{file: first, number: 1})
	if err := syscall.Flock(int(first.Fd()), syscall.LOCK_SH); err != nil {
		return s, err
	}
	defer func() { _ = syscall.Flock(int(first.Fd()), syscall.LOCK_UN) }()
	last, err := lastPart(path)
	if err != nil {
		return s, err
	}
	var runs []io.Reader
	for n := 1; n <= last; n++ {
		p := s.parts[0]
		if n > 1 {
			if p, err = openPart(path, n, os.O_RDONLY); err != nil {
				return s, err
			}
			s.parts = append(s.parts, p)
			if p.start != s.size {
				return s, &Broken{Offset: s.size, Reason: fmt.Sprintf("%s goes on at byte %d of the log, and the files before it end at byte %d", filepath.Base(p.file.Name()), p.start, s.size)}
			}
		}
		fi, err := p.file.Stat()
		if err != nil {
			return s, err
		}
		if !fi.Mode().IsRegular() {
			return s, errors.New("it is not a regular file")
		}
		length := fi.Size() - p.skip
		if skip := max(0, from-s.size); skip < length {
			runs = append(runs, io.NewSectionReader(p.file, p.skip+skip, length-skip))
		}
		s.size += length
	}
	s.Reader = io.MultiReader(runs...)
	return s, nil
}
