package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"comity/ledger/state"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// abstention keeps a node that forgot its Raft log from undoing what it once
// helped to commit. It stores nothing on the word of a leader of an old term, asks
// for no votes, and gives none but to a node whose log ends no earlier than those
// of the others. It ends when the node holds again what they hold.
//
// Why that is enough: what a majority committed, this node among them, is in the
// logs of n/2 others at least. Of a majority of the others one holds it. A log
// that ends no earlier than that one's, by term and then by index, holds it too
// (Raft, section 5.4.1). The same majority of the others knows the term of every
// leader that was elected with this node's vote. Others that abstain as well have
// forgotten, and do not count; so when a majority has lost its logs nobody is
// elected: see DESIGN.md.
//
// A node that begins on an empty disk cannot tell whether the ledger begins or its
// disk was lost. It abstains until a majority of the others say that they are
// empty too, or it has caught up.
type abstention struct {
	path     string
	lost     loss
	others   int // nodes beside this one
	dropped  int // f: so many of the highest claims may be lies
	asked    time.Time
	settling time.Duration // within which a vote given before the start may still count
	stable   raft.StableStore

	mu    sync.Mutex // guards what follows
	over  bool
	heard map[string]report // by node, the last one since the start
}

// loss is what a node has forgotten.
type loss uint8

const (
	lostLog   loss = 'l' // its log; the term and the vote are known
	lostVotes loss = 'v' // those as well
)

// report is what another node says of itself.
type report struct {
	term     uint64
	end      entryID
	applied  uint64
	size     uint64
	abstains bool
	empty    bool
}

// errAbstains is the refusal of a node that forgot its log.
var errAbstains = errors.New("this node forgot its log and gives no vote before it has caught up")

// before reports whether a log that ends with e is less up to date.
func (e entryID) before(o entryID) bool {
	return e.term < o.term || e.term == o.term && e.index < o.index
}

// enough is how many of the others are a majority of them.
func (a *abstention) enough() int { return a.others/2 + 1 }

// bound is what a majority of the others know. A claim that nobody else makes may
// be a lie to keep this node out; as far as more than enough have answered, the f
// highest of each kind do not count.
type bound struct {
	term    uint64
	end     entryID
	applied uint64
	size    uint64
}

// known returns what the others know, false while too few have said it.
func (a *abstention) known() (b bound, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []report
	for _, r := range a.heard {
		if !r.abstains {
			list = append(list, r)
		}
	}
	if len(list) < a.enough() {
		return b, false
	}
	at := min(a.dropped, len(list)-a.enough())
	highest := func(of func(report) uint64) uint64 {
		slices.SortFunc(list, func(x, y report) int { return cmp.Compare(of(y), of(x)) })
		return of(list[at])
	}
	b.term = highest(func(r report) uint64 { return r.term })
	b.applied = highest(func(r report) uint64 { return r.applied })
	b.size = highest(func(r report) uint64 { return r.size })
	slices.SortFunc(list, func(x, y report) int {
		switch {
		case y.end.before(x.end):
			return -1
		case x.end.before(y.end):
			return 1
		}
		return 0
	})
	b.end = list[at].end
	return b, true
}

// founding reports whether a majority of the others have as little as this node,
// and nobody has entries: then nothing was committed, with or without it.
func (a *abstention) founding(own report) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, r := range a.heard {
		if r.size > 0 || r.term > own.term { // who knows a later term may have had our vote in it
			return false
		}
		if r.empty {
			n++
		}
	}
	return own.empty && n >= a.enough()
}

// caughtUp reports whether this node holds what the others hold.
func (a *abstention) caughtUp(own report) bool {
	b, ok := a.known()
	return ok && !own.end.before(b.end) && own.applied >= b.applied && own.term >= b.term && a.settled()
}

// settled reports whether no election can be under way any more in which this
// node has voted and does not know it.
func (a *abstention) settled() bool { return a.lost == lostLog || time.Since(a.asked) >= a.settling }

func (a *abstention) active() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.over
}

// check is asked about every request before raft sees it.
func (a *abstention) check(req *request) error {
	if !a.active() {
		return nil
	}
	b, known := a.known()
	switch r := req.command.(type) {
	case *raft.RequestVoteRequest:
		return a.mayVote(known, b, r.Term, entryID{r.LastLogIndex, r.LastLogTerm})
	case *raft.RequestPreVoteRequest:
		return a.mayVote(known, b, r.Term, entryID{r.LastLogIndex, r.LastLogTerm})
	case *raft.TimeoutNowRequest:
		return errAbstains
	case *raft.AppendEntriesRequest, *raft.InstallSnapshotRequest:
		// To store what an old leader sends would help it to commit beside the new one.
		if a.lost == lostVotes && (!known || req.term < b.term) {
			return errAbstains
		}
	}
	return nil
}

func (a *abstention) mayVote(known bool, b bound, term uint64, end entryID) error {
	if !known || end.before(b.end) || !a.settled() || a.lost == lostVotes && term <= b.term {
		return errAbstains
	}
	return nil
}

// stands refuses to ask for votes: this node's own would be one of them.
func (a *abstention) stands() error {
	if a.active() {
		return errAbstains
	}
	return nil
}

