package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"comity/ledger"
)

// Record is one entry of the log as nodes hand it on: what a newcomer, a desk
// or an auditor needs to build the same state.
//
//	u8 body state (0 none, 1 here, 2 purged) || u64 ledger time || u24-vector entry || u24-vector body
//
// A purged body is the u64 index of the entry that purges it: who does not have
// that entry yet can ask for it, and for its receipt.
type Record struct {
	Time     uint64
	Entry    *ledger.Entry
	Body     []byte
	Purged   bool   // the statement names a body that was purged
	PurgedBy uint64 // index of the purge, where Purged
}

// PurgedIn reports whether a statement that is in the ledger purges the body of
// the record: one of a notice, with all that was said of it, or a reply.
func (r *Record) PurgedIn(s *ledger.Statement) bool {
	return s.Class == ledger.ClassPurge && (s.Target == r.Entry.ID || s.Target == r.Entry.Statement.Target)
}

const (
	bodyNone = iota
	bodyHere
	bodyPurged
)

// Append appends the encoding of r to b.
func (r *Record) Append(b []byte) []byte {
	state := byte(bodyNone)
	switch {
	case r.Purged:
		state = bodyPurged
	case len(r.Body) > 0:
		state = bodyHere
	}
	b = append(b, state)
	b = binary.BigEndian.AppendUint64(b, r.Time)
	b = appendUint24(b, r.Entry.Raw)
	if r.Purged {
		return binary.BigEndian.AppendUint64(append(b, 0, 0, 8), r.PurgedBy)
	}
	return appendUint24(b, r.Body)
}

func appendUint24(b, data []byte) []byte {
	n := len(data)
	return append(append(b, byte(n>>16), byte(n>>8), byte(n)), data...)
}

// ReadRecord reads one record; io.EOF at the end of the stream. It checks the
// form and the body's hash, not the signatures.
func ReadRecord(r *bufio.Reader) (*Record, error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("read record: %w", err)
	}
	raw, err := readUint24(r, ledger.MaxEntry)
	if err != nil {
		return nil, err
	}
	body, err := readUint24(r, ledger.MaxBody)
	if err != nil {
		return nil, err
	}
	rec := &Record{Time: binary.BigEndian.Uint64(head[1:]), Body: body, Purged: head[0] == bodyPurged}
	if rec.Purged && len(body) == 8 {
		rec.Body, rec.PurgedBy = nil, binary.BigEndian.Uint64(body)
	}
	if rec.Entry, err = ledger.ParseEntry(raw); err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	named := rec.Entry.Statement.BodyLen > 0
	switch {
	case head[0] == bodyNone && !named && len(body) == 0:
	case head[0] == bodyHere && named && rec.Entry.CheckBody(body):
	case head[0] == bodyPurged && named && len(body) == 8:
	default:
		return nil, fmt.Errorf("read record: %w", ledger.ErrMalformed)
	}
	return rec, nil
}

func readUint24(r *bufio.Reader, limit int) ([]byte, error) {
	var n [3]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, fmt.Errorf("read record: %w", io.ErrUnexpectedEOF)
	}
	length := int(n[0])<<16 | int(n[1])<<8 | int(n[2])
	if length > limit {
		return nil, fmt.Errorf("read record: %w", ledger.ErrMalformed)
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, fmt.Errorf("read record: %w", io.ErrUnexpectedEOF)
	}
	return data, nil
}
