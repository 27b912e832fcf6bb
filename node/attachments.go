package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/blobs"
	"comity/node/wire"
)

// holdings are the sealed files that this node has: those that its own clients
// handed it, and those that they asked for and other nodes gave. It serves what
// the log names and has not purged, and asks the ledger each time.
type holdings struct {
	folder *blobs.Folder
	dir    string
	view   state.View
	bureau string // whose node this is
	others func() []string
	giver  giver
	ctx    context.Context // ends with the node
	alarm  func(string)
	log    *slog.Logger
	reads  chan struct{} // as many pieces are in memory at most
	pulls  chan struct{} // as many files are fetched at a time

	// gate is held for reading from the look at the ledger until a piece is
	// written, and for writing by a sweep: when a sweep has gone through after a
	// purge was applied, nothing of it comes back.
	gate sync.RWMutex
	wg   sync.WaitGroup // files on their way

	mu       sync.Mutex // guards what follows
	closed   bool
	fetching map[ledger.Hash]*fetching
	pulling  map[string]int          // by the bureau of the origin, how many files
	checked  map[ledger.Hash]bool    // whose bytes were looked at since the start
	uploads  map[ledger.Hash]keys.ID // whose client hands over what no statement names yet
}

// Bounds of what no statement names. It goes after eight days: a notice may wait
// seven for a second officer, on another machine than that of its author.
const (
	maxUnnamed      = 64      // files
	maxUnnamedByKey = 24      // of one client key
	maxUnnamedBytes = 2 << 30 // that are here
	keepUnnamed     = 8 * 24 * time.Hour
	sweepEvery      = time.Hour

	minFree = 1 << 30 // bytes of disk that no attachment takes: a full disk stops a node

	maxReads = 32
	maxPulls = 8

	// maxPullsEach is how many of one origin are fetched at a time, whose node is asked
	// first: it may be as slow as it likes.
	maxPullsEach = 2
)

// giver is who can be asked for sealed files, by name.
type giver interface {
	Attachment(ctx context.Context, name string, address ledger.Hash, size, from int64) ([]byte, error)
}

var (
	errNotNamed         = &wire.Error{Code: wire.NotFound, Message: "no statement names this attachment"}
	errNotHeld          = &wire.Error{Code: wire.NotFound, Message: "this node does not have the attachment"}
	errAttachmentPurged = &wire.Error{Code: wire.Purged, Message: "the attachment was purged"}
)

// openHoldings opens the folder of sealed files, and destroys what was purged
// while it was elsewhere.
func (s *served) openHoldings(dir string, others func() []string, from giver) (*holdings, error) {
	folder, err := blobs.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	h := &holdings{folder: folder, dir: dir, view: s.store, bureau: s.bureau, others: others, giver: from, ctx: s.ctx, alarm: s.alarm, log: s.log,
		reads: make(chan struct{}, maxReads), pulls: make(chan struct{}, maxPulls),
		fetching: make(map[ledger.Hash]*fetching), pulling: make(map[string]int), checked: make(map[ledger.Hash]bool), uploads: make(map[ledger.Hash]keys.ID)}
	switch err := h.sweep(nil); {
	case errors.Is(err, blobs.ErrDisk):
		h.alarm("the disk of this node does not let a purged attachment be destroyed")
	case err != nil:
		return nil, fmt.Errorf("node: %w", err)
	}
	return h, nil
}

// close waits for the files that are on their way, once the context has ended.
func (h *holdings) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.wg.Wait()
}

// look returns what the ledger says of an attachment, nil when nothing names it.
// What is purged is an error.
func (h *holdings) look(address ledger.Hash) (*state.Attachment, error) {
	a, err := state.ReadAttachment(h.view, address)
	if err != nil || a == nil {
		return nil, err
	}
	gone, err := state.PurgedAll(h.view, a.Notice)
	if err == nil && gone {
		err = errAttachmentPurged
	}
	return a, err
}

// held reports whether the node has the whole file, of the length that the
// ledger says.
func (h *holdings) held(address ledger.Hash, size uint64) bool {
	n, ok := h.folder.Size(address)
	return ok && uint64(n) == size
}

