package testnet

import (
	"cmp"
	"context"
	"slices"
	"time"

	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/desk"
)

// step is one thing in the timetable of a demo: a notice that a bureau sends, or
// a scene.
type step struct {
	at     time.Duration // since the start of the operation
	notice *notice.Notice
	scene  func(context.Context) error
}

// timetable returns what is still to be played, and how much was played before.
func (p *player) timetable(ctx context.Context) (steps []step, before int, err error) {
	there, err := p.references(ctx)
	if err != nil {
		return nil, 0, err
	}
	for i, e := range notice.Operation(p.file.Seed, p.file.Start) {
		switch {
		case p.options.Every > 1 && i%p.options.Every != 0:
		case there[e.Notice.Reference]:
			before++
		default:
			if p.first == "" && before == 0 && e.Notice.Tally != nil {
				p.first = e.Notice.Reference
			}
			steps = append(steps, step{at: e.At, notice: e.Notice})
		}
	}
	steps = append(steps, p.childCase()...)
	steps = append(steps, p.stoppedLeader()...)
	steps = append(steps, p.reviews()...)
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps, before, nil
}

// references returns what stands in the ledger already. A notice of which an
// answer was lost may be there without having been acknowledged.
func (p *player) references(ctx context.Context) (map[string]bool, error) {
	there := make(map[string]bool)
	if p.fresh {
		return there, nil
	}
	// A replica ends with what is FINAL: wait until that is all.
	if _, _, err := p.WaitEqual(ctx, 0); err != nil {
		return nil, err
	}
	for _, code := range p.codes {
		if err := p.sync(ctx, code); err != nil {
			return nil, err
		}
		own, err := p.desks[code].Cases(ctx, desk.Filter{Bureau: code, Opened: true})
		if err != nil {
			return nil, err
		}
		for _, c := range own {
			there[c.Reference()] = true
		}
	}
	return there, nil
}

// sumUp adds up the operation as the first bureau's keys open it.
func (p *player) sumUp(ctx context.Context) error {
	code := p.codes[0]
	size, _, err := p.WaitEqual(ctx, 0)
	if err != nil {
		return err
	}
	if err := p.see(ctx, code, size-1); err != nil {
		return err
	}
	cases, err := p.desks[code].Cases(ctx, desk.Filter{Opened: true})
	if err != nil {
		return err
	}
	e := DemoPlayed{DemoMoment: p.moment(p.time.Now()), Bureau: code, Reviewers: state.Reviewers(len(p.codes)), Seconds: since(p.began)}
	hotspots := make(map[string]int)
	for _, c := range cases {
		switch {
		case c.Reviewed:
			e.Reviewed++
		case c.Status == state.StatusSubmitted:
			e.Waiting++
		}
		switch t := c.View; {
		case t == nil:
		case t.Tally != nil:
			e.Tallies++
			e.Inspections += t.Tally.Inspections
			hotspots[t.Tally.Sector] = t.Tally.Hotspots
		default:
			e.Cases++
		}
	}
	for _, n := range hotspots {
		e.Hotspots += n
	}
	e.HoursPerSecond = (notice.OperationLength - p.before).Hours() / e.Seconds
	p.report(e)
	return nil
}
