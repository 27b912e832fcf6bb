package bundle

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// Group is a run of records, with the leaf hashes that the file has for them.
type Group struct {
	First   uint64 // index of the first record
	Records []Record
	Leaves  []tlog.Hash // one per record; nothing has compared them
}

// Reader reads a bundle from front to back: [Reader.Next] until io.EOF, then
// NextNote until io.EOF, then NextEvidence until io.EOF, which says that the
// checksum is right and that nothing follows.
//
// Its errors are a [Fault], or come from what is read. After one it is of no
// more use but for Rest.
type Reader struct {
	r       *bufio.Reader
	sum     hash.Hash // of all read
	read    uint64    // bytes
	genesis *ledger.Genesis
	size    uint64
	next    uint64
	notes   counter
	proofs  counter
	ended   bool
	last    int // length of the records of the last group
}

// counter counts the members of a list in the tail.
type counter struct {
	begun bool
	left  uint64
}

// NewReader reads the head of a bundle and verifies the founders' signatures in
// it. It returns [ErrNoBundle] for what does not begin like one, and a
// [ledger.FormatError] for a ledger of a format that is not known here. With a [Fault]
// it returns a Reader on which only Rest, Digest and Bytes may be called.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	magic := make([]byte, len(header))
	if err := b.full(magic); err != nil || string(magic) != header {
		var fault *Fault
		if err != nil && !errors.As(err, &fault) {
			return nil, err
		}
		return nil, ErrNoBundle
	}
	var id ledger.Hash
	if err := b.full(id[:]); err != nil {
		return b, err
	}
	raw, err := b.vector(maxGenesis)
	if err != nil {
		return b, err
	}
	g, err := ledger.ParseGenesis(raw)
	if errors.Is(err, ledger.ErrFormat) {
		return nil, err // it is not damaged
	}
	if err != nil {
		return b, b.fault("%v", err)
	}
	if g.Ledger != id {
		return b, b.fault("the charter is not that of the ledger %x, which the file names", id[:8])
	}
	if b.size, err = b.uint(8); err != nil {
		return b, err
	}
	if b.size > MaxSize {
		return b, b.fault("a size of %d", b.size)
	}
	b.genesis = g
	return b, nil
}

// Genesis returns the charter in the file; nil after a fault in it.
func (b *Reader) Genesis() *ledger.Genesis { return b.genesis }

// Size returns the number of entries that the file says it has.
func (b *Reader) Size() uint64 { return b.size }

