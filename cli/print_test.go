package cli

import (
	"bytes"
	"testing"
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
