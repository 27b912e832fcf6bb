package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"comity/crypto/seal"
	"comity/ledger"
	"comity/ledger/ident"
	"comity/ledger/index"
	"comity/ledger/names"
	"comity/ledger/notice"
	"comity/ledger/state"
)

// Subject is what an officer at a border knows of somebody: the number of a
// document, or a name with a date of birth, or a zone that was scanned, which
// has both. A name alone asks about nobody: too many people share one.
type Subject struct {
	MRZ *notice.MRZ

	Number  string
	Country string // that issued the document; "" takes any

	Name string
	Born notice.Date
}

// ErrSubject is returned for a subject of whom too little is known.
var ErrSubject = errors.New("a check needs the number of a document, or a name with a date of birth")

// ErrNoCards is returned by a desk that has no key for cards.
var ErrNoCards = errors.New("check: this desk has no key for cards")

// Sighting is a notice whose card is of the subject. It has been opened again
// from its signed entry, and is current at the end of the replica.
type Sighting struct {
	ID     ledger.ID // of the publish statement
	Index  uint64
	Bureau string
	Status state.Status

	// Unreviewed says that nobody but its origin has judged what is shown.
	Unreviewed bool

	Published uint64       // ledger time, POSIX ms
	Changed   uint64       // ledger time of the current version
	View      *notice.View // of which only the card was opened
	Action    notice.Action
	Why       string

	// Near says that the date of birth is not the one that was asked for, but one
	// that may have been meant, and that only the name is the same.
	Near bool
}

// Suspended reports whether the notice must not be acted on as it stands.
func (s *Sighting) Suspended() bool { return s.Status == state.StatusSuspended }

// Answer is what the desk knows of a subject.
type Answer struct {
	Hits []Sighting // those to be protected first, then the newest first
	AsOf uint64     // the entries before this one are in the index
	Size uint64     // of the replica; more than AsOf while the index is being built
	Time time.Time  // ledger time of the last entry in the index
	Full bool       // there are more hits than are shown
}

// maxCandidates bounds the cards that one check opens, and maxSightings those that
// it shows. Anybody can write many notices that are like one of somebody else, so
// the first is far above what honest ones need; beyond it an answer is not whole.
const (
	maxCandidates = 1024
	maxNear       = 256 // under a date of birth that may be misread
	maxSightings  = 64
)

// ErrEmpty is returned by a check of a replica without entries. It is no answer:
// nothing is known of anybody.
var ErrEmpty = errors.New("no entry of the ledger is here yet: nothing is known of anybody")

// Check looks for a subject among the cards of active notices. It asks nobody:
// neither a node nor, so that it takes milliseconds, the entries that the index
// does not hold yet; [Desk.Index] brings it up to date. asOf is the time of the
// check, which tells the century of a birth date in a zone.
func (d *Desk) Check(ctx context.Context, s *Subject, asOf time.Time) (*Answer, error) {
	terms, first, last, err := s.terms(asOf)
	if err != nil {
		return nil, err
	}
	if len(d.opener.keys()[seal.Card]) == 0 {
		return nil, ErrNoCards
	}
	var a *Answer
	err = d.mended(func() (err error) { a, err = d.check(ctx, s, terms, first, last, asOf); return err })
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return a, nil
}

