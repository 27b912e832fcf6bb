package node

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// appliedGuard holds what a leader sends against what this node has applied,
// before Raft sees it. hashicorp/raft would delete committed entries on the word
// of any member that names a higher term.
type appliedGuard struct {
	logs   *GuardStore
	floor  func() uint64
	term   func() uint64 // Raft's
	refuse func(r Refusal, from raft.ServerID, term uint64)
}

// check refuses a request that contradicts an entry at or below the floor. Such
// an entry is in the log of every leader of this term or a later one (Raft's
// leader completeness), so that the sender is none, or the node was made to apply
// what was never committed; in either case people must look. The leader of a term
// that is over may contradict it in good faith; Raft tells it so.
func (a *appliedGuard) check(from raft.ServerID, req *raft.AppendEntriesRequest) error {
	floor := a.floor() // before the term: whoever committed this entry has led by then
	if req.PrevLogEntry >= floor || req.PrevLogEntry == 0 && len(req.Entries) == 0 || req.Term < a.term() {
		return nil
	}
	if req.PrevLogEntry > 0 {
		stored := new(raft.Log)
		switch found, err := a.stored(req.PrevLogEntry, stored); {
		case err != nil:
			return err
		case found && stored.Term != req.PrevLogTerm:
			return a.lie(from, req, stored)
		}
	}
	for _, l := range req.Entries {
		if l.Index > floor {
			break
		}
		stored := new(raft.Log)
		switch found, err := a.stored(l.Index, stored); {
		case err != nil:
			return err
		case found && !sameEntry(stored, l):
			return a.lie(from, req, stored)
		}
	}
	return a.logs.cover(req)
}

func (a *appliedGuard) stored(index uint64, l *raft.Log) (bool, error) {
	err := a.logs.lookup(index, l)
	if err == raft.ErrLogNotFound {
		return false, nil
	}
	return err == nil, err
}

func (a *appliedGuard) lie(from raft.ServerID, req *raft.AppendEntriesRequest, stored *raft.Log) error {
	a.refuse(Refusal{RefusedConflict, stored.Index}, from, req.Term)
	return fmt.Errorf("it contradicts entry %d: %w", stored.Index, errRefused)
}

// refusals counts what the guards refused, by kind.
type refusals [refusalKinds]atomic.Uint64

// refused counts a refusal and raises one alarm for each node that asked for one.
func (r *replica) refused(what Refusal, from raft.ServerID, term uint64) {
	r.refusals[what.What].Add(1)
	r.mu.Lock()
	first := !r.accused[from]
	r.accused[from] = true // only names of members come here
	r.mu.Unlock()
	if first {
		r.log.Error("refused to take back what was applied", "what", what.What, "node", string(from), "term", term, "index", what.Index)
		r.alarm(fmt.Sprintf("node %s, as leader of term %d, asked to overwrite entry %d that this node has applied", from, term, what.Index))
	}
}

// refusedByStore does so for what got through to the log store.
func (r *replica) refusedByStore(what Refusal) {
	_, leader := r.raft.LeaderWithID()
	r.refused(what, leader, r.raft.CurrentTerm())
}

// adopt makes the log continue the newest snapshot: if it has not the entry at
// which the snapshot ends, all in it up to there is another history, or one that
// nobody can tell, and goes. Die before it, and the next start does it.
func adopt(logs raft.LogStore, guarded *GuardStore, floor *floor, log *slog.Logger) error {
	at, err := guarded.snapshot()
	if err != nil || at.index == 0 {
		return err
	}
	var last raft.Log
	err = guarded.lookup(at.index, &last)
	if err == nil && last.Term == at.term {
		return floor.raise(at.index)
	}
	if err != nil && err != raft.ErrLogNotFound {
		return err
	}
	if err == nil && at.index <= floor.at() {
		return fmt.Errorf("the newest snapshot ends with entry %d of term %d, and this node has applied that of term %d: %w", at.index, at.term, last.Term, ErrCorrupt)
	}
	first, err := guarded.FirstIndex()
	if err != nil {
		return err
	}
	if first > 0 && first <= at.index {
		log.Info("the Raft log is not the snapshot's; what is before it is dropped", "from", first, "to", at.index)
		if err := logs.DeleteRange(first, at.index); err != nil {
			return err
		}
	}
	return floor.raise(at.index)
}