// sound reports whether the node has the whole file, and reads it once before it
// serves it: a disk that has changed it must not make this node a liar. Such a
// file is removed, and can be fetched anew.
func (h *holdings) sound(address ledger.Hash, size uint64) (bool, error) {
	n, there := h.folder.Size(address)
	if !there {
		return false, nil
	}
	whole := uint64(n) == size // or the disk has cut it, or a notice names it with another size
	h.mu.Lock()
	checked := h.checked[address]
	h.mu.Unlock()
	if checked && whole {
		return true, nil
	}
	switch err := h.folder.Check(address); {
	case errors.Is(err, blobs.ErrHash):
		h.alarm("an attachment was not any more what it was, on the disk of this node; it was removed")
		return false, nil
	case errors.Is(err, blobs.ErrNotHeld):
		return false, nil
	case errors.Is(err, blobs.ErrDisk):
		if err = h.unreadable(address, err); h.held(address, size) {
			return false, err
		}
		return false, nil
	case err != nil:
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checked[address] = true
	return whole, nil
}

// unreadable drops a file that the disk does not give any more, and says so: it can
// be fetched anew. It is no reason for the node to stop, which would let any reader
// stop it.
func (h *holdings) unreadable(address ledger.Hash, err error) error {
	h.log.Error("read an attachment", "address", fmt.Sprintf("%x", address[:4]), "error", err)
	h.alarm("the disk of this node cannot read an attachment any more; it was removed")
	if err := h.folder.Discard(address); err != nil {
		h.log.Error("drop an attachment that cannot be read", "error", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.checked, address)
	return errNotHeld
}

// piece returns a piece of a sealed file that the node has.
func (h *holdings) piece(address ledger.Hash, from int64) ([]byte, error) {
	a, err := h.look(address)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, errNotNamed
	case uint64(from) >= a.Size:
		return nil, &wire.Error{Code: wire.Malformed, Message: "the attachment ends before that"}
	}
	if sound, err := h.sound(address, a.Size); err != nil {
		return nil, err
	} else if !sound {
		return nil, errNotHeld
	}
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	default:
		return nil, &wire.Error{Code: wire.Busy, Message: "too many attachments are being read"}
	}
	data, err := h.folder.Read(address, from, int(min(a.Size-uint64(from), wire.MaxPiece)))
	switch {
	case errors.Is(err, blobs.ErrNotHeld):
		return nil, errNotHeld
	case errors.Is(err, blobs.ErrDisk):
		return nil, h.unreadable(address, err)
	case err != nil:
		return nil, err
	}
	_, err = h.look(address) // it may have been purged meanwhile, and the bytes be zeros
	return data, err
}

// put takes a piece of a sealed file from a client of the bureau.
func (r *replica) put(_ context.Context, by keys.ID, address ledger.Hash, size uint64, from int64, piece []byte) (*wire.AttachmentState, error) {
	return r.holdings.put(by, address, size, from, piece)
}

// put takes a piece of a sealed file from a client of the bureau.
func (h *holdings) put(by keys.ID, address ledger.Hash, size uint64, from int64, piece []byte) (*wire.AttachmentState, error) {
	if !seal.IsSealedSize(size) {
		return nil, &wire.Error{Code: wire.Malformed, Message: "no sealed file has this size"}
	}
	h.gate.RLock()
	defer h.gate.RUnlock()
	a, err := h.look(address)
	switch {
	case err != nil:
		return nil, err
	case a != nil && a.Size != size:
		return nil, &wire.Error{Code: wire.Malformed, Message: "the ledger names this attachment with another size"}
	case h.held(address, size):
		return &wire.AttachmentState{Held: true, Have: int64(size)}, nil
	}
	if _, there := h.folder.Size(address); there {
		if _, err := h.sound(address, size); err != nil { // removes what the disk has cut
			return nil, err
		}
		if _, there := h.folder.Size(address); there {
			return nil, &wire.Error{Code: wire.Malformed, Message: "the attachment has another size"}
		}
	}
	have := h.folder.Begun(address)
	if uint64(have) >= size { // cut before its hash was looked at
		if err := h.folder.DropPart(address); err != nil {
			return nil, err
		}
		have = 0
	}
	if len(piece) == 0 || from != have {
		return &wire.AttachmentState{Have: have}, nil
	}
	if have == 0 {
		if err := h.room(by, address, size, a == nil); err != nil {
			return nil, err
		}
	}
	have, err = h.folder.Append(address, int64(size), from, piece)
	if errors.Is(err, blobs.ErrHash) {
		return nil, &wire.Error{Code: wire.Malformed, Message: "the bytes are not those of the address; send it from the beginning"}
	}
	return &wire.AttachmentState{Held: err == nil && have == int64(size), Have: have}, err
}

// drop destroys a sealed file that a client of the bureau handed over and no
// statement names.
func (r *replica) drop(_ context.Context, by keys.ID, address ledger.Hash) error {
	return r.holdings.drop(by, address)
}

