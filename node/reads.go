package node

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
	"golang.org/x/mod/sumdb/tlog"
)

// finality is the last FINAL checkpoint and its note.
type finality struct {
	at     *state.Collected
	note   []byte
	signed func() ([]byte, error) // the note with our origin line, made when it is first asked for
}

// setFinal keeps the note of a FINAL checkpoint for all who ask for it.
func (r *replica) setFinal(c *state.Collected) {
	if c == nil {
		return
	}
	p := r.roster.policy(c.Size)
	note := ledger.FormatNote(ledger.Checkpoint{Origin: p.Origin, Size: c.Size, Root: c.Root}, p.Witness, c.Cosigs)
	f := &finality{c, note, sync.OnceValues(func() ([]byte, error) { return ledger.SignOrigin(r.cfg.Witness, p, note) })}
	r.final.Store(f)
	r.gossip.remember(f)
}

// waitFinal waits until a FINAL checkpoint covers more than size entries.
func (s *served) waitFinal(ctx context.Context, size uint64) (*finality, error) {
	for {
		moved := s.moved.wait()
		if f := s.final.Load(); f != nil && f.at.Size > size {
			return f, nil
		}
		select {
		case <-moved:
		case <-s.ctx.Done():
			return nil, errStopping
		case <-ctx.Done():
			return nil, &wire.Error{Code: wire.NotFinal, Message: fmt.Sprintf("no FINAL checkpoint covers entry %d yet", size)}
		}
	}
}

// receipt proves that the entry at index is under the last FINAL checkpoint.
func (s *served) receipt(ctx context.Context, index uint64) (*ledger.Receipt, error) {
	f, err := s.waitFinal(ctx, index)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveRecord(int64(f.at.Size), int64(index), s.store)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return &ledger.Receipt{Index: index, Proof: proof, Note: f.note}, nil
}

// readIndex returns a position such that a read at or after it sees everything
// that was acknowledged before this call. Only the leader answers. It costs a
// barrier, which those who ask meanwhile share: VerifyLeader alone would let a deposed
// leader serve stale reads.
func (r *replica) readIndex() (*wire.ReadIndex, error) {
	if err := r.barriers.pass(func() error { return r.raft.Barrier(barrierTimeout).Error() }); err != nil {
		return nil, errNotLeader
	}
	return &wire.ReadIndex{Applied: r.store.Applied()}, nil
}

const barrierTimeout = 5 * time.Second

// barriers lets all who ask while a barrier is under way share the next one: each is
// an entry in every node's log, and anybody may ask as often as it likes.
type barriers struct {
	mu   sync.Mutex // guards what follows
	next *barrier   // the one that has not begun, nil while nobody waits for it
	busy bool
}

type barrier struct {
	done chan struct{} // closed when it is over
	err  error         // set before that
}

// pass waits for a barrier that begins after the call.
func (b *barriers) pass(do func() error) error {
	b.mu.Lock()
	if b.next == nil {
		b.next = &barrier{done: make(chan struct{})}
	}
	if !b.busy {
		b.busy = true
		go b.run(do) // ends when nobody waits, at the latest when Raft has
	}
	mine := b.next
	b.mu.Unlock()
	<-mine.done
	return mine.err
}

func (b *barriers) run(do func() error) {
	for {
		b.mu.Lock()
		one := b.next
		b.next, b.busy = nil, one != nil
		b.mu.Unlock()
		if one == nil {
			return
		}
		one.err = do()
		close(one.done)
	}
}

// fresh waits until a read of the local state is linearizable. Every position that
// a leader names since the call would do, so the lowest counts; and it waits for
// that only so long before it asks again: one leader who names a position that
// never comes must not hold it up beyond his time.
func (r *replica) fresh(ctx context.Context) error {
	for least := uint64(math.MaxUint64); ctx.Err() == nil; {
		_, leader := r.raft.LeaderWithID()
		var at *wire.ReadIndex
		var err error
		while, cancel := whileLeading(ctx, r.raft, leader)
		switch string(leader) {
		case "":
			err = errNoLeader
		case r.name:
			at, err = r.readIndex()
		default:
			at, err = r.peers.ReadIndex(while, string(leader))
		}
		cancel()
		if err == nil {
			least = min(least, at.Applied)
			turn, cancel := context.WithTimeout(ctx, freshTurn)
			err = r.waitApplied(turn, least)
			cancel()
			if err == nil {
				return nil
			}
		}
		select {
		case <-time.After(retryPause):
		case <-ctx.Done():
		}
	}
	return errNoLeader
}

