package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// Bounds of what one follower is sent ahead of its answers.
const (
	pipelineDepth = 32      // requests
	pipelineBytes = 8 << 20 // of their frames; a larger one goes alone
)

var errPipeline = errors.New("the pipeline has ended")

// pipeline sends AppendEntries ahead of the answers to earlier ones, over a
// connection of the bulk lane that it has to itself. Over a long line that saves
// the half round trip, on average, that an entry waits for the request before it.
//
// raft's own pipeline stops for ever when a follower answers with a failure
// (hashicorp/raft #612): its decoder leaves, and its sender waits for room that
// nobody makes. Here whatever is not a success ends the pipeline: the sender gets
// an error and raft goes back to one request at a time, which finds out why.
type pipeline struct {
	t      *Transport
	id     raft.ServerID
	target raft.ServerAddress
	conn   net.Conn
	free   func() // the place in the lane

	sent     chan *appended         // in the order of the frames; holds pipelineDepth
	answered chan raft.AppendFuture // holds as many, so that nobody waits for raft to read
	done     chan struct{}          // closed when the pipeline ends
	end      func()                 // closes done and conn, once
	reading  sync.WaitGroup

	mu    sync.Mutex // guards what follows
	bytes int        // of the frames that are not answered
	room  chan struct{}
}

// appended is one request in the pipeline.
type appended struct {
	args  *raft.AppendEntriesRequest
	resp  *raft.AppendEntriesResponse
	start time.Time
	size  int
}

// Error implements raft.Future. Only what was answered is handed on.
func (a *appended) Error() error                          { return nil }
func (a *appended) Start() time.Time                      { return a.start }
func (a *appended) Request() *raft.AppendEntriesRequest   { return a.args }
func (a *appended) Response() *raft.AppendEntriesResponse { return a.resp }

var (
	_ raft.AppendPipeline = (*pipeline)(nil)
	_ raft.AppendFuture   = (*appended)(nil)
)

// newPipeline opens a pipeline to a peer.
func (t *Transport) newPipeline(id raft.ServerID, target raft.ServerAddress) (*pipeline, error) {
	if owner, ok := t.peerOf(target); !ok || owner != id {
		return nil, fmt.Errorf("call %s at %s: %w", id, target, errAddress)
	}
	l, err := t.lane(laneKey{id, target, laneBulk})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(t.ctx, t.opts.Timeout)
	defer cancel()
	conn, free, err := l.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("call %s at %s: %w", id, target, err)
	}
	p := &pipeline{t: t, id: id, target: target, conn: conn,
		sent: make(chan *appended, pipelineDepth), answered: make(chan raft.AppendFuture, pipelineDepth),
		done: make(chan struct{}), room: make(chan struct{}, 1)}
	p.end = sync.OnceFunc(func() {
		close(p.done)
		conn.Close()
	})
	stop := context.AfterFunc(l.ctx, p.end)
	p.free = func() { stop(); free() }
	p.reading.Go(p.read)
	return p, nil
}

// AppendEntries implements raft.AppendPipeline.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	frame, err := marshalAppendEntries(args)
	if err != nil {
		return nil, err
	}
	a := &appended{args: args, resp: resp, size: len(frame)}
	limit := time.NewTimer(p.t.opts.BulkTimeout)
	defer limit.Stop()
	for !p.enter(a) {
		select {
		case <-p.room:
		case <-p.done:
			return nil, errPipeline
		case <-limit.C:
			p.end()
			return nil, errPipeline
		}
	}
	a.start = time.Now()
	select {
	case p.sent <- a: // before the frame: its answer may be there at once
	case <-p.done:
		return nil, errPipeline
	}
	if err = p.conn.SetWriteDeadline(a.start.Add(p.t.opts.BulkTimeout)); err == nil {
		_, err = p.conn.Write(frame)
	}
	if err != nil {
		p.end()
		return nil, fmt.Errorf("call %s at %s: %w", p.id, p.target, err)
	}
	return a, nil
}

// enter takes room for a frame, if there is any.
func (p *pipeline) enter(a *appended) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes > 0 && p.bytes+a.size > pipelineBytes {
		return false
	}
	p.bytes += a.size
	return true
}

// leave gives it back.
func (p *pipeline) leave(a *appended) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= a.size
	select {
	case p.room <- struct{}{}:
	default:
	}
}

// read takes the answers, one for each request and in their order.
func (p *pipeline) read() {
	defer p.end()
	for {
		var a *appended
		select {
		case a = <-p.sent:
		case <-p.done:
			return
		}
		if err := p.answer(a); err != nil {
			p.t.log.Info("pipeline ended", "peer", string(p.id), "reason", err)
			return
		}
		p.leave(a)
		select {
		case p.answered <- a:
		case <-p.done:
			return
		}
		if !a.resp.Success || a.resp.Term > a.args.Term {
			return // raft reads no further, and what follows it on the line fails as well
		}
	}
}

// answer reads the answer to a.
func (p *pipeline) answer(a *appended) error {
	if err := p.conn.SetReadDeadline(a.start.Add(p.t.opts.BulkTimeout)); err != nil {
		return err
	}
	payload, err := readReply(p.conn, frameAppendEntries)
	if err != nil {
		return err
	}
	if err := p.t.readAnswer(p.id, p.target, payload, a.resp); err != nil {
		return err
	}
	p.t.acked(p.id, a.args, a.resp)
	return nil
}

// Consumer implements raft.AppendPipeline.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.answered }

// Close implements raft.AppendPipeline.
func (p *pipeline) Close() error {
	p.end()
	p.reading.Wait()
	p.free()
	return nil
}
