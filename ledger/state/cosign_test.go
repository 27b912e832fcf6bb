package state_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"testing"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
)

// sizes prints the checkpoint that is pending and the last FINAL one, each with
// the number of its cosignatures.
func (w *world) sizes() string {
	show := func(c *state.Collected) string {
		if c == nil {
			return "none"
		}
		return fmt.Sprintf("%d by %d", c.Size, len(c.Cosigs))
	}
	return "pending " + show(w.pending()) + ", final " + show(w.final())
}

func (w *world) want(what, sizes string) {
	w.t.Helper()
	if got := w.sizes(); got != sizes {
		w.t.Errorf("%s: got %s, want %s", what, got, sizes)
	}
}

// TestFinal walks a ledger of four bureaus, of which three are a quorum,
// through all that happens to checkpoints.
func TestFinal(t *testing.T) {
	w := genesisWorld(t, 4)
	xa := w.Bureaus[0]
	w.want("at genesis", "pending none, final none")
	w.accept(w.Enrolments(t)...)
	w.want("after 20 entries", "pending 20 by 0, final none")
	if p := w.pending(); p.Root != w.head().Root {
		t.Errorf("pending root: got %x, want %x", p.Root, w.head().Root)
	}
	w.batch(forge(t, xa.Officer.Reply(t, text), 0))
	w.want("after a refusal", "pending 20 by 0, final none")
	first := w.pending()
	signed := []*ledger.Cosignature{w.cosign(0, first), w.cosign(1, first), w.cosign(2, first), w.cosign(3, first)}

	w.cosigned(signed[0])
	w.want("after one", "pending 20 by 1, final none")
	for range 3 {
		if r := w.cosigned(signed[0], w.cosign(0, first))[1]; r.Refusal != nil || r.Index != 20 {
			t.Errorf("the same node again: got %+v", r)
		}
	}
	w.want("after the same node again", "pending 20 by 1, final none")
	w.cosigned(signed[2], signed[2])
	w.want("after two", "pending 20 by 2, final none")
	changes, _ := w.apply(&ledger.Command{Cosignatures: signed[1:2]})
	w.want("after three, nothing new in the log", "pending none, final 20 by 3")
	if changes.Final == nil || changes.Final.Size != 20 || len(changes.Records)+len(changes.Hashes) != 0 {
		t.Errorf("changes: got %+v", changes)
	}
	for i, s := range w.final().Cosigs {
		if want := []string{"xa.comity/n1", "xc.comity/n1", "xb.comity/n1"}[i]; s.Node != want {
			t.Errorf("cosignature %d: got %s, want %s: the order is that of the log", i, s.Node, want)
		}
	}
	changes, _ = w.apply(&ledger.Command{Cosignatures: signed[3:]})
	w.want("after a late one", "pending none, final 20 by 4")
	if changes.Final == nil || len(changes.Final.Cosigs) != 4 {
		t.Errorf("changes: got %+v", changes)
	}

	w.accept(w.Bureaus[1].Officer.Reply(t, text))
	w.want("after entry 20", "pending 21 by 0, final 20 by 4")
	second := w.pending()
	w.cosigned(w.cosign(0, second), w.cosign(1, second))
	w.accept(w.Bureaus[2].Officer.Reply(t, text), w.Bureaus[2].Officer.Reply(t, text))
	w.accept(w.Bureaus[3].Officer.Reply(t, text))
	w.want("while the log grew by three", "pending 21 by 2, final 20 by 4")
	w.cosigned(w.cosign(2, second))
	w.want("the next is asked for at once", "pending 24 by 0, final 21 by 3")
	if p := w.pending(); p.Root != w.head().Root {
		t.Errorf("pending root: got %x, want %x", p.Root, w.head().Root)
	}
	w.cosigned(w.cosign(3, second), w.cosign(0, w.pending()))
	w.want("one for each", "pending 24 by 1, final 21 by 4")
	if r := w.cosigned(signed[0])[0]; r.Refusal == nil || r.Refusal.Code != state.Stale {
		t.Errorf("for the FINAL one before: got %+v", r)
	}
	third := w.pending()
	w.accept(w.Bureaus[3].Officer.Reply(t, text))
	// A whole quorum and more in one command.
	w.cosigned(w.cosign(1, third), w.cosign(2, third), w.cosign(3, third))
	w.want("a quorum in one command", "pending 25 by 0, final 24 by 4")
}

