package desk

import (
	"fmt"

	"comity/ledger"
)

// OwnAnswers returns the answers of a bureau to the case, in log order. Those of a
// notice that was purged hold on to what it said, until their bureau has them
// purged too.
func (c *Case) OwnAnswers(bureau string) (list []*Reply) {
	for i := range c.Replies {
		if r := &c.Replies[i]; r.Bureau == bureau {
			list = append(list, r)
		}
	}
	return list
}

// leftovers are the tasks that a purged notice leaves: a bureau has its own
// answers purged, and asks the others for theirs, as far as it received them.
func (c *Case) leftovers(bureau string) (list []Waiting) {
	var purgedAt uint64
	for _, a := range c.Acts {
		if a.Class == ledger.ClassPurge {
			purgedAt = a.Time
		}
	}
	at := make(map[string]int)
	count := make(map[string]int)
	for i := range c.Replies {
		by := c.Replies[i].Bureau
		if count[by]++; count[by] > 1 {
			continue
		}
		w := Waiting{Task: TaskRemind, Case: c, Bureau: by, Urgency: ledger.U0, Since: purgedAt}
		if by == bureau {
			w.Task, w.Urgency = TaskPurge, ledger.U1
		}
		at[by] = len(list)
		list = append(list, w)
	}
	for by, i := range at {
		word := "answers"
		if count[by] == 1 {
			word = "answer"
		}
		list[i].Text = fmt.Sprintf("the notice is purged, %d %s of %s to it not", count[by], word, by)
	}
	return list
}
