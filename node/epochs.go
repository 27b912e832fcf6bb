package node

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"sync"
)

// epochs keeps the keys under which the records of the Raft log are sealed. bbolt
// leaves what was deleted in its free pages, for months; so nothing goes there in
// the clear. Each record is sealed under the key of its epoch, a new epoch begins
// every so often, and the key of an epoch is destroyed when the log begins after
// its last record: overwritten with zeros, in its place, and synced.
//
// The keys lie in a file beside the log. Who takes both reads what the log holds
// at that moment, and nothing that was compacted away before.
type epochs struct {
	path  string
	stall stall
	file  slotFile

	order sync.Mutex // orders the writes; held over them

	mu      sync.RWMutex // guards what follows
	live    map[uint32]*epoch
	current uint32 // the one that new records are sealed under
	slots   [epochSlots]uint32
}

// epoch is one key and what is known of the records under it.
type epoch struct {
	aead   cipher.AEAD
	newest uint64 // highest index sealed under it
	count  uint64 // records sealed under it since the start
	slot   int
}

var errEpochsFull = errors.New("all slots for epoch keys are in use")

// errEpochKeys says what to do without the keys.
const errEpochKeys = "the Raft log cannot be read; put back the node's whole folder as it was when the node was stopped"

// openEpochs opens the file at path, or makes an empty one if nothing can have
// been sealed yet. It changes nothing in a file that is there: settle does, once
// the records have been read.
func openEpochs(path string, mustExist bool, s stall) (*epochs, error) {
	e := &epochs{path: path, stall: s, live: make(map[uint32]*epoch)}
	file, data, err := openInPlace(path, epochsSize)
	if errors.Is(err, fs.ErrNotExist) {
		if mustExist {
			return nil, fmt.Errorf("%w: the epoch keys %s are missing, without which %s", ErrCorrupt, path, errEpochKeys)
		}
		if err := createWhole(path, make([]byte, epochsSize)); err != nil {
			return nil, fmt.Errorf("make epoch keys %s: %w", path, err)
		}
		file, data, err = openInPlace(path, epochsSize)
	}
	if err != nil {
		return nil, fmt.Errorf("open epoch keys %s: %w", path, err)
	}
	e.file = file
	slots, err := parseEpochs(data)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: the epoch keys %s are damaged, without which %s", ErrCorrupt, path, errEpochKeys), file.Close())
	}
	for i, s := range slots {
		if s.damaged {
			e.slots[i] = epochDamaged
			continue
		}
		if s.number == 0 {
			continue
		}
		e.slots[i] = s.number
		e.live[s.number] = &epoch{aead: newEpochAEAD(&s.key), slot: i}
		e.current = max(e.current, s.number)
	}
	return e, nil
}

// epochDamaged is the number of a slot that holds neither an epoch nor zeros.
const epochDamaged = math.MaxUint32

func newEpochAEAD(key *[epochKey]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("node: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("node: " + err.Error())
	}
	return aead
}

// settle ends the opening, when all records have been read through opened: it
// frees the slots that a crash has torn, destroys the keys that no record needs,
// as a crash may have kept that from happening, and begins an epoch if there is
// none.
func (e *epochs) settle(first uint64) error {
	if err := e.destroy(first); err != nil {
		return err
	}
	if e.current != 0 {
		return nil
	}
	return e.begin()
}

// begin begins a new epoch. Its key is on the disk before a record is sealed
// under it. With no free slot it returns errEpochsFull, and the epoch goes on.
func (e *epochs) begin() error {
	e.order.Lock()
	defer e.order.Unlock()
	e.mu.RLock()
	slot, number := slices.Index(e.slots[:], 0), e.current+1
	e.mu.RUnlock()
	if slot < 0 || number == epochDamaged {
		return errEpochsFull
	}
	var key [epochKey]byte
	rand.Read(key[:])
	if err := e.write(slot, marshalEpoch(number, &key)); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.live[number] = &epoch{aead: newEpochAEAD(&key), slot: slot}
	e.slots[slot], e.current = number, number
	return nil
}

// destroy destroys the keys of the epochs whose records are all before first, the
// first index that the log still holds; the current epoch stays.
func (e *epochs) destroy(first uint64) error {
	e.order.Lock()
	defer e.order.Unlock()
	var free []int
	e.mu.Lock()
	for number, ep := range e.live {
		if number != e.current && ep.newest < first {
			delete(e.live, number)
			free = append(free, ep.slot)
		}
	}
	for i, number := range e.slots {
		if number == epochDamaged {
			free = append(free, i)
		}
	}
	e.mu.Unlock()
	if len(free) == 0 {
		return nil
	}
	for _, slot := range free {
		if err := e.write(slot, make([]byte, epochSlot)); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, slot := range free {
		e.slots[slot] = 0
	}
	return nil
}

// write writes one slot and syncs. The caller holds order.
func (e *epochs) write(slot int, data []byte) error {
	err := e.stall.watch(func() error {
		if _, err := e.file.WriteAt(data, int64(slot)*epochSlot); err != nil {
			return err
		}
		return e.file.Sync()
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	return nil
}

// sealer returns the current epoch for a record at index. From here on the key is
// kept until the log begins after index, whether the record gets to the disk or
// not: else a compaction at the same time could destroy it.
func (e *epochs) sealer(index uint64) (uint32, cipher.AEAD) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ep := e.live[e.current]
	ep.newest = max(ep.newest, index)
	ep.count++
	return e.current, ep.aead
}

// opener returns the key of an epoch, nil if it is not there.
func (e *epochs) opener(number uint32) cipher.AEAD {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if ep := e.live[number]; ep != nil {
		return ep.aead
	}
	return nil
}

// found notes a record of an epoch that was on the disk at the start.
func (e *epochs) found(number uint32, index uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if ep := e.live[number]; ep != nil {
		ep.newest = max(ep.newest, index)
		ep.count++
	}
}

// dropped notes that the log no longer holds what was sealed from index on: a
// leader's other entries come in its place, and may be fewer.
func (e *epochs) dropped(index uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ep := range e.live {
		ep.newest = min(ep.newest, index-1)
	}
}

// upTo returns the highest index that the log may hold of the epochs up to last.
func (e *epochs) upTo(last uint32) (index uint64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for number, ep := range e.live {
		if number <= last {
			index = max(index, ep.newest)
		}
	}
	return index
}

// now returns the current epoch and how many records were sealed under it.
func (e *epochs) now() (number uint32, count uint64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.current, e.live[e.current].count
}

// hasRoom reports whether a slot is free.
func (e *epochs) hasRoom() bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.Index(e.slots[:], 0) >= 0
}

// oldest returns the oldest epoch whose key is still there.
func (e *epochs) oldest() uint32 {
	e.mu.RLock()
	defer e.mu.RUnlock()
	number := e.current
	for n := range e.live {
		number = min(number, n)
	}
	return number
}

func (e *epochs) close() error { return e.file.Close() }
