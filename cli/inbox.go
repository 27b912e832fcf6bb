package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"

	"github.com/urfave/cli/v2"
)

func (t *terminal) inboxCommand() *cli.Command {
	return &cli.Command{
		Name:  "inbox",
		Usage: "show what waits for you and your bureau, what is overdue first",
		Description: "ESCALATED is what nobody answered in time: call. Then come hits and requests by urgency and the\n" +
			"time that is left, what waits for a second officer, new notices, and reviews that come up. What a hit\n" +
			"or a request says is shown by comity notice show, or with --words; either is recorded.\n\n" +
			"Example: comity inbox",
		Flags: []cli.Flag{asOfFlag(), &cli.IntFlag{Name: "limit", Usage: "at most `N`; 0 for all", Value: 50},
			&cli.BoolFlag{Name: "words", Usage: "also what hits and requests say"}, purposeFlag()},
		Action: t.inbox,
	}
}

// asOfFlag is on commands that judge deadlines.
func asOfFlag() cli.Flag {
	return &cli.StringFlag{Name: "as-of", Usage: "as it stands at `TIME`, such as 2026-11-22T10:05:00Z (default: now)"}
}

// asOf returns the time for which deadlines are judged.
func (s *session) asOf(c *cli.Context) (uint64, error) {
	text := c.String("as-of")
	if text == "" {
		if s.desk == nil { // of a session that only asks the bureau's desk
			return uint64(time.Now().UnixMilli()), nil
		}
		return s.desk.AsOf(time.Now()), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return 0, usagef("--as-of %s: want a time such as 2026-11-22T10:05:00Z", text)
	}
	return uint64(at.UnixMilli()), nil
}

// task is something to do, as --json shows it.
type task struct {
	Task      string `json:"task"`
	Escalated bool   `json:"escalated"`
	Notice    string `json:"notice,omitempty"`
	NoticeID  string `json:"notice_id,omitempty"`
	ID        string `json:"id,omitempty"` // of the hit, the request or the draft
	Bureau    string `json:"bureau"`
	Urgency   string `json:"urgency"`
	Since     uint64 `json:"since"`          // POSIX ms
	Due       uint64 `json:"due,omitempty"`  // POSIX ms
	Left      *int64 `json:"left,omitempty"` // seconds; less than none when it is overdue
	Text      string `json:"text,omitempty"`
	Drafts    int    `json:"drafts,omitempty"` // how many are sent together, if several
	Do        string `json:"do"`               // the command that does it
}

func (t *terminal) inbox(c *cli.Context) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	limit := c.Int("limit")
	if limit < 0 {
		return usagef("--limit %d: fewer than none cannot be shown", limit)
	}
	s, err := t.openToRead(c)
	if err != nil {
		return err
	}
	defer s.close()
	if s.remote != nil { // the drafts are here, and the cases there
		if err := s.readCases(c.Context); err != nil {
			return err
		}
	}
	if err := s.opensAnswers(s.opens(seal.Body)); err != nil {
		return err
	}
	asOf, err := s.asOf(c)
	if err != nil {
		return err
	}
	list, total, err := s.waiting(c.Context, inboxOf{asOf, limit, c.Bool("words"), c.String("purpose")})
	if err != nil {
		return err
	}
	if total > len(list) {
		t.note("these are the first %s of %s: --limit 0 shows all", count(len(list)), count(total))
	}
	if t.asJSON {
		return t.document(list)
	}
	if len(list) == 0 {
		t.note("nothing waits for %s, as of %s", s.home.Bureau(), clock(asOf))
		return nil
	}
	var rows [][]string
	for _, w := range list {
		what := strings.ToUpper(w.Task[:1]) + w.Task[1:]
		if w.Escalated {
			what = "ESCALATED " + w.Task
		}
		rows = append(rows, []string{what, w.Notice, fmt.Sprintf("%.8s", w.ID), w.Bureau, w.Urgency, left(w.Due, asOf), w.Text})
	}
	t.table([]string{"WAITS", "NOTICE", "ID", "FROM", "URGENCY", "LEFT", ""}, rows)
	t.note("first: %s", list[0].Do)
	return nil
}

