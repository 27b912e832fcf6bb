package node

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

// errHeld is returned for a snapshot of what this node holds already. It is no
// fault of the leader's: an answer that was lost makes it send the same snapshot
// again, and it asks for nothing else until this node has said that it has it.
// Raft must not see it: it would put its own applied index back. The transport
// answers for Raft that all is well, after which the leader goes on with the
// entries that follow.
var errHeld = errors.New("this node holds it already")

// checkSnapshot looks at a snapshot before Raft does. Raft believes all of it:
// an old one takes the place of the newest before the state machine is asked.
func (g *guard) checkSnapshot(from raft.ServerID, req *raft.InstallSnapshotRequest, data []byte) error {
	if err := g.snapshot(req, data); err != nil {
		return fmt.Errorf("snapshot from %s at index %d: %w", from, req.LastLogIndex, err)
	}
	return nil
}

func (g *guard) snapshot(req *raft.InstallSnapshotRequest, data []byte) error {
	if g.verified.seams.snapshotsOff() {
		return nil
	}
	// Who the members are is not the leader's to say.
	if err := g.checkServers(req.Configuration); err != nil {
		return err
	}
	m, err := parseManifest(data)
	if err != nil {
		return err
	}
	if req.LastLogIndex <= g.reached() {
		return g.held(req)
	}
	servers, err := parseServers(req.Configuration)
	if err == nil {
		err = g.standing.allowsSnapshot(suffrages(servers))
	}
	if err != nil {
		return err
	}
	return g.manifest.check(req.LastLogIndex, m)
}

// held answers for a snapshot at or below what this node has applied.
func (g *guard) held(req *raft.InstallSnapshotRequest) error {
	var l raft.Log
	switch err := g.logs.GetLog(req.LastLogIndex, &l); {
	case errors.Is(err, raft.ErrLogNotFound):
	case err != nil:
		return err
	case l.Term != req.LastLogTerm:
		return fmt.Errorf("it is of term %d, and this node's log has term %d there", req.LastLogTerm, l.Term)
	}
	return errHeld
}

// checkStaged is the second look, when Raft has the snapshot and is about to keep
// it: by then this node may have applied more, or the filter may not have been
// asked.
func (g *guard) checkStaged(meta *raft.SnapshotMeta, data []byte) error {
	if g.verified.seams.snapshotsOff() {
		return nil
	}
	if err := g.checkServers(raft.EncodeConfiguration(meta.Configuration)); err != nil {
		return err
	}
	m, err := parseManifest(data)
	if err != nil {
		return err
	}
	if meta.Index <= g.reached() {
		return errStale
	}
	if err := g.standing.allowsSnapshot(suffrages(meta.Configuration)); err != nil {
		return err
	}
	return g.manifest.check(meta.Index, m)
}
