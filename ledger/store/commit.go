package store

import (
	"encoding/binary"
	"fmt"

	"comity/ledger/state"
)

// buffers hold what one Commit appends, one write per file, and are used again
// by the next.
type buffers struct {
	entries, bodies, index, hashes []byte
	locations                      []location
}

// Commit implements [Store].
func (d *Disk) Commit(applied uint64, c *state.Changes) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.mu.RLock()
	err, at := d.stopped(), d.at
	d.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("commit %d: %w", applied, err)
	}
	if err := checkNext(at, applied, c); err != nil {
		return err
	}
	old, fresh, err := splitPurged(c, at.Head.Size)
	if err != nil {
		return err
	}
	// Before the commit is seen, and long before it is durable: if we die in
	// between, the log gives it again.
	if len(old) > 0 {
		if err := d.Purge(old...); err != nil {
			return fmt.Errorf("commit %d: %w", applied, err)
		}
	}
	if err := d.write(applied, c, fresh); err != nil {
		return fmt.Errorf("commit %d: %w", applied, d.fail(err))
	}
	return nil
}

// write appends to the files and then, at once for every reader, shows it. If
// we die before that, or a write fails, the bytes behind the old end count for
// nobody, and the next Open cuts them.
func (d *Disk) write(applied uint64, c *state.Changes, purged map[uint64]bool) error {
	end := d.end // only we change it
	d.buf.encode(end.size, c, purged)
	var err error
	if end.entries, err = d.entries.room(end.entries, len(d.buf.entries)); err != nil {
		return err
	}
	if end.bodies, err = d.bodies.room(end.bodies, len(d.buf.bodies)); err != nil {
		return err
	}
	d.buf.encodeIndex(d.index, end)
	d.buf.encodeHashes(d.hashes, end.size, c)

	if err := d.hashes.append(d.buf.hashes, hashCount(end.size)); err != nil {
		return err
	}
	if err := d.index.append(d.buf.index, end.size); err != nil {
		return err
	}
	if end.entries, err = d.entries.append(end.entries, d.buf.entries); err != nil {
		return err
	}
	if end.bodies, err = d.bodies.append(end.bodies, d.buf.bodies); err != nil {
		return err
	}
	end.applied, end.size = applied, c.Head.Size
	puts := ownPuts(c.Puts)

	d.mu.Lock()
	defer d.mu.Unlock()
	current := d.generations[len(d.generations)-1]
	for _, p := range puts {
		current.puts[p.key] = p.value
	}
	d.at, d.end = d.at.next(applied, c), end
	current.end, current.commits = end, d.at.commits
	return nil
}

// splitPurged tells the entries that c purges and that are here from those that
// come with c itself, of a ledger of this size.
func splitPurged(c *state.Changes, size uint64) (old []uint64, fresh map[uint64]bool, err error) {
	for _, i := range c.Purged {
		switch {
		case i >= c.Head.Size:
			return nil, nil, fmt.Errorf("purge %d: %w", i, ErrNoEntry)
		case i < size:
			old = append(old, i)
		default:
			if fresh == nil {
				fresh = make(map[uint64]bool)
			}
			fresh[i] = true
		}
	}
	return old, fresh, nil
}

// encode makes the records of entries and bodies, located from 0 on. A body that
// is purged does not come to the disk.
func (b *buffers) encode(first uint64, c *state.Changes, purged map[uint64]bool) {
	b.entries, b.bodies, b.locations = b.entries[:0], b.bodies[:0], b.locations[:0]
	for i := range c.Records {
		r := &c.Records[i]
		at := location{
			entry: span{place{offset: uint32(len(b.entries))}, uint32(8 + len(r.Item.Entry.Raw))},
			body:  span{place{offset: uint32(len(b.bodies))}, uint32(len(r.Item.Body))},
		}
		named, here := r.Item.Entry.Statement.BodyLen > 0, len(r.Item.Body) > 0 && !purged[first+uint64(i)]
		if named && !here {
			at.body = absent
		}
		var time [8]byte
		binary.BigEndian.PutUint64(time[:], r.Time)
		b.entries = encodeRecord(b.entries, first+uint64(i), time[:], r.Item.Entry.Raw)
		if here {
			b.bodies = encodeRecord(b.bodies, first+uint64(i), nil, r.Item.Body)
		}
		b.locations = append(b.locations, at)
	}
}

// encodeIndex makes the index records for what will lie at end.
func (b *buffers) encodeIndex(f *flat, end position) {
	b.index = b.index[:0]
	var payload [indexLen]byte
	for i, at := range b.locations {
		at.entry.segment, at.entry.offset = end.entries.segment, at.entry.offset+end.entries.offset
		if at.body != absent {
			at.body.segment, at.body.offset = end.bodies.segment, at.body.offset+end.bodies.offset
		}
		b.index = f.encode(b.index, end.size+uint64(i), at.marshal(payload[:0]))
	}
}

func (b *buffers) encodeHashes(f *flat, size uint64, c *state.Changes) {
	b.hashes = b.hashes[:0]
	for i := range c.Hashes {
		b.hashes = f.encode(b.hashes, hashCount(size)+uint64(i), c.Hashes[i][:])
	}
}

// put is a change that the store owns.
type put struct {
	key   string // table || key
	value []byte
}

// ownPuts copies changes, whose slices may be parts of a whole Raft command,
// into one piece of memory each for all keys and all values.
func ownPuts(puts []state.Put) []put {
	var nk, nv int
	for _, p := range puts {
		nk, nv = nk+1+len(p.Key), nv+len(p.Value)
	}
	keys, values := make([]byte, 0, nk), make([]byte, 0, nv)
	for _, p := range puts {
		keys = append(append(keys, byte(p.Table)), p.Key...)
		values = append(values, p.Value...)
	}
	all, out := string(keys), make([]put, len(puts))
	for i, p := range puts {
		n := 1 + len(p.Key)
		out[i].key, all = all[:n], all[n:]
		if p.Value != nil {
			n = len(p.Value)
			out[i].value, values = values[:n:n], values[n:]
		}
	}
	return out
}
