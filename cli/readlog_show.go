package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/desk/readlog"

	"github.com/urfave/cli/v2"
)

func (t *terminal) readlogShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "list reads, or with --findings what is unusual about them",
		ArgsUsage: "[FILE]",
		Description: "Findings are many different notices in a short time, reads at night, and crashes of the desk. They\n" +
			"accuse nobody. The exit code is 0, 1 the log is broken, 2 it ends within a record, 3 usage, 4 there are findings.\n\n" +
			"Example: comity readlog show --findings --night 20-06 --zone Asia/Bangkok",
		Flags: []cli.Flag{
			headsFlag(),
			&cli.BoolFlag{Name: "findings", Usage: "only what is unusual"},
			&cli.StringFlag{Name: "by", Usage: "only reads by the officer with this `LABEL`"},
			&cli.StringFlag{Name: "notice", Usage: "only reads of the notice with this `ID`; 8 digits are enough"},
			&cli.IntFlag{Name: "limit", Usage: "the last `N`; 0 for all", Value: 50},
			&cli.IntFlag{Name: "bulk", Usage: "more than `N` different notices within the window are a finding", Value: readlog.DefaultPolicy.Bulk},
			&cli.DurationFlag{Name: "window", Usage: "the `TIME` in which they are counted", Value: readlog.DefaultPolicy.Window},
			&cli.StringFlag{Name: "night", Usage: "`HOURS` from-to that are night, or none", Value: "22-06"},
			&cli.StringFlag{Name: "zone", Usage: "`NAME` of the time zone of these hours (default: this machine's)"},
		},
		Action: func(c *cli.Context) error { return settled(t.readlogShow(c)) },
	}
}

// readRecord is one line of the log, as --json shows it.
type readRecord struct {
	Number  uint64     `json:"number"`
	Time    uint64     `json:"time"` // POSIX ms
	Officer string     `json:"officer,omitempty"`
	Key     *keys.ID   `json:"key,omitempty"`
	How     string     `json:"how"`
	Parts   []string   `json:"parts,omitempty"`
	Notice  *ledger.ID `json:"notice,omitempty"`
	Entry   *uint64    `json:"entry,omitempty"`
	Purpose string     `json:"purpose,omitempty"`
}

func readRecordOf(r *readlog.Record) readRecord {
	if r.Mended != nil {
		return readRecord{Number: r.Number, Time: r.Time, How: "mended"}
	}
	x := r.Read
	out := readRecord{r.Number, r.Time, x.Label, &x.Officer, x.How.String(), strings.Fields(x.Parts.String()), &x.Notice, &x.Entry, x.Purpose}
	if x.Entry == readlog.Unlogged { // a draft
		out.Entry = nil
	}
	return out
}

