package node

import (
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// lead makes a call that only the leader of a term may make. A node that has not
// seen our votes refuses it: then it is shown them, and called again.
func (t *Transport) lead(id raft.ServerID, target raft.ServerAddress, kind laneKind, timeout time.Duration, term uint64, frame []byte, resp any) error {
	err := t.call(id, target, kind, timeout, frame, resp)
	if e := t.opts.Elections; e == nil || !errors.Is(err, refusedElection) {
		return err
	}
	shown, merr := marshalElected(&electedRequest{RPCHeader: t.header(), Term: term, Ballots: t.opts.Elections.credentials(term)})
	if merr != nil {
		return merr
	}
	if err := t.call(id, target, kind, t.opts.Timeout, shown, new(noted)); err != nil {
		return err
	}
	return t.call(id, target, kind, timeout, frame, resp)
}

// handOver tells every other voter that this leader hands over to a node. It
// waits for those that answer soon; the others do without.
func (t *Transport) handOver(to raft.ServerID) {
	e := t.opts.Elections
	if e == nil {
		return
	}
	term := t.term()
	frame, err := marshalHandOver(&handOverRequest{RPCHeader: t.header(), Term: term, To: to})
	if err == nil {
		err = e.handsOver(t.local, term, to)
	}
	if err != nil {
		t.log.Error("hand over leadership", "error", err)
		return
	}
	var told sync.WaitGroup
	for id, v := range e.electors() {
		if id == t.local || id == to {
			continue
		}
		told.Go(func() {
			if err := t.call(id, v.addr, laneControl, handOverWait, frame, new(noted)); err != nil {
				t.log.Info("tell of the new leader", "peer", string(id), "error", err)
			}
		})
	}
	told.Wait()
}

// handOverWait bounds how long a transfer of leadership waits for nodes that are
// not there.
const handOverWait = 500 * time.Millisecond

// Elected reports whether the votes that this leader can show elect it by those who
// vote now.
func (t *Transport) Elected() bool {
	e := t.opts.Elections
	return e == nil || e.stands(t.term())
}

func (t *Transport) header() raft.RPCHeader {
	return raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte(t.local), Addr: []byte(t.addr)}
}

// term is raft's current term, 0 where nobody says.
func (t *Transport) term() uint64 {
	if t.opts.Term == nil {
		return 0
	}
	return t.opts.Term()
}

// signVote puts this node's signature to a vote that raft gave.
func (t *Transport) signVote(in *inbound, term uint64, vote *raft.RequestVoteResponse) (*voteReply, error) {
	reply := &voteReply{RequestVoteResponse: *vote}
	if t.opts.Elections == nil || !vote.Granted {
		return reply, nil
	}
	var err error
	reply.ballot, err = t.opts.Elections.sign(term, in.id)
	return reply, err
}
