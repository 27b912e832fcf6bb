package storetest

import (
	"bytes"
	"slices"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"

	"golang.org/x/mod/sumdb/tlog"
)

// History is the life of a small ledger, command by command: enrolments,
// notices of all fates, a refused statement, cosignatures.
type History struct {
	Machine *state.Machine
	Steps   []Step
	Keys    []Key // every key of the tables that was ever written
}

// Step is a command at its Raft index with what it changes.
type Step struct {
	Applied uint64
	Changes *state.Changes
}

// Key is a key of a table.
type Key struct {
	Table state.Table
	Key   []byte
}

// NewHistory returns a history of a consortium of two, with the given number
// of rounds of notices.
func NewHistory(t testing.TB, rounds int) *History {
	t.Helper()
	c := ledgertest.NewGenesis(t, 2)
	h := &History{Machine: state.New(c.Genesis)}
	mem := store.NewMem(h.Machine)
	h.note(h.Machine.Begin())
	h.enrol(t, mem, c)
	for i := range rounds {
		h.round(t, mem, c.Bureaus[i%len(c.Bureaus)], i)
		h.cosign(t, mem, c)
	}
	return h
}

func (h *History) enrol(t testing.TB, mem *store.Mem, c *ledgertest.Consortium) {
	t.Helper()
	var items []ledger.Item
	for _, b := range c.Bureaus {
		items = append(items,
			b.EnrolSigner(t, b.Officer, "desk-1", ledger.RoleInvestigator),
			b.EnrolSealing(t, seal.Card, b.Sealing[seal.Card].Recipient()))
	}
	for batch := range slices.Chunk(items, 3) {
		h.apply(t, mem, &ledger.Command{Batch: &ledger.Batch{Time: 1_700_000_000_000, Items: batch}})
	}
}

// round lets an officer publish, amend and withdraw, and once a bureau
// lose a sealing key.
func (h *History) round(t testing.TB, mem *store.Mem, b *ledgertest.Bureau, i int) {
	t.Helper()
	body := func(n int) []byte { return bytes.Repeat([]byte{byte(i), 0xb0, byte(n)}, 20+7*i+n) }
	time := uint64(1_700_000_000_000 + 1000*(i+1))
	first := b.Officer.Publish(t, ledger.KindBlue, body(1))
	at := mem.Mark().Head.Size // of first
	h.apply(t, mem, &ledger.Command{Batch: &ledger.Batch{Time: time, Items: []ledger.Item{
		first,
		b.Officer.Publish(t, ledger.KindYellow, body(2)),
		b.Officer.Amend(t, first.Entry.ID, ledger.KindBlue, body(3)),
	}}})
	items := []ledger.Item{
		b.Officer.Withdraw(t, first.Entry.ID),
		b.Officer.Reply(t, body(4)),
		first, // known already
	}
	if i == 2 {
		items = append(items, b.Root.Sign(t, ledger.Statement{Class: ledger.ClassRevoke, Public: revoke(b.Sealing[seal.Card].Recipient().ID())}, nil))
	}
	var purged []uint64
	if i%2 == 1 { // a body from before, and one of this very command
		purged = []uint64{at, at + 4}
	}
	h.apply(t, mem, &ledger.Command{Batch: &ledger.Batch{Time: time, Items: items}}, purged...)
}

func revoke(id keys.ID) []byte {
	r := ledger.Revoke{Key: id, SuspectFrom: ledger.NotSuspect}
	return r.Marshal()
}

// cosign makes the pending checkpoint FINAL.
func (h *History) cosign(t testing.TB, mem *store.Mem, c *ledgertest.Consortium) {
	t.Helper()
	p, err := state.ReadPending(mem)
	if err != nil || p == nil {
		t.Fatalf("pending checkpoint: %v, %v", p, err)
	}
	var list []*ledger.Cosignature
	for _, b := range c.Bureaus[:ledger.Quorum(len(c.Bureaus))] {
		s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: p.Size, Root: p.Root}, 1_700_000_000)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	h.apply(t, mem, &ledger.Command{Cosignatures: list})
}

// apply adds a step that also purges the bodies of some entries, whatever the
// ledger says of them: that is not a store's to judge.
func (h *History) apply(t testing.TB, mem *store.Mem, c *ledger.Command, purged ...uint64) {
	t.Helper()
	changes, results, err := h.Machine.Apply(mem, c, state.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range results {
		if r.Refusal != nil {
			t.Fatalf("item %d refused: %v", i, r.Refusal)
		}
	}
	changes.Purged = purged
	applied := mem.Applied() + 1 + uint64(len(h.Steps)%3) // Raft has commands of its own in between
	if err := mem.Commit(applied, changes); err != nil {
		t.Fatal(err)
	}
	h.Steps = append(h.Steps, Step{applied, changes})
	h.note(changes)
}

func (h *History) note(c *state.Changes) {
	for _, p := range c.Puts {
		h.Keys = append(h.Keys, Key{p.Table, p.Key})
	}
}

// Play commits the steps that s does not have yet, up to the one with this Raft
// index.
func (h *History) Play(t testing.TB, s store.Store, applied uint64) {
	t.Helper()
	for _, step := range h.Steps {
		if step.Applied <= s.Applied() || step.Applied > applied {
			continue
		}
		if err := s.Commit(step.Applied, step.Changes); err != nil {
			t.Fatal(err)
		}
	}
}

// End returns the Raft index of the last step.
func (h *History) End() uint64 { return h.Steps[len(h.Steps)-1].Applied }

// Twin returns the state after the step with this Raft index, in memory.
func (h *History) Twin(t testing.TB, applied uint64) *store.Mem {
	t.Helper()
	mem := store.NewMem(h.Machine)
	h.Play(t, mem, applied)
	return mem
}

// PurgedAfter returns the entries whose bodies the steps after a Raft index purge.
func (h *History) PurgedAfter(applied uint64) []uint64 {
	var list []uint64
	for _, step := range h.Steps {
		if step.Applied > applied {
			list = append(list, step.Changes.Purged...)
		}
	}
	return list
}

// Bodies returns the indexes of the entries of s that came with a body.
func (h *History) Bodies(t testing.TB, s store.Store) []uint64 {
	t.Helper()
	var list []uint64
	for i := range s.Mark().Head.Size {
		_, e, err := s.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		if e.Statement.BodyLen > 0 {
			list = append(list, i)
		}
	}
	return list
}

// hashCount returns how many hashes the tree of s has.
func hashCount(s store.Store) int64 { return tlog.StoredHashIndex(0, int64(s.Mark().Head.Size)) }

// NewShortHistory returns one of three entries and three steps, small enough to
// damage each of its bytes in turn.
func NewShortHistory(t testing.TB) *History {
	t.Helper()
	c := ledgertest.NewGenesis(t, 1)
	h := &History{Machine: state.New(c.Genesis)}
	mem := store.NewMem(h.Machine)
	h.note(h.Machine.Begin())
	b := c.Bureaus[0]
	for i, it := range []ledger.Item{
		b.EnrolSigner(t, b.Officer, "desk-1", ledger.RoleInvestigator),
		b.Officer.Publish(t, ledger.KindBlue, bytes.Repeat([]byte{0xb1}, 20)),
		b.Officer.Publish(t, ledger.KindYellow, bytes.Repeat([]byte{0xb2}, 21)),
	} {
		h.apply(t, mem, &ledger.Command{Batch: &ledger.Batch{Time: uint64(1 + i), Items: []ledger.Item{it}}})
	}
	return h
}
