package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"comity/ledger/notice"
)

const day = 24 * time.Hour

func dayOf(t time.Time) int64 { return floorDiv(t.Unix(), 24*60*60) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// spanValue reads a date, an age, a time, or a range of them.
func (p *parser) spanValue(t *Term, v *Value, w raw) error {
	read := map[Type]func(string) (Span, error){DayField: daySpan, AgeField: ageSpan, TimeField: p.timeSpan}[t.Field.Type]
	from, to, isRange := cutRange(w)
	if isRange && t.Op != Equal && t.Op != Fuzzy {
		return p.fail(w.pos, "%s%s and a range is one too many", t.Field.Name+":"+clip(w.text), t.Field.Name, string(t.Op))
	}
	s := Span{First: Earliest, Last: Latest}
	var low, high Span
	var err error
	switch {
	case !isRange:
		s, err = read(v.Text)
		if err == nil {
			s = inOrder(t.Op, s)
		}
	case from == "" && to == "":
		err = fmt.Errorf("a range needs one end at least")
	default:
		if from != "" {
			if low, err = read(from); err == nil {
				s.First = low.First
			}
		}
		if to != "" && err == nil {
			if high, err = read(to); err == nil {
				s.Last = high.Last
			}
		}
		// -7d..-1d: each is a time here, not the span since then.
		if t.Field.Type == TimeField && err == nil && isRelative(to) {
			s.Last = high.First
		}
		if err == nil && s.First > s.Last {
			err = fmt.Errorf("a range that ends before it begins")
		}
	}
	if err != nil {
		return p.fail(w.pos, "%s: %s", "for example: "+t.Field.Example, t.Field.Name, err)
	}
	s.Score = 1
	if t.Field.Type == AgeField {
		s = p.bornAt(s)
	}
	v.Spans = []Span{s}
	if t.Op == Fuzzy {
		v.Spans = nearDays(v.Text, s, isRange)
	}
	return nil
}

// inOrder turns a comparison with s into a range.
func inOrder(op Op, s Span) Span {
	switch op {
	case Greater:
		return Span{First: s.Last + 1, Last: Latest}
	case AtLeast:
		return Span{First: s.First, Last: Latest}
	case Less:
		return Span{First: Earliest, Last: s.First - 1}
	case AtMost:
		return Span{First: Earliest, Last: s.Last}
	}
	return s
}

func daySpan(s string) (Span, error) {
	d, err := notice.ParseDate(s)
	if err != nil {
		return Span{}, err
	}
	first, last := d.Range()
	return Span{First: int64(first), Last: int64(last)}, nil
}

// ageSpan is in years; bornAt makes days of it.
func ageSpan(s string) (Span, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 150 {
		return Span{}, fmt.Errorf("%.20q is not an age in years", s)
	}
	return Span{First: int64(n), Last: int64(n)}, nil
}

// bornAt returns the days on which those were born who now have an age between
// both ends of s.
func (p *parser) bornAt(s Span) Span {
	out := Span{First: Earliest, Last: Latest, Score: 1}
	if s.Last < 1000 {
		out.First = dayOf(p.asOf.AddDate(-int(s.Last)-1, 0, 0)) + 1
	}
	if s.First > 0 {
		out.Last = dayOf(p.asOf.AddDate(-int(min(s.First, 1000)), 0, 0))
	}
	return out
}

// nearDays returns a date as written, with day and month swapped, and a year
// more or less.
func nearDays(text string, s Span, isRange bool) []Span {
	out := []Span{s}
	if d, err := notice.ParseDate(text); err == nil && !isRange && d.IsDay() {
		if at := time.Unix(s.First*24*60*60, 0).UTC(); at.Day() <= 12 && at.Day() != int(at.Month()) {
			if swapped, err := notice.NewDate(at.Year(), at.Day(), int(at.Month())); err == nil {
				first, last := swapped.Range()
				out = append(out, Span{int64(first), int64(last), 0.8, "day and month swapped"})
			}
		}
	}
	wide := Span{Earliest, Latest, 0.6, "a year more or less"}
	if s.First != Earliest {
		wide.First = dayOf(time.Unix(s.First*24*60*60, 0).UTC().AddDate(-1, 0, 0))
	}
	if s.Last != Latest {
		wide.Last = dayOf(time.Unix(s.Last*24*60*60, 0).UTC().AddDate(1, 0, 0))
	}
	return append(out, wide)
}

func isRelative(s string) bool { return strings.HasPrefix(s, "-") || s == "now" }

// timeSpan reads a time as the ms that it may be. "-7d" is since then.
func (p *parser) timeSpan(s string) (Span, error) {
	now := p.asOf.UnixMilli()
	today := dayOf(p.asOf)
	switch strings.ToLower(s) {
	case "now":
		return Span{First: now, Last: now}, nil
	case "today":
		return daysMS(today, today), nil
	case "yesterday":
		return daysMS(today-1, today-1), nil
	}
	if strings.HasPrefix(s, "-") {
		since, err := p.ago(s[1:])
		return Span{First: since.UnixMilli(), Last: now}, err
	}
	if t, err := time.Parse(time.RFC3339, strings.ToUpper(s)); err == nil {
		return Span{First: t.UnixMilli(), Last: t.UnixMilli() + 999}, nil
	}
	d, err := daySpan(s)
	if err != nil {
		return Span{}, fmt.Errorf("%.30q is no time: want today, yesterday, -7d (h, d, w, y), 2026-11, 2026-11-04 or 2026-11-04T08:15:00Z", s)
	}
	return daysMS(d.First, d.Last), nil
}

func daysMS(first, last int64) Span {
	ms := day.Milliseconds()
	return Span{First: first * ms, Last: (last+1)*ms - 1}
}

// ago reads "7d".
func (p *parser) ago(s string) (time.Time, error) {
	unit := strings.TrimLeft(s, "0123456789")
	n, err := strconv.Atoi(strings.TrimSuffix(s, unit))
	if err != nil || n > 100_000 {
		return time.Time{}, fmt.Errorf("%.20q is not how long ago: want -90min, -12h, -7d, -2w or -1y", "-"+s)
	}
	switch strings.ToLower(unit) {
	case "min":
		return p.asOf.Add(-time.Duration(n) * time.Minute), nil
	case "h":
		return p.asOf.Add(-time.Duration(n) * time.Hour), nil
	case "d":
		return p.asOf.AddDate(0, 0, -n), nil
	case "w":
		return p.asOf.AddDate(0, 0, -7*n), nil
	case "y":
		return p.asOf.AddDate(-min(n, 1000), 0, 0), nil
	case "m":
		return time.Time{}, fmt.Errorf("m could be minutes or months: write -%dmin, or in days -%dd", n, 30*n)
	}
	return time.Time{}, fmt.Errorf("%.20q is not how long ago: want -90min, -12h, -7d, -2w or -1y", "-"+s)
}
