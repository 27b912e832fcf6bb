package cli

import "testing"

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		line    string
		columns int
		want    string
	}{
		{"short", 40, "short"},
		{"  health    well when last seen; needs glasses to read", 40, "  health    well when last seen; needs\n            glasses to read"},
		{"  ! A child. Do not question alone; do not hand over.", 40, "  ! A child. Do not question alone; do\n    not hand over."},
		{"  1. send the summary to the founder who drafts the charter", 40, "  1. send the summary to the founder who\n     drafts the charter"},
		{"  committed  as entry 877 at 2026-11-22 18:04:58Z", 40, "  committed  as entry 877 at 2026-11-22\n             18:04:58Z"},
		{"  PROTECT: bring to safety, do not question alone", 40, "  PROTECT: bring to safety, do not\n  question alone"},
		{"a name that goes on OK      and on and on and on", 40, "a name that goes on OK      and on and\n  on and on"},
		{"  id        0123456789012345678901234567890123456789", 40, "  id\n            0123456789012345678901234567890123456789"},
		{"  name      山田山田山田山田 山田山田山田山田", 40, "  name      山田山田山田山田\n            山田山田山田山田"},
		{"\x1b[1;31mFAILED\x1b[0m  as wide as the terminal is, here", 40, "\x1b[1;31mFAILED\x1b[0m  as wide as the terminal is, here"},
		{"  \x1b[1;31mFAULTY\x1b[0m    XD cosigned another history of it", 40, "  \x1b[1;31mFAULTY\x1b[0m    XD cosigned another history\n            of it"},
		{"  as it is in a pipe: however long a line may be", 0, "  as it is in a pipe: however long a line may be"},
	} {
		if got := wrap(test.line, test.columns, hang(test.line)); got != test.want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", test.columns, got, test.want)
		}
	}
	if got, want := chop("ab 0123456789 山田山田", 4), "ab 0123 4567 89 山田 山田"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
