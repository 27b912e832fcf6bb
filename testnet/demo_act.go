package testnet

import (
	"context"
	"errors"
	"fmt"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
	"comity/node/desk"
	"comity/node/wire"
)

// answer has a bureau answer the notice once it sees what it waits for, and
// reports the answer as the other side opens it.
func (p *player) answer(ctx context.Context, code string, act, needs notice.ReplyType, compose func(*desk.Case) (r *notice.Reply, since uint64, err error)) error {
	c, err := p.childSeen(ctx, code)
	if err != nil || answered(c, act) != nil {
		return err
	}
	if needs != "" && answered(c, needs) == nil {
		return fmt.Errorf("%w: %s sees no %s of %s", errScene, code, needs, childName)
	}
	r, from, err := compose(c)
	if err != nil {
		return err
	}
	sent, err := p.reply(ctx, code, c, r)
	if err != nil {
		return err
	}
	other := seeker
	if code == seeker {
		other = finder
	}
	if err := p.see(ctx, other, sent.Index); err != nil {
		return err
	}
	theirs, err := p.childSeen(ctx, other)
	if err != nil {
		return err
	}
	got := answered(theirs, act)
	if got == nil {
		return fmt.Errorf("%w: %s cannot open the %s of %s", errScene, other, act, code)
	}
	e := DemoAnswer{DemoEntry: p.entry(got.Bureau, theirs.Reference(), got.Index, got.Time, got.ID), Act: string(got.Type), After: minutes(from, got.Time), Text: got.Text}
	if act == notice.Confirm {
		if e.Allowed, err = inTime(theirs, got.Time); err != nil {
			return err
		}
	}
	p.report(e)
	return nil
}

// inTime wants the one hit on the case confirmed, and before the time for that
// was over. It returns how many minutes there were.
func inTime(c *desk.Case, at uint64) (allowed float64, err error) {
	hits := c.Thread(at).Hits
	if len(hits) != 1 || hits[0].State != notice.HitConfirmed || hits[0].Late {
		return 0, fmt.Errorf("%w: the hit on %s is not confirmed in time", errScene, childName)
	}
	return minutes(hits[0].Time, hits[0].Due), nil
}

// reply sends an answer to both bureaus, and waits until the other may see it.
func (p *player) reply(ctx context.Context, code string, c *desk.Case, r *notice.Reply) (*Sent, error) {
	r.Notice, r.Readers = c.ID.String(), notice.Readers{seeker, finder}
	sent, err := p.act(ctx, code, func(d *desk.Desk, by desk.Officers) (ledger.Item, error) { return d.Reply(ctx, nil, by, r) })
	if err != nil {
		return nil, err
	}
	for _, b := range r.Readers {
		if err := p.see(ctx, b, sent.Index); err != nil {
			return nil, err
		}
	}
	return sent, nil
}

// act submits what a bureau's officer composes at the bureau's desk.
func (p *player) act(ctx context.Context, code string, compose func(*desk.Desk, desk.Officers) (ledger.Item, error)) (*Sent, error) {
	if err := p.sync(ctx, code); err != nil {
		return nil, err
	}
	return p.actAs(ctx, p.authors[code], compose)
}

// actAs submits what an officer composes from what the bureau's desk has.
func (p *player) actAs(ctx context.Context, by *Author, compose func(*desk.Desk, desk.Officers) (ledger.Item, error)) (*Sent, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendAtMost)
	defer cancel()
	sent, err := by.submitComposed(ctx, func(a *Author, chain *state.Author) (ledger.Item, error) {
		return compose(p.desks[by.Bureau], desk.Officers{Author: a.Signer, Created: p.time.Now(), Chain: chain})
	})
	if err != nil {
		return nil, err
	}
	return sent, p.acknowledge(sent)
}

// submitComposed submits what was composed, with the end of the author's chain,
// by other means than [Author.Publish].
func (a *Author) submitComposed(ctx context.Context, compose func(*Author, *state.Author) (ledger.Item, error)) (*Sent, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.known {
		if err := a.resume(ctx); err != nil {
			return nil, err
		}
	}
	chain := state.Author{Seq: a.seq, Prev: a.prev}
	item, err := compose(a, &chain)
	if err != nil {
		return nil, err
	}
	a.known = false // as in submitNext
	var done *wire.Submitted
	err = a.anywhere(ctx, func(ctx context.Context, cl *client.Client) (err error) {
		done, err = cl.Submit(ctx, item)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("submit as %s of %s: %w", a.Label, a.Bureau, err)
	}
	a.known, a.seq, a.prev = true, chain.Seq, chain.Prev
	return &Sent{item, done.Index, done.Time}, nil
}

// child returns the case as a bureau sees it now, nil where it does not.
func (p *player) child(ctx context.Context, code string) (*desk.Case, error) {
	if err := p.sync(ctx, code); err != nil {
		return nil, err
	}
	name := childName
	if id := p.Child(); id != "" {
		name = id // it has no other once it is purged
	}
	c, err := p.desks[code].Case(ctx, name)
	if errors.Is(err, desk.ErrNoCase) {
		return nil, nil
	}
	return c, err
}

func (p *player) childSeen(ctx context.Context, code string) (*desk.Case, error) {
	c, err := p.child(ctx, code)
	if err == nil && c == nil {
		return nil, fmt.Errorf("%w: %s does not see %s", errScene, code, childName)
	}
	return c, err
}

// answered returns the first answer of a type that counts, nil if there is none.
func answered(c *desk.Case, t notice.ReplyType) *desk.Reply {
	for i := range c.Replies {
		if r := &c.Replies[i]; r.Type == t && r.Void == "" {
			return r
		}
	}
	return nil
}
