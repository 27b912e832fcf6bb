package desk

import (
	"fmt"

	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// staged is the store with the changes of a chunk that is not yet committed.
// One goroutine uses it.
type staged struct {
	base    state.View
	from    uint64            // size of base
	puts    map[string][]byte // table || key
	first   int64             // stored-hash index of changes.Hashes[0]
	changes state.Changes     // of all batches added so far
}

var _ state.View = (*staged)(nil)

func newStaged(base state.View, size uint64) *staged {
	return &staged{base: base, from: size, puts: make(map[string][]byte), first: tlog.StoredHashIndex(0, int64(size))}
}

// size returns the number of entries, staged ones included.
func (s *staged) size() uint64 { return s.from + uint64(len(s.changes.Records)) }

func (s *staged) add(c *state.Changes) {
	for _, p := range c.Puts {
		s.puts[string(byte(p.Table))+string(p.Key)] = p.Value
	}
	s.changes.Records = append(s.changes.Records, c.Records...)
	s.changes.Hashes = append(s.changes.Hashes, c.Hashes...)
	s.changes.Puts = append(s.changes.Puts, c.Puts...)
	s.changes.Head = c.Head
}

// Get implements [state.View].
func (s *staged) Get(t state.Table, key []byte) ([]byte, error) {
	if v, ok := s.puts[string(byte(t))+string(key)]; ok {
		return v, nil
	}
	return s.base.Get(t, key)
}

// ReadHashes implements [tlog.HashReader].
func (s *staged) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var below []int64
	for i, x := range indexes {
		switch {
		case x < s.first:
			below = append(below, x)
		case x-s.first < int64(len(s.changes.Hashes)):
			out[i] = s.changes.Hashes[x-s.first]
		default:
			return nil, fmt.Errorf("read hash %d: past the end", x)
		}
	}
	if len(below) == 0 {
		return out, nil
	}
	read, err := s.base.ReadHashes(below)
	if err != nil {
		return nil, err
	}
	for i, x := range indexes {
		if x < s.first {
			out[i], read = read[0], read[1:]
		}
	}
	return out, nil
}
