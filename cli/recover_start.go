package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"comity/ledger"
	"comity/ledger/bundle"
	"comity/node"
	"comity/node/desk"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

// cutFolder is where the node's data goes that a recovery has cut.
const cutFolder = "node-before-recovery"

func (t *terminal) recoverStartCommand() *cli.Command {
	return &cli.Command{
		Name:      "start",
		Usage:     "carry out a plan that a quorum has signed, in this bureau's folder",
		ArgsUsage: "PLAN",
		Description: "Makes the node's data anew: the entries that stay, the recovery as the entry after them, a new Raft log. The\n" +
			"charter file learns of the new epoch, and the node gets its new keys. The data that it had goes to node/replaced, where a purge\n" +
			"reaches it. A bureau that lost its disk takes the entries --from somebody's backup, or fetches them when the\n" +
			"others run (--empty). The node must be stopped. Interrupted, it goes on when it is called again.\n\n" +
			"Example: comity recover start ledger.crecover",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "take the entries from `SOURCE`: the folder of a bureau or of a replica, a backup, a bundle with bodies", DefaultText: "the data of this home's node"},
			&cli.BoolFlag{Name: "empty", Usage: "take no entries: the node fetches them from the others"},
			&cli.BoolFlag{Name: "yes", Usage: "do not ask"},
		},
		Action: t.recoverStart,
	}
}

func (t *terminal) recoverStart(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "PLAN")
	if err != nil {
		return err
	}
	if c.Bool("empty") && c.String("from") != "" {
		return usagef("recover start: --from and --empty do not go together")
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	before, next, p, cert, err := t.signedPlan(args[0], h)
	if err != nil {
		return err
	}
	me, ok := next.Latest().Member(h.Bureau())
	if !ok {
		return hint(fmt.Errorf("%s is no member after this recovery", h.Bureau()), "its node stays stopped; what it holds it may keep and read; it comes back like any other, by an invitation and a vote: comity join --help")
	}
	if h.Recovered(next, &me.Node, cutFolder) {
		return fmt.Errorf("%s has carried out this recovery: to do it again would make its node forget what it did since", h.Bureau())
	}
	if !h.HasNode(&me.Node) {
		return noNewKeys(h.Bureau())
	}
	r, err := p.record(before, args[0])
	if err != nil {
		return err
	}
	err = t.agreedPlan(c, fmt.Sprintf("Recovery of %q, signed by enough", before.Charter.Name), r, fmt.Sprintf("Cut the ledger of %s there? yes or no: ", h.Bureau()))
	if err != nil {
		return err
	}
	fresh, err := t.seedRecovery(c, h, before, p, cert)
	if err != nil {
		return err
	}
	ahead, err := deskAhead(h, before, p.statement.SeenSize)
	if err != nil {
		return err
	}
	if err := h.Recover(next, &me.Node, fresh, cutFolder, ahead); err != nil {
		return hint(err, "run the same command again: it goes on where it stopped")
	}
	if t.asJSON {
		return t.document(r)
	}
	t.tellStarted(h, me, p, fresh != "", ahead)
	return nil
}

// noNewKeys is the error of a home that lost what a plan rests on.
func noNewKeys(bureau string) error {
	return hint(fmt.Errorf("the keys that the plan gives the node of %s are not in this home", bureau),
		"put keys/node-tls.pem.next and keys/node-witness.pem.next back; if they are lost, move the folder node away, then comity recover follow CHARTER, and get others by a vote: comity recover node")
}

// tellStarted says what comes after a recovery was carried out in a home.
func (t *terminal) tellStarted(h *home.Home, me *ledger.Member, p *recoveryPlan, data, ahead bool) {
	if data {
		t.say("Ready: start it with comity node run. When a majority of the new voters run, the ledger goes on at entry %s.", count(p.statement.SeenSize))
	} else {
		t.say("Ready: start it with comity node run; it fetches the ledger from the others.")
	}
	if old := filepath.Join(h.NodeDir(), "replaced"); exists(old) {
		t.say("  old data  in %s; keep it until all bureaus agree that nothing more is needed of it", old)
	}
	if ahead {
		t.say("  desk      its replica held more than stays, and is made anew when somebody reads")
	}
	t.say("  others    desks, read replicas and officers with homes of their own: comity recover follow %s", shellWord(filepath.Join(h.Dir(), "charter")))
	if me.OldNode {
		t.say("  node      it keeps its keys, and has no vote; it may call itself mute. New keys and a vote: comity recover node, then")
		t.say("            comity propose node and comity propose promote at a voter")
	}
}

