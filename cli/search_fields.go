package cli

import (
	"strings"

	"comity/ledger/export"
	"comity/ledger/query"

	"github.com/urfave/cli/v2"
)

// fieldLine is a field of the query language as programs read it.
type fieldLine struct {
	Name      string   `json:"field"`
	Operators []string `json:"operators"`
	Means     string   `json:"means"`
	Values    []string `json:"values,omitempty"` // of a closed list
	Example   string   `json:"example"`
}

// searchFields documents every field.
func (t *terminal) searchFields(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	format, err := t.formatOf(c)
	if err != nil {
		return err
	}
	var lines []fieldLine
	var rows [][]string
	for _, f := range query.Fields() {
		l := fieldLine{Name: f.Name, Means: f.Means, Values: f.Words, Example: f.Example, Operators: []string{":", "=", "!="}}
		for _, op := range f.Ops[1:] {
			l.Operators = append(l.Operators, string(op))
		}
		lines = append(lines, l)
		rows = append(rows, []string{l.Name, strings.Join(l.Operators, " "), l.Example, l.Means})
	}
	switch format {
	case "json", "ndjson":
		return t.document(lines)
	case "csv":
		return export.WriteCSV(t.stdout, []string{"field", "operators", "example", "means"}, rows)
	}
	for i, l := range lines {
		t.say("%s", l.Name)
		t.text("    ", l.Means)
		if len(l.Values) > 0 {
			t.text("    ", "one of "+strings.Join(l.Values, ", "))
		}
		t.text("    ", "operators "+rows[i][1]+"   for example "+l.Example)
	}
	t.say("")
	t.text("", "Terms that follow each other must all match. OR, NOT (or - before a term) and brackets; AND may be written.\n"+
		"= means :, != and - mean NOT. A value with spaces stands in \"quotes\". A..B, A.. and ..B are ranges, A,B is a list.\n"+
		"As the first word of a command line, -country:TH is also NOT country:TH; other words with a dash stand behind --.")
	return nil
}
