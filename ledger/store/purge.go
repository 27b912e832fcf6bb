package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Purge implements [Store]. The bytes are overwritten where they lie: a file
// system that writes changed blocks elsewhere, and a disk that does, may keep
// the old ones.
func (d *Disk) Purge(index uint64) error {
	at, err := d.location(index)
	if err != nil {
		return fmt.Errorf("purge %d: %w", index, err)
	}
	if at.body.length == 0 {
		return nil
	}
	d.mu.RLock()
	err = d.failed
	d.mu.RUnlock()
	if err != nil {
		return fmt.Errorf("purge %d: %w", index, err)
	}
	if err := d.bodies.purge(at.body, index); err != nil {
		return fmt.Errorf("purge %d: %w", index, d.fail(err))
	}
	return nil
}

// purge overwrites the content of a record. The mark is durable before the
// first byte goes: if we die in between, the body reads as purged, and the next
// purge overwrites what is left of it.
func (s *segments) purge(at span, index uint64) error {
	f, err := s.folder.open(s.name(at.segment))
	if err != nil {
		return err
	}
	defer f.Close()
	head := binary.BigEndian.AppendUint64(nil, index)
	head = binary.BigEndian.AppendUint32(head, markPurged<<24|at.length)
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	if err := f.write(head, int64(at.offset)); err != nil {
		return err
	}
	if err := f.sync(); err != nil {
		return err
	}
	if err := f.write(make([]byte, at.length), int64(at.offset)+recordHead); err != nil {
		return err
	}
	return f.sync()
}
