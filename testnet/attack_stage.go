//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/node"
	"comity/node/home"
)

// stage is a consortium in this process with one dishonest bureau.
type stage struct {
	*Consortium
	ctx       context.Context
	foe       string
	honest    []string
	lost      []string      // honest nodes that an attack may put out of action, by what is promised
	evil      *node.Hostile // speaks with the keys of foe
	options   AttackOptions
	compacted bool // the attack had the nodes compact their logs
	result    *AttackResult

	authors map[string]*Author // one of each bureau
	ended   map[string]int64   // lengths of the honest nodes' log files at the end of the attack
	before  map[string]*sight  // of honest nodes, just before the attack
	peak    *peak
	lie     atomic.Pointer[lie] // what foe's own node serves instead, nil for the truth

	mu     sync.Mutex // guards what follows
	acked  []*Sent    // that honest nodes acknowledged
	serial int

	forged       []ledger.ID  // statements that must be in no ledger of a standing node
	wantEvidence bool         // an honest node must have written some
	mustNotice   string       // the honest node that was led astray, "" for none
	clockOff     atomic.Int64 // by which the dishonest node's clock is ahead, from its next start on
}

// lie answers a request to the dishonest node, or passes it on.
type lie func(w http.ResponseWriter, req *http.Request, truth http.Handler)

// openStage founds and starts the consortium; each bureau has published, and
// all of it is FINAL.
func openStage(ctx context.Context, dir string, a Attack, o AttackOptions) (s *stage, err error) {
	n := a.bureaus
	if n == 0 {
		n = 4
	}
	c, err := Found(dir, Options{Bureaus: n, Officers: []home.OfficerSpec{
		{Label: "case-1", Roles: ledger.RoleInvestigator}, {Label: "case-2", Roles: ledger.RoleInvestigator}}})
	if err != nil {
		return nil, err
	}
	s = &stage{Consortium: c, ctx: ctx, options: o, authors: make(map[string]*Author), ended: make(map[string]int64), result: &AttackResult{Attack: a, Broken: []string{}, Evidence: []string{}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	s.honest = c.Bureaus()
	at := n - 1
	if a.first {
		at = 0
	}
	s.foe = s.honest[at]
	s.honest = slices.Delete(s.honest, at, at+1)
	s.result.Foe = s.foe
	h, err := c.Home(s.foe)
	if err != nil {
		return s, err
	}
	cfg, err := h.NodeConfig()
	if err != nil {
		return s, err
	}
	if s.evil, err = node.NewHostile(cfg); err != nil {
		return s, err
	}
	c.alter = s.alter
	if err := c.StartAll(); err != nil {
		return s, err
	}
	if err := c.WaitReady(ctx); err != nil {
		return s, err
	}
	if _, err := c.Enrol(ctx); err != nil {
		return s, err
	}
	for _, code := range c.Bureaus() {
		if s.authors[code], err = c.Author(code, "case-1"); err != nil {
			return s, err
		}
	}
	if err := s.publish(ctx, 2, c.Bureaus()...); err != nil {
		return s, err
	}
	if _, _, err := c.WaitEqual(ctx, 1); err != nil {
		return s, err
	}
	if err := s.follow(); err != nil {
		return s, err
	}
	if s.before, err = s.look(); err != nil {
		return s, err
	}
	s.peak = startPeak()
	return s, nil
}

// follow makes the dishonest node a follower, where it leads by chance.
func (s *stage) follow() error {
	for s.mine().Leading() {
		if err := s.mine().HandOver(s.honest[0]); err != nil {
			return err
		}
		if _, _, err := s.settle(); err != nil {
			return err
		}
	}
	return nil
}

// alter lets the dishonest bureau's node lie, and takes guards from all.
func (s *stage) alter(bureau string, cfg *node.Config) {
	cfg.SwitchOff(s.options.Off)
	if bureau != s.foe {
		return
	}
	if ahead := time.Duration(s.clockOff.Load()); ahead != 0 {
		cfg.Clock = func() time.Time { return time.Now().Add(ahead) }
	}
	cfg.Serve(func(truth http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if l := s.lie.Load(); l != nil {
				(*l)(w, req, truth)
				return
			}
			truth.ServeHTTP(w, req)
		})
	})
}

