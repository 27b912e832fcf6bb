package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Dialer opens a connection to the node at addr. What it returns is TLS 1.3,
// authenticated both ways and pinned to the key of the node that the ledger has
// at that address (in tests: net.Pipe). The transport trusts it with exactly that.
type Dialer func(ctx context.Context, addr raft.ServerAddress) (net.Conn, error)

// Transport carries raft's RPCs between nodes over connections that TLS has
// authenticated. It is what raft's own network transport is not: bounded in
// memory, in time and in connections whatever a peer sends, and sure who sent it.
//
// It trusts a peer with nothing but that peer's own name. What a leader sends
// passes the Filter before raft stores any of it.
type Transport struct {
	local  raft.ServerID
	addr   raft.ServerAddress
	dial   Dialer
	peerOf func(raft.ServerAddress) (raft.ServerID, bool)
	opts   TransportOptions
	log    *slog.Logger

	rpcs      chan raft.RPC
	heartbeat atomic.Pointer[func(raft.RPC)]
	counts    transportCounts

	// ctx ends with Close; everything that waits in this file waits for it too.
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex // guards what follows
	lanes map[laneKey]*lane
	peers map[raft.ServerID]*peerState
	acks  map[raft.ServerID]entryID // see stored
}

var (
	_ raft.Transport   = (*Transport)(nil)
	_ raft.WithPreVote = (*Transport)(nil)
	_ raft.WithClose   = (*Transport)(nil)
)

// NewTransport returns the transport of the node local at addr. peerOf names the
// node that the ledger has at an address; it is asked for every RPC.
// The listener is the caller's: each connection it accepts goes to ServeConn.
func NewTransport(local raft.ServerID, addr raft.ServerAddress, dial Dialer,
	peerOf func(raft.ServerAddress) (raft.ServerID, bool), opts TransportOptions) *Transport {
	opts = opts.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Transport{
		local: local, addr: addr, dial: dial, peerOf: peerOf, opts: opts,
		log:  opts.Logger.With("node", string(local)),
		rpcs: make(chan raft.RPC),
		ctx:  ctx, cancel: cancel,
		lanes: make(map[laneKey]*lane),
		peers: make(map[raft.ServerID]*peerState),
		acks:  make(map[raft.ServerID]entryID),
	}
}

// Consumer implements raft.Transport.
func (t *Transport) Consumer() <-chan raft.RPC { return t.rpcs }

// LocalAddr implements raft.Transport.
func (t *Transport) LocalAddr() raft.ServerAddress { return t.addr }

// EncodePeer implements raft.Transport: an address is its own encoding.
func (t *Transport) EncodePeer(_ raft.ServerID, addr raft.ServerAddress) []byte { return []byte(addr) }

// DecodePeer implements raft.Transport.
func (t *Transport) DecodePeer(b []byte) raft.ServerAddress { return raft.ServerAddress(b) }

// SetHeartbeatHandler implements raft.Transport. Heartbeats go to the handler on
// the goroutine of their connection, past a main loop that may be waiting for the disk.
func (t *Transport) SetHeartbeatHandler(handle func(raft.RPC)) {
	if handle == nil {
		t.heartbeat.Store(nil)
		return
	}
	t.heartbeat.Store(&handle)
}

// AppendEntriesPipeline implements raft.Transport. On short lines it declines, and
// raft sends one AppendEntries at a time and waits for the answer: group commit
// makes up for it, as one RPC carries up to MaxAppendEntries batches, not entries.
func (t *Transport) AppendEntriesPipeline(id raft.ServerID, target raft.ServerAddress) (raft.AppendPipeline, error) {
	if !t.opts.Pipeline {
		return nil, raft.ErrPipelineReplicationNotSupported
	}
	return t.newPipeline(id, target)
}

// AppendEntries implements raft.Transport. What carries no entries, heartbeats
// above all, has connections of its own and does not wait behind what does.
func (t *Transport) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	frame, err := marshalAppendEntries(args)
	if err != nil {
		return err
	}
	kind, limit := laneBulk, t.opts.BulkTimeout
	if len(args.Entries) == 0 {
		kind, limit = laneControl, t.opts.Timeout
	}
	if err := t.lead(id, target, kind, limit, args.Term, frame, resp); err != nil {
		return err
	}
	t.acked(id, args, resp)
	return nil
}

