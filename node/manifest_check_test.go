package node

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"comity/ledger"
	"comity/ledger/ledgertest"
	"comity/ledger/state"
	"comity/ledger/store"

	"github.com/hashicorp/raft"
)

// solo is a ledger of n bureaus in one store, without Raft.
type solo struct {
	t       *testing.T
	c       *ledgertest.Consortium
	machine *state.Machine
	held    *store.Mem
	time    uint64
}

func newSolo(t *testing.T, n int) *solo {
	c := ledgertest.NewGenesis(t, n)
	m := state.New(c.Genesis)
	return &solo{t: t, c: c, machine: m, held: store.NewMem(m), time: 1000}
}

func (s *solo) apply(cmd *ledger.Command) {
	s.t.Helper()
	changes, results, err := s.machine.Apply(s.held, cmd, state.Plain{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range results {
		if r.Refusal != nil {
			s.t.Fatalf("refused: %+v", r.Refusal)
		}
	}
	if err := s.held.Commit(s.held.Applied()+1, changes); err != nil {
		s.t.Fatal(err)
	}
}

func (s *solo) add(items ...ledger.Item) {
	for _, it := range items {
		s.time++
		s.apply(&ledger.Command{Batch: &ledger.Batch{Time: s.time, Items: []ledger.Item{it}}})
	}
}

// sign returns a checkpoint with the cosignatures of the first count bureaus.
func (s *solo) sign(size uint64, root ledger.Hash, count int) *state.Collected {
	out := &state.Collected{Size: size, Root: root}
	for _, b := range s.c.Bureaus[:count] {
		sig, err := ledger.Cosign(b.Witness, b.Node(), ledger.Checkpoint{Origin: s.c.Genesis.Origin(), Size: size, Root: root}, 1000)
		if err != nil {
			s.t.Fatal(err)
		}
		out.Cosigs = append(out.Cosigs, sig)
	}
	return out
}

// finalise makes the pending checkpoint FINAL.
func (s *solo) finalise() {
	p, err := state.ReadPending(s.held)
	if err != nil || p == nil {
		s.t.Fatalf("pending %v, %v", p, err)
	}
	s.apply(&ledger.Command{Cosignatures: s.sign(p.Size, p.Root, s.machine.Genesis().PolicyAt(0).Quorum).Cosigs})
}

func (s *solo) manifest() *manifest {
	m, err := readManifest(s.machine, s.held, s.held.Applied())
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// guard returns the guard of a node that holds what s holds now.
func (s *solo) guard(logs raft.LogStore) *guard {
	v := newVerifier()
	return &guard{roster: newRoster(s.c.Genesis), machine: s.machine, view: s.held, verified: v, clock: time.Now, late: func(time.Duration) {},
		manifest: &manifestCheck{roster: newRoster(s.c.Genesis), machine: s.machine, view: s.held, verified: v}, logs: logs, reached: s.held.Applied}
}

func (s *solo) request(index, term uint64) *raft.InstallSnapshotRequest {
	return &raft.InstallSnapshotRequest{LastLogIndex: index, LastLogTerm: term, Term: term, Configuration: raft.EncodeConfiguration(serversOf(s.c.Genesis.Latest()))}
}

// What no honest leader sends to a node that holds this ledger.
func TestGuardRefusesSnapshots(t *testing.T) {
	s := newSolo(t, 4)
	s.add(s.c.Enrolments(t)...)
	early := s.manifest() // nothing FINAL yet
	s.finalise()
	old := s.manifest()
	s.add(s.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body")))
	s.finalise()
	own := s.manifest()
	q := s.machine.Genesis().PolicyAt(0).Quorum
	// A ledger that goes on from here, as the honest leader has it.
	logs := raft.NewInmemStore()
	g := s.guard(logs)
	at := own.Applied + 10

	further := func(change func(m *manifest)) []byte {
		m := *own
		m.Applied, m.Head.Size, m.Head.Time = at, own.Head.Size+5, own.Head.Time+1
		m.Head.Root, m.Head.Digest = ledger.Hash{1}, ledger.Hash{2}
		m.Pending = nil
		if change != nil {
			change(&m)
		}
		return m.marshal()
	}
	if err := g.checkSnapshot("xb", s.request(at, 2), further(nil)); err != nil {
		t.Fatalf("an honest one: %v", err)
	}
	forked := own.Final.Root
	forked[0] ^= 1
	for _, tt := range []struct {
		name, want string
		data       []byte
	}{
		{"not a manifest", "malformed", []byte("trust me")},
		{"of another index", "is of index", further(func(m *manifest) { m.Applied-- })},
		{"shorter", "this node holds", further(func(m *manifest) { m.Head = old.Head })},
		{"same size, another digest", "another state", further(func(m *manifest) { m.Head = own.Head; m.Head.Digest[0] ^= 1 })},
		{"same size, another root", "another state", further(func(m *manifest) { m.Head = own.Head; m.Head.Root[0] ^= 1 })},
		{"time behind", "time is behind", further(func(m *manifest) { m.Head.Time = own.Head.Time - 1 })},
		{"no FINAL checkpoint", "FINAL checkpoint is behind", further(func(m *manifest) { m.Final = early.Final })},
		{"an older FINAL checkpoint", "FINAL checkpoint is behind", further(func(m *manifest) { m.Final = old.Final })},
		{"FINAL with too few cosignatures", "lacks good cosignatures", further(func(m *manifest) { m.Final = s.sign(own.Final.Size, own.Final.Root, q-1) })},
		{"FINAL with one cosignature twice", "lacks good cosignatures", further(func(m *manifest) {
			c := s.sign(own.Final.Size, own.Final.Root, q-1)
			c.Cosigs = append(c.Cosigs, c.Cosigs[0])
			m.Final = c
		})},
		{"FINAL of another history", "not the one of the entries", further(func(m *manifest) { m.Final = s.sign(own.Final.Size, forked, q) })},
		{"FINAL beyond the entries", "not one of its entries", further(func(m *manifest) { m.Final = s.sign(own.Head.Size+6, forked, q) })},
		{"FINAL at its end with another root", "another root than its entries", further(func(m *manifest) { m.Final = s.sign(own.Head.Size+5, forked, q) })},
		{"pending with a bad cosignature", "is not good", further(func(m *manifest) {
			m.Pending = s.sign(own.Head.Size+5, m.Head.Root, 1)
			m.Pending.Cosigs[0].Root = forked
		})},
		{"pending behind FINAL", "behind the FINAL one", further(func(m *manifest) { m.Pending = s.sign(old.Final.Size, old.Final.Root, 1) })},
		{"pending beyond the entries", "not one of its entries", further(func(m *manifest) { m.Pending = s.sign(own.Head.Size+6, forked, 1) })},
	} {
		err := g.checkSnapshot("xb", s.request(at, 2), tt.data)
		if err == nil || errors.Is(err, errHeld) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		meta := &raft.SnapshotMeta{Index: at, Term: 2, Configuration: serversOf(s.c.Genesis.Latest())}
		if err := g.checkStaged(meta, tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, in the sink: %v, want %q", tt.name, err, tt.want)
		}
	}

	// A node that is faulty here stays so.
	last := s.c.Bureaus[3]
	bad, err := ledger.Cosign(last.Witness, last.Node(), ledger.Checkpoint{Origin: s.c.Genesis.Origin(), Size: own.Final.Size, Root: forked}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	s.apply(&ledger.Command{Evidence: bad})
	if err := g.checkSnapshot("xb", s.request(at, 2), further(nil)); err == nil || !strings.Contains(err.Error(), "forgotten") {
		t.Errorf("without the faulty node: %v", err)
	}
	known := s.manifest().Faults
	if err := g.checkSnapshot("xb", s.request(at, 2), further(func(m *manifest) { m.Faults = known })); err != nil {
		t.Errorf("with the faulty node: %v", err)
	}

	other := s.request(at, 2)
	other.Configuration = raft.EncodeConfiguration(testConfiguration("xa", "xb"))
	if err := g.checkSnapshot("xb", other, further(nil)); err == nil || !strings.Contains(err.Error(), "members") {
		t.Errorf("other members: %v", err)
	}
}

// What this node holds already is no fault, unless its log says otherwise.
func TestGuardAnswersForSnapshotsItHolds(t *testing.T) {
	s := newSolo(t, 4)
	s.add(s.c.Enrolments(t)...)
	old := s.manifest()
	s.add(s.c.Bureaus[0].Officer.Publish(t, ledger.KindYellow, []byte("a body")))
	logs := raft.NewInmemStore()
	g := s.guard(logs)
	if err := g.checkSnapshot("xb", s.request(old.Applied, 2), old.marshal()); !errors.Is(err, errHeld) {
		t.Errorf("an old one: %v, want %v", err, errHeld)
	}
	if err := logs.StoreLogs([]*raft.Log{{Index: old.Applied, Term: 2}}); err != nil {
		t.Fatal(err)
	}
	if err := g.checkSnapshot("xb", s.request(old.Applied, 2), old.marshal()); !errors.Is(err, errHeld) {
		t.Errorf("an old one of the log's term: %v, want %v", err, errHeld)
	}
	if err := g.checkSnapshot("xb", s.request(old.Applied, 3), old.marshal()); err == nil || errors.Is(err, errHeld) {
		t.Errorf("an old one of another term than the log's: %v", err)
	}
	meta := &raft.SnapshotMeta{Index: old.Applied, Term: 2, Configuration: serversOf(s.c.Genesis.Latest())}
	if err := g.checkStaged(meta, old.marshal()); !errors.Is(err, errStale) {
		t.Errorf("an old one in the sink: %v, want %v", err, errStale)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add((&manifest{Applied: 7, Head: state.Head{Size: 3}}).marshal())
	f.Add((&manifest{Applied: 7, Head: state.Head{Size: 3}, Pending: &state.Collected{Size: 3}, Final: &state.Collected{Size: 2}}).marshal())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		if got := m.marshal(); string(got) != string(data) {
			t.Fatalf("parsed %x\nback   %x", data, got)
		}
	})
}

// A snapshot names the state at its Raft index, and no other: not one that the
// ledger had before a restart, while Raft replays what led to it.
func TestSnapshotIsOfItsIndex(t *testing.T) {
	s := newSolo(t, 1)
	s.add(s.c.Enrolments(t)...)
	f := newTestFSM(s.machine, s.held)
	f.at = s.held.Applied() - 1
	if _, err := f.Snapshot(); err == nil {
		t.Error("a snapshot of a state that Raft has not replayed")
	}
	f.at = s.held.Applied() + 2 // barriers since the last command
	snap, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	snaps, _ := testSnapshots(t)
	snaps.check = func(*raft.SnapshotMeta, []byte) error { return errors.New("it is our own") }
	sink, err := snaps.Create(raft.SnapshotVersionMax, f.at, 2, serversOf(s.c.Genesis.Latest()), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := snap.Persist(sink); err != nil {
		t.Fatal(err)
	}
	_, r, err := snaps.Open(sink.ID())
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := parseManifest(data); err != nil || m.Applied != f.at {
		t.Errorf("manifest %+v, %v; want index %d", m, err, f.at)
	}
	if list, err := snaps.List(); err != nil || len(list) != 1 {
		t.Errorf("list %v, %v", list, err)
	}
}
