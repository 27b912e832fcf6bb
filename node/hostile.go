//go:build hostile

package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// Hostile is a dishonest member: it holds the keys of one bureau's node, knows
// the charter, and keeps no rule. It says to other nodes whatever it is told to
// say, in the name that its keys prove. It exists in the hostile build only.
type Hostile struct {
	Name string // of the node whose keys it holds, "xa.comity/n1"; put into every header

	genesis *ledger.Genesis
	members map[string]*ledger.Member // by code of the bureau
	tls     *keys.TLS
	witness *keys.Witness

	mu    sync.Mutex     // guards votes
	votes electedRequest // what ShowVotes shows
}

// NewHostile returns the dishonest member with the keys of cfg.
func NewHostile(cfg Config) (*Hostile, error) {
	m, err := cfg.check()
	if err != nil {
		return nil, err
	}
	h := &Hostile{Name: m.NodeName(), genesis: cfg.Genesis, members: make(map[string]*ledger.Member), tls: cfg.TLS, witness: cfg.Witness}
	now := newRoster(cfg.Genesis).now()
	for i := range now.Members {
		m := &now.Members[i]
		h.members[m.Code] = m
	}
	return h, nil
}

// Refused is the answer of a node that kept an RPC from its Raft, or whose Raft
// answered with an error.
type Refused struct {
	Why string // the refusal as it crossed the network
}

func (r *Refused) Error() string { return r.Why }

// Dial opens a session with a bureau's node for one of the two protocols.
func (h *Hostile) Dial(ctx context.Context, bureau, protocol string) (net.Conn, error) {
	m, ok := h.members[bureau]
	if !ok {
		return nil, fmt.Errorf("dial: no bureau %s", bureau)
	}
	return DialAs(ctx, m, h.tls, protocol)
}

// DialAs opens a session with a member's node under any TLS key.
func DialAs(ctx context.Context, m *ledger.Member, key *keys.TLS, protocol string) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", m.Node.Address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{key.Certificate()}, NextProtos: []string{protocol},
		InsecureSkipVerify: true, // the pinned key is compared
		VerifyConnection:   func(cs tls.ConnectionState) error { return checkPin(cs.PeerCertificates, m.Node.TLS) },
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// Client calls a bureau's node over HTTP as a node.
func (h *Hostile) Client(bureau string) (*client.Client, error) {
	m, ok := h.members[bureau]
	if !ok {
		return nil, fmt.Errorf("no bureau %s", bureau)
	}
	return client.New(client.Options{Address: m.Node.Address, Node: m.Node.TLS, TLS: h.tls, Bureau: bureau, Timeout: 10 * time.Second}), nil
}

// Post sends a request as a node, and returns the status of its answer.
func (h *Hostile) Post(ctx context.Context, bureau, path string, body []byte) (status int, err error) {
	t := &http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return h.Dial(ctx, bureau, wire.ProtocolHTTP)
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://comity"+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// Header returns the header of an RPC in the own name.
func (h *Hostile) Header() raft.RPCHeader {
	return raft.RPCHeader{ProtocolVersion: raftProtocol, ID: []byte(h.Name), Addr: []byte(h.Name)}
}

// Append sends an AppendEntries; without entries and indexes it is a heartbeat.
// A header that the request does not have is the own one.
func (h *Hostile) Append(ctx context.Context, bureau string, req *raft.AppendEntriesRequest) (*raft.AppendEntriesResponse, error) {
	if req.ID == nil {
		req.RPCHeader = h.Header()
	}
	frame, err := marshalAppendEntries(req)
	if err != nil {
		return nil, err
	}
	resp := new(raft.AppendEntriesResponse)
	return resp, h.exchange(ctx, bureau, frame, resp)
}

// Vote asks for a vote.
func (h *Hostile) Vote(ctx context.Context, bureau string, req *raft.RequestVoteRequest) (*raft.RequestVoteResponse, error) {
	if req.ID == nil {
		req.RPCHeader = h.Header()
	}
	frame, err := marshalRequestVote(req)
	if err != nil {
		return nil, err
	}
	reply := new(voteReply)
	err = h.exchange(ctx, bureau, frame, reply)
	if reply.ballot != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.votes.Term != req.Term {
			h.votes = electedRequest{Term: req.Term}
		}
		h.votes.Ballots = append(h.votes.Ballots, ballot{raft.ServerID(h.members[bureau].NodeName()), reply.ballot})
	}
	return &reply.RequestVoteResponse, err
}

