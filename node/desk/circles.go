package desk

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"comity/crypto/keys"
	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// openParts opens what ids open of a sealed body, and after that what the keys of
// circles open. Whoever seals to a circle seals every part to it, or all but the
// last ones: if no circle opens the first, the others are not tried.
func (d *Desk) openParts(e *ledger.Entry, sealed *seal.Sealed, ids identities) ([]seal.Opened, error) {
	opened, err := sealed.Open(d.context(e), ids)
	if err != nil {
		return nil, err
	}
	extra, err := d.circleKeys(e.Statement.SeenSize, ids)
	if err != nil || len(extra) == 0 {
		return opened, err
	}
	for _, p := range sealed.Parts() {
		c := p.Compartment
		if len(extra[c]) == 0 || p.Grants > maxCircleGrants || slices.ContainsFunc(opened, func(o seal.Opened) bool { return o.Compartment == c }) {
			continue
		}
		more, err := sealed.Open(d.context(e), identities{c: extra[c]})
		if err != nil {
			return nil, err
		}
		if len(more) == 0 && len(opened) == 0 {
			return nil, nil
		}
		opened = append(opened, more...)
	}
	slices.SortStableFunc(opened, func(a, b seal.Opened) int { return int(a.Compartment) - int(b.Compartment) })
	return opened, nil
}

// openGranted opens a part by the grants of a later entry.
func (d *Desk) openGranted(e *ledger.Entry, sealed *seal.Sealed, by *ledger.Entry, grants []byte, ids identities) ([]seal.Opened, error) {
	opened, err := sealed.OpenGranted(d.context(e), by.Statement.Author, grants, ids)
	if err != nil || len(opened) > 0 {
		return opened, err
	}
	if _, n, err := seal.ParseGrants(grants); err != nil || n > maxCircleGrants {
		return nil, err
	}
	extra, err := d.circleKeys(by.Statement.SeenSize, ids)
	if err != nil || len(extra) == 0 {
		return nil, err
	}
	return sealed.OpenGranted(d.context(e), by.Statement.Author, grants, extra)
}

// Circle is a circle that the bureau is in, or was.
type Circle struct {
	ID      ledger.ID // of the founding statement
	Name    string
	Founder string
	Founded uint64 // index of the founding statement
	Index   uint64 // of the newest epoch
	Time    uint64 // ledger time of that, POSIX ms
	Number  int    // of the newest epoch, as the ledger counts
	Ended   bool

	// Epoch is the newest one, nil if the bureau is not in it; Known is the newest
	// that it was in.
	Epoch, Known *notice.Epoch

	last ledger.ID // the last statement on it

	// Gone are the members of the newest epoch that have left the ledger since. They
	// have its keys, so nobody seals to it any more: see [Desk.RenewCircle].
	Gone []string

	// Changed are the members of the newest epoch that have enrolled or revoked a
	// sealing key since: where a key was lost, the circle needs another epoch.
	Changed []string

	// Revoked are those of Changed who revoked a key that the newest epoch may be
	// sealed to: whoever holds it opens what is sealed to the circle.
	Revoked []string
}

// Label tells circles of one name apart: name, founder and short id.
func (c *Circle) Label() string { return fmt.Sprintf("%s of %s, %.8s", c.Name, c.Founder, c.ID) }

// Circles returns the circles that the keys of this desk open an epoch of, in
// the order in which they were founded.
func (d *Desk) Circles() ([]*Circle, error) {
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if err := d.readCircles(cs); err != nil {
		return nil, err
	}
	var list []*Circle
	byID := make(map[ledger.ID]*Circle)
	for _, x := range cs.log {
		c := byID[x.circle]
		if c == nil {
			c = &Circle{ID: x.circle, Founder: x.founder, Founded: x.index}
			byID[x.circle] = c
			list = append(list, c)
		}
		c.last = x.id
		if x.number == 0 {
			c.Ended = true
			continue
		}
		c.Ended = false // who left came back, in a ledger of an old format
		c.Index, c.Number, c.Epoch = x.index, x.number, d.epoch(cs, x).epoch
		if c.Epoch != nil {
			c.Known, c.Name = c.Epoch, c.Epoch.Name
		}
	}
	list = slices.DeleteFunc(list, func(c *Circle) bool { return c.Known == nil })
	if len(list) == 0 {
		return nil, nil
	}
	known, err := d.Keys("")
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		ms, e, err := d.store.Entry(c.Index)
		if err != nil {
			return nil, err
		}
		c.Time = ms
		if c.Epoch != nil && !c.Ended {
			c.Gone = d.gone(c.Epoch, c.Index, math.MaxUint64)
		}
		c.compare(known, e.Statement.SeenSize)
	}
	return list, nil
}

