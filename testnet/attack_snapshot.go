//go:build hostile

package testnet

import (
	"comity/ledger"
	"comity/ledger/state"
	"comity/node"

	"github.com/hashicorp/raft"
)

func attackOldSnapshot(s *stage) error {
	if _, _, err := s.settle(); err != nil {
		return err
	}
	old, at, atTerm, err := s.mine().Manifest()
	if err != nil {
		return err
	}
	if err := s.publish(s.ctx, 2, s.honest...); err != nil {
		return err
	}
	if _, _, err := s.settle(); err != nil {
		return err
	}
	if s.before, err = s.look(); err != nil { // all that is committed by now must stay
		return err
	}
	now, nowAt, nowTerm, err := s.mine().Manifest()
	if err != nil {
		return err
	}
	forge := func(data []byte, change func(applied *uint64, head *state.Head, pending, final **state.Collected)) []byte {
		if err == nil {
			data, err = node.ForgeManifest(data, change)
		}
		return data
	}
	longer := forge(now, func(_ *uint64, h *state.Head, pending, _ **state.Collected) {
		h.Size += 100
		h.Root[3] ^= 1
		*pending = nil
	})
	other := forge(now, func(_ *uint64, h *state.Head, pending, _ **state.Collected) { h.Root[3] ^= 1; *pending = nil })
	digest := forge(now, func(_ *uint64, h *state.Head, _, _ **state.Collected) { h.Digest[3] ^= 1 })
	final := forge(now, func(a *uint64, h *state.Head, pending, f **state.Collected) {
		h.Size += 100
		*pending, *a = nil, *a+1000
		*f = &state.Collected{Size: h.Size, Root: ledger.Hash{1}}
	})
	if err != nil {
		return err
	}
	snapshots := []struct {
		what        string
		index, term uint64
		manifest    []byte
	}{
		{"an old snapshot, as it was", at, atTerm, old},
		{"an old snapshot under a later index", nowAt + 1000, nowTerm, old},
		{"today's snapshot with 100 entries more", nowAt + 1000, nowTerm, longer},
		{"today's snapshot with another root", nowAt, nowTerm, other},
		{"today's snapshot with another root, at a later index", nowAt + 1000, nowTerm, other},
		{"today's snapshot with another digest, at a later index", nowAt + 1000, nowTerm, digest},
		{"a later snapshot whose FINAL checkpoint nobody signed", nowAt + 1000, nowTerm, final},
	}
	return s.twice(func(who string, term, _, _ uint64) error {
		for _, snap := range snapshots {
			for _, code := range s.honest {
				resp, err := s.evil.Install(s.ctx, code, &raft.InstallSnapshotRequest{Term: term, LastLogIndex: snap.index, LastLogTerm: snap.term, ConfigurationIndex: 1}, snap.manifest)
				s.tried("%s: %s, to %s: %s", who, snap.what, code, answer(err, err == nil && resp.Success))
			}
		}
		return nil
	})
}

// attackSkip tells one node, by a snapshot of the true state, that commands were
// applied which are still to come: it would pass them over.
func attackSkip(s *stage) error {
	if _, _, err := s.settle(); err != nil {
		return err
	}
	now, at, atTerm, err := s.mine().Manifest()
	if err != nil {
		return err
	}
	const ahead = 1000
	later, err := node.ForgeManifest(now, func(a *uint64, _ *state.Head, _, _ **state.Collected) { *a += ahead })
	if err != nil {
		return err
	}
	s.lost, s.mustNotice = []string{s.victim()}, s.victim()
	return s.twice(func(who string, term, _, _ uint64) error {
		resp, err := s.evil.Install(s.ctx, s.victim(), &raft.InstallSnapshotRequest{Term: term, LastLogIndex: at + ahead, LastLogTerm: atTerm, ConfigurationIndex: 1}, later)
		s.tried("%s: today's snapshot under an index %d later, to %s alone: %s", who, ahead, s.victim(), answer(err, err == nil && resp.Success))
		return nil
	})
}
