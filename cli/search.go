package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"comity/ledger/export"
	"comity/ledger/query"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) searchCommand() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "find notices among those that this bureau may open, best first",
		ArgsUsage: "QUERY",
		Description: "A term is FIELD:VALUE, FIELD~VALUE for what is like it, or a word; a value with spaces stands in \"quotes\".\n" +
			"Terms that follow each other must all match; OR, NOT and brackets work as well. All fields: comity search --fields\n\n" +
			"  'name:\"Aung Min\" dob:1998'           every word is in one name; the date of birth may be this one\n" +
			"  'name~\"Awng Myin\" dob~1998'          also other spellings, and a year more or less\n" +
			"  'doc:X123 OR phone:+9995550123'      identifiers, however they are written\n" +
			"  'country:XC,XD kind!=red time:-7d'   lists, negation (or NOT kind:red), the last 7 days\n" +
			"  'link:LT-0301 depth:2'               what is linked to a notice\n\n" +
			"Example: comity search 'name:\"Aung Min\" dob:1995..1999'",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "at most `N`; 0 for all", Value: 50},
			purposeFlag(),
			&cli.BoolFlag{Name: "withdrawn", Usage: "also notices that were withdrawn"},
			&cli.StringFlag{Name: "format", Usage: "`FORM` of the result: table, ndjson, json or csv", Value: "table"},
			&cli.BoolFlag{Name: "fields", Usage: "show all fields, with what each means and takes"},
			&cli.BoolFlag{Name: "explain", Usage: "show how the query was understood, and of each hit every reason"},
		},
		Action: t.search,
	}
}

// searching is what one search was asked to do.
type searching struct {
	format    string
	explain   bool
	withdrawn bool
	limit     int
	query     *query.Query
	text      string // of the query
	purpose   string
}

func (t *terminal) search(c *cli.Context) error {
	if c.Bool("fields") {
		return t.searchFields(c)
	}
	args, err := arguments(c, 1, 200, "what to look for")
	if err != nil {
		return err
	}
	w := searching{format: c.String("format"), explain: c.Bool("explain"), withdrawn: c.Bool("withdrawn"), limit: c.Int("limit"), purpose: c.String("purpose")}
	if w.limit < 0 {
		return usagef("--limit %d: fewer than none cannot be shown", w.limit)
	}
	if w.format, err = t.formatOf(c); err != nil {
		return err
	}
	if w.query, w.text, err = t.parseQuery(args); err != nil {
		return err
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.readCases(c.Context); err != nil {
		return err
	}
	return s.seek(c.Context, w)
}

// formatOf reads --format; --json is one of them.
func (t *terminal) formatOf(c *cli.Context) (string, error) {
	format := c.String("format")
	switch {
	case format != "table" && format != "ndjson" && format != "json" && format != "csv":
		return "", usagef("--format %s: want table, ndjson, json or csv", format)
	case t.asJSON && c.IsSet("format") && format != "json":
		return "", usagef("--json and --format %s: choose one", format)
	case t.asJSON:
		return "json", nil
	}
	return format, nil
}

// parseQuery reads the words of a command line as one query.
func (t *terminal) parseQuery(args []string) (*query.Query, string, error) {
	text := strings.Join(t.requote(args), " ")
	q, err := query.Parse(text, time.Now())
	var e *query.Error
	if errors.As(err, &e) {
		advice := "fields and examples: comity search --fields"
		if e.Hint != "" {
			advice = e.Hint
		}
		return nil, "", hint(usagef("%s", e), "%s", advice)
	}
	return q, text, err
}

// unquoted is an argument whose quotes the shell has taken away.
var unquoted = regexp.MustCompile(`^-?(name|place|op|text|from|via|to|iban|phone|doc|plate)(:|~|=|!=)([^\s":~=<>()][^":~=<>()]*\s[^":~=<>()]*)$`)

var keyword = regexp.MustCompile(`\s(AND|OR|NOT)\s`)

// requote gives a value its quotes back that the shell took away: it makes one
// argument, name:Aung Min, of name:"Aung Min", and says so.
func (t *terminal) requote(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		m := unquoted.FindStringSubmatch(a)
		if m == nil || keyword.MatchString(a) {
			continue
		}
		out[i] = strings.TrimSuffix(a, m[3]) + `"` + strings.TrimSpace(m[3]) + `"`
		t.note("understood as %s", out[i])
	}
	return out
}

