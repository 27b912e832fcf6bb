package desk

import (
	"context"
	"slices"

	"comity/ledger"
	"comity/ledger/state"
)

// Reach is what a bureau could read, as far as the keys of a desk tell: of what they
// do not open it cannot be seen for whom it is, nor of a grant with whom it shares.
type Reach struct {
	Kinds  map[ledger.Kind]int // notices of other bureaus that were sealed to it, by the kind in the clear
	Total  int                 // of them
	Own    int                 // of them, of the reader's bureau
	Ended  int                 // of them
	Purged int                 // notices whose texts nobody has any more, and of which nothing is known
}

// Reach counts what a bureau that is a member, or was one, could read: all versions
// that were sealed to it, to all, or to a circle with it. It names no notice. After an
// error it is what was counted until then.
func (r *Reader) Reach(ctx context.Context, bureau string) (*Reach, error) {
	out := &Reach{Kinds: make(map[ledger.Kind]int)}
	m := r.Desk.Members()
	could := func(v Version) bool {
		_, member := m.At(v.Index).Member(bureau)
		return member && v.View != nil && v.View.Bureaus().Has(bureau)
	}
	_, err := r.Cases(ctx, Filter{Keep: func(c *Case) bool {
		switch {
		case c.Bureau == bureau:
		case c.Status == state.StatusPurged:
			out.Purged++
		case slices.ContainsFunc(c.Versions, could):
			out.Kinds[c.Public.Kind]++
			out.Total++
			if c.Bureau == r.Bureau {
				out.Own++
			}
			if c.Status.Ended() {
				out.Ended++
			}
		}
		return false
	}})
	return out, err
}

// CirclesOf returns the circles that the keys of this desk open an epoch of in which a
// bureau was a member.
func (d *Desk) CirclesOf(bureau string) ([]*Circle, error) {
	list, err := d.Circles()
	if err != nil {
		return nil, err
	}
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return slices.DeleteFunc(list, func(c *Circle) bool {
		return !slices.ContainsFunc(cs.log, func(x circleEntry) bool {
			e := d.epoch(cs, x).epoch
			return x.circle == c.ID && e != nil && slices.Contains(e.Members, bureau)
		})
	}), nil
}
