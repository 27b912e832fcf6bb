package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

const evidenceExt = wire.EvidenceExt

// evidenceFinding is what an evidence file proves.
type evidenceFinding struct {
	Other     checkpoint `json:"other"` // what contradicts the FINAL history
	Final     checkpoint `json:"final"`
	Root      keys.ID    `json:"root"` // of the FINAL history at the size of the other
	Both      []string   `json:"both"` // bureaus that signed both
	OnlyOther []string   `json:"only_other"`
	BothFinal bool       `json:"both_final"`
}

// isEvidence reports whether a file is meant to be one.
func isEvidence(path string, data []byte) bool {
	return ledger.IsEvidence(data) || ledger.IsRecoveryEvidence(data) || strings.HasSuffix(path, evidenceExt)
}

// verifyEvidence checks offline that bureaus signed what contradicts the FINAL
// history.
func (t *terminal) verifyEvidence(c *cli.Context, path string, data []byte) *finding {
	if ledger.IsRecoveryEvidence(data) {
		return t.verifyRecoveryEvidence(c, path, data)
	}
	f := &finding{What: path, evidence: true}
	e, err := ledger.ParseEvidence(data)
	if err != nil {
		f.Verdict, f.Reason = notAuthentic, "it is no evidence, as a node writes it: it was damaged, cut short or is something else"
		return f
	}
	g, _, err := t.charter(c)
	if err != nil {
		return t.cannotTell(path, err, "give the charter that you have from the founders: --charter FILE")
	}
	f.genesis = g
	what, err := e.Verify(g)
	cut := new(ledger.CutError)
	switch {
	case errors.As(err, &cut):
		g = g.Before(cut.Epoch) // f.genesis knows the names of all
	case errors.Is(err, ledger.ErrOtherLedger):
		f.Verdict = unknown
		f.Reason = fmt.Sprintf("it belongs to ledger %s, and the charter here is of ledger %s", ledger.Origin(e.Ledger), g.Origin())
		f.Advice = "check it with the charter of its own ledger: --charter FILE"
		return f
	case err != nil:
		f.failed(err)
		return f
	}
	quorum := func(c ledger.Checkpoint) int { return g.PolicyAt(c.Size).Quorum }
	sorted := func(codes []string) []string { return append([]string{}, slices.Sorted(slices.Values(codes))...) }
	x := &evidenceFinding{
		Other: checkpoint{what.Other.Size, what.Other.Root, sorted(what.OtherBy), quorum(what.Other)},
		Final: checkpoint{what.Final.Size, what.Final.Root, sorted(what.FinalBy), quorum(what.Final)},
		Root:  e.Root, Both: sorted(what.Both), BothFinal: what.BothFinal,
	}
	x.OnlyOther = slices.DeleteFunc(slices.Clone(x.Other.Cosigners), func(code string) bool { return slices.Contains(x.Both, code) })
	f.Verdict, f.Evidence = authentic, x
	if err != nil {
		f.found("it is about a history that was FINAL, and that the recovery to epoch %d has cut since from entry %s on", cut.Epoch, count(cut.Cut))
	}
	f.NotChecked = []string{"who had the keys in hand", "whether others signed it too"}
	if x.BothFinal {
		f.NotChecked = append(f.NotChecked, "which history is the true one")
	}
	return f
}

// tellEvidence prints what an authentic evidence file proves.
func (t *terminal) tellEvidence(f *finding) {
	if f.Recovery != nil {
		t.tellRecoveryEvidence(f)
		return
	}
	x := f.Evidence
	all := len(f.genesis.Charter.Members)
	proves := series(x.Both) + " signed two histories."
	if len(x.Both) == 0 {
		proves = series(x.OnlyOther) + " signed another history than the FINAL one."
	}
	t.head(green, "OK", inputName(f.What)+" is authentic: it proves that "+proves)
	t.say("  signed    by %s: the first %s with root %s", t.named(f, x.Other.Cosigners), plural(x.Other.Size, "entry", "entries"), x.Other.Root)
	t.say("  FINAL     %s, cosigned by %s (%d of %d needed)", plural(x.Final.Size, "entry", "entries"), strings.Join(x.Final.Cosigners, " "), x.Final.Needed, all)
	t.say("  proof     the first %s of the FINAL history have root %s", plural(x.Other.Size, "entry", "entries"), x.Root)
	if len(x.Both) > 0 {
		t.say("  both      signed by %s: lied, or somebody else has the keys", t.named(f, x.Both))
	}
	if len(x.OnlyOther) > 0 {
		t.say("  other     signed only by %s, whom a quorum contradicts: lied, or was deceived", t.named(f, x.OnlyOther))
	}
	if x.BothFinal {
		t.say("  found     both are FINAL: more bureaus lied than the ledger can bear (%s of %s); stop, and compare the histories outside it",
			count(len(x.Both)), count((all-1)/3))
	}
	for _, text := range f.Findings {
		t.say("  found     %s", text)
	}
	t.say("  not checked: %s", strings.Join(f.NotChecked, "; "))
}

// named names bureaus as people know them.
func (t *terminal) named(f *finding, codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = bureauText(f.genesis, code)
	}
	return strings.Join(names, ", ")
}
