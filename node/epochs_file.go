package node

import (
	"encoding/binary"
	"hash/crc32"
)

// The file of epoch keys has epochSlots slots of 512 bytes, one disk sector each:
//
//	u8 version=1 || u32 epoch || key[32] || u32 CRC32C of the bytes before || zeros
//
// A slot of zeros only is free. Epochs count from 1; no two slots have the same.
const (
	epochVersion = 1
	epochSlots   = 64
	epochSlot    = 512
	epochRecord  = 1 + 4 + epochKey + 4
	epochKey     = 32
	epochsSize   = epochSlots * epochSlot
)

// epochSlotState is what one slot holds: the number of its epoch, or 0 and
// whether that is because it is damaged.
type epochSlotState struct {
	number  uint32
	key     [epochKey]byte
	damaged bool
}

func marshalEpoch(number uint32, key *[epochKey]byte) []byte {
	b := make([]byte, 0, epochSlot)
	b = append(b, epochVersion)
	b = binary.BigEndian.AppendUint32(b, number)
	b = append(b, key[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return b[:epochSlot] // a new array is zero behind its length
}

// parseEpochs reads the file. A damaged slot is not an error here: one that was
// torn as it was written, or as it was destroyed, is not needed by any record.
func parseEpochs(data []byte) ([]epochSlotState, error) {
	if len(data) != epochsSize {
		return nil, ErrCorrupt
	}
	slots := make([]epochSlotState, epochSlots)
	seen := make(map[uint32]bool)
	for i := range slots {
		slots[i] = parseEpoch(data[i*epochSlot:][:epochSlot])
		if n := slots[i].number; n != 0 {
			if seen[n] {
				return nil, ErrCorrupt
			}
			seen[n] = true
		}
	}
	return slots, nil
}

func parseEpoch(b []byte) (s epochSlotState) {
	if isZero(b) {
		return s
	}
	body, sum := b[:epochRecord-4], b[epochRecord-4:epochRecord]
	number := binary.BigEndian.Uint32(b[1:])
	if b[0] != epochVersion || number == 0 || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) || !isZero(b[epochRecord:]) {
		return epochSlotState{damaged: true}
	}
	s.number = number
	copy(s.key[:], b[5:])
	return s
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
