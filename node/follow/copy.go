package follow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"golang.org/x/mod/sumdb/tlog"
)

// Copy is a verified copy of a ledger. Its methods may be called by several
// goroutines.
type Copy struct {
	dir       string
	genesis   *ledger.Genesis
	machine   *state.Machine
	members   atomic.Pointer[ledger.Membership]
	charter   atomic.Pointer[ledger.Genesis]
	store     store.Store
	chunk     chunkLimit
	destroyed func(entries []uint64) error
	clock     func() time.Time
	reading   bool // see [OpenRead]

	syncing sync.Mutex // held by Sync: the store has one writer

	mu    sync.RWMutex // guards final and ahead
	final sealedNote   // covers the store exactly, or, after an interrupted Sync, its beginning
	ahead sealedNote   // covers at least the store, when final does not
}

// sealedNote is a FINAL checkpoint with its note; the zero value is none.
type sealedNote struct {
	ledger.Checkpoint
	by   []string // bureau codes
	note []byte
}

// Open opens the copy in a folder, which it makes if need be. destroyed, which may
// be nil, is called within a Sync that has destroyed the bodies of entries, and does
// the same to whatever was made of them. We may die before it is called: who keeps
// such a thing on disk looks for what is purged each time it starts.
func Open(dir string, g *ledger.Genesis, destroyed func(entries []uint64) error) (*Copy, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	m := state.New(g)
	s, err := store.Open(filepath.Join(dir, "ledger"), m)
	if err != nil {
		return nil, err
	}
	cp := &Copy{dir: dir, genesis: g, machine: m, store: s, chunk: defaultChunk, destroyed: destroyed, clock: time.Now}
	if err := cp.load(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return cp, nil
}

// ErrReading is returned by a Sync of a copy that was opened for reading alone.
var ErrReading = errors.New("the copy is open for reading alone")

// OpenRead opens the copy in a folder for reading alone, as far as it is on disk, also
// while another process follows the ledger with it. It changes nothing.
func OpenRead(dir string, g *ledger.Genesis) (*Copy, error) {
	const tries = 8 // the notes and the store are read one after the other, and may change in between
	for try := 1; ; try++ {
		m := state.New(g)
		s, err := store.OpenRead(filepath.Join(dir, "ledger"), m)
		if err != nil {
			return nil, err
		}
		cp := &Copy{dir: dir, genesis: g, machine: m, store: s, chunk: defaultChunk, clock: time.Now, reading: true}
		if err = cp.load(); err == nil {
			return cp, nil
		}
		if err = errors.Join(err, s.Close()); try == tries {
			return nil, err
		}
	}
}

// load reads the notes, and holds them against the store.
func (cp *Copy) load() (err error) {
	if err := cp.loadCharter(); err != nil {
		return err
	}
	if cp.final, err = cp.loadNote(noteFinal); err == nil {
		cp.ahead, err = cp.loadNote(noteAhead)
	}
	if errors.As(err, new(*ledger.CutError)) {
		return fmt.Errorf("%w; this replica has read further: comity recover follow CHARTER", err)
	} else if err != nil {
		return err
	}
	size, err := cp.Size()
	if err != nil {
		return err
	}
	if cp.final.Size > size {
		return fmt.Errorf("%s names %d entries and the replica has %d: remove %s and sync again", noteFinal, cp.final.Size, size, cp.dir)
	}
	if cp.final.Size == 0 {
		return nil
	}
	root, err := cp.rootAt(cp.final.Size)
	if err != nil {
		return err
	}
	if root != cp.final.Root {
		return fmt.Errorf("%s and the replica are of two histories: remove %s and sync again", noteFinal, cp.dir)
	}
	return nil
}

// Close releases the folder, once no Sync runs any more.
func (cp *Copy) Close() error {
	cp.syncing.Lock()
	defer cp.syncing.Unlock()
	return cp.store.Close()
}

// Limit bounds what is verified and committed as one step: so many records, and a
// record more than so many bytes. It must not be called while a Sync runs.
func (cp *Copy) Limit(records, bytes int) { cp.chunk = chunkLimit{records, bytes} }

// UseClock sets the clock that ledger times are held against, which is the machine's
// if it is not called. It must not be called while a Sync runs.
func (cp *Copy) UseClock(now func() time.Time) { cp.clock = now }

// Machine returns what judged the entries.
func (cp *Copy) Machine() *state.Machine { return cp.machine }

// Store returns what the copy keeps. Only a Sync writes to it.
func (cp *Copy) Store() store.Store { return cp.store }

// View returns the state at the end of what was synced, for the Read functions
// of package state.
func (cp *Copy) View() state.View { return cp.store }

// Size returns the number of entries of the copy; all are verified.
func (cp *Copy) Size() (uint64, error) {
	h, err := state.ReadHead(cp.store)
	if err != nil {
		return 0, fmt.Errorf("read replica: %w", err)
	}
	return h.Size, nil
}

// Entry returns an entry and its ledger time, POSIX ms.
func (cp *Copy) Entry(index uint64) (uint64, *ledger.Entry, error) { return cp.store.Entry(index) }

// Body returns the sealed body of an entry: nil when it names none,
// [store.ErrPurged] when it was purged, [ErrWithheld] when the node that gave the
// entry kept it back.
func (cp *Copy) Body(index uint64) ([]byte, error) {
	body, err := cp.store.Body(index)
	if !errors.Is(err, store.ErrPurged) {
		return body, err
	}
	// Gone, or never here; only the ledger can say that this is as it should be.
	purged, e := state.Purged(cp.store, index)
	if e != nil {
		return nil, e
	}
	if !purged {
		return nil, fmt.Errorf("body %d: %w", index, ErrWithheld)
	}
	return nil, err
}

// Final returns how far the copy is: the last FINAL checkpoint, who cosigned
// it, and the ledger time of its last entry. Before the first one all are zero.
func (cp *Copy) Final() (ledger.Checkpoint, []string, time.Time) {
	f := cp.finalNote()
	if f.Size == 0 {
		return ledger.Checkpoint{}, nil, time.Time{}
	}
	ms, _, err := cp.store.Entry(f.Size - 1)
	if err != nil {
		return f.Checkpoint, f.by, time.Time{}
	}
	return f.Checkpoint, f.by, time.UnixMilli(int64(ms)).UTC()
}

// Note returns the last FINAL checkpoint with its note, nil before the first one.
func (cp *Copy) Note() (ledger.Checkpoint, []byte) {
	f := cp.finalNote()
	return f.Checkpoint, f.note
}

// Seen returns what a statement written now says its author has seen: size and
// root of the last FINAL checkpoint.
func (cp *Copy) Seen() (uint64, ledger.Hash) {
	f := cp.finalNote()
	if f.Size == 0 {
		return 0, ledger.EmptyRoot
	}
	return f.Size, f.Root
}

func (cp *Copy) finalNote() sealedNote {
	cp.mu.RLock()
	defer cp.mu.RUnlock()
	return cp.final
}

// rootAt returns the root of our first size entries.
func (cp *Copy) rootAt(size uint64) (ledger.Hash, error) {
	h, err := tlog.TreeHash(int64(size), cp.store)
	if err != nil {
		return ledger.Hash{}, fmt.Errorf("root at %d: %w", size, err)
	}
	return ledger.Hash(h), nil
}
