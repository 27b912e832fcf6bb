//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"comity/ledger"
	"comity/node/wire"

	"github.com/hashicorp/raft"
)

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
