package node

import (
	"context"
	"sync/atomic"
	"time"
)

// pacer holds back who copies the ledger from this node while statements are being
// written: what is copied is read in small pieces, one after the other over all who
// copy, and after each the next one waits for paceShare-1 times as long as it took.
// So copying has no more than a part of one processor, a piece is all that a
// statement ever waits for, and there is no rate to set: where disk or processors are
// short a piece takes longer, and so does the pause. While nobody writes nothing waits.
//
// A reader's connection is not waited for within its turn: who reads slowly takes
// nobody else's.
type pacer struct {
	wrote atomic.Int64 // POSIX ns when statements were last applied here

	turn chan struct{} // of one: full while a piece is being read
	next time.Time     // when the next may be; guarded by turn
}

const (
	paceShare = 8                     // one part of so many of a processor
	pacePiece = 64 << 10              // bytes, roughly
	paceLong  = 20 * time.Millisecond // what a piece counts at most: a disk that stalls once stops nobody
	paceAfter = time.Second           // for how long after a statement this node is one where some are written
	paceEnd   = 10 * time.Second      // after which an answer ends with what it has so far
)

func newPacer() *pacer { return &pacer{turn: make(chan struct{}, 1)} }

// writes notes that statements were applied.
func (p *pacer) writes() { p.wrote.Store(time.Now().UnixNano()) }

// read reads a piece when it is its turn. It fails only with ctx, or as piece does.
func (p *pacer) read(ctx context.Context, piece func() error) error {
	if p == nil || time.Since(time.Unix(0, p.wrote.Load())) > paceAfter {
		return piece()
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if wait := time.Until(p.next); wait > 0 && !sleep(ctx, wait) {
		return ctx.Err()
	}
	begun := time.Now()
	err := piece()
	now := time.Now()
	p.next = now.Add((paceShare - 1) * min(now.Sub(begun), paceLong))
	return err
}
