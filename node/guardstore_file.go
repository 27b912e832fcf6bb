package node

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// bbolt trusts its file. It maps it into memory and follows page numbers and
// offsets wherever they lead: one flipped bit, or a file cut short, ends the
// process with SIGSEGV, partly on a goroutine of bbolt's own where nothing can
// be recovered. When a meta page does not check it silently takes the older one,
// and with it forgets the last transaction: an entry, or a vote.
//
// checkBoltFile therefore reads the file first, with ordinary reads, and refuses
// every structure that bbolt would not have written:
//
//   - both meta pages check, and are one transaction apart. A meta page is 80
//     bytes in one disk sector, which is written whole or not at all, so that
//     power loss leaves it valid.
//   - the file is as long as the high-water mark says;
//   - the tree reaches each page once, under its own number; elements lie side by
//     side without gap; keys ascend within what the parent allows;
//   - there are two buckets, logs and conf, and log keys are 8 bytes.
//
// Values are not read here: each has a checksum of its own. What remains is a
// flip of a page number that leads to an older copy of the same page; whoever
// opens the store should hold LastIndex against what the ledger has applied.

// boltKeys are the keys of a file that has passed.
type boltKeys struct {
	logs []uint64
	conf [][]byte
}

const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	boltPageHead   = 16 // u64 id || u16 flags || u16 count || u32 overflow
	boltElement    = 16 // leaf: u32 flags, pos, ksize, vsize; branch: u32 pos, ksize, u64 page
	boltMetaSize   = 64
	boltBucketHead = 16 // u64 root page, 0 if inline || u64 sequence
	boltBranch     = 0x01
	boltLeaf       = 0x02
	boltSubBucket  = 0x01
	boltNoFreelist = math.MaxUint64
	boltMaxDepth   = 32
	boltMaxKey     = 1 << 10 // ours have 8 bytes, raft's stable keys a few more
)

// boltMeta is what a meta page says.
type boltMeta struct {
	pageSize             uint32
	root, freelist, high uint64 // page numbers; high is the first never used
	tx                   uint64
}

// boltFile is a bbolt file that is being checked.
type boltFile struct {
	r    io.ReaderAt
	page int64
	high uint64
	seen []bool // by page number
}

// checkBoltFile checks the bbolt file of the given size in r and lists its keys.
func checkBoltFile(r io.ReaderAt, size int64) (*boltKeys, error) {
	first, err := readBoltMeta(r, 0)
	if err != nil {
		return nil, fmt.Errorf("meta page 0: %w", err)
	}
	second, err := readBoltMeta(r, int64(first.pageSize))
	if err != nil {
		return nil, fmt.Errorf("meta page 1: %w", err)
	}
	now, before := first, second
	if second.tx > first.tx {
		now, before = second, first
	}
	if now.pageSize != before.pageSize || now.tx != before.tx+1 || now.freelist != boltNoFreelist {
		return nil, errBolt("the two meta pages do not follow one another")
	}
	f := &boltFile{r: r, page: int64(now.pageSize), high: now.high}
	if high := max(now.high, before.high); high > uint64(size/f.page) {
		return nil, errBolt("the file is cut short: %d bytes, of which %d pages of %d are in use", size, high, f.page)
	}
	f.seen = make([]bool, f.high)
	return f.buckets(now.root)
}

type errBoltFile string

func (e errBoltFile) Error() string { return string(e) }

func errBolt(format string, args ...any) error { return errBoltFile(fmt.Sprintf(format, args...)) }

// readBoltMeta reads the meta page at offset.
func readBoltMeta(r io.ReaderAt, offset int64) (boltMeta, error) {
	var b [boltMetaSize]byte
	if _, err := r.ReadAt(b[:], offset+boltPageHead); err != nil {
		return boltMeta{}, errBolt("the file is cut short")
	}
	sum := fnv.New64a()
	sum.Write(b[:56])
	word := binary.NativeEndian
	m := boltMeta{pageSize: word.Uint32(b[8:]), root: word.Uint64(b[16:]), freelist: word.Uint64(b[32:]), high: word.Uint64(b[40:]), tx: word.Uint64(b[48:])}
	switch {
	case word.Uint32(b[0:]) != boltMagic || word.Uint32(b[4:]) != boltVersion:
		return boltMeta{}, errBolt("not a bbolt file")
	case word.Uint64(b[56:]) != sum.Sum64():
		return boltMeta{}, errRecord
	case m.pageSize < 1<<9 || m.pageSize > 1<<20 || m.pageSize&(m.pageSize-1) != 0 || m.high > 1<<40:
		return boltMeta{}, errBolt("page size %d", m.pageSize)
	}
	return m, nil
}