// opensAnswers refuses to say that nothing waits where nothing can be opened:
// answers are sealed to the bureau's key for bodies.
func (s *session) opensAnswers(key bool) error {
	if key {
		return nil
	}
	return hint(fmt.Errorf("the key of %s for bodies is not here: no hit or answer can be opened here, and somebody may wait for one", s.home.Bureau()),
		"look where that key is; notices alone: comity notice list")
}

// opens reports whether what this session reads through holds a key of the
// bureau for a compartment.
func (s *session) opens(c seal.Compartment) bool {
	if s.remote != nil {
		return slices.Contains(s.remoteKeys, c.String())
	}
	return s.desk.Opens(c)
}

// left writes the time until something is due.
func left(due, asOf uint64) string {
	switch {
	case due == 0:
		return "-"
	case asOf > due:
		return age(time.Duration(asOf-due)*time.Millisecond) + " over"
	}
	return age(time.Duration(due-asOf) * time.Millisecond)
}

// inboxOf is what an inbox shows: as of when, how much (0: all), and whether the words
// of hits and requests as well.
type inboxOf struct {
	asOf    uint64
	limit   int
	words   bool
	purpose string
}

// tasks returns the first tasks of the bureau, by the desk or by what the keys here
// open, and how many there are.
func (s *session) tasks(ctx context.Context, in inboxOf) ([]desk.Waiting, int, error) {
	if s.remote != nil && s.label == "" {
		return nil, 0, s.whichOfficer()
	}
	if err := checkPurpose(in.purpose); err != nil {
		return nil, 0, err
	}
	return s.reader().Inbox(ctx, in.asOf, in.words, in.limit, in.purpose)
}

// waiting returns the first things that wait for the bureau, and for the officer who
// acts, and how many there are.
func (s *session) waiting(ctx context.Context, in inboxOf) ([]task, int, error) {
	list, total, err := s.tasks(ctx, in)
	asOf, limit := in.asOf, in.limit
	if err != nil {
		return nil, 0, err
	}
	waiting := make(map[string]draftRow)
	for _, row := range s.rows() {
		w, ok := s.draftTask(row, asOf)
		if !ok {
			continue
		}
		waiting[w.ID] = row
		list, total = append(list, w), total+1
	}
	desk.SortWaiting(list)
	if limit > 0 {
		list = list[:min(limit, len(list))]
	}
	out := make([]task, len(list))
	for i, w := range list {
		out[i] = task{Task: string(w.Task), Escalated: w.Escalated, ID: w.ID, Bureau: w.Bureau, Urgency: w.Urgency.String(), Since: w.Since, Due: w.Due, Text: w.Text}
		if w.Case != nil {
			out[i].Notice, out[i].NoticeID = w.Case.Name(), w.Case.ID.String()
		} else {
			out[i].Notice = waiting[w.ID].name()
		}
		if n := len(waiting[w.ID]); n > 1 {
			out[i].Drafts = n
		}
		if w.Due > 0 {
			seconds := (int64(w.Due) - int64(asOf)) / 1000
			out[i].Left = &seconds
		}
		out[i].Do = s.doing(&w, waiting[w.ID])
	}
	return out, total, nil
}

// Tasks on a draft that is not as it should be.
const (
	taskRenew    desk.Task = "renew draft"
	taskRejected desk.Task = "rejected draft"

	taskOvertaken desk.Task = "overtaken draft" // of a supervisor, who waits for its author
)

