package desk

import (
	"slices"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
)

// AsOf returns the time for which deadlines are judged, POSIX ms: the later of
// the ledger time of the last entry here and the desk's own clock. The ledger
// alone would stand still while nobody writes, and a clock that is slow must not
// hide that an answer is overdue. One that is fast shows ESCALATED too early,
// which makes somebody call.
func (d *Desk) AsOf(clock time.Time) uint64 {
	_, _, last := d.Final()
	return uint64(max(last.UnixMilli(), clock.UnixMilli(), 0))
}

// Opens reports whether the desk has a key for a compartment. Answers are sealed
// to that for bodies.
func (d *Desk) Opens(c seal.Compartment) bool { return len(d.opener.keys()[c]) > 0 }

// Thread returns what the replies to the case add up to at a time, see
// [Desk.AsOf].
func (c *Case) Thread(asOf uint64) *notice.Thread {
	filed := make([]notice.Filed, 0, len(c.Replies))
	for _, r := range c.Replies {
		if r.Bared && r.Type != notice.Ack {
			continue // what it decides is not told: half a thread would be a wrong one
		}
		filed = append(filed, notice.Filed{ID: r.ID.String(), Index: r.Index, Time: r.Time, Bureau: r.Bureau, Reply: r.Reply})
	}
	return notice.NewThread(c.Bureau, c.urgencyAt, filed, asOf)
}

// urgencyAt returns the urgency of the version that was current at an index.
func (c *Case) urgencyAt(index uint64) ledger.Urgency {
	u := c.Versions[0].Public.Urgency
	for _, v := range c.Versions[1:] {
		if v.Index > index {
			break
		}
		u = v.Public.Urgency
	}
	return u
}

// judge says of each reply whether it counts, of each export whether it breaks a
// rule, and of the case whether they block it. That does not depend on the time.
func (c *Case) judge() {
	if len(c.Replies) == 0 {
		return
	}
	th := c.Thread(0)
	for i, p := range th.Posts {
		c.Replies[i].Void = p.Void
	}
	exports := th.Exports
	for i := range c.Replies {
		if r := &c.Replies[i]; len(exports) > 0 && exports[0].Index == r.Index {
			r.Alarm, exports = c.alarm(r, exports[0]), exports[1:]
		}
	}
	if c.Blocked = slices.ContainsFunc(th.Requests, (*notice.RequestLine).Holds); !c.Blocked {
		return
	}
	for i := range c.Versions {
		if v := c.Versions[i].View; v != nil {
			v.Stopped = true
		}
	}
}
