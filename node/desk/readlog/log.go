package readlog

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Log is a read log that is being written. Its methods may be called by several
// goroutines, and several processes may have the same log open: each takes a
// lock on the file for as long as it writes.
type Log struct {
	path   string
	origin Origin

	limit int64 // of one file

	mu     sync.Mutex // guards all below
	file   *os.File   // the first one, whose lock is that of the log
	last   *part      // the one that is written
	header *header
	head   Head
	end    int64 // of the log, as far as head goes
	failed error // the first failed write; nothing is written after it
}

// Errors of a log that cannot be written.
var (
	// ErrOther is returned for a log of another bureau or ledger.
	ErrOther = errors.New("it is the read log of another bureau or ledger")
	// ErrReplaced is returned when another file, or none, has the name of the
	// log that is open.
	ErrReplaced = errors.New("the read log was taken away or replaced while it was open")
	// ErrShorter is returned when the file has lost records since it was opened.
	ErrShorter = errors.New("the read log is shorter than it was: records were cut off")
)

// testingOnlyStep is called before each step that changes what is on disk. A
// crash test returns an error, and the step does not happen.
var testingOnlyStep func(step string) error

func step(name string) error {
	if testingOnlyStep == nil {
		return nil
	}
	return testingOnlyStep(name)
}

// Open opens the log at path, or begins one; the folder is made if need be. It
// reads the last of its files, so that it takes no longer as the log grows: one that
// was damaged there is refused with [Broken], and the rest of a crash is mended.
// [Verify] reads all.
func Open(path string, o Origin, now time.Time) (*Log, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open read log: %w", err)
	}
	l := &Log{path: path, origin: o, limit: maxFile}
	err := l.open()
	if errors.Is(err, fs.ErrNotExist) {
		if err = l.begin(now); err == nil {
			err = l.open()
		}
	}
	if err == nil {
		err = l.locked(func() error { return l.catchUp(now) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open read log %s: %w", path, err), l.Close())
	}
	return l, nil
}

func (l *Log) open() error {
	p, err := openPart(l.path, 1, os.O_RDWR)
	if err != nil {
		return err
	}
	l.file, l.last = p.file, p
	return nil
}

// begin makes a log without records. Where two begin one at the same time, one
// of them wins and both go on with it.
func (l *Log) begin(now time.Time) error {
	h := &header{Origin: l.origin, time: uint64(now.UnixMilli())}
	if !isCode(h.Bureau) {
		return fmt.Errorf("%q is not the code of a bureau", h.Bureau)
	}
	rand.Read(h.log[:])
	return place(l.path, h.marshal())
}

// Append writes what is about to be read, all of it or, if there is a crash, a
// beginning of it that the next Open tells. It returns once all is durable, with
// the head that covers it. After a failed write nothing more is written: what is
// on disk is then not known.
func (l *Log) Append(now time.Time, reads ...Read) (head Head, err error) {
	if len(reads) == 0 || len(reads) > MaxReads {
		return Head{}, fmt.Errorf("record %d reads at a time, at most %d are taken", len(reads), MaxReads)
	}
	for i := range reads {
		if err := reads[i].check(); err != nil {
			return Head{}, fmt.Errorf("record a read: %w", err)
		}
	}
	err = l.locked(func() error {
		if err := l.catchUp(now); err != nil {
			return err
		}
		if err := l.follow(now); err != nil {
			return err
		}
		recs := make([]*Record, len(reads))
		for i := range reads {
			recs[i] = &Record{Number: l.head.Size + uint64(i), Time: uint64(now.UnixMilli()), Read: &reads[i]}
		}
		if err := l.write(recs...); err != nil {
			return err
		}
		head = l.head
		return nil
	})
	if err != nil {
		return Head{}, fmt.Errorf("record a read: %w", err)
	}
	return head, nil
}

// Head returns the head of the log as it is now, with what other processes wrote.
func (l *Log) Head(now time.Time) (head Head, err error) {
	err = l.locked(func() error {
		err := l.catchUp(now)
		head = l.head
		return err
	})
	if err != nil {
		return Head{}, fmt.Errorf("read the head of the read log: %w", err)
	}
	return head, nil
}

// Close releases the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	if l.last != nil && l.last.file != l.file {
		err = errors.Join(err, l.last.file.Close())
	}
	l.file, l.last = nil, nil
	return err
}

