package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// served is what is read over HTTP: the ledger as a node has applied it, or as a
// read replica has copied it, and what is kept beside it.
type served struct {
	genesis  *ledger.Genesis
	roster   *roster
	bureau   string // code of the bureau whose node or read replica this is
	machine  *state.Machine
	store    store.Store
	moved    *beacon  // fires at every change of the state
	keyed    *beacon  // fires when a key was admitted or ended
	invites  *invites // nil where nobody is invited
	final    atomic.Pointer[finality]
	holdings *holdings
	purges   *openPurges
	proofs   *evidenceStore
	pace     *pacer      // nil where nobody writes
	archive  *archive    // nil where it is damaged
	current  atomic.Bool // what was purged is known: see stayCurrent, and follow.Follower
	late     *wire.Error // the answer to clients before that
	clock    func() time.Time
	log      *slog.Logger

	ctx     context.Context // ends with close
	stopped func()          // called once, when it cannot go on; may be nil

	faultMu sync.Mutex // guards what follows
	alarms  []string
	err     error
	done    chan struct{} // closed when it cannot go on
}

// backend is what a node does otherwise than a read replica does.
type backend interface {
	accept(ctx context.Context, it ledger.Item) (*wire.Submitted, error) // a client's statement
	fresh(ctx context.Context) error                                     // waits until a read of the local state is linearizable
	charterFile() (*ledger.Genesis, error)
	put(ctx context.Context, by keys.ID, address ledger.Hash, size uint64, from int64, piece []byte) (*wire.AttachmentState, error)
	drop(ctx context.Context, by keys.ID, address ledger.Hash) error // of what was put, and nothing names
	describe() (*wire.Status, error)
	ready() (ok bool, why string)
}

var _ backend = (*replica)(nil)

// fatal stops the node for good: its state must not move on.
func (s *served) fatal(err error) {
	s.faultMu.Lock()
	first := s.err == nil
	if first {
		err = advise(err)
		s.err = err
		s.log.Error("the node stops", "error", err)
		close(s.done)
	}
	s.faultMu.Unlock()
	if first && s.stopped != nil {
		s.stopped()
	}
}

// failed returns why the node cannot go on, nil while it can.
func (s *served) failed() error {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	return s.err
}

// damaged stops the node when its disk cannot be read, or gives what was not
// written.
func (s *served) damaged(err error) {
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, syscall.EIO) {
		s.fatal(fmt.Errorf("storage: %w", err))
	}
}

// advise adds the way back to an error of data that is not what was stored.
func advise(err error) error {
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%w; %s", err, adviceRepair)
	}
	return err
}

// maxAlarms bounds what is kept for people to look at.
const maxAlarms = 64

// alarm records something that people must look at.
func (s *served) alarm(text string) {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	if len(s.alarms) < maxAlarms && !slices.Contains(s.alarms, text) {
		s.alarms = append(s.alarms, text)
	}
}

// raised returns what people must look at.
func (s *served) raised() []string {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	return slices.Clone(s.alarms)
}
