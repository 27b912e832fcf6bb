package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"comity/ledger"
	"comity/node"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverSignCommand() *cli.Command {
	return &cli.Command{
		Name:      "sign",
		Usage:     "sign a plan with this bureau's root key",
		ArgsUsage: "PLAN",
		Description: "Shows what the plan keeps, cuts and changes, and asks. The signature goes into the file. Who signs states that\n" +
			"there is no later FINAL head: the data of this home's node, running or stopped, is held against the plan, and\n" +
			"a later head or another history stops it. --accept-loss signs although the data here has more, or cannot\n" +
			"be read. The home remembers what was signed: a root signs one plan to an epoch.\n\n" +
			"Example: comity recover sign ledger.crecover --root /media/usb/root",
		Flags: []cli.Flag{
			rootFlag(),
			&cli.BoolFlag{Name: "accept-loss", Usage: "although the node's data here has FINAL entries that the plan cuts, or cannot be read"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask"},
		},
		Action: t.recoverSign,
	}
}

func (t *terminal) recoverSign(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "PLAN")
	if err != nil {
		return err
	}
	if args[0] == "-" {
		return usagef("recover sign: name a file: the signature goes into it")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := t.readPlan(args[0], s.genesis)
	if err != nil {
		return err
	}
	if err := p.timely(time.Now()); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	here, err := s.holds(c, p)
	if err != nil {
		return fmt.Errorf("%s is not signed: %w", args[0], err)
	}
	t.say("Recovery of %q", s.genesis.Charter.Name)
	if err := t.tellPlan(s.genesis, p); err != nil {
		return err
	}
	t.say("  here      %s", here)
	if !c.Bool("yes") {
		if err := t.confirm("Sign it with the root of " + s.home.Bureau() + "? yes or no: "); err != nil {
			return err
		}
	}
	root, err := s.home.Root(t.passphrase)
	if err != nil {
		return err
	}
	m := s.genesis.Latest().Root(root.ID())
	switch {
	case m == nil || !m.Voter:
		return fmt.Errorf("key %s is no voter's root", root.ID().Short())
	case p.signedBy(root.ID()):
		return fmt.Errorf("%s has signed it already", m.Code)
	}
	next, err := p.epoch(s.genesis)
	if err != nil {
		return err
	}
	if err := s.keepRecovery(next.Number, ledger.StatementID(p.raw)); err != nil {
		return fmt.Errorf("%s is not signed: %w", args[0], err)
	}
	if err := p.sign(root); err != nil {
		return err
	}
	if err := writeOutput(args[0], p.marshal(), true); err != nil {
		return err
	}
	more := s.genesis.Latest().Quorum() - len(p.sigs)
	if more > 0 {
		t.say("Signed by %s; %s more needed. Pass %s on.", m.Code, plural(more, "signature", "signatures"), args[0])
		return nil
	}
	t.say("Signed by %s; these are enough. Each bureau that stays: comity recover start %s", m.Code, args[0])
	return nil
}

// holds says how what this home's node holds stands to a plan, and refuses one that
// cuts FINAL entries of it or is of another history.
func (s *session) holds(c *cli.Context, p *recoveryPlan) (string, error) {
	keep := p.statement.SeenSize
	if !exists(filepath.Join(dataFolder(s.home), "ledger")) {
		return s.answers(c, p, "this home has no data of a node")
	}
	own, err := s.openNodeData("the data of this home's node", s.home.Bureau(), dataFolder(s.home), s.genesis)
	switch {
	case errors.Is(err, node.ErrRuns):
		return s.answers(c, p, "this home's node runs")
	case errors.Is(err, errNoFinal):
		return "nothing was FINAL yet in this home's node", nil
	case err != nil && c.Bool("accept-loss"):
		return fmt.Sprintf("the data of this home's node cannot be read; what it alone has is cut (%s)", err), nil
	case err != nil:
		return "", hint(fmt.Errorf("what this home's node holds cannot be read, and would be cut: %w", err),
			"bring its disk to who reads disks first; only if nothing more is to be had of it: --accept-loss")
	}
	defer own.close()
	if err := own.compare(c.Context, []uint64{keep, own.final.Size}); err != nil {
		return "", fmt.Errorf("%s: %w", own.name, err)
	}
	switch root, whole := own.roots[keep]; {
	case own.roots[own.final.Size] != own.final.Root:
		return "", fmt.Errorf("the entries in %s are not the ones under its own FINAL head of %s: they were changed or damaged", own.name, count(own.final.Size))
	case own.final.Size >= keep && root != p.statement.SeenRoot:
		return "", hint(fmt.Errorf("this home's node has a FINAL history that is not the plan's: the two differ within the first %s", plural(keep, "entry", "entries")),
			"a quorum of bureaus has signed two histories; keep both, and find out which nodes signed both, before anything else")
	case own.final.Size > keep && !c.Bool("accept-loss"):
		return "", hint(fmt.Errorf("this home's node has %s, and the plan keeps %s: it would cut %s", plural(own.final.Size, "FINAL entry", "FINAL entries"), count(keep), plural(own.final.Size-keep, "acknowledged entry", "acknowledged entries")),
			"plan again with it: comity recover plan %s ...; only if its data is of no use: --accept-loss", shellWord(s.home.Dir()))
	case own.final.Size > keep:
		return fmt.Sprintf("this home's node has %s, and the plan CUTS %s", plural(own.final.Size, "FINAL entry", "FINAL entries"), plural(own.final.Size-keep, "acknowledged entry", "acknowledged entries")), nil
	case whole && root == p.statement.SeenRoot:
		return "this home's node has all that the plan keeps, and nothing FINAL beyond", nil
	case whole:
		return fmt.Sprintf("this home's node has %s that are FINAL; what it has above them was not, and is not in the plan", plural(own.final.Size, "entry", "entries")), nil
	}
	return fmt.Sprintf("this home's node has %s; the plan keeps more", plural(own.size, "entry", "entries")), nil
}

// answers is [session.holds] for a home whose data cannot be looked at: of a node that
// runs what it says.
func (s *session) answers(c *cli.Context, p *recoveryPlan, why string) (string, error) {
	own, err := s.newestFinal(c.Context)
	if err != nil {
		s.note("%s, and none answers (%s): make sure that its data went into the plan", why, err)
		return "not known: " + why, nil
	}
	if keep := p.statement.SeenSize; own.Size > keep {
		return "", hint(fmt.Errorf("the %s holds a FINAL head of %s, and the plan keeps %s", s.client, plural(own.Size, "entry", "entries"), count(keep)),
			"plan again with what this node holds: comity recover plan")
	}
	return fmt.Sprintf("the %s has %s that are FINAL", s.client, plural(own.Size, "entry", "entries")), nil
}

// keepRecovery remembers what the root signs, before it does: it signs one recovery
// to an epoch.
func (s *session) keepRecovery(epoch uint32, id ledger.ID) error {
	err := s.home.KeepRecovery(epoch, id)
	var other *home.OtherRecoveryError
	if errors.As(err, &other) {
		return hint(err, "carry out the first plan; only when every copy of it that %s signed is destroyed, and all bureaus said so: remove %s and sign again", s.home.Bureau(), other.File)
	}
	return err
}
