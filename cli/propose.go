package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) proposeCommand() *cli.Command {
	sub := func(change ledger.Change, usage, argument, example, more string) *cli.Command {
		name := change.String()
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: argument,
			Description: more + "\n\nExample: comity propose " + name + " " + example,
			Flags:       []cli.Flag{rootFlag()},
			Action:      func(c *cli.Context) error { return t.propose(c, change) },
		}
	}
	return &cli.Command{
		Name:  "propose",
		Usage: "propose to the voters who belongs to the consortium, and with which keys",
		Description: "Signed with this bureau's root key; a proposal counts as its proposer's voice for it. It takes as\n" +
			"many voices as checkpoints take cosignatures, and lapses after 30 days.\n\n" +
			"Example: comity propose admit XF",
		Subcommands: []*cli.Command{
			sub(ledger.ChangeAdmit, "that a bureau that asked with your invitation joins", "BUREAU", "XF",
				"Telephone the bureau and type the eight words of its root key that it reads to you. It does not\nvote before it is promoted."),
			sub(ledger.ChangeRemove, "that a member leaves", "BUREAU", "XF",
				"From that entry on its keys count no more. What it could read it has: nothing takes that back."),
			sub(ledger.ChangePromote, "that a member becomes a voter", "BUREAU", "XF", "Its node then cosigns, and its root votes. Wait until its node has caught up."),
			sub(ledger.ChangeDemote, "that a voter votes no more", "BUREAU", "XF", "It stays a member, reads and writes."),
			sub(ledger.ChangeRoot, "that a bureau which lost its root key gets a new one", "FILE", "XC"+rootExt,
				"FILE is of comity recover root. Telephone the bureau and type the eight words of the new key that it\nreads to you. The entry that gives it the key is its own: comity recover root --accept."),
			sub(ledger.ChangeFormat, "that the ledger gets a newer format", "FORMAT", "3",
				"For that all voters must be, and their nodes must know it: upgrade them first, and ask with comity\nupgrade check. From that entry on a node that does not know the format stops. It cannot be taken back."),
			sub(ledger.ChangeNode, "that a bureau whose node was lost gets one with new keys", "FILE", "XC"+nodeExt,
				"FILE is of comity recover node; the bureau's root signed it. Telephone the bureau and type the eight\nwords that it reads to you. The old keys count no more from that entry on."),
		},
	}
}

func (t *terminal) propose(c *cli.Context, change ledger.Change) error {
	args, err := arguments(c, 1, 1, c.Command.ArgsUsage)
	if err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	p := &ledger.Propose{Change: change, Code: strings.ToUpper(args[0])}
	switch change {
	case ledger.ChangeFormat:
		if p.Code = ""; !parseFormat(args[0], &p.Format) {
			return usagef("propose: %q is not the number of a format", visible(args[0]))
		}
	case ledger.ChangeAdmit:
		p, err = k.asked(c, p.Code)
	case ledger.ChangeRoot, ledger.ChangeNode:
		p, err = t.readChange(args[0], change, k.genesis.Ledger, k.members.Latest())
	}
	if err != nil {
		return err
	}
	latest := k.members.Latest()
	if _, err := latest.After(p, latest.From+1); err != nil {
		return fmt.Errorf("propose: %w", err)
	}
	if !p.CheckProof(k.genesis.Ledger, latest) {
		return fmt.Errorf("propose: the request of %s carries no proof by its root key", p.Code)
	}
	if err := k.voter(); err != nil {
		return err
	}
	if err := k.unproposed(p); err != nil {
		return err
	}
	if p.Change == ledger.ChangeFormat {
		if err := k.allKnow(c.Context, p.Format); err != nil {
			return fmt.Errorf("propose: %w", err)
		}
	}
	if !t.asJSON {
		t.put(visible("You propose: " + k.sentence(p) + "."))
		if err := k.consequences(c.Context, p); err != nil {
			return err
		}
	}
	r, err := k.registrar(c.Context) // before anybody telephones
	if err != nil {
		return err
	}
	if err := k.meant(p); err != nil {
		return fmt.Errorf("nothing was proposed: %w", err)
	}
	item, sub, err := r.Submit(c.Context, ledger.ClassPropose, p.Marshal())
	if err != nil {
		return k.refusal("the proposal", err)
	}
	return k.after(c, item.Entry.ID, sub.Index)
}

