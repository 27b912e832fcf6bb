package node

import (
	"bytes"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// errUndecided is the refusal of a Raft configuration that the bureaus did not
// decide.
var errUndecided = errors.New("it changes the members without a decision of the bureaus")

// follows says whether a Raft configuration may follow another while these are the
// members. What is decided takes several steps: a newcomer is a non-voter first,
// and who leaves loses the vote first. So both may differ from what is decided, but
// no step may lead away from it, and none changes more than one server: the
// majorities of two configurations that differ by one always share a node (Ongaro,
// "Consensus: bridging theory and practice", 4.2).
func (m *members) follows(before, after raft.Configuration) error {
	was, is := suffrages(before), suffrages(after)
	changes := 0
	for id, now := range is {
		old, there := was[id]
		if there && old == now {
			continue
		}
		changes++
		name := string(id)
		switch member := m.nodes[name] != nil; {
		case !there && (!member || now != raft.Nonvoter):
			return fmt.Errorf("it adds %s as a %s: %w", id, now, errUndecided)
		case there && now == raft.Voter && !m.votes(name):
			return fmt.Errorf("it gives %s a vote: %w", id, errUndecided)
		case there && now == raft.Nonvoter && m.votes(name):
			return fmt.Errorf("it takes the vote from %s: %w", id, errUndecided)
		}
	}
	for id, old := range was {
		if _, there := is[id]; there {
			continue
		}
		changes++
		if m.nodes[string(id)] != nil || old == raft.Voter {
			return fmt.Errorf("it drops %s, a %s: %w", id, old, errUndecided)
		}
	}
	if changes > 1 {
		return fmt.Errorf("it changes %d servers at once: %w", changes, errUndecided)
	}
	return nil
}

// suffrages returns what each server of a configuration may do.
func suffrages(c raft.Configuration) suffrage {
	out := make(suffrage, len(c.Servers))
	for _, s := range c.Servers {
		out[s.ID] = s.Suffrage
	}
	return out
}

// parseServers decodes a Raft configuration, in which each server's address is
// its name.
func parseServers(data []byte) (raft.Configuration, error) {
	c, err := ParseConfiguration(data)
	if err != nil {
		return c, err
	}
	for _, s := range c.Servers {
		if string(s.Address) != string(s.ID) {
			return c, fmt.Errorf("the address of %s is not its name: %w", s.ID, errUndecided)
		}
	}
	return c, nil
}

// checkConfiguration refuses a configuration entry that does not take a step from
// the one before it in the log towards what the bureaus have decided. The decision
// is in the log before it. This node may not have applied it yet, or gets it with
// the same request: then it looks what applying it will come to. What the bureaus
// signed no leader can make up.
func (g *guard) checkConfiguration(req *raft.AppendEntriesRequest, l *raft.Log) error {
	after, err := parseServers(l.Data)
	if err != nil {
		return err
	}
	switch settled, err := g.settled(req, l); {
	case err != nil:
		return err
	case settled:
		return nil
	}
	before, err := g.configurationBefore(req, l.Index)
	if err != nil {
		return err
	}
	if before == nil { // the ledger begins with it
		if l.Index != 1 || !bytes.Equal(l.Data, raft.EncodeConfiguration(serversOf(g.roster.membership().At(0)))) {
			return errUndecided
		}
		return nil
	}
	if refused := g.roster.applied().follows(*before, after); refused != nil {
		decided, err := g.decidedBefore(req, l.Index)
		if err != nil {
			return errors.Join(refused, err)
		}
		if err := newMembers(decided).follows(*before, after); err != nil {
			return err
		}
	}
	return g.standing.allows(suffrages(*before), suffrages(after), func() (*ledger.Membership, error) { return g.decidedBefore(req, l.Index) })
}

// settled reports whether a configuration entry needs no judgement: this node has it
// already, so that it was judged when it came; or Raft will refuse the request, since
// this node has not what it continues. Raft says so to the leader, who then sends
// more, and must hear that from Raft and not of a refusal.
func (g *guard) settled(req *raft.AppendEntriesRequest, l *raft.Log) (bool, error) {
	var held raft.Log
	switch err := g.logs.GetLog(l.Index, &held); {
	case err == nil && held.Term == l.Term && held.Type == l.Type && bytes.Equal(held.Data, l.Data):
		return true, nil
	case err != nil && !errors.Is(err, raft.ErrLogNotFound):
		return false, err
	}
	if req.PrevLogEntry == 0 {
		return false, nil
	}
	switch err := g.logs.GetLog(req.PrevLogEntry, &held); {
	case err == nil:
		return held.Term != req.PrevLogTerm, nil
	case !errors.Is(err, raft.ErrLogNotFound):
		return false, err
	}
	index, term, err := newestOf(g.snaps)()
	return index != req.PrevLogEntry || term != req.PrevLogTerm, err
}

// configurationBefore returns the last configuration in the log before an index, as
// it will be with the entries of the request; nil when there is none.
func (g *guard) configurationBefore(req *raft.AppendEntriesRequest, index uint64) (*raft.Configuration, error) {
	for i := len(req.Entries) - 1; i >= 0; i-- {
		if e := req.Entries[i]; e.Index < index && e.Type == raft.LogConfiguration {
			c, err := parseServers(e.Data)
			return &c, err
		}
	}
	last := min(index-1, req.PrevLogEntry)
	first, err := g.logs.FirstIndex()
	if err != nil {
		return nil, err
	}
	for i := last; i >= first && i > 0; i-- {
		var l raft.Log
		switch err := g.logs.GetLog(i, &l); {
		case errors.Is(err, raft.ErrLogNotFound): // between a snapshot and the log
		case err != nil:
			return nil, err
		case l.Type == raft.LogConfiguration:
			c, err := parseServers(l.Data)
			return &c, err
		}
	}
	return g.snapshotConfiguration(last)
}

// stagedConfiguration returns the configuration of the newest snapshot that ends no later
// than an index, nil without one.
func (g *guard) snapshotConfiguration(last uint64) (*raft.Configuration, error) {
	list, err := g.snaps.List()
	if err != nil {
		return nil, err
	}
	for _, meta := range list {
		if meta.Index <= last {
			return &meta.Configuration, nil
		}
	}
	return nil, nil
}

// checkServers refuses the configuration of a snapshot that what the bureaus decided
// cannot have led to. Which of the steps was the last is the leader's word; whoever
// leads takes the next. Decisions that this node lacks it learns from the others'
// certificates, while the leader tries again.
func (g *guard) checkServers(data []byte) error {
	c, err := parseServers(data)
	if err != nil {
		return err
	}
	if err := reachable(c, g.roster.membership()); err != nil {
		g.roster.ask()
		return err
	}
	return nil
}

// reachable says whether decisions can have led to a configuration.
func reachable(c raft.Configuration, decided *ledger.Membership) error {
	is := suffrages(c)
	was := make(map[raft.ServerID]raft.ServerSuffrage) // the most that each may ever do
	always := make(map[raft.ServerID]int)              // in how many epochs it votes
	for _, e := range decided.Epochs() {
		for _, s := range serversOf(e).Servers {
			if s.Suffrage == raft.Voter {
				always[s.ID]++
			}
			if old, ok := was[s.ID]; !ok || old == raft.Nonvoter {
				was[s.ID] = s.Suffrage
			}
		}
	}
	for id, now := range is {
		if most, ok := was[id]; !ok || now == raft.Voter && most != raft.Voter {
			return fmt.Errorf("it has %s as a %s: %w", id, now, errUndecided)
		}
	}
	for id, n := range always {
		if now, there := is[id]; n == len(decided.Epochs()) && (!there || now != raft.Voter) {
			return fmt.Errorf("it has not the vote of %s: %w", id, errUndecided)
		}
	}
	return nil
}

// Bounds of what decidedBefore applies ahead of time.
const (
	aheadCommands = 4096
	aheadBytes    = 64 << 20
	aheadTries    = 8
)

// decidedBefore returns the epochs as they will be when all before an index of the
// log is applied, with the entries of the request.
func (g *guard) decidedBefore(req *raft.AppendEntriesRequest, index uint64) (*ledger.Membership, error) {
	for range aheadTries {
		applied := g.done()
		m, err := g.ahead(req, applied, index)
		if g.done() == applied { // or it looked at a state that moved
			return m, err
		}
	}
	return nil, errors.New("this node's state moves too fast to look ahead of it")
}

func (g *guard) ahead(req *raft.AppendEntriesRequest, applied, index uint64) (*ledger.Membership, error) {
	head, err := state.ReadHead(g.view)
	if err != nil {
		return nil, err
	}
	staged := store.NewStaged(g.view, head.Size)
	bytes := 0
	for i := applied + 1; i < index; i++ {
		l := new(raft.Log)
		if i > req.PrevLogEntry {
			l = req.Entries[i-req.PrevLogEntry-1]
		} else if err := g.logs.GetLog(i, l); err != nil {
			return nil, err
		}
		if l.Type != raft.LogCommand {
			continue
		}
		if bytes += len(l.Data); bytes > aheadBytes || i-applied > aheadCommands {
			return nil, errors.New("too much is to be applied before it")
		}
		c, err := ledger.ParseCommand(l.Data)
		if err != nil {
			return nil, err
		}
		if c.Batch == nil {
			continue // cosignatures decide nothing
		}
		changes, _, err := g.machine.Apply(staged, c, g.verified)
		if err != nil {
			return nil, err
		}
		staged.Add(changes)
	}
	return g.machine.Membership(staged)
}
