package cli

import (
	"fmt"
	"strings"

	"comity/ledger/links"

	"github.com/urfave/cli/v2"
)

// maxDepth bounds --depth: further away everything hangs together.
const maxDepth = 4

func (t *terminal) noticeLinksCommand() *cli.Command {
	return &cli.Command{
		Name:      "links",
		Usage:     "show which notices hold the same telephone, document, wallet, account or vehicle",
		ArgsUsage: "ID",
		Description: "Linked are notices with an equal identifier. What the author of a notice states of it follows, with the\n" +
			"grade of the source. Who only bears the same name is listed as a suggestion: a person confirms it, or not.\n" +
			"An identifier in very many notices is shown and not followed. Only notices that are open here are seen.\n\n" +
			"Example: comity notice links LT-0301 --depth 2 --svg links.svg",
		Flags: []cli.Flag{
			purposeFlag(),
			&cli.IntFlag{Name: "depth", Usage: "over `N` steps from notice to notice, at most 4", Value: 1},
			&cli.StringFlag{Name: "svg", Usage: "draw it into `FILE`"},
			&cli.StringFlag{Name: "dot", Usage: "write it to `FILE` for Graphviz"},
			&cli.StringFlag{Name: "gexf", Usage: "write it to `FILE` for Gephi"},
			&cli.BoolFlag{Name: "force", Usage: "replace FILE if it is there"},
		},
		Action: t.noticeLinks,
	}
}

func (t *terminal) noticeLinks(c *cli.Context) error {
	args, err := arguments(c, 1, 1, "ID")
	if err != nil {
		return err
	}
	depth := c.Int("depth")
	if depth < 1 || depth > maxDepth {
		return usagef("--depth %d: want 1 to %d", depth, maxDepth)
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.readCases(c.Context); err != nil {
		return err
	}
	if err := checkPurpose(c.String("purpose")); err != nil {
		return err
	}
	k, err := s.find(c.Context, args[0])
	if err != nil {
		return err
	}
	g, err := s.reader().Links(c.Context, k.ID.String(), links.Limits{Depth: depth}, c.String("purpose"))
	if err != nil {
		return err
	}
	if g == nil {
		return fmt.Errorf("%s is not open to %s, so what it is linked to cannot be told", k.Name(), s.home.Bureau())
	}
	if err := s.writeGraphs(c, g, k.Name()); err != nil {
		return err
	}
	if t.asJSON {
		return t.document(linkLines(g))
	}
	s.tellLinks(g)
	s.note("%s", s.asOfEntry())
	return nil
}

// writeGraphs writes the files that were asked for.
func (s *session) writeGraphs(c *cli.Context, g *links.Graph, name string) error {
	title := fmt.Sprintf("links of %s, %s", name, s.asOfEntry())
	for _, f := range []struct {
		flag string
		make func() ([]byte, error)
	}{
		{"svg", func() ([]byte, error) { return g.SVG(title), nil }}, {"dot", g.DOT},
		{"gexf", func() ([]byte, error) { return g.GEXF(title) }},
	} {
		path := c.String(f.flag)
		if path == "" {
			continue
		}
		data, err := f.make()
		if err != nil {
			return err
		}
		if path == "-" {
			return usagef("--%s -: name a file; the table goes to standard output", f.flag)
		}
		if err := writeOutput(path, data, c.Bool("force")); err != nil {
			return err
		}
		s.note("wrote %s: it is opened text that nothing protects", path)
	}
	return nil
}

// linkLine is one thing that links notices, as --json shows it.
type linkLine struct {
	Type    string       `json:"type"`
	Value   string       `json:"value"`
	Step    int          `json:"step"`
	Shared  int          `json:"notices"` // that hold it and are open here
	Hub     bool         `json:"not_followed"`
	Holders []linkHolder `json:"in"`
}

// linkHolder is a notice that holds it, and what its author states.
type linkHolder struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	Bureau    string   `json:"bureau"`
	Step      int      `json:"step"`
	As        string   `json:"as"`
	States    []string `json:"states,omitempty"`
	Suggested bool     `json:"suggestion"`
	Score     float64  `json:"score,omitempty"`
}

// linkLines lists the entities of a graph with their holders, and the
// suggestions, of type "name", last.
func linkLines(g *links.Graph) []linkLine {
	var out []linkLine
	at := make(map[int]int) // line of an entity's node
	holder := func(i int, e *links.Edge) linkHolder {
		n := &g.Nodes[i]
		return linkHolder{n.ID, n.Label, n.Type, n.Bureau, n.Step, e.Label, e.Says, e.Suggested, round2(e.Score)}
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; !n.Notice {
			at[i] = len(out)
			out = append(out, linkLine{Type: n.Type, Value: n.Label, Step: n.Step, Shared: n.Shared, Hub: n.Hub, Holders: []linkHolder{}})
		}
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		if e.Suggested {
			out = append(out, linkLine{Type: "name", Value: e.Label, Step: 1, Shared: 2, Hub: true, Holders: []linkHolder{holder(e.To, e)}})
			continue
		}
		l := &out[at[e.To]]
		l.Holders = append(l.Holders, holder(e.From, e))
	}
	return out
}

func (s *session) tellLinks(g *links.Graph) {
	lines := linkLines(g)
	if len(lines) == 0 {
		s.note("nothing in %s is in another notice that is open to %s", g.Nodes[0].Label, s.home.Bureau())
		return
	}
	var rows [][]string
	for _, l := range lines {
		first := []string{l.Type, l.Value}
		if l.Type == "name" {
			h := l.Holders[0]
			rows = append(rows, []string{"name?", "suggestion, not a link", "1", h.Name, h.Kind, h.Bureau, fmt.Sprintf("%.2f %s", h.Score, l.Value)})
			continue
		}
		for _, h := range l.Holders {
			states := strings.Join(h.States, "; ")
			if l.Hub {
				states = strings.TrimPrefix(fmt.Sprintf("%s; shared by %s notices, not followed", states, count(l.Shared)), "; ")
			}
			rows = append(rows, append(append([]string{}, first...), fmt.Sprint(h.Step), h.Name, h.Kind, h.Bureau, states))
			first = []string{"", ""}
		}
	}
	s.table([]string{"BY", "VALUE", "STEP", "NOTICE", "KIND", "FROM", "STATED (GRADE OF SOURCE)"}, rows)
	if g.Cut {
		s.note("there is more: a limit left something out")
	}
}
