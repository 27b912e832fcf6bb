package node

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// standing is what the other nodes say of the Raft configurations that they act by.
// A configuration may follow only one that a majority of its own voters hold
// (Ongaro, "Consensus: bridging theory and practice", 4.1): of two steps at once the
// majorities need not meet. That it does a leader knows, and may lie about it; what
// it says is committed proves nothing. So each node asks the others itself.
//
// What they say is not signed: TLS proves who says it, and nobody else has to be
// convinced.
type standing struct {
	name   string // of this node
	roster *roster
	status func(ctx context.Context, name string) (*wire.Status, error)
	own    func() suffrage // what this node acts by, empty for nothing
	wanted chan struct{}   // has something in it when what the others said last is not enough

	mu     sync.Mutex          // guards what follows
	said   map[string]suffrage // by node, the last
	asking map[string]bool     // nodes that have not answered yet
}

// suffrage is who is in a Raft configuration, and whether with a vote.
type suffrage map[raft.ServerID]raft.ServerSuffrage

// errUnsettled is the refusal of a step that follows one which this node does not
// know to be taken by a majority. It asks, and the leader tries again.
var errUnsettled = errors.New("the configuration before it is not known to be that of a majority")

func newStanding(name string, r *roster, status func(context.Context, string) (*wire.Status, error), own func() suffrage) *standing {
	return &standing{name: name, roster: r, status: status, own: own, wanted: make(chan struct{}, 1), said: make(map[string]suffrage), asking: make(map[string]bool)}
}

// after reports whether what a node acts by is this configuration or what decisions
// lead to from it: each server is between what it is here and what was decided. Out and
// voter have a step between them. Of several decisions, one after the other, some may
// not be carried out yet.
func (s suffrage) after(c suffrage, decided []suffrage) bool {
	between := func(id raft.ServerID) bool {
		low, high := c.step(id), c.step(id)
		for _, d := range decided {
			low, high = min(low, d.step(id)), max(high, d.step(id))
		}
		return low <= s.step(id) && s.step(id) <= high
	}
	for id := range s {
		if !between(id) {
			return false
		}
	}
	for id := range c {
		if !between(id) {
			return false
		}
	}
	return true
}

// step is 0 for a server that is not there, 1 for a non-voter and 2 for a voter.
func (s suffrage) step(id raft.ServerID) int {
	switch is, there := s[id]; {
	case !there:
		return 0
	case is == raft.Voter:
		return 2
	}
	return 1
}

// changes is in how many servers two configurations differ.
func (s suffrage) changes(c suffrage) (n int) {
	for id := range s {
		if s.step(id) != c.step(id) {
			n++
		}
	}
	for id := range c {
		if _, there := s[id]; !there {
			n++
		}
	}
	return n
}

// voters returns who has a vote.
func (s suffrage) voters() (ids []raft.ServerID) {
	for id, is := range s {
		if is == raft.Voter {
			ids = append(ids, id)
		}
	}
	return ids
}

// decided returns what the bureaus decided from an epoch on, as far as this node knows:
// the newest, at the least.
func (s *standing) decided(from uint32) (list []suffrage) {
	all := s.roster.membership().Epochs()
	for _, e := range all[min(int(from), len(all)-1):] {
		list = append(list, suffrages(serversOf(e)))
	}
	return list
}

// newest is for the newest decision alone.
const newest = math.MaxUint32

// settles reports whether a majority of the voters of a configuration, this node
// included, act by it or by what follows from the next one, by the decisions from an
// epoch on. So does a majority of those who vote by the newest decision, this node not
// included: where a node was away for long, the voters of then may be gone.
func (s *standing) settles(before, next suffrage, from uint32) bool {
	decided := s.decided(from)
	return s.majority(before.voters(), true, func(said suffrage) bool { return said.changes(before) == 0 || said.after(next, decided) }) ||
		s.majority(slices.Collect(maps.Keys(s.roster.now().electors)), false, func(said suffrage) bool { return said.after(next, decided) })
}

// majority reports whether most of these nodes act in some way, by what they said
// last; of this one the caller knows.
func (s *standing) majority(of []raft.ServerID, self bool, acts func(suffrage) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, id := range of {
		said, ok := s.said[string(id)]
		if string(id) == s.name && self || string(id) != s.name && ok && acts(said) {
			n++
		}
	}
	return n > len(of)/2
}

