package desk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
)

// FoundCircle composes the first epoch of a circle: these bureaus and the
// author's own, or all members of the ledger for [notice.All].
func (d *Desk) FoundCircle(ctx context.Context, c *client.Client, by Officers, name string, members []string) (ledger.Item, error) {
	it, err := d.composeEpoch(ctx, c, by, ledger.Statement{Class: ledger.ClassCircle}, notice.Epoch{Name: name, Number: 1}, members)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("circle %s: %w", name, err)
	}
	return it, nil
}

// ChangeCircle composes a new epoch of a circle, with new keys, for these
// bureaus and the author's own: who is new reads nothing that was sealed before,
// who is not among them nothing that is sealed from then on.
func (d *Desk) ChangeCircle(ctx context.Context, c *client.Client, by Officers, k *Circle, members []string) (ledger.Item, error) {
	s, err := d.nextOn(by, k, 2)
	var it ledger.Item
	if err == nil {
		it, err = d.composeEpoch(ctx, c, by, s, k.next(), members)
	}
	if err != nil {
		return ledger.Item{}, fmt.Errorf("circle %s: %w", k.Name, err)
	}
	return it, nil
}

// next is the epoch after the newest.
func (k *Circle) next() notice.Epoch {
	return notice.Epoch{Name: k.Name, Number: k.Number + 1, Circle: k.ID, After: k.last}
}

// ToRenew returns the circles that a bureau founded and that need other keys, or to
// end, because a member has left the ledger.
func (d *Desk) ToRenew(bureau string) ([]*Circle, error) {
	if d.Members().LeftSince(0) == "" {
		return nil, nil // as in most ledgers: nothing need be opened
	}
	list, err := d.Circles()
	return slices.DeleteFunc(list, func(k *Circle) bool { return k.Founder != bureau || len(k.Gone) == 0 }), err
}

// RenewCircle composes the epoch that a circle needs because members of it have left
// the ledger: those who stay, with new keys; where only the founder stays, the end.
// One officer may sign it. Where another of the bureau was faster the ledger refuses
// it as [state.Superseded], and nothing is left to do.
func (d *Desk) RenewCircle(ctx context.Context, c *client.Client, by Officers, k *Circle) (ledger.Item, error) {
	s, err := d.nextOn(by, k, 1)
	var it ledger.Item
	switch {
	case err != nil:
	case len(k.Gone) == 0:
		err = errors.New("no member of it has left the ledger")
	case len(k.Stay()) < 2:
		it, err = d.sign(ctx, c, &by, s, nil)
	default:
		it, err = d.composeEpoch(ctx, c, by, s, k.next(), k.Stay())
	}
	if err != nil {
		return ledger.Item{}, fmt.Errorf("circle %s: %w", k.Name, err)
	}
	return it, nil
}

// EndCircle composes the end of a circle: nothing more is sealed to it. What was,
// its members read as before.
func (d *Desk) EndCircle(ctx context.Context, c *client.Client, by Officers, k *Circle) (ledger.Item, error) {
	s, err := d.nextOn(by, k, 2)
	var it ledger.Item
	if err == nil {
		it, err = d.sign(ctx, c, &by, s, nil)
	}
	if err != nil {
		return ledger.Item{}, fmt.Errorf("circle %s: %w", k.Name, err)
	}
	return it, nil
}

// nextOn begins a statement on a circle that is there, which so many officers sign.
func (d *Desk) nextOn(by Officers, k *Circle, officers int) (ledger.Statement, error) {
	o, err := d.author(&by)
	switch {
	case err != nil:
		return ledger.Statement{}, err
	case k.Founder != o.Bureau:
		return ledger.Statement{}, fmt.Errorf("%s founded it, and nobody else changes it", k.Founder)
	case k.Ended:
		return ledger.Statement{}, errors.New("it has ended")
	case officers > 1 && len(by.Others) == 0 && !by.Awaits:
		return ledger.Statement{}, &SecondNeeded{"it decides who reads what is sealed to the circle"}
	}
	return ledger.Statement{Class: ledger.ClassCircle, Target: k.ID, Public: (&ledger.Circle{After: k.last}).Marshal()}, nil
}

// composeEpoch completes an epoch with keys and members, seals it to these, and
// signs.
func (d *Desk) composeEpoch(ctx context.Context, c *client.Client, by Officers, s ledger.Statement, e notice.Epoch, members []string) (ledger.Item, error) {
	o, err := d.author(&by)
	if err != nil {
		return ledger.Item{}, err
	}
	if slices.Contains(members, notice.All) {
		members = d.bureaus()
	}
	e.Members = append(slices.Clone(members), o.Bureau)
	slices.Sort(e.Members)
	e.Members = slices.Compact(e.Members)
	e.Seeds = make(map[seal.Compartment]*keys.Identity)
	for c := seal.Card; c <= seal.Victim; c++ {
		if e.Seeds[c], err = keys.GenerateIdentity(); err != nil {
			return ledger.Item{}, err
		}
	}
	parts, err := e.Parts(o)
	if err != nil {
		return ledger.Item{}, err
	}
	body, err := d.sealParts(o, parts)
	if err != nil {
		return ledger.Item{}, err
	}
	return d.sign(ctx, c, &by, s, body)
}

