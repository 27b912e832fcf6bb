package state_test

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
)

// forked returns the i-th bureau's cosignature over another history of size
// entries than the log's.
func (w *world) forked(i int, size uint64) *ledger.Cosignature {
	w.t.Helper()
	return w.cosign(i, &state.Collected{Size: size, Root: ledger.Hash{0xaa, byte(size)}})
}

func (w *world) accused(s *ledger.Cosignature) state.Result {
	w.t.Helper()
	_, results := w.apply(&ledger.Command{Evidence: s})
	return results[0]
}

func (w *world) faulty() (nodes []string) {
	w.t.Helper()
	list, err := w.m.Faults(w.view)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range list {
		nodes = append(nodes, f.Proof.Node)
	}
	return nodes
}

// TestEvidence walks a ledger of five, of which four are a quorum, through a
// node's equivocation.
func TestEvidence(t *testing.T) {
	w := newWorld(t, 5)
	first := w.pending()
	w.cosigned(w.cosign(4, first), w.cosign(0, first))
	w.want("XE and XA signed", "pending 25 by 2, final none")

	for _, tt := range []struct {
		name string
		s    *ledger.Cosignature
		code state.Code
		want string
	}{
		{"the log's own root", w.cosign(4, first), state.NoFork, "the cosignature of xe.comity/n1 at 25 does not contradict this history"},
		{"beyond the log", w.forked(4, 26), state.NoFork, "the cosignature of xe.comity/n1 at 26 does not contradict this history"},
		{"forged", func() *ledger.Cosignature { s := w.forked(4, 9); s.Ed25519[3] ^= 1; return s }(), state.BadSignature, "the cosignature of xe.comity/n1 does not verify"},
		{"half forged", func() *ledger.Cosignature { s := w.forked(4, 9); s.MLDSA[3] ^= 1; return s }(), state.BadSignature, "the cosignature of xe.comity/n1 does not verify"},
		{"a stranger's", func() *ledger.Cosignature { s := w.forked(4, 9); s.Node = "xz.comity/n1"; return s }(), state.UnknownKey, `no bureau has a node "xz.comity/n1"`},
	} {
		before := maps.Clone(w.view.tables)
		r := w.accused(tt.s)
		if r.Refusal == nil || r.Refusal.Code != tt.code || r.Refusal.Reason != tt.want || r.Index != tt.s.Size {
			t.Errorf("%s: got %+v, refusal %v; want %s: %s", tt.name, r, r.Refusal, tt.code, tt.want)
		}
		if !maps.EqualFunc(before, w.view.tables, bytes.Equal) {
			t.Errorf("%s: the state changed", tt.name)
		}
	}

	head := w.head()
	proof := w.forked(4, 9)
	if r := w.accused(proof); r.Refusal != nil {
		t.Fatalf("evidence refused: %v", r.Refusal)
	}
	f, err := state.ReadFault(w.view, proof.Node)
	if err != nil || f == nil || f.At != 25 || !reflect.DeepEqual(f.Proof, proof) {
		t.Fatalf("fault: got %+v, %v", f, err)
	}
	if w.head() != head {
		t.Error("evidence is no entry, and moved the head")
	}
	w.want("XE's was taken out", "pending 25 by 1, final none")
	before := maps.Clone(w.view.tables)
	if r := w.accused(w.forked(4, 11)); r.Refusal != nil || !maps.EqualFunc(before, w.view.tables, bytes.Equal) {
		t.Errorf("a second evidence: got %v, or the state changed", r.Refusal)
	}

	if r := w.cosigned(w.cosign(4, first))[0]; r.Refusal == nil || r.Refusal.Code != state.Faulty {
		t.Errorf("XE cosigns again: got %+v", r)
	}
	w.cosigned(w.cosign(1, first), w.cosign(2, first))
	w.want("the quorum did not shrink", "pending 25 by 3, final none")
	w.cosigned(w.cosign(3, first))
	w.want("FINAL by the other four", "pending none, final 25 by 4")
	if r := w.cosigned(w.cosign(4, first))[0]; r.Refusal == nil || r.Refusal.Code != state.Faulty {
		t.Errorf("XE supports the FINAL one: got %+v", r)
	}

	w.accept(w.Bureaus[1].Officer.Reply(t, text))
	next := w.pending()
	w.cosigned(w.cosign(0, next), w.cosign(1, next), w.cosign(2, next), w.cosign(3, next))
	w.want("and so it goes on", "pending none, final 26 by 4")
	w.accused(w.forked(3, 26))
	w.want("what is FINAL stays", "pending none, final 26 by 4")
	if got := w.faulty(); len(got) != 2 || got[0] != "xd.comity/n1" || got[1] != "xe.comity/n1" {
		t.Errorf("faulty: got %v", got)
	}
}

