package node

import (
	"log/slog"
	"time"

	"github.com/hashicorp/raft"
)

// TransportOptions tune a Transport. The zero value works.
type TransportOptions struct {
	// Filter, if set, sees every AppendEntries before raft does, heartbeats
	// (without entries) and LogConfiguration entries included. An error keeps the
	// RPC from raft; the sender learns only that it was refused. Filter runs on
	// many goroutines at once and must not hold a lock while it verifies:
	// heartbeats pass through it as well. It must not keep args; it may lower what
	// they say is committed, and with errCut leave only the first of their entries.
	Filter func(peer raft.ServerID, args *raft.AppendEntriesRequest) error
	// FilterSnapshot, if set, does the same for a snapshot, whose manifest is whole
	// at that point and whose membership raft would adopt without a question.
	FilterSnapshot func(peer raft.ServerID, args *raft.InstallSnapshotRequest, manifest []byte) error
	// Term, if set, is raft's current term. RPCs and replies more than
	// maxTermAhead above it are refused: raft adopts any term it hears, and one
	// member that said 2^64-1 would end all elections for ever.
	Term func() uint64
	// Abstention, if set, says what a node that forgot its log must not take part in.
	Abstention *abstention
	// Elections, if set, says whose requests to lead are believed.
	Elections *elections

	// Pipeline sends AppendEntries ahead of the answers to earlier ones, which long
	// lines ask for.
	Pipeline bool

	// Timeout bounds a heartbeat or a vote, dialing included (10 s).
	Timeout time.Duration
	// BulkTimeout bounds an AppendEntries with entries (60 s).
	BulkTimeout time.Duration
	// SnapshotTimeout bounds an InstallSnapshot, in which the follower fetches all
	// the entries it lacks (15 min).
	SnapshotTimeout time.Duration
	// FrameTimeout bounds the time from a request's first bytes to its last, and
	// the writing of a reply (30 s).
	FrameTimeout time.Duration
	// IdleTimeout is how long a peer's connection may say nothing (2 min). Our own
	// idle ones are closed after half of it.
	IdleTimeout time.Duration
	// MaxConns is how many connections one peer may have here (4, which is what
	// this transport opens). One more ends the peer's longest silent one.
	MaxConns int

	Logger *slog.Logger // nil: slog.Default()
}

// maxTermAhead is generous: a cut-off voter without pre-vote would need days to
// raise its term so far.
const maxTermAhead = 1 << 20

const (
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 5 * time.Second
)

func (o TransportOptions) withDefaults() TransportOptions {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Timeout, 10 * time.Second},
		{&o.BulkTimeout, time.Minute},
		{&o.SnapshotTimeout, 15 * time.Minute},
		{&o.FrameTimeout, 30 * time.Second},
		{&o.IdleTimeout, 2 * time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 2 * laneWidth
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
