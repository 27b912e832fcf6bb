package node

import (
	"context"
	"sync"

	"comity/ledger"
	"comity/ledger/state"

	"github.com/hashicorp/raft"
)

// members is who belongs to the consortium in one epoch. It never changes: who
// wants to know whether somebody left asks the roster again.
type members struct {
	*ledger.Epoch
	nodes    map[string]*ledger.Member // by the name of the node
	electors electorate                // who votes
	policy   *ledger.Policy
}

// newMembers returns those of the last epoch.
func newMembers(all *ledger.Membership) *members {
	e := all.Latest()
	m := &members{Epoch: e, nodes: make(map[string]*ledger.Member), electors: make(electorate), policy: all.PolicyAt(e.From)}
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

// serversOf returns the Raft configuration of an epoch. A server's Raft address is
// its name, which dialing resolves, so that a new address is no new configuration.
func serversOf(e *ledger.Epoch) raft.Configuration {
	var rc raft.Configuration
	for i := range e.Members {
		name, suffrage := e.Members[i].NodeName(), raft.Voter
		if !e.Members[i].Voter {
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
	wanted  chan struct{}   // has something in it when there seem to be epochs that are not known

	mu      sync.Mutex // guards what follows
	known   *ledger.Membership
	latest  *members // of known
	decided *members // by this node's own ledger
}

// newRoster returns the roster of a charter file.
func newRoster(g *ledger.Genesis) *roster {
	r := &roster{genesis: g, changed: newBeacon(), wanted: make(chan struct{}, 1)}
	r.learn(g.Membership)
	return r
}

// follow takes over what a ledger has decided, if it has decided more.
func (r *roster) follow(m *state.Machine, v state.View) error {
	decided, err := m.Membership(v)
	if err != nil {
		return err
	}
	r.mu.Lock()
	known := r.decided != nil && r.decided.Number == decided.Latest().Number
	if !known {
		r.decided = newMembers(decided)
	}
	r.mu.Unlock()
	if !known {
		r.learn(decided)
		r.changed.fire()
	}
	return nil
}

// applied returns the members that this node's own ledger has decided on.
func (r *roster) applied() *members {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.decided
}

// learn takes over a membership that has more epochs. What it says is verified, or
// derived from this node's own ledger.
func (r *roster) learn(m *ledger.Membership) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != nil && m.Latest().Number <= r.known.Latest().Number {
		return
	}
	r.known, r.latest = m, newMembers(m)
	r.changed.fire()
}

// ask says that somebody acts by an epoch that this node does not know.
func (r *roster) ask() {
	select {
	case r.wanted <- struct{}{}:
	default:
	}
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

// node returns the member with this node, as it is or, of one that left, last was:
// Raft speaks with who leaves until its configuration is without it. What that one
// may ask is for [replica.identify] to say.
func (r *roster) node(name string) *ledger.Member {
	if m := r.now().nodes[name]; m != nil {
		return m
	}
	epochs := r.membership().Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		for j := range epochs[i].Members {
			if m := &epochs[i].Members[j]; m.NodeName() == name {
				return m
			}
		}
	}
	return nil
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
