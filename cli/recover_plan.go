package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node"
	"comity/node/home"

	"github.com/urfave/cli/v2"
)

func (t *terminal) recoverPlanCommand() *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "find the longest FINAL history that is left, and say what would be lost",
		ArgsUsage: "SOURCE...",
		Description: "A SOURCE is the folder of a bureau whose node is stopped, or of a desk or read replica that is, a backup or a\n" +
			"bundle. Bring all there are, officers' machines too: what is left out is cut. Two that contradict each other are refused. With --with-node for each bureau that stays a\n" +
			"voter it writes the plan that a quorum of roots signs; a voter that is not named there loses its vote, and may\n" +
			"be promoted later.\n\n" +
			"Example: comity recover plan /srv/comity xb.cbackup --with-node XA.cnode --with-node XB.cnode -o ledger.crecover",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "with-node", Usage: "`FILE` of comity recover node; may be repeated"},
			&cli.StringSliceFlag{Name: "without", Usage: "`CODE` of a bureau that leaves with all its keys; may be repeated"},
			&cli.StringFlag{Name: "o", Usage: "write the plan to `FILE`", DefaultText: "none: it is only told"},
			&cli.StringFlag{Name: "scratch", Usage: "`FOLDER` with room for a copy of the ledger", DefaultText: "that of temporary files"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.recoverPlan,
	}
}

func (t *terminal) recoverPlan(c *cli.Context) error {
	args, err := arguments(c, 1, 64, "SOURCE...")
	if err != nil {
		return err
	}
	if (c.String("o") == "") != (len(c.StringSlice("with-node")) == 0) {
		return usagef("recover plan: -o FILE and --with-node FILE go together: a plan needs new nodes")
	}
	h, err := t.openHome(c)
	if err != nil {
		return err
	}
	g, err := h.Genesis()
	if err != nil {
		return err
	}
	var sources []*source
	defer func() {
		for _, s := range sources {
			s.close()
		}
	}()
	for _, path := range args {
		s, err := t.openSource(c.Context, path, g)
		if err != nil {
			return err
		}
		sources = append(sources, s)
	}
	best, err := longest(c.Context, sources)
	if err != nil {
		return err
	}
	left, err := survey(sources, best)
	if err != nil {
		return err
	}
	if !t.asJSON {
		t.tellLeft(left)
	}
	if c.String("o") == "" {
		if t.asJSON {
			return t.document(left)
		}
		return nil
	}
	p, err := t.drawPlan(c, g, h.Bureau(), best)
	if err != nil {
		return err
	}
	if err := writeOutput(c.String("o"), p.marshal(), c.Bool("force")); err != nil {
		return err
	}
	if left.Plan, err = p.record(g, c.String("o")); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(left)
	}
	t.say("Plan in %s:", c.String("o"))
	t.tellPlan(left.Plan)
	t.say("Next, %s and others: comity recover sign %s", h.Bureau(), c.String("o"))
	return nil
}

// longest returns the source with the longest FINAL history, and refuses sources
// that contradict each other.
func longest(ctx context.Context, sources []*source) (*source, error) {
	var sizes []uint64
	best := sources[0]
	for _, s := range sources {
		sizes = append(sizes, s.final.Size)
		if s.final.Size > best.final.Size || s.final.Size == best.final.Size && s.bodies && !best.bodies {
			best = s
		}
	}
	for _, s := range sources {
		if err := s.compare(ctx, sizes); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		if s.roots[s.final.Size] != s.final.Root {
			return nil, fmt.Errorf("%s: its entries are not the ones under its own FINAL head of %s: it was changed or damaged", s.name, count(s.final.Size))
		}
	}
	for _, s := range sources {
		if root := best.roots[s.final.Size]; root != s.final.Root {
			return nil, hint(fmt.Errorf("%s and %s contradict each other: both have a FINAL head, and differ within the first %s", s.name, best.name, plural(s.final.Size, "entry", "entries")),
				"a quorum of bureaus has signed two histories; keep both, and find out which nodes signed both, before anything else")
		}
	}
	return best, nil
}

// lossesShown bounds the entries that are listed one by one.
const lossesShown = 20

// remains is what sources have of a ledger.
type remains struct {
	Entries uint64        `json:"entries"` // of the longest FINAL history
	Root    keys.ID       `json:"root"`
	Sources []remainsOf   `json:"sources"`
	Lost    []remainsLost `json:"would_go"` // the first of them
	LostAll int           `json:"would_go_all"`
	Plan    *planRecord   `json:"plan,omitempty"`
}

type remainsOf struct {
	Name    string `json:"name"`
	Final   uint64 `json:"final"`
	Entries uint64 `json:"entries"`
	Whole   bool   `json:"whole"` // it has all of the longest FINAL history
	Bodies  bool   `json:"bodies"`
}

type remainsLost struct {
	Index uint64  `json:"index"`
	Time  uint64  `json:"time"`
	Class string  `json:"class"`
	Key   keys.ID `json:"key"`
	ID    string  `json:"id"`
}

