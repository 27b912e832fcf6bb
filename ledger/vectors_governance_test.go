package ledger_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/ledgertest"
)

func showPropose(p *ledger.Propose) []string {
	out := []string{"change " + p.Change.String(), "bureau " + p.Code}
	if p.Change == ledger.ChangeFormat {
		out[1] = fmt.Sprintf("format %d", p.Format)
	}
	for _, id := range p.Keys() {
		out = append(out, "key "+id.String())
	}
	return out
}

func showVote(v *ledger.Vote) []string { return []string{fmt.Sprintf("for %v", v.For)} }

func showEnact(e *ledger.Enact) []string { return []string{fmt.Sprintf("number %d", e.Number)} }

func showRecover(r *ledger.Recover) []string {
	out := []string{fmt.Sprintf("number %d", r.Number), fmt.Sprintf("time %d", r.Time)}
	for _, p := range r.Changes {
		out = append(out, showPropose(p)...)
	}
	return out
}

func showCertificate(c *ledger.Certificate) []string {
	if c.Recover != nil {
		return []string{"recover " + c.Recover.ID.String()}
	}
	out := []string{"proposal " + c.Proposal.ID.String(), "epoch " + c.Epoch.ID.String(), fmt.Sprintf("index %d", c.Receipt.Index)}
	for _, v := range c.Votes {
		out = append(out, "vote "+v.ID.String())
	}
	return out
}

// showEpochs has a line for each epoch after the founders', voters in capitals, with
// the format where it is another.
func showEpochs(g *ledger.Genesis) (out []string) {
	for i, e := range g.Epochs()[1:] {
		line := fmt.Sprintf("epoch %d from %d:", e.Number, e.From)
		for _, m := range e.Members {
			if code := m.Code; m.Voter {
				line += " " + code
			} else {
				line += " " + strings.ToLower(code)
			}
		}
		if e.Format > g.Epochs()[i].Format {
			line += fmt.Sprintf(" format %d", e.Format)
		}
		if e.Recovered {
			line += " recovered"
		}
		out = append(out, line)
	}
	return out
}

func sortVotes(c *ledger.Certificate) {
	slices.SortFunc(c.Votes, func(a, b *ledger.Entry) int { return bytes.Compare(a.Statement.Author[:], b.Statement.Author[:]) })
}