func TestFinalOfOne(t *testing.T) {
	w := newWorld(t, 1)
	w.cosigned(w.cosign(0, w.pending()))
	w.want("one of one", "pending none, final 5 by 1")
}

// TestAskedAtTheEndOfABatch: one batch is asked for once, at its end.
func TestAskedAtTheEndOfABatch(t *testing.T) {
	w := genesisWorld(t, 1)
	xa := w.Bureaus[0]
	red := xa.Officer.Publish(t, ledger.KindRed, text)
	w.batch(append(xa.Enrolments(t), red)...)
	w.want("five and a refused one", "pending 5 by 0, final none")
}

func TestCosignatureRefusals(t *testing.T) {
	w := newWorld(t, 4)
	p := w.pending()
	origin := w.Genesis.Origin()
	good := w.cosign(0, p)
	change := func(f func(s *ledger.Cosignature)) *ledger.Cosignature {
		s := *good
		f(&s)
		return &s
	}
	forked := *p
	forked.Root[0] ^= 1
	other, err := ledger.Cosign(w.Bureaus[0].Witness, w.Bureaus[0].Node(), ledger.Checkpoint{Origin: ledger.Origin(ledger.Hash{1}), Size: p.Size, Root: p.Root}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		s    *ledger.Cosignature
		code state.Code
		want string
	}{
		{"unknown node", change(func(s *ledger.Cosignature) { s.Node = "xz.comity/n1" }), state.UnknownKey, `no bureau has a node "xz.comity/n1"`},
		{"second node of a bureau", change(func(s *ledger.Cosignature) { s.Node = "xa.comity/n2" }), state.UnknownKey, `no bureau has a node "xa.comity/n2"`},
		{"another's name", change(func(s *ledger.Cosignature) { s.Node = "xb.comity/n1" }), state.BadSignature, "the cosignature of xb.comity/n1 does not verify"},
		{"Ed25519 forged", change(func(s *ledger.Cosignature) { s.Ed25519[0] ^= 1 }), state.BadSignature, "the cosignature of xa.comity/n1 does not verify"},
		{"ML-DSA forged", change(func(s *ledger.Cosignature) { s.MLDSA[0] ^= 1 }), state.BadSignature, "the cosignature of xa.comity/n1 does not verify"},
		{"other ledger", other, state.BadSignature, "the cosignature of xa.comity/n1 does not verify"},
		{"a size nobody asked for", w.cosign(0, &state.Collected{Size: 19, Root: p.Root}), state.Stale, "nobody waits for a cosignature at 19"},
		{"the future", w.cosign(0, &state.Collected{Size: 21, Root: p.Root}), state.Stale, "nobody waits for a cosignature at 21"},
		{"another history", w.cosign(0, &forked), state.Fork, "xa.comity/n1 signed another history of the first 20 entries"},
	} {
		before := maps.Clone(w.view.tables)
		r := w.cosigned(tt.s)[0]
		if r.Refusal == nil || r.Refusal.Code != tt.code || r.Refusal.Error() != tt.want || r.Index != tt.s.Size {
			t.Errorf("%s: got %+v, refusal %v; want %s: %s", tt.name, r, r.Refusal, tt.code, tt.want)
		}
		if !maps.EqualFunc(before, w.view.tables, bytes.Equal) {
			t.Errorf("%s: the state changed", tt.name)
		}
	}
	if !good.Verify(w.Bureaus[0].Witness.Public(), origin) {
		t.Error("the good one does not verify")
	}
	w.cosigned(good, w.cosign(1, p), w.cosign(2, p))
	w.want("refusals stood in nobody's way", "pending none, final 20 by 3")
	if r := w.cosigned(w.cosign(3, &forked))[0]; r.Refusal == nil || r.Refusal.Code != state.Fork {
		t.Errorf("another history of the FINAL one: got %+v", r)
	}
}

