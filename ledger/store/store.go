package store

import (
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// What a caller may have to tell apart.
var (
	// ErrPurged is returned for a body that was overwritten, and for one that an
	// entry names and did not bring: it was purged before the entry came here.
	ErrPurged = errors.New("the body was purged")
	// ErrNoEntry is returned for an index at or past the end of the ledger.
	ErrNoEntry = errors.New("no such entry")
	// ErrCorrupt is returned when what is on disk is not what was written. The
	// text around it names the file and the record. The store is of no more use
	// to a node: it must be fetched again from other nodes.
	ErrCorrupt = errors.New("corrupt")
	// ErrOtherLedger is returned by Open for the directory of a ledger with
	// another charter.
	ErrOtherLedger = errors.New("this directory belongs to another ledger")
	// ErrLocked is returned by Open while another process has the store open.
	ErrLocked = errors.New("another process has this store open")
	// ErrReading is returned by Commit, Purge and Flush of a store that was opened
	// for reading alone.
	ErrReading = errors.New("the store is open for reading alone")
	// ErrClosed is returned by every method of a store that was closed.
	ErrClosed = errors.New("the store is closed")
)

// Store is what a node, or the replica of a desk, keeps of a ledger.
//
// One goroutine calls Commit and Mark, in log order. All other methods may be
// called by any goroutine at any time and see the state between two Commits;
// two calls may see two different states.
type Store interface {
	state.View

	// Commit applies the changes of the command at a Raft index as one step:
	// readers see all of it or nothing. It is durable only after a Flush. The
	// index must not fall; it stays the same for entries that were pulled from a
	// peer and have none. The store keeps no reference to c after it returns.
	//
	// The bodies that c purges are gone from the disk before anybody sees c, and
	// the first Flush after it comes after that: a store whose state has a purge
	// has carried it out. One that dies before that Flush is given c again.
	//
	// After an error nothing was committed, and what c purges may be gone. After a failed write the store takes
	// no further Commit, Purge or Flush: a node stops. Reads go on.
	Commit(applied uint64, c *state.Changes) error

	// Applied returns the Raft index of the last Commit, 0 for none. After Open
	// it is that of the last Flush: the log is replayed from the next one.
	Applied() uint64

	// Entry returns an entry and the ledger time at which it was accepted.
	Entry(index uint64) (time uint64, e *ledger.Entry, err error)

	// Body returns the sealed body of an entry, nil when the entry has none,
	// [ErrPurged] when it was purged.
	Body(index uint64) ([]byte, error)

	// Purge overwrites the bodies of entries, and returns when that is durable.
	// Commit does it for what the ledger purges. Call it again if it failed, or if
	// the process died in it; a body that is purged, or was never there, is no
	// error.
	//
	// A crash takes a store back to its last Flush. What was committed and
	// purged after that is then gone, and comes back from the log unpurged: the
	// caller purges it again.
	Purge(indexes ...uint64) error

	// Mark returns the present position and takes no time. Give it to Flush.
	Mark() Mark

	// Flush makes everything up to m durable, in one step: after a crash the
	// store is at m or at the last Flush before it. Commit goes on meanwhile. A
	// mark at or before the last Flush is no error.
	Flush(m Mark) error

	// Close releases the store. It flushes nothing: the log is what is durable
	// between two Flushes.
	Close() error
}

// Mark is a position in the log, of the store that gave it.
type Mark struct {
	Applied uint64     // Raft index of the last command in it
	Head    state.Head // end of the ledger there

	commits uint64 // since the store was opened
}

func (m Mark) next(applied uint64, c *state.Changes) Mark {
	return Mark{applied, c.Head, m.commits + 1}
}

// checkNext tells whether c can follow the position m. That it can is up to the
// caller; a store that is told nonsense must not write it down.
func checkNext(m Mark, applied uint64, c *state.Changes) error {
	if applied < m.Applied {
		return fmt.Errorf("commit %d: the store is at %d already", applied, m.Applied)
	}
	want := m.Head.Size + uint64(len(c.Records))
	if c.Head.Size != want || hashCount(c.Head.Size)-hashCount(m.Head.Size) != uint64(len(c.Hashes)) {
		return fmt.Errorf("commit %d: %d entries and %d hashes do not lead from size %d to size %d",
			applied, len(c.Records), len(c.Hashes), m.Head.Size, c.Head.Size)
	}
	return nil
}

// hashCount returns how many hashes are stored for a tree of this size.
func hashCount(size uint64) uint64 { return uint64(tlog.StoredHashIndex(0, int64(size))) }
