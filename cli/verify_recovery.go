package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"

	"github.com/urfave/cli/v2"
)

// recoveryFinding is what an evidence against a recovery proves.
type recoveryFinding struct {
	Epoch uint32         `json:"epoch"`
	Plans []recoveryPart `json:"plans"`
	Cut   *checkpoint    `json:"cut,omitempty"`    // FINAL, and above what was kept
	CutAt []uint64       `json:"cut_at,omitempty"` // the first and the last of its cosigners' clocks, POSIX ms
	Done  bool           `json:"done"`             // by the charter file the ledger went on by the first of the plans
	Both  []string       `json:"both"`             // bureaus
}

// recoveryPart is one of the recoveries in it.
type recoveryPart struct {
	ID     string   `json:"id"`
	Kept   uint64   `json:"kept"` // entries
	Root   keys.ID  `json:"root"`
	Time   uint64   `json:"time"`
	By     []string `json:"by"` // bureaus whose roots signed it
	Quorum bool     `json:"quorum"`
}

// verifyRecoveryEvidence checks offline that roots signed two recoveries, or that one
// cut what was FINAL.
func (t *terminal) verifyRecoveryEvidence(c *cli.Context, path string, data []byte) *finding {
	f := &finding{What: path, evidence: true}
	e, err := ledger.ParseRecoveryEvidence(data)
	if err != nil {
		f.Verdict, f.Reason = notAuthentic, "it is no evidence against a recovery: it was damaged, cut short or is something else"
		return f
	}
	g, _, err := t.charter(c)
	if err != nil {
		return t.cannotTell(path, err, "give the charter that you have from the founders: --charter FILE")
	}
	f.genesis = g
	what, err := e.Verify(g)
	switch {
	case errors.Is(err, ledger.ErrOtherLedger):
		f.Verdict = unknown
		f.Reason = fmt.Sprintf("it belongs to ledger %s, and the charter here is of ledger %s", ledger.Origin(e.Ledger), g.Origin())
		f.Advice = "check it with the charter of its own ledger: --charter FILE"
		return f
	case err != nil:
		f.failed(err)
		return f
	}
	f.against(what)
	return f
}

// against takes over what an evidence proves.
func (f *finding) against(what *ledger.RecoveryFault) {
	x := &recoveryFinding{Epoch: what.Epoch, Done: what.Done, Both: append([]string{}, what.Both...)}
	for _, p := range what.Plans {
		x.Plans = append(x.Plans, recoveryPart{p.ID.String(), p.Kept.Size, keys.ID(p.Kept.Root), p.Time, p.By, p.Quorum})
	}
	f.NotChecked = []string{"who had the keys in hand"}
	if what.Cut != nil {
		before := f.genesis.Epochs()[what.Epoch-1]
		x.Cut = &checkpoint{what.Cut.Size, keys.ID(what.Cut.Root), what.CutBy, before.Quorum()}
		x.CutAt = []uint64{what.CutAt[0] * 1000, what.CutAt[1] * 1000}
		f.NotChecked = append(f.NotChecked, "whether the head was there when each signed, and on a disk that was not lost")
	} else {
		f.NotChecked = append(f.NotChecked, "whether the first was destroyed, and all knew it, before the second was signed")
	}
	f.Verdict, f.Recovery = authentic, x
}

// tellRecoveryEvidence prints what it proves.
func (t *terminal) tellRecoveryEvidence(f *finding) {
	x := f.Recovery
	before := f.genesis.Epochs()[x.Epoch-1]
	if x.Cut == nil {
		t.head(green, "OK", fmt.Sprintf("%s is authentic: it proves that %s signed two recoveries to epoch %d.", inputName(f.What), series(x.Both), x.Epoch))
	} else if x.Done {
		t.head(green, "OK", fmt.Sprintf("%s is authentic: it proves that the recovery to epoch %d cut what was FINAL.", inputName(f.What), x.Epoch))
	} else {
		t.head(green, "OK", fmt.Sprintf("%s is authentic: it proves that a recovery to epoch %d would cut what was FINAL.", inputName(f.What), x.Epoch))
	}
	for _, p := range x.Plans {
		t.say("  plan      %.16s: keeps %s, root %.16s, at %s", p.ID, plural(p.Kept, "entry", "entries"), p.Root, clock(p.Time))
		enough := "enough"
		if !p.Quorum {
			enough = "too few"
		}
		t.say("            signed by the roots of %s: %s, %d of %d are needed", series(p.By), enough, before.Quorum(), before.Voters())
	}
	switch {
	case x.Cut != nil:
		t.say("  cut       the FINAL head of %s, root %.16s, cosigned by %s (%d of %d needed)", plural(x.Cut.Size, "entry", "entries"), x.Cut.Root, strings.Join(x.Cut.Cosigners, " "), x.Cut.Needed, before.Voters())
		t.say("            by their clocks from %s to %s", clock(x.CutAt[0]), clock(x.CutAt[1]))
		if !x.Done {
			t.say("  not done  the charter file here does not say that the ledger went on by this recovery")
		}
		t.say("  found     %s", cutSigners(x.Plans[0].By, x.Cut.Cosigners))
	case !slices.ContainsFunc(x.Plans, func(p recoveryPart) bool { return !p.Quorum }):
		t.say("  both      signed by %s", t.named(f, x.Both))
		t.say("  found     enough signed each: two ledgers may go on; stop, and agree by telephone which of the two it is")
	default:
		t.say("  both      signed by %s", t.named(f, x.Both))
		t.say("  found     they lied, somebody else has their keys, or they took the first for destroyed")
	}
	t.say("  not checked: %s", strings.Join(f.NotChecked, "; "))
}
