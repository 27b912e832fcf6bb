package node

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// snapshotter takes a snapshot when enough has been applied since the last
// one, so that a restart replays little and memory stays bounded, and sizes by
// bytes the part of the log that Raft keeps for followers that fall behind.
type snapshotter struct {
	raft *raft.Raft
	fsm  *fsm
	logs *GuardStore
	log  *slog.Logger

	order sync.Mutex // held while a snapshot is taken, and the trailing log sized
}

const (
	snapshotBytes = 32 << 20        // of commands since the last snapshot
	snapshotCount = 20_000          // commands since the last snapshot
	snapshotAge   = 2 * time.Minute // if anything was applied
	trailingBytes = 64 << 20        // of the log, kept behind a snapshot
	minTrailing   = 256             // commands
	maxTrailing   = 64 << 10
	lookEvery     = time.Second
	epochShare    = 32 // of the trailing log, at least: an epoch of its keys; so some 34 live at a time
)

// run looks after snapshots until ctx ends.
func (s *snapshotter) run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var bytes, count int64 // applied at the last snapshot
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		newBytes, newCount := s.fsm.bytes.Load()-bytes, s.fsm.count.Load()-count
		due := newBytes >= snapshotBytes || newCount >= snapshotCount || newCount > 0 && time.Since(last) >= snapshotAge
		if !due {
			continue
		}
		trailing, err := s.take(newBytes / max(newCount, 1))
		if err != nil {
			if ctx.Err() == nil {
				s.log.Error("take snapshot", "error", err)
			}
			continue
		}
		if err := s.logs.NextEpoch(trailing / epochShare); err != nil { // it stops the node
			return
		}
		bytes, count, last = bytes+newBytes, count+newCount, time.Now()
	}
}

// take takes a snapshot, and sizes the trailing log for commands of a mean size.
func (s *snapshotter) take(mean int64) (trailing uint64, err error) {
	s.order.Lock()
	defer s.order.Unlock()
	trailing = s.size(mean)
	if err := s.raft.Snapshot().Error(); err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return 0, err
	}
	return trailing, nil
}

// errTail is returned for a compaction that would leave nothing of the log.
var errTail = errors.New("the log ends there")

// compact takes a snapshot and drops the log up to an index, if the snapshot is
// beyond it, and leaves what comes after for followers that are a little behind.
// The caller sees from the log whether it was.
func (s *snapshotter) compact(index uint64) error {
	s.order.Lock()
	defer s.order.Unlock()
	last, err := s.logs.LastIndex()
	if err != nil {
		return err
	}
	if last <= index {
		return errTail
	}
	rc := s.raft.ReloadableConfig()
	usual := rc.TrailingLogs
	rc.TrailingLogs = min(usual, last-index)
	if err := s.raft.ReloadConfig(rc); err != nil {
		return err
	}
	err = s.raft.Snapshot().Error()
	rc.TrailingLogs = usual
	return errors.Join(err, s.raft.ReloadConfig(rc))
}

// size lets the trailing log hold about trailingBytes of commands of this mean
// size, and returns how many that is.
func (s *snapshotter) size(mean int64) uint64 {
	rc := s.raft.ReloadableConfig()
	rc.TrailingLogs = uint64(min(max(trailingBytes/max(mean, 1), minTrailing), maxTrailing))
	rc.SnapshotThreshold = math.MaxUint64
	if err := s.raft.ReloadConfig(rc); err != nil {
		s.log.Error("size the trailing log", "error", err)
	}
	return rc.TrailingLogs
}
