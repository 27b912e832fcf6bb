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
