package node

import (
	"errors"
	"fmt"
	"slices"

	"comity/ledger"
	"comity/ledger/state"

	"golang.org/x/mod/sumdb/tlog"
)

// manifestCheck holds what a manifest claims against what this node knows. A
// manifest is the word of whoever leads, or says that it does. It is checked
// before Raft hears of it, before anything of it is written, and before the
// first entry is fetched for it.
//
// What it cannot find out is whether the ledger at Raft index Applied really was
// the one that the manifest names: nothing that bureaus sign knows of Raft
// indexes. A leader that lies there forks this one node, beyond what is FINAL, as
// it can by AppendEntries; see DESIGN.md.
type manifestCheck struct {
	roster   *roster
	machine  *state.Machine
	view     state.View
	verified *verifier
}

// check refuses a manifest for a snapshot at a Raft index which this node would
// be poorer with than without, or which cannot be true.
func (k *manifestCheck) check(index uint64, m *manifest) error {
	if k.verified.seams.snapshotsOff() {
		return nil
	}
	own, err := state.ReadHead(k.view)
	if err != nil {
		return err
	}
	final, err := state.ReadFinal(k.view)
	if err != nil {
		return err
	}
	by := k.roster.membership()
	switch {
	case m.Applied != index:
		return fmt.Errorf("its manifest is of index %d", m.Applied)
	case m.Head.Size < own.Size:
		return fmt.Errorf("it ends at entry %d, and this node holds %d", m.Head.Size, own.Size)
	case m.Head.Size == own.Size && m.Head != own:
		return fmt.Errorf("it has another state at entry %d: root %x, want %x", own.Size, m.Head.Root[:8], own.Root[:8])
	case m.Head.Time < own.Time:
		return errors.New("its ledger time is behind")
	case m.Final == nil && final != nil, final != nil && m.Final.Size < final.Size:
		return fmt.Errorf("its FINAL checkpoint is behind the one of %d entries", final.Size)
	case m.Final != nil && !state.CheckFinal(by, m.Final, k.verified):
		k.roster.ask() // or it is of an epoch that this node does not know
		return fmt.Errorf("its FINAL checkpoint lacks good cosignatures: %w", ledger.ErrQuorum)
	case m.Pending != nil && m.Final != nil && m.Pending.Size <= m.Final.Size:
		return errors.New("its pending checkpoint is behind the FINAL one")
	case m.Pending != nil && !state.CheckCosigs(by, m.Pending, k.verified):
		return fmt.Errorf("a cosignature at %d is not good", m.Pending.Size)
	}
	for _, c := range []*state.Collected{m.Pending, m.Final} {
		if err := k.covered(c, m, own.Size); err != nil {
			return err
		}
	}
	return k.faults(m)
}

// faults refuses a manifest that knows nothing of a node that this one knows to be
// faulty: a node is so from then on.
func (k *manifestCheck) faults(m *manifest) error {
	own, err := k.machine.Faults(k.view)
	if err != nil {
		return err
	}
	for _, f := range own {
		if !slices.ContainsFunc(m.Faults, func(g *state.Fault) bool { return g.Proof.Node == f.Proof.Node && g.At == f.At }) {
			return fmt.Errorf("it has forgotten that %s is faulty", f.Proof.Node)
		}
	}
	return nil
}

// covered refuses a checkpoint of a manifest that is not one of the manifest's
// history, or of our own as far as we hold it: this node would wait for, or vouch
// for, what it can never sign.
func (k *manifestCheck) covered(c *state.Collected, m *manifest, held uint64) error {
	switch {
	case c == nil:
		return nil
	case c.Size == 0 || c.Size > m.Head.Size:
		return fmt.Errorf("its checkpoint at %d is not one of its entries", c.Size)
	case c.Size == m.Head.Size && c.Root != m.Head.Root:
		return fmt.Errorf("its checkpoint at %d has another root than its entries", c.Size)
	case c.Size > held:
		return nil // the entries are fetched up to there, and then it is asked again
	}
	return sameRoot(k.view, c.Size, c.Root)
}

// sameRoot refuses a root that is not the one of our own first size entries.
func sameRoot(ours tlog.HashReader, size uint64, root ledger.Hash) error {
	if size == 0 {
		return nil
	}
	h, err := tlog.TreeHash(int64(size), ours)
	if err != nil {
		return fmt.Errorf("root at %d: %w", size, err)
	}
	if ledger.Hash(h) != root {
		return fmt.Errorf("the root at %d is not the one of the entries that this node holds: %x, want %x", size, root[:8], h[:8])
	}
	return nil
}
