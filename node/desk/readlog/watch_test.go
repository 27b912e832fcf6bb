package readlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"comity/crypto/keys"
	"comity/ledger"
)

// look feeds reads to a watch: "officer notice time", and "-" for a mended
// record.
func look(t *testing.T, p Policy, lines ...string) []string {
	t.Helper()
	w := NewWatch(p)
	for i, line := range lines {
		words := strings.Fields(line)
		at, err := time.Parse("2T15:04", words[len(words)-1])
		if err != nil {
			t.Fatal(err)
		}
		at = at.AddDate(2026, 0, 0)
		r := &Record{Number: uint64(i), Time: uint64(at.UnixMilli())}
		if words[0] == "-" {
			r.Mended = new(Mended)
		} else {
			r.Read = &Read{Officer: keys.ID{words[0][0]}, Label: words[0], Notice: ledger.ID{words[1][0]}}
		}
		w.Add(r)
	}
	var out []string
	for _, f := range w.Findings() {
		out = append(out, fmt.Sprintf("%s %s %d-%d %d %d", f.Kind, f.Label, f.First, f.Last, f.Reads, f.Notices))
		if f.String() == "" {
			t.Errorf("%+v has no sentence", f)
		}
	}
	return out
}

func TestFindings(t *testing.T) {
	bulk := Policy{Bulk: 2, Window: time.Hour}
	night := Policy{Bulk: 100, NightFrom: 22, NightTo: 6}
	east := Policy{Bulk: 100, NightFrom: 22, NightTo: 6, Zone: time.FixedZone("", 8*3600)}
	early := Policy{Bulk: 100, NightFrom: 1, NightTo: 3}
	for _, tt := range []struct {
		name  string
		p     Policy
		lines []string
		want  []string
	}{
		{"few", bulk, []string{"a 1 1T10:00", "a 2 1T10:10"}, nil},
		{"one notice again and again", bulk, []string{"a 1 1T10:00", "a 1 1T10:01", "a 1 1T10:02", "a 1 1T10:03"}, nil},
		{"many, slowly", bulk, []string{"a 1 1T10:00", "a 2 1T10:30", "a 3 1T11:00", "a 4 1T11:30"}, nil},
		{"many, by two", bulk, []string{"a 1 1T10:00", "b 2 1T10:01", "a 3 1T10:02", "b 4 1T10:03"}, nil},
		{"many", bulk, []string{"a 1 1T10:00", "a 2 1T10:01", "a 3 1T10:59", "a 4 1T11:00"}, []string{"bulk a 0-3 4 3"}},
		{"many, twice", bulk, []string{"a 1 1T10:00", "a 2 1T10:01", "a 3 1T10:02", "a 1 1T12:00", "a 2 1T12:01", "a 4 1T12:02"},
			[]string{"bulk a 0-2 3 3", "bulk a 3-5 3 3"}},
		{"no night", bulk, []string{"a 1 1T02:00"}, nil},
		{"day", night, []string{"a 1 1T06:00", "a 1 1T21:59"}, nil},
		{"night", night, []string{"a 1 1T22:00", "b 1 1T23:00", "a 2 2T05:59", "a 3 2T22:10"},
			[]string{"night a 0-2 2 0", "night b 1-1 1 0", "night a 3-3 1 0"}},
		{"night elsewhere", east, []string{"a 1 1T13:59", "a 1 1T14:00"}, []string{"night a 1-1 1 0"}},
		{"night within a day", early, []string{"a 1 1T00:59", "a 1 1T01:00", "a 1 1T03:00"}, []string{"night a 1-1 1 0"}},
		{"mended", bulk, []string{"a 1 1T10:00", "- 1T10:01"}, []string{"mended  1-1 0 0"}},
		{"clock", bulk, []string{"a 1 1T10:00", "a 1 1T09:00"}, []string{"clock  1-1 0 0"}},
	} {
		if got := look(t, tt.p, tt.lines...); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	w := NewWatch(Policy{})
	for i := range maxFindings + 5 {
		w.Add(&Record{Number: uint64(i), Mended: new(Mended)})
	}
	list := w.Findings()
	if last := list[len(list)-1]; len(list) != maxFindings+1 || last.Kind != Silent || last.Reads != 5 {
		t.Errorf("%d findings, the last %+v", len(list), last)
	}
}
