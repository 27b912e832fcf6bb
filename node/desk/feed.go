package desk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"comity/ledger"
	"comity/ledger/index"
	"comity/ledger/query"
	"comity/ledger/state"
	"comity/node/follow"
)

// feedEntries is how many entries one step of the index takes in. All that is
// opened of them is in memory at once.
const feedEntries = 1024

// finder is the index of what the keys open, and how far it is.
type finder struct {
	feeding sync.Mutex // held by who brings the index up to date

	mu sync.RWMutex // guards ix; held for reading while ix is in use
	ix *index.Index // nil before the first use, and without keys
}

// Index brings the index up to the end of the replica. progress, which may be
// nil, is told how many entries it holds, of how many. Whatever asks the desk
// for cases does this first; who wants to show progress, or to do it in the
// background while [Desk.Check] answers, does it here.
func (d *Desk) Index(ctx context.Context, progress func(done, total uint64)) error {
	if len(compartmentsOf(d.opener.keys())) == 0 {
		return nil
	}
	d.finder.feeding.Lock()
	defer d.finder.feeding.Unlock()
	err := d.mended(func() error { return d.feed(ctx, progress) })
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// Tidy does a step of the work that keeps checks fast, and reports whether there may
// be more: it is for a desk that has nothing else to do. See [index.Index.Tidy].
func (d *Desk) Tidy() (more bool, err error) {
	err = d.mended(func() error {
		return d.withIndex(func(ix *index.Index) (err error) { more, err = ix.Tidy(); return err })
	})
	return more, err
}

// mended calls do, and once more with an empty index if the index turns out to
// be damaged. What do asks of it first must bring it up to date.
func (d *Desk) mended(do func() error) error {
	err := do()
	if !errors.Is(err, index.ErrDamaged) {
		return err
	}
	if err := d.dropIndex(true); err != nil {
		return err
	}
	return do()
}

// withIndex calls do with the index, which it opens if need be. Without keys
// there is none, and do is not called.
func (d *Desk) withIndex(do func(ix *index.Index) error) error {
	f := &d.finder
	for {
		f.mu.RLock()
		if f.ix != nil {
			defer f.mu.RUnlock()
			return do(f.ix)
		}
		f.mu.RUnlock()
		if err := d.openIndex(); err != nil {
			return err
		}
		if len(compartmentsOf(d.opener.keys())) == 0 {
			return nil
		}
		// Unlock may have dropped what was just opened: that says nothing of what is in it.
	}
}

func (d *Desk) openIndex() error {
	if d.reading {
		return errors.New("the replica is open for reading alone, without an index")
	}
	f := &d.finder
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := d.opener.keys()
	if f.ix != nil || len(compartmentsOf(ids)) == 0 {
		return nil
	}
	o, err := d.indexOptions(ids)
	if err != nil {
		return fmt.Errorf("key of the index: %w", err)
	}
	f.ix, err = index.Open(filepath.Join(d.dir, dirIndex), o)
	if err != nil {
		return err
	}
	if size, err := d.Size(); err != nil || f.ix.Position() <= size {
		return err
	}
	// The replica was made anew and is behind: the index must not be ahead.
	err = errors.Join(f.ix.Close(), index.Remove(filepath.Join(d.dir, dirIndex)))
	if f.ix = nil; err == nil {
		f.ix, err = index.Open(filepath.Join(d.dir, dirIndex), o)
	}
	return err
}

// dropIndex closes the index, and removes it if it is of no more use.
func (d *Desk) dropIndex(remove bool) error {
	f := &d.finder
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	if f.ix != nil {
		err = f.ix.Close()
		f.ix = nil
	}
	if remove {
		err = errors.Join(err, index.Remove(filepath.Join(d.dir, dirIndex)))
	}
	return err
}

// feed takes the entries that are new into the index, step by step: while one
// is opened, on all cores, the one before is written.
func (d *Desk) feed(ctx context.Context, progress func(done, total uint64)) error {
	if progress == nil {
		progress = func(done, total uint64) {}
	}
	return d.withIndex(func(ix *index.Index) error {
		total, err := d.Size()
		if err != nil {
			return err
		}
		from := ix.Position()
		if from == total {
			return nil
		}
		progress(from, total)
		var last *index.Update
		written := make(chan error, 1)
		written <- nil
		for from < total {
			to := min(from+feedEntries, total)
			u, err := d.step(ctx, ix, last, from, to)
			if failed := <-written; failed != nil || err != nil {
				return errors.Join(failed, err)
			}
			progress(from, total)
			last, from = u, to
			go func() { written <- ix.Apply(u) }()
		}
		if err := <-written; err != nil {
			return err
		}
		progress(total, total)
		return nil
	})
}

// touched is a notice that entries of a step concern.
type touched struct {
	n      uint64
	before *index.Notice // as it was filed, nil for a new one
	events []uint64      // all that concern it
	fresh  int           // from which one on they are of this step
}

// step opens what the entries [from, to) concern. last is the step before, which
// may not be in the index yet.
func (d *Desk) step(ctx context.Context, ix *index.Index, last *index.Update, from, to uint64) (*index.Update, error) {
	u := &index.Update{From: from, To: to}
	byEntry := make(map[uint64]*touched)
	var order []*touched
	var replies []uint64
	for i := from; i < to; i++ {
		_, e, err := d.store.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", i, err)
		}
		n := i
		switch e.Statement.Class {
		case ledger.ClassPublish:
		case ledger.ClassReply:
			replies = append(replies, i)
			continue
		default:
			var ok bool
			if n, ok, err = d.concerns(e, u); err != nil {
				return nil, fmt.Errorf("read entry %d: %w", i, err)
			}
			if !ok {
				continue
			}
		}
		t := byEntry[n]
		if t == nil {
			if t, err = filed(ix, last, n, from); err != nil {
				return nil, err
			}
			byEntry[n], order = t, append(order, t)
		}
		t.events = append(t.events, i)
	}
	ids := d.opener.keys()
	own, err := d.ownBureau(ids)
	if err != nil {
		return nil, err
	}
	u.Put = make([]index.Put, len(order))
	errs := make([]error, len(order))
	err = follow.Parallel(ctx, len(order), func(i int) { u.Put[i], errs[i] = d.put(order[i], ids, own) })
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return u, d.answer(ctx, ix, last, u, replies, own)
}

