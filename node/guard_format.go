package node

import (
	"errors"
	"fmt"

	"comity/ledger"

	"github.com/hashicorp/raft"
)

// checkFormat refuses a batch with a statement that came with a later format than the
// ledger has before it: a voter whose program does not know it could not store it, and
// no honest leader lets one in.
func (g *guard) checkFormat(req *raft.AppendEntriesRequest, index uint64, c *ledger.Command) error {
	if c.Batch == nil {
		return nil
	}
	need := uint8(0)
	for i := range c.Batch.Items {
		need = max(need, g.machine.Needs(c.Batch.Items[i].Entry.Statement))
	}
	if now := g.roster.applied(); need <= 1 || now != nil && need <= now.Format {
		return nil
	}
	before, err := g.decidedBefore(req, index) // the format may be on its way as well
	if err != nil {
		return err
	}
	if has := before.Latest().Format; need > has {
		return fmt.Errorf("what needs format %d has no place in a ledger of format %d", need, has)
	}
	return nil
}

// unreadable says why a command cannot be read. If the voters have decided on a format
// that this program does not know, that is why, and the node stops: Raft would hand it
// the decision only with what comes after.
func (g *guard) unreadable(req *raft.AppendEntriesRequest, index uint64, err error) error {
	if _, later := g.decidedBefore(req, index); errors.Is(later, ledger.ErrFormat) {
		g.outdated(later)
		return later
	}
	return err
}