// survey works out what is left, and what would be lost.
func survey(sources []*source, best *source) (*remains, error) {
	r := &remains{Entries: best.final.Size, Root: keys.ID(best.final.Root), Lost: []remainsLost{}}
	seen := make(map[ledger.ID]bool)
	for _, s := range sources {
		r.Sources = append(r.Sources, remainsOf{s.name, s.final.Size, s.size, s.roots[best.final.Size] == best.final.Root, s.bodies})
		if s.alive == nil {
			continue
		}
		err := s.alive.Above(func(index, time uint64, e *ledger.Entry) error {
			if index < best.final.Size || seen[e.ID] {
				return nil
			}
			if seen[e.ID] = true; len(seen) <= lossesShown {
				r.Lost = append(r.Lost, remainsLost{index, time, e.Statement.Class.String(), e.Statement.Author, e.ID.String()})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	r.LostAll = len(seen)
	return r, nil
}

// tellLeft says what is left, and what would be lost.
func (t *terminal) tellLeft(r *remains) {
	t.say("The longest FINAL history that is left has %s, and root %.16s", plural(r.Entries, "entry", "entries"), r.Root.String())
	for _, s := range r.Sources {
		text := fmt.Sprintf("FINAL up to %s", count(s.Final))
		if s.Whole {
			text = "has all of it"
		}
		if s.Entries > s.Final {
			text += fmt.Sprintf(", and %s that are not FINAL", count(s.Entries-s.Final))
		}
		if !s.Bodies {
			text += "; without the sealed texts: no node can be made of it"
		}
		t.say("  source    %s: %s", s.Name, text)
	}
	for _, e := range r.Lost {
		t.say("  would go  entry %s of %s: %s by key %s, %.16s", count(e.Index), clock(e.Time), e.Class, e.Key.Short(), e.ID)
	}
	if n := r.LostAll - len(r.Lost); n > 0 {
		t.say("  would go  and %s more", plural(n, "entry", "entries"))
	} else if r.LostAll == 0 {
		t.say("  would go  nothing that these hold")
	}
	t.say("  unknown   what only the lost disks had. Desks, read replicas and officers' machines hold it too: bring them. Who has a FINAL")
	t.say("            proof of more, a notice that was exported, holds it against the plan: comity recover compare PLAN FILE")
}

// drawPlan makes the plan: it applies the history that stays, by all rules, to know
// what the author's statement continues.
func (t *terminal) drawPlan(c *cli.Context, g *ledger.Genesis, bureau string, best *source) (*recoveryPlan, error) {
	if !best.bodies {
		return nil, errors.New("no node can be made of the longest history: it is here without its sealed texts")
	}
	me, ok := g.Member(bureau)
	if !ok || !me.Voter {
		return nil, fmt.Errorf("%s is no voter: a voter plans", bureau)
	}
	tmp, done, err := home.Scratch(cmp.Or(c.String("scratch"), os.TempDir()), "comity-recover-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", cause(err))
	}
	defer done()
	seed, err := node.NewSeed(filepath.Join(tmp, "node"), g, bureau)
	if err != nil {
		return nil, err
	}
	defer seed.Close()
	if err := best.each(c.Context, best.final.Size, seed.Add); err != nil {
		return nil, fmt.Errorf("%s: %w", best.name, err)
	}
	head, err := seed.Last()
	if err != nil {
		return nil, err
	}
	epoch, err := seed.Epoch()
	if err != nil {
		return nil, err
	}
	if epoch.Number != g.Latest().Number {
		return nil, hint(fmt.Errorf("the history that is left is of epoch %d, and the charter file here knows epoch %d", epoch.Number, g.Latest().Number),
			"a charter file that knows more proves that there was more: find the disk that has it; one that knows less: get the newer file")
	}
	r := &ledger.Recover{Number: epoch.Number + 1, Time: max(head.Time+1, uint64(time.Now().UnixMilli()))}
	if r.Changes, err = t.planChanges(c, g); err != nil {
		return nil, err
	}
	root := keys.SigningID(me.Root)
	author, err := seed.Author(root)
	if err != nil {
		return nil, err
	}
	s := &ledger.Statement{Class: ledger.ClassRecover, Ledger: g.Ledger, Author: root, Seq: author.Seq, Prev: author.Prev,
		SeenSize: head.Size, SeenRoot: head.Root, Created: uint64(time.Now().Unix()), Public: r.Marshal()}
	p := &recoveryPlan{raw: s.Marshal(), statement: s, recover: r, note: best.note}
	return p, p.check(g)
}

// planChanges returns what becomes of each voter.
func (t *terminal) planChanges(c *cli.Context, g *ledger.Genesis) (list []*ledger.Propose, err error) {
	for _, path := range c.StringSlice("with-node") {
		p, err := t.readNode(path, g)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	for _, code := range c.StringSlice("without") {
		if _, ok := g.Member(code); !ok {
			return nil, usagef("recover plan: --without %s: there is no such member", code)
		}
		list = append(list, &ledger.Propose{Change: ledger.ChangeRemove, Code: code})
	}
	named := func(code string) bool {
		return slices.ContainsFunc(list, func(p *ledger.Propose) bool { return p.Code == code })
	}
	for i := range g.Members() {
		if m := &g.Members()[i]; m.Voter && !named(m.Code) {
			list = append(list, &ledger.Propose{Change: ledger.ChangeDemote, Code: m.Code})
		}
	}
	slices.SortFunc(list, func(a, b *ledger.Propose) int { return strings.Compare(a.Code, b.Code) })
	for i := 1; i < len(list); i++ {
		if list[i-1].Code == list[i].Code {
			return nil, usagef("recover plan: %s is named twice", list[i].Code)
		}
	}
	return list, nil
}
