package node

import (
	"context"
	"errors"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// batcher groups the statements that wait into one Raft command. There is no
// linger: while the commands in flight are being replicated, the next one
// fills; when nothing is in flight, a statement leaves at once.
//
// On a node that does not lead, the same groups go to the leader instead.
type batcher struct {
	raft  *raft.Raft
	self  string
	peers peers
	clock func() time.Time
	own   *ownLedger

	queue     *fairQueue    // full: the submitter is told that the node is busy
	proposals chan struct{} // one slot per command that this leader has in flight
	forwards  int           // groups of a bureau on their way to the leader, which groups again
	pace      time.Duration // see timing
	left      time.Time     // when the last group left; run's own
	stop      chan struct{}
	once      sync.Once      // closes stop
	wg        sync.WaitGroup // run, and the goroutines of commands in flight
}

// waiting is a statement and who waits for its outcome.
type waiting struct {
	ctx    context.Context
	item   ledger.Item
	bureau string       // of its author, "" where the ledger does not know the key
	done   chan outcome // buffered: an answer is never waited for
	sent   bool         // proposed or forwarded before: it may be in the log
	// refused counts the leaders' refusals for which this node found no reason.
	refused int
}

type outcome struct {
	submitted *wire.Submitted
	err       error
}

func newBatcher(r *raft.Raft, self string, p peers, clock func() time.Time, own *ownLedger, t timing) *batcher {
	b := &batcher{raft: r, self: self, peers: p, clock: clock, own: own,
		queue: newFairQueue(t.share, t.window), proposals: make(chan struct{}, t.inFlight), forwards: t.forwards, pace: t.pace, stop: make(chan struct{})}
	b.wg.Go(b.run)
	return b
}

// refuse closes the door: statements that come from now on are told that the
// node is stopping. It may be called more than once.
func (b *batcher) refuse() { b.once.Do(func() { close(b.stop) }) }

// close refuses what waits and waits for the commands in flight.
func (b *batcher) close() {
	b.refuse()
	b.wg.Wait()
	for _, w := range b.queue.drain() {
		w.done <- outcome{err: w.since(errStopping)}
	}
}

var (
	errStopping  = &wire.Error{Code: wire.Stopping, Message: "the node is shutting down"}
	errBusy      = &wire.Error{Code: wire.Busy, Message: "too many statements wait here"}
	errNotLeader = &wire.Error{Code: wire.NotLeader, Message: "this node does not lead"}
	errNoLeader  = &wire.Error{Code: wire.NoLeader, Message: "no majority of the bureaus' nodes is reachable; nothing was written"}
	errDoubted   = &wire.Error{Code: wire.Unknown, Message: "the leader refuses it, and this node's ledger has no reason to; sending the same statement again is safe"}
	errUnknown   = &wire.Error{Code: wire.Unknown, Message: "the outcome is not known yet; sending the same statement again is safe"}
)

// submit hands one item to the batcher and waits for its outcome.
func (b *batcher) submit(ctx context.Context, it ledger.Item) (*wire.Submitted, error) {
	w := b.waiting(ctx, it)
	if err := b.enqueue(w); err != nil {
		return nil, err
	}
	select {
	case out := <-w.done:
		return out.submitted, out.err
	case <-ctx.Done():
		return nil, errUnknown
	}
}

func (b *batcher) enqueue(w *waiting) error {
	select {
	case <-b.stop:
		return errStopping
	default:
	}
	if !b.queue.push(w) {
		return errBusy
	}
	return nil
}

// waiting returns a statement that is to wait in the lane of its author's bureau.
func (b *batcher) waiting(ctx context.Context, it ledger.Item) *waiting {
	w := &waiting{ctx: ctx, item: it, done: make(chan outcome, 1)}
	if k, err := state.ReadKey(b.own.store, it.Entry.Statement.Author); err == nil && k != nil {
		w.bureau = k.Bureau
	}
	return w
}

func (b *batcher) run() {
	for {
		select {
		case <-b.stop:
			return
		case <-b.queue.ready:
		}
		if b.raft.State() == raft.Leader {
			b.proposeNext()
		} else {
			b.forwardNext()
		}
	}
}

// proposeNext proposes the next command, once there is a slot for it.
func (b *batcher) proposeNext() {
	select {
	case b.proposals <- struct{}{}:
	case <-b.stop:
		return
	}
	b.keepPace(len(b.proposals) > 1)
	all := b.queue.batch()
	group := b.unheld(all)
	if len(group) == 0 {
		b.queue.done(all)
		<-b.proposals
		return
	}
	// Raft keeps the order of commands by the order of these calls.
	future := b.propose(group)
	b.wg.Go(func() {
		b.answer(group, future)
		<-b.proposals
		b.queue.done(all)
	})
}

// forwardNext sends the next group to the leader. Where no bureau may send one
// now, the queue signals when one may.
func (b *batcher) forwardNext() {
	may, small := b.queue.flying(b.forwards)
	if !may {
		return
	}
	b.keepPace(small)
	bureau, all := b.queue.group(b.forwards)
	if len(all) == 0 {
		return
	}
	b.wg.Go(func() {
		if group := b.unheld(all); len(group) > 0 {
			b.forward(group)
		}
		b.queue.landed(bureau)
	})
}

// keepPace waits until the next group may leave.
func (b *batcher) keepPace(others bool) {
	if wait := b.pace - time.Since(b.left); others && wait > 0 {
		select {
		case <-time.After(wait):
		case <-b.stop:
		}
	}
	b.left = time.Now()
}

// unheld answers for the statements of a group that were sent before and that the
// ledger holds by now, and returns the others. Else a body could come to the Raft
// log once more, after it was purged.
func (b *batcher) unheld(group []*waiting) []*waiting {
	var rest []*waiting
	for _, w := range group {
		if w.sent {
			index, held, err := state.ReadIndex(b.own.store, w.item.Entry.ID)
			if err == nil && held {
				w.done <- outcome{submitted: &wire.Submitted{ID: w.item.Entry.ID, Index: index, Known: true}}
				continue
			}
		}
		rest = append(rest, w)
	}
	return rest
}

// alive reports whether anybody still waits; a statement that nobody waits for
// is not proposed.
func alive(w *waiting) bool {
	if w.ctx.Err() == nil {
		return true
	}
	w.done <- outcome{err: w.since(errNoLeader)}
	return false
}

// since returns err, which says that nothing was written, or that the outcome is
// unknown, where the statement may be in the log from an earlier try.
func (w *waiting) since(err error) error {
	switch {
	case w.refused > 0 && err != errStopping:
		return errDoubted
	case w.sent:
		return errUnknown
	}
	return err
}

func (b *batcher) propose(group []*waiting) raft.ApplyFuture {
	// Our clock, also where the ledger's time is ahead of it: Apply lets it not
	// fall, and the others would refuse a time that is ahead of theirs.
	batch := &ledger.Batch{Time: uint64(max(b.clock().UnixMilli(), 0))}
	for _, w := range group {
		batch.Items = append(batch.Items, w.item)
	}
	return b.raft.Apply((&ledger.Command{Batch: batch}).Marshal(), 0)
}

// answer waits for a proposed command and answers those who wait. A command
// whose fate is not known goes back to the queue: the statements' ids make
// proposing them twice harmless.
func (b *batcher) answer(group []*waiting, future raft.ApplyFuture) {
	err := future.Error()
	results, _ := future.Response().([]state.Result)
	if err == nil && len(results) != len(group) {
		err = errors.New("the state machine stopped")
	}
	switch {
	case err == nil:
		for i, w := range group {
			w.done <- outcomeOf(w.item.Entry.ID, &results[i])
		}
	case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrAbortedByRestore):
		for _, w := range group {
			w.sent = true
		}
		b.again(group)
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		b.again(group)
	default: // our disk or our state machine failed, which has stopped the node; another may have it
		for _, w := range group {
			w.done <- outcome{err: errUnknown}
		}
	}
}

