package audit

import (
	"errors"
	"fmt"
	"slices"

	"comity/ledger"
)

// proof is a piece of evidence in the file, verified with nothing but the charter.
type proof struct {
	*ledger.Contradiction
	root ledger.Hash // of the FINAL history, at the size of the other
	cut  bool        // that history is one that a recovery has cut
	err  error       // why it proves nothing
}

func newProof(g *ledger.Genesis, data []byte) proof {
	e, err := ledger.ParseEvidence(data)
	if err != nil {
		return proof{err: fmt.Errorf("it is no file of evidence")}
	}
	c, err := e.Verify(g)
	cut := errors.As(err, new(*ledger.CutError))
	if err != nil && !cut {
		return proof{err: err}
	}
	for _, list := range [][]string{c.OtherBy, c.FinalBy, c.Both} {
		slices.Sort(list)
	}
	return proof{c, e.Root, cut, nil}
}

// evidence holds the pieces of evidence against the history. Whom they convict is
// a finding: the others' history stands. That a quorum signed a history that this
// one is not, or two of them, is a failure: then nothing says which is true.
func (h *history) evidence(by headed, list []proof) ([]Finding, error) {
	var out []Finding
	var more uint64
	var beyond *proof // with the largest FINAL checkpoint behind the end of the file
	tree := h.listed
	if by.truth == entries {
		tree = h.entries
	}
	add := func(f Finding) {
		if len(out) < maxFindings {
			out = append(out, f)
		} else {
			more++
		}
	}
	for i, p := range list {
		if p.err != nil {
			add(Finding{What: fmt.Sprintf("piece %d of the evidence in the file proves nothing: %v", i+1, p.err),
				Why: "Accuse nobody with it. Ask who made the file where he has it from."})
			continue
		}
		h.checked[qHeads]++
		if p.cut {
			add(p.finding())
			continue
		}
		same := true
		for _, at := range []ledger.Checkpoint{{Size: p.Other.Size, Root: p.root}, p.Final} {
			if !same || at.Size > h.size {
				continue
			}
			root, err := tree.root(at.Size)
			if err != nil {
				return nil, err
			}
			if same = root == at.Root; !same {
				h.fail(qHeads, "evidence", Failure{Do: askSplit, What: fmt.Sprintf(
					"the evidence in the file proves that %s cosigned a FINAL history which this one is not (root %s of the first %s entries there, %s in the file)",
					codes(p.FinalBy), digest(at.Root), number(at.Size), digest(root))})
			}
		}
		if !same {
			continue
		}
		if p.Final.Size > h.size && (beyond == nil || p.Final.Size > beyond.Final.Size) {
			beyond = &list[i]
		}
		if p.BothFinal {
			h.fail(qHeads, "evidence", Failure{Do: askSplit, What: fmt.Sprintf("a quorum cosigned two histories of the first %s entries (root %s and %s): %s signed both",
				number(p.Other.Size), digest(p.Other.Root), digest(p.root), codes(p.Both))})
			continue
		}
		add(p.finding())
	}
	if beyond != nil {
		out = append(out, Finding{What: fmt.Sprintf("the evidence in the file has a FINAL head over %s entries, and the file ends with %s", number(beyond.Final.Size), number(h.size)),
			Why: "There is more than this file has. Ask for one that goes at least as far."})
	}
	if more > 0 {
		out = append(out, Finding{What: fmt.Sprintf("%s more pieces of evidence in the file", number(more)), Why: "As above."})
	}
	return out, nil
}

// finding says whom a piece of evidence convicts.
func (p *proof) finding() Finding {
	f := Finding{What: fmt.Sprintf("%s cosigned another history of the first %s entries (root %s, and it is %s)",
		codes(p.OtherBy), number(p.Other.Size), digest(p.Other.Root), digest(p.root))}
	if len(p.Both) > 0 {
		f.Why = fmt.Sprintf("%s signed both: its node lied, or somebody else has its keys.", codes(p.Both))
		if len(p.Both) > 1 {
			f.Why = fmt.Sprintf("%s signed both: their nodes lied, or somebody else has their keys.", codes(p.Both))
		}
	}
	only := slices.DeleteFunc(slices.Clone(p.OtherBy), func(code string) bool { return slices.Contains(p.Both, code) })
	if len(only) > 0 {
		if f.Why != "" {
			f.Why += " "
		}
		f.Why += fmt.Sprintf("%s signed only what a quorum contradicts, and lied or was deceived.", codes(only))
	}
	if p.cut {
		f.Why += " That history was FINAL, and a recovery has cut it since."
	}
	f.Why += " The file proves it to anybody who has the charter."
	return f
}
