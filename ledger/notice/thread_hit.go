package notice

import "fmt"

// HitState is how far a hit is.
type HitState string

// States of a hit.
const (
	HitProvisional HitState = "PROVISIONAL"
	HitNeedsTime   HitState = "NEEDS_TIME"
	HitEscalated   HitState = "ESCALATED"
	HitConfirmed   HitState = "CONFIRMED"
	HitNegative    HitState = "NEGATIVE"
	HitOutcome     HitState = "OUTCOME"
)

// HitLine is a hit and what became of it.
type HitLine struct {
	Filed // the hit
	State HitState
	Deadline
	Extended bool   // the origin asked for time once; a second time gives none
	Decision *Filed // the origin's last word
	Late     bool   // Decision came after the deadline
	Outcome  *Filed // what the bureau that had the hit did
}

// Open reports whether the origin has still to decide.
func (h *HitLine) Open() bool { return h.Decision == nil }

func (t *Thread) judgeHit(p *Filed) string {
	if p.Type != Outcome && p.Bureau != t.Origin {
		return reserved(t.Origin, "decide a hit on a notice of "+t.Origin, p.Bureau)
	}
	if p.Hit == "" {
		return "" // an outcome without a hit: what came of the notice
	}
	h := t.hits[p.Hit]
	switch {
	case h == nil:
		return fmt.Sprintf("there is no hit %.8s on this notice, or it is not for this bureau", p.Hit)
	case p.Type == NeedsTime && h.Decision != nil:
		return fmt.Sprintf("the hit is decided already: %s", h.State)
	case p.Type == Outcome && p.Bureau != h.Bureau:
		return reserved(h.Bureau, "say what came of a hit of "+h.Bureau, p.Bureau)
	case p.Type == Outcome && h.State != HitConfirmed && h.State != HitOutcome:
		return fmt.Sprintf("the hit is not confirmed (%s): an outcome comes after; until then send a message", h.stateAt(p.Time))
	}
	return ""
}

// take applies a decision or an outcome that counts.
func (h *HitLine) take(p *Filed) {
	switch p.Type {
	case NeedsTime:
		// Once, and only while the time runs: else the origin could put off for ever
		// what somebody at a counter waits for.
		if !h.missed(p.Time) && !h.Extended {
			h.Extended, h.State = true, HitNeedsTime
			h.Due = p.Time + millis(Limit(h.Urgency))
		}
	case Confirm, Negative:
		if h.Decision == nil {
			h.Late = h.missed(p.Time)
		}
		h.Decision, h.State, h.Outcome = p, HitConfirmed, nil
		if p.Type == Negative {
			h.State = HitNegative
		}
	case Outcome:
		h.Outcome, h.State = p, HitOutcome
	}
}

// stateAt is the state at a time not before the last reply.
func (h *HitLine) stateAt(now uint64) HitState {
	if h.Open() && (h.Escalated > 0 || now > h.Due) {
		return HitEscalated
	}
	return h.State
}

func (h *HitLine) settle(asOf uint64) {
	if h.Open() && (h.missed(asOf) || h.Escalated > 0) {
		h.State = HitEscalated
	}
}
