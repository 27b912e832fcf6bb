//go:build hostile

package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/node"
	"comity/node/desk"
	"comity/node/wire"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	progressLimit = 25 * time.Second // for a new statement to be FINAL without the dishonest bureau
	heapLimit     = 256 << 20        // growth during an attack; four to seven nodes in one process
	leftLimit     = 100              // goroutines more than before
)

// finish ignores the dishonest bureau from now on and checks what the honest
// ones hold and can do.
func (s *stage) finish() error {
	for _, code := range s.honest {
		if fi, err := os.Stat(s.LogPath(code)); err == nil {
			s.ended[code] = fi.Size()
		}
	}
	if err := s.silence(); err != nil {
		return err
	}
	for _, code := range s.standing() {
		if n := s.Node(code); n == nil {
			s.broke("the node of %s does not run", code)
		} else if err := n.Err(); err != nil {
			s.broke("the node of %s stopped: %s", code, err)
		}
	}
	s.checkRaftLogs()
	s.checkProgress()
	s.checkNoticed()
	s.checkEvidence()
	if err := s.checkHistories(); err != nil {
		return err
	}
	s.checkFinals()
	s.checkReplay()
	s.checkServers()
	s.checkResources()
	if err := s.report(); err != nil {
		return err
	}
	s.checkInnocent()
	return nil
}

// standing returns the honest bureaus whose nodes must come through.
func (s *stage) standing() []string {
	return slices.DeleteFunc(slices.Clone(s.honest), func(code string) bool { return slices.Contains(s.lost, code) })
}

// checkRaftLogs holds what each honest node has in its durable Raft log against
// what was there, committed, before the attack.
func (s *stage) checkRaftLogs() {
	now, err := s.look()
	if err != nil {
		s.broke("look at the Raft logs: %s", err)
		return
	}
	for _, code := range s.honest {
		then, is := s.before[code], now[code]
		if is == nil {
			continue
		}
		if is.snapshot != then.snapshot && !s.compacted {
			s.broke("%s: its newest snapshot was of index %s and is of index %s", code, then.snapshot, is.snapshot)
		}
		changed, gone := 0, 0
		var at uint64
		for i, sum := range then.raft {
			got, ok := is.raft[i]
			switch {
			case !ok:
				gone++
			case ok && got != sum:
				changed, at = changed+1, max(at, i)
			}
		}
		if changed > 0 {
			s.broke("%s: %d committed records of its durable Raft log were replaced, the last at index %d", code, changed, at)
		}
		if gone > 0 && !s.compacted {
			s.broke("%s: %d committed records are gone from its durable Raft log", code, gone)
		}
	}
}

// checkProgress publishes at every honest bureau and waits until it is FINAL.
func (s *stage) checkProgress() {
	began := time.Now()
	limit := s.patience(progressLimit)
	ctx, cancel := context.WithTimeoutCause(s.ctx, limit, fmt.Errorf("not within %s", limit))
	defer cancel()
	standing := s.standing()
	if len(standing) == 0 {
		return // nobody was promised to come through
	}
	n := len(s.acked)
	if err := s.publish(ctx, 1, standing...); err != nil {
		s.broke("without %s the others do not go on: %s", s.foe, err)
		return
	}
	a := s.authors[standing[0]]
	for _, sent := range s.acked[n:] {
		if _, _, err := a.Receipt(ctx, sent); err != nil {
			s.broke("without %s nothing becomes FINAL: %s", s.foe, err)
			return
		}
	}
	s.measured("without %s, %d new statements were FINAL after %s", s.foe, len(standing), time.Since(began).Round(10*time.Millisecond))
}

// patience is how long to wait for what must happen: less where guards are off,
// and it most likely will not.
func (s *stage) patience(limit time.Duration) time.Duration {
	if s.options.Off != (node.Guards{}) {
		return limit / 3
	}
	return limit
}

// history is what a node serves.
type history struct {
	leaves []tlog.Hash
	ids    map[ledger.ID]uint64
	bare   []uint64 // entries whose body it does not have
}

// checkHistories reads all entries of each honest node: they must be prefixes of
// one another, and hold at its place whatever was acknowledged.
func (s *stage) checkHistories() error {
	var (
		mu  sync.Mutex // guards all
		all = make(map[string]*history)
		wg  sync.WaitGroup
	)
	for _, code := range s.honest {
		wg.Go(func() {
			h, err := s.read(code)
			mu.Lock()
			defer mu.Unlock()
			if err != nil && slices.Contains(s.lost, code) {
				return
			}
			if err != nil {
				s.broke("read the entries of %s: %s", code, err)
				return
			}
			all[code] = h
		})
	}
	wg.Wait()
	standing := s.standing()
	for i, x := range standing {
		for _, y := range standing[i+1:] {
			if all[x] == nil || all[y] == nil {
				continue
			}
			for k := range min(len(all[x].leaves), len(all[y].leaves)) {
				if all[x].leaves[k] != all[y].leaves[k] {
					s.broke("%s and %s have different entries at %d", x, y, k)
					break
				}
			}
		}
	}
	for _, code := range standing {
		if all[code] == nil {
			continue
		}
		if bare := all[code].bare; len(bare) > 0 {
			s.broke("%s has lost %d bodies that nobody purged, the first of entry %d", code, len(bare), bare[0])
		}
		for _, id := range s.forged {
			if at, ok := all[code].ids[id]; ok {
				s.broke("%s has the forged statement %s as entry %d", code, id.Short(), at)
			}
		}
		for _, sent := range s.acked {
			at, ok := all[code].ids[sent.Item.Entry.ID]
			if !ok {
				s.broke("%s does not have the statement that was acknowledged at entry %d", code, sent.Index)
				break
			} else if at != sent.Index {
				s.broke("%s has at entry %d the statement that was acknowledged at %d", code, at, sent.Index)
				break
			}
		}
	}
	return nil
}

