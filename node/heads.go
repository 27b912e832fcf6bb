package node

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// heads is what this node knows of the cosignatures of every node, itself
// included: the newest of each, those that are beyond its own log, and those that
// contradict it. Every one has verified.
type heads struct {
	name     string // of this node
	roster   *roster
	machine  *state.Machine
	store    store.Store
	verified *verifier
	fetching func() bool               // the store holds entries of a pull that are not verified yet
	denied   func(*ledger.Cosignature) // is given what was signed under our name

	headsMu sync.Mutex // guards what follows
	since   *members   // whose newest cosignatures are held
	newest  map[string]*ledger.Cosignature
	ahead   map[string][]*ledger.Cosignature // by size
	against map[string][]*ledger.Cosignature
}

// Bounds of what is held of one node.
const (
	maxWaiting        = 4
	maxContradictions = maxEvidenceEach
)

func newHeads(name string, r *roster, m *state.Machine, s store.Store, v *verifier) *heads {
	return &heads{name: name, roster: r, machine: m, store: s, verified: v,
		since: r.now(), newest: make(map[string]*ledger.Cosignature), ahead: make(map[string][]*ledger.Cosignature), against: make(map[string][]*ledger.Cosignature)}
}

// recall fills in what the state and the evidence files hold: after a start the
// others want to hear it.
func (h *heads) recall(evidence []*ledger.Cosignature) error {
	pending, err := state.ReadPending(h.store)
	if err != nil {
		return err
	}
	final, err := state.ReadFinal(h.store)
	if err != nil {
		return err
	}
	for _, c := range []*state.Collected{pending, final} {
		if c != nil {
			h.counted(c.Cosigs...)
		}
	}
	faults, err := h.machine.Faults(h.store)
	if err != nil {
		return err
	}
	for _, f := range faults {
		evidence = append(evidence, f.Proof)
	}
	for _, s := range evidence {
		if err := h.see(s); err != nil {
			return err
		}
	}
	return nil
}

// head returns the newest cosignature of a node that this node holds, nil for none.
func (h *heads) head(node string) *ledger.Cosignature {
	h.headsMu.Lock()
	defer h.headsMu.Unlock()
	h.forget()
	return h.newest[node]
}

// counted takes over cosignatures that the log has accepted.
func (h *heads) counted(list ...*ledger.Cosignature) {
	h.headsMu.Lock()
	defer h.headsMu.Unlock()
	for _, s := range list {
		h.renew(s)
	}
}

// longer returns how many other nodes have cosigned more than size entries.
func (h *heads) longer(size uint64) (n int) {
	h.headsMu.Lock()
	defer h.headsMu.Unlock()
	h.forget()
	for node, s := range h.newest {
		if node != h.name && s.Size > size && h.since.votes(node) {
			n++
		}
	}
	return n
}

// forget drops what those signed who have left, or have got other keys since. Whoever
// had the old ones may have signed any size. It must be called with headsMu held.
func (h *heads) forget() {
	now := h.roster.now()
	if h.since == now {
		return
	}
	for node := range h.newest {
		m := now.nodes[node]
		was := h.since.nodes[node]
		if m == nil || was != nil && !was.Node.Witness.Ed25519.Equal(m.Node.Witness.Ed25519) {
			delete(h.newest, node)
		}
	}
	h.since = now
}

// renew must be called with headsMu held.
func (h *heads) renew(s *ledger.Cosignature) {
	h.forget()
	if n := h.newest[s.Node]; h.stillNode(s) && (n == nil || s.Size > n.Size) {
		h.newest[s.Node] = s
	}
}

