package notice

import (
	"fmt"
	"slices"
)

// Tally is one report of counters from an operation. It holds no person.
type Tally struct {
	Operation   string `json:"operation"`
	Sector      string `json:"sector"` // a group of hotspots that one bureau staffs, such as XD-07
	Hour        int    `json:"hour"`   // of the operation, at the end of what is counted
	Hotspots    int    `json:"hotspots"`
	Inspections int    `json:"inspections"`
	Intercepted int    `json:"intercepted"`
	Located     int    `json:"located"`

	// Suppressed names the numbers of persons that are above none and under five,
	// and not stated: they stand as 0 here. See [Tally.Shared].
	Suppressed []string `json:"suppressed,omitempty"`
}

// suppressBelow is the smallest number of persons that a shared report states:
// fewer could be recognised.
const suppressBelow = 5

// Summary returns the counters in one line that may be shared: a number of
// persons under five is not stated.
func (t *Tally) Summary() string {
	shared := t.Shared()
	s := fmt.Sprintf("%d inspections at %d hotspots", t.Inspections, t.Hotspots)
	for _, c := range shared.persons() {
		switch {
		case *c.n > 0:
			s += fmt.Sprintf(", %d %s", *c.n, c.what)
		case slices.Contains(shared.Suppressed, c.what):
			s += fmt.Sprintf(", under %d %s", suppressBelow, c.what)
		}
	}
	return s
}

// Shared returns the tally as it may be shared: numbers of persons under five are
// not in it. Whoever shows a tally to anybody but its origin, or writes it to a
// file, takes this.
func (t *Tally) Shared() *Tally {
	if t == nil {
		return nil
	}
	out := *t
	out.Suppressed = slices.Clone(t.Suppressed)
	for _, c := range out.persons() {
		if *c.n > 0 && *c.n < suppressBelow {
			*c.n = 0
			out.Suppressed = append(out.Suppressed, c.what)
		}
	}
	return &out
}

// persons are the counters of persons.
func (t *Tally) persons() []struct {
	what string
	n    *int
} {
	return []struct {
		what string
		n    *int
	}{{"intercepted", &t.Intercepted}, {"located", &t.Located}}
}

func (t *Tally) check(p *problems) {
	p.need("tally.operation", t.Operation, "which operation is counted")
	p.need("tally.sector", t.Sector, "where was counted, so that no report is added twice")
	for _, c := range []struct {
		at string
		n  int
	}{{"hour", t.Hour}, {"hotspots", t.Hotspots}, {"inspections", t.Inspections}, {"intercepted", t.Intercepted}, {"located", t.Located}} {
		if c.n < 0 || c.n > 1e9 {
			p.add("tally."+c.at, "%d is not a count", c.n)
		}
	}
	for i, name := range t.Suppressed {
		stated, known := 0, false
		for _, c := range t.persons() {
			if c.what == name {
				stated, known = *c.n, true
			}
		}
		switch {
		case !known || slices.Contains(t.Suppressed[:i], name):
			p.add(index("tally.suppressed", i), "%.20q: want intercepted or located, each once", name)
		case stated != 0:
			p.add(index("tally.suppressed", i), "%s is stated: %d", name, stated)
		}
	}
	if t.Intercepted > t.Inspections {
		p.add("tally.intercepted", "%d of %d inspections", t.Intercepted, t.Inspections)
	}
}
