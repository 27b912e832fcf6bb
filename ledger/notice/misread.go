package notice

// Misreading is a day that somebody may have meant who wrote another.
type Misreading struct {
	Date Date
	Why  string
}

// What may have happened to a date, the likeliest first.
const (
	daySwapped   = "day and month swapped"
	digitsTurned = "two digits swapped"
	digitWrong   = "one digit differs"
)

// Misreadings returns the days that d may stand for by one slip of the hand: day
// and month swapped, two neighbouring digits swapped, or one digit wrong. The
// century is taken as written. A date of which not all is known has none: it
// reaches further by itself, see [Date.Range].
func (d Date) Misreadings() []Misreading {
	if !d.IsDay() {
		return nil
	}
	out := make([]Misreading, 0, 64)
	put := func(year, month, day int, why string) {
		e, err := NewDate(year, month, day)
		if err != nil || month == 0 || day == 0 || e == d {
			return
		}
		for _, m := range out {
			if m.Date == e {
				return
			}
		}
		out = append(out, Misreading{e, why})
	}
	year, month, day := int(d.year), int(d.month), int(d.day)
	turned := func(n int) int { return n%10*10 + n/10 }
	put(year, day, month, daySwapped)
	put(year-year%100+turned(year%100), month, day, digitsTurned)
	put(year, turned(month), day, digitsTurned)
	put(year, month, turned(day), digitsTurned)
	for digit := range 10 {
		put(year-year%10+digit, month, day, digitWrong)
		put(year, month-month%10+digit, day, digitWrong)
		put(year, month, day-day%10+digit, digitWrong)
		put(year-year%100+digit*10+year%10, month, day, digitWrong)
		put(year, digit*10+month%10, day, digitWrong)
		put(year, month, digit*10+day%10, digitWrong)
	}
	return out
}

// MisreadAs says by what slip d may stand for e, "" by none.
func (d Date) MisreadAs(e Date) string {
	if !e.IsDay() {
		return ""
	}
	for _, m := range d.Misreadings() {
		if m.Date == e {
			return m.Why
		}
	}
	return ""
}
