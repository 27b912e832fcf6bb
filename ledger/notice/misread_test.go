package notice

import (
	"slices"
	"testing"
)

func TestMisreadings(t *testing.T) {
	day := func(s string) Date {
		d, err := ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, tt := range []struct{ d, e, why string }{
		{"1990-05-04", "1990-04-05", daySwapped},
		{"1989-05-04", "1998-05-04", digitsTurned},
		{"1990-01-12", "1990-01-21", digitsTurned},
		{"1990-12-21", "1991-12-21", digitWrong},
		{"1990-12-21", "1980-12-21", digitWrong},
		{"1990-12-21", "1990-12-01", digitWrong},
		{"1990-12-21", "1990-12-29", digitWrong},
		{"1990-05-04", "1990-05-04", ""}, // no slip
		{"1990-05-04", "1990-06-05", ""}, // two
		{"1990-05-24", "1990-05-30", ""},
		{"1990-05-04", "2090-05-04", ""}, // another century
		{"1990-05", "1990-06", ""},
		{"1990-05-04~", "1990-04-05", ""},
		{"1990-05-04", "1990-04", ""},
	} {
		got := day(tt.d).MisreadAs(day(tt.e))
		if got != tt.why {
			t.Errorf("%s, %s: got %q, want %q", tt.d, tt.e, got, tt.why)
		}
		if back := day(tt.e).MisreadAs(day(tt.d)); (back == "") != (got == "") {
			t.Errorf("%s, %s: %q one way, %q the other", tt.d, tt.e, got, back)
		}
	}
	for _, s := range []string{"1990-05-04", "2000-02-29", "1999-12-31", "1000-01-01", "9999-11-11"} {
		list := day(s).Misreadings()
		for i, m := range list {
			if !m.Date.IsDay() || m.Date == day(s) || len(list) > 64 || slices.IndexFunc(list, func(n Misreading) bool { return n.Date == m.Date }) != i {
				t.Errorf("%s: %d of %d: %v", s, i, len(list), m)
			}
		}
	}
}