// governance writes the vectors of classes 14 to 16, and of certificates: XE joins
// the four, and XD leaves.
func (w *vectorWriter) governance() {
	t, l := w.t, enrolled(w.t, 4)
	xa, xb, xc, xd, xe := l.Bureaus[0], l.Bureaus[1], l.Bureaus[2], l.Bureaus[3], l.Newcomer(t, "XE")
	admit := xe.Admission(t)
	remove := ledger.Propose{Change: ledger.ChangeRemove, Code: "XD"}
	root, node := xb.NewRoot(t, l.NewAuthor("XB root, the second")), xb.NewNode(t, l.Newcomer(t, "XF"))
	promote, demote := remove, remove
	promote.Change, demote.Change = ledger.ChangePromote, ledger.ChangeDemote
	for name, p := range map[string]struct {
		comment string
		fields  ledger.Propose
	}{
		"propose-admit": {"XE is to join.", admit}, "propose-remove": {"XD is to leave.", remove}, "propose-promote": {"XD is to vote.", promote},
		"propose-demote": {"XD is not to vote any more.", demote}, "propose-root": {"XB, whose root key is lost, gets another.", root},
		"propose-node": {"XB, whose node is lost, gets keys for another.", node},
	} {
		w.vector(name, p.comment, "ok", p.fields.Marshal())
	}
	bad := func(data []byte, offset int, value byte) []byte {
		out := bytes.Clone(data)
		out[offset] = value
		return out
	}
	w.malformed("propose-empty", "No byte at all.", nil)
	w.malformed("propose-change-0", "Change 0 is none.", bad(remove.Marshal(), 0, 0))
	w.malformed("propose-change-8", "Change 8 is none.", bad(remove.Marshal(), 0, 8))
	w.malformed("propose-lower-case", "Codes are capitals.", bad(remove.Marshal(), 1, 'x'))
	w.malformed("propose-trailing-byte", "A byte behind the end.", append(remove.Marshal(), 0))
	w.malformed("propose-without-proof", "A new root without its proof.", root.Marshal()[:35])
	w.malformed("propose-small-order", "A root key that is not admitted.", bad(append([]byte{5, 'X', 'B'}, make([]byte, 96)...), 3, 1))
	w.vector("vote", "For a proposal.", "ok", []byte{1})
	w.vector("vote-against", "Against it.", "ok", []byte{2})
	w.malformed("vote-0", "Neither.", []byte{0})
	w.malformed("vote-3", "Neither.", []byte{3})
	w.malformed("vote-empty", "No word.", nil)
	w.malformed("vote-trailing-byte", "Two words.", []byte{1, 1})
	w.vector("epoch", "The first after the founders'.", "ok", []byte{0, 0, 0, 1})
	w.vector("epoch-last", "The last that there may be.", "ok", []byte{0, 0, 1, 44})
	w.malformed("epoch-0", "The founders' epoch has no entry.", make([]byte, 4))
	w.malformed("epoch-301", "One too many.", []byte{0, 0, 1, 45})
	w.malformed("epoch-truncated", "Half a number.", []byte{0, 1})

	proposal := xa.Propose(t, admit)
	enact := func(by *ledgertest.Bureau, of ledger.Item, n uint32, voters ...*ledgertest.Bureau) *ledger.Certificate {
		c := &ledger.Certificate{Proposal: of.Entry}
		for _, b := range voters {
			c.Votes = append(c.Votes, b.Vote(t, of.Entry.ID, true).Entry)
		}
		sortVotes(c)
		seen := l.checkpoint(t)
		c.Epoch = by.Enact(t, of.Entry.ID, n, seen.Size, seen.Root).Entry
		for _, e := range append([]*ledger.Entry{c.Proposal}, c.Votes...) {
			l.add(t, e)
		}
		index := l.add(t, c.Epoch)
		c.Receipt = l.receipt(t, index, l.note(t, xa, xb, xc))
		return c
	}
	first := enact(xe, proposal, 1, xb, xc)
	one, err := l.Genesis.With(first)
	if err != nil {
		t.Fatal(err)
	}
	second := enact(xa, xb.Propose(t, remove), 2, xa, xd)
	two, err := one.With(second)
	if err != nil {
		t.Fatal(err)
	}
	w.vector("statement-propose", "A voter wants a bureau to join.", "ok", proposal.Entry.Signed())
	w.vector("statement-vote", "Another is for it.", "ok", first.Votes[0].Signed())
	w.vector("statement-epoch", "The newcomer accepts.", "ok", first.Epoch.Signed())
	w.vector("certificate", "XE joined the four.", "ok", first.Marshal())
	w.malformed("certificate-vote-twice", "A vote that stands there twice.", (&ledger.Certificate{Proposal: first.Proposal,
		Votes: []*ledger.Entry{first.Votes[0], first.Votes[0]}, Epoch: first.Epoch, Receipt: first.Receipt}).Marshal())
	w.malformed("certificate-other-class", "A vote in the place of the proposal.", (&ledger.Certificate{Proposal: first.Votes[0],
		Epoch: first.Epoch, Receipt: first.Receipt}).Marshal())
	w.malformed("certificate-truncated", "The last byte is missing.", first.Marshal()[:len(first.Marshal())-1])
	w.vector("genesis-epochs", "Four founders. XE joined, and XD left.", "ok", two.Marshal())
	file := l.file
	w.vector("genesis-epoch-skipped", "The second certificate without the first.", "refused", file(second))
	few := *first
	few.Votes = few.Votes[1:]
	w.vector("genesis-too-few-votes", "Two of four are for it, and it takes three.", "quorum", file(&few))
	receipt := *second
	r := *second.Receipt
	r.Note = first.Receipt.Note
	receipt.Receipt = &r
	w.vector("genesis-other-receipt", "A receipt with the checkpoint of another entry.", "not-included", file(first, &receipt))
}
