//go:build hostile

package testnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

// lead lets the leadership come to the dishonest bureau's own node, as it does
// sooner or later to every node, and waits until the others follow it.
func (s *stage) lead() error {
	ctx, cancel := context.WithTimeout(s.ctx, s.patience(20*time.Second))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		following := 0
		for _, code := range s.honest {
			if st, err := s.Node(code).Status(); err == nil && st.Leader == s.evil.Name {
				following++
			} else if s.Node(code).Leading() {
				if err := s.Node(code).HandOver(s.foe); err != nil {
					s.tried("%s hands over to %s: %s", code, s.foe, err)
				}
			}
		}
		if following == len(s.honest) && s.mine().Leading() {
			s.tried("%s has come to lead", s.foe)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not come to lead: %w", s.foe, errStuck)
		case <-tick.C:
		}
	}
}

// forwards lets the dishonest leader do something to the statements that other
// nodes forward to it. hold returns the items to pass on.
func (s *stage) forwards(hold func(ctx context.Context, from string, items []ledger.Item) []ledger.Item) {
	l := lie(func(w http.ResponseWriter, req *http.Request, truth http.Handler) {
		if req.URL.Path != wire.PathForward {
			truth.ServeHTTP(w, req)
			return
		}
		data, err := io.ReadAll(io.LimitReader(req.Body, wire.MaxForward))
		if err != nil {
			return
		}
		items, err := wire.ParseItems(data)
		if err != nil {
			return
		}
		items = hold(req.Context(), s.evil.PeerOf(req), items)
		if len(items) == 0 {
			<-req.Context().Done() // no answer at all
			return
		}
		data = wire.MarshalItems(items)
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		truth.ServeHTTP(w, req)
	})
	s.lie.Store(&l)
}

// victim is the honest bureau that a dishonest leader treats badly.
func (s *stage) victim() string { return s.honest[0] }

func (s *stage) by(bureau string, items []ledger.Item) bool {
	id := s.authors[bureau].Signer.ID()
	return slices.ContainsFunc(items, func(it ledger.Item) bool { return it.Entry.Statement.Author == id })
}

// timed publishes one notice of a bureau and returns how long it took.
func (s *stage) timed(limit time.Duration, code string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	began := time.Now()
	err := s.publish(ctx, 1, code)
	return time.Since(began).Round(time.Millisecond), err
}

const dropFor = 5 * time.Second

func attackDrop(s *stage) error {
	if err := s.lead(); err != nil {
		return err
	}
	s.forwards(func(_ context.Context, _ string, items []ledger.Item) []ledger.Item {
		if s.by(s.victim(), items) {
			return nil
		}
		return items
	})
	_, err := s.timed(dropFor, s.victim())
	s.tried("as leader it drops the notices of %s: a notice sent to every node in turn for %s: %s", s.victim(), dropFor, outcome(err))
	took, err := s.timed(dropFor, s.honest[1])
	s.tried("a notice of %s meanwhile, after %s: %s", s.honest[1], took, outcome(err))
	return nil
}

func attackDelay(s *stage) error {
	if err := s.lead(); err != nil {
		return err
	}
	const by = 2 * time.Second
	s.forwards(func(ctx context.Context, _ string, items []ledger.Item) []ledger.Item {
		if s.by(s.victim(), items) {
			select {
			case <-ctx.Done():
			case <-time.After(by):
			}
		}
		return items
	})
	took, err := s.timed(4*by, s.victim())
	s.tried("as leader it holds the notices of %s for %s: acknowledged after %s: %s", s.victim(), by, took, outcome(err))
	took, err = s.timed(4*by, s.honest[1])
	s.tried("a notice of %s, after %s: %s", s.honest[1], took, outcome(err))
	return nil
}

func outcome(err error) string {
	if err != nil {
		return "not acknowledged (" + brief(err.Error(), 160) + ")"
	}
	return "acknowledged"
}

