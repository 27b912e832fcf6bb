package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) voteCommand() *cli.Command {
	return &cli.Command{
		Name:      "vote",
		Usage:     "decide with the other voters on a proposal",
		ArgsUsage: "PROPOSAL",
		Description: "Shows what is proposed. Where a new key comes in, telephone the bureau under a number that you\n" +
			"know, not one that came with the proposal, and type the eight words that it reads to you: only so\n" +
			"does nobody put another key in its place. Signed with this bureau's root key. Your last word\n" +
			"counts. Who casts the deciding vote carries the proposal out, but for a bureau that joins or gets a new\n" +
			"root key: that entry is its own.\n\n" +
			"Example: comity vote P-17",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "against", Usage: "you do not want it"}, rootFlag()},
		Action: t.vote,
	}
}

func (t *terminal) vote(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "PROPOSAL")
	if err != nil {
		return err
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	p, err := k.proposal(c.Context, args[0])
	if err != nil {
		return err
	}
	if p.Epoch != 0 || !p.Open(k.now) {
		return fmt.Errorf("%s is decided: %s", shortName(p), k.stateOf(p))
	}
	if err := k.voter(); err != nil {
		return err
	}
	e := k.members.Latest()
	yes := !c.Bool("against")
	if k.said(p, yes) {
		if yes && p.Passed(e) && p.Change.Author() == nil { // whoever was to carry it out did not
			return k.enact(c, p)
		}
		return fmt.Errorf("%s has said so already: %s", k.home.Bureau(), k.tally(p))
	}
	if _, err := e.After(p.Change, e.From+1); err != nil {
		return fmt.Errorf("%s cannot be carried out any more: %w", shortName(p), err)
	}
	if yes && p.Change.Change == ledger.ChangeFormat {
		if err := k.ownKnows(c.Context, p.Change.Format); err != nil {
			return hint(fmt.Errorf("%s did not vote: %w", k.home.Bureau(), err), "comity upgrade check")
		}
	}
	if !t.asJSON {
		if err := k.tellProposal(p); err != nil {
			return err
		}
		if err := k.consequences(c.Context, p.Change); err != nil {
			return err
		}
	}
	r, err := k.registrar(c.Context) // before anybody telephones
	if err != nil {
		return err
	}
	if yes {
		if err := k.meant(p.Change); err != nil {
			err = fmt.Errorf("%s did not vote: %w", k.home.Bureau(), err)
			if errors.Is(err, errWords) {
				return hint(err, "have them read again; if they still differ, somebody put another key into the proposal: comity vote %s --against, and tell the other voters", shortName(p))
			}
			return err
		}
	}
	_, sub, err := r.SubmitOn(c.Context, ledger.ClassVote, p.ID, (&ledger.Vote{For: yes}).Marshal())
	if err != nil {
		return k.refusal("the vote on "+shortName(p), err)
	}
	return k.after(c, p.ID, sub.Index)
}

// said reports whether the bureau's last word is this.
func (k *council) said(p *state.Proposal, yes bool) bool {
	m, _ := k.members.Member(k.home.Bureau())
	return slices.ContainsFunc(p.Voices, func(v state.Voice) bool {
		return v.Bureau == m.Code && v.For == yes && v.Root == keys.SigningID(m.Root)
	})
}

// enact carries out a proposal that enough voters are for, and tells what changed.
func (k *council) enact(c *cli.Context, p *state.Proposal) error {
	r, err := k.registrar(c.Context)
	if err != nil {
		return err
	}
	number := k.members.Latest().Number + 1
	_, sub, err := r.SubmitOn(c.Context, ledger.ClassEpoch, p.ID, (&ledger.Enact{Number: number}).Marshal())
	if err != nil {
		if wire.CodeOf(err) == wire.Code(state.Ended) { // another voter was faster
			k.sync(c.Context)
			k.members = k.desk.Members()
		}
		return k.refusal("epoch "+fmt.Sprint(number), err)
	}
	if err := k.until(c.Context, sub.Index); err != nil {
		return err
	}
	return k.tellEnacted(c.Context, p, number, sub.Index)
}

// tellEnacted says what a new epoch changed, and what people have to do.
func (k *council) tellEnacted(ctx context.Context, p *state.Proposal, number uint32, index uint64) error {
	code, e := p.Change.Code, k.members.Latest()
	var could *reachRecord
	if p.Change.Change == ledger.ChangeRemove {
		var err error
		if could, err = k.reach(ctx, code); err != nil {
			k.note("what %s could read was not counted: %s", code, err)
		}
	}
	if k.asJSON {
		doc := map[string]any{"proposal": shortName(p), "epoch": number, "entry": index, "says": k.sentence(p.Change), "voters": e.Voters(), "quorum": e.Quorum()}
		if could != nil {
			doc["could_read"] = could
		}
		return k.document(doc)
	}
	k.put(visible(fmt.Sprintf("DONE  %s  %s", shortName(p), k.sentence(p.Change))))
	k.say("  epoch     %d, from entry %s on; FINAL", number, count(index+1))
	k.say("  voters    %d; %d of them must cosign what is FINAL", e.Voters(), e.Quorum())
	switch p.Change.Change {
	case ledger.ChangeNode:
		k.say("  do        %s takes the keys, at another bureau's node: comity --node %s recover node --accept; then comity node run", code, k.home.Bureau())
	case ledger.ChangeRemove:
		k.say("  it has    all that was sealed to it, to all, or to its circles up to entry %s: nothing takes that back", count(index))
		k.tellReach(could, code, true)
		k.say("  do        every bureau looks at what its own keys tell: comity member show %s", code)
	}
	return nil
}
