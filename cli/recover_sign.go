package cli

import (
	"errors"
	"fmt"
	"time"

	"comity/ledger"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverSignCommand() *cli.Command {
	return &cli.Command{
		Name:      "sign",
		Usage:     "sign a plan with this bureau's root key",
		ArgsUsage: "PLAN",
		Description: "Shows what the plan keeps, cuts and changes, and asks. The signature goes into the file. A node of this home\n" +
			"that answers, and knows a later FINAL head, stops it. The home remembers what was signed: a root signs one\n" +
			"plan to an epoch.\n\n" +
			"Example: comity recover sign ledger.crecover --root /media/usb/root",
		Flags: []cli.Flag{
			rootFlag(),
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
	if own, err := s.newestFinal(c.Context); err == nil && own.Size > p.statement.SeenSize {
		return hint(fmt.Errorf("the %s holds a FINAL head of %s, and the plan keeps %s", s.client, plural(own.Size, "entry", "entries"), count(p.statement.SeenSize)),
			"plan again with what this node holds: comity recover plan")
	} else if err != nil {
		t.note("this home's node does not say what it holds (%s): make sure that its data went into the plan", err)
	}
	t.say("Recovery of %q", s.genesis.Charter.Name)
	if err := t.tellPlan(s.genesis, p); err != nil {
		return err
	}
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
