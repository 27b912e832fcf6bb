package readlog

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Broken is the error of a log that was changed, and where. What stands before
// Offset is whole.
type Broken struct {
	Record uint64 // the first that cannot be believed
	Offset int64  // where it begins in the file
	Reason string
}

// Error returns a sentence part with the record and the byte.
func (e *Broken) Error() string {
	return fmt.Sprintf("record %d, at byte %d: %s", e.Record, e.Offset, e.Reason)
}

// Torn is the error of a log that ends in the middle of a record, as a crash
// leaves it, or somebody who cut it.
type Torn struct {
	Record uint64 // the one that is not whole
	Offset int64
	Bytes  []byte // what is there of it
}

// Error returns a sentence part with the record and the byte.
func (e *Torn) Error() string {
	return fmt.Sprintf("record %d, at byte %d, was begun and is not whole: %d bytes of it are there", e.Record, e.Offset, len(e.Bytes))
}

// scanner reads the records of a log one after the other.
type scanner struct {
	in     *bufio.Reader
	header *header
	head   Head          // of the records returned so far
	offset int64         // of the next one
	later  []*nextHeader // of the files that follow, if it is a log in files
}

// newScanner reads the header.
func newScanner(r io.Reader) (*scanner, error) {
	s := &scanner{in: bufio.NewReaderSize(r, 64<<10)}
	buf := make([]byte, headerLen)
	if _, err := io.ReadFull(s.in, buf); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, &Broken{Reason: "the file is too short to be a read log"}
		}
		return nil, err
	}
	h, err := parseHeader(buf)
	if err != nil {
		return nil, &Broken{Reason: "the file does not begin as a read log does"}
	}
	s.header, s.head, s.offset = h, h.head(), headerLen
	return s, nil
}

// resume returns a scanner of what follows a head at an offset of the file.
func resume(r io.Reader, h *header, head Head, offset int64) *scanner {
	return &scanner{in: bufio.NewReaderSize(r, 64<<10), header: h, head: head, offset: offset}
}

// next returns the next record: io.EOF after the last one, [Torn] or [Broken]
// when what follows is none.
func (s *scanner) next() (*Record, error) {
	if err := s.turn(); err != nil {
		return nil, err
	}
	var lead [frameLen]byte
	n, err := io.ReadFull(s.in, lead[:])
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, s.torn(lead[:n])
	case err != nil:
		return nil, err // io.EOF, or of the disk
	}
	length := binary.BigEndian.Uint32(lead[:])
	if length > maxBody || binary.BigEndian.Uint32(lead[4:]) != frameSum(s.head.Size, length) {
		return nil, s.hole(lead[:], "this is not the beginning of a record")
	}
	rest := make([]byte, int(length)+hashLen)
	n, err = io.ReadFull(s.in, rest)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, s.torn(append(lead[:], rest[:n]...))
	case err != nil:
		return nil, err
	}
	body := rest[:length]
	hash := next(s.head.Hash, body)
	if !bytes.Equal(hash[:], rest[length:]) {
		if zero(rest[length:]) {
			return nil, s.hole(append(lead[:], rest...), "it does not follow from the records before it")
		}
		return nil, s.broken("it does not follow from the records before it")
	}
	r, err := parseRecord(body)
	if err != nil {
		return nil, s.broken(err.Error())
	}
	if r.Number != s.head.Size {
		return nil, s.broken(fmt.Sprintf("it is numbered %d", r.Number))
	}
	s.head.Size, s.head.Hash = s.head.Size+1, hash
	s.offset += int64(frameLen + len(rest))
	return r, nil
}

// turn compares the headers of the files that begin here with what was read.
func (s *scanner) turn() error {
	for ; len(s.later) > 0 && s.later[0].offset <= s.offset; s.later = s.later[1:] {
		if h := s.later[0]; h.offset != s.offset || h.Origin != s.header.Origin || h.head != s.head {
			return s.broken("the file that follows here is not of this log, or does not go on where the records before it end")
		}
	}
	return nil
}

func (s *scanner) broken(reason string) error {
	return &Broken{Record: s.head.Size, Offset: s.offset, Reason: reason}
}

func (s *scanner) torn(rest []byte) error {
	return &Torn{Record: s.head.Size, Offset: s.offset, Bytes: bytes.Clone(rest)}
}

