package links

import (
	"fmt"

	"comity/ledger/query"
)

// Source is where a graph grows from: the records of one reader.
type Source interface {
	// Record returns what can be looked for of a notice, nil if there is none.
	Record(id string) (*query.Record, error)
	// Holders returns the notices that hold an identifier, among them perhaps some
	// that do not, and how many there are: of more than limit, which are not
	// followed, perhaps none or only some, and always the same ones.
	Holders(kind, norm string, limit int) (ids []string, total int, err error)
	// Namesakes returns at most limit of the notices in which somebody may
	// have this name, likewise.
	Namesakes(name string, limit int) (ids []string, err error)
}

// Limits bound a graph. Zero is the default of a field.
type Limits struct {
	Depth      int // steps from notice to notice; 1
	Hub        int // an identifier that more notices hold is not followed; 50
	Notices    int // in the graph; 500
	Namesakes  int // suggestions; 10, none if negative
	Statements int // links stated within each notice; 20
}

// maxIdentifiers bounds what is followed of one notice.
const maxIdentifiers = 256

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		v    *int
		zero int
	}{{&l.Depth, 1}, {&l.Hub, 50}, {&l.Notices, 500}, {&l.Namesakes, 10}, {&l.Statements, 20}} {
		if *f.v == 0 {
			*f.v = f.zero
		}
	}
	return l
}

// Graph is what hangs together with one notice: notices, and between them the
// entities that they share.
type Graph struct {
	Nodes []Node // the first is the notice that was asked for
	Edges []Edge
	Cut   bool // a limit left something out

	index map[string]int  // of a node by its ID
	joins map[[2]int]bool // edges that are there
}

// Node is a notice or an entity.
type Node struct {
	ID        string // of a notice its 64 digits; of an entity TYPE:NORMAL-FORM
	Notice    bool
	Type      string // kind of a notice, or type of an identifier
	Label     string // short name, or the identifier as somebody wrote it
	Bureau    string // of a notice
	Step      int    // how far from the first
	Shared    int    // of an entity: how many notices hold it
	Hub       bool   // too many to be followed
	Suggested bool   // a notice that is here for a name only

	from, by int               // nodes by which it was reached
	of       *query.Identifier // of an entity: as it was first found
}

// Edge joins a notice to an entity that it holds, or for a suggestion two notices.
type Edge struct {
	From, To  int
	Label     string   // what the entity is there: telephone
	Says      []string // what the notice's author states of it, with the source's grade
	Suggested bool
	Score     float64 // of a suggestion
}

func (g *Graph) add(n Node) int {
	if i, ok := g.index[n.ID]; ok {
		return i
	}
	g.index[n.ID] = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	return len(g.Nodes) - 1
}

func (g *Graph) join(e Edge) {
	if at := [2]int{e.From, e.To}; !g.joins[at] {
		g.joins[at] = true
		g.Edges = append(g.Edges, e)
	}
}

// drop takes the last node and the only edge to it away again.
func (g *Graph) drop(node int) {
	e := g.Edges[len(g.Edges)-1]
	delete(g.joins, [2]int{e.From, e.To})
	delete(g.index, g.Nodes[node].ID)
	g.Nodes, g.Edges = g.Nodes[:node], g.Edges[:len(g.Edges)-1]
}

// Linked returns the notices of the graph but the first and the suggested, by
// id, and in words how each is linked.
func (g *Graph) Linked() map[string]string {
	out := make(map[string]string)
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Notice && !n.Suggested && i > 0 {
			out[n.ID] = g.Why(i)
		}
	}
	return out
}

// Why says how a notice of the graph was reached.
func (g *Graph) Why(i int) string {
	n := &g.Nodes[i]
	if i == 0 {
		return ""
	}
	if n.Suggested {
		return fmt.Sprintf("perhaps the same name as in %s; nothing else links them", g.Nodes[n.from].Label)
	}
	by := &g.Nodes[n.by]
	why := fmt.Sprintf("%s %s also in %s", by.Type, by.Label, g.Nodes[n.from].Label)
	if n.Step > 1 {
		why += fmt.Sprintf(", %d steps away", n.Step)
	}
	return why
}
