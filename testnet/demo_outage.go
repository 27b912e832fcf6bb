package testnet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// outage is the scene in which the leader is stopped and comes back, while all
// bureaus go on sending.
type outage struct {
	bureau  string
	stopped chan struct{} // closed when its node has ended
}

// When the leader is stopped, and when it comes back.
const (
	stopAt   = 48*time.Hour + 2*time.Hour
	returnAt = stopAt + 3*time.Hour + 20*time.Minute
)

// stoppedLeader returns the two scenes, unless a former run was past the first.
func (p *player) stoppedLeader() []step {
	if p.before >= stopAt {
		return nil
	}
	return []step{
		{at: stopAt, scene: func(ctx context.Context) error {
			o := &outage{stopped: make(chan struct{})}
			p.outage = o
			p.background(func() error { return p.stopLeader(ctx, o) })
			return nil
		}},
		{at: returnAt, scene: func(ctx context.Context) error {
			o := p.outage
			p.background(func() error { return p.bringBack(ctx, o) })
			return nil
		}},
	}
}

// stopLeader stops the node that leads and measures until another does.
func (p *player) stopLeader(ctx context.Context, o *outage) error {
	defer close(o.stopped)
	ctx, cancel := context.WithTimeout(ctx, sendAtMost)
	defer cancel()
	var err error
	if o.bureau, err = p.leader(ctx); err != nil {
		return err
	}
	p.Demo.restart = o.bureau
	when, began := p.moment(p.time.Now()), time.Now()
	ended := make(chan error, 1)
	go func() { ended <- p.Stop(o.bureau) }()
	for {
		// Stop has taken the node off the list, or will: it no longer counts.
		if next := p.leading(); next != "" && next != o.bureau {
			p.report(DemoStopped{when, o.bureau, next, since(began)})
			return <-ended
		}
		if err := pause(ctx); err != nil {
			return errors.Join(fmt.Errorf("no node leads after %s was stopped: %w", o.bureau, err), <-ended)
		}
	}
}

// bringBack starts the stopped node again and measures until it has all that
// was there when it came back.
func (p *player) bringBack(ctx context.Context, o *outage) error {
	ctx, cancel := context.WithTimeout(ctx, 2*sendAtMost)
	defer cancel()
	select {
	case <-o.stopped:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	leader, err := p.leader(ctx)
	if err != nil {
		return err
	}
	goal, err := p.size(leader)
	if err != nil {
		return err
	}
	when, began := p.moment(p.time.Now()), time.Now()
	if err := p.Start(o.bureau); err != nil {
		return err
	}
	first, err := p.size(o.bureau)
	if err != nil {
		return err
	}
	for now := first; now < goal; {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("%s has %d of %d entries: %w", o.bureau, now, goal, err)
		}
		if now, err = p.size(o.bureau); err != nil {
			return err
		}
	}
	p.report(DemoReturned{when, o.bureau, goal - min(first, goal), since(began)})
	return nil
}

// leader waits until a node leads.
func (p *player) leader(ctx context.Context) (string, error) {
	for {
		if code := p.leading(); code != "" {
			return code, nil
		}
		if err := pause(ctx); err != nil {
			return "", fmt.Errorf("no node leads: %w", err)
		}
	}
}

// leading returns the bureau whose node leads, "" when none does.
func (p *player) leading() string {
	for _, code := range p.codes {
		if n := p.Node(code); n != nil && n.Leading() {
			return code
		}
	}
	return ""
}

// size returns how many entries the node of a bureau has applied.
func (p *player) size(code string) (uint64, error) {
	n := p.Node(code)
	if n == nil {
		return 0, fmt.Errorf("the node of %s does not run", code)
	}
	s, err := n.Status()
	if err != nil {
		return 0, fmt.Errorf("status of %s: %w", code, err)
	}
	return s.Size, nil
}

// pause waits a moment.
func pause(ctx context.Context) error {
	t := time.NewTimer(2 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
