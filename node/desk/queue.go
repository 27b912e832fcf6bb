package desk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/follow"
	"comity/node/wire"
)

// Names within the folder of the queue.
const (
	dirQueue   = "queue"
	extItem    = ".item"
	extRefused = ".refused"
)

// MaxQueued bounds the statements that wait. Beyond, [Desk.Enqueue] fails, and
// the officer has to be told.
const MaxQueued = 50_000

// ErrQueueFull is returned when no further statement can wait.
var ErrQueueFull = errors.New("the queue is full")

// queue holds signed statements until they are in the ledger. A file of the
// folder is one statement with its body, as it is sent: what is in it is signed,
// and its text is sealed to its readers. Names are numbers in the order in which
// the statements were written.
//
// Exactly once: a file is written and synced before anything is sent, and
// removed only when the replica, under a FINAL checkpoint, holds its statement.
// In between it may be sent any number of times, after a crash too: the ledger
// takes a statement id once.
type queue struct {
	delivering sync.Mutex // held by Deliver, which sends; others need not wait for that

	mu     sync.Mutex               // guards all below, and the folder
	sent   map[ledger.ID]time.Time  // when a node said that it was committed, and not yet FINAL here
	loaded bool                     // what follows is known
	count  int                      // of files
	number uint64                   // of the last one
	ends   map[keys.ID]state.Author // of each author's chain within the queue
}

// queued is a file of the queue.
type queued struct {
	number uint64
	item   ledger.Item
}

// Enqueue keeps a signed statement, durably, until [Desk.Deliver] has brought it
// into the ledger. It must have been composed at [Desk.QueueEnd].
func (d *Desk) Enqueue(it ledger.Item) error {
	q := &d.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	s := it.Entry.Statement
	end, err := d.queueEnd(s.Author)
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	if q.count >= MaxQueued {
		return ErrQueueFull
	}
	if s.Seq != end.Seq || s.Prev != end.Prev {
		return fmt.Errorf("enqueue: statement %d of key %s does not follow what waits already", s.Seq, s.Author.Short())
	}
	if err := d.writeQueued(queued{q.number + 1, it}); err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	q.count, q.number = q.count+1, q.number+1
	q.ends[s.Author] = state.Author{Seq: s.Seq + 1, Prev: it.Entry.ID}
	return nil
}

// Queued returns the statements that wait, in the order in which they were
// written.
func (d *Desk) Queued() ([]ledger.Item, error) {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	list, err := d.readQueue()
	if err != nil {
		return nil, fmt.Errorf("read queue: %w", err)
	}
	items := make([]ledger.Item, len(list))
	for i, q := range list {
		items[i] = q.item
	}
	return items, nil
}

// QueueEnd returns the end of an author's chain behind what waits: where the
// next statement that is written offline goes. Give it to [Officers.Chain].
func (d *Desk) QueueEnd(author keys.ID) (*state.Author, error) {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	end, err := d.queueEnd(author)
	if err != nil {
		return nil, fmt.Errorf("read queue: %w", err)
	}
	return end, nil
}

// queueEnd reads the folder once: after that it is known what is in it.
func (d *Desk) queueEnd(author keys.ID) (*state.Author, error) {
	q := &d.queue
	if !q.loaded {
		list, err := d.readQueue()
		if err != nil {
			return nil, err
		}
		q.ends, q.count = make(map[keys.ID]state.Author), len(list)
		for _, f := range list {
			s := f.item.Entry.Statement
			q.ends[s.Author], q.number = state.Author{Seq: s.Seq + 1, Prev: f.item.Entry.ID}, f.number
		}
		q.loaded = true
	}
	end, err := d.Author(author)
	if behind := q.ends[author]; behind.Seq > end.Seq {
		end = behind
	}
	return &end, err
}

// Submitter is what Deliver sends with.
type Submitter interface {
	Submit(ctx context.Context, it ledger.Item) (*wire.Submitted, error)
}

// Delivery says what became of the queue.
type Delivery struct {
	Final   int // in the ledger, under a FINAL checkpoint: no longer in the queue
	Sent    int // committed, and kept until they are FINAL
	Waiting int // not accepted yet

	// Refused are those that the ledger will never take, with the reason. Their
	// files stay, under another name.
	Refused []Refused
}

// Refused is a statement that the ledger refuses.
type Refused struct {
	ID  ledger.ID
	Err error
}

// Deliver sends what waits, in order. Call [Desk.Sync] before: what the replica
// holds is done with. signers, which may be nil, gives the key of an author, or
// nil: where the author has written another statement meanwhile, elsewhere, the
// place in the chain that a queued one was signed for is taken, and it is signed
// anew. This happens only when a FINAL checkpoint shows that the former one can
// never be accepted.
//
// An error means that the rest was not tried: the node cannot be reached, or a
// file is damaged. Call it again.
func (d *Desk) Deliver(ctx context.Context, to Submitter, signers func(keys.ID) *keys.Signer) (*Delivery, error) {
	d.queue.delivering.Lock()
	defer d.queue.delivering.Unlock()
	d.queue.mu.Lock()
	list, err := d.readQueue()
	d.queue.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("deliver: %w", err)
	}
	out := new(Delivery)
	ends := make(map[keys.ID]state.Author) // of each author's chain, what was passed in the queue included
	stuck := make(map[keys.ID]bool)        // authors of whom one waits: the next ones stand on it
	for i := range list {
		q := &list[i]
		author := q.item.Entry.Statement.Author
		done, alive, err := d.settle(q, ends, signers)
		switch {
		case err != nil:
			return out, fmt.Errorf("deliver: %w", err)
		case done:
			out.Final++
			continue
		case stuck[author] || !alive:
			stuck[author] = true
			out.Waiting++
			continue
		case d.wasSent(q.item.Entry.ID, false):
			out.Sent++
			continue
		}
		_, err = to.Submit(ctx, q.item)
		switch {
		case err == nil:
			d.wasSent(q.item.Entry.ID, true)
			out.Sent++
		case wire.CodeOf(err) == wire.Code(state.BadSequence):
			stuck[author] = true
			out.Waiting++
		case wire.IsRefusal(err):
			out.Refused = append(out.Refused, Refused{q.item.Entry.ID, err})
			stuck[author] = true // what follows names it as the one before, and is signed anew next time
			if err := d.refuse(q.number); err != nil {
				return out, fmt.Errorf("deliver: %w", err)
			}
		default:
			out.Waiting += len(list) - i
			return out, fmt.Errorf("deliver: %w", err)
		}
	}
	return out, nil
}

