package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/client"
	"comity/node/follow"
	"comity/node/home"
	"comity/node/wire"
	"comity/testnet"
)

// Exit codes. The first three are those of every command; a verifying command
// uses 1 for "not authentic" and the last two as well.
const (
	exitOK       = 0
	exitFailed   = 1 // verifying: not authentic
	exitUnknown  = 2 // verifying: cannot tell
	exitUsage    = 3
	exitFindings = 4 // verifying: authentic, with findings; status: an alarm or a faulty member
)

// The verdicts of a verifying command that are not success. The command has
// printed the verdict as its result, so they print nothing more.
var (
	errNotAuthentic = errors.New("not authentic")
	errCannotTell   = errors.New("cannot tell")
	errFindings     = errors.New("with findings")
)

// errTold is the error of a command that has said already why it failed.
var errTold = errors.New("failed")

// usageError is a command line that means nothing.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// hinted is an error with what to do about it.
type hinted struct {
	error
	advice string
}

func (e *hinted) Unwrap() error { return e.error }

func hint(err error, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...)}
}

// exitCode maps errors to exit codes; the only place that does.
func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errCannotTell):
		return exitUnknown
	case errors.Is(err, errFindings):
		return exitFindings
	}
	return exitFailed
}

// finish reports an error to the person, in one line and perhaps a hint, and
// returns the exit code.
func (t *terminal) finish(err error) int {
	switch err {
	case nil, errTold, errNotAuthentic, errCannotTell, errFindings:
		return exitCode(err)
	}
	t.note("%s", reason(err))
	if advice := t.adviceFor(err); advice != "" {
		t.note("hint: %s", advice)
	}
	return exitCode(err)
}

// reason returns the text of an error as people read it: without the parts
// that only a program needs.
func reason(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted; what was shown as done is done, the rest perhaps not"
	}
	return err.Error()
}

// adviceFor returns what to do about an error: what the command said, else what
// is known about errors of this kind.
func (t *terminal) adviceFor(err error) string {
	var h *hinted
	if errors.As(err, &h) && !errors.Is(err, context.Canceled) {
		return h.advice
	}
	var fork *follow.Fork
	if errors.As(err, &fork) && len(fork.Files) == 1 {
		return "tell the other bureaus; whoever has the charter can check it: comity verify " + fork.Files[0]
	}
	var lost *client.Unreachable
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, home.ErrNoAgent):
		return "start one with: eval $(ssh-agent); and give it the key: ssh-add FILE"
	case errors.Is(err, keys.ErrNotInAgent):
		return "ssh-add FILE gives it the key, ssh-add -X unlocks an agent that is locked"
	case errors.Is(err, keys.ErrPassphraseNeeded):
		return "name a file that holds the passphrase: --passphrase-file FILE or COMITY_PASSPHRASE_FILE"
	case errors.Is(err, keys.ErrPassphrase):
		return "the key file is untouched; try again with the right passphrase"
	case errors.Is(err, client.ErrWrongKey) && errors.As(err, &lost) && !strings.HasPrefix(lost.Node, "desk "):
		return "a vote or a recovery may have given it other keys: telephone its bureau, and ask for its charter file; then comity charter update FILE, or comity recover follow FILE"
	case errors.As(err, &lost) && lost.KeyRefused():
		return "if another key of this home counts, act with that one: --officer LABEL; comity officer list shows which do"
	case errors.Is(err, syscall.ECONNREFUSED) && errors.As(err, &lost) && strings.HasPrefix(lost.Node, "desk "):
		return "is the desk running? on its machine it is started with: comity desk run"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "is the node running? start it with: " + t.starter()
	case errors.Is(err, store.ErrLocked):
		return "another command reads the replica of this home, or its desk runs (comity desk run); officers work from homes of their own"
	case errors.Is(err, ledger.ErrFormat):
		return "nothing here is lost: the newer program goes on from it. Which version the others run: comity upgrade check, at a bureau that has it"
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program, perhaps another node, has this port: stop it, or change listen in comity.toml"
	case errors.Is(err, home.ErrNoHome):
		return "name it with --dir or COMITY_DIR, or make one: comity init --help"
	case errors.Is(err, home.ErrNoRoot):
		return "it is kept offline: fetch it, and say --root FILE"
	case errors.Is(err, home.ErrNoCharter):
		return "found one: comity charter --help; or ask to be admitted, with an invitation: comity join"
	case errors.Is(err, home.ErrBadCharter):
		return "the file charter is the same at all bureaus: put another's copy in its place, and compare its id in words: comity charter show"
	case errors.Is(err, context.DeadlineExceeded):
		return "the node did not answer in time; see: comity status"
	}
	switch wire.CodeOf(err) {
	case wire.Forbidden:
		return "act as an officer whose roles allow it: --officer LABEL"
	case wire.PurposeNeeded:
		return "--purpose TEXT"
	case wire.Ambiguous:
		return "name it by more digits of its id"
	case wire.Unauthenticated:
		return "the ledger does not know this key yet; an operator enrols the keys of this home with: comity enrol"
	case wire.NoLeader:
		return "most nodes do not see each other; try again, or ask another bureau's node; see: comity status"
	case wire.Unknown:
		return "send it again: the same statement is never written twice"
	case wire.Code(state.BadSequence):
		return "another statement of the same officer came first, a moment ago: send this one again"
	case wire.Code(state.Quota):
		return "what today's was spent on: comity status; a key in wrong hands can be revoked meanwhile"
	case wire.Busy, wire.Stopping:
		return "try again in a moment"
	}
	return ""
}

// starter returns the command that starts the node of the home in use.
func (t *terminal) starter() string {
	folder := filepath.Dir(t.homeDir)
	switch {
	case t.homeDir == "":
	case testnet.IsDemo(folder):
		if state, err := stateDir(); err == nil && folder == filepath.Join(state, "demo") {
			return invocation() + " demo"
		}
		return invocation() + " demo --dir " + shellWord(folder)
	case testnet.Is(folder):
		return "comity testnet up --dir " + shellWord(folder)
	}
	return "comity node run"
}

// cause returns what went wrong with a file without its path, which the caller
// says already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
