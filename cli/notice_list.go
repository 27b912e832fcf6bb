package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) noticeListCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the notices that this bureau may open, newest first",
		Description: "--all lists the others as well, of which only the header is known.\n\n" +
			"Example: comity notice list --kind yellow --status live --limit 20",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "kind", Usage: "only this `KIND`, or a diffusion of this colour"},
			&cli.StringFlag{Name: "status", Usage: "`STATUS`: live (not ended), submitted, active, returned, suspended, withdrawn, ..."},
			&cli.StringFlag{Name: "bureau", Usage: "only of the bureau with this `CODE`"},
			&cli.IntFlag{Name: "limit", Usage: "at most `N`; 0 for all", Value: 50},
			&cli.BoolFlag{Name: "all", Usage: "also those that are not for this bureau"},
		},
		Action: t.noticeList,
	}
}

func (t *terminal) noticeList(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	f := desk.Filter{Bureau: c.String("bureau"), Opened: !c.Bool("all"), Limit: c.Int("limit")}
	if f.Limit < 0 {
		return usagef("--limit %d: fewer than none cannot be shown", f.Limit)
	}
	switch status := c.String("status"); status {
	case "":
	case "live":
		f.Live = true
	default:
		var ok bool
		if f.Status, ok = state.ParseStatus(status); !ok {
			return hint(usagef("there is no status %q", status),
				"live, submitted, active, returned, suspended, withdrawn, refused, cancelled, expired or purged")
		}
	}
	if text := c.String("kind"); text != "" {
		kind, err := kindFlag(text)
		if err != nil {
			return err
		}
		f.Keep = func(k *desk.Case) bool { return k.IsKind(kind) }
	}
	s, err := t.open(c)
	if err != nil {
		return err
	}
	defer s.close()
	if f.Bureau != "" {
		if _, ok := s.genesis.Member(f.Bureau); !ok {
			return usagef("--bureau %s: no bureau of this ledger has this code", f.Bureau)
		}
	}
	if err := s.readCases(c.Context); err != nil {
		return err
	}
	list, err := s.cases(c.Context, f)
	if err != nil {
		return err
	}
	if t.asJSON {
		out := make([]caseLine, len(list))
		for i, k := range list {
			out[i] = lineOf(k)
		}
		return t.document(out)
	}
	if len(list) == 0 {
		if c.Bool("all") {
			t.note("the ledger holds no such notice")
		} else {
			t.note("no such notice is open to %s; with the sealed ones: comity notice list --all", s.home.Bureau())
		}
		return nil
	}
	s.tellCases(list)
	return nil
}

// cases returns what a filter lets pass, newest first, and says when the limit
// left some out.
func (s *session) cases(ctx context.Context, f desk.Filter) ([]*desk.Case, error) {
	limit := f.Limit
	if limit > 0 {
		f.Limit++
	}
	list, err := s.reader().Cases(ctx, f)
	if err != nil {
		return nil, err
	}
	if limit > 0 && len(list) > limit {
		list = list[len(list)-limit:]
		s.note("these are the newest %s; there are more: --limit 0 shows all", count(limit))
	}
	slices.Reverse(list)
	return list, nil
}

// caseLine is a case in a list, as --json shows it.
type caseLine struct {
	ID        ledger.ID      `json:"id"`
	Index     uint64         `json:"index"`
	Reference string         `json:"reference,omitempty"`
	Kind      string         `json:"kind"`
	Colour    string         `json:"colour,omitempty"`
	Bureau    string         `json:"bureau"`
	Urgency   string         `json:"urgency"`
	Status    string         `json:"status"`
	Reviewed  bool           `json:"reviewed"`
	ReviewDue bool           `json:"review_due,omitempty"`
	Blocked   bool           `json:"blocked,omitempty"` // at a person's request
	Doubt     string         `json:"doubt,omitempty"`   // why it deserves a look
	Time      uint64         `json:"time"`              // ledger time, POSIX ms
	Opened    bool           `json:"opened"`
	Action    notice.Action  `json:"action,omitempty"`
	Readers   notice.Readers `json:"readers,omitempty"`
	Replies   int            `json:"replies"`
	Why       string         `json:"why,omitempty"` // of a hit of a search
}

func lineOf(k *desk.Case) caseLine {
	l := caseLine{ID: k.ID, Index: k.Index, Reference: k.Reference(), Kind: k.Public.Kind.String(), Bureau: k.Bureau,
		Urgency: k.Public.Urgency.String(), Status: k.Status.String(), Reviewed: k.Reviewed, ReviewDue: k.ReviewDue, Blocked: k.Blocked, Doubt: k.Doubt(), Time: k.Time, Opened: k.View != nil, Replies: len(k.Replies)}
	if v := k.View; v != nil {
		l.Kind, l.Action, l.Readers = v.Kind.String(), v.Action(), v.Readers
		if v.Colour != ledger.KindUndisclosed {
			l.Colour = v.Colour.String()
		}
	}
	return l
}

func (s *session) tellCases(list []*desk.Case) {
	var rows [][]string
	for _, k := range list {
		rows = append(rows, []string{k.Name(), k.ID.String()[:8], title(k), k.Bureau, k.Public.Urgency.String(), inDoubt(k), minute(k.Time), answers(k)})
	}
	s.table([]string{"NOTICE", "ID", "KIND", "FROM", "URGENCY", "STATUS", "SINCE", "ANSWERS"}, rows)
}

// inDoubt is the status of a notice in a list.
func inDoubt(k *desk.Case) string {
	if k.Doubt() != "" {
		return k.Status.String() + ", DOUBT"
	}
	return k.Status.String()
}

// title says what kind of notice it is, as far as it is known here.
func title(k *desk.Case) string {
	switch {
	case k.View != nil:
		return k.View.Title()
	case k.Outdated():
		return k.Public.Kind.String() + ", changed since"
	}
	return k.Public.Kind.String() + ", sealed"
}

// answers counts replies by type: "2 ack, 1 hit".
func answers(k *desk.Case) string {
	counts := make(map[notice.ReplyType]int)
	var order []notice.ReplyType
	for _, r := range k.Replies {
		if counts[r.Type] == 0 {
			order = append(order, r.Type)
		}
		counts[r.Type]++
	}
	var parts []string
	for _, kind := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[kind], strings.ReplaceAll(string(kind), "_", " ")))
	}
	return strings.Join(parts, ", ")
}
