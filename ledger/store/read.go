package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// Get implements [state.View]: the changes since the last Flush first, newest
// before oldest, then the tree on disk.
func (d *Disk) Get(t state.Table, key []byte) ([]byte, error) {
	var room [64]byte
	k := append(append(room[:0], byte(t)), key...)
	for {
		value, file, root, err := d.recent(k)
		if err != nil || file.file == nil {
			return value, err
		}
		value, err = file.get(root, k)
		// A Flush went over to a new file after we had found this one, or the
		// store was closed: look again.
		if !errors.Is(err, os.ErrClosed) {
			return value, err
		}
	}
}

// recent returns the value of a key that changed since the last Flush, or the
// tree to look into.
func (d *Disk) recent(k []byte) ([]byte, treeFile, ref, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, treeFile{}, ref{}, ErrClosed
	}
	for i := len(d.generations) - 1; i >= 0; i-- {
		if v, ok := d.generations[i].puts[string(k)]; ok {
			return v, treeFile{}, ref{}, nil
		}
	}
	return nil, d.tables, d.flushed.tables.root, nil
}

// ReadHashes implements [tlog.HashReader].
func (d *Disk) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	size, err := d.size()
	if err != nil {
		return nil, err
	}
	count := int64(hashCount(size))
	for _, x := range indexes {
		if x < 0 || x >= count {
			return nil, fmt.Errorf("read hash %d: %w", x, ErrNoEntry)
		}
	}
	out := make([]tlog.Hash, len(indexes))
	return out, closedOr(readHashes(d.hashes, indexes, out))
}

// size returns the number of entries.
func (d *Disk) size() (uint64, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return 0, ErrClosed
	}
	return d.end.size, nil
}

// closedOr returns err, or ErrClosed when a file was closed under a reader.
func closedOr(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return ErrClosed
	}
	return err
}

// Applied implements [Store].
func (d *Disk) Applied() uint64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.at.Applied
}

// location returns where a committed entry and its body lie.
func (d *Disk) location(index uint64) (location, error) {
	size, err := d.size()
	if err != nil {
		return location{}, err
	}
	if index >= size {
		return location{}, ErrNoEntry
	}
	b, err := d.index.load(make([]byte, d.index.room()), index)
	if err != nil {
		return location{}, closedOr(err)
	}
	return parseLocation(b), nil
}

// Entry implements [Store].
func (d *Disk) Entry(index uint64) (uint64, *ledger.Entry, error) {
	at, err := d.location(index)
	if err != nil {
		return 0, nil, fmt.Errorf("entry %d: %w", index, err)
	}
	b, err := d.entries.load(at.entry, index)
	if err != nil {
		return 0, nil, fmt.Errorf("entry %d: %w", index, closedOr(err))
	}
	e, err := ledger.ParseEntry(b[8:])
	if err != nil {
		return 0, nil, fmt.Errorf("entry %d: %w", index, corrupt(d.entries.name(at.entry.segment), "it does not parse"))
	}
	return binary.BigEndian.Uint64(b), e, nil
}

// Body implements [Store].
func (d *Disk) Body(index uint64) ([]byte, error) {
	at, err := d.location(index)
	if err != nil {
		return nil, fmt.Errorf("body %d: %w", index, err)
	}
	switch {
	case at.body == absent:
		return nil, fmt.Errorf("body %d: %w", index, ErrPurged)
	case at.body.length == 0:
		return nil, nil
	}
	b, err := d.bodies.load(at.body, index)
	if err != nil {
		return nil, fmt.Errorf("body %d: %w", index, closedOr(err))
	}
	return b, nil
}
