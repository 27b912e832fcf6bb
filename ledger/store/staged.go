package store

import (
	"fmt"

	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// Staged is a store with changes that are not yet committed to it: entries that
// another node gave, until it is known that they are the ledger's. One goroutine
// uses it, and nothing is committed to the store meanwhile.
type Staged struct {
	Changes state.Changes // of all that was added so far

	base  state.View
	from  uint64            // size of base
	puts  map[string][]byte // table || key
	first int64             // stored-hash index of Changes.Hashes[0]
}

var _ state.View = (*Staged)(nil)

// NewStaged returns the state of base, which holds size entries, with no changes.
func NewStaged(base state.View, size uint64) *Staged {
	return &Staged{base: base, from: size, puts: make(map[string][]byte), first: tlog.StoredHashIndex(0, int64(size))}
}

// Size returns the number of entries, staged ones included.
func (s *Staged) Size() uint64 { return s.from + uint64(len(s.Changes.Records)) }

// Add adds changes that were made to s. They have entries.
func (s *Staged) Add(c *state.Changes) {
	for _, p := range c.Puts {
		s.puts[string(byte(p.Table))+string(p.Key)] = p.Value
	}
	s.Changes.Records = append(s.Changes.Records, c.Records...)
	s.Changes.Hashes = append(s.Changes.Hashes, c.Hashes...)
	s.Changes.Puts = append(s.Changes.Puts, c.Puts...)
	s.Changes.Purged = append(s.Changes.Purged, c.Purged...)
	s.Changes.Head = c.Head
}

// Get implements [state.View].
func (s *Staged) Get(t state.Table, key []byte) ([]byte, error) {
	if v, ok := s.puts[string(byte(t))+string(key)]; ok {
		return v, nil
	}
	return s.base.Get(t, key)
}

// ReadHashes implements [tlog.HashReader].
func (s *Staged) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	var below []int64
	for i, x := range indexes {
		switch {
		case x < s.first:
			below = append(below, x)
		case x-s.first < int64(len(s.Changes.Hashes)):
			out[i] = s.Changes.Hashes[x-s.first]
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
