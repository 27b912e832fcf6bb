package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"comity/ledger"
	"comity/ledger/state"
)

// Filter chooses cases; the zero Filter takes all.
type Filter struct {
	Bureau string           // of the origin
	Status state.Status     // the state that it is in now
	Live   bool             // only those that have not ended
	Since  uint64           // published at this index or later
	Opened bool             // only if these keys open a version of it
	Keep   func(*Case) bool // asked last, with everything there is
	Limit  int              // the newest so many
}

// ErrNoCase is returned for a name that no case of this desk has.
var ErrNoCase = errors.New("no such notice")

// Ambiguous is the error for a name that several cases have.
type Ambiguous struct {
	Name  string
	Cases []*Case
}

// Error lists the candidates.
func (e *Ambiguous) Error() string {
	list := make([]string, len(e.Cases))
	for i, c := range e.Cases {
		list[i] = fmt.Sprintf("%s of %s (%s)", c.Name(), c.Bureau, c.ID.String()[:12])
	}
	return fmt.Sprintf("%q could be any of %s", e.Name, strings.Join(list, ", "))
}

// Cases returns the cases that the filter takes, in log order, with what the
// keys of this desk open of them. The first call after a Sync puts what is new
// into the index; with a limit, only what may be among the newest is opened.
func (d *Desk) Cases(ctx context.Context, f Filter) ([]*Case, error) {
	var list []*Case
	err := d.mended(func() (err error) { list, err = d.walk(ctx, f); return err })
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	return list, nil
}

// Case returns the case with a name: its author's short reference, such as
// LT-0301, or the first eight or more digits of its id. A name that several
// cases have gives [Ambiguous].
func (d *Desk) Case(ctx context.Context, name string) (*Case, error) {
	var list []*Case
	err := d.mended(func() (err error) { list, err = d.named(ctx, name); return err })
	switch {
	case err != nil:
		return nil, fmt.Errorf("read case %s: %w", name, err)
	case len(list) == 0:
		return nil, fmt.Errorf("%s: %w", name, ErrNoCase)
	case len(list) > 1:
		return nil, &Ambiguous{name, list}
	}
	return list[0], nil
}

// isPrefix reports whether name is the beginning of an id. A reference has a
// capital letter; the digits of ids are lower case.
func isPrefix(name string) bool {
	return len(name) >= 8 && len(name) <= 64 && strings.Trim(name, "0123456789abcdef") == ""
}

func (d *Desk) cases(ctx context.Context, dockets []docket, replies []uint64, f Filter) ([]*Case, error) {
	var (
		list []*Case
		kept []*docket
	)
	for i := range dockets {
		k := &dockets[i]
		if k.index < f.Since {
			continue
		}
		if f.Status != 0 || f.Live {
			n, now, err := d.noticeNow(k.id)
			if err != nil {
				return nil, err
			}
			if status := n.At(now); f.Status != 0 && status != f.Status || f.Live && status.Ended() {
				continue
			}
		}
		c, err := d.header(k)
		if err != nil {
			return nil, err
		}
		if f.Bureau != "" && c.Bureau != f.Bureau {
			continue
		}
		list, kept = append(list, c), append(kept, k)
	}
	if len(list) == 0 {
		return nil, nil
	}
	opened, err := d.openNotices(ctx, kept)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*Case, len(list))
	for i, c := range list {
		c.show(opened[i])
		byID[c.ID.String()] = c
	}
	if err := d.attach(ctx, byID, replies); err != nil {
		return nil, err
	}
	if err := d.reasons(ctx, list); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c *Case) bool {
		return f.Opened && c.Reference() == "" || f.Keep != nil && !f.Keep(c)
	})
	if f.Limit > 0 && len(list) > f.Limit {
		list = list[len(list)-f.Limit:]
	}
	return list, nil
}

// attach puts each reply to the case that it says it answers.
func (d *Desk) attach(ctx context.Context, cases map[string]*Case, replies []uint64) error {
	opened, err := d.openReplies(ctx, replies)
	if err != nil {
		return err
	}
	for _, r := range opened {
		if r == nil || cases[r.Notice] == nil || r.Index < cases[r.Notice].Index {
			continue
		}
		c, r := cases[r.Notice], *r
		var e *ledger.Entry
		if r.Time, e, err = d.store.Entry(r.Index); err != nil {
			return fmt.Errorf("read entry %d: %w", r.Index, err)
		}
		if r.Doubt, err = d.doubt(e, r.Index); err != nil {
			return err
		}
		c.Replies = append(c.Replies, r)
	}
	for _, c := range cases {
		c.judge()
	}
	return nil
}

// Notice returns what the ledger shows of a notice in the clear, nil when there
// is none with this id.
func (d *Desk) Notice(id ledger.ID) (*state.Notice, error) { return state.ReadNotice(d.store, id) }
