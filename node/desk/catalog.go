package desk

import (
	"fmt"
	"sync"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/state"
	"comity/ledger/store"
)

// catalog lists, from what is clear in the log, which entries belong to which
// notice. It is kept in memory and grows with the replica, so it serves only a
// desk without keys, which has no index.
type catalog struct {
	store store.Store

	mu      sync.Mutex // guards all below
	size    uint64     // entries read so far
	order   []*docket  // in log order
	notices map[ledger.ID]*docket
	replies []uint64 // what they answer is sealed
}

// docket is what the log shows of one notice. All but id and index grows.
type docket struct {
	id       ledger.ID
	index    uint64
	versions []uint64 // entries with a body: the publish, then amends
	grants   []uint64
	acts     []uint64 // on its life
}

func newCatalog(s store.Store) *catalog {
	return &catalog{store: s, notices: make(map[ledger.ID]*docket)}
}

// read returns copies of the dockets in log order, and the replies, up to the
// present end of the replica.
func (c *catalog) read() (dockets []docket, replies []uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.extend(); err != nil {
		return nil, nil, err
	}
	dockets = make([]docket, len(c.order))
	for i, d := range c.order {
		dockets[i] = *d // its slices only grow, beyond what the copy sees
	}
	return dockets, c.replies, nil
}

func (c *catalog) extend() error {
	head, err := state.ReadHead(c.store)
	if err != nil {
		return fmt.Errorf("read replica: %w", err)
	}
	for ; c.size < head.Size; c.size++ {
		_, e, err := c.store.Entry(c.size)
		if err != nil {
			return fmt.Errorf("read entry %d: %w", c.size, err)
		}
		c.add(c.size, e)
	}
	return nil
}

func (c *catalog) add(index uint64, e *ledger.Entry) {
	d := c.notices[e.Statement.Target]
	switch e.Statement.Class {
	case ledger.ClassPublish:
		d := &docket{id: e.ID, index: index, versions: []uint64{index}}
		c.order = append(c.order, d)
		c.notices[e.ID] = d
	case ledger.ClassAmend:
		d.versions = append(d.versions, index)
	case ledger.ClassGrant:
		d.grants = append(d.grants, index)
	case ledger.ClassReview, ledger.ClassSuspend, ledger.ClassLift, ledger.ClassExtend, ledger.ClassPurge:
		if d != nil { // a purge may be of a reply
			d.acts = append(d.acts, index)
		}
	case ledger.ClassReply:
		c.replies = append(c.replies, index)
	}
}

// enrolments lists the keys that entries of the replica enrolled, in log order, as far
// as somebody asked for them. An entry is parsed once: that multiplies points.
type enrolments struct {
	mu   sync.Mutex // guards all below
	size uint64     // entries read so far
	list []enrolled
}

// enrolled is a key of an entry, and its compartment, if it is one to seal to.
type enrolled struct {
	id          keys.ID
	compartment seal.Compartment
}

func (n *enrolments) read(s store.Store) ([]enrolled, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	head, err := state.ReadHead(s)
	if err != nil {
		return nil, fmt.Errorf("read replica: %w", err)
	}
	for ; n.size < head.Size; n.size++ {
		_, e, err := s.Entry(n.size)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", n.size, err)
		}
		if e.Statement.Class != ledger.ClassEnrol && e.Statement.Class != ledger.ClassRotate {
			continue
		}
		en := e.Statement.Admits()
		if en == nil {
			return nil, fmt.Errorf("read entry %d: %w", n.size, ledger.ErrMalformed)
		}
		n.list = append(n.list, enrolled{en.KeyID(), en.Compartment})
	}
	return n.list, nil
}