// locked runs f with the mutex and the lock of the file, and keeps its error:
// the log is not written after it.
func (l *Log) locked(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.failed != nil:
		return l.failed
	case l.file == nil:
		return fs.ErrClosed
	}
	fd := int(l.file.Fd())
	if err := syscall.Flock(fd, syscall.LOCK_EX); err != nil {
		return err
	}
	defer func() { _ = syscall.Flock(fd, syscall.LOCK_UN) }()
	l.failed = f()
	return l.failed
}

// catchUp reads what other processes have written, and mends what a crash of
// one of them left: nobody writes while we hold the lock.
func (l *Log) catchUp(now time.Time) error {
	last, err := lastPart(l.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrReplaced
	case err != nil:
		return err
	case last < l.last.number:
		return ErrReplaced
	case l.header == nil:
		if err := l.start(last); err != nil {
			return err
		}
	}
	for {
		torn, err := l.readOn()
		switch {
		case err != nil:
			return err
		case l.last.number == last && torn != nil:
			return l.mend(now, torn)
		case l.last.number == last:
			return nil
		case torn != nil:
			return &Broken{Record: torn.Record, Offset: torn.Offset, Reason: "it was begun and is not whole, and another file follows"}
		}
		if err := l.turn(); err != nil {
			return err
		}
	}
}

// start reads the header of the log, and goes to its last file.
func (l *Log) start(last int) error {
	s, err := newScanner(io.NewSectionReader(l.file, 0, headerLen))
	if err != nil {
		return err
	}
	if s.header.Origin != l.origin {
		return ErrOther
	}
	head, end := s.head, s.offset
	if last > 1 {
		p, err := openPart(l.path, last, os.O_RDWR)
		if err != nil {
			return err
		}
		l.last, head, end = p, p.next.head, p.next.offset
		if p.next.Origin != l.origin || head.Log != s.head.Log {
			return ErrOther
		}
	}
	l.header, l.head, l.end = s.header, head, end
	return nil
}

// readOn reads what is new in the last file that is known. torn is what a crash left
// at its end.
func (l *Log) readOn() (torn *Torn, err error) {
	for _, p := range []*part{{file: l.file, number: 1}, l.last} {
		named, err := os.Lstat(partPath(l.path, p.number))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrReplaced
		}
		if err != nil {
			return nil, err
		}
		if fi, err := p.file.Stat(); err != nil {
			return nil, err
		} else if !os.SameFile(named, fi) {
			return nil, ErrReplaced
		}
	}
	fi, err := l.last.file.Stat()
	if err != nil {
		return nil, err
	}
	at, size := l.place(), fi.Size()
	switch {
	case size < at:
		return nil, ErrShorter
	case size == at:
		return nil, nil
	}
	s := resume(io.NewSectionReader(l.last.file, at, size-at), l.header, l.head, l.end)
	for {
		_, err := s.next()
		l.head, l.end = s.head, s.offset
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case errors.As(err, &torn):
			return torn, nil
		case err != nil:
			return nil, err
		}
	}
}

// place is where the next record goes in the last file.
func (l *Log) place() int64 { return l.end - l.last.start + l.last.skip }

// mend cuts off a record that is not whole, and writes that it did. A crash
// between the two leaves a log without either: nobody was given what the record
// would have named.
func (l *Log) mend(now time.Time, torn *Torn) error {
	if err := step("truncate"); err != nil {
		return err
	}
	if err := l.last.file.Truncate(l.place()); err != nil {
		return err
	}
	return l.write(&Record{Number: l.head.Size, Time: uint64(now.UnixMilli()),
		Mended: &Mended{Bytes: uint32(len(torn.Bytes)), Digest: sha256.Sum256(torn.Bytes)}})
}

// write appends records and makes them durable.
func (l *Log) write(recs ...*Record) error {
	var buf []byte
	hash := l.head.Hash
	for _, r := range recs {
		buf, hash = frame(buf, hash, r)
	}
	if err := step("write"); err != nil {
		return err
	}
	if _, err := l.last.file.WriteAt(buf, l.place()); err != nil {
		return err
	}
	if err := step("sync"); err != nil {
		return err
	}
	if err := l.last.file.Sync(); err != nil {
		return err
	}
	l.head.Size, l.head.Hash = l.head.Size+uint64(len(recs)), hash
	l.end += int64(len(buf))
	return nil
}