// seek looks, and tells what is found.
func (s *session) seek(ctx context.Context, w searching) error {
	f, err := s.lookFor(ctx, w)
	if err != nil {
		return err
	}
	if w.explain {
		s.tellPlan(w)
	}
	if err := s.tellFound(w, f.Found); err != nil {
		return err
	}
	switch {
	case len(f.Found) == 0:
		s.note("nothing active matches among the notices that are open to %s", s.home.Bureau())
	case f.More:
		s.note("these are the best %s; more match than are counted: narrow it down", count(len(f.Found)))
	case len(f.Found) < f.Total:
		s.note("these are the best %s of %s; all: --limit 0", count(len(f.Found)), count(f.Total))
	}
	if f.Ended > 0 {
		s.note("%s match: --withdrawn shows them", plural(f.Ended, "notice that was withdrawn would", "notices that were withdrawn would"))
	}
	s.note("%s", s.asOfEntry())
	return nil
}

// asOfEntry says how far the ledger is known here, or at the desk.
func (s *session) asOfEntry() string {
	size, at := s.known()
	return fmt.Sprintf("as of entry %s, %s ago", count(size), age(time.Since(at)))
}

// known returns how many entries are known, and the ledger time of the last.
func (s *session) known() (uint64, time.Time) {
	if s.remote != nil {
		return s.remoteSize, time.UnixMilli(int64(s.remoteTime))
	}
	final, _, at := s.desk.Final()
	return final.Size, at
}

// foundLine is a hit as programs read it.
type foundLine struct {
	caseLine
	Score float64  `json:"score"`
	Whys  []string `json:"reasons"`
	AsOf  uint64   `json:"as_of_entry"`
}

// tellFound prints hits in the form that was asked for.
func (s *session) tellFound(w searching, found []desk.Found) error {
	if w.format == "table" {
		s.tellHits(w, found)
		return nil
	}
	size, _ := s.known()
	lines := make([]foundLine, len(found))
	rows := make([][]string, len(found))
	for i, f := range found {
		lines[i] = foundLine{lineOf(f.Case), round2(f.Score), f.Why, size}
		lines[i].Why = strings.Join(f.Why, "; ")
		l := &lines[i]
		rows[i] = []string{f.Name(), l.ID.String(), l.Kind, l.Colour, l.Bureau, l.Urgency, l.Status, clock(l.Time), string(l.Action),
			fmt.Sprintf("%.2f", f.Score), l.Why, fmt.Sprint(size)}
	}
	switch w.format {
	case "csv":
		header := []string{"notice", "id", "kind", "colour", "bureau", "urgency", "status", "time", "action", "score", "found_by", "as_of_entry"}
		return export.WriteCSV(s.stdout, header, rows)
	case "ndjson":
		for _, l := range lines {
			data, err := json.Marshal(l)
			if err != nil {
				return fmt.Errorf("write json: %w", err)
			}
			if _, err := s.stdout.Write(append(escapeJSON(data), '\n')); err != nil {
				return fmt.Errorf("write json: %w", err)
			}
		}
		return nil
	}
	return s.document(lines)
}

func round2(f float64) float64 { return float64(int(f*100+0.5)) / 100 }

func (s *session) tellHits(w searching, found []desk.Found) {
	var rows [][]string
	for _, f := range found {
		action := ""
		if f.View.Card != nil {
			action = strings.ReplaceAll(string(f.View.Action()), "_", " ")
		}
		why := strings.Join(f.Why, "; ")
		if w.explain {
			why = ""
		}
		rows = append(rows, []string{f.Name(), title(f.Case), f.Bureau, f.Status.String(), action, fmt.Sprintf("%.2f", f.Score), why})
	}
	header := []string{"NOTICE", "KIND", "FROM", "STATUS", "ACTION", "SCORE", "FOUND BY"}
	if !w.explain {
		if len(rows) > 0 {
			s.table(header, rows)
		}
		return
	}
	for i, f := range found {
		s.table(header[:6], [][]string{rows[i][:6]})
		for _, why := range f.Why {
			s.say("  %s", why)
		}
	}
}

// tellPlan says how the query was understood: before the hits of a table, else
// beside them.
func (s *session) tellPlan(w searching) {
	tell := s.say
	if w.format != "table" {
		tell = s.note
	}
	for _, line := range w.query.Explain() {
		tell("%s", line)
	}
}