// hole tells a file that a crash made longer than what reached it, which ends
// in zeros within one Append, from one that was damaged.
func (s *scanner) hole(got []byte, reason string) error {
	const most = MaxReads * (frameLen + maxBody + hashLen)
	more, err := io.ReadAll(io.LimitReader(s.in, most+1))
	if err != nil {
		return err
	}
	if len(more) > most || !zero(more) || len(got) == frameLen && !zero(got) {
		return s.broken(reason)
	}
	return s.torn(append(bytes.Clone(got), more...))
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// Snapshot opens a log to be read, in all its files, as it is at this moment: what is
// written meanwhile is not in it, and the desk need not wait.
func Snapshot(path string) (io.ReadCloser, error) { return openSource(path, 0) }

// Tail returns at most limit bytes of the log from an offset on, none when it
// ends there, [ErrShorter] when it ends before: for whoever keeps a copy, which is one
// file. What a crash left at the end may be in it.
func (l *Log) Tail(from int64, limit int) ([]byte, error) {
	s, err := openSource(l.path, max(0, from))
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if from < 0 || from > s.size {
		return nil, ErrShorter
	}
	data := make([]byte, min(s.size-from, int64(limit)))
	_, err = io.ReadFull(s, data)
	return data, err
}

// Report is what [Verify] found.
type Report struct {
	Origin
	Begun uint64 // POSIX ms, when the log was begun
	Head  Head   // of the records that are whole
	Last  uint64 // time of the last of them
	Torn  *Torn  // nil unless the log ends within a record
}

// Verify reads a log, checks the chain of its records, and compares it with
// heads that were kept elsewhere. Each record is given to each, which may be
// nil, once it is known to follow from those before. The error is [Broken] when
// the log is not the one that was written, and the report then goes as far as it
// is whole. Without a kept head nobody can tell whether records were cut off the
// end, or the whole log was written anew. Of a [Snapshot], the headers of its files are
// checked as well.
func Verify(r io.Reader, kept []*Head, each func(*Record) error) (*Report, error) {
	s, err := newScanner(r)
	if err != nil {
		return nil, err
	}
	if files, ok := r.(*source); ok {
		for _, p := range files.parts[1:] {
			s.later = append(s.later, p.next)
		}
	}
	out := &Report{Origin: s.header.Origin, Begun: s.header.time, Head: s.head}
	if err := compare(s.head, kept); err != nil {
		return out, err
	}
	for {
		rec, err := s.next()
		out.Head = s.head
		switch torn := (*Torn)(nil); {
		case errors.Is(err, io.EOF):
			return out, missing(s, kept)
		case errors.As(err, &torn) && len(s.later) > 0:
			return out, s.broken("it was begun and is not whole, and another file follows")
		case errors.As(err, &torn):
			out.Torn = torn
			return out, missing(s, kept)
		case err != nil:
			return out, err
		}
		out.Last = rec.Time
		if err := compare(s.head, kept); err != nil {
			return out, err
		}
		if each != nil {
			if err := each(rec); err != nil {
				return out, err
			}
		}
	}
}

// compare holds a log of so many records against the heads kept of as many.
func compare(head Head, kept []*Head) error {
	for _, k := range kept {
		switch {
		case k.Bureau != head.Bureau || k.Log != head.Log:
			return &Broken{Reason: fmt.Sprintf("this log (of %s, id %x) is not the one whose head was kept (of %s, id %x): it was begun anew, or is another", head.Bureau, head.Log, k.Bureau, k.Log)}
		case k.Size == head.Size && k.Hash != head.Hash:
			return &Broken{Record: head.Size, Reason: fmt.Sprintf("the %d records up to here are not those of the head that was kept: some were written anew", head.Size)}
		}
	}
	return nil
}

// missing reports a log that is shorter than a head that was kept.
func missing(s *scanner, kept []*Head) error {
	for _, k := range kept {
		if k.Size > s.head.Size {
			return &Broken{Record: s.head.Size, Offset: s.offset,
				Reason: fmt.Sprintf("the log ends here, and the head that was kept is of %d records: %d are missing", k.Size, k.Size-s.head.Size)}
		}
	}
	return nil
}
