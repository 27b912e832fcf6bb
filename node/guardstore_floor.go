package node

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// Refusal is something that a guard of the Raft log refused to do.
type Refusal struct {
	What  RefusalKind
	Index uint64 // of the first applied entry that it would have touched
}

// RefusalKind is where a refusal was made.
type RefusalKind int

const (
	RefusedConflict  RefusalKind = iota // of a request, before Raft saw it
	RefusedDeletion                     // by the log store
	RefusedOverwrite                    // by the log store
	refusalKinds
)

func (k RefusalKind) String() string {
	return [...]string{"conflict", "deletion", "overwrite"}[k]
}

// errRefused is what Raft gets for what it must not do. On an error of DeleteRange
// or StoreLogs, appendEntries of raft v1.7.3 logs it and answers without success,
// before it has changed anything of what it holds in memory; what is stored is
// only ever refused when nothing was deleted before it, since both begin at the
// same index.
var errRefused = errors.New("it would take back what this node has applied")

func (g *GuardStore) refuse(what RefusalKind, index uint64) error {
	if g.opts.OnRefusal != nil {
		g.opts.OnRefusal(Refusal{what, index})
	}
	return fmt.Errorf("%s from entry %d: %w", what, index, errRefused)
}

func (g *GuardStore) floor() uint64 {
	if g.opts.Floor == nil {
		return 0
	}
	return g.opts.Floor()
}

// snapshot returns the newest snapshot.
func (g *GuardStore) snapshot() (entryID, error) {
	if g.opts.Snapshot == nil {
		return entryID{}, nil
	}
	index, term, err := g.opts.Snapshot()
	return entryID{index, term}, err
}

// entryID tells one entry of the Raft log from all others.
type entryID struct{ index, term uint64 }

// checkDeletion refuses a deletion that reaches the floor, unless it is one of a
// beginning of the log for which a snapshot stands. Raft compacts so, and leaves
// the end; all of the log goes only if it is another one than the snapshot's.
func (g *GuardStore) checkDeletion(min, max uint64) error {
	if floor := g.floor(); floor == 0 || min > floor {
		return nil
	}
	first, err := g.FirstIndex()
	if err != nil {
		return err
	}
	last, err := g.LastIndex()
	if err != nil {
		return err
	}
	at, err := g.snapshot()
	if err != nil {
		return err
	}
	if min <= first && max <= at.index {
		if max < last {
			return nil
		}
		if holds, err := g.holds(at); err != nil || !holds {
			return err
		}
	}
	return g.refuse(RefusedDeletion, min)
}

// holds reports whether the log has this very entry.
func (g *GuardStore) holds(e entryID) (bool, error) {
	var l raft.Log
	err := g.lookup(e.index, &l)
	if err == raft.ErrLogNotFound {
		return false, nil
	}
	return err == nil && l.Term == e.term, err
}

// checkStore refuses to store at or below the floor anything but what is there.
func (g *GuardStore) checkStore(logs []*raft.Log) error {
	floor := g.floor()
	for _, l := range logs {
		if l.Index > floor {
			continue
		}
		var stored raft.Log
		if err := g.lookup(l.Index, &stored); err != nil && err != raft.ErrLogNotFound {
			return err
		} else if err != nil || !sameEntry(&stored, l) {
			return g.refuse(RefusedOverwrite, l.Index)
		}
	}
	return nil
}

// sameEntry leaves out the time, which is the leader's telemetry.
func sameEntry(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Extensions, b.Extensions)
}

// A follower whose log has another entry where an installed snapshot ends, left
// from a leader that was cut off, would never get on (hashicorp/raft #697): asked
// for the entry before the next, it finds the wrong one, and is sent the same
// snapshot again, thousands of times a second. So replica.adopt deletes the log up
// to the snapshot, and the store answers for the one entry that the snapshot
// stands for. The rest of the wrong entries conflicts with what comes, and Raft
// deletes it.

// covered is the type of what GetLog returns for an entry that a snapshot stands
// for. Nobody takes such an entry over the network.
const covered raft.LogType = 0xff

// coveredLog answers for an entry that is not in the log.
func (g *GuardStore) coveredLog(index uint64, log *raft.Log) error {
	at, err := g.snapshot()
	if err != nil {
		return err
	}
	if p := g.probe.Load(); index > 0 && index < at.index && p != nil && p.index == index && g.probe.CompareAndSwap(p, nil) {
		at = *p
	}
	if index == 0 || index != at.index {
		return raft.ErrLogNotFound
	}
	*log = raft.Log{Index: index, Term: at.term, Type: covered}
	return nil
}

// cover lets one request continue from an entry before the newest snapshot, if
// the request has the snapshot's last entry in it: what came before that entry is
// the same in every log that has it. Raft needs this when the wrong entries end
// exactly where the snapshot does, for it holds the last one in memory.
func (g *GuardStore) cover(req *raft.AppendEntriesRequest) error {
	at, err := g.snapshot()
	if err != nil {
		return err
	}
	if n := at.index - req.PrevLogEntry - 1; req.PrevLogEntry < at.index && n < uint64(len(req.Entries)) && req.Entries[n].Term == at.term {
		g.probe.Store(&entryID{req.PrevLogEntry, req.PrevLogTerm})
	}
	return nil
}
