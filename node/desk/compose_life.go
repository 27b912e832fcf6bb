package desk

import (
	"context"
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/client"
)

// SecondNeeded is the error for an act that a supervisor of the bureau must sign
// as well.
type SecondNeeded struct{ Why string }

// Error says why.
func (e *SecondNeeded) Error() string { return e.Why + ": a supervisor of the bureau must sign it too" }

// Is makes it one of those that ask for a second signature.
func (e *SecondNeeded) Is(target error) bool { return target == ErrFourEyes }

// Review composes a reviewer's decision on the version of a notice with the given
// statement id: that which was read, so that an approval is never of another. The
// reason, if there is one, is sealed to those who read the notice.
func (d *Desk) Review(ctx context.Context, c *client.Client, by Officers, k *Case, decision ledger.Decision, reason string) (ledger.Item, error) {
	r := ledger.Review{Decision: decision, Version: k.Versions[len(k.Versions)-1].ID}
	return d.lifeAct(ctx, c, by, k, ledger.Statement{Class: ledger.ClassReview, Public: r.Marshal()}, reason)
}

// Suspend composes that nobody is to act on a notice for the time being.
func (d *Desk) Suspend(ctx context.Context, c *client.Client, by Officers, k *Case, as ledger.Authority, reason string) (ledger.Item, error) {
	return d.lifeAct(ctx, c, by, k, ledger.Statement{Class: ledger.ClassSuspend, Public: (&ledger.Suspend{By: as}).Marshal()}, reason)
}

// Lift composes the end of a suspension.
func (d *Desk) Lift(ctx context.Context, c *client.Client, by Officers, k *Case, as ledger.Authority, o ledger.Outcome, reason string) (ledger.Item, error) {
	return d.lifeAct(ctx, c, by, k, ledger.Statement{Class: ledger.ClassLift, Public: (&ledger.Lift{By: as, Outcome: o}).Marshal()}, reason)
}

// Extend composes that a notice stands until another day, for a reason.
func (d *Desk) Extend(ctx context.Context, c *client.Client, by Officers, k *Case, until uint32, reason string) (ledger.Item, error) {
	return d.lifeAct(ctx, c, by, k, ledger.Statement{Class: ledger.ClassExtend, Public: (&ledger.Extend{ReviewBy: until}).Marshal()}, reason)
}

// lifeAct composes a statement on the life of a notice. Its reason is sealed as a
// message on the notice is, to its readers.
func (d *Desk) lifeAct(ctx context.Context, c *client.Client, by Officers, k *Case, s ledger.Statement, reason string) (ledger.Item, error) {
	s.Target = k.ID
	o, err := d.author(&by)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("%s notice %s: %w", s.Class, k.ID.Short(), err)
	}
	n, _, err := d.noticeNow(k.ID)
	// A suspension by others outlives the notice: it is lifted, and a voice for that taken back.
	if held := s.Class == ledger.ClassLift || s.Class == ledger.ClassSuspend; err == nil && !(held && n.Held.ByOthers()) {
		err = d.live(n)
	}
	var body []byte
	if err == nil && reason != "" {
		body, err = d.reason(&by, o, k, reason)
	}
	var it ledger.Item
	if err == nil {
		it, err = d.sign(ctx, c, &by, s, body)
	}
	if err != nil {
		return ledger.Item{}, fmt.Errorf("%s notice %s: %w", s.Class, k.ID.Short(), err)
	}
	return it, nil
}

func (d *Desk) reason(by *Officers, o notice.Origin, k *Case, text string) ([]byte, error) {
	r := notice.Reply{Type: notice.Message, Notice: k.ID.String(), Text: text, At: by.created().Truncate(time.Second), Readers: notice.Readers{k.Bureau}}
	if k.View != nil {
		var err error
		if r.Readers, err = d.Reachable(k.View.Readers); err != nil {
			return nil, err
		}
	}
	if !r.Readers.Has(o.Bureau) {
		r.Readers = append(append(notice.Readers{}, r.Readers...), o.Bureau)
	}
	if err := r.Validate(by.created()); err != nil {
		return nil, err
	}
	part, err := r.Part(o)
	if err != nil {
		return nil, err
	}
	return d.sealParts(o, []notice.Part{part})
}

// Purge composes that the bodies of a notice that has ended, or of a reply, are
// destroyed everywhere.
func (d *Desk) Purge(ctx context.Context, c *client.Client, by Officers, id ledger.ID, reason ledger.Reason) (ledger.Item, error) {
	it, err := d.purge(ctx, c, by, id, reason)
	if err != nil {
		return ledger.Item{}, fmt.Errorf("purge %s: %w", id.Short(), err)
	}
	return it, nil
}

func (d *Desk) purge(ctx context.Context, c *client.Client, by Officers, id ledger.ID, reason ledger.Reason) (ledger.Item, error) {
	if _, err := d.author(&by); err != nil {
		return ledger.Item{}, err
	}
	head, err := state.ReadHead(d.store)
	if err != nil {
		return ledger.Item{}, err
	}
	since := uint64(0)
	n, err := d.Notice(id)
	if err == nil && n != nil {
		at, ended := n.EndedBy(head.Time)
		if !ended {
			return ledger.Item{}, fmt.Errorf("it is %s: only what has ended is purged", n.At(head.Time))
		}
		since = at
		if kept := since + state.RetentionDays*24*60*60*1000; n.Held.ByOthers() && head.Time < kept {
			return ledger.Item{}, fmt.Errorf("it is evidence: suspended by its %s, it is not purged until they lift that, or before %s", n.Held, dayText(uint32(kept/86_400_000)))
		}
	}
	if err == nil && n == nil {
		var r *state.Reply
		if r, err = state.ReadReply(d.store, id); err == nil && r == nil {
			return ledger.Item{}, fmt.Errorf("there is no such notice or reply in the %d entries of this desk", head.Size)
		}
		if err == nil {
			since = r.Time
		}
	}
	if err != nil {
		return ledger.Item{}, err
	}
	if len(by.Others) == 0 && !by.Awaits && head.Time < since+state.RetentionDays*24*60*60*1000 {
		return ledger.Item{}, &SecondNeeded{"it may still be kept"}
	}
	return d.sign(ctx, c, &by, ledger.Statement{Class: ledger.ClassPurge, Target: id, Public: (&ledger.Purge{Reason: reason}).Marshal()}, nil)
}

// Purged returns what the ledger knows of the purge with this statement id, nil
// when there is none: who ordered it, and which nodes have acknowledged it.
func (d *Desk) Purged(id keys.ID) (*state.Purge, error) { return state.ReadPurge(d.store, id) }
