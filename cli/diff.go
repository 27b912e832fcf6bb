package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/audit"
	"comity/ledger/bundle"

	"github.com/urfave/cli/v2"
)

func (t *terminal) diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare two bundles: the first entry where they part, and who signed both",
		ArgsUsage: "A B",
		Description: "Of one ledger there is one history: two bundles are equal, or one goes on where the other ends.\n" +
			"If they part, whoever cosigned both has signed two histories, and the two files prove it. It does not\n" +
			"say that either is authentic: that is for comity audit.\n\n" +
			"The exit code is 0 equal or one extends the other, 1 they contradict each other, 2 cannot tell, 3 usage.\n\n" +
			"Example: comity diff from-XA.cbundle from-XD.cbundle",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "charter", Usage: "`FILE` of the charter that both must be of"},
			&cli.StringFlag{Name: "ledger", Usage: "`ID` of the ledger that both must be of"},
		},
		Action: func(c *cli.Context) error { return settled(t.diff(c)) },
	}
}

// Relations as programs read them.
var relationNames = map[audit.Relation]string{audit.Equal: "equal", audit.Longer: "a_extends_b", audit.Shorter: "b_extends_a",
	audit.Forked: "contradict", audit.OtherLedger: unknown}

// difference is what diff found, as --json shows it.
type difference struct {
	Relation string   `json:"relation"`
	Reason   string   `json:"reason,omitempty"` // why it cannot be told
	At       *uint64  `json:"at,omitempty"`     // the first entry where they part, or where the shorter one ends
	A        diffSide `json:"a"`
	B        diffSide `json:"b"`
	Both     []string `json:"signed_both"`
	Needed   int      `json:"needed"`
}

type diffSide struct {
	File      string      `json:"file"`
	Ledger    keys.ID     `json:"ledger"`
	Entries   uint64      `json:"entries"`
	Head      *checkpoint `json:"head,omitempty"`
	Final     bool        `json:"final"`
	Entry     *diffEntry  `json:"entry,omitempty"`
	Damage    string      `json:"damage,omitempty"`
	cosigners []string
}

type diffEntry struct {
	Digest keys.ID `json:"digest"`
	ID     keys.ID `json:"id"`
	Act    string  `json:"act"`
	Author keys.ID `json:"author"`
	Bureau string  `json:"bureau,omitempty"`
	Label  string  `json:"label,omitempty"`
}

func (t *terminal) diff(c *cli.Context) error {
	args, err := arguments(c, 2, 2, "two bundles")
	if err != nil {
		return err
	}
	if args[0] == "-" && args[1] == "-" {
		return usagef("diff: standard input is one file; name the other")
	}
	id, err := t.namedLedger(c)
	if err != nil {
		return err
	}
	var in [2]io.ReadCloser
	for i, path := range args {
		if in[i], err = t.openInput(path); err != nil {
			return err
		}
		defer in[i].Close()
	}
	found, err := audit.Diff(c.Context, in[0], in[1], id)
	if errors.Is(err, bundle.ErrNoBundle) {
		which := "one of the files"
		for _, path := range args {
			if path != "-" && !isBundle(path) {
				which = path
				break
			}
		}
		err = fmt.Errorf("%s is no bundle, as comity bundle create writes it", which)
	}
	if err != nil {
		return err
	}
	d := newDifference(found, args, id)
	if t.asJSON {
		if err := t.document(d); err != nil {
			return err
		}
	} else {
		t.tellDifference(d)
	}
	switch d.Relation {
	case unknown:
		return errCannotTell
	case relationNames[audit.Forked]:
		return errNotAuthentic
	}
	return nil
}

// newDifference puts what was found into words. Where a file is damaged, what
// was read of it may be equal, and that proves nothing of the rest.
func newDifference(f *audit.Difference, files []string, id *ledger.Hash) *difference {
	d := &difference{Relation: relationNames[f.Relation], A: newSide(files[0], &f.A), B: newSide(files[1], &f.B), Both: append([]string{}, f.Both...), Needed: f.Quorum}
	if f.Relation != audit.OtherLedger {
		d.At = &f.At
	}
	for _, s := range []*diffSide{&d.A, &d.B} {
		if s.Damage != "" && f.Relation != audit.Forked {
			d.Relation = unknown
			d.Reason = fmt.Sprintf("%s is damaged at %s", s.File, s.Damage)
		}
	}
	switch {
	case d.Reason != "" || f.Relation != audit.OtherLedger:
	case f.A.Ledger != f.B.Ledger:
		d.Reason = fmt.Sprintf("they are of two ledgers: %s and %s", keys.ID(f.A.Ledger), keys.ID(f.B.Ledger))
	default:
		d.Reason = fmt.Sprintf("both are of ledger %s, and you ask about %s", keys.ID(f.A.Ledger), keys.ID(*id))
	}
	return d
}