// bureaus returns the codes of the members of the ledger.
func (d *Desk) bureaus() []string {
	var list []string
	for _, m := range d.Members().Members() {
		list = append(list, m.Code)
	}
	return list
}

// sealedFor returns the epoch of a circle to which the author of a statement
// that is written now seals.
func (d *Desk) sealedFor(id ledger.ID) (*notice.Epoch, error) {
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if err := d.readCircles(cs); err != nil {
		return nil, err
	}
	seen, _ := d.Seen()
	var last *circleEntry
	for i, x := range cs.log[:cs.below(seen)] {
		if x.circle == id {
			last = &cs.log[i]
		}
	}
	if last == nil {
		return nil, fmt.Errorf("there is no circle %s in the %d entries of this desk", id.Short(), seen)
	}
	if last.number == 0 {
		return nil, fmt.Errorf("circle %s has ended", id.Short())
	}
	o := d.epoch(cs, *last)
	switch {
	case o.err != nil:
		return nil, fmt.Errorf("circle %s: %w", id.Short(), o.err)
	case o.epoch == nil:
		return nil, fmt.Errorf("circle %s: its present epoch is not for the keys of this desk, so they cannot seal to it", id.Short())
	}
	if gone := d.gone(o.epoch, last.index, math.MaxUint64); len(gone) > 0 {
		return nil, fmt.Errorf("circle %s: %s left the ledger and has its keys: %s must give it others first", id.Short(), strings.Join(gone, " "), last.founder)
	}
	for c := seal.Card; c <= seal.Victim; c++ {
		if len(cs.ids[c]) > 0 && o.epoch.Seeds[c] == nil {
			return nil, fmt.Errorf("circle %s: the keys of this desk open no key for a %s in its present epoch: %s must make a new one", id.Short(), c, last.founder)
		}
	}
	return o.epoch, nil
}

// circleRecipients returns the keys of the circles among readers.
func (d *Desk) circleRecipients(c seal.Compartment, readers []string) (list []*keys.Recipient, err error) {
	for i, r := range readers {
		name := notice.Circle(r)
		if name == "" || slices.Contains(readers[:i], r) {
			continue
		}
		id, err := keys.ParseID(name)
		if err != nil {
			return nil, fmt.Errorf("circle %.80q is not named by its id", name)
		}
		e, err := d.sealedFor(id)
		if err != nil {
			return nil, err
		}
		list = append(list, e.Keys[c])
	}
	return list, nil
}