// gone returns the members of an epoch that have left the ledger since the entry
// that made it, as of another entry.
func (d *Desk) gone(e *notice.Epoch, index, asOf uint64) notice.Readers {
	return goneFrom(d.Members(), e, index, asOf)
}

func goneFrom(m *ledger.Membership, e *notice.Epoch, index, asOf uint64) (list notice.Readers) {
	for _, code := range e.Members {
		if from, left := m.Left(code, index); left && from <= asOf {
			list = append(list, code)
		}
	}
	return list
}

// Stay returns the members of the newest epoch that have not left the ledger.
func (c *Circle) Stay() notice.Readers {
	return slices.DeleteFunc(slices.Clone(c.Epoch.Members), func(m string) bool { return slices.Contains(c.Gone, m) })
}

// compare fills in whose sealing keys are others than those that the author of
// the newest epoch had seen.
func (c *Circle) compare(known []KnownKey, seen uint64) {
	if c.Epoch == nil || c.Ended {
		return
	}
	add := func(list *[]string, b string, is bool) {
		if is && !slices.Contains(*list, b) && !slices.Contains(c.Gone, b) {
			*list = append(*list, b)
		}
	}
	for _, k := range known {
		if k.Use == state.UseSeal && slices.Contains(c.Epoch.Members, k.Bureau) {
			add(&c.Changed, k.Bureau, k.EnrolledAt >= seen || k.RevokedAt > seen)
			add(&c.Revoked, k.Bureau, k.EnrolledAt < seen && k.RevokedAt > seen && k.Distrusted())
		}
	}
}

// ErrNoCircle is returned for a circle that the keys of this desk do not know.
var ErrNoCircle = errors.New("no such circle, or you are not in it")

// SameCircle is the error for a name that several circles have.
type SameCircle struct{ Circles []*Circle }

// Error names them.
func (e *SameCircle) Error() string {
	text := "several circles have this name:"
	for i, c := range e.Circles {
		if i > 0 {
			text += ";"
		}
		text += " " + c.Label()
	}
	return text
}

// Circle returns the circle of this name, or whose id begins with these 8 digits
// or more. One that goes on comes before those of the same name and founder that
// do not. Where two bureaus have used a name it names nothing any more: else one
// could take over the name of another's circle once that has ended.
func (d *Desk) Circle(name string) (*Circle, error) {
	list, err := d.Circles()
	if err != nil {
		return nil, err
	}
	pick := func(is func(c *Circle) bool) (*Circle, error) {
		var found []*Circle
		for _, c := range list {
			if is(c) {
				found = append(found, c)
			}
		}
		switch len(found) {
		case 0:
			return nil, nil
		case 1:
			return found[0], nil
		}
		return nil, &SameCircle{found}
	}
	named := func(c *Circle) bool { return c.Name == name }
	if i := slices.IndexFunc(list, named); i >= 0 {
		first := list[i].Founder
		if slices.ContainsFunc(list, func(c *Circle) bool { return c.Name == name && c.Founder != first }) {
			return pick(named)
		}
	}
	for _, is := range []func(c *Circle) bool{
		func(c *Circle) bool { return c.Name == name && c.Epoch != nil && !c.Ended },
		named,
		func(c *Circle) bool { return len(name) >= 8 && len(name) <= 64 && c.ID.String()[:len(name)] == name },
	} {
		if c, err := pick(is); c != nil || err != nil {
			return c, err
		}
	}
	return nil, fmt.Errorf("circle %s: %w", name, ErrNoCircle)
}

// seenCircles returns what these keys know of the circles among the readers of
// an entry.
func (d *Desk) seenCircles(readers notice.Readers, e *ledger.Entry, index uint64) ([]notice.CircleSeen, error) {
	if len(readers.Circles()) == 0 {
		return nil, nil
	}
	cs := d.opener.circles()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if err := d.readCircles(cs); err != nil {
		return nil, err
	}
	var list []notice.CircleSeen
	for _, text := range readers.Circles() {
		id, err := keys.ParseID(text)
		if err != nil {
			continue
		}
		seen := notice.CircleSeen{ID: id}
		for _, x := range cs.log {
			if x.circle != id {
				continue
			}
			epoch := d.epoch(cs, x).epoch
			if epoch != nil { // the name that it has now, for who was not in it then
				seen.Name, seen.Founder = epoch.Name, x.founder
			}
			switch {
			case x.index < e.Statement.SeenSize && x.number > 0:
				seen.Epoch, seen.Members, seen.Gone = x.number, nil, nil
				if epoch != nil {
					seen.Members, seen.Gone = epoch.Members, d.gone(epoch, x.index, index)
				}
			case x.index < index:
				seen.Superseded = true
			}
		}
		if seen.Name != "" {
			list = append(list, seen)
		}
	}
	return list, nil
}
