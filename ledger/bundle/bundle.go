package bundle

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"comity/ledger"
)

const header = "comity bundle v1\n"

// Bounds of a bundle.
const (
	MaxGroup    = 256               // records of a group
	GroupBytes  = 1 << 20           // a group ends with the record that brings its records to this length
	MaxSize     = 1<<62 - 1         // entries
	MaxNotes    = 1 << 20           // heads
	MaxProofs   = 1<<16 - 1         // pieces of evidence
	MaxProof    = 256 << 10         // bytes of one
	maxGenesis  = ledger.MaxGenesis // of a charter file
	maxTime     = ledger.MaxTime*1000 + 999
	recordBytes = 8 + 3 + 1 // of a record beside entry and body
	sumBytes    = sha256.Size
)

// BodyState says where the sealed body of an entry is.
type BodyState uint8

// The states of a body.
const (
	None     BodyState = iota // the entry names no body
	Included                  // it is in the file
	LeftOut                   // whoever made the file did not put it in
	Purged                    // it exists no more, says whoever made the file
	bodyStates
)

// Record is one entry as the ledger holds it.
type Record struct {
	Time  uint64 // ledger time, POSIX ms; nothing signs it
	Entry []byte // the data of the leaf
	Body  []byte // if State is Included
	State BodyState
}

// check returns what keeps the record out of a bundle.
func (r *Record) check() error {
	switch {
	case r.Time > maxTime:
		return errors.New("its time is past the year 9999")
	case len(r.Entry) == 0 || len(r.Entry) > ledger.MaxEntry:
		return fmt.Errorf("its entry has %d bytes", len(r.Entry))
	case r.State >= bodyStates:
		return fmt.Errorf("body state %d is none", r.State)
	case (r.State == Included) != (len(r.Body) > 0) || len(r.Body) > ledger.MaxBody:
		return fmt.Errorf("body state %d, and a body of %d bytes", r.State, len(r.Body))
	}
	return nil
}

// length returns how many bytes of a group the record takes.
func (r *Record) length() int {
	n := recordBytes + len(r.Entry)
	if r.State == Included {
		n += 3 + len(r.Body)
	}
	return n
}

// ErrNoBundle is returned for a file that does not begin like a bundle.
var ErrNoBundle = errors.New("this file is no bundle")

// Fault says where a file that begins like a bundle stops being one. It wraps
// [ledger.ErrMalformed].
type Fault struct {
	Offset  uint64 // of the field, from the start of the file
	Entries uint64 // that were read whole before
	What    string
}

// Error returns the fault as a sentence part.
func (f *Fault) Error() string {
	return fmt.Sprintf("byte %d, after %d entries: %s", f.Offset, f.Entries, f.What)
}

// Unwrap returns [ledger.ErrMalformed].
func (f *Fault) Unwrap() error { return ledger.ErrMalformed }
