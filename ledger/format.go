package ledger

import (
	"errors"
	"fmt"
)

// Format is the newest version of FORMAT.md that this program knows. The charter
// says with which one a ledger begins. Its voters raise it, all of them together:
// see [ChangeFormat]. It never falls.
//
// What an earlier program cannot read, or would come to another state with, is held
// back by the log until the ledger has the format that it came with. Format 1 is
// that of charters of version 1; 2 has quotas; 3 can be raised.
const Format = 3

// FormatLeavers is the format with which came that what a bureau founded, and what it
// said and was not decided, ends with it when it leaves.
const FormatLeavers = 3

// classFormats has for each class the format that it came with. It is the one place
// that holds a new class back: a node that knows it refuses its entries as long as
// the ledger has an earlier format, in which others would take them for no entries.
var classFormats = [...]uint8{
	ClassPublish: 1, ClassAmend: 1, ClassWithdraw: 1, ClassGrant: 1, ClassReply: 1, ClassSuspend: 1, ClassLift: 1, ClassExtend: 1,
	ClassPurge: 1, ClassPurgeAck: 1, ClassEnrol: 1, ClassRevoke: 1, ClassRotate: 1, ClassPropose: 1, ClassVote: 1, ClassEpoch: 1,
	ClassRecover: 1, ClassReview: 1, ClassCircle: 1,
}

// Needs returns the format that a ledger must have for an entry of s to be in it.
// New fields of a class that there is need a case of their own here.
func (s *Statement) Needs() uint8 { return classFormats[s.Class] }

// ErrFormat is what a [FormatError] is, for who only asks whether it is one.
var ErrFormat = errors.New("of a format that only a newer comity knows")

// FormatError is returned for a ledger, by its charter or by what its voters decided
// since, of a format that is newer than the program. Whoever gets it can tell nothing
// about the ledger from there on, neither good nor bad, and stops.
type FormatError struct {
	Has   uint8  // the ledger
	From  uint64 // entries before it has it
	Knows uint8  // the program
}

// Error says what is to be installed.
func (e *FormatError) Error() string {
	from := ""
	if e.From > 0 {
		from = fmt.Sprintf(" from entry %d on", e.From)
	}
	return fmt.Sprintf("the ledger has format %d%s, and this comity knows none after %d: install the newer comity that the other bureaus run", e.Has, from, e.Knows)
}

// Is reports whether target is [ErrFormat].
func (e *FormatError) Is(target error) bool { return target == ErrFormat }

// CheckFormat returns a [FormatError] for an epoch whose format is newer than one
// that a program knows.
func (e *Epoch) CheckFormat(knows uint8) error {
	if e.Format > knows {
		return &FormatError{e.Format, e.From, knows}
	}
	return nil
}

// FirstFormat returns the format with which the ledger of this charter begins.
func (c *Charter) FirstFormat() uint8 { return max(c.Format, 1) }
