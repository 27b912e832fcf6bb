package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// ErrLeft is why a node stops whose bureau is no member any more, or has another
// node by a decision of the bureaus. Nothing is wrong with it.
var ErrLeft = errors.New("it stops for good, and nothing of what it holds is lost to the others")

// leaveAfter bounds how long a node that left goes on acknowledging entries, so
// that the others can take its vote away with a majority that it counts in.
const leaveAfter = 30 * time.Second

// belong ends the node when its bureau is no member any more. The library tells
// nobody but a leader that it was removed; this node looks at what the ledger says,
// its own or that of a charter file which another node gave.
func (r *replica) belong(ctx context.Context) {
	for {
		changed := r.roster.changed.wait() // before the look, so that no change is missed
		if why := r.outside(); why != "" {
			r.leaving.Store(&why)
			r.log.Warn("this node leaves", "why", why)
			r.batch.refuse()
			r.bow(ctx)
			if ctx.Err() == nil {
				r.fatal(fmt.Errorf("%s: %w", why, ErrLeft))
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// outside says why this node is no member's, "" while it is.
func (r *replica) outside() string {
	now := r.roster.now()
	m, own := now.nodes[r.name], r.cfg.Witness.Public()
	switch {
	case m == nil:
		return fmt.Sprintf("the bureaus decided that %s is no member any more (epoch %d, from entry %d on)", r.cfg.Bureau, now.Number, now.From)
	case m.Node.TLS != r.cfg.TLS.ID() || !m.Node.Witness.Ed25519.Equal(own.Ed25519) || !bytes.Equal(m.Node.Witness.MLDSA.Bytes(), own.MLDSA.Bytes()):
		return fmt.Sprintf("the bureaus decided that the node of %s has other keys than this one (epoch %d, from entry %d on)", r.cfg.Bureau, now.Number, now.From)
	}
	return ""
}

// bow waits until this node has no vote in its Raft configuration.
func (r *replica) bow(ctx context.Context) {
	until := time.Now().Add(leaveAfter)
	for ctx.Err() == nil && time.Now().Before(until) {
		votes := false
		for _, s := range r.raft.GetConfiguration().Configuration().Servers {
			votes = votes || string(s.ID) == r.name && s.Suffrage == raft.Voter
		}
		if !votes {
			pauseFor(ctx, time.Second) // the others commit that
			return
		}
		pauseFor(ctx, askAgain)
	}
}