// read fetches all entries of a node, once it has applied what was acknowledged.
func (s *stage) read(code string) (*history, error) {
	cl, err := s.Operator(code)
	if err != nil {
		return nil, err
	}
	var last uint64
	for _, sent := range s.acked {
		last = max(last, sent.Index+1)
	}
	limit := s.patience(15 * time.Second)
	if slices.Contains(s.lost, code) {
		limit = time.Second
	}
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	h := &history{ids: make(map[ledger.ID]uint64)}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		_, err := cl.Records(ctx, uint64(len(h.leaves)), wire.MaxRecords, func(r *wire.Record) error {
			if r.Purged {
				h.bare = append(h.bare, uint64(len(h.leaves)))
			}
			h.ids[r.Entry.ID] = uint64(len(h.leaves))
			h.leaves = append(h.leaves, r.Entry.LeafHash())
			return nil
		})
		if err != nil {
			return nil, err
		}
		if uint64(len(h.leaves)) >= last {
			return h, nil
		}
		select {
		case <-ctx.Done():
			return h, nil // what is missing is found by the caller
		case <-tick.C:
		}
	}
}

// checkFinals holds what is FINAL at every honest node, also at those that were
// led astray, against each other: of two, one extends the other.
func (s *stage) checkFinals() {
	type final struct {
		code string
		size uint64
		all  *history
	}
	var list []final
	for _, code := range s.honest {
		cl, err := s.Operator(code)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(s.ctx, askAtMost)
		note, err := cl.Checkpoint(ctx, 0, 0)
		cancel()
		if err != nil {
			continue // it has stopped, which is said elsewhere
		}
		c, _, err := s.genesis.Open(note)
		if err != nil {
			s.broke("%s shows a checkpoint that is not FINAL: %s", code, err)
			continue
		}
		h, err := s.read(code)
		if err != nil {
			continue
		}
		list = append(list, final{code, c.Size, h})
	}
	for i, x := range list {
		for _, y := range list[i+1:] {
			n := min(x.size, y.size, uint64(len(x.all.leaves)), uint64(len(y.all.leaves)))
			if !slices.Equal(x.all.leaves[:n], y.all.leaves[:n]) {
				s.broke("%s and %s hold two FINAL histories of %d entries", x.code, y.code, n)
			}
		}
	}
}

// checkReplay has a desk fetch everything from every honest node and verify
// every signature, right and root on its own.
func (s *stage) checkReplay() {
	for _, code := range s.standing() {
		if err := s.replay(code); err != nil {
			s.broke("what %s serves does not verify: %s", code, err)
		}
	}
}

func (s *stage) replay(code string) error {
	dir, err := os.MkdirTemp(s.dir, ".desk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	k, err := desk.Open(dir, s.genesis)
	if err != nil {
		return err
	}
	cl, err := s.Operator(code)
	if err == nil {
		err = k.Sync(s.ctx, cl, nil)
	}
	return errors.Join(err, k.Close())
}

// checkInnocent demands that no evidence names an honest bureau.
func (s *stage) checkInnocent() {
	for _, path := range s.result.Evidence {
		data, err := os.ReadFile(path)
		if err != nil {
			s.broke("read evidence: %s", err)
			continue
		}
		e, err := ledger.ParseEvidence(data)
		if err != nil {
			s.broke("%s is no evidence: %s", path, err)
			continue
		}
		c, err := e.Verify(s.genesis)
		if err != nil {
			s.broke("%s does not verify: %s", path, err)
			continue
		}
		for _, code := range c.OtherBy {
			if code != s.foe {
				s.broke("evidence names %s, which is honest", code)
			}
		}
	}
}

// checkServers holds Raft's members against the charter.
func (s *stage) checkServers() {
	var want []string
	for i := range s.genesis.Charter.Members {
		want = append(want, s.genesis.Charter.Members[i].NodeName())
	}
	for _, code := range s.standing() {
		n := s.Node(code)
		if n == nil || n.Err() != nil {
			continue
		}
		got, err := n.RaftServers()
		if err != nil {
			s.broke("%s: read the members: %s", code, err)
		} else if slices.Sort(got); !slices.Equal(got, want) {
			s.broke("%s: the members are %q", code, got)
		}
	}
}

// checkResources waits for what the attack took up to be given back.
func (s *stage) checkResources() {
	grown := s.peak.stop()
	if s.options.Shared {
		return
	}
	s.measured("the heap of this process, with all nodes, grew by at most %d MiB", grown>>20)
	if grown > heapLimit {
		s.broke("the heap grew by %d MiB", grown>>20)
	}
	limit := s.before[s.honest[0]].goroutines + leftLimit
	end := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for runtime.NumGoroutine() > limit && time.Now().Before(end) {
		<-tick.C
	}
	if got := runtime.NumGoroutine(); got > limit {
		s.broke("%d goroutines are left, %d before the attack", got, limit-leftLimit)
	}
}
