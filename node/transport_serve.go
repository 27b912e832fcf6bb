package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/hashicorp/raft"
)

// largeFrame is the payload above which a peer may have only one request in
// memory at a time, and that only while it is believed to lead: nobody else has
// anything to send that is so long, and there may be 64 members.
const largeFrame = 256 << 10

// ServeConn answers the requests that arrive on conn, one after the other, until
// the peer hangs up, is silent for too long or breaks a rule, or the transport is
// closed. It closes conn. peer is the identity that TLS proved: requests in any
// other name end the connection.
func (t *Transport) ServeConn(conn net.Conn, peer raft.ServerID) {
	keepAlive(conn)
	in := t.admit(conn, peer)
	if in == nil {
		conn.Close()
		return
	}
	defer t.leave(in)
	for {
		err := t.serveRequest(in)
		if err == nil {
			t.touch(in)
			continue
		}
		select {
		case <-in.gone: // ended from our side, which is no news
		default:
			t.report(in, err)
		}
		return
	}
}

// serveRequest reads, checks, hands over and answers one request. An error ends
// the connection. The order matters: length before memory, identity before
// anything that costs, the filters before raft.
func (t *Transport) serveRequest(in *inbound) error {
	in.conn.SetReadDeadline(time.Now().Add(t.opts.IdleTimeout))
	kind, n, err := readFrameHead(in.conn)
	if err != nil {
		return err
	}
	switch limit := kind.maxRequest(); {
	case limit < 0:
		return errMalformed
	case n > limit:
		return fmt.Errorf("%v of %d bytes: %w", kind, n, errOversize)
	}
	if n > largeFrame {
		if e := t.opts.Elections; e != nil && !e.believed(in.id) {
			return t.passOver(in, kind, n)
		}
		select {
		case in.peer.large <- struct{}{}:
			defer func() { <-in.peer.large }()
		case <-time.After(t.opts.FrameTimeout):
			return fmt.Errorf("%v of %d bytes beside another large one: %w", kind, n, os.ErrDeadlineExceeded)
		case <-in.gone:
			return net.ErrClosed
		}
	}
	in.conn.SetReadDeadline(time.Now().Add(t.opts.FrameTimeout))
	payload, err := readPayload(in.conn, n)
	if err != nil {
		return err
	}
	req, err := parseRequest(kind, payload)
	if err != nil {
		return fmt.Errorf("%v: %w", kind, err)
	}

	if err := t.checkIdentity(in, req); err != nil {
		t.counts.identity.Add(1)
		_ = t.reply(in, marshalRefusal(refusedIdentity)) // a word to an operator who mixed up two addresses
		return err
	}
	if answer := t.past(req); answer != nil {
		return t.answer(in, answer)
	}
	code, err := t.checkContent(in, req)
	if errors.Is(err, errHeld) {
		return t.answerHeld(in, req)
	}
	cut := errors.Is(err, errCut)
	if err != nil {
		t.warn(in, "raft request refused", fmt.Errorf("%v: %w", kind, err))
		if !cut {
			return t.reply(in, marshalRefusal(code))
		}
	}
	if req.ours() {
		return t.answer(in, noted(kind))
	}
	answer, err := t.deliver(in, req)
	if err != nil {
		return fmt.Errorf("%v: %w", kind, err)
	}
	if answer.Error != nil {
		t.warn(in, "raft refused a request", fmt.Errorf("%v: %w", kind, answer.Error))
		return t.reply(in, marshalRefusal(refusedRaft))
	}
	if vote, ok := answer.Response.(*raft.RequestVoteResponse); ok {
		if answer.Response, err = t.signVote(in, req.term, vote); err != nil {
			return fmt.Errorf("%v: %w", kind, err)
		}
	}
	if stored, ok := answer.Response.(*raft.AppendEntriesResponse); ok && cut && stored.Success {
		return t.reply(in, marshalRefusal(code)) // success would be of all that was sent
	}
	return t.answer(in, answer.Response)
}

// passOver reads past a large request of a peer that does not lead, as far as this node
// knows, and says so: then a leader shows its votes, and sends it again.
func (t *Transport) passOver(in *inbound, kind frameType, n int) error {
	in.conn.SetReadDeadline(time.Now().Add(t.opts.FrameTimeout))
	if _, err := io.CopyN(io.Discard, in.conn, int64(n)); err != nil {
		return err
	}
	t.counts.unelected.Add(1)
	t.warn(in, "raft request refused", fmt.Errorf("%v of %d bytes: %w", kind, n, errUnelected))
	return t.reply(in, marshalRefusal(refusedElection))
}

// answer sends a reply.
func (t *Transport) answer(in *inbound, resp any) error {
	frame, err := marshalReply(resp)
	if err != nil {
		return err
	}
	t.counts.served.Add(1)
	return t.reply(in, frame)
}