// end ends it, durably. Votes in terms that others know were given, as far as
// anybody can tell.
func (a *abstention) end() error {
	if b, ok := a.known(); ok && a.lost == lostVotes {
		if err := countVote(a.stable, b.term); err != nil {
			return err
		}
	}
	if err := os.Remove(a.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := syncDir(filepath.Dir(a.path)); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.over = true
	return nil
}

// The keys under which raft keeps its term and its vote.
var (
	keyTerm     = []byte("CurrentTerm")
	keyVoteTerm = []byte("LastVoteTerm")
	keyVoteFor  = []byte("LastVoteCand")
)

// countVote makes raft give no vote in a term. Raft writes none meanwhile: no
// request for one reaches it, and it asks for none.
func countVote(stable raft.StableStore, term uint64) error {
	voted, err := stableUint64(stable, keyVoteTerm)
	if err != nil || voted >= term {
		return err
	}
	if err := stable.Set(keyVoteFor, []byte("nobody knows")); err != nil { // the name of no node
		return err
	}
	return stable.SetUint64(keyVoteTerm, term)
}

// stableUint64 returns a value of raft's, 0 if there is none.
func stableUint64(stable raft.StableStore, key []byte) (uint64, error) {
	v, err := stable.GetUint64(key)
	if err != nil && err.Error() == "not found" { // as raft itself knows it
		return 0, nil
	}
	return v, err
}

// hear takes over what another node says.
func (a *abstention) hear(name string, s *wire.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard[name] = report{term: s.RaftTerm, end: entryID{s.RaftLast, s.RaftLastTerm}, applied: s.Applied, size: s.Size,
		abstains: s.Abstains, empty: s.Size == 0 && s.RaftLast <= 1}
}

// progress says how far this node is.
func (a *abstention) progress(own uint64) string {
	b, ok := a.known()
	if !ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		return fmt.Sprintf("repairing: asking what the others hold, %d of %d needed have said it; gives no vote yet", a.helpful(), a.enough())
	}
	how := "gives no vote yet"
	if a.settled() {
		how = "votes only for a node that holds them"
	}
	return fmt.Sprintf("repairing: entry %d of %d; %s", own, max(own, b.size), how)
}

// helpful must be called with mu held.
func (a *abstention) helpful() (n int) {
	for _, r := range a.heard {
		if !r.abstains {
			n++
		}
	}
	return n
}

// rejoin asks the others until this node has caught up.
func (r *replica) rejoin(ctx context.Context, a *abstention) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before the wait
	for _, name := range r.others() {
		wg.Go(func() {
			for wait := askAgain; ctx.Err() == nil; wait = min(2*wait, gossipEvery) {
				one, cancel := context.WithTimeout(ctx, gossipTimeout)
				s, err := r.peers.Status(one, name)
				cancel()
				if err == nil {
					a.hear(name, s)
				} else {
					r.log.Debug("ask where the log ends", "of", name, "error", err)
				}
				pauseFor(ctx, wait)
			}
		})
	}
	for {
		pauseFor(ctx, askAgain)
		if ctx.Err() != nil {
			return
		}
		own := r.report()
		if r.fsm.fetching.Load() > 0 || !a.founding(own) && !a.caughtUp(own) {
			continue
		}
		if err := a.end(); err != nil {
			r.fatal(fmt.Errorf("storage: end the repair: %w", err))
			return
		}
		r.log.Info("this node votes again", "entry", own.size, "term", own.term)
		r.moved.fire()
		return
	}
}

// report says of this node what others say of themselves.
func (r *replica) report() report {
	stats := r.raft.Stats() // one consistent look
	end := entryID{statUint(stats, "last_log_index"), statUint(stats, "last_log_term")}
	if at := (entryID{statUint(stats, "last_snapshot_index"), statUint(stats, "last_snapshot_term")}); at.index > end.index {
		end = at
	}
	p := report{term: r.raft.CurrentTerm(), end: end, applied: r.store.Applied(), abstains: r.abstain.active()}
	if head, err := state.ReadHead(r.store); err == nil {
		p.size = head.Size
	} else {
		r.log.Error("read the head", "error", err)
	}
	p.empty = p.size == 0 && end.index <= 1
	return p
}

func statUint(stats map[string]string, key string) uint64 {
	n, err := strconv.ParseUint(stats[key], 10, 64)
	if err != nil {
		panic("node: raft has no " + key)
	}
	return n
}

// The file that makes a node abstain lies beside its witness state:
//
//	u32 CRC32C of the rest || "comity abstains v1\n" || "l" (the log is lost) or "v" (votes as well)
//
// One that is damaged says the worse.
const (
	abstainName   = "abstain"
	abstainHeader = "comity abstains v1\n"
)

// settleAfter is how many election timeouts a node that forgot its votes waits: a
// candidate counts them for at most two.
const settleAfter = 4

func writeAbstain(path string, lost loss) error {
	return replaceSynced(path, withSumBefore(append([]byte(abstainHeader), byte(lost))))
}

// readAbstain returns what the node has forgotten, 0 for nothing.
func readAbstain(path string) (loss, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read what this node has forgotten: %w", err)
	}
	if bytes.Equal(data, withSumBefore(append([]byte(abstainHeader), byte(lostLog)))) {
		return lostLog, nil
	}
	return lostVotes, nil
}

// openAbstention returns the abstention of this node, nil for one that votes.
// fresh says that it has no Raft state at all.
func openAbstention(path string, fresh bool, others int, settling time.Duration, stable raft.StableStore) (*abstention, error) {
	lost, err := readAbstain(path)
	if err != nil || others == 0 {
		return nil, err
	}
	if fresh && lost != lostVotes {
		if err := writeAbstain(path, lostVotes); err != nil {
			return nil, fmt.Errorf("node: %w", err)
		}
		lost = lostVotes
	}
	if lost == 0 {
		return nil, nil
	}
	return &abstention{path: path, lost: lost, others: others, dropped: others / 3, asked: time.Now(), settling: settling, stable: stable,
		heard: make(map[string]report)}, nil
}
