package ledger_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"

	"golang.org/x/mod/sumdb/tlog"
)

// values returns the values of the given lines with this key.
func (v *vector) values(key string) []string {
	var out []string
	for _, g := range v.given {
		if value, ok := strings.CutPrefix(g, key+" "); ok {
			out = append(out, value)
		}
	}
	return out
}

func (v *vector) genesis(t testing.TB) *ledger.Genesis {
	t.Helper()
	g, err := ledger.ParseGenesis(readVector(t, v.values("genesis")[0]).data)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// check parses and, where something is given, verifies the vector. It returns
// what it found.
func (v *vector) check(t testing.TB) ([]string, error) {
	t.Helper()
	switch v.kind {
	case "statement":
		return show(ledger.ParseStatement(v.data))(showStatement)
	case "publish":
		return show(ledger.ParsePublish(v.data))(showPublish)
	case "enrol":
		return show(ledger.ParseEnrol(v.data))(showEnrol)
	case "rotate":
		return show(ledger.ParseRotate(v.data))(showRotate)
	case "revoke":
		return show(ledger.ParseRevoke(v.data))(showRevoke)
	case "suspend":
		return show(ledger.ParseSuspend(v.data))(showSuspend)
	case "lift":
		return show(ledger.ParseLift(v.data))(showLift)
	case "extend":
		return show(ledger.ParseExtend(v.data))(showExtend)
	case "review":
		return show(ledger.ParseReview(v.data))(showReview)
	case "circle":
		return show(ledger.ParseCircle(v.data))(showCircle)
	case "purge":
		return show(ledger.ParsePurge(v.data))(showPurge)
	case "charter":
		return show(ledger.ParseCharter(v.data))(showCharter)
	case "cosignature":
		return v.checkCosignature(t)
	case "command":
		return show(ledger.ParseCommand(v.data))(showCommand)
	case "checkpoint":
		c, err := ledger.ParseCheckpoint(string(v.data))
		return show(&c, err)(showCheckpoint)
	case "item":
		it, err := ledger.ParseItem(v.data)
		return show(&it, err)(showItem)
	case "genesis":
		g, err := ledger.ParseGenesis(v.data)
		if err != nil {
			return nil, err
		}
		return append(showCharter(g.Charter), showEpochs(g)...), nil
	case "propose":
		return show(ledger.ParsePropose(v.data))(showPropose)
	case "vote":
		return show(ledger.ParseVote(v.data))(showVote)
	case "epoch":
		return show(ledger.ParseEnact(v.data))(showEnact)
	case "recover":
		return show(ledger.ParseRecover(v.data))(showRecover)
	case "certificate":
		return show(ledger.ParseCertificate(v.data))(showCertificate)
	case "entry":
		return v.checkEntry(t)
	case "note":
		c, bureaus, err := v.genesis(t).Open(v.data)
		return append(showCheckpoint(&c), "cosigned "+strings.Join(bureaus, " ")), err
	case "receipt":
		return v.checkReceipt(t)
	case "exhibit":
		return v.checkExhibit(t)
	case "disclosures":
		return v.checkDisclosures(t)
	case "evidence":
		return v.checkEvidence(t)
	case "recovery":
		return v.checkRecoveryEvidence(t)
	case "bundle":
		return v.checkBundle(t)
	}
	t.Fatalf("unknown type %q", v.kind)
	return nil, nil
}

// show turns what a parser returned into lines.
func show[T any](value *T, err error) func(func(*T) []string) ([]string, error) {
	return func(lines func(*T) []string) ([]string, error) {
		if err != nil {
			return nil, err
		}
		return lines(value), nil
	}
}

func (v *vector) checkEntry(t testing.TB) ([]string, error) {
	t.Helper()
	e, err := ledger.ParseEntry(v.data)
	if err != nil {
		return nil, err
	}
	for i, key := range v.values("key") {
		pub, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Verify(i, pub) {
			return nil, fmt.Errorf("signature %d is not good", i)
		}
	}
	out := []string{fmt.Sprintf("id %s", e.ID), fmt.Sprintf("leaf %x", ledger.Hash(e.LeafHash()))}
	for _, s := range e.Signatures {
		out = append(out, fmt.Sprintf("signer %s", s.Key))
	}
	return out, nil
}

func (v *vector) checkCosignature(t testing.TB) ([]string, error) {
	t.Helper()
	s, err := ledger.ParseCosignature(v.data)
	if err != nil {
		return nil, err
	}
	out := showCosignature(s)
	for range v.values("genesis") {
		p := v.genesis(t).PolicyAt(0)
		if w, ok := p.Witness[s.Node]; !ok || !s.Verify(w, p.Origin) {
			return nil, fmt.Errorf("the cosignature is not good")
		}
		text := ledger.Checkpoint{Origin: p.Origin, Size: s.Size, Root: s.Root}.String()
		out = append(out, fmt.Sprintf("cosigned04 %x", cosigned04(text, s.Time)), fmt.Sprintf("cosigned06 %x", cosigned06(s.Node, p.Origin, s.Size, s.Root[:], s.Time)))
	}
	return out, nil
}

func (v *vector) checkReceipt(t testing.TB) ([]string, error) {
	t.Helper()
	r, err := ledger.ParseReceipt(v.data)
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("index %d", r.Index), fmt.Sprintf("path %d", len(r.Proof))}
	for _, leaf := range v.values("leaf") {
		var h tlog.Hash
		if _, err := hex.Decode(h[:], []byte(leaf)); err != nil {
			t.Fatal(err)
		}
		c, bureaus, err := r.Verify(v.genesis(t), h)
		if err != nil {
			return nil, err
		}
		out = append(append(out, showCheckpoint(&c)...), "cosigned "+strings.Join(bureaus, " "))
	}
	return out, nil
}

