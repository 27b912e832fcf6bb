package ledger_test

import (
	"bytes"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/ledgertest"
)

// recovery writes the vectors of class 17: XE joined the four, three of the nodes are
// lost, and the ledger goes on from an earlier head, with three voters.
func (w *vectorWriter) recovery() {
	t, l := w.t, enrolled(w.t, 4)
	xa, xb, xc, xd, xe := l.Bureaus[0], l.Bureaus[1], l.Bureaus[2], l.Bureaus[3], l.Newcomer(t, "XE")
	joined := &ledger.Certificate{Proposal: xa.Propose(t, xe.Admission(t)).Entry}
	for _, b := range []*ledgertest.Bureau{xb, xc} {
		joined.Votes = append(joined.Votes, b.Vote(t, joined.Proposal.ID, true).Entry)
	}
	sortVotes(joined)
	seen := l.checkpoint(t)
	joined.Epoch = xe.Enact(t, joined.Proposal.ID, 1, seen.Size, seen.Root).Entry
	for _, e := range append([]*ledger.Entry{joined.Proposal}, joined.Votes...) {
		l.add(t, e)
	}
	index := l.add(t, joined.Epoch)
	joined.Receipt = l.receipt(t, index, l.note(t, xa, xb, xc))
	kept := l.checkpoint(t)
	gone := xa.Officer.Reply(t, []byte("what nobody else has read"))
	lost := l.receipt(t, l.add(t, gone.Entry), l.note(t, xb, xc, xd))
	late := *joined
	late.Receipt = l.receipt(t, index, lost.Note)

	node := func(b *ledgertest.Bureau, proof *ledgertest.Bureau) *ledger.Propose {
		next := *proof
		next.Code = b.Code
		p := next.NewNode(t, l.Newcomer(t, b.Code))
		p.Node.Address = b.Member().Node.Address
		if err := p.Sign(l.Genesis.Ledger, proof.Root.Signer); err != nil {
			t.Fatal(err)
		}
		return &p
	}
	remove := &ledger.Propose{Change: ledger.ChangeRemove, Code: "XD"}
	demote := &ledger.Propose{Change: ledger.ChangeDemote, Code: "XD"}
	r := ledger.Recover{Number: 2, Time: 1_700_000_900_000, Changes: []*ledger.Propose{node(xa, xa), node(xb, xb), node(xc, xc), remove}}
	good, small := r.Marshal(), []*ledger.Propose{remove}
	w.vector("recover", "Three get new nodes, and XD leaves.", "ok", good)
	w.vector("recover-demote", "XD stays, and votes no more.", "ok", (&ledger.Recover{Number: 2, Time: 5, Changes: []*ledger.Propose{demote}}).Marshal())
	w.vector("recover-last", "The last epoch and the last time that there may be.", "ok", (&ledger.Recover{Number: 300, Time: ledger.MaxTime*1000 + 999, Changes: small}).Marshal())
	for name, x := range map[string]struct {
		comment string
		fields  ledger.Recover
	}{
		"number-0":   {"The founders' epoch has no entry.", ledger.Recover{Changes: small}},
		"number-301": {"One epoch too many.", ledger.Recover{Number: 301, Changes: small}},
		"too-late":   {"A time of the year 10000.", ledger.Recover{Number: 2, Time: (ledger.MaxTime + 1) * 1000, Changes: small}},
		"nothing":    {"Nothing changes.", ledger.Recover{Number: 2}},
		"twice":      {"Two changes for one bureau.", ledger.Recover{Number: 2, Changes: []*ledger.Propose{demote, remove}}},
		"descending": {"XD before XA.", ledger.Recover{Number: 2, Changes: []*ledger.Propose{remove, r.Changes[0]}}},
		"promote":    {"No recovery makes voters.", ledger.Recover{Number: 2, Changes: []*ledger.Propose{{Change: ledger.ChangePromote, Code: "XE"}}}},
	} {
		w.malformed("recover-"+name, x.comment, x.fields.Marshal())
	}
	w.malformed("recover-trailing-byte", "A byte behind the end.", append(bytes.Clone(good), 0))
	w.malformed("recover-truncated", "The last byte is missing.", good[:len(good)-1])

	sign := func(fields *ledger.Recover, change func(s *ledger.Statement), by ...*keys.Signer) *ledger.Entry {
		s := &ledger.Statement{Class: ledger.ClassRecover, Ledger: l.Genesis.Ledger, Author: by[0].ID(), SeenSize: kept.Size, SeenRoot: kept.Root, Public: fields.Marshal()}
		change(s)
		e, err := ledger.SignStatement(s, by[0], by[1:]...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	same := func(*ledger.Statement) {}
	roots := []*keys.Signer{xa.Root.Signer, xb.Root.Signer, xc.Root.Signer}
	entry := sign(&r, same, roots...)
	w.vector("statement-recover", "A quorum of roots goes on from the head that is left.", "ok", entry.Signed())
	raw := func(change func(s *ledger.Statement)) []byte {
		s := *entry.Statement
		change(&s)
		return s.Marshal()
	}
	w.malformed("statement-recover-with-target", "A recovery is of no other statement.", raw(func(s *ledger.Statement) { s.Target = ledger.ID{0xaa} }))
	w.malformed("statement-recover-from-nothing", "Where nothing is left there is another ledger.", raw(func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = 0, ledger.EmptyRoot }))
	six := sign(&r, same, append(slices.Clone(roots), xd.Root.Signer, xe.Root.Signer, xa.Officer.Signer)...)
	w.vector("entry-recover-six", "A recovery may have up to fifteen signatures.", "ok", six.Raw)
	w.vector("certificate-recovery", "It stands by itself.", "ok", certificateOf(entry))
	w.malformed("certificate-recovery-other-class", "An epoch in its place.", certificateOf(joined.Epoch))
	w.malformed("certificate-recovery-trailing-byte", "A byte behind the end.", append(certificateOf(entry), 0))

	file := func(certs ...[]byte) []byte {
		out := l.Genesis.Marshal()
		for _, data := range certs {
			out = append(append(out, byte(len(data)>>16), byte(len(data)>>8), byte(len(data))), data...)
		}
		return out
	}
	first := joined.Marshal()
	w.vector("genesis-recovered", "Four founders. XE joined; three nodes were lost, and what stood above the head that was left is cut.", "ok", file(first, certificateOf(entry)))
	w.vector("genesis-recovered-late", "The receipt of the first epoch is under a checkpoint that was cut. Its entry was not.", "ok", file(late.Marshal(), certificateOf(entry)))
	w.vector("receipt-kept", "An entry below the cut.", "ok", joined.Receipt.Marshal(), "genesis genesis-recovered", leafOf(joined.Epoch))
	w.vector("receipt-cut", "An entry that was cut.", "cut", lost.Marshal(), "genesis genesis-recovered", leafOf(gone.Entry))
	w.vector("receipt-cut-other-leaf", "Another entry than the one that was cut.", "not-included", lost.Marshal(), "genesis genesis-recovered", leafOf(joined.Epoch))
	w.vector("note-cut", "It was FINAL, and was cut.", "cut", lost.Note, "genesis genesis-recovered")
	w.vector("note-never-final", "Two of the four that it takes three of, before the cut.", "quorum", l.note(t, xb, xc), "genesis genesis-recovered")
	// The rest is about the founders' epoch, but for what needs another.
	one := r
	one.Number = 1
	refused := func(name, comment, result string, e *ledger.Entry, before ...[]byte) {
		w.vector("genesis-recovered-"+name, comment, result, file(append(before, certificateOf(e))...))
	}
	changed := func(change func(r *ledger.Recover)) *ledger.Entry {
		x := one
		x.Changes = slices.Clone(r.Changes)
		change(&x)
		return sign(&x, same, roots...)
	}
	refused("too-few", "Two of four signed it, and it takes three.", "quorum", sign(&one, same, roots[:2]...))
	refused("no-voter", "XE, which signed as well, does not vote.", "refused", sign(&r, same, append(slices.Clone(roots), xe.Root.Signer)...), first)
	refused("officer", "An officer signed as well.", "refused", sign(&one, same, append(slices.Clone(roots), xb.Officer.Signer)...))
	refused("number", "It begins the epoch after the next.", "refused", changed(func(r *ledger.Recover) { r.Number = 2 }))
	refused("old-node", "XC stays a voter with the node that it had.", "refused", changed(func(r *ledger.Recover) { r.Changes = slices.Delete(r.Changes, 2, 3) }))
	refused("proof", "XB's root has not proved that the new node of XC is XC's.", "refused", changed(func(r *ledger.Recover) { r.Changes[2] = node(xc, xb) }))
	refused("stranger", "XF gets a node, and is no member.", "refused", changed(func(r *ledger.Recover) { r.Changes = append(r.Changes, node(l.Newcomer(t, "XF"), xa)) }))
	refused("too-deep", "It cuts the entry with which XE joined.", "refused", sign(&r, func(s *ledger.Statement) { s.SeenSize, s.SeenRoot = seen.Size, seen.Root }, roots...), first)
	refused("other-ledger", "It is of another ledger.", "other-ledger", sign(&one, func(s *ledger.Statement) { s.Ledger[0] ^= 1 }, roots...))
	signed := sign(&one, same, roots...)
	sigs := slices.Clone(signed.Signatures)
	sigs[2].Sig[9] ^= 1
	forged, err := ledger.NewEntry(signed.Signed(), sigs)
	if err != nil {
		t.Fatal(err)
	}
	refused("forged", "A bit of the third signature differs.", "refused", forged)
}

// certificateOf returns the certificate of a recovery; of any other entry what has
// the form of one.
func certificateOf(e *ledger.Entry) []byte { return (&ledger.Certificate{Recover: e}).Marshal() }

func leafOf(e *ledger.Entry) string {
	h := e.LeafHash()
	return fmt.Sprintf("leaf %x", h[:])
}
