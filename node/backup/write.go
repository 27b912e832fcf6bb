package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// Writer writes a backup. After an error it is of no more use.
type Writer struct {
	w        *bufio.Writer
	sum      hash.Hash // of all written
	last     Kind
	sections int
	err      error
}

// NewWriter begins a file.
func NewWriter(w io.Writer, a *About) (*Writer, error) {
	if len(a.Bureau) != 2 || a.Made > maxTime {
		return nil, fmt.Errorf("write backup: of bureau %q, made at %d", a.Bureau, a.Made)
	}
	b := &Writer{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
	head := append([]byte(header), a.Ledger[:]...)
	head = append(append(head, byte(len(a.Bureau))), a.Bureau...)
	head = binary.BigEndian.AppendUint64(head, a.Made)
	head = binary.BigEndian.AppendUint64(head, a.Size)
	b.write(append(head, a.Root[:]...))
	return b, b.err
}

func (b *Writer) write(data []byte) {
	if b.err != nil {
		return
	}
	b.sum.Write(data)
	if _, err := b.w.Write(data); err != nil {
		b.err = fmt.Errorf("write backup: %w", err)
	}
}

// Section writes one section: what fill writes. Kinds do not go back.
func (b *Writer) Section(kind Kind, name string, fill func(io.Writer) error) error {
	if b.err != nil {
		return b.err
	}
	if kind == end || kind >= kinds || kind < b.last || len(name) == 0 || len(name) > MaxName || b.sections == MaxSections {
		return fmt.Errorf("write backup: section %d of kind %d named %q", b.sections, kind, name)
	}
	b.last = kind
	b.sections++
	b.write(append([]byte{byte(kind), byte(len(name) >> 8), byte(len(name))}, name...))
	s := &section{b: b, piece: make([]byte, 0, pieceBytes)}
	if err := fill(s); err != nil {
		if b.err == nil {
			b.err = err
		}
		return err
	}
	s.flush()
	b.write(make([]byte, 4))
	return b.err
}

// section cuts what is written into pieces.
type section struct {
	b     *Writer
	piece []byte
}

// Write implements io.Writer.
func (s *section) Write(data []byte) (int, error) {
	n := len(data)
	for len(data) > 0 {
		take := min(len(data), pieceBytes-len(s.piece))
		s.piece, data = append(s.piece, data[:take]...), data[take:]
		if len(s.piece) == pieceBytes {
			s.flush()
		}
	}
	return n, s.b.err
}

func (s *section) flush() {
	if len(s.piece) > 0 {
		s.b.write(binary.BigEndian.AppendUint32(nil, uint32(len(s.piece))))
		s.b.write(s.piece)
		s.piece = s.piece[:0]
	}
}

// Close writes the checksum. It does not close what it was written to.
func (b *Writer) Close() error {
	b.write([]byte{byte(end)})
	b.write(b.sum.Sum(nil))
	if b.err == nil {
		if err := b.w.Flush(); err != nil {
			b.err = fmt.Errorf("write backup: %w", err)
		}
	}
	return b.err
}
