package notice

import (
	"errors"
	"fmt"
	"time"

	"comity/ledger"
)

// Filed is a reply where it stands in the ledger. Bureau is that of the key
// which signed it, Time the ledger's: what the reply itself says of either
// decides nothing.
type Filed struct {
	ID     string // of the entry, 64 hexadecimal digits
	Index  uint64
	Time   uint64 // POSIX ms
	Bureau string
	*Reply
}

// Thread is what the replies to one notice add up to, as far as one reader
// opens them:
//
//	HIT      PROVISIONAL -> CONFIRMED | NEGATIVE     by the origin, the last word counts
//	         PROVISIONAL -> NEEDS_TIME               by the origin, once, for as long again
//	         undecided past its deadline: ESCALATED  until the origin decides; never by itself
//	         CONFIRMED -> OUTCOME                    by the bureau that had the hit
//	CONSENT  ASKED -> GRANTED | REFUSED              by the origin, the last word counts
//	         GRANTED past its last day: LAPSED       unanswered past its deadline: ESCALATED
//	EXPORT                                           by any bureau: told, before the file is written
//	REQUEST  RECEIVED -> ASKED                       by the bureau that the person asked
//	         ASKED -> DECIDED -> EXECUTED            by the origin, which may block the data meanwhile
//
// A reply that its bureau may not send, or that answers nothing that is there,
// is void: it is shown with the reason and changes nothing. The same replies
// and the same time give the same thread everywhere.
type Thread struct {
	Origin   string
	AsOf     uint64 // POSIX ms
	Posts    []Post // all replies, in log order
	Hits     []*HitLine
	Consents []*ConsentLine
	Requests []*RequestLine
	Exports  []*ExportLine
	Acked    map[string]uint64 // bureau: index of its last ack

	urgency  func(index uint64) ledger.Urgency
	hits     map[string]*HitLine
	consents map[string]*ConsentLine
	requests map[string]*RequestLine
}

// Post is a reply of a thread.
type Post struct {
	Filed
	Void string // why it does not count, "" if it does
}

// Deadline is by when somebody should have answered.
type Deadline struct {
	Urgency   ledger.Urgency
	Due       uint64 // POSIX ms; an answer at this time is in time
	Escalated uint64 // the deadline that passed without an answer; 0 if none did
}

// missed notes that nothing came until now, if that is too late.
func (d *Deadline) missed(now uint64) bool {
	if now <= d.Due {
		return false
	}
	d.Escalated = d.Due
	return true
}

// Left returns how long there is still to answer: less than zero, past it.
func (d *Deadline) Left(asOf uint64) time.Duration {
	return time.Duration(int64(d.Due)-int64(asOf)) * time.Millisecond
}

// answerLimits are how long the origin has for a hit, by urgency.
var answerLimits = [...]time.Duration{ledger.U0: 7 * 24 * time.Hour, ledger.U1: 24 * time.Hour, ledger.U2: time.Hour, ledger.U3: 10 * time.Minute}

// RequestLimit is how long the origin has to decide a person's request.
const RequestLimit = 30 * 24 * time.Hour

// Limit returns how long the origin has to answer a hit, or a request for
// consent, on a notice of this urgency.
func Limit(u ledger.Urgency) time.Duration {
	if int(u) >= len(answerLimits) {
		return answerLimits[ledger.U3] // no such urgency is in the ledger; the shortest is the safe one
	}
	return answerLimits[u]
}

func millis(d time.Duration) uint64 { return uint64(d / time.Millisecond) }

// NewThread puts the replies to a notice of origin together. They are in log
// order. urgency returns that of the notice's version at an index. asOf is the
// time for which deadlines are judged, POSIX ms: the later of the ledger's last
// time and the reader's own clock, so that neither a ledger at rest nor a slow
// clock hides that nobody answered.
func NewThread(origin string, urgency func(index uint64) ledger.Urgency, replies []Filed, asOf uint64) *Thread {
	t := &Thread{Origin: origin, AsOf: asOf, urgency: urgency}
	if len(replies) > 0 { // most notices have none
		t.Acked, t.hits = make(map[string]uint64), make(map[string]*HitLine)
		t.consents, t.requests = make(map[string]*ConsentLine), make(map[string]*RequestLine)
	}
	for _, p := range replies {
		void := t.judge(&p)
		if void == "" {
			t.take(&p)
		}
		t.Posts = append(t.Posts, Post{p, void})
	}
	for _, h := range t.Hits {
		h.settle(asOf)
	}
	for _, c := range t.Consents {
		c.settle(asOf)
	}
	for _, r := range t.Requests {
		r.settle(asOf)
	}
	return t
}

// UrgencyAt returns that of the version which was current at an index.
func (t *Thread) UrgencyAt(index uint64) ledger.Urgency { return t.urgency(index) }

// Allows returns nil if a reply of bureau would count, were it the next one,
// and else why it would be void. The ledger cannot refuse it: what a reply is,
// is sealed.
func (t *Thread) Allows(bureau string, r *Reply) error {
	if why := t.judge(&Filed{Time: t.AsOf, Bureau: bureau, Reply: r}); why != "" {
		return errors.New(why)
	}
	return nil
}

// judge says why a reply does not count, "" if it does. It changes nothing.
func (t *Thread) judge(p *Filed) string {
	if p.Reply == nil {
		return "it is no reply"
	}
	if err := p.Validate(time.UnixMilli(int64(p.Time)).UTC()); err != nil {
		return "it does not say what a reply of its type must: " + firstProblem(err)
	}
	switch p.Type {
	case Confirm, Negative, NeedsTime, Outcome:
		return t.judgeHit(p)
	case ConsentAsk, ConsentGrant, ConsentRefuse:
		return t.judgeConsent(p)
	case RequestAsk, RequestBlock, RequestDecide, RequestExecute:
		return t.judgeRequest(p)
	case Exported:
		return t.judgeExport(p)
	}
	return "" // an ack, a hit, a message, a person's request: of any bureau
}

func firstProblem(err error) string {
	var list Problems
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].String()
	}
	return err.Error()
}

// take applies a reply that counts.
func (t *Thread) take(p *Filed) {
	switch p.Type {
	case Ack:
		t.Acked[p.Bureau] = p.Index
	case Hit:
		u := t.urgency(p.Index)
		h := &HitLine{Filed: *p, State: HitProvisional, Deadline: Deadline{Urgency: u, Due: p.Time + millis(Limit(u))}}
		t.Hits, t.hits[p.ID] = append(t.Hits, h), h
	case Confirm, Negative, NeedsTime, Outcome:
		if h := t.hits[p.Hit]; h != nil {
			h.take(p)
		}
	case ConsentAsk:
		u := t.urgency(p.Index)
		c := &ConsentLine{Filed: *p, State: ConsentAsked, Deadline: Deadline{Urgency: u, Due: p.Time + millis(Limit(u))}}
		t.Consents, t.consents[p.ID] = append(t.Consents, c), c
	case ConsentGrant, ConsentRefuse:
		t.consents[p.Request].take(p)
	case Exported:
		t.takeExport(p)
	case RequestReceive:
		r := newRequestLine(p, t.Origin, t.urgency(p.Index))
		t.Requests, t.requests[p.ID] = append(t.Requests, r), r
	case RequestAsk, RequestBlock, RequestDecide, RequestExecute:
		t.requests[p.Request].take(p)
	}
}

// reserved is the reason of a reply that is another bureau's to send.
func reserved(bureau, what, by string) string {
	return fmt.Sprintf("%s may not %s: only %s may", by, what, bureau)
}
