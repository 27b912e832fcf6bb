package desk

import (
	"context"
	"fmt"
	"slices"

	"comity/ledger"
	"comity/ledger/state"
)

// life fills in what the ledger says of the life of a notice.
func (d *Desk) life(c *Case, k *docket) error {
	n, now, err := d.noticeNow(k.id)
	if err != nil {
		return err
	}
	c.Status, c.Reviewed, c.Term = n.At(now), n.Reviewed(), n.Term()
	c.Held = n.Held
	if c.EndedAt, _ = n.EndedBy(now); n.Ended > 0 {
		c.Ended = n.Ended - 1
	}
	for _, index := range k.acts {
		a, err := d.act(index)
		if err != nil {
			return err
		}
		c.Acts = append(c.Acts, a)
	}
	c.ReviewDue = !c.Status.Ended() && now >= c.dueFrom()
	return nil
}

// dueFrom returns the time from which on the origin should look at the notice
// again, POSIX ms: in the last [state.DueDays] days that it counts, and not in
// the first half of the time that was left when the origin last spoke of it, with
// a version or an extension. So what is for a week comes up in the middle of it,
// and what is for five years half a year before its end. When an extension is
// accepted is the ledger's rule, and not this.
func (c *Case) dueFrom() uint64 {
	const day = 24 * 60 * 60 * 1000
	spoke := c.Versions[len(c.Versions)-1].Time
	for i := range c.Acts {
		if c.Acts[i].Class == ledger.ClassExtend {
			spoke = max(spoke, c.Acts[i].Time)
		}
	}
	end := (uint64(c.Term) + 1) * day
	if end <= spoke {
		return end
	}
	return max(end-min(end, (state.DueDays+1)*day), spoke+(end-spoke)/2)
}

// ByNoReader reports whether a review is by a bureau that the version which it
// judges does not name among its readers. The ledger counts it, for it does not
// know who reads; a later grant may have let the bureau read after all, which this
// desk cannot see either. False where these keys do not open that version.
func (c *Case) ByNoReader(a *Act) bool {
	if a.Class != ledger.ClassReview {
		return false
	}
	for i := range slices.Backward(c.Versions) {
		if v := &c.Versions[i]; v.Index < a.Index {
			return v.View != nil && v.View.Opened() && !v.View.Readers.Has(a.Bureau)
		}
	}
	return false
}

// noticeNow returns what the state has of a notice, and the ledger time of the
// end of the replica.
func (d *Desk) noticeNow(id ledger.ID) (*state.Notice, uint64, error) {
	head, err := state.ReadHead(d.store)
	if err != nil {
		return nil, 0, fmt.Errorf("read replica: %w", err)
	}
	n, err := d.Notice(id)
	if err == nil && n == nil {
		err = ErrNoCase
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read notice %s: %w", id.Short(), err)
	}
	return n, head.Time, nil
}

func (d *Desk) act(index uint64) (Act, error) {
	time, e, err := d.store.Entry(index)
	if err != nil {
		return Act{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	what, err := actWords(e.Statement)
	if err != nil {
		return Act{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	o, err := d.origin(e)
	if err != nil {
		return Act{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	doubt, err := d.doubt(e, index)
	if err != nil {
		return Act{}, err
	}
	return Act{ID: e.ID, Class: e.Statement.Class, Index: index, Time: time, Bureau: o.Bureau, Doubt: doubt, What: what}, nil
}

// actWords says what a statement does to the life of a notice.
func actWords(s *ledger.Statement) (string, error) {
	switch s.Class {
	case ledger.ClassReview:
		r, err := ledger.ParseReview(s.Public)
		if err != nil {
			return "", err
		}
		return r.Decision.String(), nil
	case ledger.ClassSuspend:
		p, err := ledger.ParseSuspend(s.Public)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("suspend, as %s", p.By), nil
	case ledger.ClassLift:
		p, err := ledger.ParseLift(s.Public)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("lift, as %s: %s", p.By, p.Outcome), nil
	case ledger.ClassExtend:
		p, err := ledger.ParseExtend(s.Public)
		if err != nil {
			return "", err
		}
		return "extend until " + dayText(p.ReviewBy), nil
	case ledger.ClassPurge:
		p, err := ledger.ParsePurge(s.Public)
		if err != nil {
			return "", err
		}
		return "purge: " + p.Reason.String(), nil
	}
	return s.Class.String(), nil
}

// reasons opens what bureaus sealed with their acts.
func (d *Desk) reasons(ctx context.Context, list []*Case) error {
	var indexes []uint64
	var acts []*Act
	for _, c := range list {
		for i := range c.Acts {
			if c.Acts[i].Class != ledger.ClassPurge {
				indexes, acts = append(indexes, c.Acts[i].Index), append(acts, &c.Acts[i])
			}
		}
	}
	opened, err := d.openReplies(ctx, indexes)
	if err != nil {
		return err
	}
	for i, r := range opened {
		if r != nil {
			acts[i].Reason = r.Text
		}
	}
	return nil
}
