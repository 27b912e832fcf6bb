package ledger_test

import (
	"bytes"
	"testing"

	"comity/ledger"
)

// raised returns a log of n founders who began with format 1 and have decided, all of
// them, on another; and what proves it.
func raised(t testing.TB, n int, format uint8) (*testLog, *ledger.Certificate) {
	t.Helper()
	l := enrolled(t, n)
	xa, seen := l.Bureaus[0], l.checkpoint(t)
	proposal := xa.Propose(t, ledger.Propose{Change: ledger.ChangeFormat, Format: format})
	c := &ledger.Certificate{Proposal: proposal.Entry}
	for _, b := range l.Bureaus[1:] {
		c.Votes = append(c.Votes, b.Vote(t, proposal.Entry.ID, true).Entry)
	}
	sortVotes(c)
	c.Epoch = xa.Enact(t, proposal.Entry.ID, 1, seen.Size, seen.Root).Entry
	for _, e := range append([]*ledger.Entry{c.Proposal}, c.Votes...) {
		l.add(t, e)
	}
	index := l.add(t, c.Epoch)
	c.Receipt = l.receipt(t, index, l.note(t, l.quorum()...))
	return l, c
}

// file is a charter file with certificates that nobody has verified.
func (l *testLog) file(certs ...*ledger.Certificate) []byte {
	out := bytes.Clone(l.Genesis.Marshal())
	for _, c := range certs {
		data := c.Marshal()
		out = append(append(out, byte(len(data)>>16), byte(len(data)>>8), byte(len(data))), data...)
	}
	return out
}

// formats writes the vectors of change 7.
func (w *vectorWriter) formats() {
	three := ledger.Propose{Change: ledger.ChangeFormat, Format: 3}
	w.vector("propose-format", "The ledger is to have format 3.", "ok", three.Marshal())
	w.vector("propose-format-255", "The last that there may be.", "ok", []byte{7, 255})
	w.malformed("propose-format-1", "No ledger has an earlier one.", []byte{7, 1})
	w.malformed("propose-format-truncated", "Which format is missing.", []byte{7})
	w.malformed("propose-format-of-a-bureau", "All bureaus have one format.", append(three.Marshal(), "XA"...))

	l, c := raised(w.t, 4, 3)
	w.vector("genesis-format", "All four are for format 3.", "ok", l.file(c))
	few := *c
	few.Votes = few.Votes[1:]
	w.vector("genesis-format-three-of-four", "A quorum is for it, and it takes all.", "quorum", l.file(&few))
	l, c = raised(w.t, 1, 4)
	w.vector("genesis-format-4", "Format 4 is one to come: who does not know it cannot tell.", "refused", l.file(c))
	w.vector("genesis-format-4-and-more", "And what stands behind it is not looked at.", "refused", append(l.file(c), 0, 0, 1, 9))
	forged := *c
	forged.Epoch = c.Proposal
	w.malformed("genesis-format-4-forged", "Nobody has decided on it.", l.file(&forged))
}
