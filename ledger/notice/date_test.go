package notice

import (
	"testing"
	"time"
)

func TestDateText(t *testing.T) {
	for _, s := range []string{"2010", "2010-05", "2010-05-04", "1958-11-05", "2000-02-29", "1972~", "1990-01~", "1990-01-31~", "1000", "9999-12-31"} {
		d, err := ParseDate(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if got := d.String(); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	for _, s := range []string{"", "~", "201", "02010", "2010-5", "2010-13", "2010-00", "2010-05-00", "2010-02-30", "1900-02-29",
		"2010-05-04-01", "2010/05/04", "2010-05-04T00:00", " 2010", "2010~~", "0000", "0999", "20١0", "-201", "2010-", "2010-0a"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("%q accepted as %s", s, d)
		}
	}
}

func TestDateOverlaps(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1998", "1998-05-04", true},
		{"1998-05", "1998-05-31", true},
		{"1998-05", "1998-06-01", false},
		{"1998-05-04", "1998-05-04", true},
		{"1998-05-04", "1998-05-05", false},
		{"1998~", "1999-12-31", true},
		{"1998~", "2000-01-01", false},
		{"1996-02", "1996-02-29", true},
	} {
		a, b := date(t, test.a), date(t, test.b)
		if a.Overlaps(b) != test.want || b.Overlaps(a) != test.want {
			t.Errorf("%s and %s: want %v", a, b, test.want)
		}
		if a.Overlaps(Date{}) || (Date{}).Overlaps(a) {
			t.Errorf("%s overlaps no date", a)
		}
	}
}

func TestDateAge(t *testing.T) {
	for _, test := range []struct {
		born             string
		youngest, oldest int
	}{
		{"2013-11-03", 13, 13},
		{"2013-11-04", 12, 12},
		{"2013", 12, 13},
		{"2013~", 11, 14},
		{"2008-02-29", 18, 18},
	} {
		youngest, oldest := date(t, test.born).Age(testDay)
		if youngest != test.youngest || oldest != test.oldest {
			t.Errorf("born %s: got %d to %d, want %d to %d", test.born, youngest, oldest, test.youngest, test.oldest)
		}
	}
}

func TestDateAfter(t *testing.T) {
	for s, want := range map[string]bool{"2026-11-03": false, "2026-11-04": true, "2026": false, "2026-12": true, "2027~": false} {
		if got := date(t, s).After(testDay); got != want {
			t.Errorf("%s after %s: got %v", s, testDay.Format(time.DateOnly), got)
		}
	}
}

func date(t *testing.T, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2010-05-04", "1972~", "1958/11/05", "2000-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil {
			return
		}
		if got := d.String(); got != s {
			t.Errorf("%q parses and is written %q", s, got)
		}
		if first, last := d.Range(); first > last || !d.Overlaps(d) {
			t.Errorf("%q: from day %d to %d", s, first, last)
		}
	})
}
