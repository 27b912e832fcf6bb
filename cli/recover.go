package cli

import (
	"encoding/hex"
	"slices"
	"strings"

	"comity/crypto/keys"
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

// planRecord is a plan as --json shows it.
type planRecord struct {
	File    string     `json:"file,omitempty"`
	Here    []string   `json:"here,omitempty"` // what this home's node holds
	Plan    string     `json:"plan"`           // its id
	Keeps   checkpoint `json:"keeps"`
	Time    uint64     `json:"time"`  // of the recovery, which is the entry after those, POSIX ms
	Epoch   uint32     `json:"epoch"` // that begins with it
	Nodes   []planNode `json:"new_nodes"`
	Demoted []string   `json:"demoted"`
	Removed []string   `json:"removed"`
	Voters  int        `json:"voters"` // after it
	Quorum  int        `json:"quorum"`
	Signed  []string   `json:"signed_by"`
	Needed  int        `json:"needed"` // of so many voters:
	Of      int        `json:"of"`
}

type planNode struct {
	Bureau  string `json:"bureau"`
	Address string `json:"address"`
}

// record returns what a recovery does, and who has signed it.
func (p *recoveryPlan) record(g *ledger.Genesis, file string) (*planRecord, error) {
	next, err := p.epoch(g)
	if err != nil {
		return nil, err
	}
	by := []string{}
	if p.note != nil { // a charter file has none
		if _, by, err = g.Open(p.note); err != nil {
			return nil, err
		}
	}
	s, before := p.statement, g.Latest()
	id := ledger.StatementID(p.raw)
	slices.Sort(by)
	r := &planRecord{File: file, Plan: hex.EncodeToString(id[:]), Keeps: checkpoint{s.SeenSize, keys.ID(s.SeenRoot), by, g.At(s.SeenSize).Quorum()},
		Time: p.recover.Time, Epoch: next.Number, Nodes: []planNode{}, Demoted: []string{}, Removed: []string{},
		Voters: next.Voters(), Quorum: next.Quorum(), Signed: []string{}, Needed: before.Quorum(), Of: before.Voters()}
	for _, c := range p.recover.Changes {
		switch c.Change {
		case ledger.ChangeRemove:
			r.Removed = append(r.Removed, c.Code)
		case ledger.ChangeDemote:
			r.Demoted = append(r.Demoted, c.Code)
		default:
			r.Nodes = append(r.Nodes, planNode{c.Code, c.Node.Address})
		}
	}
	for _, sig := range p.sigs {
		if m := before.Root(sig.Key); m != nil {
			r.Signed = append(r.Signed, m.Code)
		}
	}
	return r, nil
}

// tellPlan says what a recovery does, and who has signed it.
func (t *terminal) tellPlan(r *planRecord) {
	t.say("  plan      %.16s", r.Plan)
	cosigned := ""
	if len(r.Keeps.Cosigners) > 0 {
		cosigned = ", cosigned by " + strings.Join(r.Keeps.Cosigners, " ")
	}
	t.say("  keeps     %s, FINAL%s; root %.16s", plural(r.Keeps.Size, "entry", "entries"), cosigned, r.Keeps.Root.String())
	t.say("  cuts      all that came after, on whosever disk; then entry %s is the recovery, at %s, and epoch %d begins", count(r.Keeps.Size), clock(r.Time), r.Epoch)
	var stay []string
	for _, n := range r.Nodes {
		stay = append(stay, n.Bureau+" at "+n.Address)
	}
	t.say("  new nodes %s", strings.Join(stay, ", "))
	if len(r.Demoted) > 0 {
		t.say("  demoted   %s: members without a vote; a vote takes a node with new keys first (comity propose node, then promote)", strings.Join(r.Demoted, " "))
	}
	if len(r.Removed) > 0 {
		t.say("  removed   %s, with all their keys", strings.Join(r.Removed, " "))
	}
	t.say("  then      %s, of which %d make a head FINAL", plural(r.Voters, "voter", "voters"), r.Quorum)
	t.say("  signed    by %s; %d of %s are needed", orNone(r.Signed), r.Needed, plural(r.Of, "voter", "voters"))
	for _, text := range r.Here {
		t.say("  here      %s", text)
	}
}

// agreedPlan shows a plan and asks, unless the command line says yes.
func (t *terminal) agreedPlan(c *cli.Context, title string, r *planRecord, question string) error {
	if t.asJSON {
		if !c.Bool("yes") {
			return usagef("%s: --json shows no plan to agree to: read it without --json, or say --yes", verb(c))
		}
		return nil
	}
	t.say("%s", title)
	t.tellPlan(r)
	if c.Bool("yes") {
		return nil
	}
	return t.confirm(question)
}