// concerns returns the publish entry of the notice that an entry acts on. One
// that purges a reply makes the update forget that reply.
func (d *Desk) concerns(e *ledger.Entry, u *index.Update) (n uint64, ok bool, err error) {
	target := e.Statement.Target
	if target == (ledger.ID{}) {
		return 0, false, nil
	}
	about, err := d.Notice(target)
	if err != nil {
		return 0, false, err
	}
	if about != nil {
		purged, err := state.Purged(d.store, about.Index)
		u.Scrub = u.Scrub || purged
		return about.Index, true, err
	}
	at, ok, err := state.ReadIndex(d.store, target)
	if err != nil || !ok {
		return 0, false, err
	}
	if purged, err := state.Purged(d.store, at); err != nil || !purged {
		return 0, false, err
	}
	u.Forget = append(u.Forget, at)
	return 0, false, nil
}

// filed returns a notice as it was before the entry from.
func filed(ix *index.Index, last *index.Update, n, from uint64) (*touched, error) {
	if n >= from {
		return &touched{n: n}, nil
	}
	if last != nil {
		for i := range last.Put {
			if p := &last.Put[i]; p.N == n {
				return &touched{n, &p.Notice, slices.Clone(p.Events), len(p.Events)}, nil
			}
		}
	}
	known, err := ix.Notice(n)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, fmt.Errorf("%w: the notice of entry %d is missing", index.ErrDamaged, n)
	}
	return &touched{n, known, known.Events, len(known.Events)}, nil
}

// put returns what the index shall hold of a notice.
func (d *Desk) put(t *touched, ids identities, own string) (index.Put, error) {
	k, err := d.docket(t.n, t.events)
	if err != nil {
		return index.Put{}, err
	}
	about, err := d.Notice(k.id)
	if err != nil {
		return index.Put{}, err
	}
	if about == nil {
		return index.Put{}, fmt.Errorf("the state has no notice %s", k.id.Short())
	}
	_, latest, err := d.store.Entry(about.Latest)
	if err != nil {
		return index.Put{}, fmt.Errorf("read entry %d: %w", about.Latest, err)
	}
	public, err := ledger.ParsePublish(latest.Statement.Public)
	if err != nil {
		return index.Put{}, fmt.Errorf("read entry %d: %w", about.Latest, err)
	}
	p := index.Put{Notice: index.Notice{N: t.n, Bureau: about.Bureau, Ended: over(about), Events: t.events,
		Version: about.Latest, Urgency: uint8(public.Urgency), Term: about.Term()}}
	p.Purged = about.Purged != 0
	current, former := d.openNewest(k, t, ids)
	p.Terms = index.Terms(k.id.String(), current)
	p.Opened, p.Current = current != nil || former != "", current != nil
	if former != "" {
		p.Terms = append(p.Terms, index.ReferenceTerm(former))
	}
	if current == nil {
		return p, nil
	}
	p.Unread = about.Bureau != own && !p.Ended && about.Held == 0
	if p.Judge, err = d.unjudged(k.id, about, own); err != nil {
		return index.Put{}, err
	}
	p.Judge = p.Judge && p.Unread
	published, _, err := d.store.Entry(t.n)
	if err != nil {
		return index.Put{}, fmt.Errorf("read entry %d: %w", t.n, err)
	}
	r := query.RecordOf(current, query.Header{ID: k.id.String(), Bureau: about.Bureau, Index: t.n, Time: published, Status: about.At(0).String()}) // as no time has passed
	p.Terms, p.Names = append(p.Terms, index.RecordTerms(r)...), r.NameForms()
	if current.Card != nil && !current.Card.Person.Born.IsZero() {
		first, last := current.Card.Person.Born.Range()
		p.First, p.Last = int64(first), int64(last)
	}
	return p, nil
}

// unjudged reports whether a notice waits for reviewers, and a bureau has not said
// anything of its current version.
func (d *Desk) unjudged(id ledger.ID, about *state.Notice, bureau string) (bool, error) {
	if about.Status != state.StatusSubmitted {
		return false, nil
	}
	votes, err := state.ReadVotes(d.store, id)
	return !slices.ContainsFunc(votes, func(v state.Vote) bool { return v.Bureau == bureau && v.Review != 0 }), err
}

// docket lists the entries of one notice. What concerns another notice is left
// out: the list may come from a damaged index.
func (d *Desk) docket(n uint64, events []uint64) (*docket, error) {
	c := newCatalog(d.store)
	for _, i := range events {
		_, e, err := d.store.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", i, err)
		}
		if i == n && e.Statement.Class == ledger.ClassPublish || i != n && len(c.order) == 1 && e.Statement.Target == c.order[0].id {
			c.add(i, e)
		}
	}
	if len(c.order) != 1 {
		return nil, fmt.Errorf("%w: entry %d is no notice", index.ErrDamaged, n)
	}
	return c.order[0], nil
}
