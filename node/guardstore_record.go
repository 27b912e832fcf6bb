package node

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

// What the guard stores in place of a raft log entry's Data, and of a value of
// the stable store:
//
//	u8 version=1 || bytes || u32 CRC32C
//
// The checksum covers all that raft will act on, so that a record cannot be
// taken for another one, nor lose a field:
//
//	of a log entry     version || u64 index || u64 term || u8 type || u64 appended-at s || u32 ns
//	                   || u32 length || data || u32 length || extensions
//	of a stable value  version || u32 length || key || value
//
// The checksum finds accidents. It is no seal: who can write the file can write
// a checksum. What was signed is verified by its signature, elsewhere.
const (
	recordVersion = 1
	recordTrailer = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord is the one answer to a record that does not check.
var errRecord = errors.New("checksum does not match")

// sealLog returns a copy of l as it is stored.
func sealLog(l *raft.Log) *raft.Log {
	stored := *l
	stored.Data = make([]byte, 0, 1+len(l.Data)+recordTrailer)
	stored.Data = append(stored.Data, recordVersion)
	stored.Data = append(stored.Data, l.Data...)
	stored.Data = binary.BigEndian.AppendUint32(stored.Data, logSum(l))
	return &stored
}

// openLog checks a stored record against the index it was looked up by, and
// turns it into what sealLog was given.
func openLog(index uint64, l *raft.Log) error {
	n := len(l.Data) - recordTrailer
	if n < 1 || l.Data[0] != recordVersion || l.Index != index {
		return errRecord
	}
	sum := binary.BigEndian.Uint32(l.Data[n:])
	l.Data = orNil(l.Data[1:n:n])
	l.Extensions = orNil(l.Extensions)
	// The stored time has a zone and spare bits, which the sum does not cover.
	l.AppendedAt = time.Unix(l.AppendedAt.Unix(), int64(l.AppendedAt.Nanosecond())).UTC()
	if sum != logSum(l) {
		return errRecord
	}
	return nil
}

func logSum(l *raft.Log) uint32 {
	head := make([]byte, 0, 64)
	head = append(head, recordVersion)
	head = binary.BigEndian.AppendUint64(head, l.Index)
	head = binary.BigEndian.AppendUint64(head, l.Term)
	head = append(head, byte(l.Type))
	head = binary.BigEndian.AppendUint64(head, uint64(l.AppendedAt.Unix()))
	head = binary.BigEndian.AppendUint32(head, uint32(l.AppendedAt.Nanosecond()))
	head = binary.BigEndian.AppendUint32(head, uint32(len(l.Data)))
	sum := crc32.Update(0, castagnoli, head)
	sum = crc32.Update(sum, castagnoli, l.Data)
	sum = crc32.Update(sum, castagnoli, binary.BigEndian.AppendUint32(nil, uint32(len(l.Extensions))))
	return crc32.Update(sum, castagnoli, l.Extensions)
}

// sealValue returns value as it is stored under key.
func sealValue(key, value []byte) []byte {
	stored := append([]byte{recordVersion}, value...)
	return binary.BigEndian.AppendUint32(stored, valueSum(key, value))
}

// openValue is the reverse of sealValue.
func openValue(key, stored []byte) ([]byte, error) {
	n := len(stored) - recordTrailer
	if n < 1 || stored[0] != recordVersion {
		return nil, errRecord
	}
	value := stored[1:n:n]
	if binary.BigEndian.Uint32(stored[n:]) != valueSum(key, value) {
		return nil, errRecord
	}
	return slices.Clone(value), nil
}

func valueSum(key, value []byte) uint32 {
	head := binary.BigEndian.AppendUint32([]byte{recordVersion}, uint32(len(key)))
	sum := crc32.Update(0, castagnoli, append(head, key...))
	return crc32.Update(sum, castagnoli, value)
}