// drop destroys a sealed file that a client of the bureau handed over and no
// statement names: its draft was thrown away. After a start of the node nobody knows
// any more whose client that was.
func (h *holdings) drop(by keys.ID, address ledger.Hash) error {
	h.gate.RLock()
	defer h.gate.RUnlock()
	switch a, err := h.look(address); {
	case err != nil:
		return err
	case a != nil:
		return &wire.Error{Code: wire.Forbidden, Message: "a statement names this attachment: it goes with a purge"}
	}
	h.mu.Lock()
	key, known := h.uploads[address]
	h.mu.Unlock()
	if known && key != by {
		return &wire.Error{Code: wire.Forbidden, Message: "another client of the bureau handed this attachment over"}
	}
	if err := h.folder.Drop(address); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.uploads, address)
	delete(h.checked, address)
	return nil
}

// room says whether one more file may come.
func (h *holdings) room(by keys.ID, address ledger.Hash, size uint64, unnamed bool) error {
	if free := diskFree(h.dir); free >= 0 && uint64(free) < minFree+size {
		return &wire.Error{Code: wire.Busy, Message: "the disk of this node is nearly full: it takes no attachment"}
	}
	if !unnamed {
		return nil
	}
	files, bytes, err := h.unnamed()
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	own := 0
	for x, key := range h.uploads {
		if _, there := files[x]; !there && x != address {
			delete(h.uploads, x)
		} else if key == by {
			own++
		}
	}
	if len(files) >= maxUnnamed || bytes+int64(size) > maxUnnamedBytes || own >= maxUnnamedByKey {
		return &wire.Error{Code: wire.Busy, Message: "too many attachments wait here for the notices that name them; they go after eight days"}
	}
	h.uploads[address] = by
	return nil
}

// unnamed returns what is here that no statement names.
func (h *holdings) unnamed() (files map[ledger.Hash]bool, bytes int64, err error) {
	list, err := h.folder.List()
	if err != nil {
		return nil, 0, err
	}
	files = make(map[ledger.Hash]bool)
	for _, x := range list {
		a, err := state.ReadAttachment(h.view, x.Address)
		if err != nil {
			return nil, 0, err
		}
		if a == nil {
			files[x.Address] = true
			bytes += x.Size
		}
	}
	return files, bytes, nil
}

// sweep destroys what the ledger has purged; and, as long as complete says that
// this node knows all that is named, what nothing names for long. It is asked after
// each look: a ledger that is being fetched anew names nothing yet.
func (h *holdings) sweep(complete func() bool) error {
	h.gate.Lock()
	defer h.gate.Unlock()
	old := time.Now().Add(-keepUnnamed) // the clock of the files
	return h.folder.Sweep(old, func(x blobs.File) (bool, error) {
		a, err := state.ReadAttachment(h.view, x.Address)
		if err != nil {
			return false, err
		}
		if a == nil {
			return complete != nil && x.Changed.Before(old) && complete(), nil
		}
		return state.PurgedAll(h.view, a.Notice)
	})
}

// tidy sweeps from time to time. Being current is not enough for what nothing
// names: a leader says what that is, and a dishonest one would have a repaired node
// destroy the only copy of what is named later in the log.
func (r *replica) tidy(ctx context.Context, h *holdings) {
	for {
		if r.current.Load() {
			if err := h.sweep(r.gossip.complete); err != nil {
				r.damaged(err)
				r.log.Error("tidy up attachments", "error", err)
			}
		}
		if !sleep(ctx, sweepEvery) {
			return
		}
	}
}

// announced refuses a notice of the own bureau whose files are not here: its
// readers would look for them in vain. What is in the log already passes.
func (h *holdings) announced(s *ledger.Statement, id ledger.ID) error {
	if s.Class != ledger.ClassPublish && s.Class != ledger.ClassAmend {
		return nil
	}
	p, err := ledger.ParsePublish(s.Public)
	if err != nil || len(p.Attachments) == 0 {
		return err
	}
	k, err := state.ReadKey(h.view, s.Author)
	if err != nil || k == nil || k.Bureau != h.bureau {
		return err // the ledger will refuse it, or it is for another node to ask
	}
	if _, known, err := state.ReadIndex(h.view, id); err != nil || known {
		return err
	}
	for _, x := range p.Attachments {
		if !h.held(x.Address, x.Size) {
			return &wire.Error{Code: wire.NoAttachment, Message: fmt.Sprintf("the node has not got the attachment %x of it: it is handed over before", x.Address[:4])}
		}
	}
	return nil
}
