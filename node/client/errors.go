package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// ErrWrongKey means that whoever answers at the node's address does not hold
// the key that the charter, or for a desk the configuration, names for it.
var ErrWrongKey = errors.New("it proves another key than the one that is pinned for it")

// Unreachable is the error of a call that got no answer.
type Unreachable struct {
	Node string // "node of XB at 127.0.0.1:7102"
	// Sent reports whether the node may have got the call. A statement that was
	// sent may be committed; sending the same bytes again is safe.
	Sent bool
	Err  error
}

// Error returns a sentence part such as "reach node of XB at 127.0.0.1:7102:
// connection refused".
func (e *Unreachable) Error() string {
	why := reason(e.Err)
	if e.KeyRefused() {
		why = "it refuses our key: as far as it has read the key is not enrolled, or it was revoked; or the key has too many sessions"
	}
	return fmt.Sprintf("reach %s: %s", e.Node, why)
}

// Unwrap returns the error of the network.
func (e *Unreachable) Unwrap() error { return e.Err }

// KeyRefused reports whether the node answered and let nobody with our key in.
func (e *Unreachable) KeyRefused() bool {
	var op *net.OpError
	return errors.As(e.Err, &op) && op.Op == "remote error" && op.Err.Error() == alertBadCertificate.Error()
}

// errSlow is the cause of a call's end when its own time is up, as opposed to
// the caller's.
type errSlow time.Duration

func (e errSlow) Error() string {
	return fmt.Sprintf("no answer within %s", time.Duration(e).Round(time.Second))
}
func (e errSlow) Is(target error) bool { return target == context.DeadlineExceeded }

// unreachable wraps an error of the transport.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	sent := !errors.Is(err, ErrWrongKey)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		sent = false
	}
	return &Unreachable{Node: c.name, Sent: sent, Err: err}
}

// alertBadCertificate is what a peer sends that does not know our key (RFC 8446,
// section 6.2). crypto/tls gives the alerts of a peer a type of its own, which has the
// text of this one and is found by nothing else.
const alertBadCertificate tls.AlertError = 42

// reason peels off what the sentence says already: operation, network, address.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case err == context.DeadlineExceeded:
		return "no answer in time"
	}
	return err.Error()
}
