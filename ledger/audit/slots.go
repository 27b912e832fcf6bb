package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"
)

// slots is a table of the state that grows with the ledger: a file of slots, each
// free (zero) or with one value, found by open addressing a hash of its id that
// nobody who makes a bundle can know.
//
//	slot = id[32] || length of the value u16 || value, filled up with zeros || note u64
//
// The note is the audit's own, and stays when the value changes.
type slots struct {
	files *files
	name  string
	f     *os.File
	seed  maphash.Seed
	width int    // of a slot
	bits  int    // 2^bits slots
	used  uint64 // slots
	buf   []byte
}

const (
	slotHead   = 32 + 2
	probe      = 4  // slots that one read looks at
	firstSlots = 14 // bits, and for a large ledger
	mostSlots  = 21
)

// newSlots makes a table of values of up to this length, for about as many; what
// somebody says that there will be costs at most the length of a file that is all
// holes.
func newSlots(f *files, name string, value int, about uint64) (*slots, error) {
	t := &slots{files: f, name: name, width: slotHead + value + 8, bits: firstSlots, seed: maphash.MakeSeed()}
	t.buf = make([]byte, probe*t.width)
	for t.bits < mostSlots && 1<<t.bits < 2*about {
		t.bits++
	}
	return t, t.create()
}

func (t *slots) create() error {
	f, err := t.files.create(fmt.Sprintf("%s-%d", t.name, t.bits))
	if err != nil {
		return err
	}
	if err := f.Truncate(int64(t.width) << t.bits); err != nil {
		return fmt.Errorf("temporary files: %w", err)
	}
	t.f = f
	return nil
}

// free reports whether a slot holds nothing: no id is zero.
func free(slot []byte) bool { return allZero(slot[:32]) }

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// find returns the slot of an id and where it is; zeros and the place for it if
// it has none.
func (t *slots) find(id []byte) ([]byte, int64, error) {
	all := int64(1) << t.bits
	for i := int64(maphash.Bytes(t.seed, id) >> (64 - t.bits)); ; {
		buf := t.buf[:min(probe, all-i)*int64(t.width)]
		if _, err := t.f.ReadAt(buf, i*int64(t.width)); err != nil {
			return nil, 0, fmt.Errorf("temporary files: %w", err)
		}
		for ; len(buf) > 0; buf, i = buf[t.width:], i+1 {
			if slot := buf[:t.width]; bytes.Equal(slot[:32], id) || free(slot) {
				return slot, i, nil
			}
		}
		if i == all {
			i = 0
		}
	}
}

// get returns the value as the state has it, nil when there is none.
func (t *slots) get(id []byte) ([]byte, error) {
	if t.used == 0 {
		return nil, nil
	}
	slot, _, err := t.find(id)
	if err != nil || free(slot) {
		return nil, err
	}
	_, value, _ := t.parts(slot)
	return bytes.Clone(value), nil
}

// put sets a value. The note is changed by what is added to it.
func (t *slots) put(id, value []byte, add uint64) error {
	if len(value) > t.width-8-slotHead {
		return fmt.Errorf("audit: a value of %d bytes in the table of %s", len(value), t.name)
	}
	slot, at, err := t.find(id)
	if err != nil {
		return err
	}
	fresh := free(slot)
	copy(slot, id)
	binary.BigEndian.PutUint16(slot[32:], uint16(len(value)))
	clear(slot[slotHead+copy(slot[slotHead:], value) : t.width-8])
	note := slot[t.width-8:]
	binary.BigEndian.PutUint64(note, binary.BigEndian.Uint64(note)+add)
	if _, err := t.f.WriteAt(slot, at*int64(t.width)); err != nil {
		return fmt.Errorf("temporary files: %w", err)
	}
	if !fresh {
		return nil
	}
	if t.used++; t.used*2 < 1<<t.bits {
		return nil
	}
	return t.double()
}

// double moves all to a file of twice as many slots.
func (t *slots) double() error {
	old := *t
	t.bits, t.used = t.bits+1, 0
	t.buf = make([]byte, probe*t.width)
	if err := t.create(); err != nil {
		return err
	}
	// In the order of the file the new places ascend as well: slots are written
	// in runs, through find, which reads what is in the system's cache.
	err := old.each(func(slot []byte) error {
		_, at, err := t.find(slot[:32])
		if err == nil {
			_, err = t.f.WriteAt(slot, at*int64(t.width))
		}
		t.used++
		return err
	})
	old.files.discard(old.f)
	return err
}

// each calls do for every slot with a value, in no order.
func (t *slots) each(do func(slot []byte) error) error {
	if t.used == 0 && t.bits == firstSlots {
		return nil
	}
	const run = 1 << 10 // slots; 2^bits is a multiple
	buf := make([]byte, run*t.width)
	for at := int64(0); at < int64(t.width)<<t.bits; at += int64(len(buf)) {
		if _, err := t.f.ReadAt(buf, at); err != nil {
			return fmt.Errorf("temporary files: %w", err)
		}
		for rest := buf; len(rest) > 0; rest = rest[t.width:] {
			if free(rest) {
				continue
			}
			if err := do(rest[:t.width]); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts returns what is in a slot.
func (t *slots) parts(slot []byte) (id, value []byte, note uint64) {
	length := int(binary.BigEndian.Uint16(slot[32:]))
	return slot[:32], slot[slotHead : slotHead+length], binary.BigEndian.Uint64(slot[t.width-8:])
}
