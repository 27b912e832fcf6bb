package testnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/node/desk"
)

// player is one run of the operation. Each bureau's officer sends one notice
// after the other, all bureaus at the same time, while scenes are played.
type player struct {
	*Demo
	began   time.Time
	before  time.Duration // what a former run has played
	authors map[string]*Author
	second  map[string]*Author            // each bureau's supervisor
	judged  map[string]map[ledger.ID]bool // notices that each bureau reviews, or did in this run
	queues  map[string]chan *notice.Notice
	desks   map[string]*desk.Desk
	total   int
	sent    atomic.Int64
	first   string // reference of the tally that is reported
	outage  *outage
	work    sync.WaitGroup // officers, and scenes that play goes on beside
	failed  context.CancelCauseFunc
}

// queued bounds what waits for a bureau's officer; then the play waits too.
const queued = 8

// sendAtMost bounds how long an officer tries to send one notice. What is being
// sent is sent to its end even when the demo is interrupted.
const sendAtMost = 30 * time.Second

// Play plays the operation. What a former run has played is not played again.
func (d *Demo) Play(ctx context.Context) error {
	if d.Played() {
		return nil
	}
	p, err := d.newPlayer(ctx)
	if p != nil {
		defer p.close()
	}
	if err != nil {
		return fmt.Errorf("play: %w", err)
	}
	if err := p.run(ctx); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	if err := os.WriteFile(d.path(filePlayed), nil, 0o600); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	d.time.follow() // the operation is over
	return nil
}

func (d *Demo) newPlayer(ctx context.Context) (*player, error) {
	p := &player{Demo: d, began: time.Now(), authors: make(map[string]*Author), second: make(map[string]*Author), judged: make(map[string]map[ledger.ID]bool),
		queues: make(map[string]chan *notice.Notice), desks: make(map[string]*desk.Desk)}
	if len(d.acked) > 0 {
		p.before = d.time.Now().Sub(d.file.Start)
	}
	for _, code := range d.codes {
		var err error
		if p.authors[code], err = d.Author(code, demoOfficer); err != nil {
			return p, err
		}
		if p.second[code], err = d.Author(code, demoSupervisor); err != nil {
			return p, err
		}
		p.judged[code] = make(map[ledger.ID]bool)
		p.queues[code] = make(chan *notice.Notice, queued)
		if p.desks[code], err = desk.Open(d.path(filepath.Join(dirDesks, code)), d.genesis); err != nil {
			return p, err
		}
		ids, err := d.homes[code].Identities(nil)
		if err != nil {
			return p, err
		}
		p.desks[code].Unlock(ids)
	}
	return p, nil
}

func (p *player) close() {
	for _, authors := range []map[string]*Author{p.authors, p.second} {
		for _, a := range authors {
			a.Close()
		}
	}
	for _, k := range p.desks {
		k.Close()
	}
	os.RemoveAll(p.path(dirDesks)) // replicas; nothing in them is new
}

// run plays the timetable.
func (p *player) run(ctx context.Context) error {
	steps, before, err := p.timetable(ctx)
	if err != nil {
		return err
	}
	p.report(DemoOperation{Name: "LANTERN TIDE", Hours: int(notice.OperationLength / time.Hour), HoursPerSecond: p.options.HoursPerSecond, Before: before, Events: len(steps)})
	p.total = len(steps)
	ctx, p.failed = context.WithCancelCause(ctx)
	defer p.failed(nil)
	for _, code := range p.codes {
		p.background(func() error { return p.officer(ctx, code) })
	}
	if err := p.direct(ctx, steps); err != nil {
		p.failed(err)
	}
	for _, q := range p.queues {
		close(q)
	}
	p.work.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := p.reviewRest(ctx); err != nil {
		return err
	}
	return p.sumUp(ctx)
}

// direct does the steps at their time.
func (p *player) direct(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := p.time.runTo(ctx, p.file.Start.Add(s.at), p.options.HoursPerSecond*3600); err != nil {
			return err
		}
		if s.scene != nil {
			if err := s.scene(ctx); err != nil {
				return err
			}
			p.progress()
			continue
		}
		select {
		case p.queues[s.notice.Origin] <- s.notice:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// background runs do beside the play, which ends when it fails.
func (p *player) background(do func() error) {
	p.work.Go(func() {
		if err := do(); err != nil {
			p.failed(err)
		}
	})
}

// officer sends what a bureau has to send.
func (p *player) officer(ctx context.Context, code string) error {
	for n := range p.queues[code] {
		if ctx.Err() != nil {
			continue // nothing more: the queue is emptied
		}
		if err := p.send(ctx, code, n); err != nil {
			return fmt.Errorf("%s sends %s: %w", code, n.Reference, err)
		}
		p.progress()
	}
	return nil
}

func (p *player) send(ctx context.Context, code string, n *notice.Notice) error {
	if err := n.Validate(p.time.Now()); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendAtMost)
	defer cancel()
	var others []*keys.Signer
	if n.FourEyes() {
		others = append(others, p.second[code].Signer)
	}
	sent, err := p.authors[code].Publish(ctx, n, others...)
	if err != nil {
		return err
	}
	if err := p.acknowledge(sent); err != nil {
		return err
	}
	if n.Reference == p.first {
		p.report(DemoTally{p.entry(code, n.Reference, sent.Index, sent.Time, sent.Item.Entry.ID), n.Tally.Inspections, n.Tally.Hotspots, n.Readers})
	}
	return nil
}

func (p *player) progress() {
	n := int(p.sent.Add(1))
	p.report(DemoProgress{p.moment(p.time.Now()), n, p.total})
}

// sync brings a bureau's replica up to date from its own node.
func (p *player) sync(ctx context.Context, code string) error {
	cl, err := p.Operator(code)
	if err != nil {
		return err
	}
	return p.desks[code].Sync(ctx, cl, nil)
}

// see waits until a bureau's replica holds the entry at index, which it does
// once that is FINAL.
func (p *player) see(ctx context.Context, code string, index uint64) error {
	ctx, cancel := context.WithTimeout(ctx, sendAtMost)
	defer cancel()
	cl, err := p.Operator(code)
	if err != nil {
		return err
	}
	if _, err := cl.Checkpoint(ctx, index, sendAtMost); err != nil {
		return fmt.Errorf("%s waits for entry %d: %w", code, index, err)
	}
	return p.sync(ctx, code)
}

func (d *Demo) moment(t time.Time) DemoMoment {
	at := t.Sub(d.file.Start)
	day := 24 * time.Hour
	hour := max(0, at) % day
	return DemoMoment{int(at/day) + 1, fmt.Sprintf("%02d:%02d", int(hour.Hours()), int(hour.Minutes())%60), t.UTC()}
}

func (d *Demo) entry(bureau, reference string, index, ms uint64, id ledger.ID) DemoEntry {
	return DemoEntry{d.moment(time.UnixMilli(int64(ms))), bureau, reference, index, id}
}

// errScene says that a scene did not go as it must.
var errScene = errors.New("the exercise went wrong")
