package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"comity/ledger"
	"comity/ledger/store"
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
			"there is no later FINAL head: what this home's node, desk and read replica hold is held against the plan, and\n" +
			"a later head or another history stops it. --accept-loss signs although there is more here, or it cannot be\n" +
			"read. The home remembers what was signed: a root signs one plan to an epoch.\n\n" +
			"Example: comity recover sign ledger.crecover --root /media/usb/root",
		Flags: []cli.Flag{
			rootFlag(),
			&cli.BoolFlag{Name: "accept-loss", Usage: "although what is here has FINAL entries that the plan cuts, or cannot be read"},
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
	r, err := p.record(s.genesis, args[0])
	if err != nil {
		return err
	}
	r.Here = here
	err = t.agreedPlan(c, fmt.Sprintf("Recovery of %q", s.genesis.Charter.Name), r, "Sign it with the root of "+s.home.Bureau()+"? yes or no: ")
	if err != nil {
		return err
	}
	return s.signRecovery(args[0], p, r)
}

// signRecovery signs a plan that the person has agreed to.
func (s *session) signRecovery(path string, p *recoveryPlan, r *planRecord) error {
	root, err := s.home.Root(s.passphrase)
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
	if err := s.keepRecovery(r.Epoch, ledger.StatementID(p.raw)); err != nil {
		return fmt.Errorf("%s is not signed: %w", path, err)
	}
	if err := p.sign(root); err != nil {
		return err
	}
	if err := writeOutput(path, p.marshal(), true); err != nil {
		return err
	}
	if s.asJSON {
		r.Signed = append(r.Signed, m.Code)
		return s.document(r)
	}
	more := r.Needed - len(p.sigs)
	if more > 0 {
		s.say("Signed by %s; %s more needed. Pass %s on.", m.Code, plural(more, "signature", "signatures"), path)
		return nil
	}
	s.say("Signed by %s; these are enough. Each bureau that stays: comity recover start %s", m.Code, path)
	return nil
}

// holds says how what this home holds of the ledger stands to a plan: its node's data,
// its desk's replica, its read replica. It refuses a plan that cuts FINAL entries of
// these, or is of another history.
func (s *session) holds(c *cli.Context, p *recoveryPlan) ([]string, error) {
	var list []string
	for _, x := range []struct {
		what, dir string
		open      func(what, dir string) (*source, error)
	}{
		{"this home's node", dataFolder(s.home), func(what, dir string) (*source, error) { return s.openNodeData(what, s.home.Bureau(), dir, s.genesis) }},
		{"this home's read replica", s.home.ReplicaDir(), func(what, dir string) (*source, error) { return s.openCopy(what, s.home.Bureau(), dir, s.genesis) }},
		{"the desk's replica here", s.home.DeskDir(), func(what, dir string) (*source, error) { return s.openCopy(what, s.home.Bureau(), dir, s.genesis) }},
	} {
		if !exists(filepath.Join(x.dir, "ledger")) {
			continue
		}
		text, err := "", error(nil)
		switch own, openErr := x.open(x.what, x.dir); {
		case openErr == nil:
			text, err = s.heldBy(c, p, own)
			own.close()
		case errors.Is(openErr, errNoFinal):
			text = x.what + " has nothing that is FINAL"
		case errors.Is(openErr, node.ErrRuns):
			text, err = s.answers(c, p, x.what+" runs")
		case errors.Is(openErr, store.ErrLocked):
			err = hint(fmt.Errorf("%s is in use, and must be held against the plan", x.what), "stop comity desk run, comity node run and comity watch in this home first")
		case c.Bool("accept-loss"):
			text = fmt.Sprintf("%s cannot be read; what it alone has is cut (%s)", x.what, openErr)
		default:
			err = hint(fmt.Errorf("what %s holds cannot be read, and would be cut: %w", x.what, openErr),
				"give its disk to who rescues data; only if nothing more is to be had of it: --accept-loss")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	if len(list) > 0 {
		return list, nil
	}
	text, err := s.answers(c, p, "this home has nothing of the ledger")
	return []string{text}, err
}

// heldBy holds one of these against the plan.
func (s *session) heldBy(c *cli.Context, p *recoveryPlan, own *source) (string, error) {
	keep := p.statement.SeenSize
	if err := own.compare(c.Context, []uint64{keep, own.final.Size}); err != nil {
		return "", fmt.Errorf("%s: %w", own.name, err)
	}
	final := plural(own.final.Size, "FINAL entry", "FINAL entries")
	switch root, whole := own.roots[keep]; {
	case own.roots[own.final.Size] != own.final.Root:
		return "", fmt.Errorf("the entries of %s are not the ones under its own FINAL head of %s: they were changed or damaged", own.name, count(own.final.Size))
	case own.final.Size >= keep && root != p.statement.SeenRoot:
		return "", hint(fmt.Errorf("%s has a FINAL history that is not the plan's: the two differ within the first %s", own.name, plural(keep, "entry", "entries")),
			"a quorum of bureaus has signed two histories; keep both, and find out which nodes signed both, before anything else")
	case own.final.Size > keep && !c.Bool("accept-loss"):
		return "", hint(fmt.Errorf("%s has %s, and the plan keeps %s: it would cut %s", own.name, final, count(keep), plural(own.final.Size-keep, "acknowledged entry", "acknowledged entries")),
			"plan again with this home among the sources: comity recover plan; only if what it has is of no use: --accept-loss")
	case own.final.Size > keep:
		return fmt.Sprintf("%s has %s, and the plan CUTS %s", own.name, final, plural(own.final.Size-keep, "acknowledged entry", "acknowledged entries")), nil
	case whole && root == p.statement.SeenRoot:
		return own.name + " has all that the plan keeps, and nothing FINAL beyond", nil
	case whole:
		return fmt.Sprintf("%s has %s; what it has above them was not FINAL, and is not in the plan", own.name, final), nil
	}
	return fmt.Sprintf("%s has %s; the plan keeps more", own.name, plural(own.size, "entry", "entries")), nil
}

// answers is [session.holds] for a home whose data cannot be looked at: of a node that
// runs what it says.
func (s *session) answers(c *cli.Context, p *recoveryPlan, why string) (string, error) {
	own, err := s.newestFinal(c.Context)
	if err != nil {
		s.note("%s, and no node answers (%s): make sure that all that is left of this bureau's went into the plan", why, err)
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
