package desk

import (
	"fmt"
	"slices"
	"sort"
	"sync"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// A circle has epochs, each with keys of its own, sealed to who is a member in
// it. What is sealed to a circle is sealed to the newest epoch below the
// checkpoint that its author had seen, which the statement names: so a reader
// tries one key for each open circle that it was in at that place, no more, and
// comes to the same whenever it reads. The ledger bounds how many are open.

// circles is what a set of keys opens of the statements on circles. It is in
// memory only, and found again from the sealed statements.
type circles struct {
	ids identities

	mu     sync.Mutex // guards all below; held while a statement is opened, so that each is opened once
	log    []circleEntry
	read   uint64                 // statements on circles in log
	passed int                    // epochs of the ledger in log, by the circles that they ended
	count  map[ledger.ID]int      // how many epochs of each are in log
	epochs map[uint64]openedEpoch // by index of the entry
	keys   map[int]identities     // by how many of log are below the place
}

// circleEntry is what the ledger shows of a statement on a circle, or of the end of
// one whose founder left the ledger; that has no id.
type circleEntry struct {
	id      ledger.ID
	circle  ledger.ID // the founding statement
	founder string
	index   uint64
	number  int  // of the epoch; 0 if it ends the circle
	alone   bool // it changes the circle, and no supervisor signed it
}

// openedEpoch is an epoch as the keys show it: nil if they open nothing of it.
type openedEpoch struct {
	epoch *notice.Epoch
	err   error
}

// maxCircleGrants is how many grants a part may have for the keys of circles to
// be tried on them: with 32 circles of one dishonest founder, 1,024 trials.
const maxCircleGrants = 32

// maxPlaces is for how many places in the log the keys are remembered.
const maxPlaces = 64

func newCircles(ids identities) *circles {
	return &circles{ids: ids, count: make(map[ledger.ID]int), epochs: make(map[uint64]openedEpoch), keys: make(map[int]identities)}
}

// readCircles reads which statements on circles there are, and which circles ended
// because their founder left. The caller holds mu.
func (d *Desk) readCircles(cs *circles) error {
	n, err := state.ReadCircles(d.store)
	if n == 0 || err != nil {
		return err // as in most ledgers, and asked for each notice
	}
	size, err := d.Size() // below it both are read whole, in the order of the log
	if err != nil {
		return err
	}
	if n, err = state.ReadCircles(d.store); err != nil {
		return fmt.Errorf("read circles: %w", err)
	}
	m, err := d.Machine().Membership(d.store)
	if err != nil {
		return fmt.Errorf("read circles: %w", err)
	}
	epochs := m.Epochs()
	for cs.read < n {
		index, err := state.ReadCircleAt(d.store, cs.read)
		if err != nil {
			return fmt.Errorf("read circles: %w", err)
		}
		if index >= size {
			break
		}
		cs.pass(epochs, index)
		if err := d.readCircle(cs, index); err != nil {
			return fmt.Errorf("read circles: %w", err)
		}
		cs.read++
	}
	cs.pass(epochs, size)
	return nil
}

// readCircle takes the statement on a circle in an entry into the log of circles.
func (d *Desk) readCircle(cs *circles, index uint64) error {
	_, e, err := d.store.Entry(index)
	if err != nil {
		return err
	}
	x := circleEntry{id: e.ID, circle: e.ID, index: index}
	if e.Statement.Target != (ledger.ID{}) {
		x.circle = e.Statement.Target
		if x.alone, err = d.alone(e); err != nil {
			return err
		}
	}
	o, err := d.origin(e)
	if err != nil {
		return err
	}
	x.founder = o.Bureau
	if e.Statement.BodyLen > 0 {
		cs.count[x.circle]++
		x.number = cs.count[x.circle]
	}
	cs.log = append(cs.log, x)
	return nil
}

// alone reports whether no supervisor signed an entry beside its author.
func (d *Desk) alone(e *ledger.Entry) (bool, error) {
	for _, sig := range e.Signatures[1:] {
		k, err := d.Key(sig.Key)
		if err != nil || k != nil && k.Roles&ledger.RoleSupervisor != 0 {
			return false, err
		}
	}
	return true, nil
}

// pass ends the circles of bureaus that left with an entry below a place. The caller
// holds mu.
func (cs *circles) pass(epochs []*ledger.Epoch, place uint64) {
	for cs.passed+1 < len(epochs) && epochs[cs.passed+1].From <= place {
		was, now := epochs[cs.passed], epochs[cs.passed+1]
		cs.passed++
		for _, x := range cs.current(len(cs.log)) {
			_, before := was.Member(x.founder)
			_, after := now.Member(x.founder)
			if before && !after {
				cs.log = append(cs.log, circleEntry{circle: x.circle, founder: x.founder, index: now.From - 1})
			}
		}
	}
}

// below returns how many statements on circles are before a place. The caller
// holds mu.
func (cs *circles) below(place uint64) int {
	return sort.Search(len(cs.log), func(i int) bool { return cs.log[i].index >= place })
}

// current returns the epoch of each circle that is open after the first k
// statements, in log order. The caller holds mu.
func (cs *circles) current(k int) []circleEntry {
	last := make(map[ledger.ID]int)
	for i, x := range cs.log[:k] {
		last[x.circle] = i
	}
	var list []circleEntry
	for i, x := range cs.log[:k] {
		if last[x.circle] == i && x.number > 0 {
			list = append(list, x)
		}
	}
	return list
}

// circleKeys returns the keys to try on what an author sealed who had seen so
// many entries, for the compartments of ids.
func (d *Desk) circleKeys(seen uint64, ids identities) (identities, error) {
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if err := d.readCircles(cs); err != nil {
		return nil, err
	}
	k := cs.below(seen)
	all, known := cs.keys[k]
	if !known {
		all = make(identities)
		for _, x := range cs.current(k) {
			e := d.epoch(cs, x).epoch
			if e == nil {
				continue
			}
			for c, id := range e.Seeds {
				all[c] = append(all[c], id)
			}
		}
		if len(cs.keys) >= maxPlaces {
			clear(cs.keys)
		}
		cs.keys[k] = all
	}
	out := make(identities)
	for c, list := range all {
		if len(ids[c]) > 0 {
			out[c] = list
		}
	}
	return out, nil
}

// epoch opens the statement that made an epoch. The caller holds mu.
func (d *Desk) epoch(cs *circles, x circleEntry) openedEpoch {
	o, known := cs.epochs[x.index]
	if !known {
		e, err := d.openEpoch(x.index, x.number, cs.ids)
		if e != nil && x.alone {
			if err = d.onlyLeaves(cs, x, e); err != nil {
				e = nil
			}
		}
		o = openedEpoch{e, err}
		cs.epochs[x.index] = o
	}
	return o
}

// onlyLeaves refuses an epoch that one officer made if it takes anybody in: once a
// bureau has left the ledger, one may make it, and nobody but its members sees whom
// it is for. Who left and came back has other keys, and is taken in too. The caller
// holds mu.
func (d *Desk) onlyLeaves(cs *circles, x circleEntry, e *notice.Epoch) error {
	m, err := d.Machine().Membership(d.store) // d.Members may be behind what is stored
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	if i := slices.IndexFunc(cs.log, func(b circleEntry) bool { return b.circle == x.circle && b.number == x.number-1 }); i >= 0 {
		if before := d.epoch(cs, cs.log[i]).epoch; before != nil {
			gone := goneFrom(m, before, cs.log[i].index, x.index)
			in := func(b string) bool { return slices.Contains(before.Members, b) && !slices.Contains(gone, b) }
			if !slices.ContainsFunc(e.Members, func(b string) bool { return !in(b) }) {
				return nil
			}
		}
	}
	return fmt.Errorf("one officer of %s changed whom it is for, and no supervisor signed that", x.founder)
}

func (d *Desk) openEpoch(index uint64, number int, ids identities) (*notice.Epoch, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	e, sealed, err := d.sealed(index)
	if err != nil {
		return nil, err
	}
	return d.readEpoch(e, sealed, number, ids)
}

// readEpoch opens a statement on a circle with the bureau's own keys. Who opens
// not the first part that it has a key for is no member.
func (d *Desk) readEpoch(e *ledger.Entry, sealed *seal.Sealed, number int, ids identities) (*notice.Epoch, error) {
	var parts []seal.Opened
	for _, p := range sealed.Parts() {
		if p.Grants > notice.MaxCircleMembers {
			return nil, fmt.Errorf("its %s is sealed to more keys than a circle has members, %d", p.Compartment, notice.MaxCircleMembers)
		}
	}
	for _, p := range sealed.Parts() {
		own := ids[p.Compartment]
		if len(own) == 0 {
			continue
		}
		more, err := sealed.Open(d.context(e), identities{p.Compartment: own})
		if err != nil {
			return nil, err
		}
		if len(more) == 0 && len(parts) == 0 {
			return nil, nil
		}
		parts = append(parts, more...)
	}
	o, err := d.origin(e)
	if err != nil {
		return nil, err
	}
	return notice.OpenEpoch(o, e.Statement, number, parts)
}