func (v *vector) checkExhibit(t testing.TB) ([]string, error) {
	t.Helper()
	x, err := ledger.ParseExhibit(v.data)
	if err != nil {
		return nil, err
	}
	verdict, err := x.Verify(v.genesis(t))
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("id %s", x.Item.Entry.ID), fmt.Sprintf("index %d", x.Receipt.Index), "cosigned " + strings.Join(verdict.Cosigners, " ")}
	for _, s := range verdict.Signers {
		line := strings.TrimSpace(fmt.Sprintf("signer %s %s root=%v enrolled=%d %s", s.Bureau, s.Key, s.Root, s.EnrolledAt, s.Label))
		if s.By != "" {
			line += " by=" + s.By
		}
		out = append(out, line)
	}
	for _, text := range v.values("card") {
		id, err := keys.ParseIdentity(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := seal.Parse(x.Item.Body)
		if err != nil {
			return nil, err
		}
		ctx := seal.Context{Ledger: keys.ID(x.Ledger), Author: x.Item.Entry.Statement.Author}
		opened, err := b.Open(ctx, map[seal.Compartment][]*keys.Identity{seal.Card: {id}})
		if err != nil {
			return nil, err
		}
		for _, o := range opened {
			out = append(out, fmt.Sprintf("opens %s %q", o.Compartment, o.Plaintext))
		}
	}
	return out, nil
}

func (v *vector) checkEvidence(t testing.TB) ([]string, error) {
	t.Helper()
	e, err := ledger.ParseEvidence(v.data)
	if err != nil {
		return nil, err
	}
	c, err := e.Verify(v.genesis(t))
	if err != nil {
		return nil, err
	}
	return []string{
		fmt.Sprintf("contradicts size %d root %x", c.Other.Size, c.Other.Root), "cosigned " + strings.Join(c.OtherBy, " "),
		fmt.Sprintf("final size %d root %x", c.Final.Size, c.Final.Root), "cosigned " + strings.Join(c.FinalBy, " "),
		fmt.Sprintf("has root %x", e.Root), fmt.Sprintf("proof %d", len(e.Proof)),
		strings.TrimSpace("both " + strings.Join(c.Both, " ")), fmt.Sprintf("both-final %v", c.BothFinal),
	}, nil
}

func (v *vector) checkRecoveryEvidence(t testing.TB) ([]string, error) {
	t.Helper()
	e, err := ledger.ParseRecoveryEvidence(v.data)
	if err != nil {
		return nil, err
	}
	f, err := e.Verify(v.genesis(t))
	if err != nil {
		return nil, err
	}
	out := []string{fmt.Sprintf("epoch %d", f.Epoch)}
	for _, p := range f.Plans {
		out = append(out, fmt.Sprintf("recovery %s", p.ID), fmt.Sprintf("keeps %d root %x", p.Kept.Size, p.Kept.Root), "signed "+strings.Join(p.By, " "), fmt.Sprintf("quorum %v", p.Quorum))
	}
	if f.Cut != nil {
		out = append(out, fmt.Sprintf("cuts size %d root %x", f.Cut.Size, f.Cut.Root), "cosigned "+strings.Join(f.CutBy, " "))
	}
	return append(out, strings.TrimSpace("both "+strings.Join(f.Both, " "))), nil
}