// voter refuses a bureau whose root has no voice.
func (k *council) voter() error {
	m, ok := k.members.Member(k.home.Bureau())
	switch {
	case !ok:
		return fmt.Errorf("%s is no member of the ledger", k.home.Bureau())
	case !m.Voter:
		return fmt.Errorf("%s is no voter: voters decide who belongs to the consortium", k.home.Bureau())
	}
	return nil
}

// unproposed refuses what is proposed already.
func (k *council) unproposed(p *ledger.Propose) error {
	open, err := state.ReadProposals(k.desk.View())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(open, func(o *state.Proposal) bool { return string(o.Change.Marshal()) == string(p.Marshal()) })
	if at < 0 {
		return nil
	}
	return hint(fmt.Errorf("%s proposed it already: %s", open[at].Bureau, shortName(open[at])), "comity vote %s", shortName(open[at]))
}

// asked returns the proposal to admit a bureau that brought a request to the own node.
func (k *council) asked(c *cli.Context, code string) (*ledger.Propose, error) {
	own, err := k.ownNode()
	if err != nil {
		return nil, err
	}
	defer own.Close()
	list, err := own.Joins(c.Context)
	if err != nil {
		return nil, fmt.Errorf("ask who wants to join: %w", err)
	}
	requests := slices.DeleteFunc(list.Requests, func(r wire.JoinRequest) bool { return r.Code != code })
	if len(requests) == 0 {
		return nil, hint(fmt.Errorf("%s has not asked this bureau's node to join", code), "comity invite %s", code)
	}
	record := requests[len(requests)-1].Record // the newest: an earlier one may be of keys that were lost
	p, err := ledger.ParsePropose(record)
	if err != nil || p.Change != ledger.ChangeAdmit || p.Code != code {
		return nil, fmt.Errorf("the node holds a request of %s that cannot be read", code)
	}
	return p, nil
}

// consequences says what a person may not think of.
func (k *council) consequences(ctx context.Context, p *ledger.Propose) error {
	e := k.members.Latest()
	next, err := e.After(p, e.From+1)
	if err != nil {
		return nil
	}
	switch p.Change {
	case ledger.ChangeAdmit:
		k.say("  It can read what is sealed to it or to all from then on, and nothing older unless that is shared again.")
	case ledger.ChangeRemove:
		k.say("  Its officers and its node are refused from that entry on; what they wrote before stays valid.")
		k.say("  What was sealed to it, to all or to its circles so far it has, and can read for ever.")
		could, err := k.reach(ctx, p.Code)
		if err != nil {
			return err
		}
		k.tellReach(could, p.Code, false)
	case ledger.ChangeRoot:
		k.say("  Its old root key counts no more from that entry on; what it signed before stays valid, officers' keys too.")
	case ledger.ChangeFormat:
		k.say("  All voters must be for it: a vote says that the bureau's node runs software that knows format %d.", p.Format)
		k.say("  A node that does not know it, of a member that does not vote too, stops there until it is upgraded.")
		k.say("  The ledger never has an earlier format again.")
	case ledger.ChangeNode:
		k.say("  The keys that its node has count no more from that entry on; until the new node runs it does not cosign.")
	}
	if before, after := e.Quorum(), next.Quorum(); before != after || e.Voters() != next.Voters() {
		k.say("  %d of %d voters must cosign what is FINAL, and agree to such changes; after it %d of %d.", before, e.Voters(), after, next.Voters())
	}
	return nil
}

// after waits for an entry about a proposal, and tells or does what comes next.
func (k *council) after(c *cli.Context, id ledger.ID, index uint64) error {
	if err := k.until(c.Context, index); err != nil {
		return err
	}
	p, err := state.ReadProposal(k.desk.View(), id)
	if err != nil {
		return err
	}
	if p == nil {
		return fmt.Errorf("the proposal of entry %s is not in the replica", count(index))
	}
	if p.Epoch == 0 && p.Open(k.now) && p.Passed(k.members.Latest()) && p.Change.Author() == nil {
		return k.enact(c, p)
	}
	return k.tellProposal(p)
}

// tellProposal shows a proposal.
func (k *council) tellProposal(p *state.Proposal) error {
	if k.asJSON {
		return k.document(k.record(p))
	}
	k.put(visible(fmt.Sprintf("%s  %s", shortName(p), k.sentence(p.Change))))
	k.say("  by        %s, entry %s, %s", k.bureau(p.Bureau), count(p.Index), clock(p.Time))
	k.put(visible("  for it    " + k.tally(p)))
	k.say("  state     %s", k.stateOf(p))
	return nil
}
