package node

import (
	"bytes"
	"encoding/binary"
	"io"
)

// boltPage is the head and the elements of one bbolt page. On disk:
//
//	u64 id || u16 flags || u16 count || u32 overflow || element[count] || (key || value)[count]
//
// in the machine's byte order, each key and value right after the one before.
// overflow is how many pages more the data runs on.
type boltPage struct {
	id       uint64
	flags    uint16
	overflow uint32
	size     int64 // head, elements and data
	elems    []boltElem
}

// boltElem is one element. Its key is read when the page is visited.
type boltElem struct {
	flags     uint32 // of a leaf
	child     uint64 // of a branch
	key       []byte
	keySize   int
	valueSize int64
	data      int64 // offset of the key in r
	r         io.ReaderAt
}

// read reads from the element's value.
func (e boltElem) read(b []byte, from int64) error {
	if _, err := e.r.ReadAt(b, e.data+int64(e.keySize)+from); err != nil {
		return errBolt("page data is cut short")
	}
	return nil
}

// readBoltPage reads the page at offset, without its data.
func readBoltPage(r io.ReaderAt, offset int64) (*boltPage, error) {
	word := binary.NativeEndian
	var head [boltPageHead]byte
	if _, err := r.ReadAt(head[:], offset); err != nil {
		return nil, errBolt("page head is cut short")
	}
	count := int64(word.Uint16(head[10:]))
	p := &boltPage{id: word.Uint64(head[0:]), flags: word.Uint16(head[8:]), overflow: word.Uint32(head[12:])}
	p.size = boltPageHead + count*boltElement
	table := make([]byte, count*boltElement) // at most 1 MiB
	if _, err := r.ReadAt(table, offset+boltPageHead); err != nil && count > 0 {
		return nil, errBolt("page elements are cut short")
	}
	for i := range count {
		b := table[i*boltElement:]
		e := boltElem{r: r, data: offset + p.size}
		var pos uint32
		switch p.flags {
		case boltLeaf:
			e.flags, pos = word.Uint32(b[0:]), word.Uint32(b[4:])
			e.keySize, e.valueSize = int(word.Uint32(b[8:])), int64(word.Uint32(b[12:]))
		case boltBranch:
			pos, e.keySize, e.child = word.Uint32(b[0:]), int(word.Uint32(b[4:])), word.Uint64(b[8:])
		default:
			return nil, errBolt("page of type %#x", p.flags)
		}
		// pos counts from the start of the element.
		if boltPageHead+i*boltElement+int64(pos) != p.size || e.keySize < 1 || e.keySize > boltMaxKey {
			return nil, errBolt("element %d is out of place", i)
		}
		p.size += int64(e.keySize) + e.valueSize
		p.elems = append(p.elems, e)
	}
	return p, nil
}

// each visits the elements in order and demands that their keys ascend, from low
// on and before high.
func (p *boltPage) each(low, high []byte, visit func(boltElem) error) error {
	var last []byte
	for i, e := range p.elems {
		e.key = make([]byte, e.keySize)
		if _, err := e.r.ReadAt(e.key, e.data); err != nil {
			return errBolt("key %d is cut short", i)
		}
		if bytes.Compare(e.key, low) < 0 || high != nil && bytes.Compare(e.key, high) >= 0 || i > 0 && bytes.Compare(e.key, last) <= 0 {
			return errBolt("key %d is out of order", i)
		}
		last = e.key
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}