// deskAhead reports whether the replica of the desk holds entries that are cut.
func deskAhead(h *home.Home, g *ledger.Genesis, keep uint64) (bool, error) {
	if !exists(filepath.Join(h.DeskDir(), "ledger")) {
		return false, nil
	}
	d, err := desk.Open(h.DeskDir(), g)
	if err != nil {
		return false, fmt.Errorf("the replica of the desk: %w", err)
	}
	defer d.Close()
	size, err := d.Size()
	return size > keep, err
}

// signedPlan reads a plan that enough have signed. The charter of the home is the
// one before the plan, or, when it was begun already, the one after it.
func (t *terminal) signedPlan(path string, h *home.Home) (before, next *ledger.Genesis, p *recoveryPlan, cert *ledger.Certificate, err error) {
	g, err := h.Genesis()
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if n := len(g.Certificates()); n > 0 && g.Latest().Recovered {
		if before, err = g.Without(1); err != nil {
			return nil, nil, nil, nil, err
		}
		if p, err = t.readPlan(path, before); err == nil {
			cert, next, err = p.certificate(before)
			if err == nil && string(cert.Marshal()) == string(g.Certificates()[n-1].Marshal()) {
				return before, next, p, cert, nil
			}
		}
	}
	if p, err = t.readPlan(path, g); err != nil {
		return nil, nil, nil, nil, err
	}
	if cert, next, err = p.certificate(g); err != nil {
		return nil, nil, nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return g, next, p, cert, nil
}

// seedRecovery makes the node's new data in a folder beside the old, and returns
// the folder; "" where the node begins without.
func (t *terminal) seedRecovery(c *cli.Context, h *home.Home, before *ledger.Genesis, p *recoveryPlan, cert *ledger.Certificate) (string, error) {
	dir := filepath.Join(h.Dir(), "node-recovering")
	if err := os.RemoveAll(dir); err != nil { // what an interrupted one has left
		return "", err
	}
	if c.Bool("empty") {
		return "", nil
	}
	s, err := t.recoverySource(c, h, before)
	if err != nil {
		return "", err
	}
	defer s.close()
	keep := p.statement.SeenSize
	if err := s.compare(c.Context, []uint64{keep}); err != nil {
		return "", fmt.Errorf("%s: %w", s.name, err)
	}
	if s.roots[keep] != p.statement.SeenRoot {
		return "", hint(fmt.Errorf("%s does not hold the %s that stay", s.name, plural(keep, "entry", "entries")),
			"take them --from the backup or the folder of a bureau that has them, or start with --empty")
	}
	return dir, t.fillRecovery(c.Context, dir, h.Bureau(), before, s, p, cert)
}

func (t *terminal) recoverySource(c *cli.Context, h *home.Home, before *ledger.Genesis) (*source, error) {
	if path := c.String("from"); path != "" {
		s, err := t.openSource(c.Context, path, before)
		if err == nil && !s.bodies {
			s.close()
			err = fmt.Errorf("%s has no sealed texts: a node cannot be made of it", path)
		}
		return s, err
	}
	if !exists(filepath.Join(dataFolder(h), "ledger")) {
		s, err := t.openHomeData("this home", h, before)
		if err != nil {
			err = hint(errors.New("this home's node has no data"), "take the entries --from a backup or another bureau's folder, or start with --empty")
		}
		return s, err
	}
	return t.openNodeData("the data of this node", h.Bureau(), dataFolder(h), before)
}

func (t *terminal) fillRecovery(ctx context.Context, dir, bureau string, before *ledger.Genesis, s *source, p *recoveryPlan, cert *ledger.Certificate) error {
	seed, err := node.NewSeed(dir, before, bureau)
	if err != nil {
		return err
	}
	defer seed.Close()
	advance, end := t.progress("making the ledger anew")
	defer end()
	err = s.each(ctx, p.statement.SeenSize, func(g *bundle.Group) error {
		advance(g.First, p.statement.SeenSize)
		return seed.Add(g)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if err := seed.Recover(p.note, cert.Recover); err != nil {
		return err
	}
	if seed.Missing > 0 {
		t.note("%s are missing: they were purged after the head, or by the lost part of the ledger", plural(seed.Missing, "sealed text", "sealed texts"))
	}
	return nil
}
