package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"sync"
)

// floor keeps the highest Raft index that this node has applied, in a small file
// apart from raft.db. What lies at or below it is never taken back: the guards
// of the log refuse to delete or overwrite it, also right after a start, when
// Raft itself does not know yet what was committed; and a Raft log that ends
// below it was cut, or put back from a copy.
//
// The file has two slots, on pages of their own:
//
//	u8 version=1 || u64 sequence || u64 index || u32 CRC32C of the bytes before
//
// of which the good one with the higher sequence counts. One slot is written in
// place, unsynced, at each applied command, while the other one keeps what was
// synced last; a sync swaps the two. So a process that dies loses nothing of it,
// and a machine that loses power at most what was raised since the last sync:
// however the write was torn, the other slot is whole.
//
// A nil floor is at 0 for ever.
type floor struct {
	path  string
	stall stall
	file  slotFile

	order sync.Mutex // orders the syncs

	mu       sync.Mutex // guards what follows; held over unsynced writes
	index    uint64
	synced   uint64
	sequence uint64
	slot     int // to be written next
	syncing  bool
	failed   error // of a write: the last word
}

const (
	floorVersion = 1
	floorRecord  = 1 + 8 + 8 + 4
	floorSlot    = 4096
	floorSize    = 2 * floorSlot
)

// errFloor says what to do without a floor.
const errFloor = "nobody can tell whether the Raft log was cut; put back the node's whole folder as it was when the node was stopped, or: " + adviceRepair

// openFloor opens the file at path. A node that has no state yet gets a new one.
func openFloor(path string, mustExist bool, s stall) (*floor, error) {
	f := &floor{path: path, stall: s}
	file, data, err := openInPlace(path, floorSize)
	if errors.Is(err, fs.ErrNotExist) {
		if mustExist {
			return nil, fmt.Errorf("node: the file %s is missing, without which %s", path, errFloor)
		}
		if err := createWhole(path, newFloorFile()); err != nil {
			return nil, fmt.Errorf("node: make %s: %w", path, err)
		}
		file, data, err = openInPlace(path, floorSize)
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, fmt.Errorf("node: open %s: %w", path, err)
	}
	if err == nil {
		f.sequence, f.index, f.slot, err = parseFloor(data)
	}
	if err != nil {
		if file != nil {
			file.Close()
		}
		return nil, fmt.Errorf("node: the file %s is damaged (%w), without which %s", path, err, errFloor)
	}
	f.file = file
	// After a crash the better slot may not be on the disk yet; it must be, before
	// the other one is written.
	if err := s.watch(file.Sync); err != nil {
		return nil, errors.Join(fmt.Errorf("node: sync %s: %w", path, err), file.Close())
	}
	f.synced = f.index
	return f, nil
}

func newFloorFile() []byte {
	data := make([]byte, floorSize)
	copy(data, marshalFloor(1, 0))
	copy(data[floorSlot:], marshalFloor(2, 0))
	return data
}

func marshalFloor(sequence, index uint64) []byte {
	b := append(make([]byte, 0, floorRecord), floorVersion)
	b = binary.BigEndian.AppendUint64(b, sequence)
	b = binary.BigEndian.AppendUint64(b, index)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseFloor reads the file and says which slot is to be written next. One
// damaged slot is what a crash may leave.
func parseFloor(data []byte) (sequence, index uint64, next int, err error) {
	if len(data) != floorSize {
		return 0, 0, 0, ErrCorrupt
	}
	good := 0
	for i := range 2 {
		b := data[i*floorSlot:][:floorRecord]
		body, sum := b[:floorRecord-4], b[floorRecord-4:]
		if b[0] != floorVersion || crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(sum) {
			continue
		}
		if s := binary.BigEndian.Uint64(b[1:]); good == 0 || s > sequence {
			sequence, index, next = s, binary.BigEndian.Uint64(b[9:]), 1-i
		}
		good++
	}
	if good == 0 {
		return 0, 0, 0, ErrCorrupt
	}
	return sequence, index, next, nil
}

// at returns the highest index that was applied.
func (f *floor) at() uint64 {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.index
}

// raise records that index is applied, unsynced. It never lowers the floor.
func (f *floor) raise(index uint64) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if index <= f.index || f.failed != nil {
		return f.failed
	}
	f.index = index
	if f.syncing { // the sync writes it when it ends
		return nil
	}
	return f.write()
}

// write writes the slot whose turn it is. The caller holds mu.
func (f *floor) write() error {
	f.sequence++
	err := f.stall.watch(func() error {
		_, err := f.file.WriteAt(marshalFloor(f.sequence, f.index), int64(f.slot)*floorSlot)
		return err
	})
	if err != nil {
		f.failed = fmt.Errorf("write %s: %w", f.path, err)
	}
	return f.failed
}

// sync makes durable what was raised before it was called. What is raised while
// it runs is written after it, so that one of the two slots is always whole.
func (f *floor) sync() error {
	if f == nil {
		return nil
	}
	f.order.Lock()
	defer f.order.Unlock()
	f.mu.Lock()
	at := f.index
	if f.failed != nil || at == f.synced {
		defer f.mu.Unlock()
		return f.failed
	}
	f.syncing = true
	f.mu.Unlock()

	err := f.stall.watch(f.file.Sync)

	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncing = false
	if err != nil { // nobody knows what is on the disk
		f.failed = fmt.Errorf("sync %s: %w", f.path, err)
		return f.failed
	}
	f.synced, f.slot = at, 1-f.slot
	if f.index > at {
		return f.write()
	}
	return nil
}

func (f *floor) close() error {
	if f == nil {
		return nil
	}
	return f.file.Close()
}
