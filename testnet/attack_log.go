//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/crypto/sign"
	"comity/ledger"
	"comity/node"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// errStuck is returned when honest nodes do not do what they always do.
var errStuck = errors.New("not in time")

// settle waits until all honest nodes hold the same Raft log, committed and
// applied to its end, and returns its last index and term. The dishonest node
// would learn both as a follower.
func (s *stage) settle() (index, term uint64, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.patience(20*time.Second))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		index, term, err = 0, 0, nil
		same := true
		for _, code := range s.standing() {
			n := s.Node(code)
			if n == nil {
				return 0, 0, fmt.Errorf("the node of %s does not run", code)
			}
			i, t, err := n.RaftLast()
			if err != nil {
				return 0, 0, err
			}
			st, err := n.Status()
			if err != nil {
				return 0, 0, err
			}
			if index == 0 {
				index, term = i, t
			}
			// A leader that is new has a record of its term to bring first.
			same = same && i == index && t == term && st.RaftCommit == i && st.RaftTerm == t && st.Leader != ""
		}
		if same {
			return index, term, nil
		}
		select {
		case <-ctx.Done():
			return 0, 0, fmt.Errorf("the honest nodes do not agree on a log: %w", errStuck)
		case <-tick.C:
		}
	}
}

// twice runs an attack by a member that nobody elected, and again by a leader
// that the others elected.
func (s *stage) twice(do func(who string, term, index, last uint64) error) error {
	index, last, err := s.settle()
	if err != nil {
		return err
	}
	if err := do("not elected", s.term()+1, index, last); err != nil {
		return err
	}
	p, err := s.elect()
	if err != nil {
		return err
	}
	return errors.Join(do("elected", p.term, p.index, p.last), p.close())
}

// appendAll sends one AppendEntries to every honest node.
func (s *stage) appendAll(what string, req *raft.AppendEntriesRequest) {
	for _, code := range s.honest {
		again := *req
		resp, err := s.evil.Append(s.ctx, code, &again)
		s.tried("%s, to %s: %s", what, code, answer(err, err == nil && resp.Success))
	}
}

// forgeries returns statements that nobody may find in the ledger.
func (s *stage) forgeries() (map[string]ledger.Item, error) {
	out := make(map[string]ledger.Item)
	good, err := s.statement(0, ledger.ID{})
	if err != nil {
		return nil, err
	}
	resigned := func(author keys.ID, seq uint64, prev ledger.ID, signer *keys.Signer, flip bool) (ledger.Item, error) {
		st := *good.Entry.Statement
		st.Author, st.Seq, st.Prev = author, seq, prev
		raw := st.Marshal()
		sig, err := sign.Sign(signer, sign.NamespaceStatement, raw)
		if err != nil {
			return ledger.Item{}, err
		}
		if flip {
			sig[7] ^= 1
		}
		e, err := ledger.NewEntry(raw, []ledger.Signature{{Key: author, Sig: sig}})
		return ledger.Item{Entry: e, Body: good.Body}, err
	}
	mine, err := s.homes[s.foe].Officer("case-2", nil)
	if err != nil {
		return nil, err
	}
	stranger, err := keys.GenerateSigner()
	if err != nil {
		return nil, err
	}
	victim := s.authors[s.honest[0]]
	var errs [3]error
	out["a signature with a flipped bit"], errs[0] = resigned(mine.Signer.ID(), 0, ledger.ID{}, mine.Signer, true)
	out["a statement of a key that nobody enrolled"], errs[1] = resigned(stranger.ID(), 0, ledger.ID{}, stranger, false)
	out["a statement in the name of an officer of "+victim.Bureau], errs[2] = resigned(victim.Signer.ID(), victim.seq, victim.prev, mine.Signer, false)
	return out, errors.Join(errs[:]...)
}

func attackForge(s *stage) error {
	list, err := s.forgeries()
	if err != nil {
		return err
	}
	for what, item := range list {
		s.forged = append(s.forged, item.Entry.ID)
		for _, code := range s.honest {
			cl, err := s.evil.Client(code)
			if err != nil {
				return err
			}
			out, err := cl.Forward(s.ctx, []ledger.Item{item})
			cl.Close()
			switch {
			case wire.CodeOf(err) == wire.NotLeader:
				continue
			case err != nil:
				s.tried("%s, forwarded to %s: refused (%s)", what, code, wire.CodeOf(err))
			case out[0].Error != nil:
				s.tried("%s, forwarded to %s: refused (%s)", what, code, out[0].Error.Code)
			default:
				s.tried("%s, forwarded to %s: accepted", what, code)
			}
		}
	}
	return s.twice(func(who string, term, index, last uint64) error {
		for what, item := range list {
			s.appendAll(who+": "+what+", in an AppendEntries", &raft.AppendEntriesRequest{Term: term, PrevLogEntry: index, PrevLogTerm: last,
				Entries: []*raft.Log{{Index: index + 1, Term: term, Type: raft.LogCommand, Data: s.command(item)}}})
			term++ // else the next would be taken for the one that is there
		}
		return nil
	})
}

