package ledger

import (
	"encoding/binary"

	"comity/crypto/seal"

	"golang.org/x/crypto/cryptobyte"
)

// Reason says, in the clear, why something is purged. It says nothing about a
// person: that somebody asked for it is one with an order here.
type Reason uint8

// The reasons of a purge.
const (
	ReasonOver      Reason = 1 + iota // the case is over
	ReasonRetention                   // the time for which it may be kept has passed
	ReasonOrder                       // a court, an oversight body or a data protection rule wants it
	reasonsEnd
)

var reasonNames = [...]string{"", "over", "retention", "order"}

// String returns the name of r.
func (r Reason) String() string { return nameOf(reasonNames[:], uint8(r), "reason") }

// Purge holds the clear fields of a purge: the sealed bodies of a notice, or of
// one reply, are to be destroyed wherever the ledger is kept. The entries stay.
type Purge struct {
	Reason Reason
}

// Marshal returns the encoding of p: u8 reason.
func (p *Purge) Marshal() []byte { return []byte{byte(p.Reason)} }

// ParsePurge is the inverse of [Purge.Marshal].
func ParsePurge(data []byte) (*Purge, error) {
	var p Purge
	in := cryptobyte.String(data)
	if !in.ReadUint8((*uint8)(&p.Reason)) || p.Reason == 0 || p.Reason >= reasonsEnd || !in.Empty() {
		return nil, ErrMalformed
	}
	return &p, nil
}

// Authority is in whose name a notice is suspended. Each lifts what it suspended.
type Authority uint8

// The authorities.
const (
	ByOrigin    Authority = 1 + iota // an officer of the origin
	ByReviewers                      // supervisors of other bureaus, as many as a review takes
	ByOversight                      // auditors of other bureaus, as many
	authoritiesEnd
)

var authorityNames = [...]string{"", "origin", "reviewers", "oversight"}

// String returns the name of a.
func (a Authority) String() string { return nameOf(authorityNames[:], uint8(a), "authority") }

// Suspend holds the clear fields of a suspension: until it is lifted nobody is to
// act on the notice.
type Suspend struct {
	By Authority
}

// Marshal returns the encoding of s: u8 authority.
func (s *Suspend) Marshal() []byte { return []byte{byte(s.By)} }

// ParseSuspend is the inverse of [Suspend.Marshal].
func ParseSuspend(data []byte) (*Suspend, error) {
	var s Suspend
	in := cryptobyte.String(data)
	if !in.ReadUint8((*uint8)(&s.By)) || s.By == 0 || s.By >= authoritiesEnd || !in.Empty() {
		return nil, ErrMalformed
	}
	return &s, nil
}

// Outcome is what becomes of a notice whose suspension ends.
type Outcome uint8

// The outcomes.
const (
	OutcomeRestored  Outcome = 1 + iota // it is again what it was
	OutcomeCancelled                    // it ends
	outcomesEnd
)

var outcomeNames = [...]string{"", "restored", "cancelled"}

// String returns the name of o.
func (o Outcome) String() string { return nameOf(outcomeNames[:], uint8(o), "outcome") }

// Lift holds the clear fields of the end of a suspension.
type Lift struct {
	By      Authority
	Outcome Outcome
}

// Marshal returns the encoding of l: u8 authority, u8 outcome.
func (l *Lift) Marshal() []byte { return []byte{byte(l.By), byte(l.Outcome)} }

// ParseLift is the inverse of [Lift.Marshal].
func ParseLift(data []byte) (*Lift, error) {
	var l Lift
	in := cryptobyte.String(data)
	if !in.ReadUint8((*uint8)(&l.By)) || !in.ReadUint8((*uint8)(&l.Outcome)) || !in.Empty() ||
		l.By == 0 || l.By >= authoritiesEnd || l.Outcome == 0 || l.Outcome >= outcomesEnd {
		return nil, ErrMalformed
	}
	return &l, nil
}

// Extend holds the clear fields of an extension: the origin has looked at the
// notice again, for a sealed reason, and will do so again by a later day.
type Extend struct {
	ReviewBy uint32 // day since 1970-01-01
}

// Marshal returns the encoding of e: u32 day.
func (e *Extend) Marshal() []byte { return binary.BigEndian.AppendUint32(nil, e.ReviewBy) }

// ParseExtend is the inverse of [Extend.Marshal].
func ParseExtend(data []byte) (*Extend, error) {
	var e Extend
	in := cryptobyte.String(data)
	if !in.ReadUint32(&e.ReviewBy) || e.ReviewBy == 0 || e.ReviewBy > MaxDay || !in.Empty() {
		return nil, ErrMalformed
	}
	return &e, nil
}

// Decision is what a reviewer says of a version of a notice.
type Decision uint8

// The decisions.
const (
	Approve Decision = 1 + iota // act on it
	Return                      // the origin should amend it
	Refuse                      // it ends
	decisionsEnd
)

var decisionNames = [...]string{"", "approve", "return", "refuse"}

// String returns the name of d.
func (d Decision) String() string { return nameOf(decisionNames[:], uint8(d), "decision") }

// Review holds the clear fields of a reviewer's decision.
type Review struct {
	Decision Decision
	Version  ID // the publish or amend statement that was read: an approval is of no other
}

// Marshal returns the encoding of r: u8 decision, statement id.
func (r *Review) Marshal() []byte { return append([]byte{byte(r.Decision)}, r.Version[:]...) }

// ParseReview is the inverse of [Review.Marshal].
func ParseReview(data []byte) (*Review, error) {
	var r Review
	in := cryptobyte.String(data)
	if !in.ReadUint8((*uint8)(&r.Decision)) || !in.CopyBytes(r.Version[:]) || !in.Empty() ||
		r.Decision == 0 || r.Decision >= decisionsEnd || r.Version == (ID{}) {
		return nil, ErrMalformed
	}
	return &r, nil
}

// VictimGrant are the clear fields of a grant whose re-share is of the victim's
// part. Such a one needs a supervisor's signature, so everybody must see that it
// is one; the clear fields of any other grant are empty.
var VictimGrant = []byte{byte(seal.Victim)}

// checkGrant holds the clear fields of a grant against its re-share.
func (s *Statement) checkGrant(body []byte) bool {
	c, _, err := seal.ParseGrants(body)
	return (err == nil && c == seal.Victim) == (len(s.Public) > 0)
}
