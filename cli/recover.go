package cli

import (
	"encoding/hex"
	"fmt"
	"strings"

	"comity/ledger"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverCommand() *cli.Command {
	return &cli.Command{
		Name:  "recover",
		Usage: "get new keys for what was lost, or go on after most nodes are lost for good",
		Description: "For the day when so many disks are gone that nobody can lead and nothing becomes FINAL, ever. The roots of\n" +
			"a quorum decide to go on from the last FINAL head that is left; what came after it is cut. In this order:\n\n" +
			"  1. each bureau that stays:   comity recover node -o XA.cnode     makes new keys for its node\n" +
			"  2. one bureau, all disks:    comity recover plan SOURCE... --with-node XA.cnode ... -o ledger.crecover\n" +
			"  3. a quorum of the bureaus:  comity recover sign ledger.crecover, one after the other\n" +
			"  4. each bureau that stays:   comity recover start ledger.crecover, then comity node run\n" +
			"  5. desks, read replicas and officers elsewhere: comity recover follow CHARTER, the file charter of a bureau that started\n\n" +
			"As long as a majority of the nodes can come back, wait for them: that loses nothing.\n\n" +
			"One bureau alone that lost its root key, or its node, gets new keys by a vote of the others: comity recover root,\n" +
			"comity recover node, with comity propose root or node at a voter, and --accept in the end.\n\n" +
			"Example: comity recover plan /mnt/xa /mnt/xb",
		Subcommands: []*cli.Command{t.recoverNodeCommand(), t.recoverPlanCommand(), t.recoverSignCommand(), t.recoverStartCommand(), t.recoverFollowCommand(), t.recoverCompareCommand(), t.recoverRootCommand()},
	}
}

// tellPlan says what a recovery does, and who has signed it.
func (t *terminal) tellPlan(g *ledger.Genesis, p *recoveryPlan) error {
	next, err := p.epoch(g)
	if err != nil {
		return err
	}
	cosigned := ""
	if p.note != nil { // a charter file has none
		_, by, err := g.Open(p.note)
		if err != nil {
			return err
		}
		cosigned = ", cosigned by " + strings.Join(by, " ")
	}
	s := p.statement
	id := ledger.StatementID(p.raw)
	t.say("  plan      %.16s", hex.EncodeToString(id[:]))
	t.say("  keeps     %s, FINAL%s; root %.16x", plural(s.SeenSize, "entry", "entries"), cosigned, s.SeenRoot)
	t.say("  cuts      all that came after, on whosever disk; then entry %s is the recovery, at %s, and epoch %d begins", count(s.SeenSize), clock(p.recover.Time), next.Number)
	var stay, demoted, removed []string
	for _, c := range p.recover.Changes {
		switch c.Change {
		case ledger.ChangeRemove:
			removed = append(removed, c.Code)
		case ledger.ChangeDemote:
			demoted = append(demoted, c.Code)
		default:
			stay = append(stay, fmt.Sprintf("%s at %s", c.Code, c.Node.Address))
		}
	}
	t.say("  new nodes %s", strings.Join(stay, ", "))
	if len(demoted) > 0 {
		t.say("  demoted   %s: members without a vote; a vote takes a node with new keys first (comity propose node, then promote)", strings.Join(demoted, " "))
	}
	if len(removed) > 0 {
		t.say("  removed   %s, with all their keys", strings.Join(removed, " "))
	}
	t.say("  then      %s, of which %d make a head FINAL", plural(next.Voters(), "voter", "voters"), next.Quorum())
	before := g.Latest()
	var signed []string
	for _, sig := range p.sigs {
		if m := before.Root(sig.Key); m != nil {
			signed = append(signed, m.Code)
		}
	}
	t.say("  signed    by %s; %d of %s are needed", orNone(signed), before.Quorum(), plural(before.Voters(), "voter", "voters"))
	return nil
}
