package notice

import (
	"fmt"
	"time"
)

// ConsentState is how far a request for consent is.
type ConsentState string

// States of a request for consent. Only GRANTED permits anything.
const (
	ConsentAsked     ConsentState = "ASKED"
	ConsentEscalated ConsentState = "ESCALATED"
	ConsentGranted   ConsentState = "GRANTED"
	ConsentRefused   ConsentState = "REFUSED"
	ConsentLapsed    ConsentState = "LAPSED"
)

// ConsentLine is a request for consent and what the origin said to it.
type ConsentLine struct {
	Filed // the request
	State ConsentState
	Deadline
	Answer *Filed // the origin's last word
	Late   bool
}

// Open reports whether the origin has still to answer.
func (c *ConsentLine) Open() bool { return c.Answer == nil }

// Granted returns what the origin granted, nil if nothing, or nothing any more.
func (c *ConsentLine) Granted() *Scope {
	if c.State != ConsentGranted {
		return nil
	}
	return c.Answer.Scope
}

// Consented reports whether the origin lets a bureau use the notice so, at the
// thread's time. The origin itself needs no consent.
func (t *Thread) Consented(bureau string, u Use) bool {
	if bureau == t.Origin {
		return true
	}
	for _, c := range t.Consents {
		if c.Bureau == bureau && c.Granted().Allows(u, time.UnixMilli(int64(t.AsOf)).UTC()) {
			return true
		}
	}
	return false
}

func (t *Thread) judgeConsent(p *Filed) string {
	if p.Type == ConsentAsk {
		if p.Bureau == t.Origin {
			return fmt.Sprintf("%s needs no consent to use its own notice", p.Bureau)
		}
		return ""
	}
	switch {
	case p.Bureau != t.Origin:
		return reserved(t.Origin, "answer for "+t.Origin, p.Bureau)
	case t.consents[p.Request] == nil:
		return fmt.Sprintf("there is no request for consent %.8s on this notice", p.Request)
	}
	return ""
}

func (c *ConsentLine) take(p *Filed) {
	if c.Answer == nil {
		c.Late = c.missed(p.Time)
	}
	c.Answer, c.State = p, ConsentGranted
	if p.Type == ConsentRefuse {
		c.State = ConsentRefused
	}
}

func (c *ConsentLine) settle(asOf uint64) {
	switch {
	case c.Open() && c.missed(asOf):
		c.State = ConsentEscalated
	case c.State == ConsentGranted && c.Answer.Scope.ended(time.UnixMilli(int64(asOf)).UTC()):
		c.State = ConsentLapsed
	}
}
