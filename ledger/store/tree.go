package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"sync"
)

// The tables of the state are one tree on disk, and a file tables-NNNNNNNN.tree
// that only grows holds its nodes. A record's key is table || key; SHA-256 of
// it, six bits at a time, is its path.
//
//	branch = 'B' | ref[64]                                       one child per value of six bits
//	leaf   = 'L' | { u8 key length, key, u32 value length, value }...
//	ref    = u64 offset | u32 length | u32 crc32c of the node     length 0: nothing there
//
// A changed node is written again at the end of the file, and so are those
// above it, up to the root, whose ref is in the file commit. A ref holds the
// checksum of what it points to: whatever is read, present or absent, hangs by
// checksums on the commit that says so, and an old node never passes for a new.
const (
	refLen      = 16
	fanBits     = 6
	fanOut      = 1 << fanBits
	branchLen   = 1 + fanOut*refLen
	kindBranch  = 'B'
	kindLeaf    = 'L'
	maxDepth    = sha256.Size * 8 / fanBits
	leafBytes   = 4 << 10
	recordExtra = 5 // bytes of a record in a leaf beside its key and value
)

// ref points to a node.
type ref struct {
	offset uint64
	length uint32
	sum    uint32
}

func (r ref) marshal(buf []byte) []byte {
	buf = binary.BigEndian.AppendUint64(buf, r.offset)
	buf = binary.BigEndian.AppendUint32(buf, r.length)
	return binary.BigEndian.AppendUint32(buf, r.sum)
}

func parseRef(b []byte) ref {
	return ref{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])}
}

// branch is the decoded form of a branch node.
type branch [fanOut]ref

func parseBranch(node []byte) *branch {
	var b branch
	for i := range b {
		b[i] = parseRef(node[1+i*refLen:])
	}
	return &b
}

func (b *branch) marshal(buf []byte) []byte {
	buf = append(buf, kindBranch)
	for _, r := range b {
		buf = r.marshal(buf)
	}
	return buf
}

// record is a key with its value; a nil value deletes.
type record struct {
	path       [sha256.Size]byte
	key, value []byte
}

// slot returns the child of a branch at this depth that leads to a path.
func slot(path *[sha256.Size]byte, depth int) int {
	bit := depth * fanBits
	pair := uint(path[bit/8])<<8 | uint(path[min(bit/8+1, len(path)-1)])
	return int(pair>>(16-fanBits-bit%8)) % fanOut
}

// nextRecord splits the first record off a leaf without its kind byte.
func nextRecord(leaf []byte) (key, value, rest []byte) {
	n := 1 + int(leaf[0])
	key = leaf[1:n]
	length := int(binary.BigEndian.Uint32(leaf[n:]))
	leaf = leaf[n+4:]
	return key, leaf[:length:length], leaf[length:]
}

func appendRecord(buf, key, value []byte) []byte {
	if len(key) > 255 {
		panic("store: a key of more than 255 bytes")
	}
	buf = append(append(buf, byte(len(key))), key...)
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(value))), value...)
}

// treeFile is the file of a tree.
type treeFile struct{ *file }

// node reads a node into buf, growing it. What passes the checksum is as we
// wrote it, and so is the sequence of its fields.
func (f treeFile) node(buf []byte, r ref) ([]byte, error) {
	if int(r.length) > cap(buf) {
		buf = make([]byte, r.length)
	}
	buf = buf[:r.length]
	if err := f.read(buf, int64(r.offset)); err != nil {
		return buf, err
	}
	if crc32.Checksum(buf, castagnoli) != r.sum {
		return buf, corrupt(f.name, "the node at byte %d is damaged", r.offset)
	}
	return buf, nil
}

// nodes holds buffers for one node each.
var nodes = sync.Pool{New: func() any { b := make([]byte, 0, 2*leafBytes); return &b }}

// get returns a copy of the value of a key, nil when there is none.
func (f treeFile) get(root ref, key []byte) ([]byte, error) {
	buf := nodes.Get().(*[]byte)
	defer nodes.Put(buf)
	path := sha256.Sum256(key)
	for r, depth := root, 0; r.length > 0; depth++ {
		node, err := f.node(*buf, r)
		if err != nil {
			return nil, err
		}
		if node[0] == kindLeaf {
			return find(node[1:], key), nil
		}
		r = parseRef(node[1+slot(&path, depth)*refLen:])
	}
	return nil, nil
}

func find(leaf, key []byte) []byte {
	for len(leaf) > 0 {
		var k, v []byte
		if k, v, leaf = nextRecord(leaf); bytes.Equal(k, key) {
			return append([]byte{}, v...)
		}
	}
	return nil
}
