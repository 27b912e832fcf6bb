// Package backup writes and reads the file in which a bureau keeps a copy of what
// its node needs.
//
//	backup  = "comity backup v1\n" || ledger id[32] || u8{bureau} || made u64 || size u64 || root[32] || section * || 0 u8 || checksum[32]
//	section = kind u8 || u16{name} || piece * || 0 u32
//	piece   = length u32 || that many bytes; each but the last of a section has 1 MiB
//
// made is POSIX milliseconds by the clock of who made it; size and root are the
// FINAL head up to which the ledger is in it; the checksum is the SHA-256 of all
// before it. So a file has one encoding, and whoever reads it holds a piece at a
// time. The package knows this form and nothing of what the sections hold. Start
// at Writer.
package backup

import (
	"errors"
	"fmt"

	"comity/ledger"
)

const header = "comity backup v1\n"

// Bounds of a file.
const (
	pieceBytes  = 1 << 20
	MaxName     = 255
	MaxSections = 1 << 20
	maxTime     = ledger.MaxTime * 1000
)

// Kind says what a section is.
type Kind uint8

// The kinds of sections, in the order in which a file has them.
const (
	end        Kind = iota
	File            // of the home, by its path there
	Keys            // of the home, encrypted to a passphrase
	Ledger          // a bundle with bodies
	Attachment      // sealed, by its address in hex
	kinds
)

// About says what a file is a copy of.
type About struct {
	Ledger ledger.Hash
	Bureau string
	Made   uint64 // POSIX milliseconds
	Size   uint64 // entries
	Root   ledger.Hash
}

// ErrNoBackup is returned for a file that does not begin like a backup.
var ErrNoBackup = errors.New("this file is no backup")

// Fault says where a file that begins like a backup stops being one. It wraps
// [ledger.ErrMalformed].
type Fault struct {
	Offset uint64 // from the start of the file
	What   string
}

// Error returns the fault as a sentence part.
func (f *Fault) Error() string { return fmt.Sprintf("byte %d: %s", f.Offset, f.What) }

// Unwrap returns [ledger.ErrMalformed].
func (f *Fault) Unwrap() error { return ledger.ErrMalformed }
