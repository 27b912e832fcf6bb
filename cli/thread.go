package cli

import (
	"fmt"
	"strings"

	"comity/ledger/notice"
)

// lineRecord is a hit or a request with what became of it, as --json shows it.
type lineRecord struct {
	ID        string        `json:"id"`
	Bureau    string        `json:"bureau"`
	State     string        `json:"state"`
	Urgency   string        `json:"urgency"`
	Since     uint64        `json:"since"`
	Due       uint64        `json:"due,omitempty"`
	Escalated uint64        `json:"escalated,omitempty"` // the deadline that nobody kept, POSIX ms
	Extended  bool          `json:"extended,omitempty"`
	Late      bool          `json:"late,omitempty"`
	Blocked   bool          `json:"blocked,omitempty"`
	Granted   *notice.Scope `json:"granted,omitempty"`
}

// linesOf returns the state of every hit and request of a thread.
func linesOf(th *notice.Thread) (hits, consents, requests []lineRecord) {
	record := func(f *notice.Filed, d *notice.Deadline, state string) lineRecord {
		return lineRecord{ID: f.ID, Bureau: f.Bureau, State: state, Urgency: d.Urgency.String(), Since: f.Time, Due: d.Due, Escalated: d.Escalated}
	}
	for _, h := range th.Hits {
		r := record(&h.Filed, &h.Deadline, string(h.State))
		r.Extended, r.Late = h.Extended, h.Late
		hits = append(hits, r)
	}
	for _, k := range th.Consents {
		r := record(&k.Filed, &k.Deadline, string(k.State))
		r.Late, r.Granted = k.Late, k.Granted()
		consents = append(consents, r)
	}
	for _, q := range th.Requests {
		r := record(&q.Filed, &q.Deadline, string(q.State))
		r.Late, r.Blocked = q.Late, q.Holds()
		requests = append(requests, r)
	}
	return hits, consents, requests
}

// showThread prints what the answers add up to.
func (s *session) showThread(th *notice.Thread) {
	hits, consents, requests := linesOf(th)
	for _, group := range []struct {
		word string
		list []lineRecord
	}{{"HIT", hits}, {"CONSENT", consents}, {"REQUEST", requests}} {
		for _, r := range group.list {
			state := r.State
			if state == string(notice.HitEscalated) {
				state = s.paint(red, state)
			}
			s.put(fmt.Sprintf("%s %.8s of %s: %s%s", group.word, r.ID, visible(r.Bureau), state, visible(lineText(&r, th))))
		}
	}
}

// lineText says of a line what its state leaves open.
func lineText(r *lineRecord, th *notice.Thread) string {
	var parts []string
	switch {
	case r.State == string(notice.HitEscalated):
		parts = append(parts, "nobody answered by "+clock(r.Due)+": call "+th.Origin)
	case r.State == string(notice.HitProvisional) || r.State == string(notice.HitNeedsTime) || r.State == string(notice.ConsentAsked):
		parts = append(parts, th.Origin+" has until "+clock(r.Due)+", "+left(r.Due, th.AsOf)+" left")
	}
	if r.Late {
		parts = append(parts, "answered too late, due "+clock(r.Escalated))
	}
	if r.Blocked {
		parts = append(parts, "the data is blocked")
	}
	if r.Granted != nil {
		parts = append(parts, r.Granted.String())
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}
