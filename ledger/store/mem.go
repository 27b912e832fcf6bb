package store

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

var _ Store = (*Mem)(nil)

// Mem is a Store in memory, for tests and for short-lived replicas. It forgets
// everything at Close, and so Flush has nothing to do.
type Mem struct {
	mu      sync.RWMutex // guards all below
	at      Mark
	tables  map[string][]byte // table || key -> value
	records []memRecord
	hashes  []tlog.Hash
	closed  bool
}

type memRecord struct {
	time   uint64
	entry  *ledger.Entry
	body   []byte
	purged bool
}

// NewMem returns the state at genesis.
func NewMem(m *state.Machine) *Mem {
	s := &Mem{tables: make(map[string][]byte)}
	s.take(0, m.Begin())
	return s
}

// Commit implements [Store].
func (s *Mem) Commit(applied uint64, c *state.Changes) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if err := checkNext(s.at, applied, c); err != nil {
		return err
	}
	old, fresh, err := splitPurged(c, s.at.Head.Size)
	if err != nil {
		return err
	}
	for _, i := range old {
		s.records[i].purge()
	}
	s.take(applied, c)
	for i := range fresh {
		s.records[i].purge()
	}
	return nil
}

func (s *Mem) take(applied uint64, c *state.Changes) {
	for _, p := range c.Puts {
		if p.Value == nil {
			delete(s.tables, tableKey(p.Table, p.Key))
		} else {
			s.tables[tableKey(p.Table, p.Key)] = bytes.Clone(p.Value)
		}
	}
	for _, r := range c.Records {
		e, err := ledger.ParseEntry(bytes.Clone(r.Item.Entry.Raw))
		if err != nil {
			panic(fmt.Sprintf("store: an accepted entry does not parse: %v", err))
		}
		m := memRecord{time: r.Time, entry: e}
		if len(r.Item.Body) > 0 {
			m.body = bytes.Clone(r.Item.Body)
		}
		m.purged = e.Statement.BodyLen > 0 && m.body == nil
		s.records = append(s.records, m)
	}
	s.hashes = append(s.hashes, c.Hashes...)
	s.at = s.at.next(applied, c)
}

func (r *memRecord) purge() {
	if r.body != nil {
		r.body, r.purged = nil, true
	}
}

func tableKey(t state.Table, key []byte) string { return string(byte(t)) + string(key) }

// Get implements [state.View].
func (s *Mem) Get(t state.Table, key []byte) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	return s.tables[tableKey(t, key)], nil
}

// ReadHashes implements [tlog.HashReader].
func (s *Mem) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(s.hashes)) {
			return nil, fmt.Errorf("read hash %d: %w", x, ErrNoEntry)
		}
		out[i] = s.hashes[x]
	}
	return out, nil
}

// Applied implements [Store].
func (s *Mem) Applied() uint64 { return s.Mark().Applied }

// Mark implements [Store].
func (s *Mem) Mark() Mark {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.at
}

// Flush implements [Store]: memory is never durable.
func (s *Mem) Flush(Mark) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return nil
}

func (s *Mem) record(index uint64) (memRecord, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.closed:
		return memRecord{}, ErrClosed
	case index >= uint64(len(s.records)):
		return memRecord{}, fmt.Errorf("entry %d: %w", index, ErrNoEntry)
	}
	return s.records[index], nil
}

// Entry implements [Store].
func (s *Mem) Entry(index uint64) (uint64, *ledger.Entry, error) {
	r, err := s.record(index)
	return r.time, r.entry, err
}

// Body implements [Store].
func (s *Mem) Body(index uint64) ([]byte, error) {
	r, err := s.record(index)
	if err == nil && r.purged {
		err = fmt.Errorf("body %d: %w", index, ErrPurged)
	}
	return slices.Clip(r.body), err
}

// Purge implements [Store].
func (s *Mem) Purge(indexes ...uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	for _, i := range indexes {
		if i >= uint64(len(s.records)) {
			return fmt.Errorf("purge %d: %w", i, ErrNoEntry)
		}
	}
	for _, i := range indexes {
		s.records[i].purge()
	}
	return nil
}

// Close implements [Store].
func (s *Mem) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
