package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"sync"
)

// Entries and bodies lie in segments: files that only grow, up to a limit.
//
//	header[64] | record...
//	record = u64 entry index | u8 mark | u24 length | u32 crc32c | content | zeros up to a multiple of 16
//
// A kept record has the checksum of its first 12 bytes and its content. A purged
// one has that of its first 12 bytes only, and its content is being, or was,
// overwritten with zeros. Because records begin at multiples of 16, a disk
// writes the 16 bytes that decide between the two within one sector.
const (
	recordHead   = 16
	markKept     = 1
	markPurged   = 2
	maxContent   = 1<<24 - 1
	segmentBytes = 64 << 20
)

// place is a position in the segments of one kind.
type place struct{ segment, offset uint32 }

// span is where a record lies. Length is that of its content.
type span struct {
	place
	length uint32
}

type segments struct {
	*folder
	kind  string
	limit int64

	// mu guards open: the segments written since the last Flush, the last one
	// of all among them. Others are opened for each read, so that the number of
	// open files does not grow with the ledger.
	mu   sync.Mutex
	open map[uint32]*file
}

func segmentName(kind string, n uint32) string { return fmt.Sprintf("%s-%08d.seg", kind, n) }

func (s *segments) name(n uint32) string { return segmentName(s.kind, n) }

// createSegments makes the first segment.
func createSegments(d *folder, kind string, limit int64) (*segments, place, error) {
	s := &segments{folder: d, kind: kind, limit: limit, open: make(map[uint32]*file)}
	end, err := s.begin(place{})
	return s, end, err
}

// openSegments checks that the segments up to end are there, whole, and cuts
// what follows in the last one.
func openSegments(d *folder, kind string, limit int64, end place) (*segments, error) {
	s := &segments{folder: d, kind: kind, limit: limit, open: make(map[uint32]*file)}
	last, err := d.open(s.name(end.segment))
	if err != nil {
		return s, err
	}
	s.open[end.segment] = last
	size, err := d.checkHeader(last, kind, end.segment)
	if err != nil {
		return s, err
	}
	if kind == "bodies" {
		if err := last.wipe(int64(end.offset)); err != nil {
			return s, err
		}
	}
	if err := last.cut(int64(end.offset)); err != nil {
		return s, err
	}
	for n := end.segment; n > 0; n-- {
		if size, err = s.check(n-1, size); err != nil {
			return s, err
		}
	}
	return s, nil
}

// check looks at segment n, which must have this size, and returns the size of
// the one before.
func (s *segments) check(n, size uint32) (before uint32, err error) {
	f, err := s.folder.open(s.name(n))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() != int64(size) {
		return 0, corrupt(f.name, "%d bytes, want %d", info.Size(), size)
	}
	return s.checkHeader(f, s.kind, n)
}

// begin makes the segment after the one that ends at end, or the first, and
// returns where its records begin.
func (s *segments) begin(end place) (place, error) {
	next := place{offset: headerLen}
	if end != (place{}) {
		next.segment = end.segment + 1
	}
	f, err := s.create(s.name(next.segment))
	if err != nil {
		return end, err
	}
	s.mu.Lock()
	s.open[next.segment] = f
	s.mu.Unlock()
	return next, f.write(s.header(s.kind, next.segment, end.offset), 0)
}

// room returns the place for size bytes of records after end: right there, or
// at the start of a new segment.
func (s *segments) room(end place, size int) (place, error) {
	if int64(end.offset)+int64(size) <= s.limit || end.offset == headerLen {
		return end, nil
	}
	return s.begin(end)
}

// encodeRecord appends a record to buf; content comes in two pieces.
func encodeRecord(buf []byte, index uint64, a, b []byte) []byte {
	length := len(a) + len(b)
	if length > maxContent {
		panic("store: a record of more than 16 MiB")
	}
	start := len(buf)
	buf = binary.BigEndian.AppendUint64(buf, index)
	buf = binary.BigEndian.AppendUint32(buf, markKept<<24|uint32(length))
	buf = append(buf, 0, 0, 0, 0)
	buf = append(append(buf, a...), b...)
	r := buf[start:]
	binary.BigEndian.PutUint32(r[12:], recordSum(r))
	for len(buf)%recordHead != 0 {
		buf = append(buf, 0)
	}
	return buf
}

// recordSum returns the checksum that belongs into a record, by its mark.
func recordSum(r []byte) uint32 {
	sum := crc32.Checksum(r[:12], castagnoli)
	if r[8] == markPurged {
		return sum
	}
	return crc32.Update(sum, castagnoli, r[recordHead:])
}

// append writes records at a place that room returned, and returns their end.
func (s *segments) append(at place, buf []byte) (place, error) {
	if len(buf) == 0 {
		return at, nil
	}
	if int64(at.offset)+int64(len(buf)) > math.MaxUint32 {
		panic("store: a segment of more than 4 GiB")
	}
	f, done, err := s.file(at.segment)
	if err != nil {
		return at, err
	}
	defer done()
	return place{at.segment, at.offset + uint32(len(buf))}, f.write(buf, int64(at.offset))
}

// file returns segment n, to be given back with done.
func (s *segments) file(n uint32) (f *file, done func(), err error) {
	s.mu.Lock()
	f = s.open[n]
	s.mu.Unlock()
	if f != nil {
		return f, func() {}, nil
	}
	f, err = s.folder.open(s.name(n))
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

// load returns the content of the record of an entry, ErrPurged when it is
// purged.
func (s *segments) load(at span, index uint64) ([]byte, error) {
	buf := make([]byte, recordHead+int(at.length))
	for {
		f, done, err := s.file(at.segment)
		if err != nil {
			return nil, err
		}
		content, err := loadRecord(f, buf, at, index)
		done()
		// A Flush closed the segment after we had found it open: look again.
		if !errors.Is(err, os.ErrClosed) {
			return content, err
		}
	}
}

func loadRecord(f *file, buf []byte, at span, index uint64) ([]byte, error) {
	if err := f.read(buf, int64(at.offset)); err != nil {
		return nil, err
	}
	if recordSum(buf) != binary.BigEndian.Uint32(buf[12:]) {
		// A purge that began meanwhile marks the record before it touches the
		// content. If so, the mark is there now.
		if err := f.read(buf[:recordHead], int64(at.offset)); err != nil {
			return nil, err
		}
	}
	switch {
	case recordSum(buf) != binary.BigEndian.Uint32(buf[12:]),
		binary.BigEndian.Uint64(buf) != index,
		binary.BigEndian.Uint32(buf[8:])&maxContent != at.length:
		return nil, corrupt(f.name, "the record of entry %d at byte %d is damaged", index, at.offset)
	case buf[8] == markPurged:
		return nil, ErrPurged
	}
	return buf[recordHead:], nil
}

// sync makes all segments written between two positions durable.
func (s *segments) sync(from, end place) error {
	for n := from.segment; n <= end.segment; n++ {
		f, done, err := s.file(n)
		if err != nil {
			return err
		}
		err = f.sync()
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

// release closes the segments before end; they are durable and never grow.
func (s *segments) release(end place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, f := range s.open {
		if n < end.segment {
			f.Close()
			delete(s.open, n)
		}
	}
}

func (s *segments) close() { s.release(place{segment: math.MaxUint32}) }
