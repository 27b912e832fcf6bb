package links

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"comity/ledger/query"

	"gonum.org/v1/gonum/graph/encoding/dot"
	"gonum.org/v1/gonum/graph/formats/gexf12"
	"gonum.org/v1/gonum/graph/simple"
)

// hostileLabels try to break out of every form.
var hostileLabels = []string{
	`<script>alert(1)</script>`, `"];evil [label="x`, `<<b>html</b>>`, `"quoted"`, "a\u202eb\x1b[31m\x00", `]]><image href="http://x"/>`, `\N\n\\`, `&lt;&#106;`, "two\nlines",
}

func hostileGraph(t *testing.T) *Graph {
	t.Helper()
	a, b := record(0, phone(1), phone(2)), record(1, phone(1), phone(2))
	c := record(2, phone(7))
	for i, l := range hostileLabels {
		a.Identifiers = append(a.Identifiers, query.Identifier{Type: query.Doc, Norm: "D" + decimal(i), Text: l, Label: l, Entity: "ph0"})
		b.Identifiers = append(b.Identifiers, query.Identifier{Type: query.Doc, Norm: "D" + decimal(i), Text: l})
	}
	a.Names[0].Text, b.Reference = hostileLabels[0], hostileLabels[1]
	c.Names[0].Text = a.Names[0].Text
	g, err := Grow(NewMemory([]*query.Record{a, b, c}), a.ID, Limits{Depth: 2})
	if err != nil || len(g.Nodes) < len(hostileLabels)+4 {
		t.Fatalf("%d nodes, %v", len(g.Nodes), err)
	}
	return g
}

func TestSVGIsStatic(t *testing.T) {
	g := hostileGraph(t)
	data := g.SVG(hostileLabels[0])
	if !bytes.Equal(data, hostileGraph(t).SVG(hostileLabels[0])) {
		t.Error("the same graph is drawn in two ways")
	}
	allowed := map[string]bool{"svg": true, "title": true, "rect": true, "line": true, "circle": true, "text": true, "tspan": true}
	dec, rects, circles := xml.NewDecoder(bytes.NewReader(data)), 0, 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if !allowed[tok.Name.Local] {
				t.Errorf("an element %s", tok.Name.Local)
			}
			for _, a := range tok.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Name.Local, "href") || a.Name.Local == "style" {
					t.Errorf("an attribute %s", a.Name.Local)
				}
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s is %s", a.Name.Local, a.Value)
				}
			}
			switch tok.Name.Local {
			case "rect":
				rects++
			case "circle":
				circles++
			}
		case xml.CharData:
			if strings.ContainsAny(string(tok), "\x1b\x00\u202e") {
				t.Errorf("%q shows what does not show", tok)
			}
		}
	}
	if rects+circles != len(g.Nodes)+1 { // and the ground
		t.Errorf("%d of %d nodes are drawn", rects+circles-1, len(g.Nodes))
	}
}

// TestDOTParses has gonum read back what a Graphviz would.
func TestDOTParses(t *testing.T) {
	g := hostileGraph(t)
	data, err := g.DOT()
	if err != nil {
		t.Fatal(err)
	}
	back := simple.NewUndirectedGraph()
	if err := dot.Unmarshal(data, back); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if back.Nodes().Len() != len(g.Nodes) || back.Edges().Len() != len(g.Edges) {
		t.Errorf("%d nodes and %d edges, want %d and %d", back.Nodes().Len(), back.Edges().Len(), len(g.Nodes), len(g.Edges))
	}
	if strings.Contains(string(data), "label=<") {
		t.Errorf("a label is HTML:\n%s", data)
	}
}

func TestGEXFParses(t *testing.T) {
	g := hostileGraph(t)
	data, err := g.GEXF("test")
	if err != nil {
		t.Fatal(err)
	}
	var back gexf12.Content
	if err := xml.Unmarshal(data, &back); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	if len(back.Graph.Nodes.Nodes) != len(g.Nodes) || len(back.Graph.Edges.Edges) != len(g.Edges) {
		t.Errorf("%d nodes and %d edges", len(back.Graph.Nodes.Nodes), len(back.Graph.Edges.Edges))
	}
	if got, want := back.Graph.Nodes.Nodes[0].Label, g.Nodes[0].Label; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDrawingOfOne(t *testing.T) {
	g, err := Grow(NewMemory([]*query.Record{record(0)}), record(0).ID, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if svg := g.SVG("one"); !bytes.Contains(svg, []byte("XA-0000")) {
		t.Errorf("got %s", svg)
	}
	if _, err := g.DOT(); err != nil {
		t.Error(err)
	}
	for n, want := range map[int]string{7: "7", 999: "999", 1000: "1,000", 10_000: "10,000", 1_002_003: "1,002,003"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s", n, got)
		}
	}
}