func (d *Desk) check(ctx context.Context, s *Subject, terms subjectTerms, first, last int64, asOf time.Time) (*Answer, error) {
	a := new(Answer)
	var found []uint64
	err := d.withIndex(func(ix *index.Index) error {
		a.AsOf = ix.Position()
		if len(terms.document) > 0 {
			list, err := ix.FindLive(anyOf(terms.document), maxCandidates)
			if err != nil {
				return err
			}
			found = append(found, list...)
			a.Full = a.Full || len(list) == maxCandidates
		}
		if len(terms.person) == 0 {
			return nil
		}
		any := anyOf(terms.person)
		list, full, err := ix.FindBorn(any, first, last, maxCandidates, s.mayBe(names.WithBirth))
		if err != nil {
			return err
		}
		found = append(found, list...)
		a.Full = a.Full || full
		if len(terms.near) == 0 {
			return nil
		}
		any = anyOf(terms.near)
		list, full, err = ix.FindDays(any, terms.days, maxNear, s.mayBe(nearName))
		found = append(found, list...)
		a.Full = a.Full || full
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.Size, err = d.Size(); err != nil {
		return nil, err
	}
	if a.Size == 0 {
		return nil, ErrEmpty
	}
	if a.AsOf > 0 {
		ms, _, err := d.store.Entry(a.AsOf - 1)
		if err != nil {
			return nil, fmt.Errorf("read entry %d: %w", a.AsOf-1, err)
		}
		a.Time = time.UnixMilli(int64(ms)).UTC()
	}
	slices.Sort(found)
	found = slices.Compact(found)
	for _, n := range slices.Backward(found) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		h, err := d.sight(n, s, asOf)
		if err != nil {
			return nil, err
		}
		if h != nil {
			a.Hits = append(a.Hits, *h)
		}
	}
	slices.SortFunc(a.Hits, func(x, y Sighting) int {
		return cmp.Or(cmp.Compare(rank(x.Action), rank(y.Action)), cmp.Compare(weight(&y), weight(&x)), cmp.Compare(y.Index, x.Index))
	})
	// Cut once they are in order: notices by the dozen must not hide the one that protects.
	if len(a.Hits) > maxSightings {
		a.Hits, a.Full = a.Hits[:maxSightings], true
	}
	return a, nil
}

// anyOf finds what has one of these terms.
func anyOf(terms []string) index.Any {
	var any index.Any
	for _, t := range terms {
		any = append(any, index.Term(t))
	}
	return any
}

func rank(a notice.Action) int {
	if a == notice.Protect {
		return 0
	}
	return 1
}

// weight orders hits of the same rank: what may be acted on first, then what
// was reviewed, then by urgency.
func weight(h *Sighting) int {
	w := int(h.View.Header.Urgency)
	if !h.Near {
		w += 1000
	}
	if !h.Unreviewed {
		w += 10
	}
	if !h.Suspended() {
		w += 100
	}
	return w
}

// sight opens the card of a notice, and returns it if it is of the subject.
func (d *Desk) sight(n uint64, s *Subject, asOf time.Time) (*Sighting, error) {
	var known *index.Notice
	err := d.withIndex(func(ix *index.Index) (err error) { known, err = ix.Notice(n); return err })
	if err != nil {
		return nil, err
	}
	if known == nil {
		return nil, fmt.Errorf("%w: the notice of entry %d is missing", index.ErrDamaged, n)
	}
	k, err := d.docket(n, known.Events)
	if err != nil {
		return nil, err
	}
	about, now, err := d.noticeNow(k.id)
	if err != nil {
		return nil, err
	}
	status := about.At(now)
	if !visible(status) {
		return nil, nil
	}
	// The state is the authority on which version is current.
	k.versions = []uint64{about.Latest}
	opened := d.openNotice(k, identities{seal.Card: d.opener.keys()[seal.Card]}).shown[0]
	if opened.view == nil {
		return nil, nil // it was purged, or changed for other readers, since it was indexed
	}
	view := *opened.view // shared with the opener, and the ledger's word on it changes
	view.Reviewed, view.Stopped = about.Reviewed(), status == state.StatusSuspended
	why, near := s.matches(&view, asOf)
	if why == "" {
		return nil, nil
	}
	h := &Sighting{ID: k.id, Index: n, Bureau: about.Bureau, Status: status, View: &view, Action: view.Action(), Why: why, Near: near}
	h.Unreviewed = view.Unreviewed()
	if h.Suspended() || (h.Unreviewed || h.Near) && h.Action == notice.Arrest {
		h.Action = notice.CallDesk
	}
	if h.Published, _, err = d.store.Entry(n); err == nil {
		h.Changed, _, err = d.store.Entry(about.Latest)
	}
	return h, err
}

// over reports whether a checkpoint is never shown a notice again. One that only
// expired is asked for its time when it is looked at.
func over(n *state.Notice) bool { return n.Status.Ended() || n.Purged != 0 }

// visible reports whether a checkpoint is shown a notice at all. What waits for its
// reviewers is shown, as UNREVIEWED and asking for no arrest: somebody may be
// missing, or the version that was approved before may be wrong. What they returned
// to its author over a fault of form is shown in the same way: nobody has ended it.
func visible(s state.Status) bool {
	return s == state.StatusActive || s == state.StatusSubmitted || s == state.StatusReturned || s == state.StatusSuspended
}

// subjectTerms are what the index is asked.
type subjectTerms struct {
	document, person []string

	near []string // of the name, in the year or on the day of the year
	days []int64  // on which they may be born if the date is misread
}

// terms returns the terms of a subject, and the days on which they may be born.
func (s *Subject) terms(asOf time.Time) (t subjectTerms, first, last int64, err error) {
	number, name, born := s.Number, s.name(), s.Born
	if s.MRZ != nil {
		number, born = s.MRZ.Number, s.MRZ.Born(asOf)
	}
	if term := index.DocumentTerm(number); term != "" {
		t.document = []string{term}
	}
	if s.MRZ != nil {
		for _, twin := range s.MRZ.Twins() {
			t.document = append(t.document, index.DocumentTerm(twin.Number))
		}
	}
	t.person = index.PersonTerms(name, born)
	if len(t.document)+len(t.person) == 0 {
		if s.Name != "" && !s.Born.IsZero() {
			return t, 0, 0, fmt.Errorf("%w: %.80q is no name", ErrSubject, s.Name)
		}
		return t, 0, 0, ErrSubject
	}
	if !born.IsZero() {
		from, to := born.Range()
		first, last = int64(from), int64(to)
	}
	if len(t.person) > 0 {
		t.near = index.NearTerms(name, born)
		for _, m := range born.Misreadings() {
			day, _ := m.Date.Range()
			t.days = append(t.days, int64(day))
		}
	}
	return t, first, last, nil
}

// name returns the name, in any script.
func (s *Subject) name() string {
	if s.MRZ != nil {
		return s.MRZ.Family + "<<" + s.MRZ.Given
	}
	return s.Name
}

// nearName is the likeness from which a name counts with a date of birth that is
// not the one asked for, but one that may have been meant. It is high: the name is
// then all there is.
const nearName = 0.92

// matches says by what the card is of the subject, "" if it is not, and whether
// the date of birth may be misread.
func (s *Subject) matches(v *notice.View, asOf time.Time) (why string, near bool) {
	if why, near = s.matchesAsRead(v, asOf); why != "" || s.MRZ == nil {
		return why, near
	}
	for _, twin := range s.MRZ.Twins() {
		if ok, why := v.MatchMRZ(twin, asOf); ok {
			return fmt.Sprintf("%s, where the scan has %s: G and 6 look alike, and no check digit tells", why, s.MRZ.Number), true
		}
	}
	return "", false
}

// matchesAsRead is matches for a zone that was read well.
func (s *Subject) matchesAsRead(v *notice.View, asOf time.Time) (why string, near bool) {
	if v.Card == nil {
		return "", false
	}
	born := s.Born
	if s.MRZ != nil {
		if ok, why := v.MatchMRZ(s.MRZ, asOf); ok {
			return why, false
		}
		born = s.MRZ.Born(asOf)
	}
	person := &v.Card.Person
	if want := index.DocumentTerm(s.Number); want != "" {
		for _, d := range person.Documents {
			if index.DocumentTerm(d.Number) == want && sameCountry(d.Country, s.Country) {
				return fmt.Sprintf("%s number %s", strings.ReplaceAll(string(d.Type), "_", " "), d.Number), false
			}
		}
	}
	enough, slip := names.Threshold, ""
	switch {
	case person.Born.IsDay() && person.Born == born:
		enough = names.WithBirth
	case person.Born.Overlaps(born):
	default:
		if slip = person.Born.MisreadAs(born); slip == "" {
			return "", false
		}
		enough = nearName
	}
	likeness, who := s.likeness(person)
	switch {
	case likeness < enough:
		return "", false
	case slip != "":
		return fmt.Sprintf("name %s (likeness %.2f); date of birth %s in the notice, %s here: %s", who, likeness, person.Born, born, slip), true
	}
	return fmt.Sprintf("name %s (likeness %.2f) and date of birth %s", who, likeness, person.Born), false
}

// mayBe returns whether one of these names in the index may be like enough to that
// of the subject for its card to match: most that share a key with it are not, and
// to open a card takes ten times as long. It is nil if all may be.
func (s *Subject) mayBe(enough float64) func(list []string) bool {
	if s.MRZ != nil && s.MRZ.Cut() {
		return nil // it matches by what there is of it
	}
	asked := names.Parse(s.name())
	return func(list []string) bool {
		return slices.ContainsFunc(list, func(n string) bool { return names.Score(asked, names.Parse(n)) >= enough-slack })
	}
}

// slack is how much less like a name may be in the form that the index has than in
// one of the forms on its card.
const slack = 0.05

// likeness returns how like the name of the subject is to the likest of a person.
func (s *Subject) likeness(person *notice.Identity) (best float64, who string) {
	asked := names.Parse(s.name())
	for _, n := range person.Names {
		for _, form := range []string{n.String(), n.MRZForm()} {
			if score := names.Score(asked, names.Parse(form)); score > best {
				best, who = score, cmp.Or(n.String(), form)
			}
		}
	}
	return best, who
}

// sameCountry reports whether two codes may be of one country. One that is not
// known is held against nobody.
func sameCountry(a, b string) bool {
	ours, err := ident.Normalize(ident.Country, a)
	if err != nil {
		return true
	}
	theirs, err := ident.Normalize(ident.Country, b)
	return err != nil || ours == theirs
}
