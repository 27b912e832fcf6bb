package node

import (
	"github.com/hashicorp/raft"
)

// nudge tells a node, as its leader, what is committed. Raft would say so
// with its next entries, or after CommitTimeout; a node that has forwarded a
// statement answers its officer once its own ledger holds it, and waits for this.
// It is what Raft itself sends when it has nothing to replicate: the index and
// term of the last committed entry, which the follower compares with its own.
func (r *replica) nudge(name string) {
	if r.ctx.Err() != nil || name == r.name {
		return
	}
	if _, busy := r.nudging.LoadOrStore(name, true); busy {
		return // Raft will say it
	}
	go func() { // ends with the transport at the latest
		defer r.nudging.Delete(name)
		term, at := r.raft.CurrentTerm(), r.raft.CommitIndex()
		var last raft.Log
		if r.raft.LastIndex() > at {
			return // with the entries that are on their way
		}
		if err := r.logs.GetLog(at, &last); err != nil || r.raft.State() != raft.Leader || r.raft.CurrentTerm() != term {
			return
		}
		req := &raft.AppendEntriesRequest{
			RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(r.name), Addr: []byte(r.trans.LocalAddr())},
			Term:      term, PrevLogEntry: at, PrevLogTerm: last.Term, LeaderCommitIndex: at,
		}
		// A failure costs the wait for what Raft sends.
		_ = r.trans.AppendEntries(raft.ServerID(name), raft.ServerAddress(name), req, new(raft.AppendEntriesResponse))
	}()
}
