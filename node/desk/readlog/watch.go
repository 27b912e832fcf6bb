package readlog

import (
	"fmt"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
)

// Policy says what an overseer wants to look at. Zero values are those of
// [DefaultPolicy], but for the night: without hours there is none.
type Policy struct {
	Bulk      int            // more different notices than this within Window by one officer; 0 is 30
	Window    time.Duration  // 0 is an hour
	NightFrom int            // hour of the day, 0 to 23, from which on it is night
	NightTo   int            // hour at which the night ends; the same as NightFrom: there is no night
	Zone      *time.Location // of the hours; nil is UTC
}

// DefaultPolicy is more than 30 notices in an hour, and the hours from ten in
// the evening to six.
var DefaultPolicy = Policy{Bulk: 30, Window: time.Hour, NightFrom: 22, NightTo: 6}

// FindingKind says what is unusual about reads.
type FindingKind string

// The kinds of findings.
const (
	Bulk   FindingKind = "bulk"   // many notices in a short time
	Night  FindingKind = "night"  // at night
	Cut    FindingKind = "mended" // a crash, or somebody, cut a record off
	Clock  FindingKind = "clock"  // the desk's clock went back
	Silent FindingKind = "other"  // records were taken from the list of findings: there are too many
)

// Finding is what an overseer should look at. It accuses nobody.
type Finding struct {
	Kind    FindingKind
	Officer keys.ID // of Bulk and Night
	Label   string
	First   uint64 // numbers of records
	Last    uint64
	From    uint64 // POSIX ms
	To      uint64
	Reads   int
	Notices int // different ones, at the busiest time; of Bulk
}

// String returns a sentence part, with times in UTC.
func (f *Finding) String() string {
	at := func(ms uint64) string { return time.UnixMilli(int64(ms)).UTC().Format("2006-01-02 15:04Z") }
	who := f.Label
	if who == "" {
		who = "key " + f.Officer.Short()
	}
	switch f.Kind {
	case Bulk:
		return fmt.Sprintf("%s read %d different notices within one window of time (%d reads from %s to %s, records %d to %d)", who, f.Notices, f.Reads, at(f.From), at(f.To), f.First, f.Last)
	case Night:
		return fmt.Sprintf("%s read at night: %d reads from %s to %s, records %d to %d", who, f.Reads, at(f.From), at(f.To), f.First, f.Last)
	case Cut:
		return fmt.Sprintf("the log ended within a record at %s and was mended (record %d): after a crash that is as it should be", at(f.From), f.First)
	case Clock:
		return fmt.Sprintf("the desk's clock went back from %s to %s at record %d", at(f.From), at(f.To), f.First)
	}
	return fmt.Sprintf("%d further findings are not listed", f.Reads)
}

const (
	maxFindings = 1000
	clockSlack  = uint64(time.Minute / time.Millisecond)
	nightGap    = uint64(12 * time.Hour / time.Millisecond)
)

// Watch looks for what is unusual in records that are given to it in order. It
// may be used by one goroutine at a time. What it remembers is bounded by the
// reads of one window.
type Watch struct {
	policy   Policy
	officers map[keys.ID]*recent
	last     uint64 // time of the last record
	findings []*Finding
	dropped  int
}

// recent is what one officer read within the window.
type recent struct {
	reads []glance
	count map[ledger.ID]int // of reads, by notice
	bulk  *Finding          // that goes on, or nil
	night *Finding
}

type glance struct {
	number, time uint64
	notice       ledger.ID
}

// NewWatch returns a watch with a policy.
func NewWatch(p Policy) *Watch {
	if p.Bulk <= 0 {
		p.Bulk = DefaultPolicy.Bulk
	}
	if p.Window <= 0 {
		p.Window = DefaultPolicy.Window
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	return &Watch{policy: p, officers: make(map[keys.ID]*recent)}
}

// Add takes the next record, and returns the findings that begin with it.
// Those that go on grow.
func (w *Watch) Add(r *Record) (begun []*Finding) {
	raise := func(f Finding) *Finding {
		begun = append(begun, &f)
		if len(w.findings) < maxFindings {
			w.findings = append(w.findings, &f)
		} else {
			w.dropped++
		}
		return &f
	}
	if r.Time+clockSlack < w.last {
		raise(Finding{Kind: Clock, First: r.Number, Last: r.Number, From: w.last, To: r.Time})
	}
	w.last = r.Time
	if r.Mended != nil {
		raise(Finding{Kind: Cut, First: r.Number, Last: r.Number, From: r.Time, To: r.Time})
		return begun
	}
	o := w.officers[r.Read.Officer]
	if o == nil {
		o = &recent{count: make(map[ledger.ID]int)}
		w.officers[r.Read.Officer] = o
	}
	w.bulk(o, r, raise)
	w.night(o, r, raise)
	return begun
}

// bulk counts the different notices that the officer read in the window that
// ends with r.
func (w *Watch) bulk(o *recent, r *Record, raise func(Finding) *Finding) {
	o.reads = append(o.reads, glance{r.Number, r.Time, r.Read.Notice})
	o.count[r.Read.Notice]++
	window := uint64(w.policy.Window / time.Millisecond)
	for len(o.reads) > 1 && o.reads[0].time+window <= r.Time {
		old := o.reads[0].notice
		if o.count[old]--; o.count[old] == 0 {
			delete(o.count, old)
		}
		o.reads = o.reads[1:]
	}
	switch n := len(o.count); {
	case n <= w.policy.Bulk:
		o.bulk = nil
	case o.bulk == nil:
		first := o.reads[0]
		o.bulk = raise(Finding{Kind: Bulk, Officer: r.Read.Officer, Label: r.Read.Label, First: first.number, Last: r.Number,
			From: first.time, To: r.Time, Reads: len(o.reads), Notices: n})
	default:
		o.bulk.Last, o.bulk.To = r.Number, r.Time
		o.bulk.Reads, o.bulk.Notices = o.bulk.Reads+1, max(o.bulk.Notices, n)
	}
}

// night puts the reads of one night together.
func (w *Watch) night(o *recent, r *Record, raise func(Finding) *Finding) {
	if !w.policy.isNight(r.Time) {
		return
	}
	if o.night == nil || r.Time > o.night.To+nightGap || r.Time < o.night.From {
		o.night = raise(Finding{Kind: Night, Officer: r.Read.Officer, Label: r.Read.Label, First: r.Number, From: r.Time})
	}
	o.night.Last, o.night.To, o.night.Reads = r.Number, r.Time, o.night.Reads+1
}

// isNight reports whether a time, POSIX ms, is at night.
func (p *Policy) isNight(ms uint64) bool {
	hour := time.UnixMilli(int64(ms)).In(p.Zone).Hour()
	if p.NightFrom <= p.NightTo {
		return p.NightFrom <= hour && hour < p.NightTo
	}
	return hour >= p.NightFrom || hour < p.NightTo
}

// Findings returns what was found so far, in the order in which it began.
func (w *Watch) Findings() []*Finding {
	out := append([]*Finding(nil), w.findings...)
	if w.dropped > 0 {
		out = append(out, &Finding{Kind: Silent, Reads: w.dropped})
	}
	return out
}
