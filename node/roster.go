package node

import (
	"context"
	"sync"

	"comity/ledger"

	"github.com/hashicorp/raft"
)

// members is who belongs to the consortium in one epoch. It never changes: who
// wants to know whether somebody left asks the roster again.
type members struct {
	*ledger.Epoch
	nodes    map[string]*ledger.Member // by the name of the node
	electors map[raft.ServerID]voter   // who votes
	policy   *ledger.Policy
}

func newMembers(e *ledger.Epoch, p *ledger.Policy) *members {
	m := &members{Epoch: e, nodes: make(map[string]*ledger.Member), electors: make(map[raft.ServerID]voter), policy: p}
	for i := range e.Members {
		mb := &e.Members[i]
		name := mb.NodeName()
		m.nodes[name] = mb
		if mb.Voter {
			m.electors[raft.ServerID(name)] = voter{mb.Node.Witness.Ed25519, raft.ServerAddress(name)}
		}
	}
	return m
}

// others returns the names of all nodes but one, in the order of the codes.
func (m *members) others(name string) (names []string) {
	for i := range m.Members {
		if n := m.Members[i].NodeName(); n != name {
			names = append(names, n)
		}
	}
	return names
}

// votes reports whether the node elects and cosigns.
func (m *members) votes(name string) bool {
	_, ok := m.electors[raft.ServerID(name)]
	return ok
}

// faults is f: how many of those who vote may be dishonest.
func (m *members) faults() int { return (len(m.electors) - 1) / 3 }

// configuration returns the Raft configuration of these members. A server's Raft
// address is its name, which dialing resolves, so that a new address is no new
// configuration.
func (m *members) configuration() raft.Configuration {
	var rc raft.Configuration
	for i := range m.Members {
		name, suffrage := m.Members[i].NodeName(), raft.Voter
		if !m.votes(name) {
			suffrage = raft.Nonvoter
		}
		rc.Servers = append(rc.Servers, raft.Server{Suffrage: suffrage, ID: raft.ServerID(name), Address: raft.ServerAddress(name)})
	}
	return rc
}

// roster is who belongs to the consortium as far as this node knows, epoch after
// epoch: what the charter file says, and what its own ledger does, where that is
// newer. All that asks who a member is, under which keys and where, asks here, each
// time anew.
type roster struct {
	genesis *ledger.Genesis // the charter file
	changed *beacon         // fires when there is a new epoch

	mu     sync.Mutex // guards what follows
	known  *ledger.Membership
	latest *members
}

// newRoster returns the roster of a charter file.
func newRoster(g *ledger.Genesis) *roster {
	r := &roster{genesis: g, changed: newBeacon()}
	r.learn(g.Membership)
	return r
}

// learn takes over a membership that has more epochs. What it says is verified, or
// derived from this node's own ledger.
func (r *roster) learn(m *ledger.Membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil && m.Latest().Number <= r.known.Latest().Number {
		return
	}
	last := m.Latest()
	r.known, r.latest = m, newMembers(last, m.PolicyAt(last.From))
	r.changed.fire()
}

// now returns the members of the newest epoch that this node knows.
func (r *roster) now() *members {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest
}

// membership returns all epochs that this node knows.
func (r *roster) membership() *ledger.Membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// policy says whose cosignatures make a checkpoint of so many entries FINAL.
func (r *roster) policy(size uint64) *ledger.Policy { return r.membership().PolicyAt(size) }

// charter returns the charter with the epochs that this node knows, to judge by.
func (r *roster) charter() *ledger.Genesis {
	g := *r.genesis
	g.Membership = r.membership()
	return &g
}

// each runs do for every node but self, while it is a member's, until ctx ends. It
// returns when all have ended.
func (r *roster) each(ctx context.Context, self string, do func(ctx context.Context, name string)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	running := make(map[string]context.CancelFunc)
	for {
		changed := r.changed.wait() // before the look, so that no change is missed
		m := r.now()
		for _, name := range m.others(self) {
			if running[name] == nil {
				one, cancel := context.WithCancel(ctx)
				running[name] = cancel
				wg.Go(func() { do(one, name) })
			}
		}
		for name, cancel := range running {
			if m.nodes[name] == nil {
				cancel()
				delete(running, name)
			}
		}
		select {
		case <-ctx.Done():
			for _, cancel := range running {
				cancel()
			}
			return
		case <-changed:
		}
	}
}
