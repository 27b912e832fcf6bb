package node

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

// What the guard stores in place of a raft log entry's Data is the entry's data
// and extensions, sealed with AES-256-GCM under the key of the current epoch:
//
//	u8 version=2 || u32 epoch || nonce[12] || AES-256-GCM(u32 length || data || extensions)
//
// with a random nonce. The additional data is all else that raft will act on, so
// that a record cannot be taken for another one, nor lose a field:
//
//	version || u64 index || u64 term || u8 type || u64 appended-at s || u32 ns || u32 epoch
//
// GCM's tag finds accidents too, and better than a checksum. It does not tell them
// from tampering: who can write the file can read the key beside it. What was
// signed is verified by its signature, elsewhere.
//
// In place of a value of the stable store, a term or a vote, it stores
//
//	u8 version=1 || value || u32 CRC32C(version || u32 length || key || value)
const (
	valueVersion  = 1
	recordVersion = 2
	recordTrailer = 4
	nonceSize     = 12
	recordHead    = 1 + 4 + nonceSize
	recordOver    = recordHead + 4 + 16 // what sealing adds
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRecord is the one answer to a record that does not check.
var errRecord = errors.New("checksum does not match")

// errNoKey is the answer to a record of an epoch whose key is not there.
var errNoKey = errors.New("the key of its epoch is not there")

// sealLog returns a copy of l as it is stored.
func sealLog(e *epochs, l *raft.Log) *raft.Log {
	number, aead := e.sealer(l.Index)
	record := make([]byte, recordHead, recordOver+len(l.Data)+len(l.Extensions))
	record[0] = recordVersion
	binary.BigEndian.PutUint32(record[1:], number)
	rand.Read(record[5:recordHead])
	record = binary.BigEndian.AppendUint32(record, uint32(len(l.Data)))
	record = append(append(record, l.Data...), l.Extensions...)
	stored := *l
	stored.Data = aead.Seal(record[:recordHead], record[5:recordHead], record[recordHead:], logHead(l, number))
	stored.Extensions = nil
	return &stored
}

// openLog checks a stored record against the index it was looked up by, and
// turns it into what sealLog was given. It returns the record's epoch.
func openLog(e *epochs, index uint64, l *raft.Log) (uint32, error) {
	if len(l.Data) < recordOver || l.Data[0] != recordVersion || l.Index != index || len(l.Extensions) > 0 {
		return 0, errRecord
	}
	number := binary.BigEndian.Uint32(l.Data[1:])
	aead := e.opener(number)
	if aead == nil {
		return number, fmt.Errorf("epoch %d: %w", number, errNoKey)
	}
	// The stored time has a zone and spare bits, which the tag does not cover.
	l.AppendedAt = time.Unix(l.AppendedAt.Unix(), int64(l.AppendedAt.Nanosecond())).UTC()
	plain, err := aead.Open(nil, l.Data[5:recordHead], l.Data[recordHead:], logHead(l, number))
	if err != nil || uint64(binary.BigEndian.Uint32(plain)) > uint64(len(plain)-4) {
		return number, errRecord
	}
	n := 4 + int(binary.BigEndian.Uint32(plain))
	l.Data, l.Extensions = orNil(plain[4:n:n]), orNil(plain[n:])
	return number, nil
}

func logHead(l *raft.Log, epoch uint32) []byte {
	head := append(make([]byte, 0, 64), recordVersion)
	head = binary.BigEndian.AppendUint64(head, l.Index)
	head = binary.BigEndian.AppendUint64(head, l.Term)
	head = append(head, byte(l.Type))
	head = binary.BigEndian.AppendUint64(head, uint64(l.AppendedAt.Unix()))
	head = binary.BigEndian.AppendUint32(head, uint32(l.AppendedAt.Nanosecond()))
	return binary.BigEndian.AppendUint32(head, epoch)
}

// sealValue returns value as it is stored under key.
func sealValue(key, value []byte) []byte {
	stored := append([]byte{valueVersion}, value...)
	return binary.BigEndian.AppendUint32(stored, valueSum(key, value))
}

// openValue is the reverse of sealValue.
func openValue(key, stored []byte) ([]byte, error) {
	n := len(stored) - recordTrailer
	if n < 1 || stored[0] != valueVersion {
		return nil, errRecord
	}
	value := stored[1:n:n]
	if binary.BigEndian.Uint32(stored[n:]) != valueSum(key, value) {
		return nil, errRecord
	}
	return slices.Clone(value), nil
}

func valueSum(key, value []byte) uint32 {
	head := binary.BigEndian.AppendUint32([]byte{valueVersion}, uint32(len(key)))
	sum := crc32.Update(0, castagnoli, append(head, key...))
	return crc32.Update(sum, castagnoli, value)
}
