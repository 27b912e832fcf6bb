package testnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
)

// reviewAt is when supervisors look at the notices of other bureaus: before the
// leader is stopped, and after it is back. What comes later is reviewed when the
// operation is over.
var reviewAt = []time.Duration{20 * time.Hour, 44 * time.Hour, 72 * time.Hour}

// reviews returns the scenes in which notices are reviewed. The play waits until
// the supervisors know what there is, and not until they have signed.
func (p *player) reviews() []step {
	var steps []step
	for _, at := range reviewAt {
		if at < p.before {
			continue // what is left of it waits for the next
		}
		steps = append(steps, step{at: at, scene: func(ctx context.Context) error {
			return p.review(ctx, p.background)
		}})
	}
	return steps
}

// reviewRest reviews what is left, to its end.
func (p *player) reviewRest(ctx context.Context) error {
	if _, _, err := p.WaitEqual(ctx, 0); err != nil {
		return err
	}
	var work sync.WaitGroup
	var mu sync.Mutex // guards errs
	var errs []error
	err := p.review(ctx, func(do func() error) {
		work.Go(func() {
			if err := do(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	})
	work.Wait()
	return errors.Join(append(errs, err)...)
}

// review has the supervisor of each reviewing bureau approve what waits for this bureau, all
// bureaus at the same time: begin runs what each has to do.
func (p *player) review(ctx context.Context, begin func(func() error)) error {
	for _, code := range p.reviewers() {
		list, err := p.toReview(ctx, code)
		if err != nil {
			return fmt.Errorf("%s reviews: %w", code, err)
		}
		begin(func() error {
			for _, c := range list {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := p.approve(ctx, code, c); err != nil {
					return fmt.Errorf("%s reviews %s: %w", code, c.Name(), err)
				}
			}
			return nil
		})
	}
	return nil
}

// toReview returns what waits in a bureau's inbox for its review, and is for this
// bureau: as many as it takes share the work.
func (p *player) toReview(ctx context.Context, code string) ([]*desk.Case, error) {
	if err := p.sync(ctx, code); err != nil {
		return nil, err
	}
	d := p.desks[code]
	cases, err := d.Cases(ctx, desk.Filter{Status: state.StatusSubmitted, Opened: true})
	if err != nil {
		return nil, err
	}
	var list []*desk.Case
	for _, w := range desk.Inbox(cases, code, d.AsOf(p.time.Now())) {
		if w.Task != desk.TaskJudge || p.judged[code][w.Case.ID] || !p.judges(code, w.Case.Bureau) {
			continue
		}
		p.judged[code][w.Case.ID] = true
		list = append(list, w.Case)
	}
	return list, nil
}

// reviewers returns the bureaus that review, as many as it takes and one more,
// because none reviews its own.
func (p *player) reviewers() []string { return p.codes[:state.Reviewers(len(p.codes))+1] }

// judges reports whether a bureau reviews the notices of an origin: so many of
// the others do, as it takes.
func (p *player) judges(code, origin string) bool {
	others := slices.DeleteFunc(slices.Clone(p.reviewers()), func(b string) bool { return b == origin })
	return slices.Contains(others[:state.Reviewers(len(p.codes))], code)
}

func (p *player) approve(ctx context.Context, code string, c *desk.Case) error {
	_, err := p.actAs(ctx, p.second[code], func(d *desk.Desk, by desk.Officers) (ledger.Item, error) {
		return d.Review(ctx, nil, by, c, ledger.Approve, "")
	})
	return err
}
