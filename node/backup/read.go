package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"comity/ledger"
)

// Reader reads a backup from front to back. Only when Next has returned io.EOF is
// it known that the checksum is right: nothing before that is to be believed. Its
// errors are a [Fault], or come from what is read.
type Reader struct {
	r        *bufio.Reader
	sum      hash.Hash
	read     uint64
	about    About
	last     Kind
	sections int
	open     *Section
	ended    bool
}

// Section is one part of a file; it reads what the part holds.
type Section struct {
	Kind Kind
	Name string

	b     *Reader
	left  int  // of the piece
	last  bool // no piece follows this one
	ended bool
}

// NewReader reads the head of a file. It returns [ErrNoBackup] for what does not
// begin like one.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	magic := make([]byte, len(header))
	if err := b.full(magic); err != nil || string(magic) != header {
		if err != nil && !errors.As(err, new(*Fault)) {
			return nil, err
		}
		return nil, ErrNoBackup
	}
	if err := b.full(b.about.Ledger[:]); err != nil {
		return nil, err
	}
	n, err := b.uint(1)
	if err != nil {
		return nil, err
	}
	if n != 2 {
		return nil, b.fault("a bureau's code of %d bytes", n)
	}
	code := make([]byte, n)
	if err := b.full(code); err != nil {
		return nil, err
	}
	b.about.Bureau = string(code)
	if b.about.Made, err = b.uint(8); err != nil {
		return nil, err
	}
	if b.about.Made > maxTime {
		return nil, b.fault("a time past the year 9999")
	}
	if b.about.Size, err = b.uint(8); err != nil {
		return nil, err
	}
	return b, b.full(b.about.Root[:])
}

// About returns what the file says of itself.
func (b *Reader) About() *About { return &b.about }

// Bytes returns how many bytes were read so far.
func (b *Reader) Bytes() uint64 { return b.read }

// Next returns the next section, io.EOF after the last one, when the checksum is
// right and the file ends. What was not read of the one before is passed over.
func (b *Reader) Next() (*Section, error) {
	if b.ended {
		return nil, io.EOF
	}
	if b.open != nil {
		if _, err := io.Copy(io.Discard, b.open); err != nil {
			return nil, err
		}
		b.open = nil
	}
	n, err := b.uint(1)
	if err != nil {
		return nil, err
	}
	kind := Kind(n)
	if kind == end {
		return nil, b.finish()
	}
	if kind >= kinds || kind < b.last || b.sections == MaxSections {
		return nil, b.fault("a section of kind %d after one of kind %d", kind, b.last)
	}
	b.last = kind
	b.sections++
	if n, err = b.uint(2); err != nil {
		return nil, err
	}
	if n == 0 || n > MaxName {
		return nil, b.fault("a name of %d bytes", n)
	}
	name := make([]byte, n)
	if err := b.full(name); err != nil {
		return nil, err
	}
	b.open = &Section{Kind: kind, Name: string(name), b: b}
	return b.open, nil
}

func (b *Reader) finish() error {
	want := ledger.Hash(b.sum.Sum(nil))
	var got ledger.Hash
	if err := b.full(got[:]); err != nil {
		return err
	}
	if got != want {
		return b.fault("the checksum is not that of the file")
	}
	if _, err := b.r.ReadByte(); err == nil {
		return b.fault("the file goes on behind its end")
	} else if err != io.EOF {
		return fmt.Errorf("read backup: %w", err)
	}
	b.ended = true
	return io.EOF
}

// Read implements io.Reader.
func (s *Section) Read(buf []byte) (int, error) {
	if s.ended || s.b.open != s {
		return 0, io.EOF
	}
	if s.left == 0 {
		n, err := s.b.uint(4)
		if err != nil {
			return 0, err
		}
		switch {
		case n == 0:
			s.ended = true
			return 0, io.EOF
		case n > pieceBytes, s.last:
			return 0, s.b.fault("a piece of %d bytes where there is none", n)
		}
		s.left, s.last = int(n), n < pieceBytes
	}
	n := min(len(buf), s.left)
	if err := s.b.full(buf[:n]); err != nil {
		return 0, err
	}
	s.left -= n
	return n, nil
}

func (b *Reader) fault(format string, args ...any) error {
	return &Fault{Offset: b.read, What: fmt.Sprintf(format, args...)}
}

// full reads all of buf.
func (b *Reader) full(buf []byte) error {
	n, err := io.ReadFull(b.r, buf)
	b.sum.Write(buf[:n])
	b.read += uint64(n)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return b.fault("the file ends here")
	}
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	return nil
}

func (b *Reader) uint(width int) (uint64, error) {
	var buf [8]byte
	err := b.full(buf[8-width:])
	return binary.BigEndian.Uint64(buf[:]), err
}
