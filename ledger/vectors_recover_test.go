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

	past, err := l.Genesis.With(joined)
	if err != nil {
		t.Fatal(err)
	}
	denied := ledger.Checkpoint{Origin: past.Origin(), Size: kept.Size + 1, Root: ledger.Hash{0xaa}}
	deceived, err := ledger.NewEvidence(past, ledger.FormatNote(denied, past.PolicyAt(kept.Size+1).Witness, l.cosign(t, denied, xd)), lost.Note, l)
	if err != nil {
		t.Fatal(err)
	}
	w.vector("evidence-cut", "XD signed another history than one that was FINAL, and was cut.", "cut", deceived.Marshal(), "genesis genesis-recovered")
	deceived.Root[0] ^= 1
	w.vector("evidence-cut-other-root", "The root is not that of the history that was cut.", "refused", deceived.Marshal(), "genesis genesis-recovered")
	w.vector("genesis-recovered-nothing", "The same founders, before XE joined.", "ok", file())
	later := r
	later.Time++
	w.recoveryEvidence(&recoveries{l: l, first: entry, kept: joined.Receipt.Note, lost: lost.Note, never: l.note(t, xb, xc), epoch: joined.Epoch,
		second: func(change func(r *ledger.Recover), by ...*ledgertest.Bureau) *ledger.Entry {
			x := later
			change(&x)
			var list []*keys.Signer
			for _, b := range by {
				list = append(list, b.Root.Signer)
			}
			return sign(&x, same, list...)
		}})
}

// recoveries is what the vectors of evidence against a recovery are made of.
type recoveries struct {
	l                 *testLog
	first             *ledger.Entry
	second            func(change func(r *ledger.Recover), by ...*ledgertest.Bureau) *ledger.Entry
	kept, lost, never []byte // notes
	epoch             *ledger.Entry
}

func (w *vectorWriter) recoveryEvidence(x *recoveries) {
	xa, xb, xc, xd, same := x.l.Bureaus[0], x.l.Bureaus[1], x.l.Bureaus[2], x.l.Bureaus[3], func(*ledger.Recover) {}
	two := func(first, second *ledger.Entry) []byte {
		return (&ledger.RecoveryEvidence{Ledger: x.l.Genesis.Ledger, First: first, Second: second}).Marshal()
	}
	cut := func(first *ledger.Entry, note []byte) []byte {
		return (&ledger.RecoveryEvidence{Ledger: x.l.Genesis.Ledger, First: first, Note: note}).Marshal()
	}
	given := "genesis genesis-recovered"
	other := x.second(same, xb, xc, xd)
	good, truncated := two(x.first, other), cut(x.first, x.lost)
	w.vector("recovery-two", "XB and XC signed two recoveries to one epoch.", "ok", good, given)
	w.vector("recovery-two-few", "The second one never had enough signatures; XB gave both.", "ok", two(x.first, x.second(same, xb)), given)
	w.vector("recovery-two-nobody", "Nobody signed both.", "refused", two(x.first, x.second(same, xd)), given)
	w.vector("recovery-two-same", "The same one twice.", "refused", two(x.first, x.first), given)
	w.vector("recovery-two-epochs", "The second one is to another epoch.", "refused", two(x.first, x.second(func(r *ledger.Recover) { r.Number = 3 }, xb, xc, xd)), given)
	w.vector("recovery-two-old-node", "The second one leaves XC a voter with the node that it had: nobody can carry it out.", "refused",
		two(x.first, x.second(func(r *ledger.Recover) { r.Changes = slices.Delete(slices.Clone(r.Changes), 2, 3) }, xb, xc, xd)), given)
	officer := *xb
	officer.Root = xb.Officer
	w.vector("recovery-two-officer", "An officer signed the second one as well.", "refused", two(x.first, x.second(same, xb, &officer)), given)
	sigs := slices.Clone(other.Signatures)
	sigs[1].Sig[9] ^= 1
	forged, err := ledger.NewEntry(other.Signed(), sigs)
	if err != nil {
		w.t.Fatal(err)
	}
	w.vector("recovery-two-forged", "A bit of a signature under the second one differs.", "refused", two(x.first, forged), given)
	w.vector("recovery-two-old-charter", "The charter file does not know the epoch that they follow.", "refused", good, "genesis genesis-recovered-nothing")
	w.vector("recovery-other-ledger", "Held against the charter of another ledger.", "other-ledger", good, "genesis genesis-one")
	w.vector("recovery-cut", "It cut what was FINAL; XB and XC, by their nodes and their roots, signed both.", "ok", truncated, given)
	w.vector("recovery-cut-kept", "The checkpoint is the one that was kept.", "refused", cut(x.first, x.kept), given)
	w.vector("recovery-cut-few", "Two of four signed the recovery: it cut nothing.", "quorum", cut(x.second(same, xa, xb), x.lost), given)
	w.vector("recovery-cut-never-final", "Two of four cosigned the checkpoint.", "quorum", cut(x.first, x.never), given)
	w.vector("recovery-cut-stray-line", "A line of somebody unknown has no place here.", "refused", cut(x.first, append(bytes.Clone(x.lost), "— witness.example AAAAAAA=\n"...)), given)
	w.malformed("recovery-kind-3", "Against a recovery there is another one, or a checkpoint.", flip(good, len("comity recovery evidence v1\n")+32+3+len(x.first.Raw), 2), given)
	w.malformed("recovery-of-an-epoch", "An epoch in the place of the first.", two(x.epoch, x.first), given)
	w.malformed("recovery-two-of-an-epoch", "An epoch in the place of the second.", two(x.first, x.epoch), given)
	w.malformed("recovery-header-v2", "A version to come.", bytes.Replace(good, []byte("evidence v1"), []byte("evidence v2"), 1), given)
	w.malformed("recovery-trailing-byte", "A byte too many.", append(bytes.Clone(good), 0), given)
	w.malformed("recovery-truncated", "The last byte is missing.", good[:len(good)-1], given)
}

// certificateOf returns the certificate of a recovery; of any other entry what has
// the form of one.
func certificateOf(e *ledger.Entry) []byte { return (&ledger.Certificate{Recover: e}).Marshal() }

func leafOf(e *ledger.Entry) string {
	h := e.LeafHash()
	return fmt.Sprintf("leaf %x", h[:])
}
