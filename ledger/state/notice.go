package state

import (
	"fmt"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Status is where a notice is in its life.
type Status uint8

// The states of a notice. Numbers are part of what stores keep on disk.
const (
	StatusActive    Status = 1 + iota
	StatusWithdrawn        // its origin ended it
	StatusPurged           // its bodies are to be destroyed everywhere; never stored, see [Notice.At]
	statusEnd
)

var statusNames = [...]string{"", "active", "withdrawn", "purged"}

// String returns the state as people read it.
func (s Status) String() string {
	if s == 0 || s >= statusEnd {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return statusNames[s]
}

// Ended reports whether nothing but a purge follows.
func (s Status) Ended() bool { return s == StatusWithdrawn || s == StatusPurged }

// Notice is what the ledger knows about a notice in the clear.
type Notice struct {
	Bureau  string      // the origin
	Kind    ledger.Kind // as published
	Status  Status      // as the last entry on it left it; what it is now, [Notice.At] says
	Index   uint64      // of the publish entry
	Latest  uint64      // of the entry whose body is the current version
	Ended   uint64      // index of the entry that ended it + 1; 0 when none has
	EndedAt uint64      // ledger time of that entry, POSIX ms
	Last    uint64      // index of the last entry with a body of the notice + 1, see [Bodies]
	Purged  uint64      // index of the entry that purges it + 1; 0 when none does
}

// At returns the state of the notice at a ledger time, POSIX ms.
func (n *Notice) At(now uint64) Status {
	if n.Purged != 0 {
		return StatusPurged
	}
	return n.Status
}

// endedBy returns the ledger time at which the notice has ended, if it has at now.
func (n *Notice) endedBy(now uint64) (at uint64, ended bool) {
	if n.Status.Ended() {
		return n.EndedAt, true
	}
	return 0, false
}

// NoticeBytes is the length of what the state holds of a notice.
const NoticeBytes = 2 + 1 + 1 + 6*8

func (n *Notice) marshal() []byte {
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, NoticeBytes))
	b.AddBytes([]byte(n.Bureau))
	b.AddUint8(uint8(n.Kind))
	b.AddUint8(uint8(n.Status))
	for _, v := range []uint64{n.Index, n.Latest, n.Ended, n.EndedAt, n.Last, n.Purged} {
		b.AddUint64(v)
	}
	return b.BytesOrPanic()
}

// ParseNotice reads what the state holds of a notice: [NoticeBytes] bytes.
func ParseNotice(data []byte) (*Notice, bool) {
	var (
		n    Notice
		code []byte
	)
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&code, 2) && in.ReadUint8((*uint8)(&n.Kind)) && in.ReadUint8((*uint8)(&n.Status))
	for _, v := range []*uint64{&n.Index, &n.Latest, &n.Ended, &n.EndedAt, &n.Last, &n.Purged} {
		ok = ok && in.ReadUint64(v)
	}
	n.Bureau = string(code)
	return &n, ok && in.Empty()
}

// ReadNotice returns the state of the notice whose publish statement has this
// id, nil when there is none.
func ReadNotice(v View, id ledger.ID) (*Notice, error) {
	return read(v, TableNotices, id[:], ParseNotice)
}
