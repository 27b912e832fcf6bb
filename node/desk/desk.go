package desk

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
	"comity/node/blobs"

	"golang.org/x/mod/sumdb/tlog"
)

// Desk is a replica of a ledger and what a bureau's keys open of it. Its
// methods may be called by several goroutines.
type Desk struct {
	dir     string
	genesis *ledger.Genesis
	machine *state.Machine
	members atomic.Pointer[ledger.Membership]
	charter atomic.Pointer[ledger.Genesis]
	store   store.Store
	chunk   chunkLimit

	syncing sync.Mutex // held by Sync: the store has one writer

	mu    sync.RWMutex // guards final and ahead
	final sealedNote   // covers the store exactly, or, after an interrupted Sync, its beginning
	ahead sealedNote   // covers at least the store, when final does not

	catalog *catalog
	enrols  enrolments
	opener  *opener
	finder  finder
	files   *blobs.Folder // sealed files, on their way to a node or from one
	queue   queue
}

// sealedNote is a FINAL checkpoint with its note; the zero value is none.
type sealedNote struct {
	ledger.Checkpoint
	by   []string // bureau codes
	note []byte
}

// Open opens the replica in a folder, which it makes if need be.
func Open(dir string, g *ledger.Genesis) (*Desk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open desk: %w", err)
	}
	m := state.New(g)
	s, err := store.Open(filepath.Join(dir, "ledger"), m)
	if err != nil {
		return nil, fmt.Errorf("open desk: %w", err)
	}
	d, err := newDesk(dir, m, s)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open desk: %w", err), s.Close())
	}
	return d, nil
}

func newDesk(dir string, m *state.Machine, s store.Store) (*Desk, error) {
	d := &Desk{dir: dir, genesis: m.Genesis(), machine: m, store: s, chunk: defaultChunk}
	d.catalog, d.opener = newCatalog(s), new(opener)
	d.Unlock(nil)
	if err := d.loadCharter(); err != nil {
		return nil, err
	}
	var err error
	if d.files, err = OpenFiles(dir); err != nil {
		return nil, err
	}
	if err := d.sweepFiles(); err != nil {
		return nil, err
	}
	if d.final, err = d.loadNote(noteFinal); err != nil {
		return nil, err
	}
	if d.ahead, err = d.loadNote(noteAhead); err != nil {
		return nil, err
	}
	size, err := d.Size()
	if err != nil {
		return nil, err
	}
	if d.final.Size > size {
		return nil, fmt.Errorf("%s names %d entries and the replica has %d: remove %s and sync again", noteFinal, d.final.Size, size, dir)
	}
	if d.final.Size == 0 {
		return d, nil
	}
	root, err := d.rootAt(d.final.Size)
	if err != nil {
		return nil, err
	}
	if root != d.final.Root {
		return nil, fmt.Errorf("%s and the replica are of two histories: remove %s and sync again", noteFinal, dir)
	}
	return d, nil
}

// Close releases the folder and forgets everything that was opened.
func (d *Desk) Close() error {
	d.Unlock(nil)
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if err := errors.Join(d.dropIndex(false), d.store.Close()); err != nil {
		return fmt.Errorf("close desk: %w", err)
	}
	return nil
}

// View returns the state at the end of what was synced, for the Read functions
// of package state.
func (d *Desk) View() state.View { return d.store }

// Size returns the number of entries of the replica; all are verified.
func (d *Desk) Size() (uint64, error) {
	h, err := state.ReadHead(d.store)
	if err != nil {
		return 0, fmt.Errorf("read replica: %w", err)
	}
	return h.Size, nil
}

// Entry returns an entry and its ledger time, POSIX ms.
func (d *Desk) Entry(index uint64) (uint64, *ledger.Entry, error) { return d.store.Entry(index) }

// Body returns the sealed body of an entry: nil when it names none,
// [store.ErrPurged] when it was purged, [ErrWithheld] when the node that gave the
// entry kept it back.
func (d *Desk) Body(index uint64) ([]byte, error) {
	body, err := d.store.Body(index)
	if !errors.Is(err, store.ErrPurged) {
		return body, err
	}
	// Gone, or never here; only the ledger can say that this is as it should be.
	purged, e := state.Purged(d.store, index)
	if e != nil {
		return nil, e
	}
	if !purged {
		return nil, fmt.Errorf("body %d: %w", index, ErrWithheld)
	}
	return nil, err
}

// Final returns how far the desk is: the last FINAL checkpoint, who cosigned
// it, and the ledger time of its last entry. Before the first one all are zero.
func (d *Desk) Final() (ledger.Checkpoint, []string, time.Time) {
	f := d.finalNote()
	if f.Size == 0 {
		return ledger.Checkpoint{}, nil, time.Time{}
	}
	ms, _, err := d.store.Entry(f.Size - 1)
	if err != nil {
		return f.Checkpoint, f.by, time.Time{}
	}
	return f.Checkpoint, f.by, time.UnixMilli(int64(ms)).UTC()
}

// Seen returns what a statement written now says its author has seen: size and
// root of the last FINAL checkpoint.
func (d *Desk) Seen() (uint64, ledger.Hash) {
	f := d.finalNote()
	if f.Size == 0 {
		return 0, ledger.EmptyRoot
	}
	return f.Size, f.Root
}

func (d *Desk) finalNote() sealedNote {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.final
}

// rootAt returns the root of our first size entries.
func (d *Desk) rootAt(size uint64) (ledger.Hash, error) {
	h, err := tlog.TreeHash(int64(size), d.store)
	if err != nil {
		return ledger.Hash{}, fmt.Errorf("root at %d: %w", size, err)
	}
	return ledger.Hash(h), nil
}
