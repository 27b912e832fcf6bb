package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"comity/ledger"
	"comity/ledger/store"
	"comity/node/follow"
	"comity/node/home"
	"comity/node/wire"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverFollowCommand() *cli.Command {
	return &cli.Command{
		Name:      "follow",
		Usage:     "have this home's desk and read replica go on after a recovery",
		ArgsUsage: "CHARTER",
		Description: "For a home without a node: an officer's machine, a desk, a read replica. CHARTER is the file charter in the\n" +
			"folder of a bureau that carried the recovery out. Shows what the recovery keeps and cuts, and what of it was\n" +
			"FINAL here, and asks; compare the plan's number with other bureaus by telephone. A replica that has read further\n" +
			"is set aside, a proof of what was cut from it is kept, and it is made anew. Desk and read replica must be\n" +
			"stopped. Interrupted, it goes on when it is called again.\n\n" +
			"Example: comity recover follow charter-from-XA",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do not ask"}},
		Action: t.recoverFollow,
	}
}

func (t *terminal) recoverFollow(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "CHARTER")
	if err != nil {
		return err
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	have, err := h.Genesis()
	if err != nil {
		return err
	}
	data, err := t.readInput(args[0], ledger.MaxGenesis)
	if err != nil {
		return err
	}
	g, err := parseGenesis(args[0], data)
	if err != nil {
		return err
	}
	recovery, err := t.recoveryIn(args[0], g, have, h)
	if err != nil {
		return err
	}
	before := g.Before(recovery.Number)
	p, err := planOf(g.Certificates()[recovery.Number-1].Recover)
	if err != nil {
		return err
	}
	copies, err := copiesOf(h, g, recovery)
	if err != nil {
		return err
	}
	r, err := p.record(before, args[0])
	if err != nil {
		return err
	}
	for i := range copies {
		r.Here = append(r.Here, copies[i].text(p.statement.SeenSize))
	}
	err = t.agreedPlan(c, fmt.Sprintf("Recovery of %q, signed by enough", g.Charter.Name), r, "Did the other bureaus say that they recovered the ledger by this plan? yes or no: ")
	if err != nil {
		return err
	}
	for i := range copies {
		if err := t.leave(&copies[i], h, before, p.statement, g.Certificates()[recovery.Number-1].Recover); err != nil {
			return err
		}
	}
	if _, err := h.Update(g); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(r)
	}
	t.say("The charter file here knows epoch %d. Desk and read replica follow the ledger that goes on, when they are started.", g.Latest().Number)
	return nil
}

// recoveryIn returns the epoch of the last recovery in a charter file, and says why
// a home is not to follow it.
func (t *terminal) recoveryIn(path string, g, have *ledger.Genesis, h *home.Home) (*ledger.Epoch, error) {
	var last *ledger.Epoch
	for _, e := range g.Epochs() {
		if e.Recovered {
			last = e
		}
	}
	switch {
	case g.Ledger != have.Ledger:
		return nil, fmt.Errorf("%s is of ledger %s, and this home of %s", inputName(path), g.Origin(), have.Origin())
	case last == nil:
		return nil, hint(fmt.Errorf("there is no recovery in %s", inputName(path)), "to bring the charter file here up to date: comity charter update %s", shellWord(path))
	case !have.Agrees(g.Membership):
		return nil, hint(fmt.Errorf("%s has another epoch of one number than the charter file here", inputName(path)),
			"two ledgers may go on; telephone the other bureaus, and see: comity recover compare %s %s", shellWord(path), shellWord(filepath.Join(h.Dir(), "charter")))
	case len(g.Epochs()) < len(have.Epochs()):
		return nil, fmt.Errorf("%s is older than the charter file here", inputName(path))
	case exists(filepath.Join(dataFolder(h), "ledger")):
		if me, ok := g.Member(h.Bureau()); ok && !h.HasNode(&me.Node) {
			return nil, noNewKeys(h.Bureau())
		}
		return nil, hint(fmt.Errorf("this home has the data of a node of %s", h.Bureau()), "carry out the plan: comity recover start PLAN")
	}
	return last, nil
}

