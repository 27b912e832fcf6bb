package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"comity/crypto/keys"
	"comity/ledger/state"
	"comity/node/wire"
)

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("x"), 1},
		{errTold, 1},
		{errNotAuthentic, 1},
		{fmt.Errorf("x: %w", errCannotTell), 2},
		{usagef("x"), 3},
		{hint(usagef("x"), "y"), 3},
		{errFindings, 4},
		{context.Canceled, 1},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

func TestFinish(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errNotAuthentic, ""},
		{errors.New("read x: it is\x1b[31m red"), "comity: read x: it is\\x1b[31m red\n"},
		{hint(errors.New("a"), "do b"), "comity: a\ncomity: hint: do b\n"},
		{fmt.Errorf("x: %w", keys.ErrPassphrase), "comity: x: wrong passphrase\ncomity: hint: the key file is untouched; try again with the right passphrase\n"},
		{context.Canceled, "comity: interrupted; what was shown as done is done, the rest perhaps not\n"},
	} {
		var stderr bytes.Buffer
		(&terminal{stderr: &stderr}).finish(test.err)
		if got := stderr.String(); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

func TestRefusal(t *testing.T) {
	s := &session{terminal: &terminal{}}
	err := s.refusal("LT-0301", wire.Refused(&state.Refusal{Code: state.NotAllowed, Reason: "XD may not amend a notice of XB"}))
	if got, want := err.Error(), "LT-0301 was not accepted: XD may not amend a notice of XB (nothing written)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := s.adviceFor(s.refusal("LT-0301", wire.Refused(&state.Refusal{Code: state.BadSequence, Reason: "x"}))); !strings.Contains(got, "send this one again") {
		t.Errorf("got the hint %q", got)
	}
	err = s.refusal("LT-0301", &unsure{fmt.Errorf("reach: %w", context.Canceled)})
	if got, want := reason(err), "LT-0301 may or may not be written: interrupted"; got != want {
		t.Errorf("interrupted: got %q, want %q", got, want)
	}
	err = s.refusal("LT-0301", &wire.Error{Code: wire.Unknown, Message: "the leader went away"})
	if !strings.Contains(err.Error(), "may or may not be written") {
		t.Errorf("got %q, which says more than is known", err)
	}
}
