package node

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrCorrupt is returned for stored data that is not what was stored. The node
// stops on it; the way back is a Repair.
var ErrCorrupt = errors.New("stored data is corrupt")

// GuardOptions tune a GuardStore. The zero value works. There is none to switch
// off fsync.
type GuardOptions struct {
	// MustExist refuses to start a new file. A node that has ever voted sets it:
	// with an empty store it would vote again in a term it has voted in.
	MustExist bool
	// Stall is how long one write may take (30 s).
	Stall time.Duration
	// OnStall is called when a write takes longer; by default it ends the process
	// with code 75.
	OnStall func()
	// OnFail, if set, is called once, with the first error after which the store
	// refuses to go on.
	OnFail func(error)
	// Epochs is the path of the file of epoch keys (the store's with ".epochs" behind).
	Epochs string
	// Floor, if set, is the highest index that Raft must not take back.
	Floor func() uint64
	// Snapshot, if set, is the newest durable snapshot, zeros for none.
	Snapshot func() (index, term uint64, err error)
	// OnRefusal, if set, learns what was refused. Raft waits for it.
	OnRefusal func(Refusal)
}

// GuardStore is raft's log and stable store on raft-boltdb, which does not trust
// the disk, nor the leader.
//
// Every log record is sealed under the key of its epoch and every stable value has
// a checksum, and both are verified on every read: without it one flipped bit made
// a node diverge silently in 41 of 100 trials, with it in none. The first write
// that fails, and the first record that does not check, is the last word: from
// then on every call returns that error. After a failed fsync nobody knows what is
// on the disk; carrying on would be a guess.
//
// What Raft asks is checked as well: nothing at or below the floor is deleted, but
// by compaction, or overwritten. Such a refusal is not the last word: it is an
// error for the one call, on which raft gives up the leader's request and goes on.
type GuardStore struct {
	db     logDB
	path   string
	opts   GuardOptions
	stall  stall
	epochs *epochs
	probe  atomic.Pointer[entryID] // see cover

	votes sync.Mutex // orders the writes of the term of the last vote

	mu       sync.Mutex // guards what follows
	failed   error
	poisoned bool // bbolt panicked and may hold its locks for ever
}

// logDB is what GuardStore needs of raft-boltdb.
type logDB interface {
	raft.LogStore
	raft.StableStore
	Close() error
}

var (
	_ raft.LogStore          = (*GuardStore)(nil)
	_ raft.StableStore       = (*GuardStore)(nil)
	_ raft.MonotonicLogStore = (*GuardStore)(nil)
	_ logDB                  = (*raftboltdb.BoltStore)(nil)
)

// OpenGuardStore opens the store at path, or makes a new one. Before it lets
// bbolt write a byte it checks the structure of the file and every record in it,
// so that a damaged file is left as it was found.
func OpenGuardStore(path string, opts GuardOptions) (*GuardStore, error) {
	if opts.Epochs == "" {
		opts.Epochs = path + ".epochs"
	}
	g := newGuardStore(nil, path, nil, opts)
	if err := g.prepare(); err != nil {
		if g.epochs != nil {
			err = errors.Join(err, g.epochs.close())
		}
		return nil, fmt.Errorf("open raft log %s: %w", path, err)
	}
	err := contain(func() (err error) {
		g.db, err = openBolt(path, false)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open raft log %s: %w", path, err), g.epochs.close())
	}
	return g, nil
}

func newGuardStore(db logDB, path string, e *epochs, opts GuardOptions) *GuardStore {
	return &GuardStore{db: db, path: path, opts: opts, stall: newStall(path, opts.Stall, opts.OnStall), epochs: e}
}

// contain runs f and turns a panic of bbolt's into an error, memory faults on its
// mapped file included (a file that was cut while it was open).
func contain(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = panicError{p}
		}
	}()
	return f()
}

// panicError is an ErrCorrupt that came as a panic.
type panicError struct{ value any }

func (e panicError) Error() string { return fmt.Sprintf("%v: bbolt: %v", ErrCorrupt, e.value) }
func (e panicError) Unwrap() error { return ErrCorrupt }

// read runs a reading call.
func (g *GuardStore) read(what string, f func() error) error {
	if err := g.refusal(); err != nil {
		return err
	}
	err := contain(f)
	if errors.Is(err, ErrCorrupt) {
		return g.fail(fmt.Errorf("%s in %s: %w", what, g.path, err))
	}
	return err // not found, or closed
}