// draftTask says what a row of drafts asks of the officer who acts, or of anybody here
// when no officer is named: a supervisor who is not its author approves it; its
// author renews one that is overtaken, and learns that it was rejected.
func (s *session) draftTask(row draftRow, asOf uint64) (desk.Waiting, bool) {
	r := row.worst()
	w := desk.Waiting{Task: desk.TaskApprove, ID: row[0].ID.String(), Bureau: s.home.Bureau(), Urgency: row.urgency(), Since: r.Parked,
		Due: row.due(), Escalated: asOf > row.due(), Text: words(row.act()+" by "+r.Author, r.About)}
	author := s.label == "" || s.label == r.Author
	switch r.State {
	case "bad":
		s.note("draft %.8s is not to be believed: %s", r.ID, r.Problem)
		return w, false
	case "rejected":
		w.Task, w.Due, w.Escalated, w.Text = taskRejected, 0, false, words("by "+r.Rejected, r.Reason)
		return w, author
	case "overtaken", "behind", "stale":
		state := r.State
		if state == "behind" {
			state = "signed behind one that is not sent"
		}
		w.Task, w.Text = taskRenew, words(w.Text, state)
		if !author && s.mayApprove(r.key) {
			w.Task = taskOvertaken
			return w, true
		}
		return w, author
	}
	return w, s.mayApprove(r.key)
}

// mayApprove reports whether the officer who acts could approve what author wrote.
func (s *session) mayApprove(author *state.Key) bool {
	if s.label == "" {
		return true
	}
	roles, err := s.home.Roles(s.label)
	return err == nil && roles&ledger.RoleSupervisor != 0 && s.label != author.Label
}

// doing returns the command that does a task.
func (s *session) doing(w *desk.Waiting, row draftRow) string {
	name := ""
	if w.Case != nil {
		name = w.Case.Name()
	}
	id := fmt.Sprintf(" %.8s", w.ID)
	switch w.Task {
	case desk.TaskDecideHit:
		return "comity notice confirm " + name + " --hit" + id + ", or negative, or needs-time"
	case desk.TaskCall, desk.TaskChase:
		return "call " + s.bureau(w.Case.Bureau) + callDesk(w.Case) + "; it did not answer"
	case desk.TaskOutcome:
		return "comity notice outcome " + name + " --hit" + id + " --text -"
	case desk.TaskConsent:
		return "comity notice consent grant " + name + " --request" + id + ", or refuse"
	case desk.TaskAsk:
		return "comity notice request ask " + name + " --request" + id
	case desk.TaskRequest:
		return "comity notice request decide " + name + " --request" + id + " --decision DECISION --text -"
	case desk.TaskExecute:
		return "comity notice request execute " + name + " --request" + id + " --text -"
	case desk.TaskJudge:
		return "comity notice show " + name + "; then, as a supervisor, comity notice review " + name + " --approve, --return or --refuse"
	case desk.TaskReview:
		return "comity notice show " + name + "; then extend, amend or withdraw it"
	case desk.TaskExport:
		return "comity notice show " + name + "; then, to take note of it, comity notice ack " + name
	case desk.TaskPurge:
		return "comity notice purge " + name + " --answers"
	case desk.TaskRemind:
		return "ask " + s.bureau(w.Bureau) + " to purge its answers: comity notice purge " + name + " --answers"
	case desk.TaskApprove:
		return "comity approve" + id + ", or comity reject" + id
	case taskRenew:
		return "comity draft renew" + id
	case taskOvertaken:
		return "ask " + row[0].Author + " to sign it again: comity draft renew" + id + " --officer " + row[0].Author
	case taskRejected:
		if len(row) > 1 {
			return "comity draft drop" + id + " --row, and send them anew"
		}
		return "comity draft drop" + id + ", and send it anew"
	}
	return "comity notice show " + name + ", then comity notice ack " + name
}

// callDesk returns the telephone number on a card.
func callDesk(k *desk.Case) string {
	if k.View == nil || k.View.Card == nil || k.View.Card.Desk.Phone == "" {
		return ""
	}
	return " at " + k.View.Card.Desk.Phone
}