// over returns an AppendEntries over the last committed records, up to index. The
// records are those of an honest node; any member has them.
func (s *stage) over(term, index uint64, records int, change func(i int, old *raft.Log) *raft.Log) (*raft.AppendEntriesRequest, error) {
	from := index - uint64(records)
	prev, err := s.Node(s.honest[0]).RaftLog(from)
	if err != nil {
		return nil, err
	}
	req := &raft.AppendEntriesRequest{Term: term, PrevLogEntry: from, PrevLogTerm: prev.Term, LeaderCommitIndex: index}
	for i := range records {
		old, err := s.Node(s.honest[0]).RaftLog(from + 1 + uint64(i))
		if err != nil {
			return nil, err
		}
		l := change(i, old)
		l.Index, l.Term = from+1+uint64(i), term
		req.Entries = append(req.Entries, l)
	}
	return req, nil
}

func attackOverwrite(s *stage) error {
	return s.twice(func(who string, term, index, _ uint64) error {
		item, err := s.statement(0, ledger.ID{})
		if err != nil {
			return err
		}
		s.forged = append(s.forged, item.Entry.ID)
		req, err := s.over(term, index, 4, func(i int, _ *raft.Log) *raft.Log {
			if i > 0 {
				return &raft.Log{Type: raft.LogNoop}
			}
			return &raft.Log{Type: raft.LogCommand, Data: s.command(item)}
		})
		if err != nil {
			return err
		}
		s.appendAll(fmt.Sprintf("%s: other entries over 4 committed records from index %d on", who, req.PrevLogEntry+1), req)
		return nil
	})
}

func attackReorderAfter(s *stage) error {
	return s.twice(func(who string, term, index, _ uint64) error {
		// The last two commands that hold statements, in the other order.
		logs := make(map[uint64]*raft.Log)
		var batches []uint64
		for i := index; i > 1 && len(batches) < 2; i-- {
			l, err := s.Node(s.honest[0]).RaftLog(i)
			if err != nil {
				return err
			}
			if c, err := ledger.ParseCommand(l.Data); l.Type == raft.LogCommand && err == nil && c.Batch != nil {
				batches, logs[i] = append(batches, i), l
			}
		}
		if len(batches) < 2 {
			return errors.New("there are no two commands to exchange")
		}
		records := int(index - batches[1] + 1)
		if records > node.MaxAppendEntries {
			return errors.New("the two last commands are too far apart")
		}
		swap := map[uint64]*raft.Log{batches[0]: logs[batches[1]], batches[1]: logs[batches[0]]}
		req, err := s.over(term, index, records, func(_ int, old *raft.Log) *raft.Log {
			if other := swap[old.Index]; other != nil {
				old = other
			}
			return &raft.Log{Type: old.Type, Data: old.Data}
		})
		if err != nil {
			return err
		}
		s.appendAll(fmt.Sprintf("%s: the committed commands at index %d and %d exchanged", who, batches[1], batches[0]), req)
		return nil
	})
}

func attackReconfigure(s *stage) error {
	alone := raft.EncodeConfiguration(raft.Configuration{Servers: []raft.Server{{Suffrage: raft.Voter, ID: raft.ServerID(s.evil.Name), Address: raft.ServerAddress(s.evil.Name)}}})
	manifest, at, atTerm, err := s.mine().Manifest()
	if err != nil {
		return err
	}
	return s.twice(func(who string, term, index, last uint64) error {
		s.appendAll(who+": a LogConfiguration with "+s.foe+" as the only voter", &raft.AppendEntriesRequest{Term: term, PrevLogEntry: index, PrevLogTerm: last, LeaderCommitIndex: index + 1,
			Entries: []*raft.Log{{Index: index + 1, Term: term, Type: raft.LogConfiguration, Data: alone}}})
		for _, code := range s.honest {
			resp, err := s.evil.Install(s.ctx, code, &raft.InstallSnapshotRequest{Term: term, LastLogIndex: at, LastLogTerm: atTerm, ConfigurationIndex: 1, Configuration: alone}, manifest)
			s.tried("%s: the same in an InstallSnapshot, to %s: %s", who, code, answer(err, err == nil && resp.Success))
		}
		return nil
	})
}
