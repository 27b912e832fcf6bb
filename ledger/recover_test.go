package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"

	"golang.org/x/mod/sumdb/tlog"
)

// wreck is a consortium of five of which two nodes are left.
type wreck struct {
	t       *testing.T
	c       *ledgertest.Consortium
	root    ledger.Hash
	witness map[string]*keys.Witness // of the new nodes
}

func newWreck(t *testing.T) *wreck {
	w := &wreck{t, ledgertest.NewGenesis(t, 5), ledger.Hash{7}, make(map[string]*keys.Witness)}
	return w
}

// node returns the change that gives a bureau a new node.
func (w *wreck) node(b *ledgertest.Bureau) *ledger.Propose {
	w.t.Helper()
	k, err := keys.GenerateWitness()
	if err != nil {
		w.t.Fatal(err)
	}
	tls, err := keys.GenerateTLS()
	if err != nil {
		w.t.Fatal(err)
	}
	w.witness[b.Code] = k
	p := &ledger.Propose{Change: ledger.ChangeNode, Code: b.Code, Node: &ledger.Node{Address: b.Code + ".new:7000", TLS: tls.ID(), Witness: k.Public()}}
	if err := p.Sign(w.c.Genesis.Ledger, b.Root.Signer); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// changes keeps two voters, replaces one, and drops two.
func (w *wreck) changes() []*ledger.Propose {
	b := w.c.Bureaus
	return []*ledger.Propose{w.node(b[0]), w.node(b[1]), w.node(b[2]), {Change: ledger.ChangeDemote, Code: "XD"}, {Change: ledger.ChangeRemove, Code: "XE"}}
}

// sign makes the entry of a recovery with the roots of some bureaus.
func (w *wreck) sign(r *ledger.Recover, size uint64, signers ...int) *ledger.Entry {
	w.t.Helper()
	var list []*keys.Signer
	for _, i := range signers {
		list = append(list, w.c.Bureaus[i].Root.Signer)
	}
	s := &ledger.Statement{Class: ledger.ClassRecover, Ledger: w.c.Genesis.Ledger, Author: list[0].ID(), SeenSize: size, SeenRoot: w.root, Public: r.Marshal()}
	e, err := ledger.SignStatement(s, list[0], list[1:]...)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *wreck) with(e *ledger.Entry) (*ledger.Genesis, error) {
	w.t.Helper()
	c, err := ledger.NewRecovery(e)
	if err != nil {
		w.t.Fatal(err)
	}
	again, err := ledger.ParseCertificate(c.Marshal())
	if err != nil || !bytes.Equal(again.Marshal(), c.Marshal()) {
		w.t.Fatalf("the certificate is read as another: %v", err)
	}
	return w.c.Genesis.With(again)
}

func TestRecovery(t *testing.T) {
	w := newWreck(t)
	r := &ledger.Recover{Number: 1, Time: 1_700_000_000_123, Changes: w.changes()}
	g, err := w.with(w.sign(r, 7, 0, 1, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	e := g.Latest()
	if e.Number != 1 || e.From != 8 || !e.Recovered || e.Voters() != 3 || len(e.Members) != 4 || g.At(7).Number != 0 || g.At(8) != e {
		t.Errorf("epoch %+v", e)
	}
	read, err := ledger.ParseGenesis(g.Marshal())
	if err != nil || read.Ledger != w.c.Genesis.Ledger || read.Latest().From != 8 || !bytes.Equal(read.Marshal(), g.Marshal()) {
		t.Errorf("the charter file is read as another: %v", err)
	}
	p, err := ledger.ParseRecover(r.Marshal())
	if err != nil || !bytes.Equal(p.Marshal(), r.Marshal()) {
		t.Errorf("parsed another: %v", err)
	}
}

// TestRecoveryOldNode: who kept its node over a recovery may have cosigned what was
// cut, and votes again only with another.
func TestRecoveryOldNode(t *testing.T) {
	w := newWreck(t)
	g, err := w.with(w.sign(&ledger.Recover{Number: 1, Changes: w.changes()}, 7, 0, 1, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	promote, root := &ledger.Propose{Change: ledger.ChangePromote, Code: "XD"}, w.c.NewAuthor("XD root, the second")
	moved := w.c.Bureaus[3].NewRoot(t, root)
	e, err := g.Latest().After(&moved, 10)
	if err != nil {
		t.Fatal(err)
	}
	const want = "XD needs a node with new keys first: propose node"
	for _, e := range []*ledger.Epoch{g.Latest(), e} {
		if _, err := e.After(promote, 12); !errors.Is(err, ledger.ErrOldNode) || !strings.Contains(err.Error(), want) {
			t.Errorf("epoch %d: %v", e.Number, err)
		}
	}
	for what, before := range map[string]*ledger.Epoch{"a new node": g.Latest(), "and a new root": e} {
		next, err := before.After(w.node(w.c.Bureaus[3]), 12)
		if err != nil {
			t.Fatal(err)
		}
		if next, err = next.After(promote, 14); err != nil || next.Voters() != 4 {
			t.Errorf("%s: %v", what, err)
		}
	}
	if m, _ := g.Latest().Member("XA"); m.OldNode {
		t.Error("XA has a new node")
	}
	if m, _ := g.At(7).Member("XD"); m.OldNode {
		t.Error("a recovery changed the epoch before it")
	}
}

func TestRecoveryRefused(t *testing.T) {
	w := newWreck(t)
	good := w.changes()
	foreign := w.node(w.c.Bureaus[1])
	foreign.Code = "XA"
	for name, x := range map[string]struct {
		number  uint32
		changes []*ledger.Propose
		size    uint64
		signers []int
	}{
		"too few signatures":          {1, good, 7, []int{0, 1, 2}},
		"another epoch":               {2, good, 7, []int{0, 1, 2, 3}},
		"a voter with its old node":   {1, good[1:], 7, []int{0, 1, 2, 3}},
		"the proof of another bureau": {1, append([]*ledger.Propose{foreign}, good[1:]...), 7, []int{0, 1, 2, 3}},
		"somebody unknown":            {1, append(slices.Clone(good), &ledger.Propose{Change: ledger.ChangeRemove, Code: "XZ"}), 7, []int{0, 1, 2, 3}},
		"no voter left": {1, []*ledger.Propose{{Change: ledger.ChangeRemove, Code: "XA"}, {Change: ledger.ChangeRemove, Code: "XB"}, {Change: ledger.ChangeRemove, Code: "XC"},
			{Change: ledger.ChangeRemove, Code: "XD"}, {Change: ledger.ChangeRemove, Code: "XE"}}, 7, []int{0, 1, 2, 3}},
	} {
		if _, err := w.with(w.sign(&ledger.Recover{Number: x.number, Changes: x.changes}, x.size, x.signers...)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// A key that is no voter's, and a signature that is not good.
	r := &ledger.Recover{Number: 1, Changes: good}
	officer := w.c.Bureaus[0].Officer.Signer
	s := w.sign(r, 7, 0, 1, 2, 3)
	with, err := ledger.NewEntry(s.Signed(), append(slices.Clone(s.Signatures), ledger.Signature{Key: officer.ID(), Sig: s.Signatures[0].Sig}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.with(with); err == nil {
		t.Error("an officer's signature: taken")
	}
	sigs := slices.Clone(s.Signatures)
	sigs[3].Sig[5] ^= 1
	if with, err = ledger.NewEntry(s.Signed(), sigs); err != nil {
		t.Fatal(err)
	}
	if _, err := w.with(with); err == nil {
		t.Error("a bad signature: taken")
	}
	for name, bad := range map[string]*ledger.Recover{
		"nothing changes": {Number: 1}, "no number": {Changes: good}, "two for one bureau": {Number: 1, Changes: append(slices.Clone(good), good[4])},
		"a new root": {Number: 1, Changes: []*ledger.Propose{{Change: ledger.ChangeRoot, Code: "XA", Root: w.c.Bureaus[0].Root.Signer.Public(), Proof: make([]byte, 64)}}},
	} {
		if _, err := ledger.ParseRecover(bad.Marshal()); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

// A receipt from above the cut is told from a forged one, and proves the cut.
func TestReceiptAboveTheCut(t *testing.T) {
	w := newWreck(t)
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	entry := func(i int64) []byte { return fmt.Appendf(nil, "entry %d", i) }
	for i := range int64(9) {
		more, err := tlog.StoredHashes(i, entry(i), reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	note := func(size int64, signers int) []byte {
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			t.Fatal(err)
		}
		at := ledger.Checkpoint{Origin: w.c.Genesis.Origin(), Size: uint64(size), Root: ledger.Hash(root)}
		var list []*ledger.Cosignature
		for _, b := range w.c.Bureaus[:signers] {
			s, err := ledger.Cosign(b.Witness, b.Node(), at, 1_700_000_000)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		return ledger.FormatNote(at, w.c.Genesis.PolicyAt(0).Witness, list)
	}
	receipt := func(index, size int64, signers int) *ledger.Receipt {
		proof, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			t.Fatal(err)
		}
		return &ledger.Receipt{Index: uint64(index), Proof: proof, Note: note(size, signers)}
	}
	g, err := w.with(w.sign(&ledger.Recover{Number: 1, Changes: w.changes()}, 7, 0, 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(i int64) tlog.Hash { return tlog.RecordHash(entry(i)) }
	if _, _, err := receipt(6, 7, 4).Verify(g, leaf(6)); err != nil {
		t.Errorf("below the cut: %v", err)
	}
	cut := new(ledger.CutError)
	if at, by, err := receipt(8, 9, 4).Verify(g, leaf(8)); !errors.As(err, &cut) || cut.Cut != 7 || cut.Epoch != 1 || cut.Size != 9 || at.Size != 9 || len(by) != 4 {
		t.Errorf("above the cut: %v, %+v by %v", err, at, by)
	}
	if _, _, err := receipt(8, 9, 4).Verify(g, leaf(7)); !errors.Is(err, ledger.ErrNotIncluded) {
		t.Errorf("another entry: %v", err)
	}
	if _, _, err := receipt(8, 9, 3).Verify(g, leaf(8)); err == nil || errors.As(err, &cut) && cut.Size == 9 && !errors.Is(err, ledger.ErrQuorum) {
		t.Errorf("never FINAL: %v", err)
	}
	if _, _, err := receipt(8, 9, 4).Verify(w.c.Genesis, leaf(8)); err != nil {
		t.Errorf("with the charter file of before: %v", err)
	}
}
