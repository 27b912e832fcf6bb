//go:build hostile

package cli

import (
	"errors"
	"slices"

	"comity/testnet"

	"github.com/urfave/cli/v2"
)

func (t *terminal) attackCommand() *cli.Command {
	return &cli.Command{
		Name:  "attack",
		Usage: "let a dishonest member attack a consortium of its own, and show what the honest ones did",
		Description: "Each attack founds a consortium in this process, in which one bureau breaks every rule it can,\n" +
			"and checks afterwards what the others hold. Nothing outside is touched.\n\n" +
			"Example: comity testnet attack overwrite; comity testnet attack all --json; comity testnet attack --list",
		ArgsUsage: "[NAME... | all]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "list", Usage: "show the attacks"},
			&cli.StringFlag{Name: "keep", Usage: "keep the consortium, with the evidence, in this new `FOLDER`; one attack only"},
		},
		Action: t.attack,
	}
}

func (t *terminal) attack(c *cli.Context) error {
	names, err := arguments(c, 0, 64, "")
	if err != nil {
		return err
	}
	all := testnet.Attacks()
	if c.Bool("list") {
		return t.listAttacks(all)
	}
	if len(names) == 0 {
		return usagef("attack: which one? comity testnet attack --list shows them")
	}
	if slices.Equal(names, []string{"all"}) {
		names = nil
		for _, a := range all {
			names = append(names, a.Name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(a testnet.Attack) bool { return a.Name == name }) {
			return usagef("attack: there is none called %q; comity testnet attack --list shows them", name)
		}
	}
	if c.String("keep") != "" && len(names) > 1 {
		return usagef("--keep keeps the consortium of one attack")
	}
	var results []*testnet.AttackResult
	held := true
	for _, name := range names {
		t.note("attack %s ...", name)
		r, err := testnet.RunAttack(c.Context, name, testnet.AttackOptions{Dir: c.String("keep")})
		if err != nil {
			return err
		}
		results, held = append(results, r), held && r.Held
		if !t.asJSON {
			t.tellAttack(r)
		}
	}
	if t.asJSON {
		if err := t.document(results); err != nil {
			return err
		}
	}
	if !held {
		return errors.New("not every promise held")
	}
	return nil
}

func (t *terminal) listAttacks(all []testnet.Attack) error {
	if t.asJSON {
		return t.document(all)
	}
	var rows [][]string
	for _, a := range all {
		rows = append(rows, []string{a.Name, a.Tries})
	}
	t.table([]string{"ATTACK", "A DISHONEST MEMBER TRIES"}, rows)
	return nil
}

// tellAttack prints what came of an attack: whether the promise held, then what
// was tried, and what each honest node did.
func (t *terminal) tellAttack(r *testnet.AttackResult) {
	if r.Held {
		t.head(green, "HELD", "What is promised held against the attack "+r.Name+" of "+r.Foe+".")
	} else {
		t.head(red, "BROKEN", "The attack "+r.Name+" of "+r.Foe+" broke what is promised.")
	}
	for _, line := range r.Broken {
		t.say("  broken    %s", line)
	}
	t.say("  tries     %s", r.Tries)
	t.say("  promised  %s", r.Promise)
	if r.Open != "" {
		t.say("  open      not prevented: %s", r.Open)
	}
	if r.Gap != "" {
		t.say("  gap       known not to hold: %s", r.Gap)
	}
	for _, line := range r.Tried {
		t.say("  tried     %s", line)
	}
	for _, n := range r.Nodes {
		t.say("  %s        %s, %s of them FINAL", n.Bureau, plural(n.Size, "entry", "entries"), count(n.Final))
		for _, line := range n.Did {
			t.say("            %s", line)
		}
		for _, line := range n.Alarms {
			t.say("            ALARM: %s", line)
		}
	}
	for _, line := range r.Measured {
		t.say("  measured  %s", line)
	}
	for _, path := range r.Evidence {
		t.say("  evidence  %s", path)
	}
	switch {
	case r.Dir != "":
		t.say("  kept in   %s", r.Dir)
	case len(r.Evidence) > 0:
		t.say("  removed with the consortium; to keep both, and verify the evidence: --keep FOLDER")
	}
	t.say("")
}
