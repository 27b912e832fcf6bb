package links

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
)

func decimal(n int) string { return strconv.Itoa(n) }

// Sizes of a drawing, in its units.
const (
	margin   = 90.0
	minSide  = 480.0
	maxSide  = 4000.0
	nodeGap  = 130.0 // on average, in each direction
	lineStep = 13
)

// SVG returns a drawing of the graph: one static file without script, style
// sheet, font or picture from elsewhere, with all foreign text escaped.
func (g *Graph) SVG(title string) []byte {
	d := draw(g)
	side := min(maxSide, max(minSide, nodeGap*math.Sqrt(float64(len(g.Nodes)))*1.3))
	at := fit(d, side)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif" font-size="11" role="img">`+"\n",
		side, side, side, side)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n", escaped(title))
	for i := range g.Edges {
		e := &g.Edges[i]
		dash := ""
		if e.Suggested {
			dash = ` stroke-dasharray="4 4"`
		}
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#8a94a6"%s><title>%s</title></line>`+"\n",
			at[e.From][0], at[e.From][1], at[e.To][0], at[e.To][1], dash, escaped(e.sentence()))
	}
	for i := range g.Nodes {
		drawNode(&b, &g.Nodes[i], at[i][0], at[i][1], i == 0)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// fit scales the layout into a square.
func fit(d *drawing, side float64) [][2]float64 {
	p := d.positions()
	low, high := p[0], p[0]
	for _, v := range p {
		low.X, low.Y = min(low.X, v.X), min(low.Y, v.Y)
		high.X, high.Y = max(high.X, v.X), max(high.Y, v.Y)
	}
	out := make([][2]float64, len(p))
	place := func(v, low, high float64) float64 {
		if high-low < 1e-9 {
			return side / 2
		}
		return margin + (v-low)/(high-low)*(side-2*margin)
	}
	for i, v := range p {
		out[i] = [2]float64{place(v.X, low.X, high.X), place(v.Y, low.Y, high.Y)}
	}
	return out
}

func drawNode(b *bytes.Buffer, n *Node, x, y float64, first bool) {
	fill, stroke, dash := "#e8eef7", "#33507a", ""
	switch {
	case first:
		fill = "#cfe0f7"
	case n.Suggested:
		fill, dash = "#ffffff", ` stroke-dasharray="4 4"`
	case n.Hub:
		fill, stroke, dash = "#f7ead0", "#8a6414", ` stroke-dasharray="2 2"`
	case !n.Notice:
		fill, stroke = "#f4f4f4", "#5b6472"
	}
	if n.Notice {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="22" height="16" rx="3" fill="%s" stroke="%s"%s/>`, x-11, y-8, fill, stroke, dash)
	} else {
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="7" fill="%s" stroke="%s"%s/>`, x, y, fill, stroke, dash)
	}
	one, two := n.caption()
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s<tspan x="%.1f" dy="%d" fill="#5b6472">%s</tspan></text>`+"\n",
		x, y+20, escaped(short(one)), x, lineStep, escaped(short(two)))
}

// short keeps labels from covering each other; the whole text is in the table.
func short(s string) string {
	if r := []rune(s); len(r) > 34 {
		return string(r[:33]) + "…"
	}
	return s
}

// sentence says what an edge means.
func (e *Edge) sentence() string {
	s := append([]string{e.Label}, e.Says...)
	if e.Suggested {
		s[0] = fmt.Sprintf("suggestion, score %.2f: %s", e.Score, e.Label)
	}
	return strings.Join(s, "; ")
}

// escaped returns foreign text for XML.
func escaped(s string) string {
	var b bytes.Buffer
	var lines []string
	for _, l := range strings.Split(s, "; ") {
		lines = append(lines, text(l))
	}
	_ = xml.EscapeText(&b, []byte(strings.Join(lines, "; "))) // a buffer takes all
	return b.String()
}
