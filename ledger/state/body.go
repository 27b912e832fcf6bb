package state

import (
	"encoding/binary"
	"fmt"

	"comity/ledger"

	"golang.org/x/crypto/cryptobyte"
)

// Every sealed body belongs to one notice, or to one reply. The state has the
// bodies of a notice as a chain from the last one back, so that an entry adds
// one link, a purge changes one record, and whoever destroys them finds all.

// Reply is what the ledger knows about a reply in the clear.
type Reply struct {
	Bureau string // of its author
	Index  uint64 // of its entry
	Time   uint64 // ledger time of its entry, POSIX ms
	Purged uint64 // index of the entry that purges it + 1; 0 when none does
}

// ReplyBytes is the length of what the state holds of a reply.
const ReplyBytes = 2 + 3*8

func (r *Reply) marshal() []byte {
	b := cryptobyte.NewFixedBuilder(make([]byte, 0, ReplyBytes))
	b.AddBytes([]byte(r.Bureau))
	b.AddUint64(r.Index)
	b.AddUint64(r.Time)
	b.AddUint64(r.Purged)
	return b.BytesOrPanic()
}

// ReadReply returns what the state knows of the reply with this statement id, nil
// when there is none.
func ReadReply(v View, id ledger.ID) (*Reply, error) {
	return read(v, TableReplies, id[:], ParseReply)
}

// ParseReply reads what the state holds of a reply: [ReplyBytes] bytes.
func ParseReply(data []byte) (*Reply, bool) {
	var r Reply
	var code []byte
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&code, 2) && in.ReadUint64(&r.Index) && in.ReadUint64(&r.Time) && in.ReadUint64(&r.Purged) && in.Empty()
	r.Bureau = string(code)
	return &r, ok
}

// link is where a body belongs.
type link struct {
	of   ledger.ID // publish statement of its notice, or the reply
	prev uint64    // index of the body of the notice before it + 1; 0 for the first
}

func readLink(v View, index uint64) (*link, error) {
	return read(v, TableBodies, binary.BigEndian.AppendUint64(nil, index), func(data []byte) (*link, bool) {
		var l link
		in := cryptobyte.String(data)
		return &l, in.CopyBytes(l.of[:]) && in.ReadUint64(&l.prev) && in.Empty()
	})
}

// addBody notes that the entry at index has a body of the notice, or of the reply.
func (a *application) addBody(index uint64, of ledger.ID, prev uint64) {
	a.put(TableBodies, binary.BigEndian.AppendUint64(nil, index), binary.BigEndian.AppendUint64(of[:len(of):len(of)], prev))
}

// BodyOf returns the id of the notice, or of the reply, to which the body of the
// entry at index belongs; ok is false when that entry names no body.
func BodyOf(v View, index uint64) (id ledger.ID, ok bool, err error) {
	l, err := readLink(v, index)
	if err != nil || l == nil {
		return ledger.ID{}, false, err
	}
	return l.of, true, nil
}

// Bodies returns the indexes of all entries with a body of the notice or of the
// reply with this id, the last one first.
func Bodies(v View, id ledger.ID) ([]uint64, error) {
	if r, err := ReadReply(v, id); err != nil || r != nil {
		if err != nil {
			return nil, err
		}
		return []uint64{r.Index}, nil
	}
	n, err := ReadNotice(v, id)
	if err != nil || n == nil {
		return nil, err
	}
	var out []uint64
	for next := n.Last; next != 0; {
		out = append(out, next-1)
		l, err := readLink(v, next-1)
		switch {
		case err != nil:
			return nil, err
		case l == nil || l.of != id || l.prev >= next:
			return nil, fmt.Errorf("state: the bodies of notice %s end at entry %d: %w", id.Short(), next-1, ledger.ErrMalformed)
		}
		next = l.prev
	}
	return out, nil
}