// sendAgain is after how long a statement is sent once more that a node said was
// committed, and that is still not FINAL here: the node may have lied.
const sendAgain = time.Minute

// wasSent reports whether a statement was sent by this process, not long ago, or
// notes it.
func (d *Desk) wasSent(id ledger.ID, now bool) bool {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	if d.queue.sent == nil {
		d.queue.sent = make(map[ledger.ID]time.Time)
	}
	if now {
		d.queue.sent[id] = time.Now()
	}
	at, ok := d.queue.sent[id]
	return ok && time.Since(at) < sendAgain
}

// refuse puts a file aside.
func (d *Desk) refuse(number uint64) error {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	d.queue.loaded = false // its author's chain ends elsewhere
	return d.renameQueued(number, extRefused)
}

// settle removes a file whose statement is in the replica, and signs one anew
// that can never be accepted where it stands: under a FINAL checkpoint its place
// is taken, or the one that it follows was itself signed anew or refused. It is
// alive if it may be sent.
func (d *Desk) settle(q *queued, ends map[keys.ID]state.Author, signers func(keys.ID) *keys.Signer) (done, alive bool, err error) {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	s := *q.item.Entry.Statement
	end, ok := ends[s.Author]
	if !ok {
		// Before the id is looked up: a Sync may go on meanwhile, and a statement that
		// gets in between must not look as if another had taken its place.
		if end, err = d.Author(s.Author); err != nil {
			return false, false, err
		}
	}
	_, there, err := state.ReadIndex(d.store, q.item.Entry.ID)
	if err != nil {
		return false, false, err
	}
	if there {
		if s.Seq >= end.Seq {
			end = state.Author{Seq: s.Seq + 1, Prev: q.item.Entry.ID}
		}
		ends[s.Author] = end
		delete(d.queue.sent, q.item.Entry.ID)
		d.queue.count-- // of what is loaded; its chain is in the replica
		return true, false, d.renameQueued(q.number, "")
	}
	if s.Seq != end.Seq || s.Prev != end.Prev {
		var signer *keys.Signer
		if signers != nil {
			signer = signers(s.Author)
		}
		if ends[s.Author] = end; signer == nil || len(q.item.Entry.Signatures) != 1 {
			return false, false, nil // it waits for its author
		}
		s.Seq, s.Prev = end.Seq, end.Prev
		s.SeenSize, s.SeenRoot = d.Seen()
		e, err := ledger.SignStatement(&s, signer)
		if err != nil {
			return false, false, err
		}
		delete(d.queue.sent, q.item.Entry.ID)
		q.item.Entry, d.queue.loaded = e, false
		if err := d.writeQueued(*q); err != nil { // before it is sent
			return false, false, err
		}
	}
	ends[s.Author] = state.Author{Seq: s.Seq + 1, Prev: q.item.Entry.ID}
	return false, true, nil
}

// readQueue reads the folder, in order.
func (d *Desk) readQueue() ([]queued, error) {
	files, err := os.ReadDir(filepath.Join(d.dir, dirQueue))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []queued
	for _, f := range files {
		digits, ok := strings.CutSuffix(f.Name(), extItem)
		number, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil || !f.Type().IsRegular() {
			continue
		}
		it, err := readItem(filepath.Join(d.dir, dirQueue, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", f.Name(), err)
		}
		list = append(list, queued{number, it})
	}
	slices.SortFunc(list, func(a, b queued) int { return int(int64(a.number) - int64(b.number)) })
	return list, nil
}

func readItem(path string) (ledger.Item, error) {
	f, err := os.Open(path)
	if err != nil {
		return ledger.Item{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<25)) // two vectors of 24 bits
	if err != nil {
		return ledger.Item{}, err
	}
	return ledger.ParseItem(data)
}

func (d *Desk) writeQueued(q queued) error {
	dir := filepath.Join(d.dir, dirQueue)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return follow.ReplaceFile(dir, queuedName(q.number)+extItem, q.item.Marshal())
}

// renameQueued gives a file another ending, or removes it for none.
func (d *Desk) renameQueued(number uint64, ext string) error {
	path := filepath.Join(d.dir, dirQueue, queuedName(number))
	if ext == "" {
		return os.Remove(path + extItem) // if that is lost in a crash, the replica says again that it is done
	}
	return os.Rename(path+extItem, path+ext)
}

func queuedName(number uint64) string { return fmt.Sprintf("%012d", number) }
