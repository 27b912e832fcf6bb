package links

import (
	"math"
	"math/rand/v2"
	"strings"
	"unicode"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/layout"
	"gonum.org/v1/gonum/spatial/r2"
)

// drawing is a graph as gonum sees it. Its nodes come in a fixed order, so the
// same graph is always drawn the same.
type drawing struct {
	g  *Graph
	to [][]int64
}

func draw(g *Graph) *drawing {
	d := &drawing{g, make([][]int64, len(g.Nodes))}
	for _, e := range g.Edges {
		d.to[e.From] = append(d.to[e.From], int64(e.To))
		d.to[e.To] = append(d.to[e.To], int64(e.From))
	}
	return d
}

// vertex is a node of a drawing.
type vertex struct {
	id int64
	n  *Node
}

func (v vertex) ID() int64 { return v.id }

// Node, Nodes, From, HasEdgeBetween and Edge make it a [graph.Undirected].

func (d *drawing) Node(id int64) graph.Node {
	if id < 0 || id >= int64(len(d.g.Nodes)) {
		return nil
	}
	return vertex{id, &d.g.Nodes[id]}
}

func (d *drawing) Nodes() graph.Nodes {
	all := make([]graph.Node, len(d.g.Nodes))
	for i := range all {
		all[i] = d.Node(int64(i))
	}
	return iterator.NewOrderedNodes(all)
}

func (d *drawing) From(id int64) graph.Nodes {
	all := make([]graph.Node, len(d.to[id]))
	for i, to := range d.to[id] {
		all[i] = d.Node(to)
	}
	return iterator.NewOrderedNodes(all)
}

func (d *drawing) HasEdgeBetween(x, y int64) bool { return d.edge(x, y) != nil }

func (d *drawing) edge(x, y int64) *Edge {
	a, b := [2]int{int(x), int(y)}, [2]int{int(y), int(x)}
	if !d.g.joins[a] && !d.g.joins[b] {
		return nil
	}
	for i := range d.g.Edges {
		if at := [2]int{d.g.Edges[i].From, d.g.Edges[i].To}; at == a || at == b {
			return &d.g.Edges[i]
		}
	}
	return nil
}

func (d *drawing) Edge(x, y int64) graph.Edge { return d.EdgeBetween(x, y) }

func (d *drawing) EdgeBetween(x, y int64) graph.Edge {
	if !d.HasEdgeBetween(x, y) {
		return nil
	}
	return line{d.Node(x), d.Node(y), d.edge(x, y)}
}

// line is an edge of a drawing.
type line struct {
	from, to graph.Node
	e        *Edge
}

func (l line) From() graph.Node         { return l.from }
func (l line) To() graph.Node           { return l.to }
func (l line) ReversedEdge() graph.Edge { return line{l.to, l.from, l.e} }

// updates is how long the layout is improved.
const updates = 60

// positions places the nodes: those that are joined near to each other.
func (d *drawing) positions() []r2.Vec {
	eades := layout.EadesR2{Updates: updates, Repulsion: 1, Rate: 0.05, Theta: 0.4, Src: rand.NewPCG(1, 1)}
	o := layout.NewOptimizerR2(d, eades.Update)
	for o.Update() {
	}
	out := make([]r2.Vec, len(d.g.Nodes))
	for i := range out {
		p := o.Coord2(int64(i))
		if math.IsNaN(p.X) || math.IsNaN(p.Y) || math.IsInf(p.X, 0) || math.IsInf(p.Y, 0) {
			p = r2.Vec{X: float64(i), Y: 0}
		}
		out[i] = p
	}
	return out
}

// text returns foreign text for a label: visible characters only, and few.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return '□'
		}
		return r
	}, strings.ToValidUTF8(s, "□"))
	if runes := []rune(s); len(runes) > maxLabel {
		return string(runes[:maxLabel-1]) + "…"
	}
	return s
}

const maxLabel = 80

// caption says what a node is, in two lines at most.
func (n *Node) caption() (first, second string) {
	switch {
	case n.Notice && n.Suggested:
		return text(n.Label), "perhaps: name only"
	case n.Notice:
		return text(n.Label), text(strings.TrimSpace(n.Type + ", " + n.Bureau))
	case n.Hub:
		return text(n.Label), text(n.Type + ", shared by " + thousands(n.Shared) + " notices")
	}
	return text(n.Label), text(n.Type)
}

func thousands(n int) string {
	if n < 1000 {
		return decimal(n)
	}
	rest := decimal(n%1000 + 1000)
	return thousands(n/1000) + "," + rest[1:]
}
