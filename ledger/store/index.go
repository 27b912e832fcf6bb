package store

import (
	"encoding/binary"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// The index tells where the entries and their bodies lie. Record i of the flat
// file index belongs to entry i, and has this payload; a body of length 0 is
// none, and one of length 0 in the segment 0xffffffff was purged before the entry
// came here:
//
//	u32 segment, u32 offset, u32 length of the entry | the same of the body
const (
	indexName = "index"
	indexLen  = 24
)

type location struct{ entry, body span }

// absent is the place of a body that its entry names and did not bring.
var absent = span{place: place{segment: math.MaxUint32}}

func (l *location) marshal(buf []byte) []byte {
	for _, s := range []span{l.entry, l.body} {
		buf = binary.BigEndian.AppendUint32(buf, s.segment)
		buf = binary.BigEndian.AppendUint32(buf, s.offset)
		buf = binary.BigEndian.AppendUint32(buf, s.length)
	}
	return buf
}

func parseLocation(b []byte) location {
	parse := func(b []byte) span {
		return span{place{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}, binary.BigEndian.Uint32(b[8:])}
	}
	return location{parse(b), parse(b[12:])}
}

// The flat file hashes holds the hashes of the tree in the order of
// [tlog.StoredHashIndex].
const hashesName = "hashes"

// readHashes fills out. The caller has checked that the hashes are committed.
func readHashes(f *flat, indexes []int64, out []tlog.Hash) error {
	buf := make([]byte, f.room())
	for i, x := range indexes {
		h, err := f.load(buf, uint64(x))
		if err != nil {
			return err
		}
		copy(out[i][:], h)
	}
	return nil
}