// write runs a writing call under the stall timer.
func (g *GuardStore) write(what string, f func() error) error {
	if err := g.refusal(); err != nil {
		return err
	}
	if err := g.stall.watch(func() error { return contain(f) }); err != nil {
		return g.fail(fmt.Errorf("write %s to %s: %w", what, g.path, err))
	}
	return nil
}

func (g *GuardStore) refusal() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed
}

// fail makes err the last word, unless there has been one.
func (g *GuardStore) fail(err error) error {
	g.mu.Lock()
	first := g.failed == nil
	if first {
		g.failed = err
	}
	if errors.As(err, new(panicError)) {
		g.poisoned = true
	}
	g.mu.Unlock()
	if first && g.opts.OnFail != nil {
		g.opts.OnFail(err)
	}
	return err
}

// Close closes the file. A store on which bbolt has panicked stays open until
// the process ends, which should be soon: closing it could wait for ever.
func (g *GuardStore) Close() error {
	g.mu.Lock()
	poisoned := g.poisoned
	g.mu.Unlock()
	if poisoned {
		return nil
	}
	return errors.Join(g.db.Close(), g.epochs.close())
}

// Size returns the size of the file in bytes. It never shrinks while open.
func (g *GuardStore) Size() int64 {
	info, err := os.Stat(g.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// IsMonotonic implements raft.MonotonicLogStore. The log may have a gap after a
// snapshot was installed; saying so spares raft a deletion of the whole log.
func (g *GuardStore) IsMonotonic() bool { return false }

// FirstIndex implements raft.LogStore.
func (g *GuardStore) FirstIndex() (index uint64, err error) {
	err = g.read("first index", func() (err error) { index, err = g.db.FirstIndex(); return err })
	return index, err
}

// LastIndex implements raft.LogStore.
func (g *GuardStore) LastIndex() (index uint64, err error) {
	err = g.read("last index", func() (err error) { index, err = g.db.LastIndex(); return err })
	return index, err
}

// GetLog implements raft.LogStore. It returns raft.ErrLogNotFound unwrapped, as
// raft compares it with ==. What it returns in place of an entry that a snapshot
// stands for has the type covered.
func (g *GuardStore) GetLog(index uint64, log *raft.Log) error {
	err := g.lookup(index, log)
	if err == raft.ErrLogNotFound {
		return g.coveredLog(index, log)
	}
	return err
}

// lookup reads what is stored at index.
func (g *GuardStore) lookup(index uint64, log *raft.Log) error {
	return g.read(fmt.Sprintf("entry %d", index), func() error {
		_, err := g.load(index, log)
		return err
	})
}

// load reads and opens one record, and tells its epoch.
func (g *GuardStore) load(index uint64, log *raft.Log) (epoch uint32, err error) {
	var stored raft.Log // a fresh one: msgpack would write into log's old buffers
	switch err := g.db.GetLog(index, &stored); {
	case err == raft.ErrLogNotFound || errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return 0, err
	case err != nil: // msgpack's
		return 0, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	if epoch, err = openLog(g.epochs, index, &stored); err != nil {
		return epoch, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	*log = stored
	return epoch, nil
}

// StoreLog implements raft.LogStore.
func (g *GuardStore) StoreLog(log *raft.Log) error { return g.StoreLogs([]*raft.Log{log}) }

// StoreLogs implements raft.LogStore. When it returns, all logs are on the disk;
// if it fails, none is.
func (g *GuardStore) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	if err := g.checkStore(logs); err != nil {
		return err
	}
	stored := make([]*raft.Log, len(logs))
	for i, l := range logs {
		stored[i] = sealLog(g.epochs, l)
	}
	return g.write(fmt.Sprintf("%d entries from %d", len(logs), logs[0].Index), func() error { return g.db.StoreLogs(stored) })
}

// DeleteRange implements raft.LogStore. Both ends are included. Then it destroys
// the keys of the epochs that the log has passed: die before that, and the next
// start does it.
func (g *GuardStore) DeleteRange(min, max uint64) error {
	if last, err := g.LastIndex(); err != nil || last == 0 { // raft compacts what adopt has emptied
		return err
	}
	if err := g.checkDeletion(min, max); err != nil {
		return err
	}
	return g.write(fmt.Sprintf("deletion of entries %d to %d", min, max), func() error {
		first, err := g.db.FirstIndex()
		if err != nil {
			return err
		}
		last, err := g.db.LastIndex()
		if err != nil {
			return err
		}
		if err := g.db.DeleteRange(min, max); err != nil {
			return err
		}
		if first < min && last <= max { // no compaction: Raft's main loop, which stores nothing meanwhile
			g.epochs.dropped(min)
		}
		if first, err = g.db.FirstIndex(); err != nil {
			return err
		}
		if first == 0 { // the log goes on somewhere after max
			first = max + 1
		}
		return g.epochs.destroy(first)
	})
}

// NextEpoch begins a new epoch if at least least records were stored since the
// present one began. When all slots are taken, the present one goes on.
func (g *GuardStore) NextEpoch(least uint64) error {
	if _, count := g.epochs.now(); count < max(least, 1) {
		return nil
	}
	if _, err := g.Forget(); !errors.Is(err, errEpochsFull) {
		return err
	}
	return nil
}

// Forget begins a new epoch, and returns the number of the last one before it.
// Once a compaction has passed all that is in the log now, the keys up to that
// one are gone, and Forgotten tells so.
func (g *GuardStore) Forget() (last uint32, err error) {
	last, _ = g.epochs.now()
	err = g.epochs.begin()
	if errors.Is(err, errEpochsFull) {
		return 0, err
	}
	if err != nil {
		return 0, g.fail(err)
	}
	return last, nil
}

// Settle destroys the keys of epochs that the log has passed, or of which it has
// no record, without a compaction.
func (g *GuardStore) Settle() error {
	first, err := g.FirstIndex()
	if err != nil || first == 0 {
		return err
	}
	return g.write("the end of epochs", func() error { return g.epochs.destroy(first) })
}

// oldest returns the oldest epoch whose key is still there.
func (g *GuardStore) oldest() uint32 { return g.epochs.oldest() }

// hasRoom reports whether another epoch can begin.
func (g *GuardStore) hasRoom() bool { return g.epochs.hasRoom() }

// Sealed returns the highest index of the log of an epoch up to last: a compaction
// that passes it destroys their keys.
func (g *GuardStore) Sealed(last uint32) uint64 { return g.epochs.upTo(last) }

// Forgotten reports whether no record of an epoch up to last can be read any
// more, neither here nor in a copy of the log.
func (g *GuardStore) Forgotten(last uint32) bool { return g.epochs.oldest() > last }

// Set implements raft.StableStore.
func (g *GuardStore) Set(key, value []byte) error {
	return g.write(fmt.Sprintf("value %q", key), func() error { return g.db.Set(key, sealValue(key, value)) })
}

// Get implements raft.StableStore. For a key without value it returns
// raftboltdb.ErrKeyNotFound unwrapped: raft knows it by its text.
func (g *GuardStore) Get(key []byte) (value []byte, err error) {
	err = g.read(fmt.Sprintf("value %q", key), func() error {
		stored, err := g.db.Get(key)
		if err != nil {
			return err
		}
		if value, err = openValue(key, stored); err != nil {
			return fmt.Errorf("%w: %v", ErrCorrupt, err)
		}
		return nil
	})
	return value, err
}

// SetUint64 implements raft.StableStore.
func (g *GuardStore) SetUint64(key []byte, value uint64) error {
	if bytes.Equal(key, keyVoteTerm) {
		return g.setVoteTerm(value)
	}
	return g.setUint64(key, value)
}

func (g *GuardStore) setUint64(key []byte, value uint64) error {
	return g.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// errVoteBack is returned for a vote in a term before that of the last one.
var errVoteBack = errors.New("this node has voted in a later term")

// setVoteTerm stores the term of a vote, after which raft stores for whom it is.
// In between, a crash would leave the candidate of the vote before in its place,
// whom raft would then give the vote of the new term without a look at its log. So
// the vote is nobody's first. And it never goes back: raft asks of every vote but
// one for itself whether there was one in its term.
func (g *GuardStore) setVoteTerm(term uint64) error {
	g.votes.Lock()
	defer g.votes.Unlock()
	last, err := stableUint64(g, keyVoteTerm)
	if err != nil {
		return err
	}
	switch {
	case term < last:
		return fmt.Errorf("vote in term %d after one in term %d: %w", term, last, errVoteBack)
	case term > last:
		if err := g.Set(keyVoteFor, []byte(nobody)); err != nil {
			return err
		}
	}
	return g.setUint64(keyVoteTerm, term)
}

// GetUint64 implements raft.StableStore.
func (g *GuardStore) GetUint64(key []byte) (uint64, error) {
	value, err := g.Get(key)
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, g.fail(fmt.Errorf("value %q in %s: %w", key, g.path, ErrCorrupt))
	}
	return binary.BigEndian.Uint64(value), nil
}
