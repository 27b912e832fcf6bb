package node

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
)

// giveWayAfter is how long a leader may commit nothing of what it proposed while
// the others hear it: longer than a large command takes on a slow link.
const giveWayAfter = 30 * time.Second

// giveWay asks another node to stand for election when this one leads and nothing
// of what it proposes is committed. The others refuse it, most likely because its
// clock is ahead of theirs; Raft, to which heartbeats are enough, would let it lead
// for ever. A transfer of leadership would wait for them to take what they refuse.
func (r *replica) giveWay(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var commit uint64
	since := time.Now()
	for turn := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := r.raft.CommitIndex()
		if r.raft.State() != raft.Leader || now != commit || now >= r.raft.LastIndex() {
			commit, since = now, time.Now()
			continue
		}
		others := r.rivals()
		if time.Since(since) < giveWayAfter || len(others) == 0 {
			continue
		}
		next := others[turn%len(others)]
		turn, since = turn+1, time.Now()
		r.alarm("as leader it could not commit what it proposed, and gave way: the others refuse it; is its clock ahead of theirs?")
		r.log.Error("nothing of what this leader proposes is committed; it gives way", "to", next)
		req := &raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(r.name), Addr: []byte(r.trans.LocalAddr())}}
		if err := r.trans.TimeoutNow(raft.ServerID(next), raft.ServerAddress(next), req, new(raft.TimeoutNowResponse)); err != nil {
			r.log.Error("give way", "to", next, "error", err)
		}
	}
}

// rivals returns the names of the other nodes that may lead.
func (r *replica) rivals() (names []string) {
	for _, s := range r.raft.GetConfiguration().Configuration().Servers {
		if s.Suffrage == raft.Voter && string(s.ID) != r.name {
			names = append(names, string(s.ID))
		}
	}
	return names
}
