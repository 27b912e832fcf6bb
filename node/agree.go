package node

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// head names a state of the log: its first size entries have this root.
type head struct {
	size uint64
	root ledger.Hash
}

// agreement tells the other nodes which root this one holds where the log asks for
// a cosignature, and learns theirs. A node cosigns only what a quorum holds, itself
// included. So a node that a dishonest leader gave other entries than the rest
// never signs for them, and a cosignature that contradicts the ledger is always
// the doing of the bureau whose node made it: of two roots at one size at most
// one can have a quorum, since each honest node names one.
//
// What a node says here is not signed: TLS proves who says it, and nobody else
// has to be convinced.
type agreement struct {
	roster *roster
	peers  talker
	heads  *heads
	moved  *beacon

	mu     sync.Mutex        // guards what follows
	said   map[string][]head // by node, the last ones
	told   map[string]head   // by node, what it knows that we hold
	asking head              // what spread told last
	at     time.Time         // when
}

// headsKept is how many heads of each node are remembered: nodes may be some
// checkpoints apart.
const headsKept = 4

// reached reports whether a quorum holds the checkpoint that the log asks for. A
// cosignature says so as well.
func (a *agreement) reached(ask *state.Collected) bool {
	if a.heads.verified.seams.witnessOff() {
		return true
	}
	want := head{ask.Size, ask.Root}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 1
	p := a.roster.policy(ask.Size)
	for name := range p.Witness {
		if name != a.heads.name && (slices.Contains(a.said[name], want) || ask.By(name)) {
			n++
		}
	}
	return n >= p.Quorum
}

// dissent names the nodes that hold another root at the size that the log asks for.
func (a *agreement) dissent(ask *state.Collected) (names []string) {
	if a.heads.verified.seams.witnessOff() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, name := range a.roster.now().others(a.heads.name) {
		if slices.ContainsFunc(a.said[name], func(h head) bool { return h.size == ask.Size && h.root != ask.Root }) {
			names = append(names, name)
		}
	}
	return names
}

// heard takes over what a node says that it holds.
func (a *agreement) heard(from string, h head) {
	a.mu.Lock()
	known := slices.Contains(a.said[from], h)
	if !known {
		a.said[from] = append(a.said[from], h)
		a.said[from] = a.said[from][max(0, len(a.said[from])-headsKept):]
	}
	a.mu.Unlock()
	if !known {
		a.moved.fire()
	}
}

// asked is called with what another node holds. It answers with the root that
// this one holds at that size; false while its log is shorter.
func (a *agreement) asked(from string, h head) (ledger.Hash, bool, error) {
	a.heard(from, h)
	size, err := a.heads.size()
	if err != nil || h.size == 0 || h.size > size {
		return ledger.Hash{}, false, err
	}
	root, err := tlog.TreeHash(int64(h.size), a.heads.store)
	if err != nil {
		return ledger.Hash{}, false, err
	}
	own := head{h.size, ledger.Hash(root)}
	a.mu.Lock()
	a.told[from] = own
	a.mu.Unlock()
	return own.root, true, nil
}

// spread tells every other node that does not know it yet what this one holds,
// and takes over their answers. It does not wait; wg counts what it starts. Called
// again for the same head, it does something once in a while.
func (a *agreement) spread(ctx context.Context, wg *sync.WaitGroup, ask *state.Collected) {
	h := head{ask.Size, ask.Root}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asking == h && time.Since(a.at) < resend {
		return
	}
	a.asking, a.at = h, time.Now()
	for _, name := range a.roster.now().others(a.heads.name) {
		if a.told[name] == h && slices.ContainsFunc(a.said[name], func(s head) bool { return s.size == h.size }) {
			continue
		}
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, resend)
			defer cancel()
			root, ok, err := a.peers.Root(ctx, name, h.size, h.root)
			if err != nil {
				return // spread tells it again
			}
			a.mu.Lock()
			a.told[name] = h
			a.mu.Unlock()
			if ok {
				a.heard(name, head{h.size, root})
			}
		})
	}
}

// errDeceived is why a node stops that holds other entries than the ledger.
var errDeceived = errors.New("this node was led to apply entries that are not the ledger's: repair it with 'comity node repair'")
