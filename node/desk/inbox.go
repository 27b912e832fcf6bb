package desk

import (
	"cmp"
	"slices"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// Task is what somebody at a bureau has to do.
type Task string

// Tasks. That of an approval is added by who keeps the drafts.
const (
	TaskDecideHit Task = "decide hit"      // the origin: confirm, negative or needs-time
	TaskCall      Task = "call the origin" // who had a hit that nobody decided in time
	TaskOutcome   Task = "report outcome"  // who had a hit that is confirmed
	TaskConsent   Task = "answer consent"  // the origin: grant or refuse
	TaskChase     Task = "chase consent"   // who asked, and got no answer in time
	TaskAsk       Task = "ask the origin"  // the bureau that a person came to
	TaskRequest   Task = "decide request"  // the origin
	TaskExecute   Task = "execute request" // the origin: do what it decided
	TaskExport    Task = "read export"     // the origin: a bureau takes its text out of the ledger
	TaskPurge     Task = "purge answers"   // who answered a notice that is purged
	TaskRemind    Task = "ask for purge"   // who received an answer to it: its author purges it
	TaskRead      Task = "read notice"     // a reader: not acknowledged, or changed since
	TaskJudge     Task = "judge notice"    // a supervisor of a reader: reviewers have not decided
	TaskReview    Task = "review notice"   // the origin: its review comes up
	TaskApprove   Task = "approve"         // a supervisor of the author's bureau
)

// Waiting is a task of a bureau.
type Waiting struct {
	Task      Task
	Case      *Case  // nil for an approval of something new
	ID        string // of the hit, the request or the draft; "" where the notice itself waits
	Bureau    string // whose answer or notice it is about
	Text      string // sealed text: by what the person was found, what is asked
	Urgency   ledger.Urgency
	Since     uint64 // ledger time, POSIX ms
	Due       uint64 // 0 for none
	Escalated bool   // nobody answered in time
}

// Inbox returns what waits for a bureau at a time, POSIX ms: what is ESCALATED
// first, then by urgency, then what is due first.
func Inbox(cases []*Case, bureau string, asOf uint64) []Waiting {
	var list []Waiting
	for _, c := range cases {
		list = append(list, c.waiting(bureau, asOf)...)
	}
	SortWaiting(list)
	return list
}

// SortWaiting puts tasks into the order of an inbox.
func SortWaiting(list []Waiting) { slices.SortStableFunc(list, compareWaiting) }

func compareWaiting(a, b Waiting) int {
	return cmp.Or(-compareBool(a.Escalated, b.Escalated), -cmp.Compare(a.Urgency, b.Urgency),
		cmp.Compare(a.Due-1, b.Due-1), // 0 for none comes last
		cmp.Compare(a.Since, b.Since))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// waiting returns the tasks of one case.
func (c *Case) waiting(bureau string, asOf uint64) []Waiting {
	if c.Status == state.StatusPurged { // nobody can decide any more on what it said
		return c.leftovers(bureau)
	}
	var list []Waiting
	t := c.Thread(asOf)
	for _, h := range t.Hits {
		if task := hitTask(h, c.Bureau, bureau); task != "" {
			list = append(list, c.task(task, &h.Filed, &h.Deadline, h.Match))
		}
	}
	for _, k := range t.Consents {
		switch {
		case k.Open() && c.Bureau == bureau:
			list = append(list, c.task(TaskConsent, &k.Filed, &k.Deadline, k.Scope.String()))
		case k.State == notice.ConsentEscalated && k.Bureau == bureau:
			list = append(list, c.task(TaskChase, &k.Filed, &k.Deadline, k.Scope.String()))
		}
	}
	for _, r := range t.Requests {
		if task := requestTask(r, c.Bureau, bureau); task != "" {
			list = append(list, c.task(task, &r.Filed, &r.Deadline, string(r.Right)))
		}
	}
	if c.Bureau == bureau {
		list = append(list, c.exportTasks(t)...)
	}
	if !c.Status.Ended() && c.Status != state.StatusSuspended {
		list = append(list, c.ownTasks(t, bureau, asOf)...)
	}
	return list
}

func (c *Case) task(task Task, of *notice.Filed, d *notice.Deadline, text string) Waiting {
	w := Waiting{Task: task, Case: c, ID: of.ID, Bureau: of.Bureau, Text: text, Urgency: d.Urgency, Since: of.Time, Due: d.Due, Escalated: d.Escalated > 0}
	if task == TaskOutcome || task == TaskExecute {
		w.Due, w.Escalated = 0, false // the answer came, late or not
	}
	return w
}

func hitTask(h *notice.HitLine, origin, bureau string) Task {
	switch {
	case h.Open() && origin == bureau:
		return TaskDecideHit
	case h.State == notice.HitEscalated && h.Bureau == bureau:
		return TaskCall
	case h.State == notice.HitConfirmed && h.Bureau == bureau:
		return TaskOutcome
	}
	return ""
}

func requestTask(r *notice.RequestLine, origin, bureau string) Task {
	switch {
	case !r.Open():
		return ""
	case r.State == notice.RequestReceived && r.Bureau == bureau:
		return TaskAsk
	case r.State == notice.RequestReceived || origin != bureau:
		return ""
	case r.Decision == nil:
		return TaskRequest
	}
	return TaskExecute
}

// exportTasks are the exports by other bureaus that the origin has not taken note
// of, by an ack of its own notice. One that breaks a rule comes first.
func (c *Case) exportTasks(t *notice.Thread) (list []Waiting) {
	alarms := make(map[uint64]string)
	for i := range c.Replies {
		alarms[c.Replies[i].Index] = c.Replies[i].Alarm
	}
	for _, e := range t.Exports {
		if e.Bureau == c.Bureau || e.Index < t.Acked[c.Bureau] {
			continue
		}
		w := Waiting{Task: TaskExport, Case: c, ID: e.ID, Bureau: e.Bureau, Text: e.Export.String() + ": " + e.Text, Urgency: t.UrgencyAt(e.Index), Since: e.Time}
		if alarm := alarms[e.Index]; alarm != "" {
			w.Escalated, w.Text = true, alarm+": "+w.Text
		}
		list = append(list, w)
	}
	return list
}

// judged reports whether a bureau has reviewed the version at an index.
func (c *Case) judged(bureau string, index uint64) bool {
	return slices.ContainsFunc(c.Acts, func(a Act) bool {
		return a.Class == ledger.ClassReview && a.Bureau == bureau && a.Index > index
	})
}

// ownTasks are those about an active notice itself.
func (c *Case) ownTasks(t *notice.Thread, bureau string, asOf uint64) []Waiting {
	current := c.Versions[len(c.Versions)-1]
	w := Waiting{Case: c, Bureau: c.Bureau, Urgency: c.Public.Urgency, Since: current.Time}
	if c.Bureau != bureau {
		var list []Waiting
		if c.View != nil && c.Status == state.StatusSubmitted && !c.judged(bureau, current.Index) {
			w.Task = TaskJudge
			list = append(list, w)
		}
		if acked, ok := t.Acked[bureau]; c.View != nil && (!ok || acked < current.Index) {
			w.Task = TaskRead
			list = append(list, w)
		}
		return list
	}
	if c.Term == 0 || asOf < c.dueFrom() {
		return nil
	}
	w.Task, w.Due = TaskReview, uint64(c.Term)*24*60*60*1000
	w.Escalated = asOf >= w.Due
	return []Waiting{w}
}
