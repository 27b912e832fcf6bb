package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/wire"
)

// history is the log of a bureau alone, for the witness to sign.
type history struct {
	*ledgertest.Consortium
	*store.Mem
	t       *testing.T
	machine *state.Machine
}

func newHistory(t *testing.T, n int) *history {
	c := ledgertest.NewGenesis(t, n)
	m := state.New(c.Genesis)
	return &history{c, store.NewMem(m), t, m}
}

func (h *history) accept(items ...ledger.Item) *state.Collected {
	h.t.Helper()
	for _, it := range items {
		changes, results, err := h.machine.Apply(h, &ledger.Command{Batch: &ledger.Batch{Time: 1000 + h.Applied(), Items: []ledger.Item{it}}}, state.Plain{})
		if err != nil || results[0].Refusal != nil {
			h.t.Fatalf("apply: %v, %+v", err, results)
		}
		if err := h.Commit(h.Applied()+1, changes); err != nil {
			h.t.Fatal(err)
		}
	}
	head, err := state.ReadHead(h)
	if err != nil {
		h.t.Fatal(err)
	}
	return &state.Collected{Size: head.Size, Root: head.Root}
}

func (h *history) witness(path string, fresh bool) *witness {
	h.t.Helper()
	b := h.Bureaus[0]
	w, err := openWitness(path, b.Node(), h.Genesis.Origin(), b.Witness, fresh)
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// We die after the checkpoint is durable and before it is signed: the next start
// may sign this checkpoint and what extends it, and nothing else.
func TestWitnessDiesBetweenPersistingAndSigning(t *testing.T) {
	h := newHistory(t, 1)
	path := filepath.Join(t.TempDir(), "witness")
	one := h.accept(h.Enrolments(t)[:1]...)
	w := h.witness(path, true)
	w.listened()
	w.testingOnlyPersisted = func() { panic("power cut") }
	func() {
		defer func() { _ = recover() }()
		_, _ = w.cosign(h, one, 1)
		t.Error("it signed")
	}()
	again := h.witness(path, false)
	again.listened()
	if last := again.newest(); last.Size != 1 || last.Root != one.Root {
		t.Fatalf("it remembers %+v", last)
	}
	fork := newHistory(t, 1)
	fork.Consortium = h.Consortium
	other := &state.Collected{Size: 1, Root: ledger.Hash{1}}
	if s, err := again.cosign(h, other, 2); !errors.Is(err, errEquivocation) {
		t.Errorf("another root at the same size: %v, %v", s, err)
	}
	if s, err := again.cosign(h, one, 3); err != nil || !s.Verify(h.Bureaus[0].Witness.Public(), h.Genesis.Origin()) {
		t.Errorf("the same checkpoint again: %v", err)
	}
}

func TestWitnessRefuses(t *testing.T) {
	h := newHistory(t, 1)
	path := filepath.Join(t.TempDir(), "witness")
	items := h.Enrolments(t)
	one := h.accept(items[0])
	w := h.witness(path, true)
	if _, err := w.cosign(h, one, 1); !errors.Is(err, errUnheard) {
		t.Errorf("before anybody was heard: %v, want %v", err, errUnheard)
	}
	w.listened()
	two := h.accept(items[1])
	if _, err := w.cosign(h, two, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cosign(h, one, 1); !errors.Is(err, errEquivocation) {
		t.Errorf("a smaller one: %v", err)
	}
	fork := newHistory(t, 1) // other keys, other entries
	three := fork.accept(fork.Enrolments(t)[:3]...)
	if _, err := w.cosign(fork, three, 1); !errors.Is(err, errEquivocation) {
		t.Errorf("a log that does not extend what it signed: %v", err)
	}
	wrong := *h.accept(items[2])
	wrong.Root[0] ^= 1
	if _, err := w.cosign(h, &wrong, 1); !errors.Is(err, errEquivocation) {
		t.Errorf("a root that its log does not have: %v", err)
	}
	if w.newest().Size != 2 {
		t.Errorf("a refusal moved it to %d", w.newest().Size)
	}
	if err := w.mute("a reason"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cosign(h, h.accept(items[3]), 1); !errors.Is(err, errMuted) {
		t.Errorf("a mute one: %v, want %v", err, errMuted)
	}
	again := h.witness(path, false)
	again.listened()
	if _, err := again.cosign(h, h.accept(items[4]), 1); !errors.Is(err, errMuted) || again.silence() != "a reason" {
		t.Errorf("a mute one, started again: %v, because %q", err, again.silence())
	}
}

// Nothing but other keys makes a mute node speak: not a witness state that is put
// back, not damage to the file that says so.
func TestWitnessStaysMute(t *testing.T) {
	h := newHistory(t, 2)
	dir := t.TempDir()
	path := filepath.Join(dir, "witness")
	h.witness(path, true)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func() error{
		"missing":   func() error { return os.Remove(path) },
		"empty":     func() error { return os.WriteFile(path, nil, 0o600) },
		"one bit":   func() error { return os.WriteFile(path, append([]byte{good[0] ^ 1}, good[1:]...), 0o600) },
		"truncated": func() error { return os.WriteFile(path, good[:len(good)-1], 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		w := h.witness(path, false)
		if why := w.silence(); !strings.Contains(why, "nobody knows what it cosigned") {
			t.Errorf("%s: mute because %q", name, why)
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		if h.witness(path, false).silence() == "" {
			t.Errorf("%s: put back, it speaks again", name)
		}
		mute, err := os.ReadFile(w.mutePath())
		if err != nil {
			t.Fatal(err)
		}
		for i := range mute {
			bad := append([]byte(nil), mute...)
			bad[i] ^= 1
			if err := os.WriteFile(w.mutePath(), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if h.witness(path, false).silence() == "" {
				t.Fatalf("%s: byte %d of its mute file flipped, it speaks again", name, i)
			}
		}
		if err := os.WriteFile(w.mutePath(), mute, 0o600); err != nil {
			t.Fatal(err)
		}
		// Other keys end it, whatever became of the state; from then on theirs counts.
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		other := h.Bureaus[1]
		renewed := func() *witness {
			w, err := openWitness(path, other.Node(), h.Genesis.Origin(), other.Witness, false)
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		if w := renewed(); w.silence() != "" || w.newest().Size != 0 {
			t.Errorf("%s: with other keys: mute because %q, signed up to %d", name, w.silence(), w.newest().Size)
		}
		if why := renewed().silence(); why != "" {
			t.Errorf("%s: with other keys, started again: mute because %q", name, why)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if renewed().silence() == "" {
			t.Errorf("%s: with other keys, and their state lost, it speaks", name)
		}
		if err := errors.Join(os.Remove(w.mutePath()), os.WriteFile(path, good, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// status returns what a node says of itself.
func (c *cluster) status(name string) *wire.Status {
	c.t.Helper()
	s, err := c.replica(name).describe()
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// goesOn submits a statement and waits until it is FINAL everywhere.
func (c *cluster) goesOn(text string) *finality {
	c.t.Helper()
	r := c.leader()
	c.submit(r, c.c.Bureaus[0].Officer.Publish(c.t, ledger.KindYellow, []byte(text)))
	c.base++
	c.agree(c.base)
	return r.final.Load()
}

// A node that has lost its witness state runs, serves, says so, and is mute; the
// others go on without it.
func TestReplicaWithoutItsWitnessStateServesAndIsMute(t *testing.T) {
	bubble(t, 3, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		name := c.c.Bureaus[1].Node()
		path := filepath.Join(c.dir, "XB.witness")
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c.stop(name)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for _, back := range []bool{false, true} {
			if back {
				c.stop(name)
				if err := os.WriteFile(path, old, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c.start(name)
			time.Sleep(3 * time.Second)
			if f := c.goesOn("without its witness state"); f.at.By(name) {
				t.Errorf("put back: %v: it cosigns", back)
			}
			time.Sleep(3 * time.Second)
			s := c.status(name)
			if !s.Ready || !strings.Contains(s.Muted, "is missing") || len(s.Alarms) != 1 || !strings.Contains(s.Alarms[0], "does not cosign") {
				t.Errorf("put back: %v: ready %v, mute because %q, alarms %q", back, s.Ready, s.Muted, s.Alarms)
			}
		}
	})
}

// unsent keeps what a node signs from the leader: the log never holds it, and only
// what was handed round says that it was signed.
type unsent struct{ peers }

func (*unsent) Cosign(_ context.Context, _ string, _ []*ledger.Cosignature) error {
	return errors.New("cut")
}

// A node whose disk was put back from a copy, or was lost, hears from the others
// what it signed before it signs anything, also where the log does not say so.
func TestReplicaThatForgotWhatItSignedIsMute(t *testing.T) {
	for _, wiped := range []bool{false, true} {
		bubble(t, 4, func(t *testing.T, c *cluster) {
			c.enrol()
			c.agree(c.base)
			name := c.other(c.leader().name)
			path := filepath.Join(c.dir, c.nodes[name].bureau.Code+".witness")
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c.peersOf = func(of string, p peers) peers {
				if of == name {
					return &unsent{p}
				}
				return p
			}
			c.stop(name)
			c.start(name)
			c.goesOn("signed and handed round")
			time.Sleep(3 * time.Second)
			signed := c.replica(name).gossip.witness.newest()
			if held := c.leader().gossip.head(name); signed.Size != c.base || held == nil || held.Size != signed.Size {
				t.Fatalf("it signed %d, of which the leader holds %+v", signed.Size, held)
			}
			c.stop(name)
			if wiped {
				c.forget(name)
			} else if err := os.WriteFile(path, old, 0o600); err != nil {
				t.Fatal(err)
			}
			c.start(name)
			r := c.replica(name)
			time.Sleep(3 * time.Second)
			if s := c.status(name); !strings.Contains(s.Muted, "there is a cosignature of its own") || len(s.Alarms) != 1 {
				t.Errorf("wiped: %v: mute because %q, alarms %q", wiped, s.Muted, s.Alarms)
			}
			c.goesOn("after")
			time.Sleep(3 * time.Second)
			r.gossip.mu.Lock()
			if r.gossip.own != nil {
				t.Errorf("wiped: %v: it signed %d", wiped, r.gossip.own.Size)
			}
			r.gossip.mu.Unlock()
			c.stop(name)
			c.start(name)
			if c.status(name).Muted == "" {
				t.Errorf("wiped: %v: started again, it speaks again", wiped)
			}
		})
	}
}

// A node that hears of too few signs nothing, until it hears of enough.
func TestReplicaSignsNothingBeforeItHasHeardAQuorum(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		leader := c.leader().name
		name := c.other(leader)
		c.peersOf = func(of string, p peers) peers {
			if of == name {
				return &deaf{p, leader}
			}
			return p
		}
		c.stop(name)
		c.start(name)
		c.goesOn("by the three others")
		time.Sleep(5 * time.Second)
		r := c.replica(name)
		if r.gossip.witness.ready() || c.status(name).Muted != "" {
			t.Error("it heard one of three, and would sign")
		}
		c.peersOf = nil
		c.stop(name)
		c.start(name)
		c.goesOn("by all")
		time.Sleep(2 * time.Second)
		if !c.replica(name).gossip.witness.ready() {
			t.Error("it heard all, and does not sign")
		}
	})
}

// deaf gets an answer from one node only.
type deaf struct {
	peers
	hears string
}

func (d *deaf) Head(ctx context.Context, name, of string) (*ledger.Cosignature, error) {
	if name != d.hears {
		return nil, errors.New("no answer")
	}
	return d.peers.Head(ctx, name, of)
}

// Somebody else signs with this node's keys: it must not lend them its voice.
func TestReplicaWhoseKeysOthersHaveIsMute(t *testing.T) {
	bubble(t, 4, func(t *testing.T, c *cluster) {
		c.enrol()
		c.agree(c.base)
		b := c.c.Bureaus[3]
		s := c.sign(b, c.base+100, ledger.Hash{7})
		if err := c.replica(c.c.Bureaus[0].Node()).gossip.handed([]*ledger.Cosignature{s}); err != nil {
			t.Fatal(err)
		}
		c.stop(b.Node())
		c.start(b.Node())
		time.Sleep(3 * time.Second)
		if s := c.status(b.Node()); !strings.Contains(s.Muted, "others have its keys") {
			t.Errorf("mute because %q", s.Muted)
		}
	})
}

// sign makes a cosignature with a bureau's keys, whatever its node thinks of it.
func (c *cluster) sign(b *ledgertest.Bureau, size uint64, root ledger.Hash) *ledger.Cosignature {
	c.t.Helper()
	s, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: c.c.Genesis.Origin(), Size: size, Root: root}, uint64(time.Now().Unix()))
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}