// buckets walks the root bucket and the two in it.
func (f *boltFile) buckets(root uint64) (*boltKeys, error) {
	keys := new(boltKeys)
	var names []string
	err := f.walk(root, nil, nil, 0, func(e boltElem) error {
		if e.flags != boltSubBucket || e.valueSize < boltBucketHead {
			return errBolt("key %q outside of a bucket", e.key)
		}
		names = append(names, string(e.key))
		var visit func(boltElem) error
		switch string(e.key) {
		case "logs":
			visit = func(e boltElem) error {
				if e.flags != 0 || len(e.key) != 8 {
					return errBolt("log key %x", e.key)
				}
				keys.logs = append(keys.logs, binary.BigEndian.Uint64(e.key))
				return nil
			}
		case "conf":
			visit = func(e boltElem) error {
				if e.flags != 0 {
					return errBolt("stable key %q", e.key)
				}
				keys.conf = append(keys.conf, e.key)
				return nil
			}
		default:
			return errBolt("bucket %q", e.key)
		}
		return f.bucket(e, visit)
	})
	if err != nil {
		return nil, err
	}
	if len(names) != 2 {
		return nil, errBolt("buckets %q", names)
	}
	return keys, nil
}

// bucket walks the bucket whose header is the value of e: either a page number,
// or a small page that follows the header in the value itself.
func (f *boltFile) bucket(e boltElem, visit func(boltElem) error) error {
	var head [boltBucketHead]byte
	if err := e.read(head[:], 0); err != nil {
		return err
	}
	root := binary.NativeEndian.Uint64(head[:])
	if root != 0 {
		if e.valueSize != boltBucketHead {
			return errBolt("bucket %q of %d bytes", e.key, e.valueSize)
		}
		return f.walk(root, nil, nil, 1, visit)
	}
	if e.valueSize > f.page {
		return errBolt("inline bucket %q of %d bytes", e.key, e.valueSize)
	}
	inline := make([]byte, e.valueSize-boltBucketHead)
	if err := e.read(inline, boltBucketHead); err != nil {
		return err
	}
	p, err := readBoltPage(bytes.NewReader(inline), 0)
	if err != nil {
		return err
	}
	if p.id != 0 || p.flags != boltLeaf || p.overflow != 0 || p.size != int64(len(inline)) {
		return errBolt("inline bucket %q", e.key)
	}
	return p.each(nil, nil, visit)
}

// walk visits the leaf elements under a page in order. All their keys lie from
// low on and before high; nil bounds nothing.
func (f *boltFile) walk(id uint64, low, high []byte, depth int, visit func(boltElem) error) error {
	if id < 2 || id >= f.high || depth > boltMaxDepth {
		return errBolt("page %d is none of the tree", id)
	}
	p, err := readBoltPage(f.r, int64(id)*f.page)
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if p.id != id || int64(p.overflow) != (p.size+f.page-1)/f.page-1 || uint64(p.overflow) >= f.high-id {
		return errBolt("page %d has a damaged head", id)
	}
	for i := id; i <= id+uint64(p.overflow); i++ {
		if f.seen[i] {
			return errBolt("page %d is reached twice", i)
		}
		f.seen[i] = true
	}
	switch {
	case p.flags == boltLeaf && (len(p.elems) > 0 || low == nil): // only a root may be empty
		return p.each(low, high, visit)
	case p.flags == boltBranch && len(p.elems) > 0:
		var children []boltElem
		if err := p.each(low, high, func(e boltElem) error { children = append(children, e); return nil }); err != nil {
			return err
		}
		for i, e := range children {
			below := high
			if i+1 < len(children) {
				below = children[i+1].key
			}
			if err := f.walk(e.child, e.key, below, depth+1, visit); err != nil {
				return err
			}
		}
		return nil
	}
	return errBolt("page %d is neither branch nor leaf", id)
}