// acked notes what a follower says to have stored.
func (t *Transport) acked(id raft.ServerID, args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) {
	if !resp.Success || resp.Term > args.Term {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := entryID{args.PrevLogEntry + uint64(len(args.Entries)), args.Term}
	if t.acks[id].before(at) {
		t.acks[id] = at
	}
}

// Stored returns up to where a node's log is this one's, by what the node has answered
// to the entries that this one sent as the leader of the present term: what Raft
// counts when it commits. 0 is for nothing.
func (t *Transport) Stored(id raft.ServerID) uint64 {
	now := t.term()
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.acks[id]; at.term == now {
		return at.index
	}
	return 0
}

// RequestVote implements raft.Transport.
func (t *Transport) RequestVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	if err := t.opts.Abstention.stands(); err != nil {
		return err
	}
	frame, err := marshalRequestVote(args)
	if err != nil {
		return err
	}
	var reply voteReply
	if err := t.call(id, target, laneControl, t.opts.Timeout, frame, &reply); err != nil {
		return err
	}
	if e := t.opts.Elections; e != nil && reply.Granted {
		if err := e.collect(args.Term, id, reply.ballot); err != nil {
			return fmt.Errorf("call %s: %w", id, err)
		}
	}
	*resp = reply.RequestVoteResponse
	return nil
}

// RequestPreVote implements raft.WithPreVote.
func (t *Transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress, args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	if err := t.opts.Abstention.stands(); err != nil {
		return err
	}
	frame, err := marshalRequestPreVote(args)
	if err != nil {
		return err
	}
	return t.call(id, target, laneControl, t.opts.Timeout, frame, resp)
}

// TimeoutNow implements raft.Transport. It first tells the others that id may ask
// for their votes while this node leads; who does not hear it will not give one.
func (t *Transport) TimeoutNow(id raft.ServerID, target raft.ServerAddress, args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	frame, err := marshalTimeoutNow(args)
	if err != nil {
		return err
	}
	t.handOver(id)
	return t.call(id, target, laneControl, t.opts.Timeout, frame, resp)
}

// InstallSnapshot implements raft.Transport. data is a manifest of at most
// MaxManifest bytes; the follower gets the entries themselves elsewhere, within
// this RPC, which is why it may take SnapshotTimeout.
func (t *Transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress, args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	manifest, err := io.ReadAll(io.LimitReader(data, MaxManifest+1))
	if err != nil {
		return fmt.Errorf("read snapshot at %d: %w", args.LastLogIndex, err)
	}
	frame, err := marshalInstallSnapshot(args, manifest)
	if err != nil {
		return err
	}
	return t.lead(id, target, laneBulk, t.opts.SnapshotTimeout, args.Term, frame, resp)
}

// errAddress is returned for a target whose address the ledger gives to another node.
var errAddress = errors.New("address belongs to another node")

// call sends a request frame and waits for its reply, at most for timeout. A
// connection that had been lying idle and turns out to be dead is replaced once:
// every raft RPC may arrive twice.
func (t *Transport) call(id raft.ServerID, target raft.ServerAddress, kind laneKind, timeout time.Duration, frame []byte, resp any) error {
	if owner, ok := t.peerOf(target); !ok || owner != id {
		return fmt.Errorf("call %s at %s: %w", id, target, errAddress)
	}
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	lane, err := t.lane(laneKey{id, target, kind})
	if err != nil {
		return err
	}
	payload, err := lane.roundTrip(ctx, frame)
	var code refusal
	switch {
	case errors.As(err, &code):
		return fmt.Errorf("call %s: %w", id, code)
	case t.ctx.Err() != nil:
		return raft.ErrTransportShutdown
	case err != nil:
		return fmt.Errorf("call %s at %s: %w", id, target, err)
	}
	return t.readAnswer(id, target, payload, resp)
}

// readAnswer reads what a peer answered.
func (t *Transport) readAnswer(id raft.ServerID, target raft.ServerAddress, payload []byte, resp any) error {
	term, err := parseReply(payload, resp, raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte(id), Addr: []byte(target)})
	if err != nil {
		return fmt.Errorf("call %s at %s: %w", id, target, err)
	}
	if !t.termInReach(term) {
		t.counts.term.Add(1)
		return fmt.Errorf("call %s: term %d: %w", id, term, refusedTerm)
	}
	return nil
}

// termInReach reports whether a term heard from a peer may be shown to raft.
func (t *Transport) termInReach(term uint64) bool {
	if t.opts.Term == nil {
		return true
	}
	now := t.opts.Term()
	return term <= now || term-now <= maxTermAhead
}

// Close ends every connection and every RPC in progress, with
// raft.ErrTransportShutdown. No RPC reaches the Consumer afterwards. raft calls it
// when it shuts down; ServeConn returns soon after.
func (t *Transport) Close() error {
	t.cancel()
	t.drop(func(raft.ServerID) bool { return true })
	return nil
}

// Disconnect ends all connections to and from a peer, as when its key has been
// revoked. It does not keep the peer from coming back: that is for the Dialer,
// peerOf and the caller of ServeConn.
func (t *Transport) Disconnect(id raft.ServerID) {
	t.drop(func(other raft.ServerID) bool { return other == id })
}

// drop closes the lanes and the inbound connections of the peers that match.
func (t *Transport) drop(match func(raft.ServerID) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, lane := range t.lanes {
		if match(key.id) {
			lane.close()
			delete(t.lanes, key)
		}
	}
	for id, peer := range t.peers {
		if match(id) {
			for _, in := range peer.conns {
				in.end()
			}
		}
	}
}
