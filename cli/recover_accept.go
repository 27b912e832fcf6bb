package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"github.com/urfave/cli/v2"
)

// acceptNew ends the recovery of one bureau's root key or node: what waits in its
// home takes its place once the others have decided that it is the bureau's.
func (t *terminal) acceptNew(c *cli.Context, change ledger.Change) error {
	for _, name := range []string{"o", "force", "no-passphrase", "address", "root"} {
		if c.IsSet(name) {
			return usagef("%s: --accept takes the keys that were made before, and no --%s", verb(c), name)
		}
	}
	k, err := t.openCouncil(c)
	if err != nil {
		return err
	}
	defer k.close()
	if k.syncErr != nil {
		return hint(fmt.Errorf("whether the others have decided is not known: %w", k.syncErr), "ask a node that runs: comity --node BUREAU recover %s --accept", change)
	}
	if len(k.genesis.Epochs()) < len(k.members.Epochs()) {
		return hint(errors.New("the charter file here is not up to date"), "comity charter update")
	}
	m, ok := k.members.Member(k.home.Bureau())
	if !ok {
		return fmt.Errorf("%s is no member of the ledger", k.home.Bureau())
	}
	if change == ledger.ChangeRoot {
		return k.acceptRoot(c, m)
	}
	return k.acceptNode(m)
}

// acceptRoot has the new root key sign the entry that makes it the bureau's, if that
// is not in the ledger yet, and puts it in its place.
func (k *council) acceptRoot(c *cli.Context, m *ledger.Member) error {
	next, err := k.home.NewRoot()
	if errors.Is(err, fs.ErrNotExist) {
		return hint(fmt.Errorf("no new root key of %s waits in this home", m.Code), "make one: comity recover root")
	}
	if err != nil {
		return fmt.Errorf("new root key of %s: %w", m.Code, err)
	}
	if !m.Root.Equal(next) {
		p, err := k.decidedFor(ledger.ChangeRoot, func(p *ledger.Propose) bool { return next.Equal(p.Root) })
		if err != nil {
			return hint(err, "the words to read to each voter who calls: %s", keys.SigningID(next).Words())
		}
		root, err := k.home.NewRootSigner(k.passphrase)
		if err != nil {
			return err
		}
		seen, _, _ := k.desk.Final()
		r := k.home.FirstRegistrar(k.genesis, k.client, root, seen)
		_, sub, err := r.SubmitOn(c.Context, ledger.ClassEpoch, p.ID, (&ledger.Enact{Number: k.members.Latest().Number + 1}).Marshal())
		if err != nil {
			return k.refusal("the entry that gives "+m.Code+" its new root key", err)
		}
		if err := k.until(c.Context, sub.Index); err != nil {
			return hint(err, "run the same command again: it goes on where it stopped")
		}
		if m, _ = k.members.Member(m.Code); m == nil || !m.Root.Equal(next) {
			return fmt.Errorf("the entry that gives %s its new root key is in the ledger, and the key is not", k.home.Bureau())
		}
	}
	if err := k.home.TakeRoot(next); err != nil {
		return err
	}
	e := k.members.Latest()
	if k.asJSON {
		return k.document(map[string]any{"bureau": m.Code, "root": keys.SigningID(next), "epoch": e.Number, "from": e.From})
	}
	k.say("%s has its new root key, in keys/root; the old one counts no more.", k.bureau(m.Code))
	k.say("  epoch     %d, from entry %s on; FINAL", e.Number, count(e.From))
	k.say("  do        take the key off this machine again: a stick that is locked away, and --root FILE")
	k.say("  do        if somebody has the old key, look for keys that you did not enrol, and revoke them: comity officer list")
	return nil
}

// acceptNode puts the new keys of the node in their place.
func (k *council) acceptNode(m *ledger.Member) error {
	waits, is, err := k.home.HasNewNode(&m.Node)
	switch {
	case err != nil:
		return err
	case !waits:
		return hint(fmt.Errorf("no new keys for the node of %s wait in this home", m.Code), "make them: comity recover node")
	case !is:
		_, err := k.decidedFor(ledger.ChangeNode, func(p *ledger.Propose) bool { _, is, err := k.home.HasNewNode(p.Node); return is && err == nil })
		if err == nil {
			err = errors.New("enough voters are for it, and none of them has carried it out: any voter does, with comity vote")
		}
		return err
	}
	if err := k.home.TakeNode(&m.Node); err != nil {
		return err
	}
	if k.asJSON {
		return k.document(map[string]any{"bureau": m.Code, "node": m.Node.TLS, "address": m.Node.Address})
	}
	k.say("The node of %s has its new keys; it is expected at %s.", k.bureau(m.Code), visible(m.Node.Address))
	k.say("Next: comity node run. It fetches what it lacks, and votes and cosigns when it has it.")
	return nil
}

// decidedFor returns the open proposal that gives this bureau what waits in its
// home, or why it cannot be carried out.
func (k *council) decidedFor(change ledger.Change, is func(*ledger.Propose) bool) (*state.Proposal, error) {
	open, err := state.ReadProposals(k.desk.View())
	if err != nil {
		return nil, err
	}
	var best *state.Proposal
	for _, p := range open {
		if p.Change.Change != change || p.Change.Code != k.home.Bureau() || !is(p.Change) {
			continue
		}
		if p.Passed(k.members.Latest()) {
			return p, nil
		}
		best = p
	}
	if best == nil {
		return nil, fmt.Errorf("nobody has proposed the keys that wait here for %s: a voter does, with comity propose %s FILE", k.home.Bureau(), change)
	}
	return nil, fmt.Errorf("not enough voters are for %s yet: %s", shortName(best), k.tally(best))
}
