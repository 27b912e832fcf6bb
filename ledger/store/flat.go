package store

import (
	"encoding/binary"
	"hash/crc32"
)

// flat is a file of records of one size, found by their number: the hashes of
// the tree, and the index of entries.
//
//	header[64] | { payload, u32 crc32c of payload || u64 number }...
//
// The file says nothing about how many records count: the caller knows.
type flat struct {
	*file
	payload int // bytes
}

// createFlat makes an empty flat file.
func createFlat(d *folder, kind string, payload int) (*flat, error) {
	f, err := d.create(kind)
	if err != nil {
		return nil, err
	}
	return &flat{f, payload}, f.write(d.header(kind, 0, 0), 0)
}

// openFlat opens a flat file and cuts what follows its first count records.
func openFlat(d *folder, kind string, payload int, count uint64) (*flat, error) {
	f, err := d.open(kind)
	if err != nil {
		return nil, err
	}
	out := &flat{f, payload}
	if _, err := d.checkHeader(f, kind, 0); err != nil {
		return out, err
	}
	return out, f.cut(out.offset(count))
}

func (f *flat) offset(i uint64) int64 { return headerLen + int64(i)*int64(f.payload+4) }

// encode appends record i to buf.
func (f *flat) encode(buf []byte, i uint64, payload []byte) []byte {
	start := len(buf)
	buf = append(buf, payload...)
	sum := crc32.Checksum(binary.BigEndian.AppendUint64(buf, i)[start:], castagnoli)
	return binary.BigEndian.AppendUint32(buf, sum)
}

// append writes encoded records from the i-th on.
func (f *flat) append(buf []byte, i uint64) error {
	if len(buf) == 0 {
		return nil
	}
	return f.write(buf, f.offset(i))
}

// room is how long a buffer must be for load.
func (f *flat) room() int { return f.payload + 8 }

// load reads the payload of record i into buf.
func (f *flat) load(buf []byte, i uint64) ([]byte, error) {
	if err := f.read(buf[:f.payload+4], f.offset(i)); err != nil {
		return nil, err
	}
	want := binary.BigEndian.Uint32(buf[f.payload:])
	binary.BigEndian.PutUint64(buf[f.payload:], i)
	if crc32.Checksum(buf[:f.payload+8], castagnoli) != want {
		return nil, corrupt(f.name, "record %d is damaged", i)
	}
	return buf[:f.payload], nil
}