// see takes a cosignature from whoever brings it, verifies it, and holds it
// against the own log; one beyond it waits until the log gets there.
func (h *heads) see(s *ledger.Cosignature) error {
	if h.verified.seams.witnessOff() {
		return nil
	}
	p := h.roster.policy(s.Size)
	w, ok := p.Witness[s.Node]
	if !ok {
		h.roster.ask() // somebody may have let it in
		return &wire.Error{Code: wire.Code(state.UnknownKey), Message: fmt.Sprintf("no bureau has a node %q", s.Node)}
	}
	if !h.verified.Cosignature(s, w, p.Origin) {
		return &wire.Error{Code: wire.Code(state.BadSignature), Message: fmt.Sprintf("the cosignature of %s does not verify", s.Node)}
	}
	if s.Node == h.name {
		h.denied(s)
	}
	size, err := h.size()
	if err != nil {
		return err
	}
	contradicts, err := state.Contradicts(h.store, size, s)
	if err != nil {
		return err
	}
	h.headsMu.Lock()
	defer h.headsMu.Unlock()
	h.renew(s)
	switch {
	case contradicts:
		h.accuse(s)
	case s.Size > size:
		h.wait(s)
	}
	return nil
}

// stillNode reports whether the node of a cosignature is a member's now, with the keys
// with which it made it. Of any other the ledger takes no evidence.
func (h *heads) stillNode(s *ledger.Cosignature) bool {
	m, then := h.roster.now().nodes[s.Node], h.roster.policy(s.Size).Witness[s.Node]
	return m != nil && m.Node.Witness.Ed25519.Equal(then.Ed25519)
}

// size returns how many entries of the log are certain: all, but while entries
// are pulled from others none are, before they have led to what was promised.
func (h *heads) size() (uint64, error) {
	if h.fetching() {
		return 0, nil
	}
	head, err := state.ReadHead(h.store)
	return head.Size, err
}

// wait keeps s until the log has its size. Where there is no room, the largest
// goes: the log reaches the others first. It must be called with headsMu held.
func (h *heads) wait(s *ledger.Cosignature) {
	list := h.ahead[s.Node]
	at, _ := slices.BinarySearchFunc(list, s, func(a, b *ledger.Cosignature) int {
		return cmp.Compare(a.Size, b.Size)
	})
	for _, a := range list[at:] {
		if a.Size == s.Size && a.Root == s.Root {
			return
		}
	}
	list = slices.Insert(list, at, s)
	h.ahead[s.Node] = list[:min(len(list), maxWaiting)]
}

// accuse must be called with headsMu held.
func (h *heads) accuse(s *ledger.Cosignature) {
	list := h.against[s.Node]
	if len(list) >= maxContradictions || slices.ContainsFunc(list, func(c *ledger.Cosignature) bool { return c.Size == s.Size && c.Root == s.Root }) {
		return
	}
	h.against[s.Node] = append(list, s)
}

// reach compares what was beyond the log and is not any more. What is no member's by
// the time that the log gets there is nobody's.
func (h *heads) reach() error {
	size, err := h.size()
	if err != nil {
		return err
	}
	var reached []*ledger.Cosignature
	h.headsMu.Lock()
	for node, list := range h.ahead {
		n := 0
		for n < len(list) && list[n].Size <= size {
			n++
		}
		reached = append(reached, list[:n]...)
		h.ahead[node] = slices.Clone(list[n:])
	}
	h.headsMu.Unlock()
	for _, s := range reached {
		if err := h.see(s); err != nil && !wire.IsRefusal(err) {
			return err
		}
	}
	return nil
}

// contradictions returns all that contradict the log, in the order of the nodes'
// names and of their coming.
func (h *heads) contradictions() (list []*ledger.Cosignature) {
	h.headsMu.Lock()
	defer h.headsMu.Unlock()
	for _, c := range h.against {
		list = append(list, c...)
	}
	slices.SortStableFunc(list, func(a, b *ledger.Cosignature) int { return strings.Compare(a.Node, b.Node) })
	return list
}

// applied takes over what a command of the log brought: all of it, whatever one of
// them is refused for.
func (h *heads) applied(c *ledger.Command, results []state.Result) (err error) {
	if c.Evidence != nil && results[0].Refusal == nil {
		return h.see(c.Evidence)
	}
	for i, s := range c.Cosignatures {
		switch r := results[i].Refusal; {
		case r == nil && s.Node != h.name:
			h.counted(s)
		case r == nil || r.Code == state.Fork || r.Code == state.Stale || r.Code == state.Faulty:
			err = errors.Join(err, h.see(s))
		}
	}
	return err
}
