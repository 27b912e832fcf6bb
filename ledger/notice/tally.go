package notice

import "fmt"

// Tally is one report of counters from an operation. It holds no person.
type Tally struct {
	Operation   string `json:"operation"`
	Sector      string `json:"sector"` // a group of hotspots that one bureau staffs, such as XD-07
	Hour        int    `json:"hour"`   // of the operation, at the end of what is counted
	Hotspots    int    `json:"hotspots"`
	Inspections int    `json:"inspections"`
	Intercepted int    `json:"intercepted"`
	Located     int    `json:"located"`
}

// suppressBelow is the smallest number of persons that a shared report states:
// fewer could be recognised.
const suppressBelow = 5

// Summary returns the counters in one line that may be shared: a number of
// persons under five is not stated.
func (t *Tally) Summary() string {
	s := fmt.Sprintf("%d inspections at %d hotspots", t.Inspections, t.Hotspots)
	for _, c := range []struct {
		n    int
		what string
	}{{t.Intercepted, "intercepted"}, {t.Located, "located"}} {
		switch {
		case c.n >= suppressBelow:
			s += fmt.Sprintf(", %d %s", c.n, c.what)
		case c.n > 0:
			s += fmt.Sprintf(", under %d %s", suppressBelow, c.what)
		}
	}
	return s
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
	if t.Intercepted > t.Inspections {
		p.add("tally.intercepted", "%d of %d inspections", t.Intercepted, t.Inspections)
	}
}