func TestCheckFinal(t *testing.T) {
	w := newWorld(t, 4)
	p := w.pending()
	s := func(i int) *ledger.Cosignature { return w.cosign(i, p) }
	with := func(list ...*ledger.Cosignature) *state.Collected {
		return &state.Collected{Size: p.Size, Root: p.Root, Cosigs: list}
	}
	forged := s(2)
	forged.MLDSA[7] ^= 1
	otherRoot, otherSize := with(s(0), s(1), s(2)), with(s(0), s(1), s(2))
	otherRoot.Root[0] ^= 1
	otherSize.Size++
	named := *s(2)
	named.Node = "xz.comity/n1"
	for _, tt := range []struct {
		name string
		c    *state.Collected
		want bool
	}{
		{"three of four", with(s(0), s(1), s(2)), true},
		{"four", with(s(0), s(1), s(2), s(3)), true},
		{"two", with(s(0), s(1)), false},
		{"none", with(), false},
		{"one node three times", with(s(0), s(0), s(0)), false},
		{"two nodes twice", with(s(0), s(1), s(0), s(1)), false},
		{"a forged one", with(s(0), s(1), forged), false},
		{"a forged one too many", with(s(0), s(1), s(3), forged), false},
		{"an unknown node", with(s(0), s(1), &named), false},
		{"another root", otherRoot, false},
		{"another size", otherSize, false},
	} {
		if got := state.CheckFinal(w.Genesis.Membership, tt.c, state.Plain{}); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
		parsed, err := state.ParseCollected(tt.c.Marshal())
		if err != nil || !bytes.Equal(parsed.Marshal(), tt.c.Marshal()) {
			t.Errorf("%s: does not come back: %v", tt.name, err)
		}
	}
}

func TestAdopt(t *testing.T) {
	w := newWorld(t, 1)
	p := w.pending()
	c := w.m.Adopt(w.head(), nil, &state.Collected{Size: p.Size, Root: p.Root, Cosigs: []*ledger.Cosignature{w.cosign(0, p)}}, nil)
	w.view.commit(c)
	w.want("adopted FINAL", "pending none, final 5 by 1")
	if c.Head != w.head() || c.Final == nil || len(c.Records)+len(c.Hashes) != 0 {
		t.Errorf("changes: got %+v", c)
	}
	w.view.commit(w.m.Adopt(w.head(), p, nil, nil))
	w.want("adopted pending", "pending 5 by 0, final none")
}

func TestParseCollectedIsStrict(t *testing.T) {
	w := newWorld(t, 1)
	p := w.pending()
	data := (&state.Collected{Size: p.Size, Root: p.Root, Cosigs: []*ledger.Cosignature{w.cosign(0, p)}}).Marshal()
	for _, bad := range [][]byte{append(bytes.Clone(data), 0), data[:len(data)-1], data[:40], nil} {
		if _, err := state.ParseCollected(bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%d bytes of %d: got error %v, want %v", len(bad), len(data), err, ledger.ErrMalformed)
		}
	}
}

func FuzzParseCollected(f *testing.F) {
	c := ledgertest.NewGenesis(f, 1)
	b := c.Bureaus[0]
	s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: c.Genesis.Origin(), Size: 3}, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add((&state.Collected{Size: 3}).Marshal())
	f.Add((&state.Collected{Size: 3, Cosigs: []*ledger.Cosignature{s, s}}).Marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := state.ParseCollected(data)
		if err == nil && !bytes.Equal(c.Marshal(), data) {
			t.Errorf("%x\nmarshals back as\n%x", data, c.Marshal())
		}
		if err != nil && !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("got error %v, want %v", err, ledger.ErrMalformed)
		}
	})
}