// TestCheckFaults: what a manifest may say of faults.
func TestCheckFaults(t *testing.T) {
	w := newWorld(t, 5)
	p := w.pending()
	final := &state.Collected{Size: p.Size, Root: p.Root, Cosigs: []*ledger.Cosignature{w.cosign(0, p), w.cosign(1, p), w.cosign(2, p), w.cosign(4, p)}}
	w.accept(w.Bureaus[0].Officer.Reply(t, text))
	size := w.head().Size
	good := &state.Fault{At: size, Proof: w.forked(4, 9)}
	forged := &state.Fault{At: size, Proof: w.forked(4, 9)}
	forged.Proof.MLDSA[9] ^= 1
	stranger := &state.Fault{At: size, Proof: w.forked(4, 9)}
	stranger.Proof.Node = "xz.comity/n1"
	own := w.cosign(4, &state.Collected{Size: size, Root: w.head().Root})
	pending := &state.Collected{Size: size, Root: w.head().Root, Cosigs: []*ledger.Cosignature{own}}
	for _, tt := range []struct {
		name           string
		faults         []*state.Fault
		pending, final *state.Collected
		want           bool
	}{
		{"none", nil, pending, final, true},
		{"a true one, after the FINAL checkpoint", []*state.Fault{good}, nil, final, true},
		{"two", []*state.Fault{good, {At: 10, Proof: w.forked(3, 10)}}, nil, nil, true},
		{"the same node twice", []*state.Fault{good, good}, nil, nil, false},
		{"forged", []*state.Fault{forged}, nil, nil, false},
		{"a stranger", []*state.Fault{stranger}, nil, nil, false},
		{"of this history", []*state.Fault{{At: size, Proof: own}}, nil, nil, false},
		{"beyond the log", []*state.Fault{{At: size + 1, Proof: w.forked(4, 9)}}, nil, nil, false},
		{"known before it was signed", []*state.Fault{{At: 8, Proof: w.forked(4, 9)}}, nil, nil, false},
		{"its cosignature is pending still", []*state.Fault{good}, pending, nil, false},
		{"its cosignature under a later FINAL one", []*state.Fault{{At: p.Size - 1, Proof: w.forked(4, 9)}}, nil, final, false},
	} {
		if got, err := w.m.CheckFaults(w.view, size, tt.faults, tt.pending, tt.final, state.Plain{}); err != nil || got != tt.want {
			t.Errorf("%s: got %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	// A manifest that forgets a fault does not make the node honest.
	w.accused(good.Proof)
	w.view.commit(w.m.Adopt(w.head(), nil, nil, nil))
	if got := w.faulty(); len(got) != 1 {
		t.Errorf("after a manifest without it: faulty %v", got)
	}
	w.view.commit(w.m.Adopt(w.head(), nil, nil, []*state.Fault{{At: 3, Proof: w.forked(3, 2)}}))
	if got := w.faulty(); len(got) != 2 {
		t.Errorf("after a manifest with another: faulty %v", got)
	}
}

func TestParseFaultIsStrict(t *testing.T) {
	w := genesisWorld(t, 1)
	data := (&state.Fault{At: 7, Proof: w.forked(0, 3)}).Marshal()
	f, err := state.ParseFault(data)
	if err != nil || !bytes.Equal(f.Marshal(), data) || len(data) > state.MaxFault {
		t.Fatalf("does not come back: %v", err)
	}
	for _, bad := range [][]byte{append(bytes.Clone(data), 0), data[:len(data)-1], data[:7], nil} {
		if _, err := state.ParseFault(bad); !errors.Is(err, ledger.ErrMalformed) {
			t.Errorf("%d bytes of %d: got error %v, want %v", len(bad), len(data), err, ledger.ErrMalformed)
		}
	}
}
