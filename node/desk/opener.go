package desk

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/node/follow"
)

// identities are the bureau's private sealing keys.
type identities = map[seal.Compartment][]*keys.Identity

// maxOpened is from how many notices, or replies, on the opener forgets them all
// to make room.
const maxOpened = 1 << 12

// opener remembers what the bureau's keys open. A trial costs some 0.1 ms for
// each key and grant; so what came of it is kept as long as the keys stay, in
// memory only.
type opener struct {
	mu      sync.Mutex // guards all below; not held while a body is opened
	ids     identities
	epoch   int // counts changes of ids
	notices map[ledger.ID]*openedNotice
	replies map[uint64]*Reply // nil for those that the keys do not open
	known   *circles          // what ids open of circles
}

// openedNotice is what the keys open of the versions of a notice.
type openedNotice struct {
	versions, grants int // how many entries this takes in
	shown            []shown
}

// shown is one version as the keys show it: a view, or why there is none, or
// neither.
type shown struct {
	view *notice.View
	err  error
}

// Unlock gives the desk the bureau's sealing keys, in place of those it had; nil
// takes them away. What the former keys opened is forgotten.
func (d *Desk) Unlock(ids map[seal.Compartment][]*keys.Identity) {
	d.opener.set(maps.Clone(ids))
	d.dropIndex(false) // it is of the former keys; closing it can lose nothing
}

func (o *opener) set(ids identities) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ids, o.epoch, o.known = ids, o.epoch+1, newCircles(ids)
	o.notices, o.replies = make(map[ledger.ID]*openedNotice), make(map[uint64]*Reply)
}

func (o *opener) keys() identities {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ids
}

func (o *opener) circles() *circles {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known
}

// openNotices returns what the keys open of each notice.
func (d *Desk) openNotices(ctx context.Context, dockets []*docket) ([]*openedNotice, error) {
	o := d.opener
	out := make([]*openedNotice, len(dockets))
	var todo []int
	o.mu.Lock()
	ids, epoch := o.ids, o.epoch
	for i, k := range dockets {
		// An amendment or a grant since: begin again, it may have opened more.
		if out[i] = o.notices[k.id]; out[i] == nil || out[i].versions != len(k.versions) || out[i].grants != len(k.grants) {
			todo = append(todo, i)
		}
	}
	o.mu.Unlock()
	err := follow.Parallel(ctx, len(todo), func(i int) { out[todo[i]] = d.openNotice(dockets[todo[i]], ids) })
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if epoch == o.epoch {
		if len(o.notices) > maxOpened {
			clear(o.notices)
		}
		for _, i := range todo {
			o.notices[dockets[i].id] = out[i]
		}
	}
	return out, nil
}

// openReplies returns the replies in these entries, nil for those that the keys
// do not open.
func (d *Desk) openReplies(ctx context.Context, indexes []uint64) ([]*Reply, error) {
	o := d.opener
	out := make([]*Reply, len(indexes))
	var todo []int
	o.mu.Lock()
	ids, epoch := o.ids, o.epoch
	for i, index := range indexes {
		var known bool
		if out[i], known = o.replies[index]; !known {
			todo = append(todo, i)
		}
	}
	o.mu.Unlock()
	err := follow.Parallel(ctx, len(todo), func(i int) { out[todo[i]] = d.openReply(indexes[todo[i]], ids) })
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if epoch == o.epoch {
		if len(o.replies) > maxOpened {
			clear(o.replies)
		}
		for _, i := range todo {
			o.replies[indexes[i]] = out[i]
		}
	}
	return out, nil
}

// openNotice opens what ids open of each version, by the grants that came with
// it and by those of later grant entries.
func (d *Desk) openNotice(k *docket, ids identities) *openedNotice {
	out := &openedNotice{versions: len(k.versions), grants: len(k.grants), shown: make([]shown, len(k.versions))}
	if len(ids) == 0 {
		return out
	}
	entries := make([]*ledger.Entry, len(k.versions))
	bodies := make([]*seal.Sealed, len(k.versions))
	opened := make([][]seal.Opened, len(k.versions))
	for i, index := range k.versions {
		s := &out.shown[i]
		if entries[i], bodies[i], s.err = d.sealed(index); s.err == nil {
			opened[i], s.err = d.openParts(entries[i], bodies[i], ids)
		}
	}
	for _, index := range k.grants {
		by, grants, err := d.signed(index)
		if err != nil {
			continue // a purged grant opens nothing more
		}
		// The log does not say for which version it is: a grant opens for one only.
		for i := len(bodies) - 1; i >= 0; i-- {
			if bodies[i] == nil {
				continue
			}
			more, err := d.openGranted(entries[i], bodies[i], by, grants, ids)
			if err == nil && len(more) > 0 {
				opened[i] = append(opened[i], more...)
				break
			}
		}
	}
	for i := range out.shown {
		if s := &out.shown[i]; s.err == nil && len(opened[i]) > 0 {
			s.view, s.err = d.view(k, entries[i], k.versions[i], opened[i])
		}
	}
	return out
}

