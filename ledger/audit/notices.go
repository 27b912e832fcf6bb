package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"os"

	"comity/ledger"
	"comity/ledger/state"
)

// notices is the table of notices of the state: a file of slots, each free (zero)
// or with one notice, found by open addressing a hash of its id that
// nobody who makes a bundle can know.
//
//	slot = id[32] || notice of the state[28] || review_by u32
type notices struct {
	files *files
	f     *os.File
	seed  maphash.Seed
	bits  int    // 2^bits slots
	used  uint64 // slots
	buf   [probe]byte
}

const (
	slotLen    = 32 + state.NoticeBytes + 4
	probe      = 4 * slotLen // bytes that one read looks at
	firstSlots = 14          // bits, and for a large ledger
	mostSlots  = 21
)

var noSlot [slotLen]byte

// newNotices makes a table for about as many notices; what somebody says that
// there will be costs at most the length of a file that is all holes.
func newNotices(f *files, about uint64) (*notices, error) {
	t := &notices{files: f, bits: firstSlots, seed: maphash.MakeSeed()}
	for t.bits < mostSlots && 1<<t.bits < 2*about {
		t.bits++
	}
	return t, t.create()
}

func (t *notices) create() error {
	f, err := t.files.create(fmt.Sprintf("notices-%d", t.bits))
	if err != nil {
		return err
	}
	if err := f.Truncate(slotLen << t.bits); err != nil {
		return fmt.Errorf("temporary files: %w", err)
	}
	t.f = f
	return nil
}

// find returns the slot of a notice and where it is; zeros and the place for it
// if it has none.
func (t *notices) find(id []byte) ([]byte, int64, error) {
	slots := int64(1) << t.bits
	for i := int64(maphash.Bytes(t.seed, id) >> (64 - t.bits)); ; {
		n := min(probe/slotLen, slots-i)
		buf := t.buf[:n*slotLen]
		if _, err := t.f.ReadAt(buf, i*slotLen); err != nil {
			return nil, 0, fmt.Errorf("temporary files: %w", err)
		}
		for ; len(buf) > 0; buf, i = buf[slotLen:], i+1 {
			if slot := buf[:slotLen]; bytes.Equal(slot[:32], id) || bytes.Equal(slot, noSlot[:]) {
				return slot, i, nil
			}
		}
		if i == slots {
			i = 0
		}
	}
}

// get returns the notice as the state has it, nil when there is none.
func (t *notices) get(id []byte) ([]byte, error) {
	slot, _, err := t.find(id)
	if err != nil || bytes.Equal(slot, noSlot[:]) {
		return nil, err
	}
	return bytes.Clone(slot[32 : 32+state.NoticeBytes]), nil
}

// put sets a notice. With review nil its day of review stays.
func (t *notices) put(id, value []byte, review *uint32) error {
	if len(value) != state.NoticeBytes {
		return fmt.Errorf("audit: a notice of %d bytes", len(value))
	}
	slot, at, err := t.find(id)
	if err != nil {
		return err
	}
	fresh := bytes.Equal(slot, noSlot[:])
	copy(slot, id)
	copy(slot[32:], value)
	if review != nil {
		binary.BigEndian.PutUint32(slot[slotLen-4:], *review)
	}
	if _, err := t.f.WriteAt(slot, at*slotLen); err != nil {
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
func (t *notices) double() error {
	old := *t
	t.bits, t.used = t.bits+1, 0
	if err := t.create(); err != nil {
		return err
	}
	// In the order of the file the new places ascend as well: slots are written
	// in runs, through find, which reads what is in the system's cache.
	err := old.each(func(slot []byte) error {
		_, at, err := t.find(slot[:32])
		if err == nil {
			_, err = t.f.WriteAt(slot, at*slotLen)
		}
		t.used++
		return err
	})
	old.files.discard(old.f)
	return err
}

// each calls do for every slot with a notice.
func (t *notices) each(do func(slot []byte) error) error {
	const run = 1 << 10 // slots; 2^bits is a multiple
	buf := make([]byte, run*slotLen)
	for at := int64(0); at < slotLen<<t.bits; at += int64(len(buf)) {
		if _, err := t.f.ReadAt(buf, at); err != nil {
			return fmt.Errorf("temporary files: %w", err)
		}
		for rest := buf; len(rest) > 0; rest = rest[slotLen:] {
			if bytes.Equal(rest[:slotLen], noSlot[:]) {
				continue
			}
			if err := do(rest[:slotLen]); err != nil {
				return err
			}
		}
	}
	return nil
}

// active calls do for every notice that is active, in no order.
func (t *notices) active(do func(n *state.Notice, review uint32)) error {
	return t.each(func(slot []byte) error {
		n, ok := state.ParseNotice(slot[32 : 32+state.NoticeBytes])
		if !ok {
			return fmt.Errorf("temporary files: %w", ledger.ErrMalformed)
		}
		if n.Status == state.StatusActive {
			do(n, binary.BigEndian.Uint32(slot[slotLen-4:]))
		}
		return nil
	})
}
