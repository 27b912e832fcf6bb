package bundle

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Writer writes a bundle. After an error it is of no more use.
type Writer struct {
	w      *bufio.Writer
	sum    hash.Hash // of all written
	size   uint64
	next   uint64
	leaves []tlog.Hash // of the group under way
	bytes  int         // of its records
	buf    []byte
	err    error
}

// NewWriter begins a bundle of the first size entries of a ledger.
func NewWriter(w io.Writer, g *ledger.Genesis, size uint64) (*Writer, error) {
	if size > MaxSize {
		return nil, fmt.Errorf("write bundle: %d entries", size)
	}
	b := &Writer{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New(), size: size}
	b.write([]byte(header))
	b.write(g.Ledger[:])
	b.vector(g.Marshal())
	b.write(binary.BigEndian.AppendUint64(nil, size))
	return b, b.err
}

func (b *Writer) write(data []byte) {
	if b.err != nil {
		return
	}
	b.sum.Write(data)
	if _, err := b.w.Write(data); err != nil {
		b.err = fmt.Errorf("write bundle: %w", err)
	}
}

func (b *Writer) vector(data []byte) {
	n := len(data)
	b.write([]byte{byte(n >> 16), byte(n >> 8), byte(n)})
	b.write(data)
}

// Add writes the next entry. It does not verify it.
func (b *Writer) Add(r *Record) error {
	if b.err != nil {
		return b.err
	}
	if b.next == b.size {
		return fmt.Errorf("write bundle: more than %d entries", b.size)
	}
	if err := r.check(); err != nil {
		return fmt.Errorf("write bundle: entry %d: %w", b.next, err)
	}
	b.buf = binary.BigEndian.AppendUint64(b.buf[:0], r.Time)
	b.write(b.buf)
	b.vector(r.Entry)
	b.write([]byte{byte(r.State)})
	if r.State == Included {
		b.vector(r.Body)
	}
	b.leaves = append(b.leaves, tlog.RecordHash(r.Entry))
	b.bytes += r.length()
	if b.next++; len(b.leaves) == MaxGroup || b.bytes >= GroupBytes || b.next == b.size {
		for i := range b.leaves {
			b.write(b.leaves[i][:])
		}
		b.leaves, b.bytes = b.leaves[:0], 0
	}
	return b.err
}

// Close writes what stands behind the entries, and the checksum. The notes
// ascend by size, and the last is the FINAL one of all entries in the file. The
// evidence is files as `comity` keeps them. Close does not close what it was
// written to.
func (b *Writer) Close(notes [][]byte, evidence [][]byte) error {
	switch {
	case b.err != nil:
		return b.err
	case b.next != b.size:
		return fmt.Errorf("write bundle: %d of %d entries", b.next, b.size)
	case len(notes) > MaxNotes || len(evidence) > MaxProofs:
		return fmt.Errorf("write bundle: %d notes, %d pieces of evidence", len(notes), len(evidence))
	}
	b.write(binary.BigEndian.AppendUint32(nil, uint32(len(notes))))
	for i, n := range notes {
		if len(n) == 0 || len(n) > ledger.MaxNote {
			return fmt.Errorf("write bundle: note %d has %d bytes", i, len(n))
		}
		b.vector(n)
	}
	b.write(binary.BigEndian.AppendUint16(nil, uint16(len(evidence))))
	for i, e := range evidence {
		if len(e) == 0 || len(e) > MaxProof {
			return fmt.Errorf("write bundle: evidence %d has %d bytes", i, len(e))
		}
		b.vector(e)
	}
	b.write(b.sum.Sum(nil))
	if err := b.w.Flush(); err != nil && b.err == nil {
		b.err = fmt.Errorf("write bundle: %w", err)
	}
	return b.err
}