func attackReorderBefore(s *stage) error {
	if err := s.lead(); err != nil {
		return err
	}
	first, second := s.victim(), s.honest[1]
	came, passed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.forwards(func(ctx context.Context, _ string, items []ledger.Item) []ledger.Item {
		if s.by(first, items) {
			once.Do(func() { close(came) })
			select {
			case <-ctx.Done():
			case <-passed:
			}
		}
		return items
	})
	n := len(s.acked)
	done := make(chan error, 1)
	go func() { _, err := s.timed(10*time.Second, first); done <- err }()
	select {
	case <-came:
	case <-time.After(10 * time.Second):
		return errors.New("the leader was not asked")
	}
	_, err := s.timed(8*time.Second, second)
	close(passed)
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	// In the order of acknowledgement: second, first.
	if len(s.acked) != n+2 || s.acked[n].Index > s.acked[n+1].Index {
		return errors.New("they were not exchanged")
	}
	s.tried("as leader it puts a notice of %s, which came later, before one of %s: at entries %d and %d; each was acknowledged at its place", second, first, s.acked[n].Index, s.acked[n+1].Index)

	// One officer's statements are a chain.
	zero, err := s.statement(0, ledger.ID{})
	if err != nil {
		return err
	}
	one, err := s.statement(1, zero.Entry.ID)
	if err != nil {
		return err
	}
	s.lie.Store(nil)
	p, err := s.elect()
	if err != nil {
		return err
	}
	s.appendAll("the second statement of an officer before the first, in one command", &raft.AppendEntriesRequest{Term: p.term, PrevLogEntry: p.index, PrevLogTerm: p.last,
		Entries: []*raft.Log{{Index: p.index + 1, Term: p.term, Type: raft.LogCommand, Data: s.command(one, zero)}}})
	if err := p.close(); err != nil {
		return err
	}
	s.forged = append(s.forged, one.Entry.ID) // the chain is not continued with what came too early
	return nil
}

func attackBadClock(s *stage) error {
	if err := s.Stop(s.foe); err != nil {
		return err
	}
	const ahead = time.Hour
	s.clockOff.Store(int64(ahead))
	if err := s.Start(s.foe); err != nil {
		return err
	}
	if err := s.WaitReady(s.ctx, s.foe); err != nil {
		return err
	}
	if err := s.lead(); err != nil {
		return err
	}
	took, err := s.timed(dropFor, s.victim())
	s.tried("as leader with a clock that is %s ahead it proposes a notice of %s, for %s: %s", ahead, s.victim(), took, outcome(err))
	for _, code := range s.honest {
		if ok, why := s.Node(code).Ready(); !ok {
			s.tried("%s says: %s", code, why)
		}
	}
	return nil
}

// puppet leads the honest nodes with the dishonest bureau's keys, by hand: it
// was elected, and tells each what it likes.
type puppet struct {
	s           *stage
	term        uint64
	index, last uint64 // of the log that it was elected with
	cancel      context.CancelFunc
	wg          sync.WaitGroup // heartbeats
	listening   func() error

	mu     sync.Mutex // guards cosigs
	cosigs []*ledger.Cosignature
}

// elect has the puppet elected. The node of the same name leads already, so that
// the others do not mind that it asks for votes; then it falls silent.
func (s *stage) elect() (*puppet, error) {
	p := &puppet{s: s}
	elected := false
	for try := 0; !elected; try++ {
		if try == 8 {
			return nil, fmt.Errorf("the others do not elect %s: %w", s.foe, errStuck)
		}
		err := s.lead()
		if err == nil {
			p.index, p.last, err = s.settle()
		}
		if err == nil {
			elected, err = p.campaign()
		}
		if err != nil {
			return nil, err
		}
	}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(s.ctx)
	for _, code := range s.honest {
		p.wg.Go(func() { // ends with close
			tick := time.NewTicker(300 * time.Millisecond)
			defer tick.Stop()
			for {
				_, _ = s.evil.Append(ctx, code, &raft.AppendEntriesRequest{Term: p.term}) // refused or not: again
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	if err := s.silence(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	var err error
	if p.listening, err = s.evil.Listen(http.HandlerFunc(p.collect)); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// campaign asks for votes, and shows them if they are a majority.
func (p *puppet) campaign() (elected bool, err error) {
	s := p.s
	p.term = s.term() + 1
	votes := 1
	for _, code := range s.honest {
		resp, err := s.evil.Vote(s.ctx, code, &raft.RequestVoteRequest{Term: p.term, LastLogIndex: p.index, LastLogTerm: p.last})
		if err == nil && resp.Granted {
			votes++
		}
	}
	if 2*votes <= len(s.honest)+1 {
		return false, nil
	}
	s.tried("%s asks for votes in term %d, gets %d of %d and shows them", s.foe, p.term, votes, len(s.honest)+1)
	if s.options.Off.Elections {
		return true, nil
	}
	for _, code := range s.honest {
		if err := s.evil.ShowVotes(s.ctx, code); err != nil {
			return false, nil // another election has overtaken this one
		}
	}
	return true, nil
}

func (p *puppet) close() error {
	p.cancel()
	p.wg.Wait()
	if p.listening == nil {
		return nil
	}
	return p.listening()
}

// collect keeps the cosignatures that nodes send to their leader.
func (p *puppet) collect(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != wire.PathCosign {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	data, err := io.ReadAll(io.LimitReader(req.Body, wire.MaxJSON))
	if err != nil {
		return
	}
	if c, err := ledger.ParseCommand(data); err == nil {
		p.mu.Lock()
		p.cosigs = append(p.cosigs, c.Cosignatures...)
		p.mu.Unlock()
	}
	_, _ = w.Write([]byte("{}"))
}

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
