package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"golang.org/x/crypto/cryptobyte"
)

// position says how far the files of a store count: what lies behind it was
// never committed. The zero position is that of a directory just made.
type position struct {
	applied uint64 // Raft index
	size    uint64 // entries
	entries place
	bodies  place
	tables  tree
}

// tree says where the tables are in their file; see tree.go.
type tree struct {
	number uint32 // of the file
	end    uint64 // size of the file
	live   uint64 // bytes of nodes that are reached from the root
	root   ref
}

// The file commit holds the position of the last Flush:
//
//	"comity/1commit\0\0" | ledger id[32] | position | u32 crc32c
//
// It is replaced by renaming commit.new, so that there is always a whole one.
const (
	commitName  = "commit"
	commitNew   = "commit.new"
	commitMagic = headerMagic + "commit\x00\x00"
)

func (p *position) marshal(d *folder) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddBytes([]byte(commitMagic))
	b.AddBytes(d.ledger[:])
	b.AddUint64(p.applied)
	b.AddUint64(p.size)
	for _, at := range []place{p.entries, p.bodies} {
		b.AddUint32(at.segment)
		b.AddUint32(at.offset)
	}
	b.AddUint32(p.tables.number)
	b.AddUint64(p.tables.end)
	b.AddUint64(p.tables.live)
	b.AddBytes(p.tables.root.marshal(nil))
	data := b.BytesOrPanic()
	return binary.BigEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
}

func parsePosition(d *folder, data []byte) (position, error) {
	var (
		p           position
		magic, root []byte
		ledger      [32]byte
		sum         uint32
	)
	in := cryptobyte.String(data)
	ok := in.ReadBytes(&magic, len(commitMagic)) && string(magic) == commitMagic &&
		in.CopyBytes(ledger[:]) && in.ReadUint64(&p.applied) && in.ReadUint64(&p.size) &&
		in.ReadUint32(&p.entries.segment) && in.ReadUint32(&p.entries.offset) &&
		in.ReadUint32(&p.bodies.segment) && in.ReadUint32(&p.bodies.offset) &&
		in.ReadUint32(&p.tables.number) && in.ReadUint64(&p.tables.end) && in.ReadUint64(&p.tables.live) &&
		in.ReadBytes(&root, refLen) && in.ReadUint32(&sum) && in.Empty() &&
		sum == crc32.Checksum(data[:len(data)-4], castagnoli)
	switch {
	case !ok:
		return p, corrupt(commitName, "the record of the last flush is damaged")
	case ledger != d.ledger:
		return p, fmt.Errorf("%s: %w", commitName, ErrOtherLedger)
	}
	p.tables.root = parseRef(root)
	return p, nil
}

// position returns the position of the last Flush.
func (d *folder) position() (position, error) {
	f, err := d.open(commitName)
	if err != nil {
		return position{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return position{}, err
	}
	return parsePosition(d, data)
}

// commit makes p the position of the last Flush. All that p counts must be
// durable.
func (d *folder) commit(p position) error {
	if err := d.root.Remove(commitNew); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := d.create(commitNew)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.write(p.marshal(d), 0); err != nil {
		return err
	}
	if err := f.sync(); err != nil {
		return err
	}
	// If we die before the rename is durable, either commit is found.
	if err := d.rename(commitNew, commitName); err != nil {
		return err
	}
	return d.sync()
}