// Next returns the next group, io.EOF after the last.
func (b *Reader) Next() (*Group, error) {
	if b.next == b.size {
		return nil, io.EOF
	}
	g := &Group{First: b.next, Records: make([]Record, 0, min(MaxGroup, b.size-b.next))}
	data := make([]byte, 0, b.last+b.last/8)
	var ends [MaxGroup][2]int // of entry and body within data
	length := 0
	for len(g.Records) < MaxGroup && length < GroupBytes && b.next < b.size {
		var rec Record
		var err error
		from := len(data)
		if data, err = b.record(&rec, data, &ends[len(g.Records)]); err != nil {
			return nil, err
		}
		g.Records = append(g.Records, rec)
		if length += recordBytes + len(data) - from; rec.State == Included {
			length += 3
		}
		b.next++
	}
	// The records alias data, which has moved while it grew.
	b.last = len(data)
	from := 0
	for i := range g.Records {
		e := ends[i]
		g.Records[i].Entry = data[from:e[0]:e[0]]
		if g.Records[i].State == Included {
			g.Records[i].Body = data[e[0]:e[1]:e[1]]
		}
		from = e[1]
	}
	g.Leaves = make([]tlog.Hash, len(g.Records))
	for i := range g.Leaves {
		if err := b.full(g.Leaves[i][:]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// record reads one record, and appends its entry and its body to data.
func (b *Reader) record(rec *Record, data []byte, ends *[2]int) ([]byte, error) {
	var err error
	if rec.Time, err = b.uint(8); err != nil {
		return data, err
	}
	if rec.Time > maxTime {
		return data, b.fault("a time past the year 9999")
	}
	if data, err = b.appendVector(data, ledger.MaxEntry); err != nil {
		return data, err
	}
	ends[0] = len(data)
	state, err := b.uint(1)
	if err != nil {
		return data, err
	}
	if rec.State = BodyState(state); rec.State >= bodyStates {
		return data, b.fault("body state %d is none", state)
	}
	if rec.State == Included {
		if data, err = b.appendVector(data, ledger.MaxBody); err != nil {
			return data, err
		}
	}
	ends[1] = len(data)
	return data, nil
}

// NextNote returns the next note, io.EOF after the last.
func (b *Reader) NextNote() ([]byte, error) {
	if b.next != b.size {
		panic("bundle: notes before the last group was read")
	}
	return b.member(&b.notes, 4, MaxNotes, ledger.MaxNote)
}

// NextEvidence returns the next piece of evidence; io.EOF after the last, when
// the checksum is right and the file ends.
func (b *Reader) NextEvidence() ([]byte, error) {
	if !b.notes.begun || b.notes.left > 0 {
		panic("bundle: evidence before the last note was read")
	}
	data, err := b.member(&b.proofs, 2, MaxProofs, MaxProof)
	if err != io.EOF || b.ended {
		return data, err
	}
	want := ledger.Hash(b.sum.Sum(nil))
	var got ledger.Hash
	if err := b.full(got[:]); err != nil {
		return nil, err
	}
	if got != want {
		return nil, b.fault("the checksum is not that of the file")
	}
	if _, err := b.r.ReadByte(); err == nil {
		b.r.UnreadByte()
		return nil, b.fault("the file goes on behind its end")
	} else if err != io.EOF {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	b.ended = true
	return nil, io.EOF
}

func (b *Reader) member(c *counter, width int, most uint64, bound int) ([]byte, error) {
	if !c.begun {
		n, err := b.uint(width)
		if err != nil {
			return nil, err
		}
		if n > most {
			return nil, b.fault("a list of %d members", n)
		}
		c.begun, c.left = true, n
	}
	if c.left == 0 {
		return nil, io.EOF
	}
	data, err := b.vector(bound)
	if err == nil {
		c.left--
	}
	return data, err
}

// Rest reads what follows a fault, so that Digest is that of the whole file. What
// follows may be without end: then ctx ends it.
func (b *Reader) Rest(ctx context.Context) error {
	for {
		n, err := io.CopyN(b.sum, b.r, 1<<20)
		b.read += uint64(n)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("read bundle: %w", err)
		}
	}
}

// Digest returns the SHA-256 of what was read so far: of the file, at its end.
func (b *Reader) Digest() ledger.Hash { return ledger.Hash(b.sum.Sum(nil)) }

// Bytes returns how many bytes were read so far.
func (b *Reader) Bytes() uint64 { return b.read }

func (b *Reader) fault(format string, args ...any) error {
	return &Fault{Offset: b.read, Entries: b.next, What: fmt.Sprintf(format, args...)}
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
		return fmt.Errorf("read bundle: %w", err)
	}
	return nil
}

func (b *Reader) uint(width int) (uint64, error) {
	var buf [8]byte
	err := b.full(buf[8-width:])
	return binary.BigEndian.Uint64(buf[:]), err
}

func (b *Reader) vector(bound int) ([]byte, error) { return b.appendVector(nil, bound) }

// appendVector reads a u24 vector of 1 to bound bytes.
func (b *Reader) appendVector(data []byte, bound int) ([]byte, error) {
	n, err := b.uint(3)
	if err != nil {
		return data, err
	}
	if n == 0 || n > uint64(bound) {
		return data, b.fault("a length of %d, with %d at most", n, bound)
	}
	from := len(data)
	data = append(data, make([]byte, n)...)
	return data, b.full(data[from:])
}