// ShowVotes shows a node the votes that were given to h in the last term in
// which it asked for some.
func (h *Hostile) ShowVotes(ctx context.Context, bureau string) error {
	h.mu.Lock()
	r := h.votes
	h.mu.Unlock()
	r.RPCHeader = h.Header()
	frame, err := marshalElected(&r)
	if err != nil {
		return err
	}
	return h.exchange(ctx, bureau, frame, new(noted))
}

// PreVote asks whether there would be a vote.
func (h *Hostile) PreVote(ctx context.Context, bureau string, req *raft.RequestPreVoteRequest) (*raft.RequestPreVoteResponse, error) {
	if req.ID == nil {
		req.RPCHeader = h.Header()
	}
	frame, err := marshalRequestPreVote(req)
	if err != nil {
		return nil, err
	}
	resp := new(raft.RequestPreVoteResponse)
	return resp, h.exchange(ctx, bureau, frame, resp)
}

// TimeoutNow tells a node to stand for election.
func (h *Hostile) TimeoutNow(ctx context.Context, bureau string, header *raft.RPCHeader) error {
	req := &raft.TimeoutNowRequest{RPCHeader: h.Header()}
	if header != nil {
		req.RPCHeader = *header
	}
	frame, err := marshalTimeoutNow(req)
	if err != nil {
		return err
	}
	return h.exchange(ctx, bureau, frame, new(raft.TimeoutNowResponse))
}

// Install sends a snapshot. The configuration, where the request has none, is
// the charter's.
func (h *Hostile) Install(ctx context.Context, bureau string, req *raft.InstallSnapshotRequest, manifest []byte) (*raft.InstallSnapshotResponse, error) {
	if req.ID == nil {
		req.RPCHeader = h.Header()
	}
	if req.Configuration == nil {
		req.Configuration = raft.EncodeConfiguration(serversOf(h.genesis.Latest()))
	}
	req.SnapshotVersion, req.Size = raft.SnapshotVersionMax, int64(len(manifest))
	frame, err := marshalInstallSnapshot(req, manifest)
	if err != nil {
		return nil, err
	}
	resp := new(raft.InstallSnapshotResponse)
	return resp, h.exchange(ctx, bureau, frame, resp)
}

// exchange sends a frame over a session of its own and reads the reply.
func (h *Hostile) exchange(ctx context.Context, bureau string, frame []byte, resp any) error {
	conn, err := h.Dial(ctx, bureau, wire.ProtocolRaft)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(frame); err != nil {
		return err
	}
	kind, n, err := readFrameHead(conn)
	if err != nil {
		return err
	}
	payload, err := readPayload(conn, n)
	if err != nil {
		return err
	}
	if kind == frameRefused {
		return &Refused{parseRefusal(payload).Error()}
	}
	if kind != frameType(frame[4])|frameReply {
		return errMalformed
	}
	_, err = parseReply(payload, resp, h.Header())
	return err
}

// HostileFrame returns the head of a frame of any type and length, for which no
// payload need follow.
func HostileFrame(kind uint8, length uint32) []byte {
	return []byte{byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length), kind}
}

// Cosign signs any root for any size with the witness keys.
func (h *Hostile) Cosign(size uint64, root ledger.Hash, now time.Time) (*ledger.Cosignature, error) {
	return ledger.Cosign(h.witness, h.Name, ledger.Checkpoint{Origin: h.genesis.Origin(), Size: size, Root: root}, uint64(now.Unix()))
}

// Witness returns the cosigning keys.
func (h *Hostile) Witness() *keys.Witness { return h.witness }

// PeerOf returns the code of the bureau whose node sent a request, "" for a
// client that is no node.
func (h *Hostile) PeerOf(req *http.Request) string {
	if req.TLS == nil || len(req.TLS.PeerCertificates) == 0 {
		return ""
	}
	id := keys.TLSID(req.TLS.PeerCertificates[0])
	for code, m := range h.members {
		if m.Node.TLS == id {
			return code
		}
	}
	return ""
}

