package cli

import (
	"bytes"
	"errors"
	"fmt"

	"comity/ledger"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverCompareCommand() *cli.Command {
	return &cli.Command{
		Name:      "compare",
		Usage:     "see whether two recoveries, or one and a FINAL proof, contradict each other",
		ArgsUsage: "FILE FILE",
		Description: "A FILE is a plan, a charter file with a recovery in it, or a notice as comity notice export writes it. Two\n" +
			"recoveries to one epoch contradict each other, and so does a recovery and the proof of what it cut. Then a\n" +
			"FILE" + evidenceExt + " is written that proves it to anybody who has the charter, and names who signed both.\n" +
			"The exit code is 0 when they agree, 4 when they do not.\n\n" +
			"Example: comity recover compare plan-of-monday.crecover plan-of-tuesday.crecover",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "charter", Usage: "`FILE` of the charter to check against (default: that of the home)"},
			&cli.StringFlag{Name: "o", Usage: "write to `FILE`", DefaultText: "recovery-EPOCH" + evidenceExt},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverCompare,
	}
}

// claim is what a file says of a recovery.
type claim struct {
	recoveries []*ledger.Entry
	unsigned   *recoveryPlan // its author has not signed it, and nothing can come of it
	note       []byte        // of a FINAL checkpoint
}

// readClaim reads a plan, a charter file or an exhibit.
func (t *terminal) readClaim(path string) (*claim, error) {
	data, err := t.readInput(path, ledger.MaxGenesis)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte(planHeader)) {
		p, err := parsePlan(data)
		if err != nil {
			return nil, fmt.Errorf("%s is no plan of a recovery, or was damaged", path)
		}
		e, err := ledger.NewEntry(p.raw, p.sigs)
		if err != nil {
			return &claim{unsigned: p}, nil
		}
		return &claim{recoveries: []*ledger.Entry{e}}, nil
	}
	if x, err := ledger.ParseExhibit(data); err == nil {
		return &claim{note: x.Receipt.Note}, nil
	}
	g, err := parseGenesis(path, data)
	if err != nil {
		return nil, fmt.Errorf("%s is neither a plan, nor a charter, nor a notice: %w", path, err)
	}
	k := new(claim)
	for _, c := range g.Certificates() {
		if c.Recover != nil {
			k.recoveries = append(k.recoveries, c.Recover)
		}
	}
	if len(k.recoveries) == 0 {
		return nil, fmt.Errorf("there is no recovery in %s", path)
	}
	return k, nil
}

func (t *terminal) recoverCompare(c *cli.Context) error {
	args, err := arguments(c, 2, 2, "FILE FILE")
	if err != nil {
		return err
	}
	if args[0] == "-" || args[1] == "-" {
		return usagef("recover compare: name two files")
	}
	g, _, err := t.charter(c)
	if err != nil {
		return err
	}
	var claims [2]*claim
	for i, path := range args {
		if claims[i], err = t.readClaim(path); err != nil {
			return err
		}
	}
	e, err := contradiction(g, claims[0], claims[1])
	if err != nil {
		return err
	}
	if e == nil {
		t.say("They agree: nothing in one speaks against the other.")
		return nil
	}
	what, err := e.Verify(g)
	if err != nil {
		return err
	}
	path := c.String("o")
	if path == "" {
		path = fmt.Sprintf("recovery-%d%s", what.Epoch, evidenceExt)
	}
	if err := writeOutput(path, e.Marshal(), c.Bool("force")); err != nil {
		return err
	}
	f := &finding{What: path, evidence: true, genesis: g}
	f.against(what)
	if err := t.verdict(f); err != nil {
		return err
	}
	return errFindings
}

// contradiction returns what proves that two files contradict each other, nil when
// they do not. What does not verify is an error.
func contradiction(g *ledger.Genesis, a, b *claim) (*ledger.RecoveryEvidence, error) {
	if a.note != nil {
		a, b = b, a
	}
	switch {
	case a.note != nil:
		return nil, errors.New("neither of the two files has a recovery in it")
	case b.note != nil:
		return cutBy(g, a, b.note)
	case a.unsigned != nil || b.unsigned != nil:
		return nil, errors.New("who made a plan has not signed it: nothing can come of it, and it contradicts nothing")
	}
	for _, first := range a.recoveries {
		for _, second := range b.recoveries {
			if recoversTo(first) == recoversTo(second) && first.ID != second.ID {
				return ledger.NewTwoRecoveries(g, first, second)
			}
		}
	}
	return nil, nil
}

// cutBy returns the proof that one of the recoveries cuts a FINAL checkpoint.
func cutBy(g *ledger.Genesis, k *claim, note []byte) (*ledger.RecoveryEvidence, error) {
	at, _, err := g.Open(note)
	list := make([]*ledger.Statement, 0, len(k.recoveries)+1)
	for _, r := range k.recoveries {
		if e, err := ledger.NewCut(g, r, note); err == nil {
			return e, nil
		}
		list = append(list, r.Statement)
	}
	if k.unsigned != nil {
		list = append(list, k.unsigned.statement)
	}
	for _, s := range list {
		r, bad := ledger.ParseRecover(s.Public)
		if err == nil && bad == nil && r.Number == g.Latest().Number+1 && at.Size > s.SeenSize {
			return nil, hint(fmt.Errorf("the plan keeps %s, and would cut what was FINAL at %s; it proves nothing yet: not enough have signed it", plural(s.SeenSize, "entry", "entries"), count(at.Size)),
				"do not sign it; plan again with a source that holds these entries")
		}
	}
	return nil, err
}

// recoversTo returns the number of the epoch that a recovery begins.
func recoversTo(e *ledger.Entry) uint32 {
	r, err := ledger.ParseRecover(e.Statement.Public)
	if err != nil {
		return 0
	}
	return r.Number
}
