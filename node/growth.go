package node

import (
	"sort"
	"time"

	"comity/ledger/state"
	"comity/ledger/store"
)

// growthDays is how far back the growth of the ledger is looked at.
const growthDays = 30

// timeOf returns the ledger time of the last of so many entries, 0 for none.
func (s *served) timeOf(size uint64) (uint64, error) {
	if size == 0 {
		return 0, nil
	}
	t, _, err := s.store.Entry(size - 1)
	return t, err
}

// finalAge returns how old the last entry is that is FINAL while others wait; while
// the ledger is empty or all of it is FINAL it is 0.
func (s *served) finalAge() time.Duration {
	head, err := state.ReadHead(s.store)
	if err != nil {
		return 0
	}
	final := uint64(0)
	if f := s.final.Load(); f != nil {
		final = f.at.Size
	}
	if final >= head.Size {
		return 0
	}
	from, err := s.timeOf(final)
	if err != nil {
		return 0
	}
	if final == 0 { // since the first
		if from, err = s.timeOf(1); err != nil {
			return 0
		}
	}
	return max(0, s.clock().Sub(time.UnixMilli(int64(from))))
}

// diskDays returns for how many days the free bytes last, -1 when that cannot be
// told.
func (s *served) diskDays(used, free int64) (int64, error) {
	head, err := state.ReadHead(s.store)
	if err != nil {
		return -1, err
	}
	return lasts(s.store, head, 1000*s.genesis.Charter.Created, used, free)
}

// lasts says how many days free bytes last, if entries come as they did in the last
// days of ledger time and take as much room as those so far. A ledger of less than
// a day tells nothing.
func lasts(s store.Store, head state.Head, begun uint64, used, free int64) (int64, error) {
	const day = uint64(24 * time.Hour / time.Millisecond)
	if head.Size == 0 || used <= 0 || free < 0 || head.Time < begun+day {
		return -1, nil
	}
	from := max(begun, head.Time-min(head.Time, growthDays*day))
	var failed error
	before := sort.Search(int(head.Size), func(i int) bool {
		t, _, err := s.Entry(uint64(i))
		if err != nil {
			failed = err
		}
		return t >= from
	})
	if failed != nil {
		return -1, failed
	}
	recent := float64(head.Size-uint64(before)) * float64(used) / float64(head.Size) // bytes
	perDay := recent * float64(day) / float64(head.Time-from)
	return int64(min(float64(free)/perDay, maxDiskDays)), nil
}

// maxDiskDays stands for ever.
const maxDiskDays = 1e6
