package desk

import (
	"fmt"
	"slices"

	"comity/crypto/keys"
	"comity/ledger"
	"comity/ledger/notice"
	"comity/ledger/state"
	"comity/ledger/store"
	"comity/node/desk/readlog"
)

// Case is a notice with all that happened to it, as far as the keys of this
// desk open it. What it points to is shared with other cases: do not change it.
type Case struct {
	ID     ledger.ID // of the publish statement
	Index  uint64
	Time   uint64 // ledger time of its publication, POSIX ms
	Bureau string // the origin
	Author keys.ID
	Status state.Status // at the ledger time of the end of this desk's replica

	Reviewed  bool   // reviewers of other bureaus approved the current version
	ReviewDue bool   // its origin should extend or withdraw it
	Term      uint32 // the last day on which it counts

	Held    state.Holds // who suspended it, and has not lifted that
	Blocked bool        // at a person's request, as the replies say that these keys open: see [notice.RequestLine.Holds]

	Public *ledger.Publish // header of the current version
	View   *notice.View    // current version; nil if these keys open nothing of it
	Err    error           // why the current version cannot be shown, where it could be opened

	Versions []Version // oldest first; the last is the current one
	Replies  []Reply   // those that these keys open, in log order
	Acts     []Act     // on its life: reviews, suspensions, extensions, purges, in log order

	// Withheld are the parts that a desk opens and does not show to who asked: see
	// [Case.Only].
	Withheld readlog.Parts

	Ended   uint64 // index of the entry that ended it; 0 when none did
	EndedAt uint64 // ledger time of its end, POSIX ms, also when it expired; 0 before
}

// Act is what somebody did to the life of a notice.
type Act struct {
	ID     ledger.ID
	Class  ledger.Class
	Index  uint64
	Time   uint64
	Bureau string
	Doubt  string // why it deserves a look, "" if nobody says so
	What   string // in words: "approve", "suspend as reviewers"
	Reason string // sealed, "" if there is none or these keys do not open it
}

// Version is a notice as it was published or amended.
type Version struct {
	ID     ledger.ID
	Index  uint64
	Time   uint64
	Author keys.ID
	Public *ledger.Publish
	Doubt  string       // why it deserves a look, "" if nobody says so: see [state.Doubt]
	View   *notice.View // nil if these keys open nothing of it
	Err    error        // [store.ErrPurged], or why its sealed text is not to be believed
}

// Reply is an answer to a notice.
type Reply struct {
	ID     ledger.ID
	Index  uint64
	Time   uint64
	Bureau string
	Author keys.ID
	*notice.Reply

	// Void is why the reply does not count, "" if it does: see [notice.Thread].
	Void string

	// Second is the label of the supervisor of the same bureau who signed it too, ""
	// if none did; Roles are those of its author's key.
	Second string
	Roles  ledger.Roles

	// Alarm is the rules that an announced export breaks, "" if none: unlike Void it
	// counts.
	Alarm string

	// Doubt is why it deserves a look, "" if nobody says so: see [state.Doubt].
	Doubt string

	// Bared is set on a reply of which [Reply.Bare] left no more than who answered,
	// when, and of which type.
	Bared bool
}

// Name returns the author's short reference, and where it is sealed the first
// twelve digits of the id.
func (c *Case) Name() string {
	if ref := c.Reference(); ref != "" {
		return ref
	}
	return c.ID.String()[:12]
}

// Reference returns the author's short reference, such as LT-0301, "" if these
// keys open no version.
func (c *Case) Reference() string {
	for i := len(c.Versions) - 1; i >= 0; i-- {
		if v := c.Versions[i].View; v != nil {
			return v.Reference
		}
	}
	return ""
}

// Outdated reports whether these keys open a former version and not the current
// one: its origin has taken us off the readers, or the text was purged. What is
// in [Case.Versions] must then not be acted on as if it were current.
func (c *Case) Outdated() bool { return c.View == nil && c.Reference() != "" }

// Doubt returns why what these keys show of the case deserves a look, "" if nobody
// says so: its bureau, or another that decided on it, has put a key in doubt.
func (c *Case) Doubt() string {
	for _, v := range slices.Backward(c.Versions) {
		if v.Doubt != "" {
			return v.Doubt
		}
	}
	for _, a := range c.Acts {
		if a.Doubt != "" {
			return a.Doubt
		}
	}
	return ""
}

// doubt returns why an entry deserves a look, "" if nobody says so.
func (d *Desk) doubt(e *ledger.Entry, index uint64) (string, error) {
	doubt, err := state.ReadDoubt(d.store, e, index)
	if err != nil {
		return "", fmt.Errorf("read the keys of entry %d: %w", index, err)
	}
	if doubt == nil {
		return "", nil
	}
	return doubt.String(), nil
}

// header returns the case without anything sealed.
func (d *Desk) header(k *docket) (*Case, error) {
	c := &Case{ID: k.id, Index: k.index, Status: state.StatusActive}
	for _, index := range k.versions {
		time, e, err := d.store.Entry(index)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", index, err)
		}
		p, err := ledger.ParsePublish(e.Statement.Public)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", index, err)
		}
		if index == k.index {
			o, err := d.origin(e)
			if err != nil {
				return nil, fmt.Errorf("read entry %d: %w", index, err)
			}
			c.Time, c.Author, c.Bureau = time, e.Statement.Author, o.Bureau
		}
		doubt, err := d.doubt(e, index)
		if err != nil {
			return nil, err
		}
		c.Public = p
		c.Versions = append(c.Versions, Version{ID: e.ID, Index: index, Time: time, Author: e.Statement.Author, Public: p, Doubt: doubt})
	}
	if err := d.life(c, k); err != nil {
		return nil, err
	}
	return c, nil
}

// Stopped reports whether nobody is to act on the notice: it has ended, is
// suspended, or blocked.
func (c *Case) Stopped() bool {
	return c.Status.Ended() || c.Status == state.StatusSuspended || c.Blocked
}

// show puts what was opened into the case. Views are shared with the opener, and
// what the ledger says of them changes: each case has copies.
func (c *Case) show(o *openedNotice) {
	for i := range c.Versions {
		if c.Status == state.StatusPurged { // though this desk may have it still
			c.Versions[i].Err = store.ErrPurged
			continue
		}
		c.Versions[i].View, c.Versions[i].Err = o.shown[i].view, o.shown[i].err
		if v := o.shown[i].view; v != nil {
			own := *v
			own.Reviewed, own.Stopped = c.Reviewed && i == len(c.Versions)-1, c.Stopped()
			c.Versions[i].View = &own
		}
	}
	current := c.Versions[len(c.Versions)-1]
	c.View, c.Err = current.View, current.Err
}
