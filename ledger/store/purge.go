package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Purge implements [Store]. The bytes are overwritten where they lie: a file
// system that writes changed blocks elsewhere, and a disk that does, may keep
// the old ones.
func (d *Disk) Purge(indexes ...uint64) error {
	d.mu.RLock()
	err := d.stopped()
	d.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	at, err := d.bodiesOf(indexes)
	if err != nil {
		return err
	}
	if err := d.bodies.purge(at); err != nil {
		return fmt.Errorf("purge: %w", d.fail(err))
	}
	return nil
}

// body is where the body of an entry lies.
type body struct {
	index uint64
	at    span
}

// bodiesOf returns where the bodies of entries lie, of those that are here.
func (d *Disk) bodiesOf(indexes []uint64) ([]body, error) {
	var out []body
	for _, index := range indexes {
		at, err := d.location(index)
		if err != nil {
			return nil, fmt.Errorf("purge %d: %w", index, err)
		}
		if at.body.length > 0 {
			out = append(out, body{index, at.body})
		}
	}
	return out, nil
}

// purge overwrites the contents of records. All marks are durable before the
// first byte goes: if we die in between, the bodies read as purged, and the next
// purge overwrites what is left of them. That takes two syncs for each segment.
func (s *segments) purge(list []body) (err error) {
	files := make(map[uint32]*file)
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
	}()
	for _, b := range list {
		n := b.at.segment
		if files[n] == nil {
			f, err := s.folder.open(s.name(n))
			if err != nil {
				return err
			}
			files[n] = f
		}
		if err := files[n].write(purgedHead(b), int64(b.at.offset)); err != nil {
			return err
		}
	}
	if err := syncAll(files); err != nil {
		return err
	}
	for _, b := range list {
		if err := files[b.at.segment].write(make([]byte, b.at.length), int64(b.at.offset)+recordHead); err != nil {
			return err
		}
	}
	return syncAll(files)
}

func syncAll(files map[uint32]*file) error {
	for _, f := range files {
		if err := f.sync(); err != nil {
			return err
		}
	}
	return nil
}

func purgedHead(b body) []byte {
	head := binary.BigEndian.AppendUint64(nil, b.index)
	head = binary.BigEndian.AppendUint32(head, markPurged<<24|b.at.length)
	return binary.BigEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
}

// wipe overwrites a file with zeros from an offset to its end. What a crash left
// behind the last Flush counts for nobody and is cut; a body among it would stay
// readable in the free blocks of the disk, beyond the reach of a purge.
func (f *file) wipe(from int64) error {
	if f.reading {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Size() <= from {
		return err
	}
	zeros := make([]byte, min(info.Size()-from, 1<<20))
	for at := from; at < info.Size(); at += int64(len(zeros)) {
		if err := f.write(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return f.sync()
}