// allows says whether one configuration may follow another in the log. before it
// returns what is decided there.
//
// Decisions may lead there and back: who lost the vote and is to have it again is, at
// the others, not between what it was and what it is to be. So a node that is behind
// counts what was decided from that place on; not what was decided before it, or who
// has not taken the step before would pass for one who has.
func (s *standing) allows(before, next suffrage, decidedBefore func() (*ledger.Membership, error)) error {
	if s == nil || next.changes(before) == 0 || s.settles(before, next, newest) {
		return nil
	}
	if s.roster.applied().Number < s.roster.now().Number {
		if m, err := decidedBefore(); err == nil && s.settles(before, next, m.Latest().Number) {
			return nil
		}
	}
	s.doubt()
	return errUnsettled
}

// allowsSnapshot says whether a node may act by the configuration of a snapshot: one
// step from what it acts by, or that of a majority without it. A node that has no
// configuration has nothing to hold it against.
func (s *standing) allowsSnapshot(next suffrage) error {
	if s == nil {
		return nil
	}
	own, decided := s.own(), s.decided(newest)
	if len(own) == 0 || next.changes(own) == 0 || next.changes(own) == 1 && s.settles(own, next, newest) ||
		s.majority(next.voters(), false, func(said suffrage) bool { return said.after(next, decided) }) {
		return nil
	}
	s.doubt()
	return errUnsettled
}

// ahead returns the configurations that the decisions lead to from this one, and that
// most of their voters, this node not included, act by or have left behind.
func (s *standing) ahead(present suffrage) (list []suffrage) {
	decided := s.decided(newest)
	s.mu.Lock()
	said := slices.Collect(maps.Values(s.said))
	s.mu.Unlock()
	for _, c := range said {
		if c.changes(present) > 0 && c.after(present, decided) && !slices.ContainsFunc(list, func(l suffrage) bool { return l.changes(c) == 0 }) &&
			s.majority(c.voters(), false, func(other suffrage) bool { return other.after(c, decided) }) {
			list = append(list, c)
		}
	}
	return list
}

// doubt has the others asked.
func (s *standing) doubt() {
	s.roster.ask() // they may be further than this node knows
	select {
	case s.wanted <- struct{}{}:
	default:
	}
}

// run asks the others when there is doubt, and until a majority stands where this
// node does, so that the next step finds it known. It ends with ctx.
func (s *standing) run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(gossipEvery)
	defer tick.Stop()
	wait := askAgain // however often somebody makes it doubt
	for {
		if own := s.own(); len(own) > 0 && !s.settles(own, own, newest) {
			s.ask(ctx, &wg)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			wait = askAgain
		case <-s.wanted:
			s.ask(ctx, &wg)
			pauseFor(ctx, wait)
			wait = min(2*wait, gossipEvery)
		}
	}
}

// ask asks all who vote, by the newest decision or by what this node acts by, and
// who are not being asked. It does not wait; wg counts what it starts.
func (s *standing) ask(ctx context.Context, wg *sync.WaitGroup) {
	names := make(map[string]bool)
	for id := range s.roster.now().electors {
		names[string(id)] = true
	}
	for _, id := range s.own().voters() {
		names[string(id)] = true
	}
	delete(names, s.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range names {
		if s.asking[name] {
			continue
		}
		s.asking[name] = true
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, gossipTimeout)
			defer cancel()
			st, err := s.status(ctx, name)
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.asking, name)
			if err == nil {
				s.hear(name, st.Servers)
			}
		})
	}
}

// hear takes over what a node says that it acts by. There are no more of these than
// there ever were voters.
func (s *standing) hear(name string, servers map[string]bool) {
	if len(servers) == 0 || len(servers) > ledger.MaxMembers+1 { // one that leaves may still be in it
		return
	}
	is := make(suffrage, len(servers))
	for id, votes := range servers {
		is[raft.ServerID(id)] = raft.Nonvoter
		if votes {
			is[raft.ServerID(id)] = raft.Voter
		}
	}
	s.said[name] = is
}

// actsBy returns the configuration that a node acts by, nil before Raft runs.
func actsBy(r *replica) suffrage {
	if r == nil {
		return nil
	}
	return suffrages(r.raft.GetConfiguration().Configuration())
}

// tell returns a configuration as a status has it.
func (s suffrage) tell() map[string]bool {
	out := make(map[string]bool, len(s))
	for id, is := range s {
		out[string(id)] = is == raft.Voter
	}
	return out
}
