package state

import (
	"fmt"
	"strings"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Status is where a notice is in its life.
type Status uint8

// The states of a notice. Numbers are part of what stores keep on disk. Some are
// never stored: they follow from the record and from ledger time, see [Notice.At].
const (
	StatusActive    Status = 1 + iota // reviewed, or of a kind that nobody reviews
	StatusWithdrawn                   // its origin ended it
	StatusSubmitted                   // it waits for its reviewers; readers see it, unreviewed
	StatusReturned                    // reviewers want it amended
	StatusRefused                     // reviewers ended it
	StatusCancelled                   // who suspended it ended it
	StatusSuspended                   // nobody is to act on it; never stored
	StatusExpired                     // its day of review passed; never stored
	StatusPurged                      // its bodies are to be destroyed everywhere; never stored
	statusEnd
)

var statusNames = [...]string{"", "active", "withdrawn", "submitted", "returned", "refused", "cancelled", "suspended", "expired", "purged"}

// String returns the state as people read it.
func (s Status) String() string {
	if s == 0 || s >= statusEnd {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return statusNames[s]
}

// ParseStatus is the inverse of [Status.String].
func ParseStatus(name string) (Status, bool) {
	for s := StatusActive; s < statusEnd; s++ {
		if statusNames[s] == name {
			return s, true
		}
	}
	return 0, false
}

// Ended reports whether nothing but a purge follows.
func (s Status) Ended() bool {
	switch s {
	case StatusWithdrawn, StatusRefused, StatusCancelled, StatusExpired, StatusPurged:
		return true
	}
	return false
}

// Notice is what the ledger knows about a notice in the clear.
type Notice struct {
	Bureau   string      // the origin
	Kind     ledger.Kind // as published
	Status   Status      // as the last entry on it left it; what it is now, [Notice.At] says
	Held     Holds       // who suspended it
	Index    uint64      // of the publish entry
	Latest   uint64      // of the entry whose body is the current version
	Version  ledger.ID   // of the statement of that entry
	Sent     uint64      // ledger time of that entry, POSIX ms
	Approved uint64      // index of the review with which the current version was approved + 1; 0 while it is not
	ReviewBy uint32      // day by which the origin reviews it, as it said last; 0 when it said none
	Limit    uint32      // day beyond which it does not count whatever the origin said
	Ended    uint64      // index of the entry that ended it + 1; 0 when none has
	EndedAt  uint64      // ledger time of that entry, POSIX ms
	Last     uint64      // index of the last entry with a body of the notice + 1, see [Bodies]
	Purged   uint64      // index of the entry that purges it + 1; 0 when none does
}

// Holds is a set of authorities, each of which has suspended the notice.
type Holds uint8

// By reports whether a has suspended it.
func (h Holds) By(a ledger.Authority) bool { return h&(1<<a) != 0 }

// ByOthers reports whether anybody but the origin has suspended it. Until they
// lift that, or retention has passed, its texts are evidence that the origin
// cannot purge, though it may have ended the notice.
func (h Holds) ByOthers() bool { return h&^(1<<ledger.ByOrigin) != 0 }

// String names them: "origin and reviewers".
func (h Holds) String() string {
	var names []string
	for a := ledger.ByOrigin; a <= ledger.ByOversight; a++ {
		if h.By(a) {
			names = append(names, a.String())
		}
	}
	return strings.Join(names, " and ")
}

// Term returns the last day on which the notice counts.
func (n *Notice) Term() uint32 {
	if n.ReviewBy == 0 {
		return n.Limit
	}
	return min(n.ReviewBy, n.Limit)
}

// expiry returns the ledger time from which on it has expired, POSIX ms.
func (n *Notice) expiry() uint64 { return (uint64(n.Term()) + 1) * dayMS }

// At returns the state of the notice at a ledger time, POSIX ms. It expires
// without an entry that says so: time alone ends it.
func (n *Notice) At(now uint64) Status {
	switch {
	case n.Purged != 0:
		return StatusPurged
	case n.Status.Ended():
		return n.Status
	case now >= n.expiry():
		return StatusExpired
	case n.Held != 0:
		return StatusSuspended
	}
	return n.Status
}

// ReviewDue reports whether, at a ledger time, the origin should look at the
// notice again and extend or withdraw it.
func (n *Notice) ReviewDue(now uint64) bool {
	return !n.At(now).Ended() && dayOf(now)+DueDays >= n.Term()
}

// Reviewed reports whether reviewers of other bureaus approved the current
// version. A diffusion and a tally are never reviewed.
func (n *Notice) Reviewed() bool { return n.Approved != 0 }

// Overdue reports whether, at a ledger time, the current version has waited for
// its reviewers for longer than it should.
func (n *Notice) Overdue(now uint64) bool {
	return n.Status == StatusSubmitted && !n.At(now).Ended() && now >= n.Sent+ReviewDays*dayMS
}

// EndedBy returns the ledger time at which the notice has ended, if it has at now.
func (n *Notice) EndedBy(now uint64) (at uint64, ended bool) {
	switch {
	case n.Status.Ended():
		return n.EndedAt, true
	case now >= n.expiry():
		return n.expiry(), true
	}
	return 0, false
}

// NoticeBytes is the length of what the state holds of a notice.
const NoticeBytes = 2 + 3*1 + 2*4 + 8*8 + 32

func (n *Notice) marshal() []byte {
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, NoticeBytes))
	b.AddBytes([]byte(n.Bureau))
	b.AddUint8(uint8(n.Kind))
	b.AddUint8(uint8(n.Status))
	b.AddUint8(uint8(n.Held))
	b.AddUint32(n.ReviewBy)
	b.AddUint32(n.Limit)
	for _, v := range n.numbers() {
		b.AddUint64(*v)
	}
	b.AddBytes(n.Version[:])
	return b.BytesOrPanic()
}

func (n *Notice) numbers() [8]*uint64 {
	return [...]*uint64{&n.Index, &n.Latest, &n.Sent, &n.Approved, &n.Ended, &n.EndedAt, &n.Last, &n.Purged}
}

// ParseNotice reads what the state holds of a notice: [NoticeBytes] bytes.
func ParseNotice(data []byte) (*Notice, bool) {
	var (
		n    Notice
		code []byte
	)
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&code, 2) && in.ReadUint8((*uint8)(&n.Kind)) && in.ReadUint8((*uint8)(&n.Status)) && in.ReadUint8((*uint8)(&n.Held)) &&
		in.ReadUint32(&n.ReviewBy) && in.ReadUint32(&n.Limit)
	for _, v := range n.numbers() {
		ok = ok && in.ReadUint64(v)
	}
	n.Bureau = string(code)
	return &n, ok && in.CopyBytes(n.Version[:]) && in.Empty()
}

// ReadNotice returns the state of the notice whose publish statement has this
// id, nil when there is none.
func ReadNotice(v View, id ledger.ID) (*Notice, error) {
	return read(v, TableNotices, id[:], ParseNotice)
}
