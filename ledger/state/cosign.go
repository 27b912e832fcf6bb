package state

import (
	"fmt"
	"slices"

	"comity/ledger"
)

// Checkpoints need no leader: the log itself names the sizes that nodes
// cosign. The first entry after a FINAL checkpoint asks for one at the end of
// its batch; when the cosignatures of a quorum are in, it is FINAL, and if the
// log has grown meanwhile, the size at that log position is asked for next. So
// one checkpoint at a time collects signatures, every node signs the same
// sizes, and nothing is asked for while nothing happens.

// ask makes the present end of the log the pending checkpoint if none is
// pending and there are entries beyond the last FINAL one.
func (a *application) ask() error {
	pending, err := ReadPending(a)
	if err != nil || pending != nil {
		return err
	}
	final, err := ReadFinal(a)
	if err != nil || final != nil && final.Size >= a.head.Size {
		return err
	}
	a.put(TableMeta, []byte(metaPending), (&Collected{Size: a.head.Size, Root: a.head.Root}).Marshal())
	return nil
}

func (a *application) cosignatures(list []*ledger.Cosignature) ([]Result, error) {
	results := make([]Result, len(list))
	for i, s := range list {
		refusal, err := a.cosignature(s)
		if err != nil {
			return nil, err
		}
		results[i] = Result{Index: s.Size, Refusal: refusal}
	}
	return results, nil
}

// cosignature adds one cosignature to the checkpoint it is for: the pending
// one, or the last FINAL one, which a late node may still support.
func (a *application) cosignature(s *ledger.Cosignature) (*Refusal, error) {
	if refusal, err := a.signed(s); refusal != nil || err != nil {
		return refusal, err
	}
	fault, err := ReadFault(a, s.Node)
	if err != nil {
		return nil, err
	}
	if fault != nil {
		return refuse(Faulty, fmt.Sprintf("%s cosigned another history: its cosignatures no longer count", s.Node)), nil
	}
	key, c, err := a.collecting(s.Size)
	if err != nil {
		return nil, err
	}
	switch {
	case c == nil:
		return refuse(Stale, fmt.Sprintf("nobody waits for a cosignature at %d", s.Size)), nil
	case c.Root != s.Root:
		return refuse(Fork, fmt.Sprintf("%s signed another history of the first %d entries", s.Node, s.Size)), nil
	case c.By(s.Node):
		return nil, nil
	}
	c.Cosigs = append(c.Cosigs, s)
	members, err := a.membership()
	if err != nil {
		return nil, err
	}
	if key == metaPending && len(c.Cosigs) < members.PolicyAt(c.Size).Quorum {
		a.put(TableMeta, []byte(metaPending), c.Marshal())
		return nil, nil
	}
	a.put(TableMeta, []byte(metaFinal), c.Marshal())
	a.final = c
	if err := a.keepEpochFinal(members.At(c.Size).Number, c); err != nil {
		return nil, err
	}
	if key == metaFinal {
		return nil, nil
	}
	a.put(TableMeta, []byte(metaPending), nil)
	return nil, a.ask()
}

// keepEpochFinal keeps the first FINAL checkpoint of an epoch after the founders':
// its certificate is made with it.
func (a *application) keepEpochFinal(number uint32, c *Collected) error {
	if number == 0 {
		return nil
	}
	known, err := ReadEpochFinal(a, number)
	if err == nil && known == nil {
		a.put(TableEpochs, finalKey(number), c.Marshal())
	}
	return err
}

// collecting returns the checkpoint at size that may still gain cosignatures.
func (a *application) collecting(size uint64) (string, *Collected, error) {
	for _, key := range []string{metaPending, metaFinal} {
		c, err := readCollected(a, key)
		if err != nil || c != nil && c.Size == size {
			return key, c, err
		}
	}
	return "", nil, nil
}

// DropAsk takes out of c the checkpoint that it asks for. What asks is the log, at
// the ends of its batches; entries that come from elsewhere come in other batches,
// whose ends nobody may sign. [Machine.Adopt] brings what the log asks for.
func (c *Changes) DropAsk() {
	c.Puts = slices.DeleteFunc(c.Puts, func(p Put) bool { return p.Table == TableMeta && string(p.Key) == metaPending })
}

// Adopt returns the changes that give the state the checkpoints and the faults of
// a manifest, after its entries were applied one by one from another source than
// the log. The caller has verified all of them. A fault that the state has
// already stays: a node that was faulty once is that for good.
func (m *Machine) Adopt(head Head, pending, final *Collected, faults []*Fault) *Changes {
	o := newOverlay(nil, head.Size)
	set := func(key string, c *Collected) {
		if c == nil {
			o.put(TableMeta, []byte(key), nil)
			return
		}
		o.put(TableMeta, []byte(key), c.Marshal())
	}
	set(metaPending, pending)
	set(metaFinal, final)
	for _, f := range faults {
		o.put(TableFaulty, []byte(f.Proof.Node), f.Marshal())
	}
	return &Changes{Puts: o.order, Head: head, Final: final}
}

// CheckFinal reports whether c carries good cosignatures of a quorum, by what is
// known of the members.
func CheckFinal(by *ledger.Membership, c *Collected, verify Verifier) bool {
	return len(c.Cosigs) >= by.PolicyAt(c.Size).Quorum && CheckCosigs(by, c, verify)
}

// CheckCosigs reports whether each cosignature of c is a good one over it, by
// nodes that are all different. Whether they counted is for [Machine.CheckFaults].
func CheckCosigs(by *ledger.Membership, c *Collected, verify Verifier) bool {
	p, nodes := by.PolicyAt(c.Size), make(map[string]bool)
	for _, s := range c.Cosigs {
		w, ok := p.Witness[s.Node]
		if !ok || nodes[s.Node] || s.Size != c.Size || s.Root != c.Root || !verify.Cosignature(s, w, p.Origin) {
			return false
		}
		nodes[s.Node] = true
	}
	return true
}
