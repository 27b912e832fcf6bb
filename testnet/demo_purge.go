package testnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/query"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/desk"
	"comity/node/wire"
)

// purgeChild has the texts of the notice destroyed, with two officers'
// signatures, waits until every node says that it has done so, and looks at what
// is left. It does nothing if a former run has ordered it.
func (p *player) purgeChild(ctx context.Context) error {
	c, err := p.childSeen(ctx, seeker)
	if err != nil || c.Status == state.StatusPurged {
		return err
	}
	view := c.View
	if view == nil || c.Status != state.StatusWithdrawn {
		return fmt.Errorf("%w: %s is %s before it is purged", errScene, childName, c.Status)
	}
	for _, code := range p.codes { // else that none does so afterwards would say nothing
		if given, err := p.handsOut(ctx, code, c.Index); err != nil || !given {
			return errors.Join(err, fmt.Errorf("%w: %s does not hand %s out", errScene, code, childName))
		}
	}
	began := time.Now()
	sent, err := p.act(ctx, seeker, func(d *desk.Desk, by desk.Officers) (ledger.Item, error) {
		by.Others = []*keys.Signer{p.second[seeker].Signer}
		return d.Purge(ctx, nil, by, c.ID, ledger.ReasonOver)
	})
	if err != nil {
		return err
	}
	e := DemoPurged{DemoEntry: p.entry(seeker, childName, sent.Index, sent.Time, sent.Item.Entry.ID), Signers: len(sent.Item.Entry.Signatures)}
	if e.Nodes, err = p.purged(ctx, sent.Item.Entry.ID); err != nil {
		return err
	}
	e.Seconds = since(began)
	if err := p.lookForRest(ctx, c, view.Card.Person.Names[0].String(), &e); err != nil {
		return err
	}
	p.report(e)
	if e.Given+e.Opened+e.Hits+e.Found != 0 || len(e.Nodes) != len(p.codes) || len(e.Cosigners) < p.genesis.Latest().Quorum() {
		return fmt.Errorf("%w: something of %s is left: %+v", errScene, childName, e)
	}
	return nil
}

// purged waits until all nodes have acknowledged a purge, and returns whose.
func (p *player) purged(ctx context.Context, id ledger.ID) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, sendAtMost)
	defer cancel()
	for {
		if err := p.sync(ctx, seeker); err != nil {
			return nil, err
		}
		u, err := p.desks[seeker].Purged(id)
		if err != nil {
			return nil, err
		}
		if u != nil && len(u.Missing()) == 0 {
			var nodes []string
			for i := range u.Nodes {
				nodes = append(nodes, u.Nodes[i].Bureau)
			}
			return nodes, nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("not every node has acknowledged the purge of %s: %w", childName, err)
		}
	}
}

// lookForRest has everybody look for what is purged: all nodes, all keys, the
// border and the search of a former reader; and verifies the receipt anew.
func (p *player) lookForRest(ctx context.Context, c *desk.Case, name string, e *DemoPurged) error {
	for _, code := range p.codes {
		given, err := p.handsOut(ctx, code, c.Index)
		if err != nil {
			return err
		}
		if given {
			e.Given++
		}
		if err := p.see(ctx, code, e.Index); err != nil {
			return err
		}
		theirs, err := p.desks[code].Case(ctx, c.ID.String())
		if err != nil {
			return err
		}
		if _, err := p.desks[code].Body(c.Index); theirs.View != nil || theirs.Reference() != "" || !errors.Is(err, store.ErrPurged) {
			e.Opened++
		}
	}
	answer, _, err := p.checkPassport(ctx)
	if err != nil {
		return err
	}
	q, err := query.Parse(fmt.Sprintf("name:%q", name), p.time.Now())
	if err != nil {
		return err
	}
	e.Hits = len(answer.Hits)
	if e.Found, err = p.find(ctx, finder, q); err != nil {
		return err
	}
	r, err := p.desks[finder].Receipt(c.Index)
	if err != nil {
		return err
	}
	_, entry, err := p.desks[seeker].Entry(c.Index) // proved by one bureau, shown by another
	if err != nil {
		return err
	}
	_, e.Cosigners, err = r.Verify(p.genesis, entry.LeafHash())
	slices.Sort(e.Cosigners)
	return err
}

// handsOut reports whether a node still gives the body of an entry.
func (p *player) handsOut(ctx context.Context, code string, index uint64) (given bool, err error) {
	cl, err := p.Operator(code)
	if err != nil {
		return false, err
	}
	_, err = cl.Records(ctx, index, 1, func(r *wire.Record) error {
		given = given || !r.Purged || len(r.Body) > 0
		return nil
	})
	return given, err
}