// copied is a replica in a home, as a recovery finds it.
type copied struct {
	what, dir string
	final     uint64 // entries that are FINAL in it
	size      uint64
	note      []byte
	past      bool // it has come to the recovery
	begun     bool // it was being set aside when somebody stopped that
}

func (c *copied) text(keep uint64) string {
	switch {
	case c.begun:
		return c.what + " was being set aside when that was interrupted"
	case c.past:
		return c.what + " follows the ledger that goes on already"
	case c.final > keep:
		return fmt.Sprintf("%s has %s that are FINAL, of which %s cut; it is set aside", c.what, plural(c.final, "entry", "entries"), plural(c.final-keep, "is", "are"))
	case c.size > keep:
		return fmt.Sprintf("%s has %s, of which %s cut; it is set aside", c.what, plural(c.size, "entry", "entries"), plural(c.size-keep, "is", "are"))
	}
	return fmt.Sprintf("%s has %s, of which none is cut", c.what, plural(c.size, "entry", "entries"))
}

func (c *copied) inUse() error {
	return hint(fmt.Errorf("%s is in use", c.what), "stop comity desk run, comity node run and comity watch in this home first")
}

// copiesOf looks at the replicas of a home.
func copiesOf(h *home.Home, g *ledger.Genesis, recovery *ledger.Epoch) ([]copied, error) {
	var list []copied
	for _, c := range []copied{{what: "the desk's replica", dir: h.DeskDir()}, {what: "the read replica", dir: h.ReplicaDir()}} {
		if c.begun = exists(c.dir + ".cut"); c.begun {
			list = append(list, c)
			continue
		}
		if !exists(filepath.Join(c.dir, "ledger")) {
			continue
		}
		if err := c.look(g, recovery); errors.Is(err, store.ErrLocked) {
			return nil, c.inUse()
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		list = append(list, c)
	}
	return list, nil
}

// look opens a replica, by the charter of after the recovery.
func (c *copied) look(g *ledger.Genesis, recovery *ledger.Epoch) (err error) {
	cp, err := follow.Open(c.dir, g, nil)
	if cut := new(ledger.CutError); errors.As(err, &cut) {
		c.final, c.size, c.note = cut.Size, cut.Size, follow.CutNote(c.dir, g)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cp.Close()) }()
	if c.size, err = cp.Size(); err != nil {
		return err
	}
	at, note := cp.Note()
	c.final, c.note = at.Size, note
	m, err := cp.Machine().Membership(cp.Store())
	if err != nil {
		return err
	}
	all := m.Epochs()
	c.past = int(recovery.Number) < len(all) && all[recovery.Number].Equal(recovery)
	return nil
}

// leave sets a replica aside that holds more than stays, and keeps the proof of that.
func (t *terminal) leave(c *copied, h *home.Home, before *ledger.Genesis, s *ledger.Statement, recovery *ledger.Entry) error {
	if c.past || !c.begun && c.size <= s.SeenSize {
		return nil
	}
	if c.final > s.SeenSize {
		t.keepCut(c, h, before, recovery)
	}
	to, err := follow.SetAside(c.dir)
	if errors.Is(err, store.ErrLocked) {
		return c.inUse()
	}
	if err != nil {
		return err
	}
	t.say("  old data  in %s; the first purge from now on removes it", to)
	return nil
}

// keepCut keeps the proof that a recovery cut what was FINAL in a replica.
func (t *terminal) keepCut(c *copied, h *home.Home, before *ledger.Genesis, recovery *ledger.Entry) {
	name := fmt.Sprintf("cut-%d-%d%s", before.Latest().Number+1, c.final, wire.EvidenceExt)
	e, err := ledger.NewCut(before, recovery, c.note)
	if err == nil {
		err = follow.ReplaceFile(h.Dir(), name, e.Marshal())
	}
	if err != nil { // what follows is not less true for that
		t.note("there is no proof of what is cut from %s: %s", c.what, err)
		return
	}
	t.say("  proof     %s: comity verify says what was cut, and who signed it", filepath.Join(h.Dir(), name))
}