// Reachable returns readers as what is written now can be sealed to them: in the
// place of a circle that the keys here cannot seal to, because it has ended or
// goes on without the bureau, the members that it had when they could. Who is no
// bureau of the ledger any more is left out.
func (d *Desk) Reachable(readers notice.Readers) (notice.Readers, error) {
	var out notice.Readers
	for _, r := range readers {
		list := notice.Readers{r}
		if name := notice.Circle(r); name != "" {
			id, err := keys.ParseID(name)
			if err != nil {
				continue
			}
			if _, err := d.sealedFor(id); err != nil {
				c, err := d.Circle(name)
				switch {
				case errors.Is(err, ErrNoCircle):
					continue // it was re-shared with us, and we were never in it
				case err != nil:
					return nil, err
				}
				list = c.Known.Members
			}
		}
		for _, b := range list {
			_, member := d.Members().Member(b)
			if (member || b == notice.All || notice.Circle(b) != "") && !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// Resolve returns readers with the ids of circles in the place of names, and in the
// place of a circle with a member that left the ledger those who stay in it: see
// [Circle.Gone].
func (d *Desk) Resolve(readers notice.Readers) (notice.Readers, error) {
	if len(readers.Circles()) == 0 {
		return readers, nil
	}
	var out notice.Readers
	for _, r := range readers {
		list := notice.Readers{r}
		if name := notice.Circle(r); name != "" {
			c, err := d.Circle(name)
			_, noID := keys.ParseID(name)
			switch {
			case err != nil && (noID != nil || !errors.Is(err, ErrNoCircle)):
				return nil, fmt.Errorf("readers: %w", err)
			case err != nil: // sealing to it is what says why not
			case len(c.Gone) > 0:
				list = c.Stay()
			default:
				list = notice.Readers{notice.CirclePrefix + c.ID.String()}
			}
		}
		for _, b := range list {
			if !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
	}
	return out, nil
}

// ResolveNotice returns the notice with the ids of circles in the place of
// names; n itself where it names none.
func (d *Desk) ResolveNotice(n *notice.Notice) (*notice.Notice, error) {
	named := len(n.Readers.Circles()) > 0 || n.Victim != nil && len(notice.Readers(n.Victim.Readers).Circles()) > 0
	if !named {
		return n, nil
	}
	out := *n
	var err error
	if out.Readers, err = d.Resolve(n.Readers); err != nil {
		return nil, err
	}
	if n.Victim != nil {
		victim := *n.Victim
		if victim.Readers, err = d.Resolve(n.Victim.Readers); err != nil {
			return nil, err
		}
		out.Victim = &victim
	}
	return &out, nil
}

// Seeing returns what this desk knows of the circles among the readers of
// something that is written now.
func (d *Desk) Seeing(readers notice.Readers) ([]notice.CircleSeen, error) {
	seen, _ := d.Seen()
	return d.seenCircles(readers, &ledger.Entry{Statement: &ledger.Statement{SeenSize: seen}}, seen)
}

// Superseded returns the circles among the readers that had changed, or ended, or
// lost a member to whom the ledger is closed, when a statement for them came into
// the ledger.
func (d *Desk) Superseded(e *ledger.Entry, readers notice.Readers) ([]notice.CircleSeen, error) {
	index, there, err := state.ReadIndex(d.store, e.ID)
	if err != nil || !there {
		return nil, err
	}
	seen, err := d.seenCircles(readers, e, index)
	return slices.DeleteFunc(seen, func(c notice.CircleSeen) bool { return !c.Superseded && len(c.Gone) == 0 }), err
}

// OpenCircleDraft returns the epoch that a draft would make, and the circle as it
// is; of the first the circle is nil, and of an end the epoch.
func (d *Desk) OpenCircleDraft(it ledger.Item) (*notice.Epoch, *Circle, error) {
	var before *Circle
	number := 1
	if id := it.Entry.Statement.Target; id != (ledger.ID{}) {
		var err error
		if before, err = d.Circle(id.String()); err != nil {
			return nil, nil, fmt.Errorf("open draft: %w", err)
		}
		number = before.Number + 1
	}
	if len(it.Body) == 0 {
		return nil, before, nil
	}
	b, err := seal.Parse(it.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("open draft: %w", err)
	}
	e, err := d.readEpoch(it.Entry, b, number, d.opener.keys())
	if err == nil && e == nil {
		err = errors.New("none of the keys here opens it")
	}
	if err == nil {
		err = d.onlyReaders(it, func(seal.Compartment) notice.Readers { return e.Members })
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open draft: %w", err)
	}
	return e, before, nil
}

// freshCircles returns [ErrStale] if a circle that a draft is for, or is about,
// has changed since its author looked; where whom it is for cannot be read, nil,
// if any circle has.
func (d *Desk) freshCircles(it ledger.Item, readers notice.Readers, victim *notice.Victim) error {
	s := it.Entry.Statement
	if code := d.Members().LeftSince(s.SeenSize); code != "" && s.Class == ledger.ClassCircle && s.BodyLen > 0 {
		return fmt.Errorf("%w: %s left the ledger", ErrStale, code) // which would refuse it
	}
	if s.Class == ledger.ClassCircle && s.Target != (ledger.ID{}) {
		p, err := ledger.ParseCircle(s.Public)
		if err != nil {
			return err
		}
		c, err := state.ReadCircle(d.store, s.Target)
		if err == nil && c != nil && c.Last != p.After {
			err = fmt.Errorf("%w: the circle itself", ErrStale)
		}
		return err
	}
	switch {
	case s.Class == ledger.ClassCircle:
		return nil // a new one is for bureaus
	case readers == nil:
		return d.anyChanged(s)
	}
	head, err := d.Size()
	if err != nil {
		return err
	}
	seen, err := d.seenCircles(notice.CirclesOf(readers, victim), it.Entry, head)
	for i := range seen {
		if seen[i].Superseded || len(seen[i].Gone) > 0 {
			return fmt.Errorf("%w: circle %s", ErrStale, seen[i].Name)
		}
	}
	return err
}

// anyChanged returns [ErrStale] if any circle that there was when the author of a
// draft looked has changed or ended since.
func (d *Desk) anyChanged(s *ledger.Statement) error {
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if err := d.readCircles(cs); err != nil {
		return err
	}
	for _, x := range cs.log[cs.below(s.SeenSize):] {
		if x.id != x.circle {
			return fmt.Errorf("%w: a circle, maybe one that it is for", ErrStale)
		}
	}
	if code := d.Members().LeftSince(s.SeenSize); code != "" {
		return fmt.Errorf("%w: %s left the ledger, and maybe a circle that it is for", ErrStale, code)
	}
	return nil
}
