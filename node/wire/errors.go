package wire

import (
	"errors"
	"net/http"

	"comity/ledger/state"
)

// Code names what went wrong. The list is closed: the codes below and those of
// package state. Clients branch on codes, never on text.
type Code string

// The codes that are not refusals of the ledger.
const (
	Malformed       Code = "malformed"        // the bytes are not the one encoding of anything
	TooLarge        Code = "too_large"        // above a bound of this API
	Unauthenticated Code = "unauthenticated"  // the ledger does not know the TLS key
	Forbidden       Code = "forbidden"        // the key's roles do not allow this
	NotFound        Code = "not_found"        //
	Purged          Code = "purged"           // the body was purged
	NoAttachment    Code = "no_attachment"    // a notice names a sealed file that its own node does not have
	NotFinal        Code = "not_final"        // no FINAL checkpoint covers it yet
	NoLeader        Code = "no_leader"        // no majority at the moment: nothing was written
	NotLeader       Code = "not_leader"       // a forward reached a node that does not lead
	Unknown         Code = "outcome_unknown"  // it may or may not be committed: send it again, the id makes that safe
	Busy            Code = "busy"             // a queue is full, or too many requests
	Stopping        Code = "stopping"         // the node is shutting down
	Internal        Code = "internal"         // a fault of the node; it logs the request id
	MethodNotAllow  Code = "method_forbidden" // wrong HTTP method
)

// Error is the body of every answer that is not a success.
type Error struct {
	Code      Code   `json:"code"`
	Message   string `json:"message"` // a sentence part for people
	RequestID string `json:"request_id,omitempty"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Is makes errors.Is compare codes, so that errors.Is(err, &Error{Code: Busy})
// works on whatever came over the wire.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Refused turns a refusal of the ledger into its error on the wire.
func Refused(r *state.Refusal) *Error { return &Error{Code: Code(r.Code), Message: r.Reason} }

// CodeOf returns the code that err carries, "" when it carries none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// IsRefusal reports whether err is the ledger's own decision, which no retry
// and no other node will change.
func IsRefusal(err error) bool { return isState(CodeOf(err)) }

// Retryable reports whether sending the same bytes again may succeed.
func Retryable(err error) bool {
	switch CodeOf(err) {
	case NoLeader, NotLeader, Unknown, Busy, Stopping:
		return true
	}
	return false
}

var statusOf = map[Code]int{
	Malformed: http.StatusBadRequest, TooLarge: http.StatusRequestEntityTooLarge,
	Unauthenticated: http.StatusUnauthorized, Forbidden: http.StatusForbidden,
	NotFound: http.StatusNotFound, Purged: http.StatusGone, NotFinal: http.StatusTooEarly, NoAttachment: http.StatusConflict,
	NoLeader: http.StatusServiceUnavailable, NotLeader: http.StatusMisdirectedRequest,
	Unknown: http.StatusGatewayTimeout, Busy: http.StatusTooManyRequests, Stopping: http.StatusServiceUnavailable,
	Internal: http.StatusInternalServerError, MethodNotAllow: http.StatusMethodNotAllowed,
	Ambiguous: http.StatusConflict, PurposeNeeded: http.StatusUnprocessableEntity, LogShorter: http.StatusRequestedRangeNotSatisfiable,

	Code(state.OtherLedger): http.StatusConflict, Code(state.TooNew): http.StatusConflict, Code(state.UnknownKey): http.StatusForbidden,
	Code(state.RevokedKey): http.StatusForbidden, Code(state.BadSignature): http.StatusUnprocessableEntity,
	Code(state.BadSequence): http.StatusConflict, Code(state.BadSeen): http.StatusConflict,
	Code(state.NotAllowed): http.StatusForbidden, Code(state.FourEyes): http.StatusForbidden,
	Code(state.NoTarget): http.StatusNotFound, Code(state.Ended): http.StatusConflict,
	Code(state.NotNow): http.StatusConflict, Code(state.BadTerm): http.StatusConflict, Code(state.Superseded): http.StatusConflict,
	Code(state.NotEnded): http.StatusConflict, Code(state.TooEarly): http.StatusConflict, Code(state.Repeated): http.StatusConflict,
	Code(state.TooMany): http.StatusConflict, Code(state.Quota): http.StatusTooManyRequests, Code(state.AddressInUse): http.StatusConflict,
	Code(state.KeyInUse): http.StatusConflict, Code(state.BadProof): http.StatusUnprocessableEntity,
	Code(state.Fork): http.StatusConflict, Code(state.Stale): http.StatusConflict,
	Code(state.Faulty): http.StatusForbidden, Code(state.NoFork): http.StatusConflict,
	Code(state.Body): http.StatusUnprocessableEntity,
}

// Status maps an error code to its HTTP status; the only place that does.
func (e *Error) Status() int {
	if s, ok := statusOf[e.Code]; ok {
		return s
	}
	return http.StatusInternalServerError
}

func isState(c Code) bool {
	switch state.Code(c) {
	case state.OtherLedger, state.TooNew, state.UnknownKey, state.RevokedKey, state.BadSignature, state.BadSequence, state.BadSeen,
		state.NotAllowed, state.FourEyes, state.NoTarget, state.Ended, state.NotNow, state.BadTerm, state.Superseded, state.NotEnded, state.TooEarly, state.Repeated, state.TooMany, state.Quota, state.AddressInUse, state.KeyInUse, state.BadProof, state.Fork,
		state.Stale, state.Faulty, state.NoFork, state.Body:
		return true
	}
	return false
}
