package notice

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Date is a calendar date of which the day, or day and month, may be unknown,
// and which may be an estimate. Its text is a subset of EDTF (ISO 8601-2):
//
//	1987          some day of 1987
//	1987-05       some day of May 1987
//	1987-05-04    that day
//	1987-05~      about May 1987
//
// The zero Date is no date.
type Date struct {
	year      uint16
	month     uint8 // 0: unknown
	day       uint8 // 0: unknown
	estimated bool
}

var errDate = errors.New("not a date: want 2010, 2010-05 or 2010-05-04, with ~ after it for an estimate")

// NewDate returns the date with this year, month and day. A month or day of
// zero is unknown.
func NewDate(year, month, day int) (Date, error) {
	d := Date{year: uint16(year), month: uint8(month), day: uint8(day)}
	if year < 1000 || year > 9999 || month < 0 || month > 12 || day < 0 || month == 0 && day != 0 {
		return Date{}, fmt.Errorf("date %d-%d-%d: %w", year, month, day, errDate)
	}
	if day != 0 {
		t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
		if t.Day() != day || int(t.Month()) != month {
			return Date{}, fmt.Errorf("date %d-%02d-%02d: no such day", year, month, day)
		}
	}
	return d, nil
}

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date {
	t = t.UTC()
	return Date{year: uint16(t.Year()), month: uint8(t.Month()), day: uint8(t.Day())}
}

// ParseDate parses the text of a date. It accepts exactly what [Date.String]
// returns, and not the empty string.
func ParseDate(s string) (Date, error) {
	text, estimated := strings.CutSuffix(s, "~")
	var field [3]int
	n := 0
	for part := range strings.SplitSeq(text, "-") {
		if n == len(field) || n == 0 && len(part) != 4 || n > 0 && len(part) != 2 {
			return Date{}, fmt.Errorf("date %.20q: %w", s, errDate)
		}
		for _, c := range []byte(part) {
			if c < '0' || c > '9' {
				return Date{}, fmt.Errorf("date %.20q: %w", s, errDate)
			}
			field[n] = field[n]*10 + int(c-'0')
		}
		if field[n] == 0 {
			return Date{}, fmt.Errorf("date %.20q: %w", s, errDate)
		}
		n++
	}
	d, err := NewDate(field[0], field[1], field[2])
	if err != nil && n < len(field) { // as it was written
		err = fmt.Errorf("date %.20q: %w", s, errDate)
	}
	d.estimated = estimated && err == nil
	return d, err
}

// String returns the text of d, and the empty string for the zero Date.
func (d Date) String() string {
	var s string
	switch {
	case d.IsZero():
		return ""
	case d.month == 0:
		s = fmt.Sprintf("%04d", d.year)
	case d.day == 0:
		s = fmt.Sprintf("%04d-%02d", d.year, d.month)
	default:
		s = fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
	}
	if d.estimated {
		s += "~"
	}
	return s
}

// MarshalText returns the form of [Date.String].
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is the inverse of [Date.MarshalText] and refuses empty text: a
// date that is not known is left out.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d.year == 0 }

// IsDay reports whether d is one known day.
func (d Date) IsDay() bool { return d.day != 0 && !d.estimated }

// Range returns the first and the last day that d may be, as days since
// 1970-01-01. An estimate reaches one year further to either side.
func (d Date) Range() (first, last int) {
	from, to := d, d
	if d.month == 0 {
		from.month, to.month = 1, 12
	}
	if d.day == 0 {
		from.day = 1
		// Day zero of the month after is the last day of this one.
		to.day = uint8(time.Date(int(to.year), time.Month(to.month)+1, 0, 0, 0, 0, 0, time.UTC).Day())
	}
	if d.estimated {
		from.year--
		to.year++
	}
	return from.unixDay(), to.unixDay()
}

// unixDay needs a month and a day.
func (d Date) unixDay() int {
	return int(time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

const secondsPerDay = 24 * 60 * 60

// Overlaps reports whether d and e may be the same day. No date overlaps none.
func (d Date) Overlaps(e Date) bool {
	if d.IsZero() || e.IsZero() {
		return false
	}
	d1, d2 := d.Range()
	e1, e2 := e.Range()
	return d1 <= e2 && e1 <= d2
}

// After reports whether d is certainly later than the day of t.
func (d Date) After(t time.Time) bool {
	first, _ := d.Range()
	return !d.IsZero() && first > DateOf(t).unixDay()
}

// Age returns the youngest and the oldest age in full years that a person born
// on d may have on the day of t.
func (d Date) Age(t time.Time) (youngest, oldest int) {
	if d.IsZero() {
		return 0, 0
	}
	first, last := d.Range()
	return fullYears(last, t), fullYears(first, t)
}

func fullYears(born int, t time.Time) int {
	b := time.Unix(int64(born)*secondsPerDay, 0).UTC()
	t = t.UTC()
	years := t.Year() - b.Year()
	if t.Month() < b.Month() || t.Month() == b.Month() && t.Day() < b.Day() {
		years--
	}
	return years
}

// dateOfDay returns the day that is n days after 1970-01-01, and no date for
// zero, which is how a header says that there is none.
func dateOfDay(n uint32) Date {
	if n == 0 {
		return Date{}
	}
	return DateOf(time.Unix(int64(n)*secondsPerDay, 0))
}
