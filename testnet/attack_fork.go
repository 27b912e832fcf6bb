//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/ledger"

	"github.com/hashicorp/raft"
)

// attackFork shows one member another history, as an elected leader. Both
// entries have the same index and term, so that Raft will never look again.
func attackFork(s *stage) error {
	s.lost = []string{s.victim()}
	p, err := s.elect()
	if err != nil {
		return err
	}
	a, err := s.statement(0, keys.ID{})
	if err != nil {
		return errors.Join(err, p.close())
	}
	b, err := s.statement(0, keys.ID{})
	if err != nil {
		return errors.Join(err, p.close())
	}
	for _, code := range s.honest {
		item := a
		if code == s.victim() {
			item = b
		}
		resp, err := s.evil.Append(s.ctx, code, &raft.AppendEntriesRequest{Term: p.term, PrevLogEntry: p.index, PrevLogTerm: p.last, LeaderCommitIndex: p.index + 1,
			Entries: []*raft.Log{{Index: p.index + 1, Term: p.term, Type: raft.LogCommand, Data: s.command(item)}}})
		s.tried("statement %s, named committed, to %s: %s", item.Entry.ID.Short(), code, answer(err, err == nil && resp.Success))
	}
	s.forged = append(s.forged, b.Entry.ID)
	// The victim must not cosign what no quorum holds: that would name it a liar.
	end := time.Now().Add(2 * time.Second)
	for time.Now().Before(end) && !p.has(ledger.NodeName(s.victim())) {
		<-time.After(pollEvery)
	}
	if p.has(ledger.NodeName(s.victim())) {
		s.broke("%s has cosigned the history that only it was shown", s.victim())
	}
	if err := p.close(); err != nil {
		return err
	}
	s.mustNotice = s.victim()
	return nil
}

// attackScatter gives every node another entry at the same place, and lets each
// take it for committed.
func attackScatter(s *stage) error {
	p, err := s.elect()
	if err != nil {
		return err
	}
	s.lost = slices.Clone(s.honest)
	for _, code := range s.honest {
		item, err := s.statement(0, keys.ID{})
		if err != nil {
			return errors.Join(err, p.close())
		}
		resp, err := s.evil.Append(s.ctx, code, &raft.AppendEntriesRequest{Term: p.term, PrevLogEntry: p.index, PrevLogTerm: p.last, LeaderCommitIndex: p.index + 1,
			Entries: []*raft.Log{{Index: p.index + 1, Term: p.term, Type: raft.LogCommand, Data: s.command(item)}}})
		s.tried("statement %s, named committed, to %s alone: %s", item.Entry.ID.Short(), code, answer(err, err == nil && resp.Success))
		s.forged = append(s.forged, item.Entry.ID)
	}
	if err := p.close(); err != nil {
		return err
	}
	s.mustNotice = s.victim()
	return nil
}

func (p *puppet) has(node string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.cosigs, func(c *ledger.Cosignature) bool { return c.Node == node })
}

// attackEarlyCommit has one node apply an entry that the others do not have, and
// gives the others another one in its place: nobody elected the sender.
func attackEarlyCommit(s *stage) error {
	s.lost = []string{s.victim()}
	index, last, err := s.settle()
	if err != nil {
		return err
	}
	a, err := s.statement(0, keys.ID{})
	if err != nil {
		return err
	}
	b, err := s.statement(0, keys.ID{})
	if err != nil {
		return err
	}
	term := s.term() + 1
	for _, code := range s.honest {
		req := &raft.AppendEntriesRequest{Term: term + 1, PrevLogEntry: index, PrevLogTerm: last,
			Entries: []*raft.Log{{Index: index + 1, Term: term + 1, Type: raft.LogCommand, Data: s.command(a)}}}
		what := "another one in its place"
		if code == s.victim() {
			what = "a good statement, named committed"
			req.Term, req.Entries[0].Term, req.LeaderCommitIndex, req.Entries[0].Data = term, term, index+1, s.command(b)
		}
		resp, err := s.evil.Append(s.ctx, code, req)
		s.tried("%s, in an AppendEntries of term %d, to %s: %s", what, req.Term, code, answer(err, err == nil && resp.Success))
	}
	s.forged = append(s.forged, b.Entry.ID)
	s.mustNotice = s.victim()
	return nil
}

// checkNoticed demands that a node which was led astray does not go on as if
// nothing were: it holds what the others hold, or it has stopped, or somebody
// raised an alarm.
func (s *stage) checkNoticed() {
	if s.mustNotice == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.patience(15*time.Second))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if why := s.noticed(); why != "" {
			s.measured("%s", why)
			return
		}
		select {
		case <-ctx.Done():
			s.broke("%s has another history than the others, and nobody says so", s.mustNotice)
			return
		case <-tick.C:
		}
	}
}

func (s *stage) noticed() string {
	n := s.Node(s.mustNotice)
	if n == nil || n.Err() != nil {
		return "the node of " + s.mustNotice + " has stopped"
	}
	for _, code := range s.honest {
		st, err := s.Node(code).Status()
		if err != nil {
			continue
		}
		for _, a := range st.Alarms {
			if !slices.Contains(s.before[code].alarms, a) {
				return fmt.Sprintf("%s raised an alarm: %s", code, brief(a, 200))
			}
		}
	}
	mine, err := s.read(s.mustNotice)
	if err != nil {
		return ""
	}
	for _, sent := range s.acked {
		if at, ok := mine.ids[sent.Item.Entry.ID]; !ok || at != sent.Index {
			return ""
		}
	}
	for _, id := range s.forged {
		if _, ok := mine.ids[id]; ok {
			return ""
		}
	}
	return s.mustNotice + " holds what the others hold"
}
