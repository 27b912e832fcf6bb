package node

import (
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/ledger/state"

	"github.com/hashicorp/raft"
)

// maxAhead is how far the ledger time of a batch may be ahead of this node's
// clock. Old times are not refused here: a node that catches up sees many.
const maxAhead = 2 * time.Minute

// guard looks at every AppendEntries before Raft sees it, and so before
// anything of it is stored. The leader is not trusted: what it sends must parse,
// every signature must verify, and the members are those that the bureaus decided on.
type guard struct {
	roster   *roster
	machine  *state.Machine
	view     state.View
	verified *verifier
	clock    func() time.Time
	late     func(by time.Duration) // learns that a command was refused for its time
	applied  *appliedGuard          // nil: only the log store guards what was applied
	manifest *manifestCheck
	logs     raft.LogStore
	abstain  *abstention // nil for a node that votes
	standing *standing   // nil where nobody else is asked
	snaps    *Snapshots
	done     func() uint64 // Raft index of the last command that the ledger holds
	reached  func() uint64 // that or the newest snapshot's, whichever is higher
	outdated func(error)   // learns that the ledger is of a format that this program does not know
}

// errCut says that a request was left with the entries that may go to raft, and that
// the sender is to hear of a refusal then.
var errCut = errors.New("only the entries before it are taken")

func (g *guard) check(from raft.ServerID, req *raft.AppendEntriesRequest) error {
	if g.applied != nil {
		if err := g.applied.check(from, req); err != nil {
			return fmt.Errorf("append from %s: %w", from, err)
		}
	}
	var cut error
	for i, l := range req.Entries {
		err := g.checkLog(req, l)
		if err == nil {
			continue
		}
		err = fmt.Errorf("append from %s, index %d: %w", from, l.Index, err)
		if i == 0 || !errors.Is(err, errUnsettled) {
			return err
		}
		// What is before the step may be what the others wait for: where nodes got a
		// step and the next at once, none of them would be the first to take one.
		req.Entries = req.Entries[:i]
		cut = fmt.Errorf("%w: %w", errCut, err)
		break
	}
	// A follower may take for committed what this request has shown to agree with the
	// leader's log, and nothing after it (Ongaro, "In search of an understandable
	// consensus algorithm", figure 2). Raft here would go to the end of its own log,
	// whatever stands there.
	req.LeaderCommitIndex = min(req.LeaderCommitIndex, req.PrevLogEntry+uint64(len(req.Entries)))
	return cut
}

func (g *guard) checkLog(req *raft.AppendEntriesRequest, l *raft.Log) error {
	switch l.Type {
	case raft.LogNoop, raft.LogBarrier:
		if len(l.Data) != 0 {
			return ledger.ErrMalformed
		}
		return nil
	case raft.LogConfiguration:
		return g.checkConfiguration(req, l)
	case raft.LogCommand:
		c, err := ledger.ParseCommand(l.Data)
		if err != nil {
			return g.unreadable(req, l.Index, err)
		}
		if err := g.checkFormat(req, l.Index, c); err != nil {
			return err
		}
		if c.Batch != nil {
			if ahead := time.UnixMilli(int64(c.Batch.Time)).Sub(g.clock()); ahead > maxAhead {
				g.late(ahead)
				return fmt.Errorf("its ledger time is %s ahead of this node's clock", ahead.Round(time.Second))
			}
		}
		err = g.verified.prepare(g.view, g.roster.policy, c)
		if err != nil && c.Batch == nil { // by a node that an epoch let in which is still to be applied?
			if later, aheadErr := g.decidedBefore(req, l.Index); aheadErr == nil {
				err = g.verified.prepare(g.view, later.PolicyAt, c)
			}
		}
		return err
	}
	return fmt.Errorf("log entries of type %s are not used here", l.Type)
}