func outcomeOf(id ledger.ID, r *state.Result) outcome {
	if r.Refusal != nil {
		return outcome{err: wire.Refused(r.Refusal)}
	}
	return outcome{submitted: &wire.Submitted{ID: id, Index: r.Index, Time: r.Time, Known: r.Known}}
}

// retryPause keeps a group that found no leader from spinning.
const retryPause = 20 * time.Millisecond

// again puts a group back in the queue after a pause, for the leader to come.
func (b *batcher) again(group []*waiting) {
	select {
	case <-time.After(retryPause):
	case <-b.stop:
	}
	for _, w := range group {
		if w.ctx.Err() != nil {
			w.done <- outcome{err: w.since(errNoLeader)}
		} else if err := b.enqueue(w); err != nil {
			w.done <- outcome{err: w.since(err)}
		}
	}
}

// receive takes a group that another node forwards to this leader.
func (b *batcher) receive(ctx context.Context, items []ledger.Item) ([]wire.Outcome, error) {
	if b.raft.State() != raft.Leader {
		return nil, errNotLeader
	}
	group := make([]*waiting, len(items))
	out := make([]wire.Outcome, len(items))
	for i := range items {
		group[i] = b.waiting(ctx, items[i])
		if err := b.enqueue(group[i]); err != nil {
			group[i].done <- outcome{err: err}
		}
	}
	for i, w := range group {
		select {
		case o := <-w.done:
			out[i] = wireOutcome(o)
		case <-ctx.Done():
			out[i] = wire.Outcome{Error: errUnknown}
		}
	}
	return out, nil
}

func wireOutcome(o outcome) wire.Outcome {
	if o.err == nil {
		return wire.Outcome{Submitted: o.submitted}
	}
	var e *wire.Error
	if !errors.As(o.err, &e) {
		e = &wire.Error{Code: wire.Internal, Message: "the leader could not commit it"}
	}
	return wire.Outcome{Error: e}
}