// view puts the opened parts of a version together.
func (d *Desk) view(k *docket, e *ledger.Entry, index uint64, parts []seal.Opened) (*notice.View, error) {
	o, err := d.origin(e)
	if err != nil {
		return nil, err
	}
	p, err := ledger.ParsePublish(e.Statement.Public)
	if err != nil {
		return nil, err
	}
	v, err := notice.OpenParts(o, *p, parts)
	if err != nil {
		return nil, err
	}
	v.ID = k.id.String()
	if v.Circles, err = d.seenCircles(notice.CirclesOf(v.Readers, v.Victim), e, index); err != nil {
		return nil, err
	}
	return v, d.namedAuthors(v)
}

// namedAuthors sets, of each attachment of a view, whose statement named it first.
func (d *Desk) namedAuthors(v *notice.View) error {
	for i := range v.Attachments {
		a := &v.Attachments[i]
		named, err := a.Public()
		if err != nil {
			continue // nobody can fetch it, and it says so itself
		}
		known, err := state.ReadAttachment(d.store, named.Address)
		if err != nil {
			return err
		}
		if known != nil {
			a.Author = known.Author
		}
	}
	return nil
}

// openReply returns the reply in an entry, nil if ids do not open it. What is
// sealed to us and is no reply belongs to no notice, and is passed over.
func (d *Desk) openReply(index uint64, ids identities) *Reply {
	e, sealed, err := d.sealed(index)
	if err != nil || len(ids) == 0 {
		return nil
	}
	parts, err := d.openParts(e, sealed, ids)
	if err != nil || len(parts) == 0 {
		return nil
	}
	o, err := d.origin(e)
	if err != nil {
		return nil
	}
	r, err := notice.OpenReply(o, parts)
	if err != nil || r == nil {
		return nil
	}
	out := &Reply{ID: e.ID, Index: index, Bureau: o.Bureau, Author: o.Author, Reply: r}
	k, err := state.ReadKey(d.store, o.Author)
	if err != nil || k == nil {
		return nil
	}
	if out.Roles = k.Roles; len(e.Signatures) > 1 {
		if out.Second, err = d.Second(e); err != nil {
			return nil
		}
	}
	return out
}

// signed returns an entry and the body it names.
func (d *Desk) signed(index uint64) (*ledger.Entry, []byte, error) {
	_, e, err := d.store.Entry(index)
	if err != nil {
		return nil, nil, err
	}
	body, err := d.Body(index)
	return e, body, err
}

// sealed returns an entry and its sealed body.
func (d *Desk) sealed(index uint64) (*ledger.Entry, *seal.Sealed, error) {
	e, body, err := d.signed(index)
	if err != nil {
		return nil, nil, err
	}
	b, err := seal.Parse(body)
	if err != nil {
		return nil, nil, fmt.Errorf("entry %d: %w", index, err)
	}
	return e, b, nil
}

// context returns what the body of an entry is bound to.
func (d *Desk) context(e *ledger.Entry) seal.Context {
	return seal.Context{Ledger: keys.ID(d.genesis.Ledger), Author: e.Statement.Author}
}

// origin returns where an entry comes from, by the ledger. A key never changes
// its bureau.
func (d *Desk) origin(e *ledger.Entry) (notice.Origin, error) {
	k, err := state.ReadKey(d.store, e.Statement.Author)
	if err != nil {
		return notice.Origin{}, fmt.Errorf("read key %s: %w", e.Statement.Author.Short(), err)
	}
	if k == nil {
		return notice.Origin{}, fmt.Errorf("no bureau has enrolled key %s", e.Statement.Author.Short())
	}
	return notice.Origin{Ledger: keys.ID(d.genesis.Ledger), Author: e.Statement.Author, Bureau: k.Bureau}, nil
}
