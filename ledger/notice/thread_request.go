package notice

import (
	"fmt"

	"comity/ledger"
)

// RequestState is how far a person's request is.
type RequestState string

// States of a person's request.
const (
	RequestReceived  RequestState = "RECEIVED"
	RequestAsked     RequestState = "ASKED"
	RequestEscalated RequestState = "ESCALATED"
	RequestDecided   RequestState = "DECIDED"
	RequestExecuted  RequestState = "EXECUTED"
)

// RequestLine is a person's request (RPD article 18) and what became of it.
type RequestLine struct {
	Filed    // as the bureau that the person asked wrote it down
	State    RequestState
	Deadline        // of the origin's decision; its Due is 0 until the origin was asked
	Blocked  *Filed // the origin stopped the use of the data until it is decided
	Decision *Filed // the origin's last word
	Late     bool   // Decision came after the deadline
	Executed *Filed
}

// Open reports whether the origin has still to decide, or to do what it decided.
func (r *RequestLine) Open() bool {
	return r.State != RequestExecuted && !(r.Decision != nil && r.Decision.Decision == DecideRefuse)
}

// Holds reports whether the use of the data is stopped: the origin blocked it, and
// has not refused the request, or done what it decided.
func (r *RequestLine) Holds() bool { return r.Blocked != nil && r.Open() }

func newRequestLine(p *Filed, origin string, u ledger.Urgency) *RequestLine {
	r := &RequestLine{Filed: *p, State: RequestReceived, Deadline: Deadline{Urgency: u}}
	if p.Bureau == origin {
		r.asked(p) // nobody else is to be asked
	}
	return r
}

func (r *RequestLine) asked(p *Filed) { r.State, r.Due = RequestAsked, p.Time+millis(RequestLimit) }

func (t *Thread) judgeRequest(p *Filed) string {
	r := t.requests[p.Request]
	switch {
	case r == nil:
		return fmt.Sprintf("there is no request %.8s of a person on this notice, or it is not for this bureau", p.Request)
	case p.Type == RequestAsk && p.Bureau != r.Bureau:
		return reserved(r.Bureau, "ask for the person who came to "+r.Bureau, p.Bureau)
	case p.Type == RequestAsk && r.State != RequestReceived:
		return fmt.Sprintf("the origin has been asked: the request is %s", r.State)
	case p.Type == RequestAsk:
		return ""
	case p.Bureau != t.Origin:
		return reserved(t.Origin, "answer for "+t.Origin, p.Bureau)
	case r.State == RequestReceived:
		return "the origin has not been asked yet"
	case r.State == RequestExecuted:
		return "the request is EXECUTED"
	case p.Type == RequestBlock && r.Decision != nil:
		return "the request is decided"
	case p.Type == RequestExecute && r.Decision == nil:
		return "nothing is decided yet"
	case p.Type == RequestExecute && r.Decision.Decision == DecideRefuse:
		return "the request was refused: there is nothing to do"
	}
	return ""
}

func (r *RequestLine) take(p *Filed) {
	switch p.Type {
	case RequestAsk:
		r.asked(p)
	case RequestBlock:
		r.Blocked = p
	case RequestDecide:
		if r.Decision == nil {
			r.Late = r.missed(p.Time)
		}
		r.Decision, r.State = p, RequestDecided
	case RequestExecute:
		r.Executed, r.State = p, RequestExecuted
	}
}

func (r *RequestLine) settle(asOf uint64) {
	if r.State == RequestAsked && r.missed(asOf) {
		r.State = RequestEscalated
	}
}
