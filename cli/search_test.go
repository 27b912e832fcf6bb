package cli

import (
	"io"
	"slices"
	"testing"
)

func TestRequote(t *testing.T) {
	term := &terminal{stdout: io.Discard, stderr: io.Discard}
	for _, test := range []struct{ args, want []string }{
		{[]string{"name:aung min"}, []string{`name:"aung min"`}},
		{[]string{"-name~aung min", "x"}, []string{`-name~"aung min"`, "x"}},
		{[]string{"name:aung dob:1998"}, []string{"name:aung dob:1998"}},
		{[]string{"name:aung OR min"}, []string{"name:aung OR min"}},
		{[]string{`name:"aung min"`}, []string{`name:"aung min"`}},
		{[]string{"(name:a b)"}, []string{"(name:a b)"}},
		{[]string{"name: aung"}, []string{"name: aung"}},
		{[]string{"music school"}, []string{"music school"}},
		{[]string{"iban:GB82 WEST 1234"}, []string{`iban:"GB82 WEST 1234"`}},
	} {
		if got := term.requote(test.args); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}

func TestNegatedTermIsNoFlag(t *testing.T) {
	app := (&terminal{}).app()
	for _, test := range []struct {
		args []string
		want []string // behind "--"; nil: refused
	}{
		{[]string{"search", "-country:TH"}, []string{"-country:TH"}},
		{[]string{"search", "-country!=TH", "--json"}, []string{"-country!=TH"}},
		{[]string{"search", "a", "-dob>=1990"}, []string{"a", "-dob>=1990"}},
		{[]string{"search", "-(a OR b)"}, []string{"-(a OR b)"}},
		{[]string{"search", `-"a b"`}, []string{`-"a b"`}},
		{[]string{"search", "-smuggling"}, nil},
		{[]string{"search", "a", "-limit=5"}, []string{"a"}},
		{[]string{"notice", "list", "-country:TH"}, nil},
		{[]string{"-country:TH", "search"}, nil},
	} {
		got, err := arrange(app, append([]string{"comity"}, test.args...))
		if err != nil {
			if test.want != nil {
				t.Errorf("%q: %v", test.args, err)
			}
			continue
		}
		if at := slices.Index(got, "--"); test.want == nil || at < 0 || !slices.Equal(got[at+1:], test.want) {
			t.Errorf("%q: got %q, want %q behind --", test.args, got, test.want)
		}
	}
}
