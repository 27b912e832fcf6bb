package cli

import (
	"bytes"
	"strings"
	"testing"

	"comity/ledger"
	"comity/ledger/state"
	"comity/node/desk"
	"comity/node/wire"
)

func TestTable(t *testing.T) {
	var out bytes.Buffer
	term := &terminal{stdout: &out}
	term.table([]string{"NAME", "FROM"}, [][]string{{"山田", "XA"}, {"Z\u202eo", "XB"}, {"", "XC"}})
	want := "NAME      FROM\n山田      XA\nZ\\u202eo  XB\n          XC\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDocumentIsNeverNull(t *testing.T) {
	var out bytes.Buffer
	if err := (&terminal{stdout: &out}).document([]caseLine(nil)); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "[]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPurgesInStatus(t *testing.T) {
	var out bytes.Buffer
	s := &session{terminal: &terminal{stdout: &out}}
	s.tellPurges(&wire.Status{})
	if out.Len() > 0 {
		t.Errorf("of no purges it says %q", out.String())
	}
	s.tellPurges(&wire.Status{PurgesPending: 2, PurgesOpen: 1003, Purges: []wire.Purge{
		{Index: 1284, Target: "0011223344556677", Bureau: "XA", Time: 1795367819186, Missing: []string{"XB", "X\u202eC"}, Overdue: true},
		{Index: 7, Target: "ff", Bureau: "XB", Time: 1795367819186, Missing: []string{"XC"}}, {Target: "aa", Bureau: "XC", Missing: []string{"XD"}},
	}})
	for _, want := range []string{
		"  purging   2 purges: ", "  OVERDUE   001122334455 by XA, entry 1,284 of 2026-11-22 17:16:59Z: not acknowledged by XB X\\u202eC\n",
		"  purge     ff by XB, entry 7 of ", "  purge     and 1,000 more ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%s\nwant %q", out.String(), want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{count(0), "0"}, {count(999), "999"}, {count(1284), "1,284"}, {count(-1284), "-1,284"}, {count(uint64(1234567)), "1,234,567"},
		{plural(1, "entry", "entries"), "1 entry"}, {plural(2, "entry", "entries"), "2 entries"},
		{size(0), "0 B"}, {size(1536), "1.5 KiB"}, {size(5 << 30), "5.0 GiB"},
		{clock(0), "-"}, {clock(1795367819186), "2026-11-22 17:16:59Z"},
		{shellWord("a/b"), "a/b"}, {shellWord("it's"), `'it'\''s'`},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestSpent(t *testing.T) {
	for want, q := range map[string]wire.Quota{
		"812 of 20,000 entries and 31.0 MiB of 2.0 GiB; counted anew at 00:00 UTC": {Entries: 20_000, Bytes: 2 << 30, SpentEntries: 812, SpentBytes: 31 << 20},
		"3 entries and 900 B of 1.0 MiB; counted anew at 00:00 UTC":                {Bytes: 1 << 20, SpentEntries: 3, SpentBytes: 900},
		"3 of 5 entries and 900 B; counted anew at 00:00 UTC":                      {Entries: 5, SpentEntries: 3, SpentBytes: 900},
	} {
		if got := spent(&q); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDoubtShowsInLists(t *testing.T) {
	var out bytes.Buffer
	term := &terminal{stdout: &out}
	s := &session{terminal: term}
	k := &desk.Case{Bureau: "XA", Status: state.StatusActive, Public: &ledger.Publish{Kind: ledger.KindBlue}, Versions: []desk.Version{{}, {Doubt: "XA says so"}}}
	s.tellCases([]*desk.Case{k, {Bureau: "XA", Status: state.StatusActive, Public: k.Public, Versions: []desk.Version{{}}}})
	if got := out.String(); strings.Count(got, "active, DOUBT") != 1 || strings.Count(got, "active") != 2 {
		t.Errorf("got\n%s", got)
	}
	if l := lineOf(k); l.Doubt != "XA says so" {
		t.Errorf("got %+v", l)
	}
}