func (t *terminal) readlogShow(c *cli.Context) error {
	policy, err := watchPolicy(c)
	if err != nil {
		return err
	}
	limit := c.Int("limit")
	if limit < 0 {
		return usagef("--limit %d: fewer than none cannot be shown", limit)
	}
	heads, err := t.keptHeads(c)
	if err != nil {
		return err
	}
	f, name, err := t.logFile(c)
	if err != nil {
		return err
	}
	defer f.Close()
	watch := readlog.NewWatch(policy)
	by, prefix := c.String("by"), c.String("notice")
	list, more := []readRecord{}, 0
	out, err := verifyLog(f, name, heads, func(r *readlog.Record) error {
		watch.Add(r)
		if x := r.Read; by != "" && (x == nil || x.Label != by) || prefix != "" && (x == nil || !strings.HasPrefix(x.Notice.String(), prefix)) {
			return nil
		}
		if list = append(list, readRecordOf(r)); limit > 0 && len(list) > 2*limit {
			more += len(list) - limit
			list = append([]readRecord(nil), list[len(list)-limit:]...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if limit > 0 && len(list) > limit {
		more += len(list) - limit
		list = list[len(list)-limit:]
	}
	if c.Bool("findings") {
		err = t.tellFindings(watch.Findings(), by)
	} else {
		err = t.tellReads(list, more)
	}
	if err != nil && err != errFindings {
		return err
	}
	switch {
	case out.Verdict == logBroken:
		t.note("%s is broken from here on: %s", inputName(name), out.Reason)
		return errNotAuthentic
	case out.torn:
		t.note("%s: %s", inputName(name), out.Reason)
		return errCannotTell
	}
	return err
}

func (t *terminal) tellReads(list []readRecord, more int) error {
	if t.asJSON {
		return t.document(list)
	}
	if len(list) == 0 {
		t.note("no such read is in the log")
		return nil
	}
	if more > 0 {
		t.note("these are the last %s; there are %s more: --limit 0 shows all", count(len(list)), count(more))
	}
	var rows [][]string
	for _, r := range list {
		if r.Notice == nil {
			rows = append(rows, []string{count(r.Number), clock(r.Time), "", r.How, "", "", "a record that was not whole was cut off"})
			continue
		}
		who := r.Officer
		if who == "" {
			who = r.Key.String()[:12]
		}
		rows = append(rows, []string{count(r.Number), clock(r.Time), who, r.How, strings.Join(r.Parts, " "), r.Notice.String()[:12], r.Purpose})
	}
	t.table([]string{"RECORD", "TIME", "OFFICER", "HOW", "PARTS", "NOTICE", "PURPOSE"}, rows)
	return nil
}

// findingLine is a finding, as --json shows it.
type findingLine struct {
	Kind    readlog.FindingKind `json:"kind"`
	Officer string              `json:"officer,omitempty"`
	Key     *keys.ID            `json:"key,omitempty"`
	First   uint64              `json:"first"`
	Last    uint64              `json:"last"`
	From    uint64              `json:"from"`
	To      uint64              `json:"to"`
	Reads   int                 `json:"reads,omitempty"`
	Notices int                 `json:"notices,omitempty"`
	Text    string              `json:"text"`
}

func (t *terminal) tellFindings(found []*readlog.Finding, by string) error {
	lines := []findingLine{}
	for _, f := range found {
		if by != "" && f.Label != by {
			continue
		}
		l := findingLine{f.Kind, f.Label, nil, f.First, f.Last, f.From, f.To, f.Reads, f.Notices, f.String()}
		if f.Officer != (keys.ID{}) {
			l.Key = &f.Officer
		}
		lines = append(lines, l)
	}
	if t.asJSON {
		if err := t.document(lines); err != nil {
			return err
		}
	}
	for _, l := range lines {
		if !t.asJSON {
			t.put(t.paint(yellow, "FOUND") + "   " + visible(l.Text))
		}
	}
	if len(lines) > 0 {
		return errFindings
	}
	if !t.asJSON {
		t.note("nothing unusual")
	}
	return nil
}

// watchPolicy reads the flags that say what is unusual.
func watchPolicy(c *cli.Context) (readlog.Policy, error) {
	p := readlog.Policy{Bulk: c.Int("bulk"), Window: c.Duration("window"), Zone: time.Local}
	if p.Bulk < 1 || p.Window < time.Minute {
		return p, usagef("--bulk is 1 or more, --window a minute or more")
	}
	if name := c.String("zone"); name != "" {
		var err error
		if p.Zone, err = time.LoadLocation(name); err != nil {
			return p, hint(usagef("--zone %s: no such time zone", name), "names such as Asia/Bangkok, or UTC")
		}
	}
	text := c.String("night")
	if text == "none" {
		return p, nil
	}
	from, to, ok := strings.Cut(text, "-")
	var err1, err2 error
	p.NightFrom, err1 = strconv.Atoi(from)
	p.NightTo, err2 = strconv.Atoi(to)
	if !ok || err1 != nil || err2 != nil || !isHour(p.NightFrom) || !isHour(p.NightTo) || p.NightFrom == p.NightTo {
		return p, hint(usagef("--night %s: want two hours", text), "such as %s, or none", fmt.Sprintf("%02d-%02d", 22, 6))
	}
	return p, nil
}

func isHour(h int) bool { return 0 <= h && h <= 23 }
