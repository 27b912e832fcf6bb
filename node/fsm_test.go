package node

import (
	"bytes"
	"io"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
)

// A manifest comes from a leader that nobody trusts: its checkpoints must be
// ones of the log that the node holds.
func TestRestoreChecksTheManifestsCheckpoints(t *testing.T) {
	c := ledgertest.NewGenesis(t, 1)
	machine := state.New(c.Genesis)
	held := store.NewMem(machine)
	for i, it := range c.Enrolments(t) {
		cmd := &ledger.Command{Batch: &ledger.Batch{Time: uint64(1000 + i), Items: []ledger.Item{it}}}
		changes, results, err := machine.Apply(held, cmd, state.Plain{})
		if err != nil || results[0].Refusal != nil {
			t.Fatalf("apply: %v, %+v", err, results)
		}
		if err := held.Commit(uint64(1+i), changes); err != nil {
			t.Fatal(err)
		}
	}
	good, err := readManifest(machine, held, held.Applied()+10)
	if err != nil {
		t.Fatal(err)
	}
	if good.Pending == nil || good.Pending.Size >= good.Head.Size {
		t.Fatalf("pending %+v: the test needs one below the head", good.Pending)
	}
	sign := func(p *state.Collected) *state.Collected {
		b := c.Bureaus[0]
		s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: p.Size, Root: p.Root}, 1000)
		if err != nil {
			t.Fatal(err)
		}
		out := *p
		out.Cosigs = []*ledger.Cosignature{s}
		return &out
	}
	fork := *good.Pending
	fork.Root[0] ^= 1
	beyond := *good.Pending
	beyond.Size = good.Head.Size + 1
	unsigned := *sign(good.Pending)
	unsigned.Cosigs = []*ledger.Cosignature{sign(&fork).Cosigs[0]}
	for name, m := range map[string]manifest{
		"pending with another root":        {Pending: &fork},
		"pending beyond the head":          {Pending: &beyond},
		"pending with another's signature": {Pending: &unsigned},
		"FINAL with another root":          {Final: sign(&fork)},
		"FINAL beyond the head":            {Final: sign(&beyond)},
		"FINAL without cosignatures":       {Final: good.Pending},
		"a fault without a contradiction":  {Faults: []*state.Fault{{At: 2, Proof: sign(good.Pending).Cosigs[0]}}},
		"a fault that is forged":           {Faults: []*state.Fault{{At: 2, Proof: &ledger.Cosignature{Node: c.Bureaus[0].Node(), Size: 1}}}},
		"a faulty node under pending":      {Pending: sign(good.Pending), Faults: []*state.Fault{{At: 2, Proof: sign(&fork).Cosigs[0]}}},
		"a head with another digest":       {Head: state.Head{Size: good.Head.Size}, Pending: good.Pending},
	} {
		m.Applied = good.Applied
		if m.Head == (state.Head{}) {
			m.Head = good.Head
		}
		f := newTestFSM(machine, held)
		if err := f.Restore(io.NopCloser(bytes.NewReader(m.marshal()))); err == nil {
			t.Errorf("%s: restored", name)
		}
		if held.Applied() >= good.Applied {
			t.Fatalf("%s: the store moved", name)
		}
	}
	good.Final, good.Pending = sign(good.Pending), nil
	good.Faults = []*state.Fault{{At: good.Head.Size, Proof: sign(&fork).Cosigs[0]}}
	if err := newTestFSM(machine, held).Restore(io.NopCloser(bytes.NewReader(good.marshal()))); err != nil {
		t.Errorf("the true manifest: %v", err)
	}
}

func newTestFSM(m *state.Machine, s store.Store) *fsm {
	return &fsm{roster: newRoster(m.Genesis()), machine: m, store: s, verified: newVerifier(), applied: func() {}, final: func(*state.Collected) {}, seen: func(*ledger.Command, []state.Result) {}, adopt: func() error { return nil }, fatal: func(error) {},
		alarm: func(string) {}, pull: func(*manifest) error { return io.ErrUnexpectedEOF }}
}
