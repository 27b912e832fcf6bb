package cli

import (
	"slices"
	"strings"

	"comity/ledger/notice"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) searchCommand() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "find notices among those that this bureau may open",
		ArgsUsage: "QUERY",
		Description: "Every term must match. A term is a word, or field:value; a value with spaces stands in quotes.\n\n" +
			"  name:\"Aung Min\"   every word is in one name, in any order\n" +
			"  dob:1998-05       the date of birth may be this one\n" +
			"  doc:X123  phone:+9995550123  country:XC\n" +
			"  id:2f1c90ab  ref:LT-0301  kind:yellow\n\n" +
			"Example: comity search 'name:\"Aung Min\" dob:1998'",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "limit", Usage: "at most `N`; 0 for all", Value: 50},
			purposeFlag(),
			&cli.BoolFlag{Name: "withdrawn", Usage: "also notices that were withdrawn"},
		},
		Action: t.search,
	}
}

func (t *terminal) search(c *cli.Context) error {
	args, err := arguments(c, 1, 100, "what to look for")
	if err != nil {
		return err
	}
	limit := c.Int("limit")
	if limit < 0 {
		return usagef("--limit %d: fewer than none cannot be shown", limit)
	}
	q, err := notice.ParseQuery(strings.Join(requote(args), " "))
	if err != nil {
		return hint(usagef("%s", err), "fields and examples: comity search --help")
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if s.remote != nil {
		return s.searchThroughDesk(c, strings.Join(requote(args), " "), limit)
	}
	if err := s.read(c.Context); err != nil {
		return err
	}
	whys, withdrawn := make(map[*desk.Case]string), false
	f := desk.Filter{Opened: true, Limit: limit, Keep: func(k *desk.Case) bool {
		if k.View == nil {
			return false
		}
		ok, why := k.View.Match(q)
		if ok && k.Withdrawn != 0 && !c.Bool("withdrawn") {
			withdrawn = true
			return false
		}
		if ok {
			whys[k] = why
		}
		return ok
	}}
	list, err := s.cases(c.Context, f)
	if err != nil {
		return err
	}
	if withdrawn {
		t.note("notices that were withdrawn match: --withdrawn shows them")
	}
	if t.asJSON {
		out := make([]caseLine, len(list))
		for i, k := range list {
			out[i] = lineOf(k)
			out[i].Why = whys[k]
		}
		return t.document(out)
	}
	s.tellFound(list, whys)
	return nil
}

// tellFound prints what a search found, and by what.
func (s *session) tellFound(list []*desk.Case, whys map[*desk.Case]string) {
	if len(list) == 0 {
		s.note("nothing active matches among the notices that are open to %s", s.home.Bureau())
		return
	}
	var rows [][]string
	for _, k := range list {
		action := ""
		if k.View != nil && k.View.Card != nil {
			action = strings.ReplaceAll(string(k.View.Action()), "_", " ")
		}
		rows = append(rows, []string{k.Name(), title(k), k.Bureau, k.Status.String(), action, whys[k]})
	}
	s.table([]string{"NOTICE", "KIND", "FROM", "STATUS", "ACTION", "FOUND BY"}, rows)
}

// requote gives a name its quotes back that the shell took away: it makes one
// argument, name:Aung Min, of name:"Aung Min".
func requote(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		value, ok := strings.CutPrefix(a, "name:")
		if ok && strings.Contains(value, " ") && !strings.ContainsAny(value, `":`) {
			out[i] = `name:"` + value + `"`
		}
	}
	return out
}
