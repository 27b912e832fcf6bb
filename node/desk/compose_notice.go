package desk

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
)

// ErrFourEyes is returned for a notice that a second officer must sign.
var ErrFourEyes = errors.New("it asks for an arrest: a supervisor of the bureau must sign it too")

// Publish composes a new notice: it is validated, divided into parts, sealed to
// its readers and the author's own bureau, and signed. Nothing is sent; the
// same item can be submitted again, and only the same item: composing anew
// makes another statement.
func (d *Desk) Publish(ctx context.Context, c *client.Client, by Officers, n *notice.Notice) (ledger.Item, error) {
	it, err := d.notice(ctx, c, by, ledger.Statement{Class: ledger.ClassPublish}, n)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("compose notice %s: %w", n.Reference, err)
	}
	return it, nil
}

// Amend composes a new version of the notice with this id.
func (d *Desk) Amend(ctx context.Context, c *client.Client, by Officers, id ledger.ID, n *notice.Notice) (ledger.Item, error) {
	if _, err := d.active(by, id); err != nil {
		return ledger.Item{}, fmt.Errorf("amend %s: %w", n.Reference, err)
	}
	it, err := d.notice(ctx, c, by, ledger.Statement{Class: ledger.ClassAmend, Target: id}, n)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("amend %s: %w", n.Reference, err)
	}
	return it, nil
}

// Withdraw composes the end of the notice with this id.
func (d *Desk) Withdraw(ctx context.Context, c *client.Client, by Officers, id ledger.ID) (ledger.Item, error) {
	if _, err := d.active(by, id); err != nil {
		return ledger.Item{}, fmt.Errorf("withdraw notice %s: %w", id.Short(), err)
	}
	it, err := d.sign(ctx, c, &by, ledger.Statement{Class: ledger.ClassWithdraw, Target: id}, nil)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("withdraw notice %s: %w", id.Short(), err)
	}
	return it, nil
}

func (d *Desk) notice(ctx context.Context, c *client.Client, by Officers, s ledger.Statement, n *notice.Notice) (ledger.Item, error) {
	if err := n.Validate(by.created()); err != nil {
		return ledger.Item{}, err
	}
	o, err := d.author(&by)
	switch alone := len(by.Others) == 0 && !by.Awaits; {
	case err != nil:
		return ledger.Item{}, err
	case alone && n.Victim != nil:
		return ledger.Item{}, &SecondNeeded{"it gives its readers a victim's part"}
	case alone && n.FourEyes():
		return ledger.Item{}, ErrFourEyes
	}
	if n, err = d.ResolveNotice(n); err != nil {
		return ledger.Item{}, err
	}
	parts, err := n.Parts(o)
	if err != nil {
		return ledger.Item{}, err
	}
	body, err := d.sealParts(o, parts)
	if err != nil {
		return ledger.Item{}, err
	}
	p := n.Publish()
	p.SizeClass = sizeClass(len(body))
	s.Public = p.Marshal()
	return d.sign(ctx, c, &by, s, body)
}

// active returns the notice with this id if these officers' bureau may still
// act on it, as far as the desk is. The ledger decides again, at the position
// where the statement lands.
func (d *Desk) active(by Officers, id ledger.ID) (*state.Notice, error) {
	o, err := d.author(&by)
	if err != nil {
		return nil, err
	}
	n, err := d.Notice(id)
	size, _ := d.Seen()
	switch {
	case err != nil:
		return nil, err
	case n == nil:
		return nil, fmt.Errorf("there is no such notice in the %d entries of this desk", size)
	case n.Bureau != o.Bureau:
		return nil, fmt.Errorf("it is a notice of %s, and %s acts on its own only", n.Bureau, o.Bureau)
	}
	return n, d.live(n)
}

// live returns an error for a notice that has ended, as far as the desk is.
func (d *Desk) live(n *state.Notice) error {
	head, err := state.ReadHead(d.store)
	if err != nil {
		return err
	}
	status := n.At(head.Time)
	switch {
	case status.Ended() && n.Ended > 0:
		return fmt.Errorf("it is %s since entry %d", status, n.Ended-1)
	case status.Ended():
		return fmt.Errorf("it is %s since %s", status, dayText(n.Term()+1))
	}
	return nil
}

// dayText writes a day.
func dayText(day uint32) string {
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly)
}

// sizeClass returns ceil(log2(n)).
func sizeClass(n int) uint8 { return uint8(bits.Len(uint(max(n, 1) - 1))) }