// freshTurn is long for applying what a leader has applied.
const freshTurn = 2 * time.Second

// arrive waits until this node has applied all that a majority had committed at
// some moment after it started, as the leader says, and what others hold: a leader
// that names a position too low would have it serve what was purged.
func (r *replica) arrive(ctx context.Context) {
	for ctx.Err() == nil {
		if r.fresh(ctx) == nil && r.asFar(ctx) {
			r.current.Store(true)
			return
		}
		pauseFor(ctx, retryPause)
	}
}

// asFar waits until this node holds what one of the others does that is honest. Where
// none may be dishonest, the leader is not.
func (r *replica) asFar(ctx context.Context) bool {
	f := r.faults()
	if f == 0 {
		return true
	}
	size, ok := farthest(ctx, r.otherVoters(), f, func(ctx context.Context, name string) (uint64, error) {
		s, err := r.peers.Status(ctx, name)
		if err != nil {
			return 0, err
		}
		return s.Size, nil
	})
	if !ok {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, freshTurn)
	defer cancel()
	return r.waitSize(ctx, size) == nil
}

// waitSize waits until the ledger has so many entries here.
func (s *served) waitSize(ctx context.Context, size uint64) error {
	for {
		moved := s.moved.wait()
		if head, err := state.ReadHead(s.store); err != nil || head.Size >= size {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return errNoLeader
		}
	}
}

// cutOffAfter is for how long a node that is cut off serves what it knew: as if it
// had just started, it cannot know what was purged meanwhile.
const cutOffAfter = 24 * time.Hour

// testingOnlyCutOff, if not 0, is in the place of cutOffAfter.
var testingOnlyCutOff time.Duration

// stayCurrent lets the node serve clients while it knows, or may think that it
// knows, what was purged: once it has arrived, and until it has heard of no leader
// for too long. Then it has to arrive again.
func (r *replica) stayCurrent(ctx context.Context) {
	limit := cutOffAfter
	if testingOnlyCutOff != 0 {
		limit = testingOnlyCutOff
	}
	r.arrive(ctx)
	for heard := time.Now(); sleep(ctx, lookEvery); {
		// A machine that slept comes here first, before it believes what it heard then.
		if passed(heard, time.Now()) > limit {
			r.current.Store(false)
			r.log.Error("this node has heard of no leader for too long: it gives clients no entries until it has", "limit", limit)
			r.arrive(ctx)
			heard = time.Now()
		}
		if _, leader := r.raft.LeaderWithID(); leader != "" && !r.gossip.stands() {
			heard = time.Now()
		}
	}
}

// passed returns how long ago a moment was, by the clock that stands still while
// the machine sleeps or by the one that may be set, whichever says more.
func passed(since, now time.Time) time.Duration {
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}

// errNotArrived is the answer to a client that asks a node for bodies which were
// purged, for all it knows: its disk may be an old copy, or it was cut off.
var errNotArrived = &wire.Error{Code: wire.NoLeader, Message: "this node has not reached a majority of the bureaus' nodes since it started, or for a day, and cannot know what was purged meanwhile"}

// arrived waits a little for arrive.
func (s *served) arrived(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, arriveTime)
	defer cancel()
	for !s.current.Load() {
		if !sleep(ctx, retryPause) {
			return s.late
		}
	}
	return nil
}

const arriveTime = 5 * time.Second

// maxQuiet bounds the search of [quiet].
const maxQuiet = 4096

// quiet reports whether the log has no command above one index up to another. The
// ledger stands at its last command, but for that of a node which restored a snapshot
// of a later index: it would name a position that nobody comes to before somebody
// writes.
func quiet(logs raft.LogStore, from, to uint64) bool {
	if logs == nil || to-from > maxQuiet {
		return false
	}
	for i := from + 1; i <= to; i++ {
		var l raft.Log
		if err := logs.GetLog(i, &l); err != nil || l.Type == raft.LogCommand {
			return false
		}
	}
	return true
}

func (r *replica) waitApplied(ctx context.Context, index uint64) error {
	for {
		moved := r.moved.wait()
		if applied := r.store.Applied(); applied >= index || r.raft.CommitIndex() >= index && quiet(r.logs, applied, index) {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return errNoLeader
		}
	}
}