// checkIdentity holds the names in a request against TLS: the id is the peer's,
// and the ledger has the peer at the address, which raft will take for the
// leader's or count as the candidate voted for.
func (t *Transport) checkIdentity(in *inbound, req *request) error {
	header := req.command.GetRPCHeader()
	if raft.ServerID(header.ID) != in.id {
		return fmt.Errorf("request in the name of node %q", header.ID)
	}
	if owner, ok := t.peerOf(raft.ServerAddress(header.Addr)); !ok || owner != in.id {
		return fmt.Errorf("request in the name of address %q", header.Addr)
	}
	return nil
}

// past answers, in raft's place and as raft would, who leads a term that is over, nil
// for any other request: nothing of what it sends is looked at. Whoever is no leader
// could name such a term, and have this node verify signatures for nothing.
func (t *Transport) past(req *request) any {
	now := t.term()
	if req.term >= now {
		return nil
	}
	switch req.command.(type) {
	case *raft.AppendEntriesRequest:
		return &raft.AppendEntriesResponse{Term: now}
	case *raft.InstallSnapshotRequest:
		return &raft.InstallSnapshotResponse{Term: now}
	}
	return nil
}

// checkContent asks the guards.
func (t *Transport) checkContent(in *inbound, req *request) (refusal, error) {
	if !t.termInReach(req.term) {
		t.counts.term.Add(1)
		return refusedTerm, fmt.Errorf("term %d is more than %d ahead", req.term, maxTermAhead)
	}
	switch req.command.(type) {
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
		if !in.peer.votes.Allow() {
			t.counts.unelected.Add(1)
			return refusedElection, errors.New("it asks for votes too often")
		}
	}
	if err := t.opts.Abstention.check(req); err != nil {
		return refusedAbstains, err
	}
	if e := t.opts.Elections; e != nil {
		if err := e.check(in.id, req, t.term()); err != nil {
			t.counts.unelected.Add(1)
			return refusedElection, err
		}
	}
	var err error
	switch r := req.command.(type) {
	case *raft.AppendEntriesRequest:
		if t.opts.Filter != nil {
			err = t.opts.Filter(in.id, r)
		}
	case *raft.InstallSnapshotRequest:
		if t.opts.FilterSnapshot != nil {
			err = t.opts.FilterSnapshot(in.id, r, req.manifest)
		}
	}
	if err != nil && !errors.Is(err, errHeld) && !errors.Is(err, errUnsettled) {
		t.counts.filtered.Add(1)
	}
	return refusedContent, err
}

// answerHeld answers in raft's place for a snapshot that this node has: success,
// or the term by which an old leader learns that it is none.
func (t *Transport) answerHeld(in *inbound, req *request) error {
	resp := &raft.InstallSnapshotResponse{Term: req.term, Success: true}
	if t.opts.Term != nil {
		resp.Term = t.opts.Term()
		resp.Success = req.term >= resp.Term
	}
	return t.answer(in, resp)
}

// deliver hands an RPC to raft and waits for the answer, no longer than the peer
// waits for us. When it gives up, an RPC that raft has not taken yet is gone; one
// that raft has taken runs to its end, its answer unread in the channel's buffer.
func (t *Transport) deliver(in *inbound, req *request) (raft.RPCResponse, error) {
	limit := t.opts.Timeout
	answers := make(chan raft.RPCResponse, 1) // raft never waits for us to read it
	rpc := raft.RPC{Command: req.command, RespChan: answers}
	switch r := req.command.(type) {
	case *raft.AppendEntriesRequest:
		if handle := t.heartbeat.Load(); handle != nil && isHeartbeat(r) {
			(*handle)(rpc)
			return t.await(in, answers, limit)
		}
		limit = t.opts.BulkTimeout
	case *raft.InstallSnapshotRequest:
		limit = t.opts.SnapshotTimeout
		rpc.Reader = bytes.NewReader(req.manifest)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case t.rpcs <- rpc:
		return t.await(in, answers, limit)
	case <-timer.C:
		return raft.RPCResponse{}, fmt.Errorf("raft took no request: %w", os.ErrDeadlineExceeded)
	case <-in.gone:
		return raft.RPCResponse{}, net.ErrClosed
	case <-t.ctx.Done():
		return raft.RPCResponse{}, raft.ErrTransportShutdown
	}
}

// await waits for raft's answer.
func (t *Transport) await(in *inbound, answers <-chan raft.RPCResponse, limit time.Duration) (raft.RPCResponse, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case answer := <-answers:
		return answer, nil
	case <-timer.C:
		return raft.RPCResponse{}, fmt.Errorf("raft gave no answer: %w", os.ErrDeadlineExceeded)
	case <-in.gone:
		return raft.RPCResponse{}, net.ErrClosed
	case <-t.ctx.Done():
		return raft.RPCResponse{}, raft.ErrTransportShutdown
	}
}

func (t *Transport) reply(in *inbound, frame []byte) error {
	in.conn.SetWriteDeadline(time.Now().Add(t.opts.FrameTimeout))
	_, err := in.conn.Write(frame)
	return err
}