// Listen serves handler at the address of the bureau whose keys h holds, whose
// node must not run, until the returned function is called.
func (h *Hostile) Listen(handler http.Handler) (stop func() error, err error) {
	var own *ledger.Member
	for _, m := range h.members {
		if m.NodeName() == h.Name {
			own = m
		}
	}
	l, err := net.Listen("tcp", own.Node.Address)
	if err != nil {
		return nil, err
	}
	s := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second, TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{h.tls.Certificate()},
		ClientAuth: tls.RequireAnyClientCert, NextProtos: []string{wire.ProtocolHTTP},
	}}
	done := make(chan error, 1)
	go func() { done <- s.ServeTLS(l, "", "") }() // ends with s.Close
	return func() error {
		err := s.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// What follows looks into a node of this process. An attacker has it of the own
// node; what is compared afterwards, the test has of all.

// RaftLast returns index and term of the last record of the node's Raft log.
func (n *Node) RaftLast() (index, term uint64, err error) {
	if index, err = n.guarded.LastIndex(); err != nil || index == 0 {
		return index, 0, err
	}
	var l raft.Log
	if err := n.guarded.GetLog(index, &l); err != nil {
		return 0, 0, err
	}
	return index, l.Term, nil
}

// RaftLog returns a record of the node's Raft log.
func (n *Node) RaftLog(index uint64) (*raft.Log, error) {
	l := new(raft.Log)
	return l, n.guarded.GetLog(index, l)
}

// RaftFirst returns the first index of the node's Raft log.
func (n *Node) RaftFirst() (uint64, error) { return n.guarded.FirstIndex() }

// RaftSnapshot returns the index of the newest snapshot, as text.
func (n *Node) RaftSnapshot() string { return n.raft.Stats()["last_snapshot_index"] }

// RaftServers returns the names of the servers in Raft's present configuration.
func (n *Node) RaftServers() ([]string, error) {
	f := n.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return nil, err
	}
	var names []string
	for _, s := range f.Configuration().Servers {
		names = append(names, string(s.ID))
	}
	return names, nil
}

// Silence ends what the node says to others, as its death would: [Node.Close]
// hands over and waits, which a dishonest node need not.
func (n *Node) Silence() { n.fatal(errors.New("silenced")) }

// Counters returns what the node's transport has refused so far.
func (n *Node) Counters() TransportCounters { return n.transport.Counters() }

// Manifest returns what a snapshot of the node's present state would be, and the
// index and term that it is of.
func (n *Node) Manifest() (data []byte, index, term uint64, err error) {
	taken, err := n.fsm.Snapshot() // nothing is being applied: who asks has waited for that
	if err != nil {
		return nil, 0, 0, err
	}
	m := taken.(*snapshot).manifest
	l, err := n.RaftLog(m.Applied)
	if err != nil {
		return nil, 0, 0, err
	}
	return m.marshal(), m.Applied, l.Term, nil
}

// ForgeManifest changes what a manifest says.
func ForgeManifest(data []byte, change func(applied *uint64, head *state.Head, pending, final **state.Collected)) ([]byte, error) {
	m, err := parseManifest(data)
	if err != nil {
		return nil, err
	}
	change(&m.Applied, &m.Head, &m.Pending, &m.Final)
	return m.marshal(), nil
}

// Compact takes a snapshot and keeps no more than keep records of the Raft log
// before it, so that a node that was away must fetch from its peers.
func (n *Node) Compact(keep uint64) error {
	rc := n.raft.ReloadableConfig()
	rc.TrailingLogs = keep
	if err := n.raft.ReloadConfig(rc); err != nil {
		return err
	}
	return n.raft.Snapshot().Error()
}

// HandOver hands leadership to a bureau's node, as an operator's stop does.
func (n *Node) HandOver(bureau string) error {
	name := ledger.NodeName(bureau)
	return n.raft.LeadershipTransferToServer(raft.ServerID(name), raft.ServerAddress(name)).Error()
}
