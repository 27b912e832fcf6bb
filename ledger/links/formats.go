package links

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"

	"gonum.org/v1/gonum/graph/encoding"
	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/formats/gexf12"
)

// quoted returns foreign text as a string of DOT that is complete in itself: the
// encoder passes on what looks like HTML or like a quoted string already.
func quoted(s string) string { return strconv.Quote(text(s)) }

// DOTID names the node in DOT: by number, as ids hold foreign text.
func (v vertex) DOTID() string { return "n" + decimal(int(v.id)) }

// Attributes say how Graphviz shows the node.
func (v vertex) Attributes() []encoding.Attribute {
	one, two := v.n.caption()
	shape, style := "ellipse", "solid"
	if v.n.Notice {
		shape = "box"
	}
	if v.n.Hub || v.n.Suggested {
		style = "dashed"
	}
	label := strconv.Quote(one + "\n" + two)
	return []encoding.Attribute{{Key: "label", Value: label}, {Key: "shape", Value: shape}, {Key: "style", Value: style}}
}

// Attributes say how Graphviz shows the edge.
func (l line) Attributes() []encoding.Attribute {
	style := "solid"
	if l.e.Suggested {
		style = "dashed"
	}
	return []encoding.Attribute{{Key: "tooltip", Value: quoted(l.e.sentence())}, {Key: "style", Value: style}}
}

// DOT returns the graph for Graphviz.
func (g *Graph) DOT() ([]byte, error) {
	data, err := dot.Marshal(draw(g), "links", "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write dot: %w", err)
	}
	return append(data, '\n'), nil
}

// GEXF returns the graph for Gephi and its like, as GEXF 1.2, with positions.
func (g *Graph) GEXF(description string) ([]byte, error) {
	at := fit(draw(g), minSide)
	out := gexf12.Content{Version: "1.2", Meta: &gexf12.Meta{Creator: "comity", Description: text(description)}}
	out.Graph = gexf12.Graph{DefaultEdgeType: "undirected", Mode: "static", Attributes: []gexf12.Attributes{
		{Class: "node", Attributes: []gexf12.Attribute{
			{ID: "type", Title: "type", Type: "string"}, {ID: "step", Title: "steps from the first", Type: "integer"},
			{ID: "shared", Title: "notices that hold it", Type: "integer"}, {ID: "suggested", Title: "by a name only", Type: "boolean"},
		}},
		{Class: "edge", Attributes: []gexf12.Attribute{{ID: "says", Title: "stated, with the source's grade", Type: "string"}}},
	}}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		kind := "entity " + n.Type
		if n.Notice {
			kind = "notice " + n.Type
		}
		out.Graph.Nodes.Nodes = append(out.Graph.Nodes.Nodes, gexf12.Node{
			ID: decimal(i), Label: text(n.Label), Position: &gexf12.Position{X: at[i][0], Y: at[i][1]},
			AttValues: &gexf12.AttValues{AttValues: []gexf12.AttValue{
				{For: "type", Value: text(kind)}, {For: "step", Value: decimal(n.Step)}, {For: "shared", Value: decimal(n.Shared)},
				{For: "suggested", Value: strconv.FormatBool(n.Suggested)},
			}},
		})
	}
	for i := range g.Edges {
		e := &g.Edges[i]
		out.Graph.Edges.Edges = append(out.Graph.Edges.Edges, gexf12.Edge{
			ID: decimal(i), Source: decimal(e.From), Target: decimal(e.To), Label: text(e.Label),
			AttValues: &gexf12.AttValues{AttValues: []gexf12.AttValue{{For: "says", Value: text(e.sentence())}}},
		})
	}
	out.Graph.Nodes.Count, out.Graph.Edges.Count = len(g.Nodes), len(g.Edges)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(out); err != nil {
		return nil, fmt.Errorf("write gexf: %w", err)
	}
	return append(b.Bytes(), '\n'), nil
}
