//go:build hostile

package testnet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"comity/ledger"
	"comity/node/desk"
	"comity/node/wire"
)

// recorded is an answer of the truth, held back to be changed.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) WriteHeader(status int)      { r.status = status }
func (r *recorded) Write(b []byte) (int, error) { return r.body.Write(b) }

// records lets the dishonest node change the streams of records that it serves;
// asked counts them.
func (s *stage) records(change func(list []*wire.Record) []*wire.Record) (asked func() int) {
	n := make(chan int, 1)
	n <- 0
	l := lie(func(w http.ResponseWriter, req *http.Request, truth http.Handler) {
		if req.URL.Path != wire.PathEntries || req.Method != http.MethodGet {
			truth.ServeHTTP(w, req)
			return
		}
		n <- <-n + 1
		rec := &recorded{header: make(http.Header)}
		truth.ServeHTTP(rec, req)
		var list []*wire.Record
		in := bufio.NewReader(&rec.body)
		for {
			r, err := wire.ReadRecord(in)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return
			}
			list = append(list, r)
		}
		var out []byte
		for _, r := range change(list) {
			out = r.Append(out)
		}
		_, _ = w.Write(out)
	})
	s.lie.Store(&l)
	return func() int { v := <-n; n <- v; return v }
}

// newcomer takes the ledger of an honest node away, so that the node fetches
// everything from the others when it starts, the dishonest one first.
func (s *stage) newcomer(code, what string, asked func() int) error {
	was := asked()
	if err := s.Stop(code); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(s.homes[code].NodeDir(), "ledger")); err != nil {
		return err
	}
	began := time.Now()
	err := s.Start(code)
	if err == nil {
		ctx, cancel := context.WithTimeoutCause(s.ctx, 15*time.Second, errors.New("not ready within 15 s"))
		defer cancel()
		err = s.WaitReady(ctx, code)
	}
	if err != nil {
		s.tried("%s: %s does not come back: %s", what, code, brief(err.Error(), 300))
		s.broke("%s: %s does not come back: %s", what, code, err)
		return nil
	}
	s.tried("%s: %s asked %d times and was ready after %s", what, code, asked()-was, time.Since(began).Round(10*time.Millisecond))
	return nil
}

// shrink has all nodes take a snapshot, so that a ledger can be taken away.
func (s *stage) shrink() error {
	s.compacted = true
	if _, _, err := s.settle(); err != nil {
		return err
	}
	for _, code := range s.Bureaus() {
		if err := s.Node(code).Compact(1); err != nil {
			return fmt.Errorf("%s: %w", code, err)
		}
	}
	return nil
}

func attackShortLog(s *stage) error {
	if err := s.publish(s.ctx, 3, s.honest...); err != nil {
		return err
	}
	if err := s.shrink(); err != nil {
		return err
	}
	cl, err := s.Operator(s.foe)
	if err != nil {
		return err
	}
	old, err := cl.Checkpoint(s.ctx, 0, 0)
	if err != nil {
		return err
	}
	c, _, err := s.genesis.Open(old)
	if err != nil {
		return err
	}
	if err := s.publish(s.ctx, 2, s.honest...); err != nil {
		return err
	}
	if _, _, err := s.WaitEqual(s.ctx, 1); err != nil {
		return err
	}

	asked := s.records(func(list []*wire.Record) []*wire.Record { return list[:min(len(list), 5)] })
	if err := s.newcomer(s.honest[0], "a newcomer is given at most 5 entries at a time", asked); err != nil {
		return err
	}
	asked = s.records(func([]*wire.Record) []*wire.Record { return nil })
	if err := s.newcomer(s.honest[0], "a newcomer is given none", asked); err != nil {
		return err
	}

	// A desk at the dishonest node: first with an old checkpoint, then with the new
	// one over too few entries.
	short := lie(func(w http.ResponseWriter, req *http.Request, truth http.Handler) {
		if req.URL.Path == wire.PathCheckpoint {
			_, _ = w.Write(old)
			return
		}
		truth.ServeHTTP(w, req)
	})
	s.lie.Store(&short)
	fresh, seen := s.desk(s.foe), s.desk(s.honest[0], s.foe)
	s.tried("a new desk is shown a FINAL checkpoint of long ago: it holds %d of %d entries, %s", fresh.size, seen.size, spokenDesk(fresh.err))
	s.tried("a desk that has seen more is shown the same: it holds %d entries, %s", seen.size, spokenDesk(seen.err))
	if fresh.err == nil && fresh.size != c.Size {
		s.broke("the new desk holds %d entries under a checkpoint of %d", fresh.size, c.Size)
	}
	s.records(func(list []*wire.Record) []*wire.Record { return list[:max(len(list)-5, 0)] })
	cut := s.desk(s.foe)
	s.tried("a new desk is given the checkpoint without the last entries: it holds %d entries, %s", cut.size, spokenDesk(cut.err))
	if cut.err == nil {
		s.broke("a desk took a shortened log for the whole")
	}
	return nil
}

type synced struct {
	size uint64
	err  error
}

