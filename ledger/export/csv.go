package export

import (
	"bytes"
	"fmt"
	"strconv"

	"comity/ledger/notice"
	"comity/ledger/query"
)

// csvHeader are the columns: what every line repeats, so that no line loses its
// caveat when a table is sorted or cut, and then one fact.
var csvHeader = []string{"notice", "origin", "id", "status", "as_of_entry", "tlp", "handling", "where", "what", "value", "detail", "source_grade"}

// CSV returns the notice as one fact a line, its caveats on each, and every cell
// safe to open in a spreadsheet.
func CSV(c *Case) ([]byte, error) {
	if err := c.MayExport(); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	v := *c.View
	v.Victim = nil
	t := &table{first: []string{v.Reference, v.Origin.Bureau, v.ID, c.Status, strconv.FormatUint(c.AsOf, 10), "TLP:" + string(tlp(c.marking())), handling(c.marking()).Caveat()}}
	if k := v.Card; k != nil {
		t.add("card", "caveat", k.Caveat, "", "")
		t.add("card", "action", v.Action().Sentence(), "", "")
		t.add("card", "desk", k.Desk.Name, k.Desk.Phone, "")
	}
	t.add("notice", "kind", v.Title(), "", "")
	grade := notice.Grade("")
	if b := v.Body; b != nil {
		grade = b.Grade
		t.add("body", "facts", b.Facts, string(b.Status), grade)
	}
	t.record(query.RecordOf(&v, query.Header{ID: v.ID}), grade)
	if b := v.Body; b != nil {
		for _, l := range b.Links {
			t.add("body.links", l.Relation.String(), l.From+" "+l.Relation.String()+" "+l.To, l.Text, l.Grade)
		}
	}
	if v.Tally != nil {
		t.add("tally", "counters", v.Tally.Summary(), v.Tally.Operation+" "+v.Tally.Sector, "")
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, csvHeader, t.rows); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return out.Bytes(), nil
}

// table collects lines.
type table struct {
	first []string
	rows  [][]string
}

func (t *table) add(where, what, value, detail string, grade notice.Grade) {
	if value != "" {
		t.rows = append(t.rows, append(append([]string(nil), t.first...), where, what, value, detail, string(grade)))
	}
}

// record adds names, dates, identifiers, places and countries.
func (t *table) record(r *query.Record, grade notice.Grade) {
	for _, n := range r.Names {
		t.add(n.At, "name", n.Text, string(n.Use), grade)
	}
	for _, b := range r.Births {
		t.add(b.At, "born", b.Date.String(), "", grade)
	}
	for _, x := range r.Identifiers {
		t.add(x.At, x.Type, x.Text, x.Label, grade)
	}
	for _, p := range r.Places {
		t.add(p.At, "place", p.Text, p.Hash, grade)
	}
	for _, c := range r.Countries {
		t.add(c.At, "country", c.Code, "", grade)
	}
	for _, x := range r.Routes {
		t.add(x.At, x.End, x.Text, "", grade)
	}
}