func newSide(file string, s *audit.Side) diffSide {
	out := diffSide{File: inputName(file), Ledger: keys.ID(s.Ledger), Entries: s.Entries, Final: s.Final, Damage: s.Damage}
	if s.Head.Size > 0 {
		out.Head = &checkpoint{Size: s.Head.Size, Root: keys.ID(s.Head.Root), Cosigners: append([]string{}, s.Cosigners...)}
		out.cosigners = slices.Clone(s.Cosigners)
	}
	if e := s.Entry; e != nil {
		out.Entry = &diffEntry{keys.ID(e.Leaf), keys.ID(e.ID), e.Class, e.Author, e.Bureau, e.Label}
	}
	return out
}

func (t *terminal) tellDifference(d *difference) {
	more := max(d.A.Entries, d.B.Entries) - min(d.A.Entries, d.B.Entries)
	switch d.Relation {
	case unknown:
		t.head(yellow, "UNKNOWN", "It cannot be told whether they contradict each other.")
		t.say("  %s", d.Reason)
	case relationNames[audit.Equal]:
		t.head(green, "OK", "Both hold the same "+plural(d.A.Entries, "entry", "entries")+".")
	case relationNames[audit.Longer]:
		t.head(green, "OK", d.A.File+" goes on where "+d.B.File+" ends, by "+plural(more, "entry", "entries")+".")
	case relationNames[audit.Shorter]:
		t.head(green, "OK", d.B.File+" goes on where "+d.A.File+" ends, by "+plural(more, "entry", "entries")+".")
	default:
		t.head(red, "FAILED", "They contradict each other: they part at entry "+count(*d.At)+".")
	}
	for _, s := range []*diffSide{&d.A, &d.B} {
		t.say("  %s", s.File)
		switch {
		case s.Damage != "":
			t.say("    damaged   at %s; %s compared", s.Damage, plural(s.Entries, "entry", "entries"))
		case s.Entries == 0 && d.Relation == unknown:
			t.say("    not read  beyond its charter")
		default:
			t.say("    entries   %s, %s", count(s.Entries), s.vouched(d.Needed))
		}
		if s.Entry != nil && d.Relation == relationNames[audit.Forked] {
			t.say("    entry     %s: %s", count(*d.At), s.Entry)
		}
	}
	if d.Relation != relationNames[audit.Forked] {
		t.say("  not checked: whether either is authentic: comity audit FILE")
		return
	}
	if len(d.Both) > 0 {
		t.say("  signed both: %s, beyond entry %s; the two files prove it.", strings.Join(d.Both, " "), count(*d.At))
	} else {
		t.say("  signed both: nobody, as far as the last heads of the files show.")
	}
	t.say("  Keep both files as evidence, and audit each: one of them is not what the bureaus accepted.")
}

// vouched says whose signature stands under the side's entries.
func (s *diffSide) vouched(needed int) string {
	switch {
	case s.Head == nil:
		return "and no head in the file vouches for them"
	case !s.Final:
		return fmt.Sprintf("cosigned by %s, which is not enough (%d needed)", strings.Join(s.cosigners, " "), needed)
	}
	return fmt.Sprintf("cosigned by %s (%d needed), root %s", strings.Join(s.cosigners, " "), needed, s.Head.Root.Short())
}

// String names the entry: whose it says it is, and its digest.
func (e *diffEntry) String() string {
	by := "key " + e.Author.Short()
	if e.Bureau != "" {
		by += " of " + e.Bureau + " (" + e.Label + ")"
	}
	if e.ID == (keys.ID{}) {
		return "bytes that are no entry, digest " + e.Digest.Short()
	}
	return fmt.Sprintf("%s by %s, digest %s", e.Act, by, e.Digest.Short())
}
