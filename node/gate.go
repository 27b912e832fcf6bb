package node

import "sync"

// gates bounds what other nodes have this leader do at a time: how many groups of
// statements of one node it holds, and that it verifies those of a node one group
// after the other, so that one that floods it leaves cores to the rest.
type gates struct {
	most int // groups of one node

	mu sync.Mutex // guards by, which has an entry for each node that has forwarded
	by map[string]*gate
}

type gate struct {
	held   int           // guarded by gates.mu
	verify chan struct{} // of one: full while signatures of a group of the node are verified
}

// enter takes a place for a group of a node; leave gives it back. There is none
// for a node that has as many here as it may.
func (g *gates) enter(node string) (*gate, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.by == nil {
		g.by = make(map[string]*gate)
	}
	of := g.by[node]
	if of == nil {
		of = &gate{verify: make(chan struct{}, 1)}
		g.by[node] = of
	}
	if of.held >= g.most {
		return nil, false
	}
	of.held++
	return of, true
}

func (g *gates) leave(of *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of.held--
}
