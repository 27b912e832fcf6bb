package node

import (
	"errors"
	"fmt"
	"time"

	"comity/ledger/state"
)

// purgedBy returns the index of the purge of a body that this node does not have.
// The store destroys a body before the purge is seen, so it waits a moment. A node
// that fetched the entry without its body may not have the purge yet either: then
// it does not hand the entry on, as nobody could tell that from keeping it back.
func (s *served) purgedBy(index uint64) (uint64, error) {
	limit := time.NewTimer(purgeShows)
	defer limit.Stop()
	for {
		moved := s.moved.wait()
		by, err := readPurgedBy(s.store, index)
		if err != nil || by > 0 {
			return by, err
		}
		select {
		case <-moved:
		case <-limit.C:
			return 0, fmt.Errorf("body %d: %w", index, errNoPurge)
		case <-s.ctx.Done():
			return 0, errStopping
		}
	}
}

// purgeShows is long for the commit of a purge.
const purgeShows = 2 * time.Second

var errNoPurge = errors.New("it is not here, and its purge is not yet")

// readPurgedBy returns the index of the purge of a body, 0 for none: a purge is
// never the first entry.
func readPurgedBy(v state.View, index uint64) (uint64, error) {
	id, ok, err := state.BodyOf(v, index)
	if err != nil || !ok {
		return 0, err
	}
	n, err := state.ReadNotice(v, id)
	switch {
	case err != nil:
		return 0, err
	case n != nil:
		return max(n.Purged, 1) - 1, nil
	}
	r, err := state.ReadReply(v, id)
	if err != nil || r == nil {
		return 0, err
	}
	return max(r.Purged, 1) - 1, nil
}
