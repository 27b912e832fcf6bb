package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite golden files")

// hostile are texts that would mislead a reader of a terminal, by what they do.
var hostile = []struct{ what, text string }{
	{"plain", "Aldermoor, file 11-204"},
	{"other scripts stay", "ဒေါ်အောင် ប៉ុល Иван 山田　太郎 محمد Zoë"},
	{"escape sequence", "\x1b[2J\x1b[1;31mOK\x1b[0m"},
	{"C1 control sequence introducer", "\u009b31m"},
	{"C1 as a raw byte", "\x9b31m"},
	{"carriage return overwrites", "FAILED\rOK    "},
	{"backspace", "no\b\byes"},
	{"bell, null, delete", "\a\x00\x7f"},
	{"line breaks and tabs", "a\nb\tc\v\f"},
	{"line and paragraph separator", "a\u2028b\u2029c"},
	{"next line", "a\u0085b"},
	{"bidi embedding and override", "\u202agnp\u202b.\u202ctxe\u202d.\u202e"},
	{"bidi isolates", "\u2066a\u2067b\u2068c\u2069"},
	{"bidi marks", "\u200e\u200f\u061c"},
	{"zero width", "pass\u200bport\u200c\u200d\u2060\ufeff"},
	{"soft hyphen", "LT\u00ad-0301"},
	{"tag characters", "LT\U000e004c\U000e0054"},
	{"variation selectors", "a\ufe0fb\U000e0101"},
	{"Hangul fillers", "a\u115f\u1160\u3164\uffa0b"},
	{"interlinear annotation", "a\ufff9b\ufffac\ufffb"},
	{"private use", "a\ue000b\U000f0000"},
	{"noncharacter", "a\ufffeb\U0010ffff"},
	{"lone surrogate", "a\xed\xa0\x80b"},
	{"overlong and cut", "\xc0\xaf\xf0\x9f\x98"},
}

// TestVisible compares with testdata/hostile.golden; read it when it changes.
func TestVisible(t *testing.T) {
	var b strings.Builder
	for _, h := range hostile {
		fmt.Fprintf(&b, "%s\n  line %s\n  text %s\n  json ", h.what, visible(h.text), strings.ReplaceAll(visibleText(h.text), "\n", "<LF>"))
		term := &terminal{stdout: &b}
		if err := term.document(h.text); err != nil {
			t.Fatal(err)
		}
	}
	got := b.String()
	const golden = "testdata/hostile.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzVisible proves that nothing harmful gets through, and that JSON stays exact.
func FuzzVisible(f *testing.F) {
	for _, h := range hostile {
		f.Add(h.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{visible(s), strings.NewReplacer("\n", "", "\t", "").Replace(visibleText(s))} {
			if !utf8.ValidString(got) {
				t.Errorf("%q: got invalid UTF-8 %q", s, got)
			}
			for _, r := range got {
				if !shows(r) {
					t.Errorf("%q: got %q, which holds %U", s, got, r)
				}
			}
		}
		var doc bytes.Buffer
		term := &terminal{stdout: &doc}
		if err := term.document(s); err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(doc.Bytes(), &back); err != nil {
			t.Fatalf("%q: %v in %q", s, err, doc.Bytes())
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back != want {
			t.Errorf("got %q back, want %q", back, want)
		}
		for _, r := range strings.TrimSuffix(doc.String(), "\n") {
			if !shows(r) {
				t.Errorf("%q: JSON %q holds %U", s, doc.Bytes(), r)
			}
		}
	})
}
