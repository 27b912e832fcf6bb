package node

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

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
	asked    time.Time
	settling time.Duration // within which a vote given before the start may still count
	stable   raft.StableStore

	mu      sync.Mutex // guards what follows
	others  int        // nodes beside this one that vote
	dropped int        // f: so many of the highest claims may be lies
	over    bool
	heard   map[string]report // by node, the last one since the start
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

// among says how many other nodes vote.
func (a *abstention) among(others int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.others, a.dropped = others, others/3
}

// enough is how many of the others are a majority of them. It must be called with
// mu held.
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
