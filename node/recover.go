package node

import (
	"errors"
	"fmt"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/state"

	"github.com/hashicorp/raft"
)

// A recovered ledger begins a new Raft log. It continues a snapshot of this index
// and term, the same on all nodes, which holds the recovery as its last entry. An
// index of 1 would be that of the entry with which a node begins on an empty disk:
// such a node would go on from there, and never hear of what is before.
const (
	recoverIndex = 2
	recoverTerm  = 2
)

// Recover is [Seed.Finish] for a ledger that goes on after the quorum of its nodes
// was lost: after what was added, up to a FINAL note, comes the recovery. The node
// has no past in the new epoch: nobody voted in it, and its keys are new; so it
// votes and cosigns from the start.
func (s *Seed) Recover(note []byte, recovery *ledger.Entry) error {
	if err := s.adopt(note); err != nil {
		return err
	}
	r, err := ledger.ParseRecover(recovery.Statement.Public)
	if err != nil {
		return err
	}
	c := &ledger.Command{Batch: &ledger.Batch{Time: r.Time, Items: []ledger.Item{{Entry: recovery}}}}
	changes, results, err := s.machine.Apply(s.store, c, s.verified)
	if err != nil {
		return err
	}
	if no := results[0].Refusal; no != nil || results[0].Known {
		return fmt.Errorf("the recovery does not follow from these entries: %w", errors.Join(refused(no)))
	}
	if err := s.store.Commit(recoverIndex, changes); err != nil {
		return err
	}
	if err := s.missing(); err != nil {
		return err
	}
	m, err := readManifest(s.machine, s.store, recoverIndex)
	if err != nil {
		return err
	}
	members, err := s.machine.Membership(s.store)
	if err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	last := ledger.Checkpoint{Origin: s.genesis.Origin(), Size: m.Head.Size, Root: m.Head.Root}
	return s.files(last, recoverTerm, func(snaps *Snapshots) error {
		meta := &raft.SnapshotMeta{Version: raft.SnapshotVersionMax, ID: snapshotID(recoverIndex, recoverTerm), Index: recoverIndex, Term: recoverTerm,
			Configuration: votersOf(members.Latest()), ConfigurationIndex: recoverIndex}
		data, err := marshalSnapshot(meta, m.marshal())
		if err != nil {
			return err
		}
		return snaps.install(meta, data)
	})
}

func refused(no *state.Refusal) error {
	if no == nil {
		return errors.New("it is in them already")
	}
	return no
}

// votersOf returns the Raft configuration of an epoch without its members that do
// not vote.
func votersOf(e *ledger.Epoch) (rc raft.Configuration) {
	for i := range e.Members {
		if m := &e.Members[i]; m.Voter {
			rc.Servers = append(rc.Servers, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(m.NodeName()), Address: raft.ServerAddress(m.NodeName())})
		}
	}
	return rc
}

// Author returns the end of the chain of statements of a key, by what was added.
func (s *Seed) Author(id [32]byte) (state.Author, error) { return state.ReadAuthor(s.store, id) }

// Epoch returns the epoch in force after what was added.
func (s *Seed) Epoch() (*ledger.Epoch, error) {
	m, err := s.machine.Membership(s.store)
	if err != nil {
		return nil, err
	}
	return m.Latest(), nil
}

// nodeKey returns the key of a member's node that the charter file knows and the
// ledger here does not, because it ends before the member had it; nil for none.
func (r *roster) nodeKey(id keys.ID) *state.Key {
	now := r.now()
	for i := range now.Members {
		if m := &now.Members[i]; m.Node.TLS == id {
			return &state.Key{Bureau: m.Code, Use: state.UseNode, Label: "node"}
		}
	}
	return nil
}
