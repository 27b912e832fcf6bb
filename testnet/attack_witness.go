//go:build hostile

package testnet

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// attackEquivocate signs another root than the ledger has, for a size that is
// FINAL, with the keys under which the same node cosigned the true one.
func attackEquivocate(s *stage) error {
	if _, _, err := s.settle(); err != nil {
		return err
	}
	st, err := s.ask(s.ctx, s.honest[0])
	if err != nil {
		return err
	}
	root, err := hex.DecodeString(st.Root)
	if err != nil {
		return err
	}
	other := ledger.Hash(root)
	other[0] ^= 1
	c, err := s.evil.Cosign(st.Size, other, s.now())
	if err != nil {
		return err
	}
	s.tried("%s cosigned %d entries with root %s and signs %d entries with root %s", s.foe, st.Size, hex.EncodeToString(root[:4]), st.Size, hex.EncodeToString(other[:4]))
	for _, code := range s.honest {
		cl, err := s.evil.Client(code)
		if err != nil {
			return err
		}
		err = cl.Cosign(s.ctx, []*ledger.Cosignature{c})
		cl.Close()
		s.tried("the other cosignature, to %s as if it led: %s", code, spoken(err))
		status, err := s.evil.Post(s.ctx, code, wire.PathHeads, (&ledger.Command{Cosignatures: []*ledger.Cosignature{c}}).Marshal())
		if err != nil {
			return err
		}
		s.tried("the same, from node to node, to %s: answered %d", code, status)
	}
	s.wantEvidence = true
	return nil
}

// spoken puts the outcome of an HTTP call into words.
func spoken(err error) string {
	switch code := wire.CodeOf(err); {
	case err == nil:
		return "accepted"
	case code != "":
		return "refused (" + string(code) + ")"
	}
	return "no answer: " + brief(err.Error(), 120)
}

// checkEvidence waits for an evidence file on an honest node.
func (s *stage) checkEvidence() {
	if !s.wantEvidence {
		return
	}
	end := time.Now().Add(10 * time.Second)
	for {
		for _, code := range s.honest {
			if list, _ := filepath.Glob(filepath.Join(s.homes[code].NodeDir(), "evidence", "*.cevidence")); len(list) > 0 {
				return
			}
		}
		if time.Now().After(end) {
			s.broke("no honest node has written evidence against %s", s.foe)
			return
		}
		<-time.After(pollEvery)
	}
}

// attackOtherLedger brings what was signed for another ledger, and what this one
// has had already.
func attackOtherLedger(s *stage) error {
	dir, err := os.MkdirTemp(s.dir, ".other-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o, err := Found(filepath.Join(dir, "net"), Options{Bureaus: 1, Name: "Another"})
	if err != nil {
		return err
	}
	defer o.Close()
	good, err := s.statement(0, ledger.ID{})
	if err != nil {
		return err
	}
	// The officer's key may be enrolled in both: here it is ours, signing for the other.
	mine, err := s.homes[s.foe].Officer("case-2", nil)
	if err != nil {
		return err
	}
	st := *good.Entry.Statement
	st.Ledger = o.genesis.Ledger
	e, err := ledger.SignStatement(&st, mine.Signer)
	if err != nil {
		return err
	}
	foreign := ledger.Item{Entry: e, Body: good.Body}
	s.forged = append(s.forged, e.ID)
	for _, code := range s.honest {
		cl, err := s.evil.Client(code)
		if err != nil {
			return err
		}
		out, err := cl.Forward(s.ctx, []ledger.Item{foreign})
		if wire.CodeOf(err) != wire.NotLeader {
			if err == nil && out[0].Error != nil {
				err = out[0].Error
			}
			s.tried("a statement signed for another ledger, forwarded to %s: %s", code, spoken(err))
		}
		// A cosignature whose checkpoint has the other ledger's origin.
		c, err := ledger.Cosign(s.evil.Witness(), s.evil.Name, ledger.Checkpoint{Origin: o.genesis.Origin(), Size: 1, Root: ledger.Hash{1}}, uint64(s.now().Unix()))
		if err != nil {
			return err
		}
		s.tried("a cosignature of another ledger's checkpoint, to %s: %s", code, spoken(cl.Cosign(s.ctx, []*ledger.Cosignature{c})))
		cl.Close()
	}

	// Every command of the own log once more, after its end.
	var old [][]byte
	index, _, err := s.settle()
	if err != nil {
		return err
	}
	for i := index; i > 0 && len(old) < 15; i-- {
		l, err := s.mine().RaftLog(i)
		if err != nil {
			return err
		}
		if l.Type == raft.LogCommand {
			old = append(old, l.Data)
		}
	}
	return s.twice(func(who string, term, index, last uint64) error {
		req := &raft.AppendEntriesRequest{Term: term, PrevLogEntry: index, PrevLogTerm: last}
		for i, data := range append([][]byte{s.command(foreign)}, old...) {
			req.Entries = append(req.Entries, &raft.Log{Index: index + 1 + uint64(i), Term: term, Type: raft.LogCommand, Data: data})
		}
		s.appendAll(fmt.Sprintf("%s: the same statement in a command, and %d commands that were committed before", who, len(old)), req)
		return nil
	})
}