func (s *stage) close() error {
	if s.peak != nil {
		s.peak.stop()
	}
	for _, a := range s.authors {
		a.Close()
	}
	return errors.Join(s.silence(), s.Consortium.Close())
}

// silence ends the dishonest node, if it runs.
func (s *stage) silence() error {
	n := s.mine()
	if n == nil {
		return nil
	}
	n.Silence()
	return s.Stop(s.foe)
}

// tried records a step of the attack.
func (s *stage) tried(format string, args ...any) {
	s.result.Tried = append(s.result.Tried, fmt.Sprintf(format, args...))
}

// broke records a promise that did not hold.
func (s *stage) broke(format string, args ...any) {
	s.result.Broken = append(s.result.Broken, brief(fmt.Sprintf(format, args...), 400))
}

// measured records a number that nothing is asserted about.
func (s *stage) measured(format string, args ...any) {
	s.result.Measured = append(s.result.Measured, fmt.Sprintf(format, args...))
}

// publish has an officer of each bureau publish n notices, one after the other,
// and remembers what was acknowledged.
func (s *stage) publish(ctx context.Context, n int, codes ...string) error {
	errs := make([]error, len(codes))
	var wg sync.WaitGroup
	for i, code := range codes {
		wg.Go(func() {
			for range n {
				sent, err := s.authors[code].Publish(ctx, s.sample(code))
				if err != nil {
					errs[i] = fmt.Errorf("a notice of %s: %w", code, err)
					return
				}
				s.mu.Lock()
				s.acked = append(s.acked, sent)
				s.mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *stage) sample(code string) *notice.Notice {
	s.mu.Lock()
	s.serial++
	n := s.serial
	s.mu.Unlock()
	return Sample(code, n, notice.Readers{notice.All}, time.Now())
}

// statement returns a signed statement of the dishonest bureau's second officer,
// good in every respect; number seq of that officer, after prev. forge, if not
// nil, changes it before it is signed.
func (s *stage) statement(seq uint64, prev ledger.ID) (ledger.Item, error) {
	o, err := s.homes[s.foe].Officer("case-2", nil)
	if err != nil {
		return ledger.Item{}, err
	}
	body := fmt.Appendf(nil, "a body that nobody could open, number %d", time.Now().UnixNano())
	header := s.sample(s.foe).Publish()
	header.SizeClass = uint8(bits.Len(uint(len(body) - 1)))
	st := &ledger.Statement{Class: ledger.ClassPublish, Public: header.Marshal(), Ledger: s.genesis.Ledger, Author: o.Signer.ID(), Seq: seq, Prev: prev,
		SeenRoot: ledger.EmptyRoot, Created: uint64(s.now().Unix())}
	st.BodyHash, st.BodyLen = bodyHash(body), uint32(len(body))
	e, err := ledger.SignStatement(st, o.Signer)
	return ledger.Item{Entry: e, Body: body}, err
}

// command returns a Raft command of these statements, at the present time.
func (s *stage) command(items ...ledger.Item) []byte {
	return (&ledger.Command{Batch: &ledger.Batch{Time: uint64(s.now().UnixMilli()), Items: items}}).Marshal()
}

// term returns the highest Raft term that the honest nodes know.
func (s *stage) term() uint64 {
	var term uint64
	for _, code := range s.honest {
		if st, err := s.ask(s.ctx, code); err == nil {
			term = max(term, st.RaftTerm)
		}
	}
	return term
}

// mine returns the dishonest bureau's own node.
func (s *stage) mine() *node.Node { return s.Node(s.foe) }

// answer puts the outcome of an RPC into words.
func answer(err error, yes bool) string {
	var r *node.Refused
	switch {
	case errors.As(err, &r):
		return r.Why
	case err != nil:
		return "no answer: " + brief(err.Error(), 120)
	case yes:
		return "accepted"
	}
	return "answered no"
}