// desk opens a new desk and syncs it with these nodes in turn.
func (s *stage) desk(codes ...string) synced {
	dir, err := os.MkdirTemp(s.dir, ".desk-")
	if err != nil {
		return synced{0, err}
	}
	defer os.RemoveAll(dir)
	k, err := desk.Open(dir, s.genesis)
	if err != nil {
		return synced{0, err}
	}
	for _, code := range codes {
		cl, operr := s.Operator(code)
		if err = operr; err == nil {
			err = k.Sync(s.ctx, cl, nil)
		}
	}
	size, serr := k.Size()
	return synced{size, errors.Join(err, serr, k.Close())}
}

func spokenDesk(err error) string {
	if err == nil {
		return "and finds nothing wrong"
	}
	return "and says: " + brief(err.Error(), 200)
}

func attackLyingCatchup(s *stage) error {
	if err := s.publish(s.ctx, 3, s.honest...); err != nil {
		return err
	}
	if err := s.shrink(); err != nil {
		return err
	}
	mine, err := s.statement(0, ledger.ID{})
	if err != nil {
		return err
	}
	s.forged = append(s.forged, mine.Entry.ID)
	for _, l := range s.catchupLies(mine) {
		asked := s.records(l.change)
		before := len(s.result.Broken)
		if err := s.newcomer(s.honest[0], l.what, asked); err != nil {
			return err
		}
		switch h, err := s.read(s.honest[0]); {
		case len(s.result.Broken) > before:
			if err := s.restoreVictim(); err != nil {
				return err
			}
		case err != nil:
			s.broke("%s: read %s: %s", l.what, s.honest[0], err)
		case len(h.bare) > 0:
			s.broke("%s: %s has lost %d bodies that nobody purged", l.what, s.honest[0], len(h.bare))
		}
	}
	return nil
}

// restoreVictim brings a node that is out of action back, with the truth, for the
// next lie.
func (s *stage) restoreVictim() error {
	s.lie.Store(nil)
	if s.Node(s.honest[0]) != nil {
		_ = s.Stop(s.honest[0]) // it has failed: that is said already
	}
	if err := os.RemoveAll(filepath.Join(s.homes[s.honest[0]].NodeDir(), "ledger")); err != nil {
		return err
	}
	if err := s.Start(s.honest[0]); err != nil {
		return err
	}
	return s.WaitReady(s.ctx, s.honest[0])
}

// catchupLie is a change of the records that a node which catches up is given.
type catchupLie struct {
	what   string
	change func([]*wire.Record) []*wire.Record
}

// catchupLies are the lies of lying-catchup; mine is well signed, and in nobody's
// ledger.
func (s *stage) catchupLies(mine ledger.Item) []catchupLie {
	return []catchupLie{
		{"all bodies are said to be purged", func(list []*wire.Record) []*wire.Record {
			for _, r := range list {
				r.Purged, r.Body = r.Entry.Statement.BodyLen > 0, nil
			}
			return list
		}},
		{"all bodies are said to be purged, by an entry that purges nothing", func(list []*wire.Record) []*wire.Record {
			for _, r := range list {
				r.Purged, r.Body, r.PurgedBy = r.Entry.Statement.BodyLen > 0, nil, s.acked[len(s.acked)-1].Index
			}
			return list
		}},
		{"a signature is broken", func(list []*wire.Record) []*wire.Record {
			if len(list) > 2 {
				list[len(list)/2] = broken(list[len(list)/2])
			}
			return list
		}},
		{"the last entry is another one, well signed", func(list []*wire.Record) []*wire.Record {
			if len(list) > 1 {
				list[len(list)-1] = &wire.Record{Time: list[len(list)-1].Time, Entry: mine.Entry, Body: mine.Body}
			}
			return list
		}},
		{"an entry well signed stands in the middle", func(list []*wire.Record) []*wire.Record {
			if len(list) > 2 {
				list = slices.Insert(list, len(list)-1, &wire.Record{Time: list[len(list)-1].Time, Entry: mine.Entry, Body: mine.Body})
			}
			return list
		}},
		{"the last two entries of different officers are exchanged", func(list []*wire.Record) []*wire.Record {
			if n := len(list); n > 2 {
				for i := n - 1; i > 0; i-- {
					if list[i].Entry.Statement.Author != list[i-1].Entry.Statement.Author {
						a, b := *list[i-1], *list[i]
						a.Time, b.Time = b.Time, a.Time
						list[i-1], list[i] = &b, &a
						break
					}
				}
			}
			return list
		}},
		{"the ledger times are others", func(list []*wire.Record) []*wire.Record {
			for _, r := range list {
				r.Time++
			}
			return list
		}},
	}
}

// broken returns a record of which the end of a signature is changed.
func broken(r *wire.Record) *wire.Record {
	raw := bytes.Clone(r.Entry.Raw)
	raw[len(raw)-1] ^= 1 // the end of a signature
	e, err := ledger.ParseEntry(raw)
	if err != nil {
		return r
	}
	return &wire.Record{Time: r.Time, Entry: e, Body: r.Body, Purged: r.Purged}
}
